"""Deliveries and rows made inside the database, for benchmarks that need more of them than can be loaded in time.

They go into the product's own tables, with their constraints and indexes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F

from benchmarks.database import execute
from reports.figures.derive import derive_from_rows
from reports.figures.vintages import Period, place, series_of
from reports.models import (
    Account,
    App,
    Delivery,
    DeliveryState,
    Grain,
    Kind,
    RawFile,
    Rule,
    Run,
    SalesRow,
    Side,
    Vendor,
    Vintage,
    Zone,
)

RARE, COMMON, MIDDLING = "ZZ", "US", "MM"
#: One row in so many is of the rare and of the middling country.
RARE_ONE_IN, MIDDLING_ONE_IN = 200_000, 500

ROWS = """
INSERT INTO reports_salesrow (id, day, end_day, provider, provider_country, sku, developer, title, version,
    product_type, units, developer_proceeds, customer_currency, country, proceeds_currency, apple_id, customer_price,
    promo_code, parent_identifier, subscription, period, category, cmb, device, supported_platforms, proceeds_reason,
    preserved_pricing, client, order_type)
SELECT {first} + n, '{day}', '{day}', 'APPLE', 'US', 'com.acme.item' || n % 1111, 'Acme', 'Item ' || n % 1111, '',
    'IAY', 1, 3.49, 'USD',
    CASE WHEN n % {rare} = {rare} - 1 OR n = {rows} THEN 'ZZ' WHEN n % {middling} = 7 THEN 'MM'
         ELSE (ARRAY['US','DE','JP','FR'])[1 + n % 4] END,
    'USD', 1500000000 + n % 1111, 4.99, '', 'NOTES', 'New', '1 Month', 'Productivity', '', 'iPhone', 'iOS', '', '',
    '', ''
FROM generate_series(1, {rows}) n
"""

LINES = """
INSERT INTO reports_runline (run_id, n, rule_id, period_start, period_end, app_id, member, currency, api_value,
    console_value, difference, explained, kind, cause)
SELECT {run}, n, {rule}, '{day}', '{day}', {app}, 'item' || n % 1111, 'USD', 1, 2, 1, 0, 'value_mismatch',
    CASE WHEN n = {rows} THEN 'rounding' ELSE 'unexplained' END
FROM generate_series(1, {rows}) n
"""

# A day of both sides: five apps with forty products each in ten countries. Where `differs` holds, the console has a
# unit more.
SIDED_ROWS = """
INSERT INTO reports_salesrow (id, day, end_day, provider, provider_country, sku, developer, title, product_type, units,
    developer_proceeds, customer_currency, country, proceeds_currency, apple_id, customer_price, parent_identifier,
    subscription, period, category, device, version, promo_code, cmb, supported_platforms, proceeds_reason,
    preserved_pricing, client, order_type)
SELECT {first} + n, '{day}', '{day}', 'APPLE', 'US', 'com.acme.item' || n % 200, 'Acme', 'Item ' || n % 200, 'IAY',
    1 + (n * 7 + {number}) % 5 + CASE WHEN {more} THEN 1 ELSE 0 END, 3.49, 'USD',
    (ARRAY['US','DE','JP','FR','GB','CA','AU','BR','IN','SE'])[1 + n / 200 % 10], 'USD', 1500000000 + n % 200, 4.99,
    'APP' || n % 5, 'New', '1 Month', 'Productivity', 'iPhone', '', '', '', '', '', '', '', ''
FROM generate_series(1, {rows}) n
"""


def _on_some_days(number: int) -> list[int]:
    return [n for n in range(1, 6) if (n * 37 + number * 61) % 100 == 0]


#: Which rows of a day (by its number) the console has more units of: none, one of an app on one day in a hundred, one
#: of the same app every day.
DIFFERS: dict[str, Callable[[int], list[int]]] = {
    "none": lambda number: [],
    "some_days": _on_some_days,
    "every_day": lambda number: [5],
}
DAY_ZERO = date(2024, 11, 1)


def day_number(number: int) -> date:
    """The days of the account with two years, from 0 on."""
    return DAY_ZERO + timedelta(days=number)


def add_two_sided_days(numbers: range, rows: int, differing: str) -> None:
    """Days of the API and of the console with rows, vintages and figures, `differing` as in `DIFFERS`."""
    account = Account.objects.get(name="Acme")
    for number in numbers:
        with transaction.atomic():
            _add_side(account, number, rows, Side.API, [])
            _add_side(account, number, rows, Side.CONSOLE, DIFFERS[differing](number))
    execute("ANALYZE")


def let_days_differ(numbers: range, differing: str) -> None:
    """The console's rows of days that are there already differ as in `DIFFERS` from now on, and so do their figures."""
    for number in numbers:
        if lines := DIFFERS[differing](number):
            vintage = Vintage.objects.get(series__side=Side.CONSOLE, period_start=day_number(number), current=True)
            ids = [vintage.delivery.first_row_id + line for line in lines]
            with transaction.atomic():
                SalesRow.objects.filter(pk__in=ids).update(units=F("units") + 1)
                derive_from_rows(vintage, vintage.delivery)


def _add_side(account: Account, number: int, rows: int, side: Side, more: list[int]) -> None:
    day, kind = day_number(number), Kind.SALES if side == Side.API else Kind.R
    delivery = _delivery(account, day, rows, kind, side)
    has_more = f"n IN ({', '.join(map(str, more))})" if more else "false"
    execute(SIDED_ROWS.format(first=delivery.first_row_id, day=day, number=number, rows=rows, more=has_more))
    for vintage in place(series_of(delivery), delivery, [Period(day, day)], taken_on=day):
        derive_from_rows(vintage, delivery)


def delivery_of(account: Account, day: date, rows: int) -> Delivery:
    """A loaded daily sales report with `rows` generated rows, current for its day."""
    delivery = _delivery(account, day, rows, Kind.SALES, Side.API)
    statement = ROWS.format(first=delivery.first_row_id, day=day, rows=rows, rare=RARE_ONE_IN, middling=MIDDLING_ONE_IN)
    execute(statement)
    place(series_of(delivery), delivery, [Period(day, day)], taken_on=day)
    return delivery


def _delivery(account: Account, day: date, rows: int, kind: Kind, side: Side) -> Delivery:
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    raw, _ = RawFile.objects.get_or_create(sha256="0" * 64, defaults={"size": 0, "stored_as": "-", "created_at": noon})
    return Delivery.objects.create(
        side=side, kind=kind, report=Rule.Report.SALES_DAILY, account=account, raw_file=raw,
        vendor=Vendor.objects.get(account=account), file_name=f"S_D_80000001_{day:%Y%m%d}.txt", period_start=day,
        period_end=day, grain=Grain.DAY, timezone=Zone.PACIFIC, state=DeliveryState.LOADED, received_at=noon,
        rows_read=rows, rows_accepted=rows,
    )  # fmt: skip


def run_of(account: Account, day: date, lines: int) -> Run:
    """A finished run on which `lines` lines differ; the last one has a cause of its own."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    rule = Rule.objects.get(key="sales_units")
    app, _ = App.objects.get_or_create(account=account, apple_id=1500000001, defaults={"sku": "NOTES", "name": "Notes"})
    by_rule = [{"rule": rule.key, "metric": "units", "compared": lines, "equal": 0, "within_tolerance": 0}]
    run = Run.objects.create(
        account=account, period_start=day, period_end=day, state=Run.State.DONE, started_at=noon, finished_at=noon,
        compared=lines, by_rule=by_rule,
    )  # fmt: skip
    execute(LINES.format(run=run.pk, rule=rule.pk, app=app.pk, day=day, rows=lines))
    return run
