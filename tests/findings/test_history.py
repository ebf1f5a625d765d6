"""Findings live on: the same difference is the same finding, whatever is run again and in whatever order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from reports.findings.workflow import resolve
from reports.models import Account, Delivery, Finding, FindingEvent, Vendor
from reports.services.uploads import withdraw
from tests.doors import findings_of, told
from tests.make_files import (
    DAY,
    days_from,
    download,
    earning,
    metric_export,
    payments_export,
    region_report,
    sale,
    sales_report,
)

pytestmark = pytest.mark.django_db
Clock = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def long_after(clock: Clock) -> None:
    clock(datetime(2026, 11, 20, 9, tzinfo=UTC))


def differing_day(folder: Path, day: date = DAY, api: int = 3, console: int = 5) -> None:
    """A day on which the console's file has another row: (console - api) x 3.49 USD."""
    told("load_report", sales_report(folder / "api", sale(api), day=day))
    told("import_export", sales_report(folder / "console", sale(console), day=day))


def history() -> dict[str, list[str]]:
    """The actions of each finding, by its id."""
    events = FindingEvent.objects.order_by("at", "id").select_related("finding")
    actions: dict[str, list[str]] = {}
    for event in events:
        actions.setdefault(event.finding.public_id, []).append(event.action)
    return actions


def ids(findings: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(finding["id"] for finding in findings)


def test_a_second_run_finds_the_same_and_writes_no_history(tmp_path: Path) -> None:
    differing_day(tmp_path)

    first = findings_of()
    before = history()
    second = findings_of()

    assert ids(first) == ids(second)
    assert history() == before == {first[0]["id"]: ["opened"]}


def test_an_export_handed_in_twice_changes_nothing(tmp_path: Path) -> None:
    differing_day(tmp_path)
    first = findings_of()
    before = history()

    differing_day(tmp_path)

    assert ids(findings_of()) == ids(first)
    assert history() == before


def test_ids_do_not_depend_on_the_order_of_arrival_nor_on_row_numbers(tmp_path: Path) -> None:
    def everything_of(vendor: str, reverse: bool) -> list[dict[str, Any]]:
        doors: list[tuple[str, Path]] = []
        for day in days_from(DAY, 3):
            doors.append(("load_report", sales_report(tmp_path / "api", sale(3), download(5), day=day, vendor=vendor)))
            doors.append(
                ("import_export", sales_report(tmp_path / "con", sale(5), download(5), day=day, vendor=vendor))
            )
        doors.append(("load_report", region_report(tmp_path / "api", "CH", earning(3), vendor=vendor)))
        for command, path in reversed(doors) if reverse else doors:
            told(command, path, "--account", "Acme")
        told("import_export", payments_export(tmp_path, {"Switzerland (CHF)": "9.50"}), "--account", "Acme")
        return findings_of("--account", "Acme")

    Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")
    first = everything_of("80000001", reverse=False)
    Account.objects.filter(name="Acme").update(name="Acme before")
    Vendor.objects.update(number="80000009")
    Vendor.objects.create(account=Account.objects.create(name="Acme"), number="80000001")
    second = everything_of("80000001", reverse=True)

    assert len(first) == 2
    keys = ("id", "kind", "cause", "member", "currency", "from", "to", "difference", "message", "evidence")
    assert [[f[key] for key in keys] for f in first] == [[f[key] for key in keys] for f in second]


def test_a_finding_closes_itself_and_opens_again(tmp_path: Path, clock: Clock) -> None:
    differing_day(tmp_path)
    (before,) = findings_of()

    clock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    told("import_export", sales_report(tmp_path / "right", sale(3)))
    assert [f for f in findings_of() if f["id"] == before["id"]] == []
    assert Finding.objects.get(public_id=before["id"]).state == "closed"

    withdraw(Delivery.objects.filter(side="console").latest("id"), reason="it was not the newest")
    after = next(f for f in findings_of() if f["id"] == before["id"])
    assert (after["state"], after["first_seen"]) == ("open", before["first_seen"])
    assert history()[before["id"]] == ["opened", "closed", "reopened"]


def test_new_numbers_are_noted_and_the_wording_is_not(tmp_path: Path, clock: Clock) -> None:
    differing_day(tmp_path)
    (before,) = findings_of()
    clock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    told("import_export", sales_report(tmp_path / "other", sale(6)))

    after = next(f for f in findings_of() if f["id"] == before["id"])

    # (5 - 3) x 3.49, then (6 - 3) x 3.49
    assert (before["difference"], after["difference"]) == ("6.98", "10.47")
    assert history()[before["id"]] == ["opened", "changed"]
    assert "6.98 \u2192 10.47" in FindingEvent.objects.get(action="changed", finding__public_id=before["id"]).text


def test_a_resolved_finding_opens_again_only_when_its_numbers_change(tmp_path: Path, clock: Clock) -> None:
    differing_day(tmp_path)
    (found,) = findings_of()
    finding = Finding.objects.get(public_id=found["id"])
    resolve(finding, reason="booked by hand", by=User.objects.create_user("ann"))

    assert findings_of()[0]["state"] == "resolved"

    clock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    told("import_export", sales_report(tmp_path / "other", sale(6)))
    after = next(f for f in findings_of() if f["id"] == found["id"])
    assert after["state"] == "open"
    assert history()[found["id"]] == ["opened", "resolved", "reopened"]


def test_a_run_of_days_across_two_windows_is_one_finding(tmp_path: Path) -> None:
    for day in days_from(DAY, 6):
        differing_day(tmp_path, day)

    (first,) = findings_of("--from", "2026-10-12", "--to", "2026-10-14")
    (whole,) = findings_of("--from", "2026-10-15", "--to", "2026-10-17")

    assert (first["from"], first["to"]) == ("2026-10-12", "2026-10-14")
    assert (whole["from"], whole["to"], whole["id"]) == ("2026-10-12", "2026-10-17", first["id"])
    # 6 x 6.98
    assert whole["difference"] == "41.88"
    assert Finding.objects.count() == 1


def test_findings_that_the_window_only_touches_stay_whole(tmp_path: Path) -> None:
    """The window reaches a first finding, which reaches a second, which began earlier."""
    first, *rest = days_from(DAY, 6)
    differing_day(tmp_path, first)
    yen = sale(1, "490", "JPY", "JP")
    for day in rest[:3]:
        told("load_report", sales_report(tmp_path / "api", sale(3), yen, day=day))
        told(
            "import_export",
            sales_report(tmp_path / "con", sale(3 if day == rest[0] else 5), sale(2, "490", "JPY", "JP"), day=day),
        )
    differing_day(tmp_path, rest[3])
    before = {f["id"]: (f["from"], f["to"]) for f in findings_of()}
    assert sorted(before.values()) == [
        ("2026-10-12", "2026-10-12"), ("2026-10-13", "2026-10-15"), ("2026-10-14", "2026-10-16"),
    ]  # fmt: skip

    findings_of("--from", "2026-10-16", "--to", "2026-10-17")

    assert {f["id"]: (f["from"], f["to"]) for f in findings_of()} == before
    assert all(actions == ["opened"] for actions in history().values())


def test_a_gap_that_closes_makes_one_finding_of_two(tmp_path: Path, clock: Clock) -> None:
    first, middle, last = days_from(DAY, 3)
    differing_day(tmp_path, first)
    differing_day(tmp_path, middle, api=3, console=3)
    differing_day(tmp_path, last)
    assert len(findings_of()) == 2

    clock(datetime(2026, 11, 20, 10, tzinfo=UTC))
    told("import_export", sales_report(tmp_path / "other", sale(5), day=middle))
    found = [f for f in findings_of() if f["kind"] == "value_mismatch"]

    assert [(f["from"], f["to"], f["difference"]) for f in found] == [("2026-10-12", "2026-10-14", "20.94")]
    states = Finding.objects.filter(kind="value_mismatch").values_list("state", flat=True)
    assert sorted(states) == ["closed", "open"]


def test_an_account_closes_only_its_own(tmp_path: Path) -> None:
    for vendor in ("80000001", "80000002"):
        told("load_report", sales_report(tmp_path / "api", sale(3), vendor=vendor))
        told("import_export", sales_report(tmp_path / "console", sale(5), vendor=vendor))
    assert len(findings_of()) == 2

    found = findings_of("--account", "80000001")

    assert [finding["account"] for finding in found] == ["80000001"]
    assert set(Finding.objects.values_list("state", flat=True)) == {"open"}


def test_an_app_closes_only_its_own(tmp_path: Path) -> None:
    other = {"app": 1500000002, "sku": "PUZZLE", "title": "Puzzle"}
    api = download(5), sale(3), download(5, **other), sale(3, parent="PUZZLE")  # type: ignore[arg-type]
    con = download(5), sale(5), download(5, **other), sale(6, parent="PUZZLE")  # type: ignore[arg-type]
    told("load_report", sales_report(tmp_path / "api", *api))
    told("import_export", sales_report(tmp_path / "console", *con))
    everything = findings_of()
    assert {f["apple_id"]: f["difference"] for f in everything} == {1500000001: "6.98", 1500000002: "10.47"}

    found = findings_of("--app", 1500000002)

    assert [(f["apple_id"], f["difference"]) for f in found] == [(1500000002, "10.47")]
    assert set(Finding.objects.values_list("state", flat=True)) == {"open"}


def test_a_look_at_a_past_day_changes_no_finding(tmp_path: Path) -> None:
    differing_day(tmp_path)
    findings_of()
    before = list(Finding.objects.values())

    past = told("reconcile", "--as-of", "2026-10-15")

    assert (past["compared"], past["findings"]) == (0, [])
    assert list(Finding.objects.values()) == before


def test_two_sides_that_are_equal_have_no_finding(tmp_path: Path) -> None:
    for day in days_from(DAY, 3):
        path = sales_report(tmp_path, sale(3), sale(-1), sale(2, "490", "JPY", "JP"), download(5), day=day)
        told("load_report", path)
        told("import_export", path)

    document = told("reconcile")

    assert document["findings"] == []
    assert document["compared"] == document["equal"] > 0


def test_totals_that_do_not_tie_are_a_finding_of_each_side(tmp_path: Path) -> None:
    path = region_report(tmp_path, "CH", earning(3), stated="11.50")
    told("load_report", path)
    told("import_export", path)

    found = sorted(findings_of(), key=lambda f: f["console_value"] is None)

    # the file says 11.50, its row makes 3 x 3.50 = 10.50; the difference is the console's side less the API's
    console, api = found
    assert {f["kind"] for f in found} == {"total_does_not_tie"}
    assert (console["console_value"], console["difference"]) == ("10.50", "1.00")
    assert (api["api_value"], api["difference"]) == ("10.50", "-1.00")
    assert "11.50" in api["message"]
    assert [item["line"] for item in api["evidence"]] == [4]
    assert ids(findings_of()) == ids(found)


def test_the_same_total_wrong_twice_in_one_file_is_two_findings(tmp_path: Path) -> None:
    path = payments_export(tmp_path, {"Switzerland (CHF)": "10.50"})
    rows = path.read_text()
    row = rows.splitlines()[-1].replace('"10.50","0.50000"', '"11.50","0.50000"')
    heading = rows.splitlines()[2]
    path.write_text("\n".join([*rows.splitlines()[:3], row, "", heading, row, ""]))
    told("import_export", path)

    found = findings_of()

    assert {f["kind"] for f in found} == {"total_does_not_tie"}
    assert len(set(ids(found))) == len(found) >= 2


@pytest.mark.parametrize("earlier_first", [True, False])
def test_overlapping_exports_are_one_finding_in_either_order(tmp_path: Path, earlier_first: bool) -> None:
    days = days_from(DAY, 8)
    earlier = metric_export(tmp_path, dict.fromkeys(days[:6], 10), name="earlier.csv", metric="Sessions")
    changed = dict.fromkeys(days, 10) | {days[1]: 12, days[2]: 13}
    later = metric_export(tmp_path, changed, name="later.csv", metric="Sessions")
    told("import_export", *([earlier, later] if earlier_first else [later, earlier]))

    (finding,) = findings_of()

    assert (finding["kind"], finding["metric"], finding["cause"]) == ("overlapping_exports", "sessions", "restated")
    assert (finding["from"], finding["to"]) == ("2026-10-13", "2026-10-14")
    # 2 + 3 more than the 20 before
    assert (finding["console_value"], finding["difference"], finding["residual"]) == ("25", "5", "0")
    assert sorted(item["file"] for item in finding["evidence"]) == ["earlier.csv", "later.csv"]


def test_the_last_days_of_an_export_are_expected_to_move(tmp_path: Path) -> None:
    days = days_from(DAY, 4)
    told("import_export", metric_export(tmp_path, dict.fromkeys(days[:3], 10), name="a.csv", metric="Sessions"))
    later = dict.fromkeys(days, 10) | {days[2]: 12}
    told("import_export", metric_export(tmp_path, later, name="b.csv", metric="Sessions"))

    (finding,) = findings_of()

    assert (finding["cause"], finding["severity"]) == ("not_final", "info")


def test_overlaps_across_two_windows_are_one_finding(tmp_path: Path) -> None:
    days = days_from(DAY, 10)
    told("import_export", metric_export(tmp_path, dict.fromkeys(days, 10), name="a.csv", metric="Sessions"))
    later = dict.fromkeys([*days, days[-1] + timedelta(days=1)], 11)
    told("import_export", metric_export(tmp_path, later, name="b.csv", metric="Sessions"))

    findings_of("--from", "2026-10-12", "--to", "2026-10-15")
    (finding,) = findings_of("--from", "2026-10-14", "--to", "2026-10-21")

    assert (finding["from"], finding["to"], finding["difference"]) == ("2026-10-12", "2026-10-21", "10")
    assert history()[finding["id"]] == ["opened", "changed"]


def test_a_downloaded_report_of_a_settled_day_that_changed_was_restated(tmp_path: Path) -> None:
    """Its last day does not tell when it was taken, as that of a metric does: weeks after, nothing moves by itself."""
    for folder, units in (("first", 10), ("second", 12)):
        told("import_export", sales_report(tmp_path / folder, download(units)))

    (finding,) = [f for f in findings_of() if f["kind"] == "overlapping_exports" and f["metric"] == "units"]

    assert (finding["cause"], finding["difference"]) == ("restated", "2")


def test_exports_of_two_filters_and_of_days_and_months_overlap_each_for_itself(tmp_path: Path) -> None:
    days = [date(2026, 9, 1), date(2026, 9, 2)]
    months = [date(2026, 8, 1), date(2026, 9, 1)]
    for value in (10, 14):
        for name, values, filters in (
            ("de", dict.fromkeys(days, value), ["Territory,Germany"]),
            ("us", dict.fromkeys(days, value + 1), ["Territory,United States"]),
            ("months", dict.fromkeys(months, value + 2), ["Territory,Germany"]),
        ):
            told(
                "import_export",
                metric_export(tmp_path / f"{value}", values, name=f"{name}.csv", filters=filters, metric="Sessions"),
            )

    found = findings_of()

    assert {f["kind"] for f in found} == {"overlapping_exports"}
    # 4 more on each of two days, in two countries; 4 more in each of two months
    assert sorted((f["from"], f["to"], f["difference"]) for f in found) == [
        ("2026-08-01", "2026-09-30", "8"), ("2026-09-01", "2026-09-02", "8"), ("2026-09-01", "2026-09-02", "8"),
    ]  # fmt: skip
    assert len(set(ids(found))) == 3
