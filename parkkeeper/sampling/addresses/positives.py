"""Addresses of what follows from positives."""

from django.urls import path

from parkkeeper.sampling.views import positives

urlpatterns = [
    path("positives", positives.positives, name="positives"),
    path("positives/<uuid:pk>/release", positives.case_release, name="case_release"),
    path("flags/<int:pk>/lower", positives.flag_lower, name="flag_lower"),
    path("people/<int:pk>/retest", positives.retest_order, name="retest_order"),
]
