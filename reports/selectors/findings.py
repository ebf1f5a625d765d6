"""What the page of one finding shows beside the finding itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from reports.coverage.overview import Known, known_of_finding
from reports.models import (
    ApiProblem,
    App,
    CoverageCell,
    Delivery,
    Finding,
    FindingDay,
    FindingEvent,
    FindingKind,
    RawFile,
    Side,
    Vintage,
)
from reports.selectors.finding_values import DELIVERY, ESTIMATE, ISSUES, SIDES, Layout, Value, layout_of, values
from reports.selectors.problems import others_alike
from reports.selectors.row_tables import has_many_days, table_of
from reports.selectors.whom import whom_to_ask
from reports.sql import fetch

#: How a list of rows is narrowed to an app: in-app purchases name their app in a sales report, not in a finance one.
APP_FILTERS = {
    "salesrow": "app",
    "financerow": "apple_id",
    "subscriptioncountrow": "apple_id",
    "subscriptionchangerow": "apple_id",
    "subscriberrow": "apple_id",
}
MOST_CELLS = 40
MONEY_AT_RISK = """
SELECT m.key, sum(m.value::numeric) FROM reports_finding f CROSS JOIN LATERAL jsonb_each_text(f.money_at_risk) m
"""


@dataclass(frozen=True)
class Link:
    text: str
    url: str


Links = tuple[Link | None, Link | None]


@dataclass(frozen=True)
class DayLine:
    """One period with its values and links to the rows of the first and the second side of the layout."""

    day: FindingDay
    values: list[Value]
    first: Link | None
    second: Link | None


@dataclass(frozen=True)
class EvidenceLine:
    file: str
    line: str
    sha256: str
    delivery: Link | None
    rows: Link | None
    raw: Link | None


@dataclass(frozen=True)
class FindingPage:
    layout: Layout
    values: list[Value]
    days: list[DayLine]
    alike: list[Finding]
    cells: list[CoverageCell]
    problems: list[ApiProblem]
    evidence: list[EvidenceLine]
    events: list[FindingEvent]
    ask: str
    known: Known


def finding_page(finding: Finding) -> FindingPage:
    """Values, days with links to the rows of both sides, evidence with its files, history. About a dozen statements."""
    layout = layout_of(finding)
    return FindingPage(
        layout=layout,
        values=_values(finding, layout),
        days=_days(finding, layout),
        alike=others_alike(finding),
        cells=cells_of(finding) if layout is DELIVERY else [],
        problems=problems_of_calls(finding) if layout is DELIVERY else [],
        evidence=_evidence(finding),
        events=list(finding.events.all()),
        ask=whom_to_ask(finding),
        known=known_of_finding(finding),
    )


def money_at_risk(findings: QuerySet[Finding]) -> list[tuple[str, Decimal]]:
    """Money at risk of all `findings`, by currency. One statement."""
    try:
        chosen, parameters = findings.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    statement = f"{MONEY_AT_RISK} WHERE f.id IN ({chosen}) GROUP BY 1 ORDER BY 1"
    return [(currency, amount) for currency, amount in fetch(statement, parameters)]


def _values(finding: Finding, layout: Layout) -> list[Value]:
    found = values(layout.columns, finding)
    if layout is SIDES:
        found.append(Value("Left", "not explained", finding.residual))
    if layout is ESTIMATE:
        usual = Decimal(str(finding.details["usual_units_per_day"]))
        found.insert(0, Value("Usually sold", "units a day, of the part that is missing", usual))
    return found


def _days(finding: Finding, layout: Layout) -> list[DayLine]:
    if not layout.columns:
        return []
    days = list(finding.days.select_related("api_vintage__delivery", "console_vintage__delivery"))
    links = _issue_links(finding, days) if layout is ISSUES else _side_links(finding, days)
    return [DayLine(day, values(layout.columns, day), *links[day.pk]) for day in days]


def _side_links(finding: Finding, days: Sequence[FindingDay]) -> dict[int, Links]:
    delivered = _delivered_days(finding) if any(day.api_vintage is None for day in days) else {}
    return {
        day.pk: (
            _vintage_rows(day.api_vintage or delivered.get(day.period_start), finding.app),
            _vintage_rows(day.console_vintage, finding.app),
        )
        for day in days
    }


def _delivered_days(finding: Finding) -> dict[date, Vintage]:
    """What Apple delivered for the days of a finding that names no delivery."""
    vintages = Vintage.objects.filter(
        current=True,
        series__side=Side.API,
        series__account_id=finding.account_id,
        series__report=finding.report,
        period_start__range=(finding.from_day, finding.to_day),
    )
    if finding.vendor_id:
        vintages = vintages.filter(series__vendor_id=finding.vendor_id)
    return {vintage.period_start: vintage for vintage in vintages.select_related("delivery").order_by("-pk")}


def _issue_links(finding: Finding, days: Sequence[FindingDay]) -> dict[int, Links]:
    """The rows that were told first and those that count now, from the two files that the evidence names."""
    files = [item["delivery"] for item in finding.evidence if item.get("delivery")]
    vintages = Vintage.objects.filter(delivery_id__in=files, period_start__in=[day.period_start for day in days])
    told: dict[date, list[Vintage]] = defaultdict(list)
    for vintage in vintages.select_related("delivery").order_by("current", "received_at", "pk"):
        told[vintage.period_start].append(vintage)
    links: dict[int, Links] = {}
    for day in days:
        issues = told[day.period_start]
        first = issues[0] if len(issues) > 1 else None
        links[day.pk] = (_vintage_rows(first, finding.app), _vintage_rows(issues[-1] if issues else None, finding.app))
    return links


def _vintage_rows(vintage: Vintage | None, app: App | None) -> Link | None:
    return rows_link(vintage.delivery, app, day=vintage.period_start) if vintage else None


def cells_of(finding: Finding) -> list[CoverageCell]:
    """What the ledger says of a delivery problem: the cells that its detector named, else those of its days."""
    cells = CoverageCell.objects.select_related("delivery", "account", "app", "vendor").order_by("date", "region_code")
    if named := finding.details.get("cells"):
        return list(cells.filter(pk__in=named)[:MOST_CELLS])
    cells = cells.filter(account_id=finding.account_id, report=finding.report)
    if finding.vendor_id:
        cells = cells.filter(vendor_id=finding.vendor_id)
    if finding.app_id:
        cells = cells.filter(Q(app_id=finding.app_id) | Q(app_id=None))
    return list(cells.filter(date__gte=finding.from_day, period_end__lte=finding.to_day)[:MOST_CELLS])


def problems_of_calls(finding: Finding) -> list[ApiProblem]:
    """The failed calls behind it, the newest first: those that the detector named, else those of its days and cause."""
    named = finding.details.get("problems")
    if named:
        return list(ApiProblem.objects.filter(pk__in=named)[:MOST_CELLS])
    calls = ApiProblem.objects.filter(account_id=finding.account_id, report=finding.report)
    if finding.kind == FindingKind.LATE_DELIVERY:
        return list(calls.filter(cell__date__range=(finding.from_day, finding.to_day))[:MOST_CELLS])
    during = calls.filter(cause=finding.cause, at__date__range=(finding.from_day, finding.to_day))
    return list(during[:MOST_CELLS])


def rows_link(delivery: Delivery, app: App | None = None, line: object = None, day: date | None = None) -> Link:
    """The list of a file's rows, of one app where the rows name apps by their Apple ID.

    `day`: of a file that holds many days, the one that is meant.
    """
    model = table_of(delivery)
    name = str(model._meta.model_name)
    query: dict[str, str | int] = {"delivery": delivery.pk}
    if app is not None and app.apple_id and name in APP_FILTERS:
        query[APP_FILTERS[name]] = app.apple_id
    if line:
        query["line"] = str(line)
    if day and has_many_days(model):
        query["day"] = day.isoformat()
    return Link(delivery.file_name, f"{reverse(f'admin:reports_{name}_changelist')}?{urlencode(query)}")


def delivery_link(delivery: Delivery) -> Link:
    name = "reportinstance" if delivery.side == "api" else "consoleexport"
    return Link(delivery.short_name, reverse(f"admin:reports_{name}_change", args=[delivery.pk]))


def raw_link(raw: RawFile) -> Link:
    return Link("Download", reverse("admin:reports_rawfile_download", args=[raw.pk]))


def _evidence(finding: Finding) -> list[EvidenceLine]:
    found = {str(item.get("sha256")): item for item in finding.evidence}
    raws = {raw.sha256: raw for raw in RawFile.objects.filter(sha256__in=found).prefetch_related("deliveries")}
    return [_evidence_line(item, raws.get(str(item.get("sha256")))) for item in finding.evidence]


def _evidence_line(item: dict[str, Any], raw: RawFile | None) -> EvidenceLine:
    deliveries = [d for d in raw.deliveries.all() if d.file_name == item.get("file")] if raw else []
    delivery = deliveries[0] if deliveries else None
    return EvidenceLine(
        file=str(item.get("file") or ""),
        line=str(item.get("line") or ""),
        sha256=str(item.get("sha256") or ""),
        delivery=delivery_link(delivery) if delivery else None,
        rows=rows_link(delivery, line=item.get("line")) if delivery else None,
        raw=raw_link(raw) if raw else None,
    )
