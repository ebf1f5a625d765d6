"""How bad a finding is: by the share of the figure that is in doubt, and by what kind of doubt it is."""

from __future__ import annotations

from decimal import Decimal

from reports.models import Cause, FindingKind, Severity

#: Shares of the larger side that is unexplained.
HIGH = Decimal("0.01")
CRITICAL = Decimal("0.25")

#: Explained to the last unit, or expected to go away by itself: worth knowing, nothing to do.
HARMLESS = {
    Cause.NOT_FINAL,
    Cause.ROUNDING,
    Cause.METRIC_DEFINITION,
    Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS,
    Cause.PRIVACY_THRESHOLD,
}
MISSING = {FindingKind.MISSING_SALES_VALUES, FindingKind.MISSING_IN_API}


def severity_of(
    kind: FindingKind,
    cause: Cause,
    residual: Decimal | None,
    api_value: Decimal | None,
    console_value: Decimal | None,
) -> Severity:
    """info: explained and harmless; low: explained, or under 1 % of the figure; critical: a quarter of it is gone."""
    if cause in HARMLESS:
        return Severity.INFO
    if not residual and kind not in MISSING:
        return Severity.LOW
    largest = max(abs(api_value or Decimal(0)), abs(console_value or Decimal(0)))
    share = abs(residual or Decimal(0)) / largest if largest else Decimal(1)
    if share >= CRITICAL and kind in MISSING:
        return Severity.CRITICAL
    return Severity.HIGH if share >= HIGH or kind in MISSING else Severity.LOW
