"""An App Store Connect API key: what it consists of, and the checks before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PKCS8_BEGIN = "-----BEGIN PRIVATE KEY-----"
PKCS8_END = "-----END PRIVATE KEY-----"

_TELL_TALES = {
    "-----BEGIN EC PRIVATE KEY-----": (
        "This key is in the older EC format, not PKCS#8 as Apple delivers it. Upload the AuthKey_<key id>.p8 "
        "file unchanged, or convert it with: openssl pkcs8 -topk8 -nocrypt -in key.pem -out key.p8"
    ),
    "-----BEGIN RSA PRIVATE KEY-----": (
        "This is an RSA key. App Store Connect signs with a P-256 key: upload the AuthKey_<key id>.p8 file."
    ),
    "-----BEGIN ENCRYPTED PRIVATE KEY-----": (
        "This key is protected by a password. Upload the AuthKey_<key id>.p8 file as Apple delivered it."
    ),
    "-----BEGIN PUBLIC KEY-----": (
        "This is a public key. Upload the private key, the AuthKey_<key id>.p8 file from App Store Connect."
    ),
    "-----BEGIN CERTIFICATE-----": (
        "This is a certificate. Upload the private key, the AuthKey_<key id>.p8 file from App Store Connect."
    ),
}


class CredentialError(ValueError):
    """A key, key id or issuer id is not what App Store Connect issues. The text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One API key. `issuer_id` is None for an individual key, whose tokens name no issuer.

    `private_key` is the PEM text that `read_private_key` returned. It stays out of repr and str, and an
    object of this class cannot be pickled, so that it cannot end up in a queued task.
    Source of the two kinds: Apple documentation, Creating API Keys for App Store Connect API.
    """

    key_id: str
    issuer_id: str | None
    private_key: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_identifier("key id", self.key_id)
        if self.issuer_id is not None:
            _check_identifier("issuer id", self.issuer_id)

    @property
    def is_individual(self) -> bool:
        """True for a person's own key; such a key never reads sales or finance reports."""
        return self.issuer_id is None

    def __reduce__(self) -> NoReturn:
        raise TypeError("Credentials stay in this process; pass the account's id instead.")


def read_private_key(pem: str | bytes) -> str:
    """The key as clean PKCS#8 PEM text; CredentialError in plain words where it is not a P-256 private key.

    An In-App Purchase key is a P-256 key in the same format: nothing in the file tells it apart from an
    App Store Connect API key. Only Apple's 401 does.
    Source: Apple documentation, Creating API Keys (AuthKey_<key id>.p8, ES256).
    """
    block = _pkcs8_block(_as_text(pem))
    try:
        key = load_pem_private_key(block.encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own text may quote parts of the key.
        raise CredentialError(
            "The key file is damaged or cut: its content cannot be read as a private key. "
            "Apple lets a key be downloaded once; use the original file or make a new key."
        ) from None
    _check_kind(key)
    return block


def _as_text(pem: str | bytes) -> str:
    if isinstance(pem, str):
        return pem
    try:
        return pem.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CredentialError(
            "This is not a text file that begins with -----BEGIN PRIVATE KEY-----. "
            "Upload the AuthKey_<key id>.p8 file from App Store Connect."
        ) from None


def _pkcs8_block(text: str) -> str:
    for begin, reason in _TELL_TALES.items():
        if begin in text:
            raise CredentialError(reason)
    start, end = text.find(PKCS8_BEGIN), text.find(PKCS8_END)
    if start < 0:
        raise CredentialError(
            "No line -----BEGIN PRIVATE KEY----- was found. "
            "Upload the AuthKey_<key id>.p8 file from App Store Connect, unchanged."
        )
    if end < start:
        raise CredentialError("The line -----END PRIVATE KEY----- is missing: the key file was cut.")
    body = text[start : end + len(PKCS8_END)]
    if not body.isascii():
        raise CredentialError("The key contains characters that no key has: it was changed by an editor.")
    return "\n".join(line.strip() for line in body.splitlines() if line.strip()) + "\n"


def _check_kind(key: object) -> None:
    if isinstance(key, rsa.RSAPrivateKey):
        raise CredentialError(
            "This is an RSA key. App Store Connect signs with a P-256 key: upload the AuthKey_<key id>.p8 file."
        )
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CredentialError("This is not an elliptic curve key. App Store Connect signs with a P-256 key.")
    if not isinstance(key.curve, ec.SECP256R1):
        raise CredentialError(
            f"This key is on the curve {key.curve.name}. App Store Connect signs with P-256 (secp256r1)."
        )


def _check_identifier(name: str, value: str) -> None:
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise CredentialError(
            f"The {name} {value!r} is empty or has blanks in it. Copy it from Users and Access, Integrations."
        )
