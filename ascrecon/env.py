"""Reads the environment strictly: a value that cannot be meant is refused with the name of its variable.

Own small readers for single values because django-environ takes a value that starts with "$" for the name of
another variable, which generated secrets hit; its URL parsers (DATABASE_URL, EMAIL_URL) are used in the
settings.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

LEAST_SECRET = 50


class SettingsError(ImproperlyConfigured):
    """A variable of the environment holds what cannot be used; the message is one line and names it."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def secret(name: str) -> str:
    """The value of `name`, or the content of the file that `name_FILE` names, or an empty string.

    The file form keeps secrets out of the environment (Docker and systemd hand them over as files).
    """
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    if text(name):
        raise SettingsError(f"{name} and {name}_FILE are both set: set one of them.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{name}_FILE: {path} cannot be read ({exc}).") from exc


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """One of `allowed`; the first is the default."""
    value = text(name, allowed[0])
    if value not in allowed:
        raise SettingsError(f"{name} is {value!r}: use one of {', '.join(allowed)}.")
    return value


def flag(name: str, *, default: bool) -> bool:
    value = text(name)
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name} is {value!r}: use 1 or 0.")
    return value == "1" if value else default


def positive(name: str, default: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        raise SettingsError(f"{name} is {value!r}: use a whole number above 0.")
    return int(value)


def words(name: str) -> list[str]:
    """A list parted by commas or spaces."""
    return text(name).replace(",", " ").split()


def moment(name: str) -> datetime | None:
    """An ISO date or date-time, aware; without an offset it counts as UTC. Read anew each time, also from a file."""
    value = secret(name)
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as exc:
        raise SettingsError(f"{name} is {value!r}: use an ISO date-time such as 2026-11-20T09:00:00Z.") from exc
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def refuse_malformed_key(number: int, key: str) -> None:
    """Raises for an encryption key that is no Fernet key; the key itself is not shown."""
    try:
        Fernet(key)
    except ValueError as exc:
        raise SettingsError(
            f"ASCRECON_ENCRYPTION_KEYS: key {number} is not 32 bytes in URL-safe base64, "
            "as Fernet.generate_key() makes it."
        ) from exc


def refuse_unsafe_defaults() -> None:
    """Raises in production for the first variable whose value is only good on a developer's machine."""
    for name, (is_safe, remedy) in _production_rules().items():
        if not is_safe:
            raise SettingsError(f"Production does not start: {name} {remedy}.")


def _production_rules() -> dict[str, tuple[bool, str]]:
    return {
        "DJANGO_SECRET_KEY": (
            len(secret("DJANGO_SECRET_KEY")) >= LEAST_SECRET,
            "must be set, 50 characters or more",
        ),
        "ASCRECON_ENCRYPTION_KEYS": (bool(secret("ASCRECON_ENCRYPTION_KEYS")), "must be set"),
        "ASCRECON_BASE_URL": (
            text("ASCRECON_BASE_URL").startswith("https://"),
            "must be set and start with https://",
        ),
        "EMAIL_URL": (bool(secret("EMAIL_URL")), "must be set, or nobody gets the digest"),
        "DJANGO_DEBUG": (
            not flag("DJANGO_DEBUG", default=False),
            "must not be 1: error pages would show settings",
        ),
        "DJANGO_ALLOWED_HOSTS": ("*" not in words("DJANGO_ALLOWED_HOSTS"), "must name hosts, not *"),
        "ASCRECON_NOW": (not secret("ASCRECON_NOW"), "must not be set: the clock would stand"),
    }
