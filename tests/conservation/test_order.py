"""What the product knows depends on the set of deliveries, each with the moment it was received, not on their order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ascrecon import clock
from reports.models import Figure
from tests.doors import told
from tests.factories import VendorFactory
from tests.make_files import (
    DAY,
    days_from,
    detail_report,
    download,
    earning,
    metric_export,
    payments_export,
    region_report,
    sale,
    sales_report,
)

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 11, 20, 9, tzinfo=UTC)
LATER = DAY + timedelta(days=1)
# No shrinking: a permutation that fails says enough, and each try hands in twelve files.
some = settings(
    max_examples=7,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Handed:
    """A file, the command it goes to, and the moment it was received."""

    command: str
    make: Callable[[Path], Path]
    minute: int
    options: tuple[str, ...] = ()

    def hand_in(self, folder: Path) -> None:
        with clock.standing_at(FIRST + timedelta(minutes=self.minute)):
            told(self.command, self.make(folder / str(self.minute)), *self.options)


def api(make: Callable[[Path], Path], minute: int) -> Handed:
    return Handed("load_report", make, minute)


def console(make: Callable[[Path], Path], minute: int) -> Handed:
    return Handed("import_export", make, minute, ("--account", "Acme"))


NOTES, PUZZLE = download(5), download(2, app=1500000002, sku="PUZZLE", title="Acme Puzzle")
#: Days issued again with other values, and a corrected download of one of them.
REISSUED = [
    api(lambda f: sales_report(f, NOTES, sale(3), sale(-1)), 1),
    api(lambda f: sales_report(f, NOTES, sale(7), PUZZLE), 2),
    api(lambda f: sales_report(f, sale(2), sale(4, parent="PUZZLE"), day=LATER), 3),
    console(lambda f: sales_report(f, NOTES, sale(8), PUZZLE), 4),
    console(lambda f: sales_report(f, NOTES, sale(7), PUZZLE, sale(1, "490", "JPY", "JP")), 5),
    console(lambda f: sales_report(f, sale(2), sale(4, parent="PUZZLE"), day=LATER), 6),
]
#: Exports that overlap, taken on different days, of an app that sales reports name too.
OVERLAPPING = [
    api(lambda f: sales_report(f, download(5)), 1),
    api(lambda f: sales_report(f, sale(3)), 2),
    api(lambda f: sales_report(f, sale(2), download(6), day=LATER), 3),
    console(lambda f: metric_export(f, dict.fromkeys(days_from(DAY, 3), 5)), 4),
    console(lambda f: metric_export(f, dict.fromkeys(days_from(DAY, 5), 6)), 5),
    console(lambda f: metric_export(f, dict.fromkeys(days_from(LATER, 2), 9)), 6),
]
#: A fiscal month in region files, one of them corrected, the detailed report and two payments exports.
FISCAL = [
    api(lambda f: region_report(f, "CH", earning(2), earning(-1)), 1),
    api(lambda f: region_report(f, "CH", earning(3)), 2),
    api(lambda f: region_report(f, "JP", earning(2, "490", "JPY", "JP"), stated="979"), 3),
    api(lambda f: detail_report(f, earning(3), earning(2, "490", "JPY", "JP")), 4),
    console(lambda f: payments_export(f, {"Switzerland (CHF)": "10.50", "Japan (JPY)": "980"}), 5),
    console(lambda f: payments_export(f, {"Switzerland (CHF)": "11.50"}, units={"Switzerland (CHF)": 3}), 6),
]


def known_after(handed: Sequence[Handed]) -> tuple[list[tuple[object, ...]], list[dict[str, Any]]]:
    """Current figures and the findings once all files are handed in, in this order; nothing of it stays."""
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        for one in handed:
            one.hand_in(Path(folder))
        with clock.standing_at(FIRST + timedelta(days=1)):
            findings = told("reconcile")["findings"]
        known = figures(), sorted((comparable(finding) for finding in findings), key=lambda f: str(f["id"]))
        transaction.set_rollback(True)
    return known


def figures() -> list[tuple[object, ...]]:
    fields = (
        "vintage__series__side",
        "vintage__period_start",
        "metric",
        "app__name",
        "app__sku",
        "member__dims",
        "currency",
    )
    current = Figure.objects.filter(vintage__current=True).order_by(*fields, "value")
    return list(current.values_list(*fields, "value"))


def comparable(finding: dict[str, Any]) -> dict[str, Any]:
    """All but the moments at which it was seen."""
    return {name: value for name, value in finding.items() if name not in ("first_seen", "last_seen", "state")}


@pytest.mark.parametrize("handed", [REISSUED, OVERLAPPING, FISCAL], ids=["reissued", "overlapping", "fiscal"])
@some
@given(data=st.data())
def test_any_order_of_deliveries_gives_the_same_figures_and_findings(handed: list[Handed], data: st.DataObject) -> None:
    VendorFactory.make()
    figures_then, findings_then = known_after(handed)
    figures_now, findings_now = known_after(data.draw(st.permutations(handed)))

    assert figures_now == figures_then
    assert findings_now == findings_then
    assert findings_then
