"""App account tokens as somebody may see them: whole, or as a mark that only tells equal from different."""

from __future__ import annotations

from typing import Any

from subscriptions.tokens import PREFIX, TOKEN, hash_of, replaced

SEE = "subscriptions.view_token"
LENGTH = 8


def masked(token: str, *, seen: bool) -> str:
    """The token for those who have the right, else the beginning of its hash; one that was erased says so."""
    if not token:
        return ""
    if token.startswith(PREFIX):
        return f"erased #{token.removeprefix(PREFIX)[:LENGTH]}"
    return token if seen else f"login #{hash_of(token)[:LENGTH]}"


def named(token: str, *, seen: bool) -> str:
    """The mark by which findings name a login, and for those who have the right the token itself behind it."""
    mark = masked(token, seen=False)
    return f"{mark} ({token})" if seen and token and not token.startswith(PREFIX) else mark


def masked_text(text: str, *, seen: bool) -> str:
    """Any text with every token in it masked."""
    return text if seen else replaced(text, lambda token, _: masked(token, seen=False))


def masked_json(value: Any, *, seen: bool) -> Any:
    """A decoded payload with every token in it masked."""
    if isinstance(value, list):
        return [masked_json(item, seen=seen) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: masked(item, seen=seen) if key == TOKEN and isinstance(item, str) else masked_json(item, seen=seen)
        for key, item in value.items()
    }
