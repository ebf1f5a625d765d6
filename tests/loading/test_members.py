"""Members of cuts: one number for the same dimensions, whoever names them, and never one number for two."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from reports.figures.members import add_members, members_of
from reports.models import Figure, Member
from reports.sql import execute
from tests.doors import told
from tests.make_files import sale, sales_report

pytestmark = pytest.mark.django_db

DIMS = {"territory": "US", "product": "NOTES.pro", "product_type": "IAY", "device": "iPhone"}


def load_a_sale(folder: Path) -> None:
    row = sale(3, "2.00", "USD", "US", product="NOTES.pro", parent="NOTES") | {
        "Product Type Identifier": "IAY",
        "Device": "iPhone",
    }
    told("load_report", sales_report(folder, row, day=date(2026, 11, 20)))


def test_it_numbers_a_member_alike_from_rows_and_from_its_dimensions(tmp_path: Path) -> None:
    load_a_sale(tmp_path)

    assert Member.objects.get().dims == DIMS
    assert members_of([DIMS, {}, DIMS]) == [Member.objects.get(dims=DIMS).pk, Member.objects.get(dims={}).pk] + [
        Member.objects.get(dims=DIMS).pk
    ]


def test_it_refuses_a_second_member_of_the_same_number(tmp_path: Path) -> None:
    (number,) = members_of([DIMS])
    Member.objects.filter(pk=number).update(dims=DIMS | {"territory": "JP"})

    with pytest.raises(ArithmeticError, match="two members of one number"):
        load_a_sale(tmp_path)
    assert not Figure.objects.exists()


def test_it_refuses_two_new_members_of_one_number() -> None:
    execute("CREATE TEMPORARY TABLE told (member_id bigint, dims jsonb) ON COMMIT DROP")
    execute("""INSERT INTO told VALUES (5, '{"territory": "US"}'), (5, '{"territory": "JP"}'), (6, '{}'), (6, '{}')""")

    with pytest.raises(ArithmeticError, match="two members of one number"):
        add_members("told", "w.dims")
