"""What the tables hold, apart from the numbers that the database gave: references are followed to what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db.models import AutoField, Field, ForeignKey, Model

from ascrecon.jobs.models import Job
from reports.models import Run, RunLine
from reports.models.figures import FigureOf
from reports.models.rows import LINE_BITS, FileRow

OURS = ("reports", "subscriptions")

Content = dict[str, Counter[tuple[tuple[str, str], ...]]]


def content(ignored: Iterable[str] = ()) -> Content:
    """Every table of the product by name, its rows as a multiset. `ignored` are columns such as "Finding.last_seen".

    Runs are a log of attempts: of these the newest that was finished is compared, with its lines.
    """
    return _Reader(frozenset(ignored)).read()


class _Reader:
    def __init__(self, ignored: frozenset[str]) -> None:
        self.ignored = ignored
        self.label = cache(self._label)
        self.rows = cache(self._rows)

    def read(self) -> Content:
        models = (model for label in OURS for model in apps.get_app_config(label).get_models())
        found = {model.__name__: Counter(self._told(model)) for model in models if not model._meta.proxy}
        found["Job"] = Counter(
            (("kind", job.kind), ("subject", job.subject), ("unique", job.unique_key), ("state", job.state))
            for job in Job.objects.all()
        )
        return found

    def _told(self, model: type[Model]) -> Iterator[tuple[tuple[str, str], ...]]:
        newest = Run.objects.filter(state=Run.State.DONE).order_by("-pk").values_list("pk", flat=True).first()
        for key, row in self.rows(model).items():
            if (model is Run and key != newest) or (model is RunLine and row["run_id"] != newest):
                continue
            yield self._meaning(model, row)

    def _rows(self, model: type[Model]) -> dict[Any, dict[str, Any]]:
        columns = [field.attname for field in model._meta.concrete_fields]
        return {row["pk"]: row for row in model._default_manager.values(*columns, "pk")}

    def _meaning(self, model: type[Model], row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        kept = (f for f in model._meta.concrete_fields if f"{model.__name__}.{f.attname}" not in self.ignored)
        return tuple((f.attname, self._text(model, f, row[f.attname])) for f in kept if not _is_given(model, f))

    def _text(self, model: type[Model], field: Field[Any, Any], value: Any) -> str:
        if issubclass(model, FileRow) and field.primary_key:
            from reports.models import Delivery  # noqa: PLC0415

            return f"{self.label(Delivery, value >> LINE_BITS)} line {value & ((1 << LINE_BITS) - 1)}"
        target = field.related_model if isinstance(field, ForeignKey) else None
        if value is None or target is None or target._meta.app_label not in OURS:  # type: ignore[union-attr]
            return str(value)
        return self.label(target, value)

    def _label(self, model: type[Model], key: Any) -> str:
        row = self.rows(model).get(key)
        text = repr(self._meaning(model, row)) if row else f"no {model.__name__}"
        return sha256(text.encode()).hexdigest()[:16]


def _is_given(model: type[Model], field: Field[Any, Any]) -> bool:
    """Whether the database chose the number. Figures are numbered in whatever order they come from their statement."""
    return isinstance(field, AutoField) or (issubclass(model, FigureOf) and field.name == "n")


def difference(expected: Content, seen: Content) -> list[str]:
    """What is missing and what is too much, a line per table; empty where both say the same."""
    return [
        f"{table}: lost {_shown(rows - seen[table])}, too much {_shown(seen[table] - rows)}"
        for table, rows in expected.items()
        if rows != seen[table]
    ]


def _shown(rows: Counter[tuple[tuple[str, str], ...]]) -> str:
    return f"{rows.total()} rows {[dict(row) for row in list(rows)[:2]]}" if rows else "nothing"
