"""Addresses of the sampling system: one list a family of pages."""

from django.urls import URLPattern

from parkkeeper.sampling.addresses import anomalies, antigen, missing, points, positives, results, rounds, tubes

urlpatterns: list[URLPattern] = [
    *anomalies.urlpatterns,
    *missing.urlpatterns,
    *points.urlpatterns,
    *rounds.urlpatterns,
    *antigen.urlpatterns,
    *positives.urlpatterns,
    *results.urlpatterns,
    *tubes.urlpatterns,
]
