"""What a finding says: one sentence of fact, one on the likely cause, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reports.models import App, Cause, FindingKind, Rule
from reports.wording import amount, counted, listed, span

CAUSE = {
    Cause.NOT_DELIVERED: "Apple's API has not delivered the report that should hold it{regions}.",
    Cause.NOT_FINAL: "The figures are not final yet: Apple still completes them.",
    Cause.TIMEZONE_SHIFT: "Day by day both move the same amounts over midnight: the export's days are UTC days, "
    "the report's are Pacific days.",
    Cause.REFUND_SIGN: "The difference is exactly what refunds make when they are added, or left out, "
    "instead of taken away.",
    Cause.PER_UNIT_PRICE: "The console figure is exactly the sum of the prices per unit, not multiplied by the units.",
    Cause.ROUNDING: "The difference is no more than rounding each row can make.",
    Cause.METRIC_DEFINITION: "The two numbers count different things.",
    Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS: "The difference is exactly the product page views: one side counts them as "
    "impressions, the other does not.",
    Cause.POSITIVE_ROWS_MISSING: "{rows} with sales are in the console's file and not in the API's.",
    Cause.UNEXPLAINED: "No known cause explains the difference.",
}
PARTLY = (
    "Of the difference {} may be noise and rows of few people, which Apple leaves out of Detailed reports; no "
    "known cause explains the rest."
)
NEXT = {
    Cause.NOT_DELIVERED: "Pull the report again; if Apple still has none, download it in App Store Connect and load it "
    "with load_report.",
    Cause.NOT_FINAL: "Nothing to do: it is looked at again with every run.",
    Cause.TIMEZONE_SHIFT: "Export again with the view set to Pacific Time, or import the file again with time zone "
    "UTC.",
    Cause.REFUND_SIGN: "Correct the sign of the refunds in the figures you book.",
    Cause.PER_UNIT_PRICE: "Multiply the price by the units in the figures you book.",
    Cause.ROUNDING: "Nothing to do.",
    Cause.METRIC_DEFINITION: "Compare it with the metric of the same definition, or switch the rule off.",
    Cause.IMPRESSIONS_INCLUDE_PAGE_VIEWS: "Nothing is lost. Name the definition wherever you show impressions.",
    Cause.POSITIVE_ROWS_MISSING: "Book the console's figure. Pull the day again; if the rows stay away, report it to "
    "Apple with the two files.",
    Cause.UNEXPLAINED: "Download both files from this page, compare the named lines and ask Apple's support if they "
    "stay apart.",
}
WHAT = {
    FindingKind.VALUE_MISMATCH: "{metric}: {console} in the console, {api} in Apple's API; they differ by {difference}",
    FindingKind.MISSING_IN_API: "{metric}: {console} in the console export, and nothing in Apple's API",
    FindingKind.MISSING_IN_CONSOLE: "{metric}: {api} in Apple's API, and nothing in the console export",
    FindingKind.MISSING_SALES_VALUES: "{metric}: {difference} are missing in Apple's API; {console} in the console, "
    "{api} in the API",
}
CUTS = {
    "source_type": "from {}",
    "source_info": "from {}",
    "campaign": "of campaign {}",
    "territory": "in {}",
    "product": "of {}",
    "region": "in region {}",
    "currency": "in {}",
}


@dataclass(frozen=True)
class Facts:
    """What a sentence is made of. Amounts in `currency`; `rows` is how many rows are lost, where that is the cause."""

    kind: FindingKind
    cause: Cause
    rule: Rule
    app: App | None
    cut: str
    member: str
    currency: str
    first: date
    last: date
    api: Decimal | None
    console: Decimal | None
    difference: Decimal
    explained: Decimal = Decimal(0)
    rows: int = 0
    missing_regions: tuple[str, ...] = ()


def message(facts: Facts) -> str:
    what = WHAT[facts.kind].format(
        metric=label(facts.rule.console_metric),
        difference=amount(facts.difference, facts.currency),
        console=amount(facts.console, facts.currency),
        api=amount(facts.api, facts.currency),
    )
    unconfirmed = "" if facts.rule.confirmed else " (This pairing of numbers is not confirmed yet.)"
    return f"{_subject(facts)}, {span(facts.first, facts.last)}: {what}. {_cause(facts)}{unconfirmed}"


def next_step(facts: Facts) -> str:
    return NEXT.get(facts.cause, NEXT[Cause.UNEXPLAINED])


def label(metric: str) -> str:
    """The console's own words for a metric in snake case."""
    return metric.replace("_", " ").capitalize()


def _subject(facts: Facts) -> str:
    subject = str(facts.app) if facts.app else "All apps"
    place = CUTS[facts.cut].format(facts.member) if facts.cut in CUTS and facts.member else ""
    return " ".join(filter(None, (subject, place)))


def _cause(facts: Facts) -> str:
    regions = f" (region {listed(facts.missing_regions)})" if facts.missing_regions else ""
    sentence = CAUSE.get(facts.cause, CAUSE[Cause.UNEXPLAINED])
    if facts.cause == Cause.UNEXPLAINED and facts.explained:
        sentence = PARTLY.format(amount(facts.explained, facts.currency))
    return sentence.format(regions=regions, rows=counted(facts.rows, "row"))
