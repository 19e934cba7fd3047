"""Settings. What differs from place to place comes from the environment; secrets are made at the first start.

PARKKEEPER_DATA   the data home (files, secrets, static files); `./run` sets and prints it.
DATABASE_URL      postgresql://user:password@host:port/name, or postgresql:///name?host=/socket/directory
PARKKEEPER_HOSTS  host names besides this machine's, comma-separated.
PARKKEEPER_HTTPS  "1" behind TLS: cookies are then sent over HTTPS only.
"""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.crypto import load_or_make_keys

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("PARKKEEPER_DATA") or Path.home() / ".local/share/parkkeeper").resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)
FILES_DIR = DATA_DIR / "files"
KEYS = load_or_make_keys(DATA_DIR / "secrets.json")
SECRET_KEY = KEYS.secret
DEBUG = False
HTTPS = os.environ.get("PARKKEEPER_HTTPS") == "1"
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    ".localhost",
    *[h.strip() for h in os.environ.get("PARKKEEPER_HOSTS", "").split(",") if h.strip()],
]


def database(url: str) -> dict[str, object]:
    """DATABASE_URL as Django's dictionary. Raises ValueError when it is not a PostgreSQL address."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError(f"DATABASE_URL must begin with postgresql://, not {parts.scheme}://")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "parkkeeper.park.tenancy.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "parkkeeper",
        "USER": unquote(parts.username or options.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or (parts.hostname or ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,  # after a restart of PostgreSQL nobody is lent one of the dead connections
        "OPTIONS": {
            **options,
            # who finds no database is told within two seconds; a pool left to itself would double its waits while
            # PostgreSQL is away, and no request would get through for minutes after it is back
            "pool": {
                "min_size": 1,
                "max_size": int(os.environ.get("PARKKEEPER_POOL", "8")),
                "timeout": 1.2,
                "reconnect_timeout": 1,
            },
        },
    }


DATABASES = {"default": database(os.environ.get("DATABASE_URL") or "postgresql:///parkkeeper")}
DATABASE_ROUTERS = ["django_pgschemas.routers.TenantAppsRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PGSCHEMAS_LIMIT_SET_CALLS = True

PARK_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "parkkeeper.park",
    "parkkeeper.codes",
    "parkkeeper.sampling",
    "parkkeeper.inspection",
    "parkkeeper.sync",
]
TENANTS = {
    "public": {"APPS": ["parkkeeper.park.tenancy"]},
    "default": {
        "TENANT_MODEL": "tenancy.Park",
        "APPS": PARK_APPS,
        "URLCONF": "parkkeeper.config.urls",
    },
}
INSTALLED_APPS = [
    "parkkeeper.park.tenancy",
    "django_pgschemas",
    *PARK_APPS,
    "parkkeeper.board",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "parkkeeper.demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "parkkeeper.sync.lane.LaneMiddleware",
    "parkkeeper.config.field.FilesMiddleware",
    "parkkeeper.park.tenancy.middleware.ParkMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "parkkeeper.park.middleware.MomentMiddleware",
    "parkkeeper.park.middleware.LanguageMiddleware",
    "parkkeeper.park.middleware.AccessMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "parkkeeper.config.urls"
WSGI_APPLICATION = "parkkeeper.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "parkkeeper.park.context.frame",
            ],
            "builtins": ["parkkeeper.park.templatetags.park", "django.templatetags.i18n"],
        },
    },
]

AUTH_USER_MODEL = "park.Account"
AUTHENTICATION_BACKENDS = ["parkkeeper.park.backend.AccountBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 2 * 3600
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"  # a note after a form needs no session row
CSRF_FAILURE_VIEW = "parkkeeper.park.views.errors.csrf_failed"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("zh-hant", _("繁體中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)  # before the first collectstatic WhiteNoise warns about a missing folder
STATICFILES_DIRS: list[Path] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = True
SILENCED_SYSTEM_CHECKS = ["pgschemas.W002"]  # contenttypes in each park: no foreign key may leave a park
REHEARSAL_TOKEN = os.environ.get("PARKKEEPER_REHEARSAL_TOKEN", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
