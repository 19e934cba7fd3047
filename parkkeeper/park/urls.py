"""Addresses of the register. Who may open which: park/access.py, by the names given here."""

from django.urls import path

from parkkeeper.park.views import accounts, areas, files, journal, messages, posts, rulebook, settings, staff

urlpatterns = [
    path("login", accounts.log_in, name="login"),
    path("logout", accounts.log_out, name="logout"),
    path("password", accounts.password, name="password"),
    path("language", accounts.language, name="language"),
    path("health", accounts.health, name="health"),
    path("messages", messages.inbox, name="messages"),
    path("files/<int:pk>", files.download, name="file"),
    path("rulebook", rulebook.rulebook, name="rulebook"),
    path("rulebook/<slug:key>", rulebook.rule, name="rule"),
    path("rulebook/<slug:key>/change", rulebook.rule_change, name="rule_change"),
    path("journal", journal.journal, name="journal"),
    path("journal/verify", journal.journal_verify, name="journal_verify"),
    path("settings", settings.settings_page, name="settings"),
    path("settings/accounts", staff.account_list, name="accounts"),
    path("settings/accounts/new", staff.account_new, name="account_new"),
    path("settings/accounts/<int:pk>", staff.account_page, name="account"),
    path("settings/posts", posts.post_list, name="posts"),
    path("settings/posts/new", posts.post_new, name="post_new"),
    path("settings/posts/<int:pk>", posts.post_page, name="post"),
    path("settings/certificates", posts.certificate_list, name="certificates"),
    path("settings/certificates/new", posts.certificate_new, name="certificate_new"),
    path("settings/certificates/<int:pk>", posts.certificate_page, name="certificate"),
    path("settings/emergency", settings.emergency, name="emergency"),
    path("settings/emergency/<int:pk>/end", settings.emergency_end, name="emergency_end"),
    path("settings/areas", areas.areas, name="areas"),
    path("settings/park", settings.park_data, name="park_data"),
]
