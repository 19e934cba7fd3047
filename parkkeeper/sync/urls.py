"""Addresses of the phones' door."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
