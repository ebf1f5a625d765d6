from __future__ import annotations

from datetime import date

import pytest

from reports.ingest.recognise import NameFacts, facts_from_name


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("S_D_80000001_20261012.txt.gz", NameFacts("80000001", "day", date(2026, 10, 12))),
        ("folder/S_W_80000001_20261011.txt", NameFacts("80000001", "week", date(2026, 10, 11))),
        ("S_M_80000001_202609.txt", NameFacts("80000001", "month", date(2026, 9, 1))),
        ("S_Y_80000001_2025.txt", NameFacts("80000001", "year", date(2025, 1, 1))),
        # December is the third month of Apple's year, which begins in October.
        ("80000001_1212_AU.txt", NameFacts("80000001", "fiscal_month", None, "2013-03", "AU")),
        ("80000001_0914_EU.txt", NameFacts("80000001", "fiscal_month", None, "2014-12", "EU")),
        ("80000001_1024_zz (2).txt.gz", NameFacts("80000001", "fiscal_month", None, "2025-01", "ZZ")),
        ("FD_80000001_0726.txt", NameFacts("80000001", "fiscal_month", None, "2026-10", "Z1")),
        ("S_D_80000001_20261399.txt", NameFacts("80000001", "day", None)),
        ("80000001_1326_AU.txt", NameFacts("80000001")),
        ("financial_report (3).csv", NameFacts()),
    ],
)
def test_it_reads_apples_file_names(name: str, facts: NameFacts) -> None:
    assert facts_from_name(name) == facts
