from __future__ import annotations

from typing import Any

import pytest

from ascrecon.demo.verdict import judge, table

PLANTED: dict[str, Any] = {
    "fault": "header_only",
    "kind": "missing_sales_values",
    "cause": "positive_rows_missing",
    "apple_id": 1500000001,
    "report": "SALES/SUMMARY/DAILY",
    "metric": "proceeds",
    "cut": "",
    "member": "",
    "currency": "USD",
    "from": "2026-10-12",
    "to": "2026-10-14",
    "amounts": {"USD": "12.40"},
}
FOUND: dict[str, Any] = {
    **{name: value for name, value in PLANTED.items() if name not in ("fault", "amounts")},
    "difference": "12.40",
}
NAMES = {1500000001: "Acme Notes"}


def test_it_takes_a_finding_that_agrees_in_everything_for_what_was_planted() -> None:
    verdict = judge([PLANTED], [FOUND])

    assert (verdict.good, verdict.summary) == (True, "planted 1, found 1, unexpected 0")


def test_it_reads_the_same_amount_written_otherwise_as_equal() -> None:
    assert judge([PLANTED], [{**FOUND, "difference": "12.4000"}]).good


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "value_mismatch"),
        ("cause", "unexplained"),
        ("apple_id", 1500000002),
        ("from", "2026-10-11"),
        ("to", "2026-10-15"),
        ("report", "FINANCE/FINANCIAL"),
        ("metric", "units"),
        ("currency", "EUR"),
        ("difference", "12.41"),
        ("difference", "-12.40"),
        ("difference", None),
    ],
)
def test_it_counts_a_finding_that_is_wrong_in_one_thing_as_missed_and_unexpected(name: str, value: object) -> None:
    verdict = judge([PLANTED], [{**FOUND, name: value}])

    assert (verdict.good, verdict.summary) == (False, "planted 1, found 0, unexpected 1")


def test_it_gives_one_finding_to_one_planted_fault_only() -> None:
    assert judge([PLANTED, PLANTED], [FOUND]).summary == "planted 2, found 1, unexpected 0"
    assert judge([PLANTED], [FOUND, FOUND]).summary == "planted 1, found 1, unexpected 1"


def test_it_shows_under_each_fault_what_was_found_in_120_columns() -> None:
    long = {**PLANTED, "fault": "day_late", "member": "a.product.with.a.name.that.is.long.beyond.all.measure"}
    lines = table(judge([PLANTED, long], [FOUND, {**FOUND, "kind": "restated"}]), NAMES)

    assert max(map(len, lines)) <= 120
    assert [line.split()[0] for line in lines[2:]] == ["header_only", "ok", "day_late", "--", "not", "??"]
    assert lines[3].split() == [
        *("ok", "missing_sales_values", "positive_rows_missing", "2026-10-12", "to", "10-14"),
        *("Acme", "Notes,", "proceeds", "12.40", "USD"),
    ]
