""" "Test connection": tries each family of reports on its own and says in plain words what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .absent import Absent, Reason
from .client import AppRecord, AppStoreClient
from .downloads import Download
from .errors import AppStoreError, Category

# Two days back the sales file is there even where Apple is late by some hours.
_SALES_DAYS_BACK = 2
# Two fiscal months back the finance files are out whatever the exact end of the month.
_FINANCE_MONTHS_BACK = 2


class Missing(StrEnum):
    """Whose move it is: the key's role, an agreement, the key itself, the vendor number."""

    ROLE = "role"
    AGREEMENT = "agreement"
    KEY = "key"
    VENDOR = "vendor"


_MISSING = {
    Category.ROLE: Missing.ROLE,
    Category.AGREEMENT: Missing.AGREEMENT,
    Category.CREDENTIALS: Missing.KEY,
    Category.INDIVIDUAL_KEY: Missing.KEY,
    Category.VENDOR: Missing.VENDOR,
}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one family (apps, sales, finance, analytics) said; for sales and finance per vendor number."""

    family: str
    ok: bool
    message: str
    missing: Missing | None = None
    vendor: str = ""


def probe_connection(client: AppStoreClient, vendors: Iterable[str]) -> list[ProbeResult]:
    """Asks for the apps, and per vendor for one sales and one finance file, and for analytics requests.

    An individual key is refused for sales and finance without a call. A file that Apple does not have proves
    as much as one that it has: the key may read it. Give the client `policy.interactive()`.
    """
    apps: list[AppRecord] = []
    results = [_probe("apps", lambda: _apps(client, apps))]
    for vendor in vendors:
        results.append(_vendor_probe("sales", vendor, client, _sales))
        results.append(_vendor_probe("finance", vendor, client, _finance))
    results.append(_analytics_probe(client, apps))
    return results


def _probe(family: str, ask: Callable[[], str], vendor: str = "") -> ProbeResult:
    try:
        return ProbeResult(family, True, ask(), vendor=vendor)
    except AppStoreError as error:
        return ProbeResult(family, False, error.sentences, _MISSING.get(error.category), vendor)


def _vendor_probe(
    family: str, vendor: str, client: AppStoreClient, ask: Callable[[AppStoreClient, str], Download | Absent]
) -> ProbeResult:
    if client.is_individual:
        message = (
            f"An individual key cannot read {family} reports; Apple was not asked. An Admin must make a team "
            "key under Users and Access, Integrations."
        )
        return ProbeResult(family, False, message, Missing.KEY, vendor)
    return _probe(family, lambda: _outcome(ask(client, vendor), family), vendor)


def _outcome(report: Download | Absent, family: str) -> str:
    if isinstance(report, Download):
        report.discard()
        return f"The key reads {family} reports."
    if report.reason is Reason.WRONG_ID:
        return f"The key may read {family} reports, but Apple says: {report.detail}"
    return f"The key may read {family} reports. For the day asked: {report.words}"


def _apps(client: AppStoreClient, found: list[AppRecord]) -> str:
    found += client.apps()
    return f"The key reads the list of apps ({len(found)} found)."


def _sales(client: AppStoreClient, vendor: str) -> Download | Absent:
    day = client.today() - timedelta(days=_SALES_DAYS_BACK)
    return client.sales_report(vendor, "SALES", "SUMMARY", "DAILY", day).report


def _finance(client: AppStoreClient, vendor: str) -> Download | Absent:
    month = _fiscal_label(client.today(), _FINANCE_MONTHS_BACK)
    return client.finance_report(vendor, "FINANCIAL", "ZZ", month).report


def _fiscal_label(today: date, months_back: int) -> str:
    """The fiscal month named after the calendar month that lies so many months back: 2025-11 is 2026-02."""
    year, month = divmod(today.year * 12 + today.month - 1 - months_back + 3, 12)
    return f"{year:04d}-{month + 1:02d}"


def _analytics_probe(client: AppStoreClient, apps: list[AppRecord]) -> ProbeResult:
    if not apps:
        message = "Not tested: analytics reports are asked for per app, and no app is known."
        return ProbeResult("analytics", False, message)
    path = f"/v1/apps/{apps[0].apple_id}/analyticsReportRequests"
    return _probe("analytics", lambda: _analytics(client, path))


def _analytics(client: AppStoreClient, path: str) -> str:
    count = len(client.resources(path))
    return (
        f"The key reads analytics reports ({count} requests for the first app). Whether it may create a "
        "request, which takes the role Admin, shows only when it does."
    )
