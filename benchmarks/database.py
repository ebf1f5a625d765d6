"""What the benchmarks do to their own database between two runs."""

from __future__ import annotations

from django.db import connection

from reports.models import Account, Vendor

#: Everything that loading and comparing write; rules, accounts and fiscal months stay.
WRITTEN = (
    "reports_salesrow", "reports_downloadrow", "reports_storedfigure", "reports_salesfigures", "reports_member",
    "reports_vintage", "reports_series", "reports_reportrequest", "reports_delivery", "reports_rawfile", "reports_app",
    "reports_finding", "reports_run", "reports_coveragecell",
)  # fmt: skip


def start_afresh() -> Account:
    """Empty tables, committed: rows that are loaded later are logged. The one account with its vendor number."""
    execute(f"TRUNCATE {', '.join(WRITTEN)} CASCADE")
    settle()
    account, _ = Account.objects.get_or_create(name="Acme")
    Vendor.objects.get_or_create(account=account, number="80000001")
    return account


def settle() -> None:
    """Write out what earlier runs left behind, so that no run pays for another one."""
    execute("CHECKPOINT")


def forget_findings() -> None:
    """As if nothing had been compared yet."""
    execute("TRUNCATE reports_finding, reports_run CASCADE")


def tidy_up() -> None:
    """What autovacuum does within a minute after a load: it marks rows as visible to all and counts them.

    Until then the first reader marks them, page by page, which takes several times as long as reading.
    """
    execute("VACUUM (ANALYZE) reports_salesrow, reports_salesfigures, reports_storedfigure, reports_member")
    settle()


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
