"""Addresses of the sampling system: one list a family of pages."""

from django.urls import URLPattern

from parkkeeper.sampling.addresses import anomalies, missing, points, rounds

urlpatterns: list[URLPattern] = [
    *anomalies.urlpatterns,
    *missing.urlpatterns,
    *points.urlpatterns,
    *rounds.urlpatterns,
]
