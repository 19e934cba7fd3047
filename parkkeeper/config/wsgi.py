"""The WSGI application that the web server loads."""

import os
import threading

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from parkkeeper.kernel.memory import SETTLES_AFTER, keep_loaded
from parkkeeper.park.tenancy.checks import refuse_unsafe_pooler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "parkkeeper.config.settings")
if url := os.environ.get("DATABASE_URL"):  # here too: whoever starts a web server without ./run serves parks as well
    refuse_unsafe_pooler(url, wait=30)
application = get_wsgi_application()


def settle() -> None:
    """Load the code of all pages that nobody has asked for yet, and keep what is loaded."""
    get_resolver().url_patterns  # noqa: B018
    keep_loaded()


_settling = threading.Timer(SETTLES_AFTER, settle)
_settling.daemon = True
_settling.start()
