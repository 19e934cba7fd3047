"""Addresses of the sampling system."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
