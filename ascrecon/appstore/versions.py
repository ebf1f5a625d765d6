"""Report versions: Apple retires them without notice, and its refusal names the one to use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from .errors import AppStoreError, Category

_NAMED = re.compile(r"latest version for this report is (\d{1,3}_\d{1,3})\b", re.ASCII | re.IGNORECASE)

Answer = TypeVar("Answer")


def named_version(error: AppStoreError) -> str | None:
    """The version that Apple's 400 asks for, such as 1_0; None where it names none.

    Source: error document in the tests of appstore-sdk-go; version change of January 2024 (Ponytech 62).
    """
    if error.category not in {Category.VERSION, Category.BAD_REQUEST}:
        return None
    found = _NAMED.search(error.detail)
    return found[1] if found else None


def ask_with_fallback(ask: Callable[[str], Answer], version: str) -> tuple[Answer, str]:
    """The answer and the version it was given for: `version`, or the one that Apple named, asked once."""
    try:
        return ask(version), version
    except AppStoreError as error:
        other = named_version(error)
        if other is None or other == version:
            raise
    return ask(other), other
