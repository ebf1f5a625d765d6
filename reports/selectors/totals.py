"""Totals of the figures that counted on a day, with what the ledger knew of their periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime
from decimal import Decimal

from reports.coverage.overview import Known, Scope, shown
from reports.figures.vintages import NEWEST_FIRST
from reports.models import Account, App, DeliveryState, Grain, Kind, Series, Side
from reports.selectors.deliveries import NOT_OVER_DAYS, kind_of_figure
from reports.sql import fetch

# Of every period the delivery that counted then: analytics by the day on which Apple made it, all else by receipt. Both
# stand in `received_at` of a vintage.
TOTALS = """
WITH told AS (
    SELECT DISTINCT ON (v.series_id, v.period_start)
        v.id, s.account_id, s.vendor_id, s.app_id, s.scope, s.grain, v.period_start
    FROM reports_series s JOIN reports_vintage v ON v.series_id = s.id JOIN reports_delivery d ON d.id = v.delivery_id
    WHERE s.side = %(side)s AND s.report = %(report)s AND d.state = %(loaded)s
        AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)
        AND (%(app)s::bigint IS NULL OR s.app_id = %(app)s OR s.app_id IS NULL)
        AND (%(first)s::date IS NULL OR v.period_start >= %(first)s)
        AND (%(last)s::date IS NULL OR v.period_end <= %(last)s)
        AND (%(moment)s::timestamptz IS NULL OR v.received_at <= %(moment)s)
    ORDER BY v.series_id, v.period_start, {newest_first}
)
SELECT t.account_id, n.number, p.apple_id, t.scope, t.grain, f.metric, {kind}, f.currency,
    min(t.period_start), max(t.period_start), count(DISTINCT t.id), sum(f.value)
FROM told t
JOIN reports_figure f ON f.vintage_id = t.id
JOIN reports_member m ON m.id = f.member_id
LEFT JOIN reports_app p ON p.id = coalesce(f.app_id, t.app_id)
LEFT JOIN reports_vendor n ON n.id = t.vendor_id
WHERE %(app)s::bigint IS NULL OR coalesce(f.app_id, t.app_id) = %(app)s
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""


@dataclass(frozen=True)
class Wanted:
    """Which totals: days are both included and a period counts where it lies inside; None takes all of them."""

    side: Side = Side.API
    report: str | None = None
    account: Account | None = None
    app: App | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Total:
    """The sum of a metric over `periods` periods that have it, in one currency ('' for counts).

    `value` is None where it must not be added: one person is counted in several rows.
    """

    account: str
    vendor_number: str | None
    apple_id: int | None
    report: str
    scope: str
    granularity: str
    metric: str
    kind: str
    currency: str
    first: date
    last: date
    periods: int
    _: KW_ONLY
    value: Decimal | None
    not_final: str


def totals(wanted: Wanted, moment: datetime | None = None) -> list[Total]:
    """The totals by report, app, grain, metric, kind and currency as they stood at an aware `moment` (None: now).

    The newest delivery of a period that was there then counts alone; what it replaced is in no total.
    """
    names = dict(Account.objects.values_list("pk", "name"))
    return [total for report in reports_of(wanted) for total in _of_report(report, wanted, moment, names)]


def reports_of(wanted: Wanted) -> list[str]:
    """The reports that any delivery of the side told."""
    series = Series.objects.filter(side=wanted.side)
    series = series.filter(report=wanted.report) if wanted.report else series
    return sorted(set(series.values_list("report", flat=True)))


def _of_report(report: str, wanted: Wanted, moment: datetime | None, names: Mapping[int, str]) -> Iterator[Total]:
    rows = fetch(_statement(report, wanted.side), _parameters(report, wanted, moment))
    known = _known(report, wanted, moment) if rows and wanted.side == Side.API else {}
    for account, vendor, apple_id, scope, grain, metric, *where, value in rows:
        by_app, of_all = ((names[account], whose, grain) for whose in (apple_id, None))
        told = known.get(by_app) or known.get(of_all)
        summed = None if metric in NOT_OVER_DAYS else value
        about = (names[account], vendor, apple_id, report, scope, grain, metric, *where)
        yield Total(*about, value=summed, not_final=told.sentence if told else "")


def _statement(report: str, side: Side) -> str:
    analytics = Series.objects.filter(report=report, side=side, kind=Kind.ANALYTICS).exists()
    return TOTALS.format(newest_first=NEWEST_FIRST, kind=kind_of_figure(report) if analytics else "''")


def _parameters(report: str, wanted: Wanted, moment: datetime | None) -> dict[str, object]:
    return {
        "side": wanted.side.value,
        "report": report,
        "loaded": DeliveryState.LOADED.value,
        "account": wanted.account.pk if wanted.account else None,
        "app": wanted.app.pk if wanted.app else None,
        "first": wanted.first,
        "last": wanted.last,
        "moment": moment,
    }


def _known(report: str, wanted: Wanted, moment: datetime | None) -> dict[tuple[str, object, str], Known]:
    """By account, app (None: all apps in one file) and grain."""
    states: dict[tuple[str, object, str], list[str]] = defaultdict(list)
    for cell in shown(Scope(wanted.first, wanted.last, report, wanted.app), moment):
        states[str(cell["account"]), cell["apple_id"], str(cell["granularity"])].append(str(cell["state"]))
    return {key: Known.of(found, str(Grain(key[2]).label)) for key, found in states.items()}
