"""Apps whose analytics reports were delivered on every day, made inside the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from ascrecon.appstore import load_catalogue
from reports.models import (
    Access,
    Account,
    AnalyticsInstance,
    AnalyticsReport,
    App,
    Delivery,
    DeliveryState,
    Grain,
    InstanceState,
    Kind,
    RawFile,
    ReportRequest,
    RequestState,
    Series,
    Side,
    Vintage,
    Zone,
)
from reports.sql import execute

FIRST = date(2025, 9, 1)
#: After the last day, so that all of them are complete.
LATER = timedelta(days=10)
FIRST_APPLE_ID = 1500000001

# One row of each table is made by the models, the others are it with what differs: whatever columns there are.
TOLD = """
CREATE TEMPORARY TABLE told_day ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('reports_delivery', 'id')) AS delivery_id, s.id AS series_id, s.app_id, s.report,
       p.id AS report_id, '{first}'::date + n AS day, '{first}'::date + n + l.lag AS made_on
FROM reports_series s
JOIN reports_reportrequest q ON q.app_id = s.app_id
JOIN reports_analyticsreport p ON p.request_id = q.id AND p.name = s.report
JOIN unnest(%(names)s::text[], %(lags)s::int[]) AS l(name, lag) ON l.name = s.report
CROSS JOIN generate_series(0, {days} - 1) n
WHERE NOT (s.id = {series} AND n = 0)
"""
LIKE = """
INSERT INTO {table} SELECT made.* FROM told_day t, {table} known,
    LATERAL jsonb_populate_record(known, jsonb_build_object({what})) AS made
WHERE known.id = {pattern}
"""
DELIVERY = """'id', t.delivery_id, 'app_id', t.app_id, 'report', t.report, 'period_start', t.day, 'period_end', t.day,
    'received_at', t.made_on"""
VINTAGE = """'id', nextval(pg_get_serial_sequence('reports_vintage', 'id')), 'series_id', t.series_id,
    'delivery_id', t.delivery_id, 'period_start', t.day, 'period_end', t.day, 'taken_on', t.made_on,
    'received_at', t.made_on"""
INSTANCE = """'id', nextval(pg_get_serial_sequence('reports_analyticsinstance', 'id')), 'report_id', t.report_id,
    'apple_id', 'made ' || t.made_on, 'processing_date', t.made_on, 'delivery_id', t.delivery_id"""


def add_calendars(apps: int, reports: int, days: int) -> None:
    """So many apps, each with so many reports that told each of so many days once, completely."""
    known = load_catalogue().analytics_reports[:reports]
    account = Account.objects.get(name="Acme")
    with transaction.atomic():
        _add_reports(account, apps, [report.name for report in known])
        delivery, vintage, instance = _first_day(account, known[0].completeness_days)
        lags = {"names": [r.name for r in known], "lags": [r.completeness_days for r in known]}
        execute(TOLD.format(first=FIRST, days=days, series=vintage.series_id), lags)
        for model, what, pattern in (
            (Delivery, DELIVERY, delivery.pk),
            (Vintage, VINTAGE, vintage.pk),
            (AnalyticsInstance, INSTANCE, instance.pk),
        ):
            execute(LIKE.format(table=model._meta.db_table, what=what, pattern=pattern))
    execute("VACUUM ANALYZE")


def now_after(days: int) -> datetime:
    """The moment at which the ledger is asked."""
    return midnight(FIRST + timedelta(days=days) + LATER)


def midnight(day: date) -> datetime:
    """The UTC moment at which a day begins."""
    return datetime.combine(day, time(), UTC)


def _add_reports(account: Account, apps: int, names: list[str]) -> None:
    made = App.objects.bulk_create(
        App(account=account, apple_id=FIRST_APPLE_ID + n, sku=f"APP{n}", name=f"App {n}") for n in range(apps)
    )
    moment = midnight(FIRST)
    requests = ReportRequest.objects.bulk_create(
        ReportRequest(
            account=account, app=app, apple_id=f"request-{app.pk}", access=Access.ONGOING, asked_at=moment,
            state=RequestState.ARRIVING, expected_by=moment, first_instance_at=moment,
        )
        for app in made
    )  # fmt: skip
    AnalyticsReport.objects.bulk_create(
        AnalyticsReport(request=request, apple_id=name, name=name) for request in requests for name in names
    )
    Series.objects.bulk_create(
        Series(
            account=account, app=app, side=Side.API, kind=Kind.ANALYTICS, report=name, grain=Grain.DAY,
            timezone=Zone.UTC,
        )
        for app in made for name in names
    )  # fmt: skip


def _first_day(account: Account, lag: int) -> tuple[Delivery, Vintage, AnalyticsInstance]:
    """The first report's first day."""
    series = Series.objects.filter(account=account, kind=Kind.ANALYTICS).earliest("pk")
    report = AnalyticsReport.objects.get(request__app=series.app, name=series.report)
    made_on = FIRST + timedelta(days=lag)
    raw, _ = RawFile.objects.get_or_create(
        sha256="0" * 64, defaults={"size": 0, "stored_as": "-", "created_at": midnight(made_on)}
    )
    delivery = Delivery.objects.create(
        side=Side.API, kind=Kind.ANALYTICS, report=series.report, account=account, app=series.app, raw_file=raw,
        file_name="instance", period_start=FIRST, period_end=FIRST, grain=Grain.DAY, timezone=Zone.UTC,
        state=DeliveryState.LOADED, received_at=midnight(made_on), rows_read=1, rows_accepted=1,
    )  # fmt: skip
    vintage = Vintage.objects.create(
        series=series, period_start=FIRST, period_end=FIRST, delivery=delivery, taken_on=made_on,
        received_at=midnight(made_on), rank=1, current=True,
    )  # fmt: skip
    instance = AnalyticsInstance.objects.create(
        report=report, apple_id=f"made {made_on}", granularity="DAILY", processing_date=made_on,
        state=InstanceState.LOADED, seen_at=midnight(made_on), delivery=delivery,
    )  # fmt: skip
    return delivery, vintage, instance
