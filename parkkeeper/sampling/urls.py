"""Addresses of the sampling system: one list a family of pages."""

from django.urls import URLPattern

from parkkeeper.sampling.addresses import missing

urlpatterns: list[URLPattern] = [
    *missing.urlpatterns,
]
