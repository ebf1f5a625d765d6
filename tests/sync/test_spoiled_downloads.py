"""A pull whose files are spoiled on their way: nothing of them counts, a sentence says so, the next pull is whole."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascrecon.simulator.running import Simulator
from reports.models import (
    ApiProblem,
    CellState,
    CoverageCell,
    Delivery,
    Figure,
    RawFile,
    SalesFigures,
    SalesRow,
    StoredFigure,
)
from reports.services.accounts import NewAccount, add_account
from tests.appstore.spoiling import SPOILED, Spoiled, Spoiler, bare_server, two_members

from .doors import Said, door

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 20, 20, tzinfo=UTC)
DAYS = ("--from", "2026-11-10", "--to", "2026-11-11")
TABLES = (RawFile, Delivery, SalesRow, Figure)


@pytest.fixture
def spoiler(
    simulator: Callable[..., Simulator], clock: Callable[[datetime], None], request: pytest.FixtureRequest
) -> Iterator[Spoiler]:
    """An account whose way to Apple leads past somebody who spoils files."""
    clock(MORNING)
    apple = simulator()
    between = Spoiler(apple.url, f"{os.environ['ASCRECON_TEST_SEED']} {request.node.name}")
    with bare_server(between) as url:
        add_account(
            NewAccount(
                name="Acme",
                issuer_id=apple.issuer_id,
                key_id=apple.key_id,
                private_key=apple.private_key,
                vendor_numbers=[apple.vendor_number],
                base_url=url,
                pull_analytics=False,
            )
        )
        yield between


def pull() -> Said:
    return door("sync", "--now", *DAYS)


def of_the_days(**states: object) -> list[CoverageCell]:
    days = CoverageCell.objects.filter(report="SALES/SUMMARY/DAILY", date__in=("2026-11-10", "2026-11-11"))
    return list(days.filter(**states).order_by("date"))


@pytest.mark.parametrize("how", SPOILED)
def test_it_counts_nothing_of_a_spoiled_file_and_loads_the_whole_one_later(
    how: str, spoiler: Spoiler, clock: Callable[[datetime], None], data_dir: Path
) -> None:
    spoiler.how, sentence = SPOILED[how]
    said = pull()

    assert [model.objects.count() for model in TABLES] == [0, 0, 0, 0]
    assert not of_the_days(state=CellState.FINAL)
    assert all(cell.delivery_id is None for cell in of_the_days())
    assert [path for path in data_dir.rglob("*") if path.is_file() and "download-" in path.name] == []
    problem = ApiProblem.objects.filter(succeeded=False).latest("pk")
    evidence = of_the_days()[-1].evidence
    assert re.search(sentence, problem.detail), problem.detail
    assert re.search(sentence, evidence), evidence
    assert "Traceback" not in said.out + said.err + problem.detail + evidence
    assert "\n" not in problem.detail

    spoiler.how = None
    clock(MORNING + timedelta(days=1))
    assert pull().code == 0
    assert [cell.date.day for cell in of_the_days(delivery__isnull=False)] == [10, 11]
    assert Delivery.objects.filter(report="SALES/SUMMARY/DAILY").count() == 2
    # As many lines as the simulator wrote, less the header.
    assert SalesRow.objects.count() == sum(Delivery.objects.values_list("rows_read", flat=True)) > 0


def test_it_loads_a_file_of_two_members_whole(spoiler: Spoiler) -> None:
    def in_two(packed: bytes, rng: random.Random) -> Spoiled:
        return Spoiled(b"".join(two_members(packed, rng)))

    assert pull().code == 0
    whole = sorted(SalesRow.objects.values_list("day", "sku", "units", "developer_proceeds"))
    for model in (CoverageCell, SalesFigures, StoredFigure, SalesRow):
        model.objects.all().delete()
    Delivery.objects.all().update(state="withdrawn")
    spoiler.how = in_two

    assert pull().code == 0
    assert sorted(SalesRow.objects.values_list("day", "sku", "units", "developer_proceeds")) == whole
