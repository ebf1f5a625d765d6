"""Template filters for figures, days and states. A state is never colour alone: it has a symbol and a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reports.amounts import amounts as pairs_of
from reports.amounts import format_amount
from reports.badges import Look, badge_of, cell_look
from reports.detect.names import report_name as name_of_report
from reports.wording import span

register = template.Library()


@register.filter
def amount(value: object, currency: str = "") -> str:
    """A figure for people; text that is no number is shown as it is."""
    if value is None or value == "":
        return "–"
    try:
        return format_amount(Decimal(str(value)), currency or "")
    except InvalidOperation:
        return str(value)


@register.filter
def pairs(by_currency: Mapping[str, object] | None) -> list[tuple[str, Decimal]]:
    return pairs_of(by_currency or {})


@register.filter
def report_name(report: str) -> str:
    """`SALES/SUMMARY/DAILY` as people call it."""
    return name_of_report(report)


@register.filter
def words(token: object) -> str:
    """`fiscal_month` as `fiscal month`."""
    return str(token).replace("_", " ")


@register.filter
def day(value: date | None) -> str:
    return value.isoformat() if value else "–"


@register.filter
def moment(value: datetime | None) -> str:
    """A moment in UTC, its zone named."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if value else "–"


@register.filter
def days(value: object) -> str:
    """The period of a finding, export or run: one day, or the first and the last."""
    return period(
        getattr(value, "from_day", None) or getattr(value, "period_start", None),
        getattr(value, "to_day", None) or getattr(value, "period_end", None),
    )


@register.filter
def days_in_cell(value: object) -> SafeString:
    """The same for a narrow column: a line may break between the days, not within one."""
    first, _to, last = days(value).partition(" to ")
    if not last:
        return format_html('<span class="nowrap">{}</span>', first)
    return format_html('<span class="nowrap">{}</span> <span class="nowrap">to {}</span>', first, last)


def period(start: date | None, end: date | None) -> str:
    if start is None or end is None:
        return day(start or end)
    return span(start, end)


@register.filter
def badge(value: object, words: str = "") -> SafeString:
    """The token of a state or severity as symbol and word."""
    token = str(value)
    return _badge(badge_of(token), words or getattr(value, "label", None) or token.replace("_", " "))


@register.filter
def cell_badge(state: str, words: object = "") -> SafeString:
    """The state of a coverage cell; `words` stand for its word, such as how many are in it."""
    return _badge(cell_look(state), str(words) or state)


@register.filter
def cell_count(state: str, number: int) -> SafeString:
    """How many periods are in a state, as its symbol and the number; the word is read aloud and shown on paper."""
    look = cell_look(state)
    return format_html(
        '<span class="count count-{}" title="{} {}"><span aria-hidden="true">{}</span> {}'
        '<span class="visually-hidden"> {}</span></span> ',
        look.tone,
        number,
        state,
        look.symbol,
        number,
        state,
    )


def _badge(look: Look, words: object) -> SafeString:
    return format_html(
        '<span class="badge badge-{}"><span aria-hidden="true">{}</span> {}</span>', look.tone, look.symbol, words
    )
