"""Why signed data are not taken: one token each, so that refusals can be counted."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """What is wrong with a payload that is refused. No honest sender makes any of these."""

    MALFORMED = "malformed"
    SIGNATURE = "signature"
    CERTIFICATE = "certificate"
    CHAIN_LENGTH = "chain_length"
    CONTENT = "content"
    ENVIRONMENT = "environment"
    INNER = "inner"


class Refused(Exception):
    """The payload is not Apple's, or not what Apple sends. `str` is a sentence without any part of the payload."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class RootsMissing(Exception):
    """There is no root certificate to check a signature against; the text says where to put one."""
