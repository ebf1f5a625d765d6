"""The life of a subscription in one list: what Apple sent, what was bought and given back, whose it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.urls import reverse

from reports.models import Finding
from reports.wording import amount
from subscriptions.models import (
    Environment,
    Notification,
    OwnerSpan,
    Purchase,
    Refund,
    SignedRenewal,
    StatusSpan,
    Subscription,
)
from subscriptions.moments import LATEST_MS, milliseconds, moment
from subscriptions.selectors.amounts import money
from subscriptions.selectors.masking import named
from subscriptions.selectors.words import in_words

MOST = 1000


@dataclass(frozen=True)
class Line:
    """One thing that happened. `order` is its time in milliseconds; `amount` is a list-price estimate."""

    order: int
    what: str
    text: str
    amount: Decimal | None = None
    currency: str = ""
    url: str = ""
    note: str = ""

    @property
    def at(self) -> datetime | None:
        return moment(self.order)


def timeline(subscription: Subscription, *, seen: bool) -> list[Line]:
    """Newest first, at most 1,000 lines of each sort. `seen`: whether the reader may see tokens."""
    lines = [
        *_purchases(subscription),
        *_refunds(subscription),
        *_owners(subscription, seen),
        *_statuses(subscription),
        *_prices(subscription),
        *_notifications(subscription),
        *_findings(subscription),
    ]
    return sorted(lines, key=lambda line: line.order, reverse=True)


def _of(subscription: Subscription) -> dict[str, object]:
    return {
        "app": subscription.app_id,
        "environment": subscription.environment,
        "original_id": subscription.original_id,
    }


def _purchases(subscription: Subscription) -> Iterator[Line]:
    for row in Purchase.objects.filter(**_of(subscription))[:MOST]:
        verb = "Renewed" if row.reason == "RENEWAL" else "Bought"
        notes = (
            "family sharing, counts nothing" if not row.counts else "",
            "upgraded later: a part was given back, Apple does not tell how much" if row.superseded_ms else "",
            f"{row.transactions} transactions of one purchase" if row.transactions > 1 else "",
            "its transactions contradict each other" if row.contradicts else "",
        )
        until = moment(row.expires_ms)
        text = f"{verb} {row.product_id}" + (f" until {until:%Y-%m-%d %H:%M}" if until else "")
        yield Line(
            row.purchase_ms or 0, "Purchase", text, money(row.price), row.currency,
            reverse("admin:subscriptions_purchase_change", args=[row.pk]), "; ".join(filter(None, notes)),
        )  # fmt: skip


def _refunds(subscription: Subscription) -> Iterator[Line]:
    for row in Refund.objects.filter(**_of(subscription))[:MOST]:
        note = "" if row.amount is not None else "Apple does not tell how much"
        url = reverse("admin:subscriptions_refund_change", args=[row.pk])
        text = f"{row.get_kind_display()} of transaction {row.transaction_id}"
        yield Line(row.at_ms, "Refund", text, money(row.amount), row.currency, url, note)


def _owners(subscription: Subscription, seen: bool) -> Iterator[Line]:
    before = ""
    for row in OwnerSpan.objects.filter(**_of(subscription)).order_by("from_ms")[:MOST]:
        owner = named(row.token, seen=seen)
        text = f"Moved from {before} to {owner}" if before else f"Belongs to {owner}"
        yield Line(row.from_ms, "Owner", text, note=row.get_source_display())
        before = owner


def _statuses(subscription: Subscription) -> Iterator[Line]:
    for row in StatusSpan.objects.filter(**_of(subscription))[:MOST]:
        yield Line(row.from_ms, "Status", row.get_status_display())


def _prices(subscription: Subscription) -> Iterator[Line]:
    """Where the price of the next period changes."""
    before: tuple[int | None, str] = (None, "")
    rows = SignedRenewal.objects.filter(**_of(subscription), distrusted=False).exclude(renewal_price=None)
    for row in rows.order_by("signed_ms")[:MOST]:
        now = (row.renewal_price, row.currency)
        if now != before and before[0] is not None:
            text = f"Next period: {row.auto_renew_product_id}"
            yield Line(row.signed_ms, "Price", text, money(row.renewal_price), row.currency)
        before = now


def _findings(subscription: Subscription) -> Iterator[Line]:
    found = Finding.objects.filter(app=subscription.app_id, details__subscriptions__contains=[subscription.original_id])
    for row in found if subscription.environment == Environment.PRODUCTION else ():
        at = milliseconds(datetime(row.from_day.year, row.from_day.month, row.from_day.day, tzinfo=UTC))
        url = reverse("admin:reports_finding_change", args=[row.pk])
        risk = [f"{amount(Decimal(value), currency)} at risk" for currency, value in row.money_at_risk.items()]
        note = ", ".join([row.get_severity_display(), row.get_state_display().lower(), *risk])
        yield Line(at, "Finding", row.get_kind_display(), url=url, note=note)


def _notifications(subscription: Subscription) -> Iterator[Line]:
    for row in Notification.objects.filter(**_of(subscription))[:MOST]:
        late = (row.received_at - row.signed_at).total_seconds() / 3600 if row.signed_at else 0
        delay = f"came {late:.0f} h after it was signed" if late >= 1 and row.source == "webhook" else ""
        note = "; ".join(filter(None, (in_words(row.type, row.subtype), delay)))
        url = reverse("admin:subscriptions_notification_change", args=[row.pk])
        yield Line(min(row.signed_ms, LATEST_MS), "Notification", str(row), url=url, note=note)
