"""What people call a report."""

from __future__ import annotations

from reports.models import Rule

_NAMES = {value: str(label) for value, label in Rule.Report.choices}


def report_name(report: str) -> str:
    """`Sales, daily (SALES/SUMMARY/DAILY)`; a name that is not known stays as it is."""
    name = _NAMES.get(report, report)
    return name if name == report else f"{name} ({report})"
