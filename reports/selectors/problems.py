"""Problems: findings that tell one thing. A day's sales lost in four currencies are one problem, not four."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reports.models import Finding, Severity
from reports.selectors.whom import whom_to_ask

#: Findings alike in all of these whose days overlap are one problem: only the currency is left to tell them apart. (A
#: currency that sold nothing on one of the days tells fewer days.)
ALIKE = (
    "kind",
    "cause",
    "account_id",
    "vendor_id",
    "app_id",
    "report",
    "metric",
    "cut",
    "member",
)


@dataclass(frozen=True)
class Problem:
    """At least one finding; the gravest stands for all. Money is by currency and never added over currencies."""

    findings: tuple[Finding, ...]

    @property
    def finding(self) -> Finding:
        return self.findings[0]

    @property
    def from_day(self) -> date:
        return min(finding.from_day for finding in self.findings)

    @property
    def to_day(self) -> date:
        return max(finding.to_day for finding in self.findings)

    @property
    def money_at_risk(self) -> dict[str, Decimal]:
        return money_of(self.findings)

    @property
    def currencies(self) -> list[str]:
        return sorted({finding.currency for finding in self.findings if finding.currency})

    @property
    def is_estimate(self) -> bool:
        return is_estimate(self.finding)

    @property
    def ask(self) -> str:
        return whom_to_ask(self.finding)


def problems_of(findings: Iterable[Finding]) -> list[Problem]:
    """The problems that `findings` tell: the gravest first, then those with money at risk, then the most recent.

    The size of an amount does not order them: those of different currencies cannot be compared.
    """
    alike: dict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        alike[_key(finding)].append(finding)
    groups = (group for found in alike.values() for group in _overlapping(found))
    problems = [Problem(tuple(sorted(group, key=_gravest_first))) for group in groups]
    return sorted(problems, key=lambda problem: _gravest_first(problem.finding))


def others_alike(finding: Finding) -> list[Finding]:
    """The same problem in other currencies."""
    same = {name: getattr(finding, name) for name in ALIKE}
    others = Finding.objects.filter(**same, from_day__lte=finding.to_day, to_day__gte=finding.from_day)
    return sorted((other for other in others if other.currency != finding.currency), key=lambda f: f.currency)


def money_of(findings: Sequence[Finding]) -> dict[str, Decimal]:
    """Money at risk by currency."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for finding in findings:
        for currency, text in finding.money_at_risk.items():
            sums[currency] += Decimal(text)
    return {currency: sums[currency] for currency in sorted(sums)}


def is_estimate(finding: Finding) -> bool:
    """Judged by the history of Apple's API alone: what is missing is not known, only what usually was there."""
    return finding.console_value is None and "usual_units_per_day" in finding.details


def _overlapping(findings: Iterable[Finding]) -> list[list[Finding]]:
    """In the order of their days, cut where a finding begins after all before it have ended."""
    groups: list[list[Finding]] = []
    last = date.min
    for finding in sorted(findings, key=lambda f: (f.from_day, f.to_day)):
        if not groups or finding.from_day > last:
            groups.append([])
            last = date.min
        groups[-1].append(finding)
        last = max(last, finding.to_day)
    return groups


def _key(finding: Finding) -> tuple[object, ...]:
    return tuple(getattr(finding, name) for name in ALIKE)


def _gravest_first(finding: Finding) -> tuple[int, bool, int, str]:
    rank = Severity(finding.severity).rank
    return (-rank, not finding.money_at_risk, -finding.to_day.toordinal(), finding.public_id)
