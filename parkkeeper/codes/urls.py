"""Addresses of codes. Who may open which: park/access.py, by the names given here."""

from django.urls import path

from parkkeeper.codes.views import office, own

urlpatterns = [
    path("cards", office.cards, name="cards"),
    path("enterprises/<int:pk>/card", office.gate_card, name="gate_card"),
    path("people/<int:pk>/link", office.own_link, name="own_link"),
    path("settings/codes", office.code_keys, name="code_keys"),
    path("me/", own.shell, name="me"),
    path("me/worker.js", own.worker, name="me_worker"),
    path("me/manifest.webmanifest", own.manifest, name="me_manifest"),
    path("me/v1/open", own.open_own, name="me_open"),
]
