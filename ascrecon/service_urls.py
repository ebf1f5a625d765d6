"""Turns the URLs of the environment into Django's settings, and refuses those that will not work."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from ascrecon.env import SettingsError

DATABASE_FORM = "postgresql://USER:PASSWORD@HOST:5432/NAME"


def base_url(url: str) -> str:
    """Where people reach this installation, without a slash at the end; links in mails start with it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsError(f"ASCRECON_BASE_URL is {url!r}: use scheme and host, such as https://recon.example.com.")
    return url.rstrip("/")


def database(url: str) -> dict[str, Any]:
    """Only PostgreSQL: COPY, exact numeric and advisory locks are used.

    The URL may hold a password and is never shown. django-environ would print what it read of a scheme that
    it does not know, so the scheme is looked at first.
    """
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise SettingsError(f"DATABASE_URL must name a PostgreSQL server: {DATABASE_FORM}.")
    try:
        config = dict(Env.db_url_config(url))
    except (ImproperlyConfigured, KeyError, ValueError) as exc:
        raise SettingsError(f"DATABASE_URL cannot be read: use {DATABASE_FORM}.") from exc
    if config.get("OPTIONS", {}).get("pool"):
        raise SettingsError("DATABASE_URL asks for a pool, which breaks the worker: leave it out.")
    return config


def email(url: str, folder: Path) -> dict[str, Any]:
    """Django's EMAIL_ settings; without a URL each message becomes a file in `folder`."""
    if not url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(folder),
        }
    try:
        return dict(Env.email_url_config(url))
    except (ImproperlyConfigured, KeyError, ValueError) as exc:
        raise SettingsError("EMAIL_URL cannot be read: use smtp+tls://USER:PASSWORD@HOST:587.") from exc
