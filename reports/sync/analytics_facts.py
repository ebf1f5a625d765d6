"""What is known of Apple's analytics reports, for the ledger and the plan (the facts are in the client's catalogue)."""

from __future__ import annotations

from ascrecon.appstore import load_catalogue

#: For a report of which no page tells how long its days stay open: the longest of all that are known.
LONGEST_LAG = 5


def completeness_days(report: str) -> int:
    """How many days after its date a daily figure is complete (Apple, Data Completeness)."""
    facts = load_catalogue().analytics_report(report)
    return LONGEST_LAG if facts is None else facts.completeness_days
