"""All detectors of a run. Each reads tables and returns findings; none writes anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ascrecon import clock
from reports.detect.delivery import DELIVERY_DETECTORS
from reports.detect.exports import overlapping_exports
from reports.detect.missing_sales import missing_sales_values
from reports.detect.totals import totals_that_do_not_tie
from reports.findings.found import Found
from reports.findings.store import Outcome, report_findings
from reports.models import Account, Run

Detector = Callable[[date, date, Account | None], list[Found]]

DETECTORS: dict[str, Detector] = {
    "missing_sales": missing_sales_values,
    "totals": totals_that_do_not_tie,
    "overlaps": overlapping_exports,
    **DELIVERY_DETECTORS,
}


def run_all(start: date, end: date, account: Account | None, run: Run | None = None) -> list[Outcome]:
    """Every detector over the days from `start` to `end`; what it no longer finds there is closed."""
    return [
        report_findings(
            detector(start, end, account), detector=name, account=account, window=(start, end), at=clock.now(), run=run
        )
        for name, detector in DETECTORS.items()
    ]
