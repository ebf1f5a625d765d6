"""The ready task "ask a person for the export of exactly these days": what to export, where, and where to upload it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from urllib.parse import quote

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from ascrecon.appstore import load_catalogue
from reports.detect.names import VENDORS_REPORTS
from reports.detect.spans import runs
from reports.models import Account, App, CoverageCell, Finding, FindingKind
from reports.models.choices import CellState
from reports.selectors.calendar import short_name
from reports.selectors.findings import cells_of
from reports.selectors.problems import is_estimate
from reports.wording import counted, listed, span

#: States of a period for which an export of the console can stand in: what is open still comes by itself.
MISSING = (CellState.OVERDUE, CellState.BLOCKED, CellState.LOST)
#: Longer addresses are cut by mail programs; such a mail names the page with the list instead.
LONGEST_MAILTO = 1800

#: Findings of days of which the console may know what the API does not tell.
ASKABLE = (
    FindingKind.LATE_DELIVERY,
    FindingKind.DELIVERY_GAP,
    FindingKind.DAILY_GENERATION_STOPPED,
    FindingKind.NEVER_DELIVERED,
    FindingKind.EMPTY_REPORT,
    FindingKind.PARTIAL_SNAPSHOT,
    FindingKind.REQUEST_STOPPED,
    FindingKind.INSTANCE_LOST,
    FindingKind.MISSING_IN_CONSOLE,
)

NOT_DELIVERED = "Apple's API has not delivered these days, so nothing is known of them yet."
TO_COMPARE = "To check what Apple's API delivered, the figures of these days as the console shows them are needed."

Span = tuple[date, date]
Key = tuple[Account, App | None, str, str]


@dataclass(frozen=True)
class ConsoleExportOf:
    """Which export of the console tells what a report of the API tells; `confirmed`: seen, or told by Apple."""

    where: str
    metrics: tuple[str, ...]
    how: str
    timezone: str
    note: str
    confirmed: bool
    source: str


@dataclass(frozen=True)
class Wanted:
    """One period of one report that somebody should export. Days are both included."""

    account: Account
    app: App | None
    report: str
    span: Span
    vendor: str = ""


@dataclass(frozen=True)
class ExportTask:
    """What one person does in one sitting: the metrics of an app for some days. `export` None: there is none for it."""

    account: Account
    app: App | None
    vendor: str
    reports: tuple[str, ...]
    spans: tuple[Span, ...]
    export: ConsoleExportOf | None

    @property
    def whose(self) -> str:
        if self.app is None:
            return f"all apps of {self.account}" + (f", vendor number {self.vendor}" if self.vendor else "")
        return f"{self.app} (Apple ID {self.app.apple_id})" if self.app.apple_id else str(self.app)

    @property
    def days(self) -> str:
        return ", ".join(span(first, last) for first, last in self.spans)

    @property
    def number_of_days(self) -> int:
        return sum((last - first).days + 1 for first, last in self.spans)

    @property
    def report_names(self) -> str:
        return listed(map(short_name, self.reports))

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The task as a list of what and how, for the page and for the letter."""
        if self.export is None:
            return []
        by_day = self.export.timezone == "UTC"
        what = counted(len(self.export.metrics), "Metric").partition(" ")[2] if by_day else "Report"
        return [
            ("App", self.whose),
            ("Stands in for", self.report_names),
            ("Where", self.export.where),
            (what, ", ".join(self.export.metrics)),
            ("Days", f"{self.days} ({counted(self.number_of_days, 'day')}), exactly these"),
            *([("View", "daily, without filter or comparison; one file for each metric and range")] * by_day),
            ("Time zone", self.export.timezone),
            ("How", f"{self.export.how}; please do not open and save it in between"),
            *([("Note", self.export.note)] * bool(self.export.note)),
        ]


@dataclass(frozen=True)
class Letter:
    """The whole request as text, to copy or to mail."""

    subject: str
    text: str
    mailto: str


def is_askable(finding: Finding) -> bool:
    """Whether an export of the console would help: its days were not delivered, or are only estimated."""
    return finding.kind in ASKABLE or is_estimate(finding)


def tasks(wanted: Iterable[Wanted]) -> list[ExportTask]:
    """One task for each app and export: reports that one export tells are one task, days that touch one range."""
    alike: dict[Key, list[Wanted]] = defaultdict(list)
    for item in wanted:
        alike[item.account, _app_of(item), item.vendor, _told_by(item.report)].append(item)
    return [_task(*key, items) for key, items in sorted(alike.items(), key=lambda found: _order(*found[0]))]


def of_cells(cells: Iterable[CoverageCell]) -> list[Wanted]:
    """The periods of cells that have their account and app at hand."""
    return [
        Wanted(
            cell.account,
            cell.app,
            cell.report,
            (cell.date, cell.period_end),
            cell.vendor.number if cell.vendor else "",
        )
        for cell in cells
    ]


def of_finding(finding: Finding) -> list[Wanted]:
    """The periods of the cells that a finding was made of, else its own days."""
    if cells := list(cells_of_finding(finding)):
        return of_cells(cells)
    if not finding.report:
        return []
    days = (finding.from_day, finding.to_day)
    vendor = finding.vendor.number if finding.vendor else ""
    return [Wanted(finding.account, finding.app, finding.report, days, vendor)]


def cells_of_finding(finding: Finding) -> list[CoverageCell]:
    """The cells that its detector named; else what is missing in its days, of its report or of all of its app."""
    cells = CoverageCell.objects.select_related("account", "app", "vendor")
    if named := finding.details.get("cells"):
        return list(cells.filter(pk__in=named).order_by("date"))
    if finding.report:
        return [cell for cell in cells_of(finding) if cell.state in MISSING]
    if finding.app_id is None:
        return []
    days = {"date__lte": finding.to_day, "period_end__gte": finding.from_day}
    return list(cells.filter(account_id=finding.account_id, app_id=finding.app_id, state__in=MISSING, **days))


def missing(cells: QuerySet[CoverageCell], first: date, last: date) -> QuerySet[CoverageCell]:
    """Of the periods that touch these days those that should be here and are not."""
    found = cells.filter(date__lte=last, period_end__gte=first, state__in=MISSING)
    return found.select_related("account", "app", "vendor").order_by("date")


def reason_of(finding: Finding) -> str:
    """Why somebody should export the days of a finding."""
    is_missing = finding.kind in ASKABLE and finding.kind != FindingKind.MISSING_IN_CONSOLE
    return NOT_DELIVERED if is_missing else TO_COMPARE


def letter(found: Sequence[ExportTask], page: str, to: str = "", reason: str = NOT_DELIVERED) -> Letter:
    """`page`: the path of the page that holds the list; `to`: an e-mail address, empty for one to be filled in."""
    asked = [task for task in found if task.export]
    subject = _subject(asked)
    upload = settings.ASCRECON_BASE_URL + reverse("admin:reports_consoleexport_upload")
    parts = ["\n".join(f"{name}: {text}" for name, text in task.lines) for task in asked]
    text = "\n\n".join(
        [
            "Hello,",
            f"{reason} Please export them from App Store Connect in the browser and upload the files.",
            *parts,
            f"Upload here: {upload}",
        ]
    )
    return Letter(subject, text, _mailto(to, subject, text, settings.ASCRECON_BASE_URL + page))


def _subject(found: Sequence[ExportTask]) -> str:
    apps = listed(dict.fromkeys(str(task.app or task.account) for task in found), most=2)
    spans = [each for task in found for each in task.spans]
    days = f", {span(min(s[0] for s in spans), max(s[1] for s in spans))}" if spans else ""
    return f"Please export from App Store Connect: {apps}{days}"


def _mailto(to: str, subject: str, text: str, page: str) -> str:
    start = f"mailto:{quote(to, safe='@.')}?subject={quote(subject, safe='')}&body="
    body = quote(text.replace("\n", "\r\n"), safe="")
    if len(start) + len(body) > LONGEST_MAILTO:
        body = quote(f"Hello,\r\n\r\nplease export the days that are listed here:\r\n{page}", safe="")
    return start + body


def _app_of(item: Wanted) -> App | None:
    """A report of the vendor's holds all apps, whichever of them is looked at."""
    return None if item.report in VENDORS_REPORTS else item.app


def _task(account: Account, app: App | None, vendor: str, told_by: str, items: Sequence[Wanted]) -> ExportTask:
    ranges = runs((item.span for item in items), lambda days: days)
    return ExportTask(
        account=account,
        app=app,
        vendor=vendor,
        reports=tuple(dict.fromkeys(item.report for item in items)),
        spans=tuple((days[0][0], max(last for _, last in days)) for days in ranges),
        export=console_exports().get(told_by),
    )


def _told_by(report: str) -> str:
    """What the exports are listed by: the family of an analytics report, else the report itself."""
    facts = load_catalogue().analytics_report(report)
    return facts.family if facts else report


def _order(account: Account, app: App | None, vendor: str, told_by: str) -> tuple[str, str, str, str]:
    return str(account), str(app or ""), vendor, told_by


@cache
def console_exports() -> dict[str, ConsoleExportOf]:
    """The exports of data/console_exports.json, by what they are for."""
    found = json.loads(files("reports").joinpath("data/console_exports.json").read_text(encoding="utf-8"))
    return {row.pop("for"): ConsoleExportOf(**row | {"metrics": tuple(row["metrics"])}) for row in found["exports"]}
