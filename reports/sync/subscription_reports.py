"""Which vendors are asked for subscription reports: those that sell subscriptions and for which Apple makes them.

Apple makes them once one auto-renewable subscription was sold. For a vendor without them it answers "Invalid vendor
number" although the number is right (public issue airbyte 2162), so that answer is no error here: the first day that is
asked for is a question whether there are such reports at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import Q

from reports.models import CellState, CoverageCell, SubscriptionReport, Vendor
from reports.sync.calendar import Period, ReportKind
from reports.sync.policy import sync_policy


def may_be_asked(vendor: Vendor, kind: ReportKind, periods: Sequence[Period], today: date) -> Sequence[Period]:
    """Of these periods, oldest first, those that Apple is asked for on `today` (Pacific Time).

    All of them where it is known that Apple has the report; else the newest one, unless it was asked in vain lately.
    """
    if not kind.is_subscription or has_reports(vendor, kind.name):
        return periods
    until = vendor.no_subscription_reports_until
    if not vendor.sells_subscriptions or (until is not None and today < until) or _is_asking(vendor, kind.name):
        return []
    return periods[-1:]


def has_reports(vendor: Vendor, report: str) -> bool:
    """Whether Apple has ever answered for this report of the vendor otherwise than by refusing it."""
    answered = CoverageCell.objects.filter(vendor=vendor, report=report, app=None, asked_at__isnull=False)
    return answered.exclude(state=CellState.BLOCKED, delivery=None).exists()


def _is_asking(vendor: Vendor, report: str) -> bool:
    return CoverageCell.objects.filter(vendor=vendor, report=report, app=None).exists()


def is_question(cell: CoverageCell) -> bool:
    """Whether a cell asks if the vendor has the report at all."""
    if cell.vendor is None or cell.report not in SubscriptionReport.values:
        return False
    return not has_reports(cell.vendor, cell.report)


def none_for(cell: CoverageCell, today: date) -> None:
    """Apple has no subscription reports for the vendor of a question: nothing is known of any day, so no cell stays."""
    again = today + timedelta(days=sync_policy().subscriptions_asked_again_after_days)
    assert cell.vendor is not None  # noqa: S101  (a question always has one)
    Vendor.objects.filter(pk=cell.vendor.pk).update(no_subscription_reports_until=again)
    questions = CoverageCell.objects.filter(vendor=cell.vendor_id, report__in=SubscriptionReport.values, app=None)
    questions.filter(Q(asked_at=None) | Q(state=CellState.BLOCKED), delivery=None).delete()
