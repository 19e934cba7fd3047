from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "parkkeeper.sync"
    label = "sync"
