from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "parkkeeper.park.tenancy"
    label = "tenancy"
