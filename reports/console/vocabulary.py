"""Words of the console's files: metric labels, region labels, column headings. All of them are data files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

Unit = Literal["count", "money", "percent"]
KeyRole = Literal["app", "start", "end", "day"]
KEY_ROLES: tuple[KeyRole, ...] = ("app", "start", "end", "day")


@dataclass(frozen=True)
class Metric:
    """A metric of the Analytics pages. ``additive`` None: not confirmed that days add up to a month."""

    metric: str
    unit: Unit
    additive: bool | None
    subscriptions: bool
    confirmed: bool
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """A region of the finance reports, with the pieces that its label has in other languages."""

    code: str
    currency: str
    labels: frozenset[str]
    label_parts: tuple[str, ...]


@dataclass(frozen=True)
class PaymentsLayout:
    name: str
    columns: tuple[str, ...]
    confirmed: bool


def fold(text: str) -> str:
    """Text as it is compared: lower case, runs of blanks (also no-break ones) as one."""
    return " ".join(text.casefold().split())


def metric_by_label(label: str) -> Metric | None:
    return _metrics_by_label().get(fold(label))


def metric_by_name(name: str) -> Metric | None:
    return next((metric for metric in metrics() if metric.metric == name), None)


def metric_in_heading(heading: str) -> tuple[str, Metric, str] | None:
    """(dimension value, metric, label) of a heading such as ``App Store Search Total Downloads``.

    The longest label wins: "Impressions (Unique Devices)" before "Impressions". Source: two programs that
    read real breakdown exports.
    """
    words = heading.split()
    for start in range(len(words)):
        label = " ".join(words[start:])
        metric = metric_by_label(label)
        if metric is not None:
            return " ".join(words[:start]), metric, label
    return None


def region_code(label: str, currency: str) -> str | None:
    """Apple's region code of a payments row, or None when label and currency do not decide it.

    Source: Apple's list of financial report regions and currencies. A region alone with its currency needs
    no label, so every language works; EUR and USD rows (several regions, own rates) are told apart by label.
    """
    candidates = [region for region in regions() if region.currency == currency]
    if len(candidates) == 1:
        return candidates[0].code
    folded = fold(label)
    exact = [region.code for region in candidates if folded in region.labels]
    similar = [region.code for region in candidates if any(part in folded for part in region.label_parts)]
    found = exact or similar
    return found[0] if len(found) == 1 else None


def payments_column(heading: str) -> tuple[str, str] | None:
    """(column, language) of a payments heading, None for a word not seen so far."""
    return _payments_headings().get(fold(heading))


def analytics_key(word: str) -> tuple[KeyRole, frozenset[str]] | None:
    """(role, languages) of a key line's first cell, None for a filter or a language not seen so far."""
    return _analytics_keys().get(fold(word))


def is_estimate_label(label: str) -> bool:
    return fold(label) in {fold(row["label"]) for row in words()["payments_estimate_rows"]}


@lru_cache(maxsize=1)
def metrics() -> tuple[Metric, ...]:
    return tuple(
        Metric(
            metric=row["metric"],
            unit=row["unit"],
            additive=row["additive"] if isinstance(row["additive"], bool) else None,
            subscriptions=row["kind"] == "U",
            confirmed=row["confirmed"],
            labels=tuple(_all_labels(row["labels"].values())),
        )
        for row in load_data("metrics.json")["metrics"]
    )


@lru_cache(maxsize=1)
def regions() -> tuple[Region, ...]:
    return tuple(
        Region(
            code=row["code"],
            currency=row["currency"],
            labels=frozenset(map(fold, row["labels"])),
            label_parts=tuple(row.get("label_parts", ())),
        )
        for row in load_data("regions.json")["regions"]
    )


@lru_cache(maxsize=1)
def payments_layouts() -> tuple[PaymentsLayout, ...]:
    return tuple(map(_layout, words()["payments_layouts"]))


@lru_cache(maxsize=1)
def pasted_layout() -> PaymentsLayout:
    return _layout(words()["pasted_table"])


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    return load_data("words.json")


@lru_cache(maxsize=1)
def _metrics_by_label() -> dict[str, Metric]:
    return {fold(label): metric for metric in metrics() for label in metric.labels}


@lru_cache(maxsize=1)
def _payments_headings() -> dict[str, tuple[str, str]]:
    return {
        fold(label): (row["column"], language)
        for row in words()["payments_columns"]
        for language, labels in row["labels"].items()
        for label in labels
    }


@lru_cache(maxsize=1)
def _analytics_keys() -> dict[str, tuple[KeyRole, frozenset[str]]]:
    keys: dict[str, tuple[KeyRole, frozenset[str]]] = {}
    for row in words()["analytics_keys"]:
        for role in KEY_ROLES:
            _, languages = keys.get(fold(row[role]), (role, frozenset()))
            keys[fold(row[role])] = (role, languages | {row["language"]})
    return keys


def _layout(row: dict[str, Any]) -> PaymentsLayout:
    return PaymentsLayout(name=row["name"], columns=tuple(row["columns"]), confirmed=row["confirmed"])


def _all_labels(by_language: Iterable[list[str]]) -> Iterable[str]:
    return (label for labels in by_language for label in labels)


def load_data(name: str) -> dict[str, Any]:
    """One of the data files beside this module."""
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
