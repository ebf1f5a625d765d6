"""One signed object: chain and signature checked by Apple's own library, offline, against roots that we hold.

The library's public methods drop fields and kinds that they do not know and answer `INVALID_APP_IDENTIFIER` for a
kind that is new to them, so what they check first is used by itself: certificates, markers, signature. It is a private
method; the library's version is therefore pinned, and tests/subscriptions/test_verdicts.py holds both against each
other. LOCAL_TESTING and XCODE, with which the library skips the signature, cannot be asked for.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from appstoreserverlibrary.models.Environment import Environment
from appstoreserverlibrary.signed_data_verifier import (
    SignedDataVerifier,
    VerificationException,
    VerificationStatus,
)
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from ascrecon.storeserver.refusals import Reason, Refused
from ascrecon.storeserver.roots import Root
from ascrecon.storeserver.text import fit

PARTS = 3
REASONS = {
    VerificationStatus.INVALID_CERTIFICATE: (Reason.CERTIFICATE, "A certificate of the signature cannot be read."),
    VerificationStatus.INVALID_CHAIN_LENGTH: (Reason.CHAIN_LENGTH, "The signature does not name three certificates."),
}
NOT_SIGNED = (Reason.SIGNATURE, "The signature is not Apple's, or the content was changed after it was signed.")


@dataclass(frozen=True, slots=True)
class Chain:
    """Who signed: the leaf and the certificate above it. `fingerprint` (SHA-256 of both) names the pair."""

    fingerprint: str
    subject: str
    not_after: datetime
    certificates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedObject:
    """A verified JWS: its text, its payload fit for the database, and the SHA-256 of the payload as it was signed.

    Two signatures of the same payload differ, so the payload is what tells copies apart.
    """

    jws: str = field(repr=False)
    payload: dict[str, Any] = field(repr=False)
    sha256: str
    chain: Chain


class _Verifier(SignedDataVerifier):
    """Chain and signature only, offline; which app and environment it is for is compared afterwards."""

    def __init__(self, roots: Sequence[Root]) -> None:
        super().__init__([root.der for root in roots], False, Environment.SANDBOX, bundle_id="")

    def decoded(self, jws: str) -> dict[str, Any]:
        payload: dict[str, Any] = self._decode_signed_object(jws)
        return payload


@lru_cache(maxsize=4)
def _verifier(roots: tuple[Root, ...]) -> _Verifier:
    """Three objects of each notification ask for it; offline it keeps nothing of what it has verified."""
    return _Verifier(roots)


def verified(jws: object, roots: Sequence[Root]) -> SignedObject:
    """The object in `jws` if one of `roots` stands behind its signature, else Refused. Asks nobody.

    Certificates must have been valid when it was signed (`signedDate`), not today: a retry or a back-fill may come
    after Apple has changed its certificate.
    """
    if not isinstance(jws, str) or not jws.isascii() or len(jws.split(".")) != PARTS:
        raise Refused(Reason.MALFORMED, "This is not a signed payload: it does not have three parts.")
    payload = _decoded(jws, roots)
    return SignedObject(jws, payload, hashlib.sha256(jws.split(".")[1].encode()).hexdigest(), _chain(jws))


def _decoded(jws: str, roots: Sequence[Root]) -> dict[str, Any]:
    try:
        payload: dict[str, Any] = fit(_verifier(tuple(roots)).decoded(jws))
    except VerificationException as exc:
        raise Refused(*REASONS.get(exc.status, NOT_SIGNED)) from None
    except (ValueError, RecursionError) as exc:
        raise Refused(*NOT_SIGNED) from exc
    return payload


def _chain(jws: str) -> Chain:
    texts = tuple(jwt.get_unverified_header(jws)["x5c"])
    leaf, above = (b64decode(text) for text in texts[:2])
    certificate = x509.load_der_x509_certificate(leaf)
    return Chain(
        fingerprint=hashlib.sha256(certificate.fingerprint(SHA256()) + hashlib.sha256(above).digest()).hexdigest(),
        subject=certificate.subject.rfc4514_string(),
        not_after=certificate.not_valid_after_utc,
        certificates=texts,
    )
