"""Addresses of tubes and of the boxes that carry them."""

from django.urls import path

from parkkeeper.sampling.views import boxes, tubes

urlpatterns = [
    path("tubes", tubes.tube_list, name="tubes"),
    path("tubes/<int:pk>", tubes.tube_page, name="tube"),
    path("tubes/<int:pk>/receive", tubes.tube_receive, name="tube_receive"),
    path("boxes", boxes.box_list, name="boxes"),
    path("boxes/<uuid:pk>", boxes.box_page, name="box"),
    path("boxes/<uuid:pk>/receive", boxes.box_receive, name="box_receive"),
    path("boxes/<uuid:pk>/hand-over", boxes.box_hand_over, name="box_hand_over"),
    path("boxes/<uuid:pk>/lost", boxes.box_lost, name="box_lost"),
]
