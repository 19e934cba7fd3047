"""Addresses of the office's pages on phones, all under /phones/."""

from django.urls import path

from parkkeeper.sync import office

urlpatterns = [
    path("", office.phone_list, name="phones"),
    path("new/", office.phone_new, name="phone_new"),
    path("<int:pk>/", office.phone_page, name="phone"),
    path("kept/<int:pk>/", office.phone_kept, name="phone_kept"),
]
