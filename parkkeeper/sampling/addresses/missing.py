"""Addresses of who is missing and what is done about it."""

from django.urls import path

from parkkeeper.sampling.views import gapwork, missing, paper

urlpatterns = [
    path("missing", missing.missing, name="missing"),
    path("missing/groups", missing.missing_groups, name="missing_groups"),
    path("missing/calls", missing.missing_calls, name="missing_calls"),
    path("missing/do/<slug:way>", gapwork.gap_work, name="gap_work"),
    path("missing/withdraw/<uuid:uuid>", gapwork.gap_withdraw, name="gap_withdraw"),
    path("rounds/<int:pk>/workbook", paper.workbook_page, name="workbook"),
    path("rounds/<int:pk>/workbook.xlsx", paper.workbook_file, name="workbook_file"),
]
