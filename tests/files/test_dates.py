from __future__ import annotations

from datetime import date

import pytest

from reports.files.dates import DateForm, MixedDates, choose_date_form, date_damage, read_date


@pytest.mark.parametrize(
    ("samples", "form"),
    [
        (["08/31/2009"], DateForm.MDY_SLASH),
        (["4/7/25", "4/8/25"], DateForm.MDY_SLASH),
        (["04/07/2025", "31/07/2025"], DateForm.DMY_SLASH),
        (["2025-04-07"], DateForm.ISO),
        (["01.02.25", "no day"], DateForm.DMY_DOT),
        (["no day", ""], None),
    ],
)
def test_it_chooses_one_form_for_all_days_of_a_file(samples: list[str], form: DateForm | None) -> None:
    assert choose_date_form(samples) is form


@pytest.mark.parametrize("samples", [["12/31/2025", "31/12/2025"], ["2025-04-07", "4/7/25"], ["1.2.25", "4/7/25"]])
def test_it_refuses_days_in_different_forms(samples: list[str]) -> None:
    with pytest.raises(MixedDates, match="different forms"):
        choose_date_form(samples)


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("08/09/2014", DateForm.MDY_SLASH, date(2014, 8, 9)),
        ("08/09/2014", DateForm.DMY_SLASH, date(2014, 9, 8)),
        ("4/7/25", DateForm.MDY_SLASH, date(2025, 4, 7)),
        ("01.02.25", DateForm.DMY_DOT, date(2025, 2, 1)),
        (" 2025-02-01 ", DateForm.ISO, date(2025, 2, 1)),
        ("02/30/2025", DateForm.MDY_SLASH, None),
        ("2025-02-01", DateForm.MDY_SLASH, None),
        ("１/2/2025", DateForm.MDY_SLASH, None),
        ("1/2/025", DateForm.MDY_SLASH, None),
        ("0000-01-01", DateForm.ISO, None),
        ("", DateForm.ISO, None),
    ],
)
def test_it_reads_days_only_in_the_files_form(text: str, form: DateForm, day: date | None) -> None:
    assert read_date(text, form) == day


def test_it_recognises_a_day_that_a_spreadsheet_turned_into_a_number() -> None:
    assert "serial number" in (date_damage("45000") or "")
    assert date_damage("20250101") is None
