from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ascrecon.appstore import CredentialError, Credentials, read_private_key


def _pkcs8(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _traditional(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ENCRYPTED = P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
PUBLIC = P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda pem: pem,
        lambda pem: pem.encode(),
        lambda pem: b"\xef\xbb\xbf" + pem.encode(),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: "\n  " + pem.replace("\n", "  \n") + "\n\n",
    ],
    ids=["as delivered", "bytes", "byte order mark", "windows lines", "blanks"],
)
def test_it_takes_apples_key_however_an_editor_saved_it(change: Callable[[str], str | bytes]) -> None:
    assert read_private_key(change(_pkcs8(P256))) == _pkcs8(P256)


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "No line -----BEGIN PRIVATE KEY-----"),
        ("hello", "No line -----BEGIN PRIVATE KEY-----"),
        (b"\xff\xfe\x00\x01", "not a text file"),
        (_traditional(P256), "not PKCS#8"),
        (_traditional(RSA), "RSA key"),
        (_pkcs8(RSA), "RSA key"),
        (_pkcs8(ec.generate_private_key(ec.SECP384R1())), "curve secp384r1"),
        (_pkcs8(ed25519.Ed25519PrivateKey.generate()), "not an elliptic curve key"),
        (ENCRYPTED, "protected by a password"),
        (PUBLIC, "public key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA", "certificate"),
        (_pkcs8(P256)[:120], "was cut"),
        (_pkcs8(P256).replace("\nM", "\nMMMM", 1), "damaged"),
        (_pkcs8(P256).replace("\nM", "\n\u2014", 1), "changed by an editor"),
    ],
)
def test_it_says_in_plain_words_why_a_key_will_not_do(pem: str | bytes, words: str) -> None:
    with pytest.raises(CredentialError, match=words.replace("(", r"\(")):
        read_private_key(pem)


def test_it_never_quotes_the_key_in_a_refusal() -> None:
    pem = _pkcs8(P256).replace("\nM", "\nMMMM", 1)
    with pytest.raises(CredentialError) as caught:
        read_private_key(pem)
    assert pem.splitlines()[1][4:24] not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key_id", ["", "KEY 1", "KEY\n1", "KEYé"])
def test_it_refuses_a_key_id_that_cannot_be_one(key_id: str) -> None:
    with pytest.raises(CredentialError, match="key id"):
        Credentials(key_id, None, "pem")


def test_it_keeps_the_private_key_out_of_every_text_and_out_of_pickles(private_key: str) -> None:
    credentials = Credentials("KEY1234567", "issuer", private_key)
    assert "PRIVATE" not in repr(credentials) + str(credentials) + f"{[credentials]}"
    with pytest.raises(TypeError, match="account's id"):
        pickle.dumps(credentials)
    with pytest.raises(TypeError, match="account's id"):
        copy.deepcopy(credentials)
