from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from hashlib import md5
from typing import Any

import pytest
import requests

from ascrecon.simulator import ScenarioError, Simulator, running
from tests.simulator.analytics import (
    daily,
    data,
    instances_of,
    of_date,
    post,
    report_of,
    request_of,
    rows_of,
    segments_of,
    text_of_segment,
)
from tests.simulator.asking import ask, error
from tests.simulator.scenarios import NOTES, TORCH, scenario

WITH_SNAPSHOT = {**NOTES, "analytics": {"snapshot_on": "2026-11-18"}}
NO_REQUEST = {**TORCH, "analytics": None}
DOWNLOADS, SESSIONS = "App Downloads Standard", "App Sessions Standard"
ENGAGEMENT = "App Store Discovery and Engagement"


@contextmanager
def playing(*faults: Mapping[str, Any], **changes: Any) -> Iterator[Simulator]:
    """Notes with an ongoing request, Torch with none, on 2026-11-20."""
    whole = {"apps": [NOTES, NO_REQUEST], "exports": [], **changes}
    with running(scenario(*faults, **whole)) as simulator:
        yield simulator


def fault(kind: str, report: str = SESSIONS, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "apple_id": 1, "report": report, **fields}


def expected(simulator: Simulator) -> list[tuple[Any, ...]]:
    names = ("kind", "cause", "report", "from", "to", "amounts")
    return [tuple(entry[name] for name in names) for entry in simulator.planted()]


def total(rows: list[dict[str, str]], column: str) -> int:
    return sum(int(row[column]) for row in rows)


def test_instances_that_are_missing_leave_the_dates_that_they_would_have_completed() -> None:
    missing = fault("instances_missing", granularity="DAILY", **{"from": "2026-11-10", "to": "2026-11-11"})
    with playing(missing) as simulator:
        found = instances_of(simulator, 1, SESSIONS)
        assert expected(simulator) == [("delivery_gap", "not_delivered", SESSIONS, "2026-11-05", "2026-11-06", {})]
    assert {"2026-11-09", "2026-11-12"} <= set(found)
    assert not {"2026-11-10", "2026-11-11"} & set(found)


def test_a_gap_is_none_before_its_day_is_over_then_late_and_none_once_a_snapshot_has_the_day() -> None:
    missing = fault("instances_missing", **{"from": "2026-11-10", "to": "2026-11-11"})
    with playing(missing, apps=[WITH_SNAPSHOT]) as simulator:
        assert simulator.planted() == []
        simulator.move_to(date(2026, 11, 10))
        assert simulator.planted() == []
        simulator.move_to(date(2026, 11, 11))
        assert expected(simulator) == [("late_delivery", "not_delivered", SESSIONS, "2026-11-05", "2026-11-05", {})]
        simulator.move_to(date(2026, 11, 14))
        assert expected(simulator) == [("delivery_gap", "not_delivered", SESSIONS, "2026-11-05", "2026-11-06", {})]


def test_a_snapshot_that_the_reader_asks_for_fills_a_gap_the_day_after() -> None:
    with playing(fault("instances_missing", **{"from": "2026-11-10", "to": "2026-11-11"})) as simulator:
        assert post(simulator, 1, "ONE_TIME_SNAPSHOT").status_code == 201
        assert len(simulator.planted()) == 1
        simulator.move_to(date(2026, 11, 21))
        assert simulator.planted() == []


def test_weeks_can_be_missing_while_days_come() -> None:
    missing = fault("instances_missing", granularity="WEEKLY", **{"from": "2026-11-13", "to": "2026-11-13"})
    with playing(missing) as simulator:
        assert "2026-11-13" not in instances_of(simulator, 1, SESSIONS, "WEEKLY")
        assert "2026-11-13" in instances_of(simulator, 1, SESSIONS)
        assert expected(simulator) == [("delivery_gap", "not_delivered", SESSIONS, "2026-11-02", "2026-11-08", {})]


def test_instances_of_a_snapshot_can_be_missing() -> None:
    missing = fault("instances_missing", access="SNAPSHOT", **{"from": "2026-11-01", "to": "2026-11-20"})
    with playing(missing, apps=[WITH_SNAPSHOT]) as simulator:
        assert instances_of(simulator, 1, SESSIONS, "DAILY", "ONE_TIME_SNAPSHOT") == {}
        assert instances_of(simulator, 1, SESSIONS, "WEEKLY", "ONE_TIME_SNAPSHOT") != {}
        assert simulator.planted() == []
        simulator.move_to(date(2026, 11, 23))
        assert expected(simulator) == [("delivery_gap", "not_delivered", SESSIONS, "2026-09-21", "2026-11-14", {})]


def test_daily_instances_can_stop_while_weeks_go_on() -> None:
    with playing(fault("daily_stopped", **{"from": "2026-11-10"})) as simulator:
        assert max(instances_of(simulator, 1, SESSIONS)) == "2026-11-09"
        assert max(instances_of(simulator, 1, SESSIONS, "WEEKLY")) == "2026-11-20"
        assert expected(simulator) == [
            ("daily_generation_stopped", "not_delivered", SESSIONS, "2026-11-05", "2026-11-14", {})
        ]


def test_a_report_can_never_come() -> None:
    with playing(fault("report_never_delivered")) as simulator:
        for granularity in ("DAILY", "WEEKLY", "MONTHLY"):
            assert instances_of(simulator, 1, SESSIONS, granularity) == {}
        assert expected(simulator) == [("never_delivered", "not_delivered", SESSIONS, "2026-09-21", "2026-11-14", {})]


def test_a_file_can_be_nothing_but_its_heading() -> None:
    with playing(fault("empty_report", **{"from": "2026-11-12", "to": "2026-11-12"})) as simulator:
        (segment,) = segments_of(simulator, instances_of(simulator, 1, SESSIONS)["2026-11-12"])
        assert text_of_segment(segment).count("\n") == 1
        assert expected(simulator) == [("empty_report", "not_delivered", SESSIONS, "2026-11-07", "2026-11-07", {})]


def test_a_snapshot_can_lack_dates() -> None:
    partial = fault("partial_snapshot", **{"from": "2026-10-01", "to": "2026-10-03"})
    with playing(partial, apps=[WITH_SNAPSHOT]) as simulator:
        (instance,) = instances_of(simulator, 1, SESSIONS, "DAILY", "ONE_TIME_SNAPSHOT").values()
        dates = {row["Date"] for row in rows_of(simulator, instance)}
        assert expected(simulator) == [("partial_snapshot", "not_delivered", SESSIONS, "2026-10-01", "2026-10-03", {})]
    assert {"2026-09-30", "2026-10-04"} <= dates
    assert not {"2026-10-01", "2026-10-02", "2026-10-03"} & dates


def test_a_request_can_stop_and_still_stand_in_the_way_until_it_is_deleted() -> None:
    with playing({"kind": "request_stopped", "apple_id": 1, "from": "2026-11-12"}) as simulator:
        request = request_of(simulator, 1)
        assert request["attributes"]["stoppedDueToInactivity"] is True
        assert max(instances_of(simulator, 1, SESSIONS)) == "2026-11-11"
        assert expected(simulator) == [("request_stopped", "not_delivered", "", "2026-11-12", "2026-11-20", {})]
        assert post(simulator, 1, "ONGOING").status_code == 409
        ask(simulator, f"/v1/analyticsReportRequests/{request['id']}", method="DELETE")
        assert data(post(simulator, 1, "ONGOING"))["attributes"]["stoppedDueToInactivity"] is False


def test_a_ghost_is_made_never_seen_and_in_the_way() -> None:
    with playing({"kind": "ghost_snapshot", "apple_id": 3, "date": "2026-11-20"}) as simulator:
        ghost = data(post(simulator, 3, "ONE_TIME_SNAPSHOT"))
        lost = ask(simulator, f"/v1/analyticsReportRequests/{ghost['id']}")
        detail = f"There is no resource of type 'analyticsReportRequests' with id '{ghost['id']}'"
        assert (lost.status_code, error(lost)["detail"]) == (404, detail)
        assert data(ask(simulator, "/v1/apps/3/analyticsReportRequests")) == []
        assert error(post(simulator, 3, "ONE_TIME_SNAPSHOT"))["code"] == "STATE_ERROR"
        assert post(simulator, 3, "ONGOING").status_code == 201
        assert expected(simulator) == [("api_incident", "ghost_request", "", "2026-11-20", "2026-11-20", {})]


def test_an_instance_can_come_late() -> None:
    with playing(fault("late_instance", date="2026-11-19", days=2)) as simulator:
        assert "2026-11-19" not in instances_of(simulator, 1, SESSIONS)
        assert expected(simulator) == [("late_delivery", "not_delivered", SESSIONS, "2026-11-14", "2026-11-14", {})]
        simulator.move_to(date(2026, 11, 21))
        assert "2026-11-19" in instances_of(simulator, 1, SESSIONS)
        assert simulator.planted() == []


def test_an_instance_can_vanish_before_its_time() -> None:
    vanishes = fault("instance_vanishes", date="2026-11-12", on="2026-11-15")
    with playing(vanishes) as simulator:
        simulator.move_to(date(2026, 11, 14))
        instance = instances_of(simulator, 1, SESSIONS)["2026-11-12"]
        assert simulator.planted() == []
        simulator.move_to(date(2026, 11, 15))
        assert "2026-11-12" not in instances_of(simulator, 1, SESSIONS)
        assert ask(simulator, f"/v1/analyticsReportInstances/{instance['id']}").status_code == 404
        assert expected(simulator) == [("instance_lost", "not_delivered", SESSIONS, "2026-11-07", "2026-11-07", {})]


def test_to_a_reader_who_did_not_see_an_instance_it_is_a_gap() -> None:
    vanishes = fault("instance_vanishes", date="2026-11-12", on="2026-11-15")
    with playing(vanishes, sync_days=["2026-11-18", "2026-11-20"]) as simulator:
        assert expected(simulator) == [("delivery_gap", "not_delivered", SESSIONS, "2026-11-07", "2026-11-07", {})]


def test_only_a_reader_who_asked_in_vain_knows_that_an_instance_was_late() -> None:
    late = fault("late_instance", date="2026-11-12", days=2)
    with playing(late, sync_days=["2026-11-13", "2026-11-20"]) as simulator:
        assert expected(simulator) == [("late_delivery", "not_delivered", SESSIONS, "2026-11-07", "2026-11-07", {})]
    with playing(late, sync_days=["2026-11-12", "2026-11-20"]) as simulator:
        assert simulator.planted() == []


def test_twins_are_alike_and_the_date_of_their_day_never_comes() -> None:
    with playing(fault("twin_instance", DOWNLOADS, date="2026-11-11")) as simulator:
        report = report_of(simulator, 1, DOWNLOADS)
        path = f"/v1/analyticsReports/{report['id']}/instances"
        twins = data(ask(simulator, path, {"filter[processingDate]": "2026-11-11"}))
        one, other = ([text_of_segment(s) for s in segments_of(simulator, twin)] for twin in twins)
        assert one == other
        assert twins[0]["id"] != twins[1]["id"]
        others = [rows_of(simulator, i) for i in data(ask(simulator, path)) if i["id"] not in {t["id"] for t in twins}]
        assert all(of_date(rows, date(2026, 11, 11)) == [] for rows in others)
        assert expected(simulator) == [
            ("twin_instance", "not_delivered", DOWNLOADS, "2026-11-09", "2026-11-09", {}),
            ("delivery_gap", "not_delivered", DOWNLOADS, "2026-11-11", "2026-11-11", {}),
        ]


def test_a_date_can_come_again_with_other_counts() -> None:
    restated = fault("date_restated", DOWNLOADS, date="2026-11-05", on="2026-11-18", delta=7)
    day = date(2026, 11, 5)
    with playing(restated) as simulator:
        before, after = (of_date(daily(simulator, 1, DOWNLOADS, on), day) for on in ("2026-11-07", "2026-11-18"))
        assert total(after, "Counts") - total(before, "Counts") == 7
        assert of_date(daily(simulator, 1, DOWNLOADS, "2026-11-19"), day) == []
        assert expected(simulator) == [
            ("restated", "restated", DOWNLOADS, "2026-11-05", "2026-11-05", {"": "7"}),
        ]
        assert simulator.planted()[0]["metric"] == "total_downloads"
        simulator.move_to(date(2026, 11, 17))
        assert simulator.planted() == []


def test_restated_money_is_in_dollars() -> None:
    restated = fault("date_restated", "App Store Purchases Standard", date="2026-11-05", on="2026-11-18", delta=25)
    with playing(restated) as simulator:
        (entry,) = simulator.planted()
    assert (entry["metric"], entry["currency"], entry["amounts"]) == ("sales", "USD", {"USD": "25.00"})


@pytest.mark.parametrize(
    ("granularity", "begins", "ends", "processed"),
    [("WEEKLY", "2026-11-02", "2026-11-08", "2026-11-13"), ("MONTHLY", "2026-10-01", "2026-10-31", "2026-11-05")],
)
def test_a_week_or_month_can_differ_from_its_days(granularity: str, begins: str, ends: str, processed: str) -> None:
    differs = fault("granularity_differs", granularity=granularity, date=begins, delta=-4)
    with playing() as clean, playing(differs) as faulty:
        old, new = (
            total(rows_of(simulator, instances_of(simulator, 1, SESSIONS, granularity)[processed]), "Sessions")
            for simulator in (clean, faulty)
        )
        assert daily(clean, 1, SESSIONS, "2026-11-10") == daily(faulty, 1, SESSIONS, "2026-11-10")
        assert expected(faulty) == [("granularity_mismatch", "unexplained", SESSIONS, begins, ends, {"": "-4"})]
    assert new - old == -4


def test_the_detailed_report_can_lose_a_source() -> None:
    name = f"{ENGAGEMENT} Detailed"
    lost = fault("detail_shortfall", name, source="App Store search", **{"from": "2026-11-10", "to": "2026-11-11"})
    with playing(lost) as simulator:
        detailed, standard = [], []
        for processed, number in (("2026-11-13", 10), ("2026-11-14", 11)):
            detailed += of_date(daily(simulator, 1, name, processed), date(2026, 11, number))
            standard += of_date(daily(simulator, 1, f"{ENGAGEMENT} Standard", processed), date(2026, 11, number))
        (entry,) = simulator.planted()
    assert "App Store search" not in {row["Source Type"] for row in detailed}
    events = ("Impression", "Page view")
    searched = [row for row in standard if row["Source Type"] == "App Store search" and row["Event"] in events]
    assert (entry["kind"], entry["cut"], entry["member"]) == ("detail_shortfall", "source_type", "App Store search")
    assert entry["amounts"] == {"": str(total(searched, "Counts"))}


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("segment_checksum", "checksum_mismatch"), ("segment_short", "truncated_download")],
)
def test_a_segment_can_arrive_spoiled(kind: str, cause: str) -> None:
    with playing(fault(kind, date="2026-11-20", times=2)) as simulator:
        segment = segments_of(simulator, instances_of(simulator, 1, SESSIONS)["2026-11-20"])[0]["attributes"]
        bodies = [requests.get(segment["url"], timeout=10).content for _ in range(3)]
        assert simulator.planted() == []
    good = [md5(body, usedforsecurity=False).hexdigest() == segment["checksum"] for body in bodies]
    assert good == [False, False, True]
    if kind == "segment_short":
        assert len(bodies[0]) == segment["sizeInBytes"] // 2
    else:
        assert gzip.decompress(bodies[0]) == gzip.decompress(bodies[2])
    with playing(fault(kind, date="2026-11-20", always=True)) as simulator:
        assert expected(simulator) == [("api_incident", cause, SESSIONS, "2026-11-15", "2026-11-15", {})]


def test_a_url_can_have_expired_before_it_is_used() -> None:
    with playing(fault("segment_expired", "App Crashes", date="2026-11-20", times=1)) as simulator:
        (segment,) = segments_of(simulator, instances_of(simulator, 1, "App Crashes")["2026-11-20"])
        assert requests.get(segment["attributes"]["url"], timeout=10).status_code == 403
        fresh = data(ask(simulator, f"/v1/analyticsReportSegments/{segment['id']}"))
        assert requests.get(fresh["attributes"]["url"], timeout=10).status_code == 200
        assert simulator.planted() == []


def test_a_post_can_be_refused_as_if_its_token_had_a_scope() -> None:
    refused = {"kind": "scope_refused", "apple_id": 3, "date": "2026-11-20"}
    with playing({**refused, "always": True}) as simulator:
        assert error(post(simulator, 3, "ONGOING"))["code"] == "METHOD_NOT_ALLOWED"
        assert expected(simulator) == [("api_incident", "method_not_allowed", "", "2026-11-20", "2026-11-20", {})]
    with playing({**refused, "times": 1}) as simulator:
        assert [post(simulator, 3, "ONGOING").status_code for _ in range(2)] == [405, 201]
        assert simulator.planted() == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (fault("daily_stopped", "Sessions", **{"from": "2026-11-01"}), "report is 'Sessions'; give one of App Crashes"),
        ({**fault("daily_stopped", **{"from": "2026-11-01"}), "apple_id": 3}, "app 3 has no ongoing request"),
        (fault("partial_snapshot", **{"from": "2026-10-01", "to": "2026-10-02"}), "app 1 has no snapshot"),
        (fault("report_never_delivered", "App Store Pre-Orders Standard"), "has nothing to miss there"),
        (fault("late_instance", granularity="WEEKLY", date="2026-11-12", days=1), "no WEEKLY instance"),
        (fault("late_instance", DOWNLOADS, granularity="WEEKLY", date="2026-11-13", days=1), "no WEEKLY instance"),
        (fault("date_restated", DOWNLOADS, date="2026-11-05", on="2026-11-07", delta=1), "not older than its lag"),
        (fault("date_restated", "App Sessions Detailed", date="2026-11-05", on="2026-11-18", delta=1), "has noise"),
        (
            fault("date_restated", "App Runtime Usage", date="2026-11-05", on="2026-11-18", delta=1),
            "nothing is compared",
        ),
        (fault("date_restated", date="2026-11-05", on="2026-11-18", delta=0), "delta is 0"),
        (fault("granularity_differs", granularity="WEEKLY", date="2026-11-03", delta=1), "give a Monday"),
        (fault("detail_shortfall", source="x", **{"from": "2026-11-10", "to": "2026-11-10"}), "is no Detailed report"),
        (fault("segment_short", date="2026-11-20"), "neither times nor always"),
    ],
)
def test_an_analytics_fault_that_cannot_be_found_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)), playing(wrong):
        pass
