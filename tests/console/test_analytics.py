from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from reports.console.documents import with_app, with_currency, with_metric
from reports.files.errors import BadFile
from tests.console.given import read, recognise

DAILY = """Name,Paper Boats
Start Date,12/30/24
End Date,1/2/25

Date,Total Downloads
12/30/24,6.0
12/31/24,0.0
1/1/25,5255.0
1/2/25,2.0"""


def test_it_reads_one_metric_over_days() -> None:
    document = read(DAILY)

    assert (document.kind, document.language, document.app_name) == ("A1", "en", "Paper Boats")
    assert (document.metric, document.metric_label) == ("total_downloads", "Total Downloads")
    assert (document.period_start, document.period_end) == (date(2024, 12, 30), date(2025, 1, 2))
    assert (document.grain, document.timezone, document.currency) == ("day", "UTC", None)
    assert [line.values[0].value for line in document.lines] == [6, 0, 5255, 2]
    assert [line.line for line in document.lines] == [6, 7, 8, 9]
    assert document.lines[0].cells == {"Date": "12/30/24", "Total Downloads": "6.0"}
    assert (document.needs, document.warnings, document.rejects) == ((), (), ())


def test_it_keeps_every_physical_line_in_one_count() -> None:
    document = read(DAILY + "\n\nnot a day,3.0\n")

    # 3 keys + heading, the empty line and the one before the last row, 4 days, 1 refused row
    assert (document.heading_lines, document.blank_lines) == (4, 2)
    assert (document.rows_read, document.rows_accepted, document.rows_rejected) == (5, 4, 1)


@pytest.mark.parametrize("dash", ["", "-", "\u2013"])
def test_it_keeps_a_missing_value_unknown_and_never_zero(dash: str) -> None:
    document = read(DAILY.replace("6.0", dash, 1))

    assert document.lines[0].values[0].value is None
    assert document.rows_rejected == 0


def test_it_reads_german_keys_days_and_numbers_with_a_point() -> None:
    document = read(
        "Name,Papierboote\nStartdatum,01.02.25\nEnddatum,02.02.25\n\nDatum,Sessions\n01.02.25,3.0\n02.02.25,-\n"
    )

    assert (document.language, document.app_name) == ("de", "Papierboote")
    assert (document.period_start, document.period_end) == (date(2025, 2, 1), date(2025, 2, 2))
    assert [line.values[0].value for line in document.lines] == [3, None]


@pytest.mark.parametrize(("key", "day", "language"), [("Date", "2/1/25", "en"), ("Datum", "01.02.25", "de")])
def test_it_takes_a_day_line_above_the_empty_line_as_a_key(key: str, day: str, language: str) -> None:
    document = read(f"Name,Paper Boats\n{key},{day}\n\n{key},Sessions\n{day},5.0\n")

    assert (document.kind, document.language) == ("A1", language)
    assert (document.period_start, document.period_end, document.grain) == (
        date(2025, 2, 1),
        date(2025, 2, 1),
        "day",
    )


def test_it_reads_other_languages_by_position_and_asks_for_the_metric() -> None:
    document = read(
        "Nom,Bateaux\nDate de d\u00e9but,01.03.25\nDate de fin,02.03.25\n\nDate,Sessions actives\n"
        "01.03.25,5.0\n02.03.25,6.0\n"
    )

    assert (document.app_name, document.filters) == ("Bateaux", {})
    assert (document.metric, document.metric_label) == (None, "Sessions actives")
    assert document.needs == ("metric",)


def test_it_asks_for_the_app_where_no_line_names_it() -> None:
    document = read("Start Date,2/1/25\nEnd Date,2/2/25\n\nDate,Sessions\n2/1/25,5.0\n2/2/25,5.0\n")

    assert (document.app_name, document.needs) == (None, ("app",))


def test_it_decides_day_or_month_first_for_the_whole_file() -> None:
    # 13/02/25 has a first part above 12, so 01/02/25 is 1 February too
    document = read("Name,Boats\n\nDate,Sessions\n01/02/25,1.0\n13/02/25,2.0\n")

    assert document.period_start == date(2025, 2, 1)


def test_it_refuses_days_in_two_forms_with_the_line() -> None:
    with pytest.raises(BadFile) as refusal:
        read(DAILY.replace("1/2/25,2.0", "2025-01-02,2.0"))

    assert refusal.value.line == 9


def test_it_tells_months_from_days_by_the_step_and_does_not_hold_them_to_the_start_line() -> None:
    document = read(
        "Name,Boats\nStart Date,3/1/19\nEnd Date,4/1/19\n\nDate,Active Devices\n2/1/19,7.0\n3/1/19,18.0\n4/1/19,9.0"
    )

    assert document.grain == "month"
    assert (document.period_start, document.period_end) == (date(2019, 2, 1), date(2019, 4, 30))
    assert document.lines[0].values[0].period_end == date(2019, 2, 28)
    assert document.warnings == (
        "The month 2019-04 may be cut: a monthly file does not say up to which day it counts.",
    )


def test_it_tells_weeks_by_the_step() -> None:
    document = read(
        "Name,Boats\nStart Date,3/3/25\nEnd Date,3/30/25\n\nDate,Sessions\n3/3/25,1.0\n3/10/25,2.0\n3/24/25,2.0\n"
    )

    assert (document.grain, document.period_end) == ("week", date(2025, 3, 30))
    # the week of 17 March has no row
    assert document.warnings == ("No row for 2025-03-17 to 2025-03-23: these days stay unknown.",)


def test_it_sorts_days_that_stand_out_of_order() -> None:
    document = read("Name,Boats\n\nDate,Sessions\n3/4/25,4.0\n3/3/25,3.0\n")

    assert [line.line for line in document.lines] == [5, 4]
    assert [line.values[0].value for line in document.lines] == [3, 4]


def test_it_refuses_both_rows_of_a_day_that_stands_twice() -> None:
    document = read("Name,Boats\n\nDate,Sessions\n3/3/25,1.0\n3/4/25,2.0\n3/4/25,3.0\n")

    assert [(reject.line, reject.why) for reject in document.rejects] == [
        (5, "the same day stands on line 6 too"),
        (6, "the same day stands on line 5 too"),
    ]
    assert document.rows_accepted == 1


def test_it_names_missing_days_and_a_range_that_is_not_filled() -> None:
    document = read(
        "Name,Boats\nStart Date,3/1/25\nEnd Date,3/9/25\n\nDate,Sessions\n3/1/25,1.0\n3/2/25,1.0\n3/5/25,1.0\n"
    )

    assert document.warnings == (
        "No row for 2025-03-03 to 2025-03-04: these days stay unknown.",
        "The file states 2025-03-01 to 2025-03-09; its rows go from 2025-03-01 to 2025-03-05.",
    )


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("1.2K", "not a number with decimal point"),
        ("(37)", "not a number with decimal point"),
        ("1_000", "not a number with decimal point"),
        ("1E+03", "a spreadsheet's exponent instead of all digits: the file was re-saved from Excel"),
        ("NaN", "not a number with decimal point"),
        ("\uff11\uff12", "not a number with decimal point"),
        ("2.5", "a fraction in a metric that counts"),
        ("$2.00", "'$' beside a number in a metric that counts"),
        ("5%", "'%' beside a number in a metric that counts"),
        ("=1+1", "not a number with decimal point"),
    ],
)
def test_it_refuses_a_row_whose_number_it_cannot_read_strictly(cell: str, why: str) -> None:
    document = read(DAILY.replace("6.0", cell, 1))

    (reject,) = document.rejects
    assert (reject.line, reject.column, reject.seen, reject.why) == (6, "Total Downloads", cell, why)
    assert document.rows_accepted == 3


def test_it_names_a_day_that_a_spreadsheet_made_a_number() -> None:
    (reject,) = read(DAILY.replace("1/2/25,2.0", "45659,2.0")).rejects

    assert (reject.line, reject.column, reject.seen) == (9, "Date", "45659")
    assert "re-saved from Excel" in reject.why


def test_it_refuses_a_row_with_more_cells_than_the_heading() -> None:
    (reject,) = read(DAILY.replace("6.0", "6.0,7.0")).rejects

    assert (reject.line, reject.why) == (6, "3 cells where the heading has 2")


def test_it_refuses_a_row_that_was_cut_before_its_number() -> None:
    (reject,) = read(DAILY.replace("1/2/25,2.0", "1/2/25")).rejects

    assert (reject.line, reject.why) == (9, "1 cells where the heading has 2")


def test_it_takes_the_answers_of_a_person() -> None:
    document = read("Start Date,2/1/25\nEnd Date,2/2/25\n\nDate,Aufrufe\n2/1/25,5.0\n2/2/25,6.0\n")
    assert document.needs == ("app", "metric")

    answered = with_app(with_metric(document, "sessions"), "Paper Boats")
    assert (answered.app_name, answered.metric, answered.needs) == ("Paper Boats", "sessions", ())
    assert {value.metric for line in answered.lines for value in line.values} == {"sessions"}


def test_it_obeys_the_first_line_of_a_spreadsheet_that_names_the_delimiter() -> None:
    document = read("sep=;\n" + DAILY.replace(",", ";"))

    assert (document.delimiter, document.rows_accepted) == ("semicolon", 4)


def test_it_reads_thousands_commas_in_quotes() -> None:
    assert read(DAILY.replace("5255.0", '"5,255.0"')).lines[2].values[0].value == 5255


def test_it_reads_a_spreadsheet_file_with_semicolons_and_decimal_commas() -> None:
    document = read(DAILY.replace(",", ";").replace(".0", ",0").replace("\n", "\r\n"))

    assert (document.delimiter, document.rows_accepted) == ("semicolon", 4)
    assert document.lines[2].values[0].value == 5255


def test_it_refuses_a_file_with_decimal_points_and_decimal_commas() -> None:
    with pytest.raises(BadFile) as refusal:
        read('Name,Boats\n\nDate,Sessions\n3/3/25,1.0\n3/4/25,"2,0"\n3/5/25,3.0\n')

    assert refusal.value.line == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_it_reads_the_app_name_in_any_encoding(encoding: str) -> None:
    document = read(DAILY.replace("Paper Boats", "Caf\u00e9 Boote").encode(encoding))

    assert document.app_name == "Caf\u00e9 Boote"
    assert document.rows_accepted == 4


def test_it_refuses_a_row_with_bytes_that_are_no_text() -> None:
    content = DAILY.replace("Paper Boats", "Caf\u00e9").encode().replace(b"12/31/24,0.0", b"12/31/24,\xff0.0")

    (reject,) = read(content).rejects
    assert (reject.line, reject.why) == (7, "bytes that are no text in this line")


def test_it_reads_a_file_whose_empty_line_was_dropped_or_filled_with_commas() -> None:
    assert read(DAILY.replace("\n\n", "\n")).rows_accepted == 4
    assert read(DAILY.replace("\n\n", "\n,\n")).rows_accepted == 4


def test_it_reads_money_and_asks_for_a_currency_that_no_sign_names() -> None:
    table = "Name,Boats\n\nDate,Proceeds\n3/3/25,{0}1.50\n3/4/25,{0}20.00\n"
    dollars, euros = read(table.format("$")), read(table.format("\u20ac"))

    assert (dollars.metric_unit, dollars.currency, dollars.needs) == ("money", None, ("currency",))
    assert (euros.currency, euros.needs) == ("EUR", ())
    assert [line.values[0].value for line in euros.lines] == [Decimal("1.50"), Decimal("20.00")]


def test_it_gives_the_answered_currency_to_money_and_not_to_counts() -> None:
    document = read("Name,Boats\n\nDate,Sessions,Proceeds\n3/13/25,7.0,$1.50\n")

    (line,) = with_currency(document, "USD").lines
    assert [(value.metric, value.currency) for value in line.values] == [("sessions", None), ("proceeds", "USD")]


def test_it_refuses_a_row_in_another_currency_than_its_column() -> None:
    document = read("Name,Boats\n\nDate,Proceeds\n3/3/25,$1.50\n3/4/25,$2.50\n3/5/25,\u20ac2.50\n")

    assert [reject.line for reject in document.rejects] == [6]


def test_it_reads_a_percentage_as_it_stands_and_says_that_no_such_file_was_seen() -> None:
    document = read(
        "Name,Boats\nStart Date,3/13/25\nEnd Date,3/14/25\n\nDate,Conversion Rate\n3/13/25,1.5%\n3/14/25,-\n"
    )

    assert document.metric_unit == "percent"
    assert document.warnings == (
        "Conversion Rate: known from the page only, no file with this heading was seen; check its rows.",
    )
    assert [line.values[0].value for line in document.lines] == [Decimal("1.5"), None]


def test_it_reads_a_breakdown_with_the_longest_metric_label() -> None:
    document = read(
        "Name,Boats\nStart Date,3/3/25\nEnd Date,3/4/25\n\n"
        "Date,App Referrer Impressions (Unique Devices),Web Referrer Impressions (Unique Devices)\n"
        "3/3/25,1.0,2.0\n3/4/25,3.0,-\n"
    )

    assert (document.kind, document.metric) == ("A2", "impressions_unique_devices")
    assert [(value.member, value.value) for value in document.lines[1].values] == [
        ("App Referrer", 3),
        ("Web Referrer", None),
    ]


def test_it_keeps_filters_with_commas_in_them() -> None:
    document = read(
        'Name,Boats\nTerritory,"Korea, Republic of"\nCampaign,"a;b;c, ""d"""\n\nDate,Sessions\n3/3/25,1.0\n'
    )

    assert document.kind == "A2"
    assert document.filters == {"Territory": "Korea, Republic of", "Campaign": 'a;b;c, "d"'}


def test_it_finds_the_metric_of_an_unknown_language_in_what_all_columns_share() -> None:
    document = read(
        "Nom,Bateaux\nDate,03.03.25\n\n"
        "Date,Web T\u00e9l\u00e9chargements\u00a0totaux,App T\u00e9l\u00e9chargements totaux\n"
        "03.03.25,1.0,2.0\n"
    )

    assert document.metric_label == "T\u00e9l\u00e9chargements totaux"
    assert [value.member for value in document.lines[0].values] == ["Web", "App"]
    assert document.needs == ("metric",)


def test_it_refuses_a_table_with_one_column_twice() -> None:
    with pytest.raises(BadFile, match="'Sessions' stands twice"):
        read("Name,Boats\n\nDate,Sessions,Sessions\n3/3/25,1.0,2.0\n")


def test_it_does_not_take_other_tables_of_days() -> None:
    assert recognise("Vendor Name\tACME\nStart Date\t11/02/2025\n\nDate\tSessions\n11/02/2025\t1.0\n") is None
    assert recognise("Date,Sessions\n3/3/25,1.0\n") is None
    assert recognise("a,b\nc,d\n\nDate,Sessions\n3/3/25,1.0\n") is None


@pytest.mark.parametrize(
    ("name", "metric", "rows", "grain", "last_day"),
    [
        ("freezedebt_analytics.csv", "product_page_views", 2233, "day", date(2025, 4, 5)),
        ("freezedebt_impression.csv", "impressions", 2233, "day", date(2025, 4, 5)),
        ("freezedebt_sessions.csv", "sessions", 2236, "day", date(2025, 4, 8)),
        ("freezedebt_total_downloads.csv", "total_downloads", 2236, "day", date(2025, 4, 8)),
        ("freezedebt_monthly_active_users.csv", "active_devices", 75, "month", date(2025, 4, 30)),
        ("earlier/freezedebt_sessions.csv", "sessions", 2235, "day", date(2025, 4, 7)),
    ],
)
def test_it_accepts_every_row_of_real_exports(
    samples: Path, *, name: str, metric: str, rows: int, grain: str, last_day: date
) -> None:
    document = read((samples / "app_analytics_console" / name).read_bytes())

    assert (document.kind, document.metric, document.grain) == ("A1", metric, grain)
    assert (document.rows_accepted, document.rows_rejected, document.needs) == (rows, 0, ())
    assert document.period_end == last_day


def test_it_sees_the_one_changed_day_between_two_real_exports(samples: Path) -> None:
    def by_day(name: str) -> dict[date | None, Decimal | None]:
        lines = read((samples / "app_analytics_console" / name).read_bytes()).lines
        return {line.values[0].period_start: line.values[0].value for line in lines}

    earlier, later = by_day("earlier/freezedebt_sessions.csv"), by_day("freezedebt_sessions.csv")
    assert {day for day in earlier if earlier[day] != later[day]} == {date(2025, 4, 7)}
    assert set(later) - set(earlier) == {date(2025, 4, 8)}
    assert earlier[date(2025, 4, 7)] == 37
    assert later[date(2025, 4, 7)] == 40


def test_it_refuses_a_number_that_was_cut_within_its_quotes() -> None:
    document = read('Name,Boats\nStart Date,3/13/25\nEnd Date,3/14/25\n\nDate,Sessions\n3/13/25,"12.0"\n3/14/25,"25')

    assert [line.line for line in document.lines] == [6]
    assert [(r.line, r.why) for r in document.rejects] == [(7, "a quoted cell goes over the line end")]


def test_it_refuses_numbers_below_no_heading() -> None:
    document = read("Name,Boats\n\nDate,,Web Referrer Sessions\n3/13/25,7.0,1.0\n3/14/25,,2.0\n")

    assert [(r.line, r.seen, r.why) for r in document.rejects] == [(4, "7.0", "cell 2 stands below no heading")]
    assert [line.line for line in document.lines] == [5]


@pytest.mark.parametrize(
    ("keys", "rows", "said"),
    [
        ("", "3/13/25,1.0\n3/14/25,1.0", "The file states no first and last day that can be read"),
        (
            "Start Date,3/3/25\nEnd Date,3/30/25\n",
            "3/3/25,1.0\n3/10/25,2.0",
            "its rows go from 2025-03-03 to 2025-03-16",
        ),
        ("Start Date,2/1/25\nEnd Date,4/8/25\n", "2/1/25,1.0\n3/1/25,2.0", "its rows go from 2025-02-01 to 2025-03-31"),
    ],
)
def test_it_notices_an_end_that_the_rows_do_not_reach(keys: str, rows: str, said: str) -> None:
    warnings = read(f"Name,Boats\n{keys}\nDate,Sessions\n{rows}\n").warnings

    assert any(said in warning for warning in warnings), warnings


def test_it_refuses_a_file_of_more_lines_than_there_were_days() -> None:
    rows = "".join(f"{1 + n % 12}/{1 + n % 28}/25,{n}.0\n" for n in range(10_001))

    with pytest.raises(BadFile, match="an export of 10,004 lines"):
        read(f"Name,Boats\n\nDate,Sessions\n{rows}")


def test_it_names_a_few_of_the_lines_of_a_day_that_stands_often() -> None:
    document = read("Name,Boats\n\nDate,Sessions\n" + "3/13/25,1.0\n" * 900)

    assert len(document.rejects) == 900
    assert document.rejects[0].why == "the same day stands on line 5, 6, 7, 8, 9 too"


def test_it_refuses_a_heading_without_end() -> None:
    with pytest.raises(BadFile, match=r"line 3: a heading of 1,\d+ characters"):
        read(f"Name,Boats\n\nDate,{'x' * 1000} Sessions\n3/13/25,1.0\n")


def test_it_takes_the_app_from_the_line_that_says_name_wherever_it_stands() -> None:
    document = read("a,b,c\nName,Boats\nStart Date,3/13/25\nEnd Date,3/13/25\n\nDate,Sessions\n3/13/25,1.0\n")

    assert (document.app_name, document.filters) == ("Boats", {"a": "b,c"})
