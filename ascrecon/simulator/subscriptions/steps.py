"""One notification of a sequence before it is signed: what Apple's fields say, by their own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from ascrecon.simulator.subscriptions.authority import Authority

DAY = 86_400_000  # milliseconds
NAMES = UUID("6f1f5f0e-0000-4000-8000-000000000001")


@dataclass(frozen=True)
class Shop:
    """Whose notifications they are, and who signs them."""

    authority: Authority = field(repr=False)
    bundle_id: str
    apple_id: int
    environment: str = "Production"


@dataclass(frozen=True)
class Step:
    """One notification: `transaction` and `renewal` are payloads of JWSTransaction and JWSRenewalInfo."""

    type: str
    subtype: str
    signed_ms: int
    status: int | None
    transaction: Mapping[str, Any]
    renewal: Mapping[str, Any] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def payload(step: Step, shop: Shop, uuid: UUID) -> dict[str, Any]:
    """The payload of the notification with its signed objects in it, not signed itself yet."""
    data: dict[str, Any] = {
        "appAppleId": shop.apple_id,
        "bundleId": shop.bundle_id,
        "bundleVersion": "1",
        "environment": shop.environment,
        **({} if step.status is None else {"status": step.status}),
        **step.data,
        "signedTransactionInfo": shop.authority.sign(transaction_payload(step, shop)),
    }
    if step.renewal is not None:
        data["signedRenewalInfo"] = shop.authority.sign(renewal_payload(step, shop))
    told = {"notificationType": step.type, **({"subtype": step.subtype} if step.subtype else {})}
    return {**told, "notificationUUID": str(uuid), "data": data, "version": "2.0", "signedDate": step.signed_ms}


def transaction_payload(step: Step, shop: Shop) -> dict[str, Any]:
    """The transaction as Apple signs it with this notification."""
    return {
        **step.transaction,
        "bundleId": shop.bundle_id,
        "environment": shop.environment,
        "signedDate": step.signed_ms,
    }


def renewal_payload(step: Step, shop: Shop) -> dict[str, Any]:
    return {**(step.renewal or {}), "environment": shop.environment, "signedDate": step.signed_ms}


def signed(steps: Mapping[str, Step], shop: Shop) -> list[str]:
    """The `signedPayload` of each step, in the order given; the same step always has the same UUID."""
    return [shop.authority.sign(payload(step, shop, uuid5(NAMES, name))) for name, step in steps.items()]
