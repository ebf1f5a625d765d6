"""Settings, all from the environment. With no variable set everything runs, for development and the demo.

`X_FILE` instead of `X` reads a secret from a file. With ASCRECON_ENV=production unsafe defaults are refused.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from cryptography.fernet import Fernet
from django.core.management.utils import get_random_secret_key

from ascrecon import env, service_urls
from ascrecon.q_cluster import q_cluster
from ascrecon.secrets import kept_secret

django_stubs_ext.monkeypatch()  # ModelAdmin[Model] and the like, which Django knows only in its type stubs

BASE_DIR = Path(__file__).resolve().parent.parent
ASCRECON_ENV = env.choice("ASCRECON_ENV", ("development", "production"))
PRODUCTION = ASCRECON_ENV == "production"
ASCRECON_DATA_DIR = Path(os.path.abspath(env.text("ASCRECON_DATA_DIR", str(BASE_DIR / "var"))))
ASCRECON_BASE_URL = service_urls.base_url(env.text("ASCRECON_BASE_URL", "http://127.0.0.1:8000"))
ASCRECON_APPLE_ROOTS = env.text("ASCRECON_APPLE_ROOTS")
ASCRECON_MAX_UPLOAD_BYTES = env.positive("ASCRECON_MAX_UPLOAD_BYTES", 200 * 1024 * 1024)
# Single values of ascrecon/appstore/policy.json to use instead, as JSON.
APPSTORE_POLICY: dict[str, Any] = json.loads(env.text("ASCRECON_APPSTORE_POLICY", "{}"))
BEHIND_PROXY = env.flag("ASCRECON_BEHIND_PROXY", default=False)
DEBUG = env.flag("DJANGO_DEBUG", default=False)

env.moment("ASCRECON_NOW")  # read by the clock; a wrong value is refused at the start
if PRODUCTION:
    env.refuse_unsafe_defaults()


def secret_key() -> str:
    return env.secret("DJANGO_SECRET_KEY") or kept_secret(ASCRECON_DATA_DIR / "secret-key", get_random_secret_key)


def encryption_keys() -> list[str]:
    """Fernet keys; the first encrypts, all decrypt."""
    keys = env.secret("ASCRECON_ENCRYPTION_KEYS").replace(",", " ").split()
    if not keys:
        return [kept_secret(ASCRECON_DATA_DIR / "encryption-key", lambda: Fernet.generate_key().decode())]
    for number, key in enumerate(keys, start=1):
        env.refuse_malformed_key(number, key)
    return keys


def database() -> dict[str, Any]:
    """The server that DATABASE_URL names, else our own. No pool: the worker's forks break it."""
    url = env.secret("DATABASE_URL")
    if url:
        return service_urls.database(url)
    from ascrecon.embedded.server import database_settings  # noqa: PLC0415  (cannot be imported on Windows)

    return database_settings(ASCRECON_DATA_DIR)


SECRET_KEY = secret_key()
ASCRECON_ENCRYPTION_KEYS = encryption_keys()
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.words("DJANGO_ALLOWED_HOSTS")]
ALLOWED_HOSTS += [urlsplit(ASCRECON_BASE_URL).hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [ASCRECON_BASE_URL]

INSTALLED_APPS = [
    "ascrecon",
    "ascrecon.jobs",
    "reports",
    "subscriptions",
    "ascrecon.admin_config.AscreconAdminConfig",  # django.contrib.admin with our own site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_q",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ascrecon.middleware.content_security_policy",
    "ascrecon.middleware.upload_limit",
    "ascrecon.middleware.no_nul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ascrecon.urls"
WSGI_APPLICATION = "ascrecon.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database() | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
Q_CLUSTER = q_cluster()
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # The cluster's statistics must be seen by the web process too.
    "qcluster": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": ASCRECON_DATA_DIR / "cache",
    },
}

LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = "ascrecon.formats"
USE_TZ = True
TIME_ZONE = "UTC"

MEDIA_ROOT = ASCRECON_DATA_DIR / "files"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MANIFEST = "whitenoise.storage.CompressedManifestStaticFilesStorage"
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {
        "BACKEND": "reports.storage.DurableFileStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {"BACKEND": MANIFEST if PRODUCTION else PLAIN},
}
WHITENOISE_USE_FINDERS = not PRODUCTION  # outside production static files are served without collectstatic
warnings.filterwarnings("ignore", message="No directory at")

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # forms and webhooks; files are limited by the middleware
FILE_UPLOAD_PERMISSIONS = 0o600

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "ascrecon.client_address.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

LOGIN_URL = "admin:login"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "ascrecon_session"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Named as in Django 6.0, which has it built in.
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "frame-ancestors": ["'none'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
}

# Mail goes to files below the data directory until EMAIL_URL names a server: standard output is for results.
globals().update(service_urls.email(env.secret("EMAIL_URL"), ASCRECON_DATA_DIR / "mail"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("ASCRECON_EMAIL_FROM", "ascrecon@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("ASCRECON_LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR")),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "axes": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},  # at INFO it tells of every task, also of the watchdog's
        "urllib3": {"level": "INFO"},  # its debug lines hold the queries of signed URLs
    },
}
