"""Asks the responder that the certificates name whether they are still good (OCSP), by Apple's own library."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from appstoreserverlibrary.models.Environment import Environment
from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier, VerificationException, VerificationStatus
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import ExtensionNotFound
from OpenSSL.crypto import X509StoreContextError

from ascrecon.storeserver.roots import Root


class Verdict(StrEnum):
    GOOD = "good"
    DOUBTFUL = "doubtful"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class OnlineAnswer:
    verdict: Verdict
    sentence: str


GOOD = OnlineAnswer(Verdict.GOOD, "The responder says that the certificates are good.")
DOUBTFUL = OnlineAnswer(
    Verdict.DOUBTFUL,
    "The responder does not confirm the certificates: they may be revoked, its answer may be out of date, or this "
    "machine's clock may be wrong.",
)
UNREACHABLE = OnlineAnswer(
    Verdict.UNREACHABLE,
    "The responder could not be asked. Outbound HTTP to the address that the certificates name is needed (Apple: "
    "ocsp.apple.com). It is asked again every hour.",
)


def ask_responder(certificates: Sequence[str], roots: Sequence[Root]) -> OnlineAnswer:
    """What the responder says today about a chain (as in x5c) that was verified before. Up to 30 s per certificate.

    Certificates are held against today's date here, so it is of use while they are valid. The library does not tell a
    revoked certificate from an answer that is out of date, so neither is called revoked. Source: RFC 6960.
    """
    verifier = SignedDataVerifier([root.der for root in roots], True, Environment.SANDBOX, bundle_id="")
    try:
        verifier._chain_verifier.verify_chain(list(certificates), True, int(time.time()))
    except VerificationException as exc:
        return UNREACHABLE if exc.status == VerificationStatus.RETRYABLE_VERIFICATION_FAILURE else DOUBTFUL
    except (ExtensionNotFound, ValueError):
        return UNREACHABLE  # no responder is named, or what answered is none (the page of a proxy)
    except (InvalidSignature, X509StoreContextError):
        return DOUBTFUL
    return GOOD
