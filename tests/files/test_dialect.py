from __future__ import annotations

import pytest

from reports.files.dialect import choose_dialect, has_open_quote, quote_stays_open, split


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["SKU\tTitle\tUnits", "a\tNotes, the best; really\t5"], "tab"),
        (["SKU,Title,Units", 'a,"Notes; pro\tmax",5'], "comma"),
        (["SKU;Title;Price", "a;Notes;1,50"], "semicolon"),
        (['"Payments\t(September, 2014)",,,', "Region (Currency),Units,Earned,"], "comma"),
        (["no table at all"], "tab"),
        ([], "tab"),
    ],
)
def test_it_chooses_the_delimiter_that_cuts_most_lines_alike(lines: list[str], name: str) -> None:
    assert choose_dialect(lines).name == name


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;"])
def test_it_obeys_the_line_that_excel_writes(first: str) -> None:
    dialect = choose_dialect([first, "a;b,c,d,e"])

    assert (dialect.delimiter, dialect.sep_line) == (";", True)


def test_it_reads_tab_files_without_quoting_and_others_with() -> None:
    tab, comma = choose_dialect(["a\tb"]), choose_dialect(["a,b"])

    assert split('5" phone\t"x', tab) == ['5" phone', '"x']
    assert split('"a, ""b""",c', comma) == ['a, "b"', "c"]


def test_it_keeps_text_after_a_closing_quote() -> None:
    assert split(',"234.58" EUR,', choose_dialect([",,"])) == ["", "234.58 EUR", ""]


def test_it_sees_a_cell_that_goes_on_in_the_next_line() -> None:
    assert has_open_quote('a,"b')
    assert not has_open_quote('a,"b ""c"""')


@pytest.mark.parametrize(
    ("line", "open_at_the_end"),
    [
        ('a,"b', True),
        ('a,"b ""c""', True),
        ('a,b,"', True),
        ('a,"b ""c"""', False),
        (',"234.58" EUR,', False),
        ('5" phone,b', False),
        ("a,b", False),
    ],
)
def test_it_tells_a_quote_that_stays_open_from_one_inside_a_cell(line: str, open_at_the_end: bool) -> None:
    assert quote_stays_open(line, choose_dialect([",,"])) is open_at_the_end


def test_a_quote_opens_nothing_in_a_tab_file() -> None:
    assert not quote_stays_open('"a\tb', choose_dialect(["\t"]))
