"""The status of an app's report requests: both access types in words, with a clock; reports, instances and calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from ascrecon.jobs.models import Job, State
from reports.models import Access, InstanceState, RequestState
from tests import factories as make

Login = Callable[[str], Client]
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def standing(clock: Callable[[datetime], None]) -> None:
    clock(NOW)


def page(client: Client) -> str:
    app = make.AppFactory.make()
    response = client.get(f"/admin/reports/app/{app.pk}/requests/")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", unescape(response.content.decode()))


@pytest.mark.parametrize(
    ("fields", "sentences"),
    [
        # asked on the 20th at 9:00, the first report at 18:00
        ({}, ["Asked 2026-11-20 09:00 UTC.", "The first report came after 9 hours, 2026-11-20 18:00 UTC."]),
        # expected by the 22nd at 9:00; now is the 24th at 15:00: 54 hours
        (
            {"state": RequestState.WAITING, "first_instance_at": None},
            ["The first report is expected by 2026-11-22 09:00 UTC: 2 days overdue."],
        ),
        (
            {
                "state": RequestState.WAITING,
                "first_instance_at": None,
                "expected_by": datetime(2026, 11, 24, 20, 30, tzinfo=UTC),
            },
            ["The first report is expected by 2026-11-24 20:30 UTC, in 5 hours."],
        ),
        ({"adopted": True}, ["It existed before, so when it was made is not known; first seen 2026-11-20 09:00 UTC."]),
        (
            {"state": RequestState.STOPPED, "stopped_seen_at": datetime(2026, 11, 23, 6, tzinfo=UTC)},
            ["stopped by Apple for inactivity", "First seen stopped 2026-11-23 06:00 UTC."],
        ),
        (
            {"state": RequestState.REFUSED, "first_instance_at": None, "evidence": "An Admin must make it."},
            ["refused: the key may not ask for it", "An Admin must make it."],
        ),
    ],
)
def test_a_request_tells_its_state_and_its_clock_in_words(
    fields: dict[str, Any], sentences: list[str], db: None, login: Login
) -> None:
    make.ReportRequestFactory.make(**fields)
    shown = page(login("Viewer"))
    assert [sentence for sentence in sentences if sentence not in shown] == []


def test_both_access_types_stand_there_also_where_one_was_never_made(db: None, login: Login) -> None:
    make.ReportRequestFactory.make(access=Access.ONGOING)
    shown = page(login("Viewer"))
    assert "<h2>Ongoing</h2>" in shown
    assert "<h2>One-time snapshot</h2>" in shown
    assert "There is none. The account does not ask for analytics reports" in shown


def test_a_report_tells_its_newest_instances_and_how_many_there_are_in_each_state(db: None, login: Login) -> None:
    report = make.AnalyticsReportFactory.make(name="App Sessions Standard")
    for day, granularity, state in (
        (18, "DAILY", InstanceState.LOADED), (19, "DAILY", InstanceState.LOADED), (20, "WEEKLY", InstanceState.LISTED),
    ):  # fmt: skip
        make.AnalyticsInstanceFactory.make(
            report=report, processing_date=date(2026, 11, day), granularity=granularity, state=state
        )
    never = make.AnalyticsReportFactory.make(request=report.request, name="App Crashes")
    response = login("Viewer").get(f"/admin/reports/reportrequest/{report.request_id}/change/")
    ongoing = response.context["found"].statuses[0]
    crashes, sessions = ongoing.reports
    assert (crashes.report, crashes.newest) == (never, {})
    assert sessions.newest == {"DAILY": date(2026, 11, 19), "WEEKLY": date(2026, 11, 20)}
    assert sessions.counts == [("listed", 1), ("loaded", 2)]
    assert ongoing.without_instance == 1


def test_it_names_the_instances_that_could_not_be_read_whole(db: None, login: Login) -> None:
    make.AnalyticsInstanceFactory.make()
    make.AnalyticsInstanceFactory.make(state=InstanceState.VANISHED, evidence="Apple deleted it before it was read.")
    shown = page(login("Viewer"))
    assert "vanished before it was read" in shown
    assert "Apple deleted it before it was read." in shown
    assert shown.count("DAILY of 2026-10-14") == 1
    make.AnalyticsInstanceFactory.make(state=InstanceState.LISTED, cause="checksum_mismatch")
    make.AnalyticsInstanceFactory.make(state=InstanceState.LISTED)
    shown = page(login("Viewer"))
    assert "The file is not the one that Apple announced." in shown
    assert shown.count("DAILY of 2026-10-14") == 2, "one that only waits for its turn is no trouble"


def test_it_tells_the_calls_of_the_last_pull_and_what_apple_had_left(db: None, login: Login) -> None:
    account = make.AppFactory.make().account
    finished(account.pk, "2026-11-22 06:00", {"calls": 900, "rate_remaining": 2600})
    finished(account.pk, "2026-11-24 06:00", {"calls": 8, "rate_remaining": 3450})
    finished(account.pk, "2026-11-24 06:05", {"calls": 42, "rate_remaining": 3408})
    finished(account.pk, "2026-11-24 06:06", None)
    finished(account.pk + 1, "2026-11-24 07:00", {"calls": 5, "rate_remaining": 1})
    shown = page(login("Viewer"))
    assert "50 in 3 jobs of the 24 hours up to then, all of Acme" in shown
    assert "3,408, told 2026-11-24 06:05 UTC" in shown


def test_the_list_tells_all_requests_with_their_clocks(db: None, login: Login) -> None:
    make.ReportRequestFactory.make(state=RequestState.WAITING, first_instance_at=None)
    shown = login("Viewer").get("/admin/reports/reportrequest/").content.decode()
    assert "2 days overdue" in shown


def finished(account: int, at: str, result: dict[str, int] | None) -> None:
    job = Job.objects.create(kind="sync.analytics", subject="Pull", account_id=account, state=State.DONE, result=result)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET finished = %s WHERE id = %s", [f"{at}+00", job.pk])
