"""The root certificates that signatures are checked against. Only what lies in the folder is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from ascrecon.storeserver.refusals import RootsMissing

SUFFIXES = (".cer", ".crt", ".der", ".pem")
#: Apple Root CA - G3, valid until 2039-04-30, under which the App Store signs. Source: Apple PKI; the fingerprint was
#: measured on the certificate that Apple's own library uses in its tests.
APPLE_ROOT_CA_G3 = "63343abfb89a6a03ebb57e9b3f5fa7be7c4f5c756f3017b3a8c488c3653e9179"

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Root:
    """One trusted certificate: its bytes (DER), the file that it came from and its SHA-256 in hex."""

    der: bytes
    file: str
    fingerprint: str
    subject: str

    @property
    def is_apples(self) -> bool:
        """Whether it is the root under which the App Store signs today."""
        return self.fingerprint == APPLE_ROOT_CA_G3


def load_roots(folder: Path) -> tuple[Root, ...]:
    """The certificates in `folder` (DER or PEM), read anew when a file changes.

    RootsMissing where there is none, or a file is no certificate of a certificate authority.
    """
    try:
        stamp = tuple(sorted(_stamps(folder)))
    except OSError as exc:
        raise RootsMissing(f"{_put_them_into(folder)} The folder cannot be read ({exc.strerror}).") from exc
    if not stamp:
        raise RootsMissing(_put_them_into(folder))
    return _load(folder, stamp)


def _put_them_into(folder: Path) -> str:
    return (
        "No root certificate is there to check Apple's signatures against: put Apple's root certificates (from Apple "
        f"PKI, www.apple.com/certificateauthority, at least Apple Root CA - G3) into {folder}."
    )


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path in folder.iterdir():
        if path.suffix.lower() in SUFFIXES and path.is_file():
            found = path.stat()
            yield path.name, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _load(folder: Path, stamp: Stamp) -> tuple[Root, ...]:
    return tuple(root for name, _, _ in stamp for root in _roots_in(folder / name))


def _roots_in(path: Path) -> list[Root]:
    try:
        content = path.read_bytes()
        found = (
            x509.load_pem_x509_certificates(content)
            if content.lstrip().startswith(b"-----")
            else [x509.load_der_x509_certificate(content)]
        )
        return [_root(certificate, path.name) for certificate in found]
    except (OSError, ValueError, x509.ExtensionNotFound) as exc:
        raise RootsMissing(
            f"{path} cannot be used: it is not the certificate of a certificate authority. Put the file in as Apple "
            "offers it (.cer), or remove it."
        ) from exc


def _root(certificate: x509.Certificate, file: str) -> Root:
    if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        raise ValueError("no certificate authority")
    return Root(
        der=certificate.public_bytes(Encoding.DER),
        file=file,
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        subject=certificate.subject.rfc4514_string(),
    )
