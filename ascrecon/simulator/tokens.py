"""Who asks: the ES256 token of a request checked as Apple checks it, and the roles of its key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ascrecon.simulator.errors import forbidden, individual_key, method_not_allowed, unauthorized
from ascrecon.simulator.reading import ScenarioError

AUDIENCE = "appstoreconnect-v1"
LIFETIME = 1200
KEY_ID = "SIMULATED1"
ISSUER_ID = "57246542-96fe-1a63-e053-000000000001"
SALES_ROLES = frozenset({"ADMIN", "FINANCE", "SALES_AND_REPORTS"})
ADMIN_ROLES = frozenset({"ADMIN"})
ANALYTICS_ROLES = SALES_ROLES
FINANCE_ROLES = frozenset({"ADMIN", "FINANCE"})


@dataclass(frozen=True)
class Key:
    """The public half that the simulator knows, as Apple keeps it."""

    key_id: str
    issuer_id: str
    public_key: ec.EllipticCurvePublicKey


def new_key(key_id: str = KEY_ID) -> tuple[Key, str]:
    """A P-256 key: the public half, and the private one as PKCS#8 PEM (a .p8 file's text)."""
    private = ec.generate_private_key(ec.SECP256R1())
    return Key(key_id, ISSUER_ID, private.public_key()), _pem(private)


def written_key(folder: Path, key_id: str = KEY_ID, name: str = "AuthKey") -> tuple[Key, Path]:
    """The key in a folder, made there when it is not (`<name>_<key id>.p8`, readable by its owner only)."""
    path = folder / f"{name}_{key_id}.p8"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(new_key()[1], encoding="ascii")
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ScenarioError(str(path), "not an EC private key", "remove it, a new one is written")
    return Key(key_id, ISSUER_ID, private.public_key()), path


def read_key(path: Path, key_id: str, issuer_id: str) -> Key:
    """A public key from a PEM file."""
    try:
        public = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise ScenarioError(str(path), f"no public key could be read ({error})", "give a PEM public key") from error
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise ScenarioError(str(path), "not an EC key", "give a P-256 public key")
    return Key(key_id, issuer_id, public)


def identify(key: Key, method: str, path: str, authorization: str) -> bool:
    """True for a team token, False for an individual one; raises Apple's 401 or 405 otherwise.

    A POST with a `scope` claim is 405: seen by clients, not confirmed by Apple.
    """
    claims = _claims(key, authorization)
    if "scope" in claims:
        _check_scope(claims["scope"], method, path)
    return "iss" in claims


def allow(team: bool, roles: tuple[str, ...], wanted: frozenset[str]) -> None:
    """403 unless a team key has a wanted role; Apple keeps individual keys off these reports."""
    if not team:
        raise individual_key()
    allow_role(roles, wanted)


def allow_role(roles: tuple[str, ...], wanted: frozenset[str]) -> None:
    """403 unless the key has a wanted role."""
    if not wanted.intersection(roles):
        raise forbidden()


def _claims(key: Key, authorization: str) -> Mapping[str, object]:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorized()
    try:
        if jwt.get_unverified_header(token).get("kid") != key.key_id:
            raise unauthorized()
        claims: dict[str, object] = jwt.decode(
            token,
            key.public_key,
            ["ES256"],
            audience=AUDIENCE,
            options={"require": ["exp"]},
        )
    except jwt.PyJWTError as error:
        raise unauthorized() from error
    if not _is_ours(key, claims) or not _is_short(claims):
        raise unauthorized()
    return claims


def _is_ours(key: Key, claims: Mapping[str, object]) -> bool:
    if "iss" in claims:
        return claims["iss"] == key.issuer_id
    return claims.get("sub") == "user"


def _is_short(claims: Mapping[str, object]) -> bool:
    issued, ends = claims.get("iat", time.time()), claims["exp"]
    return isinstance(issued, (int, float)) and isinstance(ends, (int, float)) and ends - issued <= LIFETIME


def _check_scope(scope: object, method: str, path: str) -> None:
    if method != "GET":
        raise method_not_allowed()
    entries = scope if isinstance(scope, list) else []
    if not any(str(entry).partition("?")[0] == f"{method} {path}" for entry in entries):
        raise unauthorized()


def _pem(private: ec.EllipticCurvePrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
