from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate


class ParkConfig(AppConfig):
    name = "parkkeeper.park"
    label = "park"

    def ready(self) -> None:
        from parkkeeper.park.checks import check_retention

        import_module("parkkeeper.park.retention.own")  # each module brings its ways of destroying
        import_module("parkkeeper.park.retention.standins")
        register(check_retention)
        # who may do what is code (park/access.py): permission rows for each model would only slow each park's migration
        post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
