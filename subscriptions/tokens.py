"""App account tokens: how they are compared, and what stands in the place of one that was erased."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

TOKEN = "appAccountToken"  # noqa: S105  (the name of a field)
PREFIX = "erased-"
#: As Apple has it; also without its hyphens, as some programs write it.
UUID = re.compile(r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})", re.IGNORECASE)


def hash_of(token: str) -> str:
    """SHA-256 in hex of a token as tokens are compared: in lower case, without blanks around it."""
    return hashlib.sha256(token.strip().lower().encode()).hexdigest()


def sql_hash(column: str) -> str:
    """The same as an expression in SQL."""
    return f"encode(sha256(convert_to(lower(trim({column})), 'UTF8')), 'hex')"


def hashes_in(text: str) -> set[str]:
    """The hashes of all tokens in a text."""
    return {_hash(found) for found in UUID.finditer(text)}


def replaced(text: str, by: Callable[[str, str], str]) -> str:
    """The text with `by(token, hash)` in place of every token."""
    return UUID.sub(lambda found: by(found[0], _hash(found)), text)


def _hash(found: re.Match[str]) -> str:
    return hash_of("-".join(found.groups()))
