"""What a detector hands over: a finding before it is stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from reports.models import Account, App, Cause, Finding, FindingKind, Grain, Rule, Severity, Vendor

Key = tuple[str, int, int | None, int | None, str, str, str, str, str]


@dataclass(frozen=True)
class FoundDay:
    """One period of a finding. A value is None where that side has none; it is never put as zero."""

    period_start: date
    period_end: date
    api_value: Decimal | None = None
    console_value: Decimal | None = None
    difference: Decimal | None = None
    explained: Decimal | None = None
    api_vintage_id: int | None = None
    console_vintage_id: int | None = None


@dataclass(frozen=True)
class Found:
    """A finding as its detector sees it now. Amounts are in `currency`, or counts where it is empty.

    `difference` is console less API; where one side is missing it is the other side with that sign, and
    `explained + residual = difference`.
    """

    kind: FindingKind
    cause: Cause
    severity: Severity
    account: Account
    from_day: date
    to_day: date
    message: str
    next_step: str
    vendor: Vendor | None = None
    app: App | None = None
    report: str = ""
    metric: str = ""
    cut: str = ""
    member: str = ""
    currency: str = ""
    grain: Grain = Grain.DAY
    api_value: Decimal | None = None
    console_value: Decimal | None = None
    difference: Decimal | None = None
    explained: Decimal | None = None
    money_at_risk: dict[str, str] = field(default_factory=dict)
    evidence: list[dict[str, object]] = field(default_factory=list)
    details: dict[str, object] = field(default_factory=dict)
    days: list[FoundDay] = field(default_factory=list)
    rule: Rule | None = None

    @property
    def residual(self) -> Decimal | None:
        return None if self.difference is None else self.difference - (self.explained or Decimal(0))

    @property
    def key(self) -> Key:
        return (
            self.kind,
            self.account.pk,
            self.vendor.pk if self.vendor else None,
            self.app.pk if self.app else None,
            self.report,
            self.metric,
            self.cut,
            self.member,
            self.currency,
        )

    @property
    def public_id(self) -> str:
        """The same in every database that was given the same files: made of names, not of row numbers."""
        app = str(self.app.apple_id or self.app.sku or self.app.name) if self.app else ""
        vendor = self.vendor.number if self.vendor else ""
        parts = (self.kind, self.account.name, vendor, app, *self.key[4:], self.from_day.isoformat())
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def key_of(finding: Finding) -> Key:
    return (
        finding.kind,
        finding.account_id,
        finding.vendor_id,
        finding.app_id,
        finding.report,
        finding.metric,
        finding.cut,
        finding.member,
        finding.currency,
    )
