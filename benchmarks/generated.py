"""Deliveries and rows made inside the database, for benchmarks that need more of them than can be loaded in time.

They go into the product's own tables, with their constraints and indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F

from benchmarks.database import execute
from reports.figures.derive import SALE, derive_from_rows
from reports.figures.members import member_id
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
    SalesFigures,
    SalesRow,
    Side,
    StoredFigure,
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

# Days of both sides: five apps with forty products each in ten countries, each member sold by one app in one currency.
SIDED_ROWS = """
INSERT INTO reports_salesrow (id, day, end_day, provider, provider_country, sku, developer, title, product_type, units,
    developer_proceeds, customer_currency, country, proceeds_currency, apple_id, customer_price, parent_identifier,
    subscription, period, category, device, version, promo_code, cmb, supported_platforms, proceeds_reason,
    preserved_pricing, client, order_type)
SELECT (d.id << 32) + n, d.period_start, d.period_start, 'APPLE', 'US', 'com.acme.item' || n % 200, 'Acme',
    'Item ' || n % 200, 'IAY', 1 + (n * 7 + (d.period_start - '{zero}'::date)) % 5, 3.49, 'USD',
    (ARRAY['US','DE','JP','FR','GB','CA','AU','BR','IN','SE'])[1 + n / 200 % 10], 'USD', 1500000000 + n % 200, 4.99,
    'APP' || n % 5, 'New', '1 Month', 'Productivity', 'iPhone', '', '', '', '', '', '', '', ''
FROM reports_delivery d, generate_series(1, {rows}) n
WHERE d.id BETWEEN {first} AND {last}
ORDER BY d.id, n
"""

# The figures of many such days at once: what `derive_from_rows` makes of each, with the apps of a day that it did.
SIDED_FIGURES = f"""
INSERT INTO reports_salesfigures
    (vintage_id, n, app_id, member_id, units, sold_rows, proceeds, proceeds_currency, sales, customer_currency)
SELECT v.id, row_number() OVER (PARTITION BY v.id), known.app_id, r.member_id, r.units, r.sold_rows, r.proceeds,
       known.proceeds_currency, r.sales, known.customer_currency
FROM (SELECT id >> 32 AS delivery_id, {member_id(SALE)} AS member_id, sum(units) AS units,
             count(*) FILTER (WHERE units > 0) AS sold_rows, sum(units * developer_proceeds) AS proceeds,
             sum(units * abs(customer_price)) AS sales
      FROM reports_salesrow GROUP BY 1, 2) r
JOIN reports_vintage v ON v.delivery_id = r.delivery_id
JOIN reports_salesfigures known ON known.vintage_id = {{pattern}} AND known.member_id = r.member_id
WHERE v.id IN ({{vintages}})
ORDER BY v.id
"""  # noqa: S608 - constants only


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


def add_two_sided_days(numbers: range, rows: int) -> None:
    """Equal days of the API and of the console with rows, vintages and figures.

    The first is derived as the product does it, the others are made after it in one statement for each side and table.
    """
    account = Account.objects.get(name="Acme")
    with transaction.atomic():
        for side in (Side.API, Side.CONSOLE):
            pattern = _add_day(account, numbers[0], rows, side)
            _add_like(pattern, numbers[1:], rows)
    execute("ANALYZE")


def let_days_differ(numbers: range, differing: str) -> None:
    """The console's rows of days that are there already differ as in `DIFFERS` from now on, and so do their figures."""
    lines = {day_number(number): DIFFERS[differing](number) for number in numbers}
    told = Vintage.objects.filter(
        series__side=Side.CONSOLE, current=True, period_start__in=[d for d in lines if lines[d]]
    )
    vintages = list(told.select_related("delivery"))
    if not vintages:
        return
    ids = [v.delivery.first_row_id + line for v in vintages for line in lines[v.period_start]]
    with transaction.atomic():
        SalesRow.objects.filter(pk__in=ids).update(units=F("units") + 1)
        derive_from_rows(vintages[0], vintages[0].delivery)
        _figures_like(vintages[0], vintages[1:])


def _add_day(account: Account, number: int, rows: int, side: Side) -> Vintage:
    """One day of one side, by the product's own statements."""
    day = day_number(number)
    delivery = _delivery(account, day, rows, _kind(side), side)
    _rows_of(delivery.pk, delivery.pk, rows)
    (vintage,) = place(series_of(delivery), delivery, [Period(day, day)], taken_on=day)
    derive_from_rows(vintage, delivery)
    return vintage


def _add_like(pattern: Vintage, numbers: Sequence[int], rows: int) -> None:
    """More days of the side of `pattern`, each with a delivery and a vintage that nothing else tells."""
    if not numbers:
        return
    first = pattern.delivery
    days = [day_number(number) for number in numbers]
    deliveries = Delivery.objects.bulk_create(
        _new_delivery(first.account, first.raw_file, day, rows, Kind(first.kind), Side(first.side)) for day in days
    )
    _rows_of(deliveries[0].pk, deliveries[-1].pk, rows)
    vintages = Vintage.objects.bulk_create(
        Vintage(
            series_id=pattern.series_id, delivery=d, period_start=day, period_end=day, taken_on=day,
            received_at=d.received_at, current=True,
        )
        for d, day in zip(deliveries, days, strict=True)
    )  # fmt: skip
    _figures_like(pattern, vintages)


def _rows_of(first: int, last: int, rows: int) -> None:
    execute(SIDED_ROWS.format(first=first, last=last, rows=rows, zero=DAY_ZERO))


def _figures_like(pattern: Vintage, vintages: Sequence[Vintage]) -> None:
    """The figures of `vintages`, made anew; the last of them is derived once more and must give the same."""
    if not vintages:
        return
    SalesFigures.objects.filter(vintage__in=vintages).delete()
    execute(SIDED_FIGURES.format(pattern=pattern.pk, vintages=", ".join(str(v.pk) for v in vintages)))
    last = vintages[-1]
    made = _figures_of(last)
    derive_from_rows(last, last.delivery)
    assert made and made == _figures_of(last), "the generated figures are not what a derivation gives"


def _figures_of(vintage: Vintage) -> list[tuple[object, ...]]:
    """All figures of a vintage; the number that each has within it is by chance."""
    assert not StoredFigure.objects.filter(vintage=vintage).exists(), "a member was sold in several ways"
    fields = ("app", "member", "units", "sold_rows", "proceeds", "proceeds_currency", "sales", "customer_currency")
    return sorted(SalesFigures.objects.filter(vintage=vintage).values_list(*fields))


def _kind(side: Side) -> Kind:
    return Kind.SALES if side == Side.API else Kind.R


def delivery_of(account: Account, day: date, rows: int) -> Delivery:
    """A loaded daily sales report with `rows` generated rows, current for its day."""
    delivery = _delivery(account, day, rows, Kind.SALES, Side.API)
    statement = ROWS.format(first=delivery.first_row_id, day=day, rows=rows, rare=RARE_ONE_IN, middling=MIDDLING_ONE_IN)
    execute(statement)
    place(series_of(delivery), delivery, [Period(day, day)], taken_on=day)
    return delivery


def _delivery(account: Account, day: date, rows: int, kind: Kind, side: Side) -> Delivery:
    raw, _ = RawFile.objects.get_or_create(
        sha256="0" * 64, defaults={"size": 0, "stored_as": "-", "created_at": _noon(day)}
    )
    delivery = _new_delivery(account, raw, day, rows, kind, side)
    delivery.save()
    return delivery


def _new_delivery(account: Account | None, raw: RawFile, day: date, rows: int, kind: Kind, side: Side) -> Delivery:
    return Delivery(
        side=side, kind=kind, report=Rule.Report.SALES_DAILY, account=account, raw_file=raw,
        vendor=Vendor.objects.get(account=account), file_name=f"S_D_80000001_{day:%Y%m%d}.txt", period_start=day,
        period_end=day, grain=Grain.DAY, timezone=Zone.PACIFIC, state=DeliveryState.LOADED, received_at=_noon(day),
        rows_read=rows, rows_accepted=rows,
    )  # fmt: skip


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def run_of(account: Account, day: date, lines: int) -> Run:
    """A finished run on which `lines` lines differ; the last one has a cause of its own."""
    noon = _noon(day)
    rule = Rule.objects.get(key="sales_units")
    app, _ = App.objects.get_or_create(account=account, apple_id=1500000001, defaults={"sku": "NOTES", "name": "Notes"})
    by_rule = [{"rule": rule.key, "metric": "units", "compared": lines, "equal": 0, "within_tolerance": 0}]
    run = Run.objects.create(
        account=account, period_start=day, period_end=day, state=Run.State.DONE, started_at=noon, finished_at=noon,
        compared=lines, by_rule=by_rule,
    )  # fmt: skip
    execute(LINES.format(run=run.pk, rule=rule.pk, app=app.pk, day=day, rows=lines))
    return run
