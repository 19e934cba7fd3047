"""Addresses of the phones' door, all under /phone/v1/."""

from django.urls import path, re_path

from parkkeeper.sync import views

urlpatterns = [
    path("hello", views.hello, name="phone-hello"),
    path("enrol", views.enrolments, name="phone-enrol"),
    path("roster", views.people, name="phone-roster"),
    path("inspection", views.rounds, name="phone-inspection"),
    path("batches", views.batches, name="phone-batches"),
    path("changes", views.news, name="phone-changes"),
    re_path(r"^files/(?P<sha256>[0-9a-f]{64})$", views.files, name="phone-file"),
]
