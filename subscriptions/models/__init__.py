"""Tables of the App Store Server: what Apple sent, its signed copies, and what follows from them."""

from __future__ import annotations

from subscriptions.models.choices import (
    ChainState,
    CustomerKey,
    Environment,
    NotificationState,
    OwnerSource,
    Quarantine,
    RefundKind,
    Source,
    Status,
)
from subscriptions.models.copies import ErasedToken, SignedRenewal, SignedTransaction
from subscriptions.models.notifications import Notification, OtherPayload, RefusedPayload, SigningChain
from subscriptions.models.state import Customer, OwnerSpan, Purchase, Refund, StatusSpan, Subscription

__all__ = [
    "ChainState",
    "Customer",
    "CustomerKey",
    "Environment",
    "ErasedToken",
    "Notification",
    "NotificationState",
    "OtherPayload",
    "OwnerSource",
    "OwnerSpan",
    "Purchase",
    "Quarantine",
    "Refund",
    "RefundKind",
    "RefusedPayload",
    "SignedRenewal",
    "SignedTransaction",
    "SigningChain",
    "Source",
    "Status",
    "StatusSpan",
    "Subscription",
]
