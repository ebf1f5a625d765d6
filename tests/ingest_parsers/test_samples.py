"""Apple's own files, where they are at hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.ingest_parsers.given import ingested


def test_it_reads_a_detail_file_of_2025(samples: Path, tmp_path: Path) -> None:
    path = samples / "finance_detail" / "finance_detail_z1_2026-02.tsv"
    tally = ingested(tmp_path, path.read_bytes()).tally

    assert (tally.rows_accepted, tally.rows_rejected) == (76, 0)
    assert (tally.refund_rows, tally.partial_refund_rows) == (5, 2)
    assert {currency: str(amount) for currency, amount in tally.sums.items()} == {
        "AUD": "50.98",
        "BRL": "14.78",
        "CAD": "8.48",
        "CHF": "15.73",
        "CNY": "2664.06",
    }
    assert (tally.start_day, tally.end_day) == (date(2025, 11, 2), date(2025, 11, 29))


def test_it_reads_a_daily_sales_file_of_2020(samples: Path, tmp_path: Path) -> None:
    tally = ingested(tmp_path, (samples / "sales" / "appstore-sdk-go_sales.tsv").read_bytes()).tally

    assert tally.rows_accepted == 46
    assert tally.units == 716
    assert {currency: str(amount) for currency, amount in tally.sums.items()} == {
        "KZT": "6118.00",
        "MXN": "71.81",
        "RUB": "44218.30",
        "SAR": "13.99",
        "USD": "3.15",
    }


def test_it_reads_a_sales_file_of_2009(samples: Path, tmp_path: Path) -> None:
    found = ingested(tmp_path, (samples / "sales" / "alexvollmer_report_2009-08.txt").read_bytes())

    assert (found.layout.header.generation, found.tally.rows_accepted, found.tally.warnings) == ("2009", 4, [])


def test_it_names_the_reading_of_total_units_in_a_file_with_a_return(samples: Path, tmp_path: Path) -> None:
    tally = ingested(tmp_path, (samples / "finance_report" / "45545510_0914_EU.txt").read_bytes()).tally

    rows, amount, units = tally.totals
    assert (rows.ties, rows.found) == (True, Decimal(6))
    assert (amount.ties, amount.found) == (True, Decimal("206.89"))
    assert (units.ties, units.stated, units.reading) == (True, Decimal(20), "sales rows only")
    assert tally.units == 19


@pytest.mark.parametrize("vendor", ["80134819", "45545510"])
def test_it_ties_every_region_file(samples: Path, tmp_path: Path, vendor: str) -> None:
    paths = sorted((samples / "finance_report").glob(f"{vendor}_*.txt"))

    assert paths
    for path in paths:
        tally = ingested(tmp_path, path.read_bytes()).tally
        assert (tally.totals_tie, tally.rows_rejected, tally.warnings) == (True, 0, [])
