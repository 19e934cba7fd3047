"""Addresses of the antigen mornings."""

from django.urls import path

from parkkeeper.sampling.views import antigen

urlpatterns = [
    path("antigen", antigen.antigen, name="antigen"),
    path("antigen/tests", antigen.antigen_tests, name="antigen_tests"),
    path("antigen/file", antigen.antigen_file, name="antigen_file"),
    path("antigen/file/<int:pk>", antigen.antigen_file_check, name="antigen_file_check"),
    path("antigen/enterprises/<int:pk>", antigen.antigen_list, name="antigen_list"),
]
