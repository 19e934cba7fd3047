"""Addresses of the board."""

from django.urls import path

from parkkeeper.board.views import brief, bulletin, enterprises, guide, own, people, screen, starfield, today

urlpatterns = [
    path("", today.today, name="today"),
    path("bulletin", bulletin.bulletin, name="bulletin"),
    path("bulletin/<slug:day>/<slug:name>", bulletin.bulletin_list, name="bulletin_list"),
    path("brief", brief.brief, name="brief"),
    path("screen", screen.screen, name="screen"),
    path("screen/data.json", screen.screen_data, name="screen_data"),
    path("screen/map.json", screen.screen_map, name="screen_map"),
    path("help", guide.help_page, name="help"),
    path("starfield", starfield.starfield, name="starfield"),
    path("enterprises", enterprises.enterprises, name="enterprises"),
    path("enterprises/<int:pk>", enterprises.enterprise, name="enterprise"),
    path("people", people.people, name="people"),
    path("people/<int:pk>", people.person, name="person"),
    path("people/<int:pk>/document", people.person_document, name="person_document"),
    path("me/words.json", own.own_words, name="me_words"),
    path("me/v1/self", own.own_data, name="me_self"),
]
