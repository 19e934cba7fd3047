"""Addresses of the register. Who may open which: park/access.py, by the names given here."""

from django.urls import path

from parkkeeper.park.views import accounts, messages

urlpatterns = [
    path("login", accounts.log_in, name="login"),
    path("logout", accounts.log_out, name="logout"),
    path("password", accounts.password, name="password"),
    path("language", accounts.language, name="language"),
    path("messages", messages.inbox, name="messages"),
    path("health", accounts.health, name="health"),
]
