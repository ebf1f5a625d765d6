"""A day more: what a run over it alone leaves behind is what a run over all days would."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ascrecon import clock
from reports.models import FindingEvent, Rule, Run, RunLine
from tests.doors import findings_of, told
from tests.factories import VendorFactory
from tests.make_files import DAY, days_from, sale, sales_report

pytestmark = pytest.mark.django_db
LONG_AFTER = datetime(2026, 11, 20, 9, tzinfo=UTC)
some = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def long_after(clock: Callable[[datetime], None]) -> None:
    clock(LONG_AFTER)


def deliver(folder: Path, day: date, api: int, console: int, yen: tuple[int, int] = (1, 1)) -> None:
    """A day on which the two sides tell `api` and `console` sales of 3.49 USD, and `yen` sales of 490 JPY."""
    for side, units, in_japan in (("api", api, yen[0]), ("console", console, yen[1])):
        file = sales_report(folder / side, sale(units), sale(in_japan, "490", "JPY", "JP"), day=day)
        told("load_report" if side == "api" else "import_export", file)


def run_over(day: date) -> list[dict[str, Any]]:
    return findings_of("--from", day.isoformat(), "--to", day.isoformat())


def stable(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All but the moment at which they were seen last."""
    return sorted(({k: v for k, v in f.items() if k != "last_seen"} for f in findings), key=lambda f: str(f["id"]))


def compared_by_the_last_run() -> int:
    """How many lines of the rule for proceeds it looked at."""
    run = Run.objects.latest("pk")
    return sum(int(entry["compared"]) for entry in run.by_rule if entry["rule"] == "sales_proceeds")


def assert_a_full_run_changes_nothing(now: list[dict[str, Any]]) -> None:
    events = FindingEvent.objects.count()
    assert stable(findings_of()) == stable(now)
    assert FindingEvent.objects.count() == events


def test_a_finding_that_goes_on_grows_by_the_new_day_and_the_older_days_are_not_compared_again(tmp_path: Path) -> None:
    *before, new = days_from(DAY, 6)
    for day in before:
        deliver(tmp_path, day, api=3, console=5)
    findings_of()
    deliver(tmp_path, new, api=3, console=6)

    (found,) = run_over(new)

    # 5 x 2 x 3.49 and 3 x 3.49
    assert (found["from"], found["to"], found["difference"]) == ("2026-10-12", "2026-10-17", "45.37")
    assert len(found["evidence"]) == 12
    assert compared_by_the_last_run() == 2  # USD and JPY of the new day
    assert RunLine.objects.filter(run=Run.objects.latest("pk")).count() == 1
    assert_a_full_run_changes_nothing([found])


def test_a_new_day_without_a_difference_leaves_the_finding_beside_it_alone(tmp_path: Path) -> None:
    first, new = days_from(DAY, 2)
    deliver(tmp_path, first, api=3, console=5)
    findings_of()
    deliver(tmp_path, new, api=3, console=3)

    (found,) = run_over(new)

    assert (found["from"], found["to"], found["state"]) == ("2026-10-12", "2026-10-12", "open")
    assert_a_full_run_changes_nothing([found])
    assert list(FindingEvent.objects.values_list("action", flat=True)) == ["opened"]


def test_an_older_day_that_was_delivered_anew_is_compared_again_with_the_new_one(tmp_path: Path) -> None:
    first, second, new = days_from(DAY, 3)
    for day in (first, second):
        deliver(tmp_path, day, api=3, console=5)
    findings_of()
    with clock.standing_at(LONG_AFTER + timedelta(minutes=1)):
        told("import_export", sales_report(tmp_path / "anew", sale(7), sale(1, "490", "JPY", "JP"), day=first))
        deliver(tmp_path, new, api=3, console=5)

        found = next(f for f in run_over(new) if f["kind"] == "value_mismatch")

        # (4 + 2 + 2) x 3.49
        assert (found["from"], found["difference"]) == ("2026-10-12", "27.92")
        assert compared_by_the_last_run() == 6


def test_older_days_that_were_not_final_are_compared_again(tmp_path: Path) -> None:
    """Apple is said to complete a day for three days: what was put down to that is a difference of its own later."""
    Rule.objects.filter(key="sales_proceeds").update(completeness_days=3)
    first, second, third = days_from(DAY, 3)
    with clock.standing_at(datetime(2026, 10, 14, 20, tzinfo=UTC)):
        deliver(tmp_path, first, api=3, console=9)
        deliver(tmp_path, second, api=3, console=5)
        (young,) = findings_of()
        assert young["cause"] == "not_final"
    deliver(tmp_path, third, api=3, console=5)

    (found,) = run_over(third)

    assert (found["cause"], found["from"], found["to"]) == ("unexplained", "2026-10-12", "2026-10-14")
    assert_a_full_run_changes_nothing([found])


def test_a_day_before_a_finding_begins_it_earlier(tmp_path: Path) -> None:
    new, *after = days_from(DAY, 4)
    for day in after:
        deliver(tmp_path, day, api=3, console=5)
    findings_of()
    deliver(tmp_path, new, api=3, console=5)

    found = run_over(new)

    assert [(f["from"], f["to"], f["difference"]) for f in found] == [("2026-10-12", "2026-10-15", "27.92")]
    assert_a_full_run_changes_nothing(found)


units = st.integers(2, 4)
days = st.lists(st.tuples(units, units, units, units), min_size=2, max_size=6)


@some
@given(values=days, order=st.randoms(use_true_random=False))
@example(values=[(2, 3, 2, 2), (2, 2, 2, 3), (2, 4, 2, 3), (3, 2, 3, 2)], order=None)
def test_days_that_come_one_by_one_in_any_order_give_what_a_run_over_all_gives(values: list[Any], order: Any) -> None:
    VendorFactory.make()
    delivered = list(zip(days_from(DAY, len(values)), values, strict=True))
    if order is not None:
        order.shuffle(delivered)
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        for day, (api, console, yen_api, yen_console) in delivered:
            deliver(Path(folder), day, api, console, (yen_api, yen_console))
            run_over(day)
        known = told("findings")["findings"]
        assert_open_ones_stay(known)
        transaction.set_rollback(True)


def assert_open_ones_stay(known: list[dict[str, Any]]) -> None:
    open_ones = [finding for finding in known if finding["state"] == "open"]
    assert_a_full_run_changes_nothing(open_ones)
