"""What is known of Apple's analytics reports, for the ledger and the plan (the facts are in the client's catalogue)."""

from __future__ import annotations

#: For a report of which no page tells how long its days stay open: the longest of all that are known.
LONGEST_LAG = 5
LAGS = {
    "App Downloads": 2,
    "App Store Purchases": 2,
    "App Store Pre-Orders": 2,
    "App Store Discovery and Engagement": 3,
}


def completeness_days(report: str) -> int:
    """How many days after its date a daily figure is complete (Apple, Data Completeness)."""
    return LAGS.get(report.removesuffix(" Standard").removesuffix(" Detailed"), LONGEST_LAG)
