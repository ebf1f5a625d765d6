"""What is counted in analytics reports and may be added, each under the console's name for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ascrecon.appstore import load_catalogue
from reports.figures.analytics import DETAILED, FAMILIES, STANDARD, Family
from reports.sync.analytics_facts import completeness_days


@dataclass(frozen=True)
class Counted:
    """A metric that may be added over rows and days (source: data/analytics_metrics.json).

    The sum of the figures `measure` of members that pass `filter`; `people`: the measure that the rule of five people
    looks at. `main`: the one by which a whole report is measured.
    """

    metric: str
    family: str
    measure: str
    people: str
    main: bool
    filter: Mapping[str, Sequence[str]]
    currency: str = ""

    @property
    def report(self) -> str:
        """The report that tells it exactly: the Standard one, or the only one."""
        return self.family if self._family.one_report else self.family + STANDARD

    @property
    def detailed(self) -> str:
        """The Detailed report of the same; empty where there is none."""
        return "" if self._family.one_report else self.family + DETAILED

    @property
    def _family(self) -> Family:
        return next(family for family in FAMILIES if family.name == self.family)


@cache
def counted_metrics() -> tuple[Counted, ...]:
    text = files("reports").joinpath("data/analytics_metrics.json").read_text(encoding="utf-8")
    return tuple(Counted(**row) for row in json.loads(text))


def twin_of(report: str) -> str:
    """The Standard report of a Detailed one, and the other way round; itself where there is only one."""
    for ending, other in ((STANDARD, DETAILED), (DETAILED, STANDARD)):
        if report.endswith(ending):
            return report.removesuffix(ending) + other
    return report


@dataclass(frozen=True)
class ReportFacts:
    """What Apple's pages tell of a report. `lag`: days until a daily figure is complete."""

    lag: int
    grains: tuple[str, ...]
    opt_in_only: bool


def facts_of(report: str) -> ReportFacts:
    """Facts of a report from the client's catalogue; the longest lag and every grain for one that is not in it."""
    known = load_catalogue().analytics_report(report)
    if known is None:
        return ReportFacts(completeness_days(report), ("DAILY", "WEEKLY", "MONTHLY"), opt_in_only=True)
    return ReportFacts(known.completeness_days, tuple(known.granularities), known.opt_in_only)


def passes(dims: str, wanted: Mapping[str, Iterable[str]], name: str = "wanted") -> tuple[str, dict[str, object]]:
    """SQL that tells whether the jsonb `dims` has one of the wanted values of each dimension, and its parameters."""
    conditions = [f"{dims}->>%({name}_{n})s = ANY(%({name}_{n}_values)s)" for n in range(len(wanted))]
    parameters: dict[str, object] = {}
    for n, (dim, values) in enumerate(wanted.items()):
        parameters |= {f"{name}_{n}": dim, f"{name}_{n}_values": list(values)}
    return f"({' AND '.join(conditions) or 'true'})", parameters
