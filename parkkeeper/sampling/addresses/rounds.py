"""Addresses of rounds and programmes."""

from django.urls import path

from parkkeeper.sampling.views import programmes, rounds

urlpatterns = [
    path("rounds", rounds.round_list, name="rounds"),
    path("rounds/open", rounds.round_open, name="round_open"),
    path("rounds/<int:pk>", rounds.round_page, name="round"),
    path("rounds/<int:pk>/close", rounds.round_close, name="round_close"),
    path("programmes", programmes.programme_list, name="programmes"),
    path("programmes/new", programmes.programme_new, name="programme_new"),
    path("programmes/<int:pk>/end", programmes.programme_end, name="programme_end"),
]
