"""How far back finance reports are asked for: until Apple has had nothing for a year of fiscal months."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from reports.models import CoverageCell, Grain, Vendor
from reports.sync.calendar import ReportKind
from reports.sync.policy import sync_policy


def finance_months(vendor: Vendor, report: str, region_code: str) -> QuerySet[CoverageCell]:
    """The ledger's fiscal months of one finance report."""
    return CoverageCell.objects.filter(
        vendor=vendor, report=report, region_code=region_code, granularity=Grain.FISCAL_MONTH
    )


def is_silent(months: QuerySet[CoverageCell]) -> bool:
    """Whether Apple was asked for each of the oldest twelve of these months, and had none of them."""
    needed = sync_policy().finance_empty_months_until_stop
    oldest = list(months.order_by("date")[:needed])
    return len(oldest) == needed and all(month.asked_at and not month.delivery_id for month in oldest)


def begins(vendor: Vendor, kind: ReportKind) -> date | None:
    """The first fiscal month that is asked for, where asking further back has ended; None where it has not."""
    if not kind.is_finance:
        return None
    months = finance_months(vendor, kind.name, kind.region_code)
    first = months.order_by("date").values_list("date", flat=True).first()
    return first if is_silent(months) else None
