from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django.fixtures import Settings

from ascrecon import crypto

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_it_gives_back_what_it_encrypted() -> None:
    token = crypto.encrypt("-----BEGIN PRIVATE KEY-----")

    assert "PRIVATE" not in token
    assert crypto.decrypt(token) == "-----BEGIN PRIVATE KEY-----"


def test_it_encrypts_with_the_first_key_and_decrypts_with_all(settings: Settings) -> None:
    settings.ASCRECON_ENCRYPTION_KEYS = [OLD]
    token = crypto.encrypt("a key")
    settings.ASCRECON_ENCRYPTION_KEYS = [NEW, OLD]

    assert crypto.decrypt(token) == "a key"
    assert crypto.is_current(token) is False


def test_it_needs_no_old_key_after_rotation(settings: Settings) -> None:
    settings.ASCRECON_ENCRYPTION_KEYS = [OLD]
    token = crypto.encrypt("a key")
    settings.ASCRECON_ENCRYPTION_KEYS = [NEW, OLD]
    rotated = crypto.rotate(token)
    settings.ASCRECON_ENCRYPTION_KEYS = [NEW]

    assert crypto.is_current(rotated) is True
    assert crypto.decrypt(rotated) == "a key"


@pytest.mark.parametrize("act", [crypto.decrypt, crypto.rotate])
def test_it_says_what_to_do_when_no_key_fits(settings: Settings, act: object) -> None:
    settings.ASCRECON_ENCRYPTION_KEYS = [OLD]
    token = crypto.encrypt("a key")
    settings.ASCRECON_ENCRYPTION_KEYS = [NEW]

    assert callable(act)
    with pytest.raises(crypto.DecryptionError, match="add the key that was in use"):
        act(token)
