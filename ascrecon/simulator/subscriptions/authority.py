"""A certificate authority as Apple has one: a root, an intermediate and a leaf that signs, each with Apple's marks.

Source: the x5c header of real notifications; the marks are extensions 1.2.840.113635.100.6.2.1 (intermediate) and
1.2.840.113635.100.6.11.1 (leaf), both with the content NULL.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

LEAF_MARK = "1.2.840.113635.100.6.11.1"
INTERMEDIATE_MARK = "1.2.840.113635.100.6.2.1"
NULL = b"\x05\x00"
FROM, UNTIL = datetime(2014, 4, 30, tzinfo=UTC), datetime(2039, 4, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Holder:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def text(self) -> str:
        """As it stands in an x5c header."""
        return b64encode(self.der).decode("ascii")


@dataclass(frozen=True)
class Authority:
    """Root, intermediate and leaf."""

    root: Holder
    intermediate: Holder
    leaf: Holder

    @property
    def chain(self) -> list[str]:
        return [self.leaf.text, self.intermediate.text, self.root.text]

    def sign(self, payload: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> str:
        """A compact JWS over the payload as it is."""
        return jwt.encode(dict(payload), self.leaf.key, "ES256", headers={"x5c": self.chain, **(headers or {})})

    def write_root(self, folder: Path) -> Path:
        """The root certificate (DER) into a folder of trusted ones."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "SimulatedRoot.cer"
        path.write_bytes(self.root.der)
        return path


@dataclass(frozen=True)
class Wishes:
    """How an authority differs from a good one; each is something that a forger or an accident may bring."""

    leaf_mark: bool = True
    intermediate_mark: bool = True
    leaf_from: datetime = FROM
    leaf_until: datetime = UNTIL
    key_identifiers: bool = True
    responder: str = ""


def new_authority(name: str = "Simulated", wishes: Wishes | None = None) -> Authority:
    """A new authority with new keys; `wishes.responder` is the address of its OCSP responder."""
    wanted = wishes or Wishes()
    usual = Wishes(responder=wanted.responder)
    root = _issue(f"{name} Root CA", None, _of_authority(None), FROM, UNTIL, usual)
    marked = [_mark(INTERMEDIATE_MARK)] if wanted.intermediate_mark else []
    between = _issue(f"{name} Intermediate CA", root, [*_of_authority(0), *marked], FROM, UNTIL, usual)
    return Authority(root, between, new_leaf(between, wanted))


def new_leaf(issuer: Holder, wishes: Wishes) -> Holder:
    """Another leaf below an intermediate, as Apple issues one about every two years."""
    marked = [_mark(LEAF_MARK)] if wishes.leaf_mark else []
    extensions = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_content=True), True),
        *marked,
    ]
    return _issue("Simulated Signing", issuer, extensions, wishes.leaf_from, wishes.leaf_until, wishes)


Extensions = Sequence[tuple[x509.ExtensionType, bool]]


def _of_authority(below: int | None) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(ca=True, path_length=below), True), (_usage(signs_content=False), True)]


def _usage(*, signs_content: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs_content,
        key_cert_sign=not signs_content,
        crl_sign=not signs_content,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _mark(oid: str) -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), NULL), False


def _issue(
    name: str, issuer: Holder | None, extensions: Extensions, start: datetime, end: datetime, wishes: Wishes
) -> Holder:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    above = issuer or Holder(certificate=None, key=key)  # type: ignore[arg-type]  # a root is above itself
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension, critical in (*extensions, *_identifiers(key, above, wishes), *_responder(issuer, wishes)):
        builder = builder.add_extension(extension, critical)
    return Holder(builder.sign(above.key, hashes.SHA256()), key)


def _identifiers(key: ec.EllipticCurvePrivateKey, above: Holder, wishes: Wishes) -> Extensions:
    if not wishes.key_identifiers:
        return []
    return [
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key()), False),
    ]


def _responder(issuer: Holder | None, wishes: Wishes) -> Extensions:
    if issuer is None or not wishes.responder:
        return []
    place = x509.UniformResourceIdentifier(wishes.responder)
    return [
        (x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)]), False)
    ]
