"""Addresses of points and what belongs to them."""

from django.urls import path

from parkkeeper.sampling.views import points, pointwork, sessions

urlpatterns = [
    path("points", points.point_list, name="points"),
    path("points/new", pointwork.point_new, name="point_new"),
    path("points/<int:pk>", points.point_page, name="point"),
    path("points/<int:pk>/change", pointwork.point_change, name="point_change"),
    path("points/<int:pk>/close", pointwork.point_close, name="point_close"),
    path("points/<int:pk>/slots/new", pointwork.slot_new, name="slot_new"),
    path("points/<int:pk>/rolls/new", pointwork.roll_new, name="roll_new"),
    path("points/<int:pk>/session", sessions.session_open, name="session_open"),
    path("slots/<int:pk>/end", pointwork.slot_end, name="slot_end"),
    path("sessions/<uuid:pk>/close", sessions.session_close, name="session_close"),
    path("sessions/<uuid:pk>/duty", sessions.duty_new, name="duty_new"),
    path("duties/<uuid:pk>/end", sessions.duty_end, name="duty_end"),
    path("duties/<uuid:pk>/resume", sessions.duty_resume, name="duty_resume"),
]
