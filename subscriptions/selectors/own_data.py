"""Own data as pages show it: the rows of a file, which file counts, and what each rule is checked against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from reports.amounts import format_amount
from reports.models import Account, App, Kind, Series, Side
from reports.sql import fetch
from reports.templatetags.finance import day, moment
from reports.wording import listed
from subscriptions.detect.rules import Rule, all_rules, uploaded
from subscriptions.models import (
    DataKind,
    DataUpload,
    EntitlementRow,
    LoginRow,
    PriceRow,
    RuleSetting,
    Subscription,
    TokenChangeRow,
)
from subscriptions.moments import moment as moment_of
from subscriptions.selectors.amounts import money
from subscriptions.selectors.masking import masked

ROWS_PER_PAGE = 100
FIGURES = ("Price",)
NO_DATA, OFF = "not checked: no data", "not checked: switched off"

Show = Callable[[Any, bool], str]


@dataclass(frozen=True)
class Shown:
    """The rows of one kind of file: their table, their columns, and what can be looked for."""

    model: Any
    columns: tuple[tuple[str, Show], ...]
    found_by: tuple[str, ...]


def _token(row: Any, seen: bool) -> str:
    return masked(row.token, seen=seen) or "–"


def _text(name: str) -> Show:
    return lambda row, _: getattr(row, name) or "–"


def _moment(name: str) -> Show:
    return lambda row, _: moment(moment_of(getattr(row, name)))


SHOWN: Mapping[str, Shown] = {
    DataKind.USERS: Shown(LoginRow, (("App login", _token),), ("token",)),
    DataKind.ENTITLEMENTS: Shown(
        EntitlementRow,
        (
            ("App login", _token), ("Subscription", _text("original_id")), ("Product", _text("product_id")),
            ("Since", _moment("from_ms")), ("Until", _moment("until_ms")),
        ),
        ("token", "original_id", "product_id"),
    ),
    DataKind.PRICES: Shown(
        PriceRow,
        (
            ("Product", _text("product_id")), ("Storefront", lambda row, _: row.storefront or "every one"),
            ("Price", lambda row, _: format_amount(money(row.price), row.currency)), ("Currency", _text("currency")),
            ("From", lambda row, _: day(row.valid_from)), ("Until", lambda row, _: day(row.valid_until)),
        ),
        ("product_id", "storefront", "currency"),
    ),
    DataKind.TOKEN_CHANGES: Shown(
        TokenChangeRow,
        (("Subscription", _text("original_id")), ("Token that was set", _token), ("Set", _moment("changed_ms"))),
        ("token", "original_id"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class RowsPage:
    """Some rows of a file with the lines that they stand in; beside each text whether it is a figure.

    `further` is the line to go on after.
    """

    columns: list[tuple[str, bool]]
    rows: list[tuple[int, list[tuple[str, bool]]]]
    further: int | None


def rows_of(upload: DataUpload, *, after: int = 0, term: str = "", seen: bool) -> RowsPage:
    """At most 100 rows after a line. `term` is a whole token (only where the reader may see tokens) or an ID."""
    shown = SHOWN[upload.kind]
    # A range of numbers, in which they stand anyway.
    first, end = (upload.pk << 32) + after, (upload.pk + 1) << 32
    rows = shown.model.objects.filter(pk__gt=first, pk__lt=end).order_by("pk")
    if term:
        rows = rows.filter(_wanted(shown, term, seen))
    found = list(rows[: ROWS_PER_PAGE + 1])
    page = found[:ROWS_PER_PAGE]
    return RowsPage(
        [(title, title in FIGURES) for title, _ in shown.columns],
        [(row.line, [(show(row, seen), title in FIGURES) for title, show in shown.columns]) for row in page],
        page[-1].line if len(found) > len(page) else None,
    )


def _wanted(shown: Shown, term: str, seen: bool) -> Q:
    wanted = Q(pk=None)
    for name in shown.found_by:
        if name != "token":
            wanted |= Q(**{name: term})
        elif seen:
            wanted |= Q(token=term.lower())
    return wanted


def rules_of(kind: str) -> list[Rule]:
    """The rules that read this kind of own data."""
    return [rule for rule in all_rules().values() if kind in rule.own_data]


def current_uploads() -> set[int]:
    """The numbers of the uploads that count for an app now. Three statements."""
    return {pk for chosen in _chosen().values() for pk in chosen.values()}


def checked(settings: Iterable[RuleSetting]) -> dict[str, str]:
    """By rule what it is checked against: own data with its day, `not checked: no data`, or switched off.

    Five statements, whatever the number of rules.
    """
    chosen = _chosen()
    uploads = DataUpload.objects.in_bulk({pk for kinds in chosen.values() for pk in kinds.values()})
    apps = App.objects.in_bulk(chosen)
    known = {app: {kind: uploads[pk] for kind, pk in kinds.items()} for app, kinds in chosen.items()}
    rules, delivered = all_rules(), set(Series.objects.filter(side=Side.API).values_list("kind", flat=True).distinct())
    return {
        each.code: _unread(rules[each.code], each, delivered) or _state(rules[each.code], each, known, apps)
        for each in settings
        if each.code in rules
    }


def _unread(rule: Rule, setting: RuleSetting, delivered: set[str]) -> str:
    """That none of Apple's reports is here that the rule reads; empty where one is, or where it reads none."""
    if not setting.enabled or not rule.reports or delivered & set(rule.reports):
        return ""
    return f"{NO_DATA} ({listed([str(Kind(kind).label) for kind in rule.reports])})"


def _chosen() -> dict[int, dict[str, int]]:
    """Kind to upload of each app with subscriptions; where no app has any, of each app that there is."""
    real = App.objects.filter(account__provisional=False, provisional=False, merged_into=None)
    told = set(Subscription.objects.filter(environment="production").values_list("app_id", flat=True).distinct())
    every = set(real.values_list("pk", flat=True))
    chosen: dict[int, dict[str, int]] = {app: {} for app in (every & told or every)}
    for app, _, kind, upload, _ in fetch(uploaded()):
        if app in chosen:
            chosen[app][kind] = upload
    return chosen


def _state(
    rule: Rule, setting: RuleSetting, known: Mapping[int, Mapping[str, DataUpload]], apps: Mapping[int, App]
) -> str:
    if not setting.enabled:
        return OFF
    told = [_by_kind(DataKind(kind), kind in rule.needs, known, apps) for kind in rule.own_data]
    return "; ".join(told) or "yes"


def _by_kind(
    kind: DataKind, needed: bool, known: Mapping[int, Mapping[str, DataUpload]], apps: Mapping[int, App]
) -> str:
    places: dict[DataUpload, list[App]] = defaultdict(list)
    missing: list[App] = []
    for app, uploads in known.items():
        (places[uploads[kind]] if kind in uploads else missing).append(apps[app])
    told = [f"by {upload.file_name} of {upload.taken_at:%Y-%m-%d}{_of(who, places)}" for upload, who in places.items()]
    if missing or not told:
        where = f" for {listed(sorted(map(str, missing)))}" if told else ""
        told.append(f"{NO_DATA} ({kind.label}){where}" if needed else f"{kind.label}: no data{where}")
    return f"{'' if needed else 'yes; '}{'; '.join(told)}"


def _of(apps: list[App], places: Mapping[Any, Any]) -> str:
    return f" for {listed(sorted(map(str, apps)))}" if len(places) > 1 else ""


def accounts_for_upload() -> Any:
    """Accounts that own data can be of."""
    return Account.objects.filter(provisional=False).order_by("name")


def apps_for_upload() -> Any:
    return App.objects.filter(provisional=False, merged_into=None, account__provisional=False).order_by("name")
