"""The admin: navigation by the work. Pages call services and selectors; no rule of the subject lives here."""

from __future__ import annotations

from reports.admin import (
    accounts,
    analytics_rows,
    coverage,
    deliveries,
    digests,
    findings,
    raw_files,
    report_requests,
    rows,
    rules,
    runs,
    subscription_rows,
    uploads,
    users,
)

__all__ = [
    "accounts",
    "analytics_rows",
    "coverage",
    "deliveries",
    "digests",
    "findings",
    "raw_files",
    "report_requests",
    "rows",
    "rules",
    "runs",
    "subscription_rows",
    "uploads",
    "users",
]
