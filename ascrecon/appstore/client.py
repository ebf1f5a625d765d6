"""What ascrecon asks of App Store Connect: apps, sales reports, finance reports."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from .absent import Absent, absent_finance, absent_sales
from .analytics import AnalyticsApi
from .catalogue import Frequency, load_catalogue
from .credentials import Credentials
from .downloads import Download, save_download
from .errors import AppStoreError, Category
from .incidents import Incident
from .limits import Pacer
from .origins import check_base_url, is_loopback
from .paging import all_resources
from .periods import ReportPeriod, latest_due_date, sales_period
from .policy import Policy, load_policy
from .segments import SegmentStore
from .tokens import TokenSource
from .transport import GZIP_OR_JSON, Transport
from .versions import ask_with_fallback

PACIFIC = ZoneInfo("America/Los_Angeles")

_DIGITS = re.compile(r"\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AppRecord:
    """One app of the team: Apple's numeric id, bundle id, SKU and current name."""

    apple_id: int
    bundle_id: str
    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class SalesAnswer:
    """A sales report or the reason why there is none; `version` is the one that Apple answered for."""

    report: Download | Absent
    period: ReportPeriod
    version: str
    asked_version: str

    @property
    def version_changed(self) -> bool:
        """True where Apple refused the version asked for and named another."""
        return self.version != self.asked_version


@dataclass(frozen=True, slots=True)
class FinanceAnswer:
    """A finance report or the reason why there is none."""

    report: Download | Absent
    region: str
    fiscal_month: str


class AppStoreClient:
    """A client for one key, for one thread. Every failure is an AppStoreError.

    `base_url` is https, or http on a loopback address. Files are written into `workdir`, which exists.
    `clock` says what day it is (aware); `wall_clock` is the machine's true time in Unix seconds, which signs
    the tokens even where `clock` stands still. Between calls the client keeps the policy's least interval,
    except towards a loopback address. Close it, or use it in a with statement.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        workdir: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        policy: Policy | None = None,
    ) -> None:
        self._base_url = check_base_url(base_url)
        self._credentials = credentials
        self._workdir = workdir
        self._clock = clock
        is_local = is_loopback(base_url)
        chosen = policy or load_policy()
        self._policy = replace(chosen, min_interval_seconds=0.0) if is_local else chosen
        self._pacer = Pacer(self._policy, sleep=sleep, monotonic=monotonic)
        self._transport = Transport(
            TokenSource(credentials, wall_clock=wall_clock, policy=self._policy),
            self._pacer,
            policy=self._policy,
            clock=clock,
            wall_clock=wall_clock,
            sleep=sleep,
            jitter=jitter,
            trust_environment=not is_local,
        )

    def __enter__(self) -> AppStoreClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    @property
    def calls(self) -> int:
        """HTTP calls made so far, each try counted."""
        return self._transport.calls

    @property
    def rate_remaining(self) -> int | None:
        """Calls left in this hour for the key, as Apple's last answer said; None before the first."""
        return self._pacer.rate_limit.remaining if self._pacer.rate_limit else None

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Calls that succeeded only on a later try."""
        return tuple(self._transport.incidents)

    @property
    def analytics(self) -> AnalyticsApi:
        """The Analytics Reports API with the same key."""
        store = SegmentStore(
            self._workdir,
            self._policy,
            is_local=is_loopback(self._base_url),
            session=self._transport.session,
            recovered=self._transport.note_recovery,
        )
        return AnalyticsApi(self._transport, self._base_url, self._policy, store)

    @property
    def is_individual(self) -> bool:
        """True where the key is a person's own, which reads no sales and no finance reports."""
        return self._credentials.is_individual

    def today(self) -> date:
        """The day in Pacific Time, which sales and finance reports go by."""
        return self._clock().astimezone(PACIFIC).date()

    def apps(self) -> list[AppRecord]:
        """All apps of the team. Source: Apple's OpenAPI 3.7.0, GET /v1/apps."""
        rows = self.resources("/v1/apps", {"fields[apps]": "name,bundleId,sku"})
        return [_app_record(row) for row in rows]

    def resources(self, path: str, params: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """All resources of a list, page by page."""
        return all_resources(
            self._transport.get_json,
            self._base_url + path,
            {**(params or {}), "limit": str(self._policy.page_size)},
            max_pages=self._policy.max_pages,
        )

    def sales_report(
        self,
        vendor: str,
        report_type: str,
        sub_type: str,
        frequency: str,
        day: date,
        *,
        version: str | None = None,
        agreement: str = "worldwide",
    ) -> SalesAnswer:
        """The report for the period that `day` lies in, all apps of the vendor in one gzip file.

        Without `version` the catalogue's is asked for; where Apple names another, that one, once.
        Source: Apple's OpenAPI 3.7.0, GET /v1/salesReports.
        """
        path = "/v1/salesReports"
        self._check(path, vendor)
        try:
            known = load_catalogue().sales_report(report_type, sub_type, frequency)
        except KeyError as error:
            raise _not_sent(Category.BAD_REQUEST, path, error.args[0]) from None
        period = sales_period(known.frequency, day)
        params = {
            "filter[vendorNumber]": vendor,
            "filter[reportType]": report_type,
            "filter[reportSubType]": sub_type,
            "filter[frequency]": frequency,
            "filter[reportDate]": period.report_date,
        }

        def ask(wanted: str) -> Download | Absent:
            return self._sales_file({**params, "filter[version]": wanted}, period, agreement)

        asked = version or known.version
        report, used = ask_with_fallback(ask, asked)
        return SalesAnswer(report=report, period=period, version=used, asked_version=asked)

    def finance_report(
        self, vendor: str, report_type: str, region: str, fiscal_month: str, *, due: date | None = None
    ) -> FinanceAnswer:
        """The finance file of a fiscal month (YYYY-MM) and region.

        `due` is the first Friday after the month's end, from the fiscal calendar; without it a later day is
        taken, so that a file that is merely late is not read as "no sales".
        Source: Apple's OpenAPI 3.7.0, GET /v1/financeReports.
        """
        path = "/v1/financeReports"
        self._check(path, vendor)
        try:
            latest = due or latest_due_date(fiscal_month, self._policy.finance_due_day_of_next_month)
            self._check_region(report_type, region)
        except (KeyError, ValueError) as error:
            raise _not_sent(Category.BAD_REQUEST, path, error.args[0]) from None
        params = {
            "filter[vendorNumber]": vendor,
            "filter[reportType]": report_type,
            "filter[regionCode]": region,
            "filter[reportDate]": fiscal_month,
        }
        report = self._finance_file(params, latest)
        return FinanceAnswer(report=report, region=region, fiscal_month=fiscal_month)

    def _sales_file(self, params: Mapping[str, str], period: ReportPeriod, agreement: str) -> Download | Absent:
        try:
            return self._file("/v1/salesReports", params)
        except AppStoreError as error:
            due = load_catalogue().due_at(period.frequency, period.end, agreement)
            kept = timedelta(days=load_catalogue().kept_days("SALES", period.frequency))
            absent = absent_sales(error, now=self._clock(), due=due, kept_until=due.date() + kept)
            if absent is None:
                raise
            return absent

    def _finance_file(self, params: Mapping[str, str], due: date) -> Download | Absent:
        try:
            return self._file("/v1/financeReports", params)
        except AppStoreError as error:
            kept = timedelta(days=load_catalogue().kept_days("FINANCE", Frequency.FISCAL_MONTH))
            absent = absent_finance(error, today=self.today(), due=due, kept_until=due + kept)
            if absent is None:
                raise
            return absent

    def _file(self, path: str, params: Mapping[str, str]) -> Download:
        return self._transport.get(
            self._base_url + path,
            lambda response: save_download(response, self._workdir, self._policy),
            params=params,
            accept=GZIP_OR_JSON,
        )

    def _check(self, path: str, vendor: str) -> None:
        if self._credentials.is_individual:
            raise _not_sent(Category.INDIVIDUAL_KEY, path, "This account has an individual key; Apple was not asked.")
        if not _DIGITS.fullmatch(vendor):
            raise _not_sent(Category.VENDOR, path, f"A vendor number has digits only, not {vendor!r}.")

    def _check_region(self, report_type: str, region: str) -> None:
        known = [each.code for each in load_catalogue().finance_regions(report_type)]
        if region not in known:
            raise ValueError(f"{report_type} is not offered for region {region!r}. Known: {', '.join(known)}.")


def _not_sent(category: Category, path: str, message: str) -> AppStoreError:
    return AppStoreError(category=category, message=message, method="GET", path=path)


def _app_record(resource: dict[str, Any]) -> AppRecord:
    attributes = resource.get("attributes")
    apple_id = str(resource.get("id"))
    if not isinstance(attributes, dict) or not _DIGITS.fullmatch(apple_id):
        raise _not_sent(Category.UNEXPECTED_BODY, "/v1/apps", f"An app has the id {apple_id!r} or no attributes.")
    return AppRecord(
        apple_id=int(apple_id),
        bundle_id=str(attributes.get("bundleId") or ""),
        sku=str(attributes.get("sku") or ""),
        name=str(attributes.get("name") or ""),
    )
