"""Encrypts what must not lie readable in the database (private keys), with keys of its own.

Not with SECRET_KEY: that one is changed to end sessions, and nothing encrypted may get lost by that.
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class DecryptionError(Exception):
    """None of the keys opens the text; the message says what to do."""


def encrypt(plain: str) -> str:
    """Encrypts with the first of ASCRECON_ENCRYPTION_KEYS; the result is ASCII."""
    return _keys().encrypt(plain.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypts with whichever of ASCRECON_ENCRYPTION_KEYS fits. Raises DecryptionError if none does."""
    try:
        return _keys().decrypt(token.encode()).decode()
    except InvalidToken as exc:
        raise _no_key_fits() from exc


def rotate(token: str) -> str:
    """The same content encrypted with the first key, so that later keys can be dropped."""
    try:
        return _keys().rotate(token.encode()).decode()
    except InvalidToken as exc:
        raise _no_key_fits() from exc


def is_current(token: str) -> bool:
    """Whether the first key alone opens the text, that is, whether nothing is left to rotate."""
    try:
        Fernet(settings.ASCRECON_ENCRYPTION_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ASCRECON_ENCRYPTION_KEYS])


def _no_key_fits() -> DecryptionError:
    return DecryptionError(
        "The stored text was encrypted with a key that is not among ASCRECON_ENCRYPTION_KEYS: "
        "add the key that was in use when it was stored, or enter the secret again."
    )
