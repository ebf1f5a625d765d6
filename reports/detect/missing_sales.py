"""Sales that Apple's own daily reports show to be missing, without any console export beside them.

A line of business (product, type and country) that sold on nearly every day of the last four weeks and sells nothing on
a day in between is improbable; many at once are impossible. What is gone is described as in the comparison with an
export: all of an app, one product, one country, or a part of the rows.

Not flagged: what never comes back (a product withdrawn from sale, a country left), what sold too little to tell (a free
app's quiet Sunday), and the first days of history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.db import transaction

from reports.detect.missing_sales_lines import LEAST_UNITS, lost_cells
from reports.detect.missing_sales_sold import LOOK_BACK, REPORT
from reports.findings.found import Found, FoundDay
from reports.models import Account, App, Cause, FindingKind, Severity, Vendor
from reports.reconcile.losses import Cell, Slice, days_of, explain_loss
from reports.sql import fetch
from reports.wording import amount, counted, listed, span

#: The part of a loss that may lie outside of the product or country that it is put down to: lines that pause by chance.
SLACK = 0.2

# What the part of an app that is lost still holds on its days, and what it brought per day over the days before.
VALUES = """
WITH told AS (
    SELECT v.id, v.period_start FROM reports_vintage v JOIN reports_series s ON s.id = v.series_id
    WHERE v.current AND s.side = 'api' AND s.report = %(report)s AND s.account_id = %(account)s
      AND v.period_start BETWEEN %(before)s AND %(last)s)
SELECT f.metric, f.currency, t.period_start, sum(f.value)
FROM told t
JOIN reports_figure f ON f.vintage_id = t.id AND f.vintage_id = ANY(ARRAY(SELECT id FROM told))
    AND f.app_id = %(app)s AND f.metric IN ('units', 'proceeds')
JOIN reports_member m ON m.id = f.member_id
WHERE (%(product)s = '' OR m.dims->>'product' = %(product)s)
  AND (%(territory)s = '' OR m.dims->>'territory' = %(territory)s)
GROUP BY 1, 2, 3
"""

Slot = tuple[int, int, int]


@dataclass(frozen=True)
class Loss:
    """One part of an app that is gone on consecutive days, with what it usually sells per day (units)."""

    slot: Slot
    part: Slice
    days: list[date]
    usual: float
    share: float
    lines: int


def missing_sales_values(start: date, end: date, account: Account | None, new_from: date | None = None) -> list[Found]:
    """Findings for days on which Apple's daily sales report lost rows with sales, judged by its own history.

    The amounts are estimates: what the lost part brought per day over the four weeks before. `new_from`: from which day
    on nothing was looked at before; None looks at every day as if it were new.
    """
    with transaction.atomic():
        losses = _described(lost_cells(start, end, account, new_from))
    return [_found(loss) for loss in losses]


def _described(rows: Iterable[tuple[Any, ...]]) -> list[Loss]:
    cells: dict[Slot, list[Cell]] = defaultdict(list)
    for account_id, vendor_id, app_id, day, product, territory, usual, lost in rows:
        cell = Cell(day, product, territory, expected=usual, lost=lost)
        cells[account_id, vendor_id, app_id].append(cell)
    return [
        loss
        for slot, slot_cells in sorted(cells.items())
        for part, blamed in explain_loss(days_of(slot_cells), slack=SLACK).items()
        for loss in _runs(slot, part, blamed, slot_cells)
    ]


def _runs(slot: Slot, part: Slice, blamed: Sequence[Cell], cells: Sequence[Cell]) -> list[Loss]:
    days = sorted({cell.day for cell in blamed})
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    losses = [_loss(slot, part, run, blamed, cells) for run in runs]
    return [loss for loss in losses if loss.usual * len(loss.days) >= LEAST_UNITS]


def _loss(slot: Slot, part: Slice, run: list[date], blamed: Sequence[Cell], cells: Sequence[Cell]) -> Loss:
    inside = [cell for cell in blamed if run[0] <= cell.day <= run[-1]]
    lost = sum(cell.lost for cell in inside)
    regular = sum(cell.expected for cell in cells if run[0] <= cell.day <= run[-1])
    lines = len({(cell.product, cell.territory) for cell in inside if cell.lost >= cell.expected})
    return Loss(slot, part, run, usual=lost / len(run), share=lost / regular, lines=lines)


def _found(loss: Loss) -> Found:
    account_id, vendor_id, app_id = loss.slot
    app = App.objects.select_related("account").get(pk=app_id)
    first, last = loss.days[0], loss.days[-1]
    units, risk = _values(loss, app)
    known = sum(units.values(), Decimal(0))
    return Found(
        kind=FindingKind.MISSING_SALES_VALUES,
        cause=Cause.POSITIVE_ROWS_MISSING,
        severity=Severity.CRITICAL if loss.share >= 0.25 else Severity.HIGH,  # noqa: PLR2004 - a quarter of the app
        account=app.account,
        vendor=Vendor.objects.filter(pk=vendor_id).first(),
        app=app,
        report=REPORT,
        metric="units",
        cut=loss.part.cut,
        member=loss.part.member,
        from_day=first,
        to_day=last,
        api_value=known,
        difference=-known,
        explained=Decimal(0),
        money_at_risk=risk,
        message=_message(loss, app, risk),
        next_step=NEXT_STEP,
        days=[
            FoundDay(day, day, api_value=units.get(day, Decimal(0)), difference=-units.get(day, Decimal(0)))
            for day in loss.days
        ],
        details={"usual_units_per_day": f"{loss.usual:.1f}", "share": f"{loss.share:.2f}", "lines": loss.lines},
    )


NEXT_STEP = (
    "Download the sales report of these days in App Store Connect (Trends, Reports) and upload it under Console "
    "exports: the exact amounts follow from it. Pull the days again from Apple; if the rows stay away, tell Apple."
)


def _values(loss: Loss, app: App) -> tuple[dict[date, Decimal], dict[str, str]]:
    """Units that the API still holds by day, and the estimated proceeds of the lost days by currency."""
    first, last = loss.days[0], loss.days[-1]
    part = loss.part
    parameters = {
        "app": app.pk,
        "report": REPORT,
        "account": app.account_id,
        "before": first - timedelta(days=LOOK_BACK),
        "last": last,
        "product": part.member if part.cut == "product" else "",
        "territory": part.member if part.cut == "territory" else "",
    }
    units: dict[date, Decimal] = {}
    before: dict[str, list[Decimal]] = defaultdict(list)
    for metric, currency, day, value in fetch(VALUES, parameters):
        if metric == "units" and day >= first:
            units[day] = value
        elif metric == "proceeds" and day < first:
            before[currency].append(value)
    return units, {c: str(_estimate(values, c, len(loss.days))) for c, values in sorted(before.items())}


def _estimate(values: Sequence[Decimal], currency: str, days: int) -> Decimal:
    """The median day of those before, times the lost days, in whole coins."""
    median = sorted(values)[len(values) // 2]
    return (median * days).quantize(Decimal(1).scaleb(-get_currency_precision(currency or "USD")))


def _message(loss: Loss, app: App, risk: dict[str, str]) -> str:
    what = {"app": "", "product": f" of {loss.part.member}", "territory": f" in {loss.part.member}"}[loss.part.cut]
    part = "all" if loss.part.cut != "app" or loss.share > 0.99 else f"about {loss.share:.0%} of the"  # noqa: PLR2004
    about = f" Estimated at {listed(amount(Decimal(v), c) for c, v in risk.items())} of proceeds." if risk else ""
    return (
        f"{app}{what}, {span(loss.days[0], loss.days[-1])}: {part} usual sales are missing in Apple's API, by its own "
        f"history. {_why(loss)}{about}"
    )


def _why(loss: Loss) -> str:
    if not loss.lines:
        return "The days have far fewer rows than the four weeks before, and each row is as large as usual."
    return (
        f"{counted(loss.lines, 'line')} (product and country) that sold nearly every day before, about "
        f"{loss.usual:,.0f} units a day, sold nothing."
    )
