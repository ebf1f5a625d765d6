"""In words: what a console export is compared with."""

from __future__ import annotations

from dataclasses import dataclass

from reports.detect.names import report_name
from reports.models import Delivery, Rule
from reports.services.uploads import rules_for


@dataclass(frozen=True)
class Pairing:
    rule: Rule
    sentence: str


def pairings(delivery: Delivery) -> list[Pairing]:
    """The rules that will read this export, with both numbers named; none where no rule does."""
    return [Pairing(rule, _sentence(rule)) for rule in rules_for(delivery)]


def _sentence(rule: Rule) -> str:
    cut = Rule.Cut(rule.cut).label.lower()
    return (
        f"“{rule.console_metric.replace('_', ' ')}” of the console must equal “{rule.get_api_measure_display()}” of "
        f"Apple's report {report_name(rule.api_report)}{_rows(rule)}, by {cut} and {rule.get_grain_display()} "
        f"({rule.get_timezone_display()})."
    )


def _rows(rule: Rule) -> str:
    named = [f"{name.replace('_', ' ')} {', '.join(values)}" for name, values in rule.api_filter.items()]
    return f", rows with {' and '.join(named)}" if named else ""
