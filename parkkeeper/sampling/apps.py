from django.apps import AppConfig


class SamplingConfig(AppConfig):
    name = "parkkeeper.sampling"
    label = "sampling"
