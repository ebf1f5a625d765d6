"""Analytics deliveries as Apple makes them: gzip, tabs, one header in each segment."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from reports.models import Access, AnalyticsInstance, AnalyticsReport, App, Delivery, ReportRequest
from reports.services.analytics_files import KeptSegment, load_instance
from reports.services.raw_files import keep
from tests.factories import MORNING, AppFactory

DOWNLOADS = "App Downloads Standard"
DOWNLOADS_HEADER = (
    "Date\tApp Name\tApp Apple Identifier\tDownload Type\tApp Version\tDevice\tPlatform Version\t"
    "Source Type\tPage Type\tPre-Order\tTerritory\tCounts"
)


def downloads(day: str, counts: object, kind: str = "First-time download", territory: str = "US") -> str:
    """A row of App Downloads Standard."""
    return (
        f"{day}\tAcme Notes\t1500000001\t{kind}\t1.2\tiPhone\tiOS 26.1\tApp Store search\tProduct page\t\t"
        f"{territory}\t{counts}"
    )


def text(*lines: str, header: str = DOWNLOADS_HEADER) -> str:
    return "\n".join((header, *lines, ""))


def request(access: Access = Access.ONGOING, app: App | None = None) -> ReportRequest:
    app = app or AppFactory.make()
    made, _ = ReportRequest.objects.get_or_create(
        account=app.account,
        app=app,
        access=access,
        defaults={"apple_id": f"{access}-{app.apple_id}", "asked_at": MORNING, "expected_by": MORNING},
    )
    return made


def instance(
    made_on: str,
    *,
    report: str = DOWNLOADS,
    granularity: str = "DAILY",
    access: Access = Access.ONGOING,
    name: str = "",
) -> AnalyticsInstance:
    """An instance that Apple lists."""
    of = request(access)
    listed, _ = AnalyticsReport.objects.get_or_create(request=of, apple_id=f"{report}-{of.apple_id}", name=report)
    return AnalyticsInstance.objects.create(
        report=listed,
        apple_id=name or f"{granularity}-{made_on}",
        granularity=granularity,
        processing_date=date.fromisoformat(made_on),
        seen_at=MORNING,
    )


def deliver(folder: Path, one: AnalyticsInstance, *segments: str, received_at: datetime = MORNING) -> Delivery:
    """Load an instance of these segments."""
    return load_instance(one, kept(folder, segments), received_at)


def kept(folder: Path, segments: Sequence[str]) -> list[KeptSegment]:
    found = []
    for n, content in enumerate(segments, start=1):
        path = folder / f"segment-{n}.txt.gz"
        path.write_bytes(gzip.compress(content.encode(), mtime=0))
        found.append(KeptSegment(keep(path), path.name))
    return found


DETAILED = "App Downloads Detailed"
ENGAGEMENT = "App Store Discovery and Engagement Standard"
SESSIONS = "App Sessions Standard"
PURCHASES = "App Store Purchases Standard"
INSTALLATIONS = "App Store Installation and Deletion Standard"
CRASHES = "App Crashes"
HEADERS = {
    DOWNLOADS: DOWNLOADS_HEADER,
    DETAILED: DOWNLOADS_HEADER.replace("Source Type\t", "Source Type\tSource Info\tCampaign\t").replace(
        "Page Type\t", "Page Type\tPage Title\t"
    ),
    ENGAGEMENT: "Date\tApp Name\tApp Apple Identifier\tEvent\tPage Type\tSource Type\tEngagement Type\tDevice\t"
    "Platform Version\tTerritory\tCounts\tUnique Counts",
    SESSIONS: "Date\tApp Name\tApp Apple Identifier\tApp Version\tDevice\tPlatform Version\tSource Type\tPage Type\t"
    "App Download Date\tTerritory\tSessions\tTotal Session Duration\tUnique Devices",
    PURCHASES: "Date\tApp Name\tApp Apple Identifier\tPurchase Type\tContent Name\tContent Apple Identifier\t"
    "Payment Method\tDevice\tPlatform Version\tSource Type\tPage Type\tApp Download Date\tPre-Order\tTerritory\t"
    "Purchases\tProceeds in USD\tSales in USD\tPaying Users",
    INSTALLATIONS: "Date\tApp Name\tApp Apple Identifier\tEvent\tDownload Type\tApp Version\tDevice\tPlatform Version\t"
    "Source Type\tPage Type\tApp Download Date\tTerritory\tCounts\tUnique Devices",
    CRASHES: "Date\tApp Name\tApp Apple Identifier\tApp Version\tDevice\tPlatform Version\tCrashes\tUnique Devices",
}
USUAL = {
    "App Name": "Acme Notes",
    "App Apple Identifier": "1500000001",
    "Download Type": "First-time download",
    "Device": "iPhone",
    "Platform Version": "iOS 26.1",
    "Source Type": "App Store search",
    "Page Type": "Product page",
    "Territory": "US",
}


def row(report: str, day: str, **cells: object) -> str:
    """A row of a report; `cells` by column in snake case, such as `source_type`."""
    named = {name: str(value) for name, value in cells.items()}
    columns = HEADERS[report].split("\t")
    values = [named.get(column.lower().replace(" ", "_"), USUAL.get(column, "")) for column in columns]
    return "\t".join([day, *values[1:]])


def deliver_rows(
    folder: Path, report: str, made_on: str, *rows: str, granularity: str = "DAILY", access: Access = Access.ONGOING
) -> Delivery:
    """Load an instance that was made on a day."""
    one = instance(
        made_on, report=report, granularity=granularity, access=access, name=f"{report} {granularity} {made_on}"
    )
    return deliver(folder, one, text(*rows, header=HEADERS[report]))
