"""What people call a report."""

from __future__ import annotations

from reports.models import Rule, SubscriptionReport

_NAMES = {value: str(label) for value, label in (*Rule.Report.choices, *SubscriptionReport.choices)}
#: The reports that hold all apps of a vendor in one file, in the order in which people read them.
VENDORS_REPORTS = (*(report.value for report in Rule.Report.of_vendors()), *SubscriptionReport.values)


def report_name(report: str) -> str:
    """`Sales, daily (SALES/SUMMARY/DAILY)`; a name that is not known stays as it is."""
    name = _NAMES.get(report, report)
    return name if name == report else f"{name} ({report})"
