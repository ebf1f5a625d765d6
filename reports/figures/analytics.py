"""Figures from analytics rows: each day of a delivery is a vintage of its own, summed by where its people came from.

Texts are compared without case, since Apple says that its values are not case sensitive and writes them both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import models

from reports.figures.members import add_members, member_dims, member_id
from reports.models import (
    Delivery,
    DownloadRow,
    EngagementRow,
    InstallationRow,
    OtherAnalyticsRow,
    PreOrderRow,
    PurchaseRow,
    SessionRow,
    SubscriptionEventRow,
    SubscriptionStateRow,
    Vintage,
)
from reports.sql import execute


@dataclass(frozen=True)
class Family:
    """A report and its table. `kinds`: the columns that say what was counted; `measures`: metric to currency or ''.

    `one_report`: not told in Standard and Detailed. `dims`, `sums`: SQL for a table without columns for them.
    """

    name: str
    model: type[models.Model]
    kinds: tuple[str, ...] = ()
    measures: Mapping[str, str] | None = None
    one_report: bool = False
    dims: Mapping[str, str] | None = None
    sums: Mapping[str, str] | None = None

    @property
    def table(self) -> str:
        return self.model._meta.db_table


COUNTS = {"counts": ""}
DEVICES = {"unique_devices": ""}


def _sum_of_texts(column: str) -> str:
    """The sum of a column that is kept as text; unknown where any cell is no whole number."""
    cell = f"(extra->>'{column}')"
    is_number = f"({cell} ~ '^[0-9]+$')"
    return (
        f"CASE WHEN bool_and(coalesce({is_number}, false)) THEN sum(CASE WHEN {is_number} THEN {cell}::numeric END) END"
    )


FAMILIES = (
    Family("App Downloads", DownloadRow, ("download_type",), COUNTS),
    Family(
        "App Store Purchases",
        PurchaseRow,
        ("purchase_type",),
        {"purchases": "", "proceeds_usd": "USD", "sales_usd": "USD", "paying_users": ""},
    ),
    Family(
        "App Store Discovery and Engagement",
        EngagementRow,
        ("event", "page_type", "engagement_type"),
        {**COUNTS, "unique_counts": ""},
    ),
    Family(
        "App Store Installation and Deletion",
        InstallationRow,
        ("event", "download_type"),
        {**COUNTS, **DEVICES},
    ),
    Family("App Sessions", SessionRow, (), {"sessions": "", "total_session_duration": "", **DEVICES}),
    Family("App Store Pre-Orders", PreOrderRow, (), {"placed": "", "canceled": ""}),
    Family("App Store Subscription State Report", SubscriptionStateRow, ("state_grouping", "state_metric"), COUNTS),
    Family("App Store Subscription Event Report", SubscriptionEventRow, ("event_grouping", "event"), COUNTS),
    Family(
        "App Crashes",
        OtherAnalyticsRow,
        measures={"crashes": "", "unique_devices": ""},
        one_report=True,
        dims={"device": "lower(coalesce(extra->>'Device', ''))"},
        sums={"crashes": _sum_of_texts("Crashes"), "unique_devices": _sum_of_texts("Unique Devices")},
    ),
)
OTHER = Family("", OtherAnalyticsRow)
STANDARD, DETAILED = " Standard", " Detailed"


def family_of(report: str) -> Family:
    """The family of a report by its API name; one without a table of its own is kept with its columns."""
    wanted = report.casefold()
    for family in FAMILIES:
        if wanted in _names(family):
            return family
    return OTHER


def _names(family: Family) -> tuple[str, ...]:
    names = (family.name,) if family.one_report else (family.name + STANDARD, family.name + DETAILED)
    return tuple(name.casefold() for name in names)


def is_detailed(report: str) -> bool:
    return report.casefold().endswith(DETAILED.casefold())


GROUPED = """
CREATE TEMPORARY TABLE analytics_grouped ON COMMIT DROP AS
SELECT day, {member_id} AS member_id, {member_dims} AS dims, rows, {measures} FROM (
    SELECT day, {columns}, count(*) AS rows, {sums} FROM {table}
    WHERE id BETWEEN %(first)s AND %(last)s GROUP BY day, {names}) r
"""
FIGURES = """
INSERT INTO reports_storedfigure (vintage_id, n, metric, app_id, member_id, currency, value)
SELECT v.id, row_number() OVER (PARTITION BY v.id, m.metric), m.metric, %(app)s, g.member_id, m.currency, m.value
FROM analytics_grouped g JOIN reports_vintage v ON v.period_start = g.day AND v.id = ANY(%(vintages)s)
CROSS JOIN LATERAL (VALUES ('rows', '', g.rows::numeric), {values}) AS m(metric, currency, value)
WHERE m.value IS NOT NULL
"""


def derive_analytics(vintages: Sequence[Vintage], delivery: Delivery) -> int:
    """Make the figures of a delivery's days; returns how many there are. Needs a transaction, and may run again.

    Standard reports by territory, Detailed ones by referrer and campaign, which only they have; both by source type.
    `rows` counts the rows: what noise and the rule of five people may hide follows from it.
    """
    family = family_of(delivery.report)
    execute("DROP TABLE IF EXISTS analytics_grouped")
    execute("DELETE FROM reports_storedfigure WHERE vintage_id = ANY(%s)", [[v.pk for v in vintages]])
    if family.measures is None:
        return 0
    dims = _dims(family, is_detailed(delivery.report))
    parameters = {
        "first": delivery.first_row_id,
        "last": delivery.last_row_id,
        "app": delivery.app_id,
        "vintages": [vintage.pk for vintage in vintages],
    }
    execute(_grouped(family, dims), parameters)
    add_members("analytics_grouped", "w.dims")
    return execute(FIGURES.format(values=_values(family.measures.items())), parameters)


def _dims(family: Family, detailed: bool) -> dict[str, str]:
    """Each dimension and the expression for its value."""
    if family.dims is not None:
        return dict(family.dims)
    texts = (*family.kinds, "source_type", *(("source_info", "campaign") if detailed else ()))
    folded = {name: f"lower({name})" for name in texts}
    return folded if detailed else {**folded, "territory": "upper(territory)"}


def _grouped(family: Family, dims: Mapping[str, str]) -> str:
    assert family.measures
    names = {name: name for name in dims}
    return GROUPED.format(
        member_id=member_id(names),
        member_dims=member_dims(names),
        measures=", ".join(family.measures),
        columns=", ".join(f"{expression} AS {name}" for name, expression in dims.items()),
        sums=", ".join(f"{(family.sums or {}).get(name, f'sum({name})')} AS {name}" for name in family.measures),
        table=family.table,
        names=", ".join(dims.values()),
    )


def _values(measures: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"('{measure}', '{currency}', g.{measure})" for measure, currency in measures)
