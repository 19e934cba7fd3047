"""Addresses of laboratories' results."""

from django.urls import path

from parkkeeper.sampling.views import labfile, results

urlpatterns = [
    path("results", results.result_list, name="results"),
    path("results/new", results.result_new, name="result_new"),
    path("results/hl7", results.hl7_new, name="hl7_new"),
    path("results/file", labfile.lab_file_new, name="lab_file"),
    path("results/file/<int:pk>", labfile.lab_file_check, name="lab_file_check"),
    path("results/<int:pk>/strike", results.result_strike, name="result_strike"),
    path("reports", results.report_list, name="lab_reports"),
    path("reports/<int:pk>", results.report_page, name="lab_report"),
]
