from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "parkkeeper.demo"
    label = "demo"
