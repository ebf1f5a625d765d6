"""An analytics report of one app that Apple has listed and nobody has read."""

from __future__ import annotations

from datetime import date, timedelta

from benchmarks.calendars import FIRST_APPLE_ID, midnight
from reports.models import Access, Account, AnalyticsInstance, AnalyticsReport, App, ReportRequest

REPORT = "App Downloads Detailed"
#: The last day that it tells.
LAST = date(2026, 10, 12)


def listed_instance() -> AnalyticsInstance:
    """Made on the day after the last that it tells."""
    account, made = Account.objects.get(name="Acme"), LAST + timedelta(days=1)
    app = App.objects.create(account=account, apple_id=FIRST_APPLE_ID, sku="NOTES", name="Acme Notes")
    request = ReportRequest.objects.create(
        account=account, app=app, apple_id="request", access=Access.ONGOING, asked_at=midnight(made),
        expected_by=midnight(made),
    )  # fmt: skip
    report = AnalyticsReport.objects.create(request=request, apple_id="report", name=REPORT)
    return AnalyticsInstance.objects.create(
        report=report, apple_id="instance", granularity="DAILY", processing_date=made, seen_at=midnight(made)
    )
