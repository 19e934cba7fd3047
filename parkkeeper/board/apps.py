from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "parkkeeper.board"
    label = "board"
