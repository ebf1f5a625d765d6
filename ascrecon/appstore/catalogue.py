"""What can be asked of Apple: report types, versions, due times, retention, regions, roles, known phrases.

All of it is data in catalogue.json, each fact with its source and a mark whether it is confirmed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo


class Frequency(StrEnum):
    """Apple's values of filter[frequency]; FISCAL_MONTH stands for the finance reports, which have none."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"
    FISCAL_MONTH = "FISCAL_MONTH"


class Detail(StrEnum):
    """Detailed reports have more columns, noise in every number, and no row of fewer than five people."""

    STANDARD = "standard"
    DETAILED = "detailed"
    NONE = "none"


class Meaning(StrEnum):
    """What a known phrase in Apple's answer means."""

    NO_SALES = "no_sales"
    NOT_YET = "not_yet"
    GONE = "gone"
    WRONG_ID = "wrong_id"
    BY_CALENDAR = "by_calendar"
    VENDOR = "vendor"
    INDIVIDUAL_KEY = "individual_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """`confirmed` is False where no page of Apple and no file seen bears the fact out."""

    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesReport(Sourced):
    """One allowed combination for salesReports with the version to ask for."""

    report_type: str
    sub_type: str
    frequency: Frequency
    version: str

    @property
    def name(self) -> str:
        """Such as SALES/SUMMARY/DAILY."""
        return f"{self.report_type}/{self.sub_type}/{self.frequency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceReport(Sourced):
    """One report type of financeReports and the regions it takes, in words."""

    report_type: str
    regions: str

    @property
    def name(self) -> str:
        """Such as FINANCE/FINANCIAL."""
        return f"FINANCE/{self.report_type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability(Sourced):
    """A sales report is due `days_after_end` days after its last day, at `hour` o'clock in `zone`."""

    agreement: str
    frequency: Frequency
    days_after_end: int
    hour: int
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Sourced):
    """Apple keeps a file this many days after it became available. `report` is SALES or FINANCE."""

    report: str
    frequency: Frequency
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Region(Sourced):
    """A region of financeReports. `currency` and `console_label` are None for ZZ and Z1, which hold all."""

    code: str
    currency: str | None
    name: str
    console_label: str | None
    consolidated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleNeed(Sourced):
    """A key needs one of `roles` for `method` on paths that contain `path`; empty: nothing is known."""

    family: str
    path: str
    method: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyticsReport(Sourced):
    """A report of the Analytics Reports API by its API name; `title` is that of Apple's page, which often differs.

    `family`: what it counts; a family has one report, or a Standard and a Detailed one. A daily figure is complete
    `completeness_days` after its day. Only the named granularities are ever made.
    `opt_in_only`: of people who share with developers, and not made for a day with fewer than five of them.
    """

    name: str
    title: str
    family: str
    detail: Detail
    granularities: tuple[str, ...]
    completeness_days: int
    history_from: date
    opt_in_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase(Sourced):
    """A piece of Apple's text, compared in lower case, and what it means."""

    meaning: Meaning
    contains: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All facts. Look-ups raise KeyError with a sentence that lists what is known."""

    sales_reports: tuple[SalesReport, ...]
    finance_reports: tuple[FinanceReport, ...]
    availability: tuple[Availability, ...]
    retention: tuple[Retention, ...]
    regions: tuple[Region, ...]
    roles: tuple[RoleNeed, ...]
    analytics_reports: tuple[AnalyticsReport, ...]
    texts: tuple[Phrase, ...] = field(repr=False)

    def sales_report(self, report_type: str, sub_type: str, frequency: str) -> SalesReport:
        """The combination with its current version."""
        wanted = (report_type, sub_type, frequency)
        for report in self.sales_reports:
            if (report.report_type, report.sub_type, report.frequency) == wanted:
                return report
        known = ", ".join(report.name for report in self.sales_reports)
        raise KeyError(f"Apple offers no sales report {'/'.join(wanted)}. Known: {known}.")

    def region(self, code: str) -> Region:
        """The region with this code, such as US, EU, ZZ."""
        for region in self.regions:
            if region.code == code:
                return region
        known = ", ".join(region.code for region in self.regions)
        raise KeyError(f"Apple has no finance region {code!r}. Known: {known}.")

    def finance_regions(self, report_type: str) -> tuple[Region, ...]:
        """The regions a report type takes: Z1 for FINANCE_DETAIL, all others for FINANCIAL.

        Source: public client rorkai, after Apple Help.
        """
        if report_type not in {report.report_type for report in self.finance_reports}:
            known = ", ".join(report.report_type for report in self.finance_reports)
            raise KeyError(f"Apple offers no finance report {report_type!r}. Known: {known}.")
        detail = report_type == "FINANCE_DETAIL"
        return tuple(region for region in self.regions if (region.code == "Z1") == detail)

    def due_at(self, frequency: str, last_day: date, agreement: str = "worldwide") -> datetime:
        """The aware moment from which a sales report whose period ends on `last_day` should be there.

        Source: Apple Help, "usually by 8 a.m. Pacific Time"; other agreements are unconfirmed.
        """
        for rule in self.availability:
            if (rule.agreement, rule.frequency) == (agreement, frequency):
                day = last_day + timedelta(days=rule.days_after_end)
                return datetime(day.year, day.month, day.day, rule.hour, tzinfo=ZoneInfo(rule.zone))
        known = ", ".join(sorted({rule.agreement for rule in self.availability}))
        raise KeyError(f"No due time is known for {frequency} under {agreement!r}. Known agreements: {known}.")

    def kept_days(self, report: str, frequency: str) -> int:
        """Days that Apple keeps a file after it became available."""
        for rule in self.retention:
            if (rule.report, rule.frequency) == (report, frequency):
                return rule.days
        raise KeyError(f"No retention is known for {report} {frequency}.")

    def roles_for(self, method: str, path: str) -> tuple[str, ...]:
        """The roles of which a key needs one for this call; empty where Apple names none."""
        for need in self.roles:
            if need.method == method and need.path in path:
                return need.roles
        return ()

    def analytics_report(self, name: str) -> AnalyticsReport | None:
        """What is known of an analytics report; None for one that nobody has described.

        Case and the sort of spaces do not count: Apple's values are not case sensitive (its documentation), and
        no-break spaces were seen in its headers.
        """
        wanted = _plain(name)
        return next((report for report in self.analytics_reports if _plain(report.name) == wanted), None)

    def meanings(self, words: str) -> set[Meaning]:
        """What the known phrases in a lower-case text mean."""
        return {phrase.meaning for phrase in self.texts if phrase.contains in words}

    def unconfirmed(self) -> tuple[Sourced, ...]:
        """Every fact that nobody has confirmed, for display."""
        groups: tuple[tuple[Sourced, ...], ...] = (
            self.sales_reports,
            self.finance_reports,
            self.availability,
            self.retention,
            self.regions,
            self.roles,
            self.analytics_reports,
            self.texts,
        )
        return tuple(fact for group in groups for fact in group if not fact.confirmed)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue as catalogue.json has it."""
    text = files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    return _read(json.loads(text))


def _read(data: dict[str, list[dict[str, Any]]]) -> Catalogue:
    return Catalogue(
        sales_reports=tuple(SalesReport(**_with_frequency(row)) for row in data["sales_reports"]),
        finance_reports=tuple(FinanceReport(**row) for row in data["finance_reports"]),
        availability=tuple(Availability(**_with_frequency(row)) for row in data["availability"]),
        retention=tuple(Retention(**_with_frequency(row)) for row in data["retention"]),
        regions=tuple(Region(**row) for row in data["regions"]),
        roles=tuple(RoleNeed(**row | {"roles": tuple(row["roles"])}) for row in data["roles"]),
        analytics_reports=tuple(_analytics_report(row) for row in data["analytics_reports"]),
        texts=tuple(Phrase(**row | {"meaning": Meaning(row["meaning"])}) for row in data["texts"]),
    )


def _analytics_report(row: dict[str, Any]) -> AnalyticsReport:
    read = {
        "detail": Detail(row["detail"]),
        "granularities": tuple(row["granularities"]),
        "history_from": date.fromisoformat(row["history_from"]),
    }
    return AnalyticsReport(**row | read)


def _plain(name: str) -> str:
    """`split` takes a no-break space for a space."""
    return " ".join(name.casefold().split())


def _with_frequency(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"frequency": Frequency(row["frequency"])}
