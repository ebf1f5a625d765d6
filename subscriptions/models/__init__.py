"""Tables of the App Store Server: what Apple sent, its signed copies, and what follows from them."""

from __future__ import annotations

from subscriptions.models.asking import BackFill, HistoryCursor, ServerKey
from subscriptions.models.choices import (
    ChainState,
    CustomerKey,
    DataKind,
    DataState,
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
from subscriptions.models.own_data import (
    DataReject,
    DataUpload,
    EntitlementRow,
    LoginRow,
    PriceRow,
    TokenChangeRow,
)
from subscriptions.models.rules import RuleSetting
from subscriptions.models.state import Customer, OwnerSpan, Purchase, Refund, StatusSpan, Subscription

__all__ = [
    "BackFill",
    "ChainState",
    "Customer",
    "CustomerKey",
    "DataKind",
    "DataReject",
    "DataState",
    "DataUpload",
    "EntitlementRow",
    "Environment",
    "ErasedToken",
    "HistoryCursor",
    "LoginRow",
    "Notification",
    "NotificationState",
    "OtherPayload",
    "OwnerSource",
    "OwnerSpan",
    "PriceRow",
    "Purchase",
    "Quarantine",
    "Refund",
    "RefundKind",
    "RefusedPayload",
    "RuleSetting",
    "ServerKey",
    "SignedRenewal",
    "SignedTransaction",
    "SigningChain",
    "Source",
    "Status",
    "StatusSpan",
    "Subscription",
    "TokenChangeRow",
]
