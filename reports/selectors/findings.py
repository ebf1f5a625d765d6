"""What the page of one finding shows beside the finding itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from reports.models import App, Delivery, Finding, FindingDay, FindingEvent, Kind, RawFile, Vintage
from reports.selectors.whom import whom_to_ask

ROW_LISTS = {
    Kind.SALES: "salesrow",
    Kind.R: "salesrow",
    Kind.FINANCIAL: "financerow",
    Kind.FINANCE_DETAIL: "financerow",
    Kind.F1: "financerow",
    Kind.F2: "financerow",
    Kind.A1: "consolerow",
    Kind.A2: "consolerow",
    Kind.P: "consolerow",
}


@dataclass(frozen=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True)
class DayLine:
    day: FindingDay
    api: Link | None
    console: Link | None


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
    days: list[DayLine]
    evidence: list[EvidenceLine]
    events: list[FindingEvent]
    ask: str


def finding_page(finding: Finding) -> FindingPage:
    """Days with links to the rows of both sides, evidence with its files, history. Five statements."""
    days = finding.days.select_related("api_vintage__delivery", "console_vintage__delivery")
    return FindingPage(
        days=[
            DayLine(day, _vintage_rows(day.api_vintage, finding.app), _vintage_rows(day.console_vintage, None))
            for day in days
        ],
        evidence=_evidence(finding),
        events=list(finding.events.all()),
        ask=whom_to_ask(finding),
    )


def _vintage_rows(vintage: Vintage | None, app: App | None) -> Link | None:
    return rows_link(vintage.delivery, app) if vintage else None


def rows_link(delivery: Delivery, app: App | None = None, line: object = None) -> Link | None:
    """The list of a file's rows, of one app where the rows name apps by their Apple ID."""
    name = ROW_LISTS[Kind(delivery.kind)]
    query: dict[str, str | int] = {"delivery": delivery.pk}
    if app is not None and app.apple_id and name != "consolerow":
        query["apple_id"] = app.apple_id
    if line:
        query["line"] = str(line)
    try:
        return Link(delivery.file_name, f"{reverse(f'admin:reports_{name}_changelist')}?{urlencode(query)}")
    except NoReverseMatch:
        return None


def delivery_link(delivery: Delivery) -> Link:
    name = "reportinstance" if delivery.side == "api" else "consoleexport"
    return Link(delivery.file_name, reverse(f"admin:reports_{name}_change", args=[delivery.pk]))


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
