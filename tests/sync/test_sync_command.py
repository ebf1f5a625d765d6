from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from ascrecon import clock
from ascrecon.jobs.models import Job
from ascrecon.jobs.models import State as JobState
from ascrecon.jobs.service import enqueue, run_job
from ascrecon.jobs.testing import assert_idempotent
from ascrecon.simulator.running import Simulator
from reports.detect.detectors import run_all
from reports.jobs import enqueue_sync, sync_everything
from reports.models import (
    Account,
    ApiProblem,
    App,
    CellState,
    CoverageCell,
    Delivery,
    Finding,
    FindingEvent,
    FindingState,
    SalesRow,
    Vintage,
)
from reports.sync.plan import plan_summary, plan_sync
from tests.sync.doors import Said, door

pytestmark = pytest.mark.django_db

Start = Callable[..., Simulator]
Connect = Callable[..., Account]
DAILY = "SALES/SUMMARY/DAILY"


def pull(simulator: Simulator, today: str, first: str = "2026-11-12", last: str = "2026-11-19") -> Said:
    """Pulls a few days on a day that both sides agree on."""
    simulator.move_to(date.fromisoformat(today))
    return door("sync", "--now", "--json", "--as-of", today, "--from", first, "--to", last)


def states(report: str = DAILY, first: str = "2026-11-12") -> dict[str, str]:
    cells = CoverageCell.objects.filter(report=report, date__gte=first).order_by("date")
    return {cell.date.isoformat(): cell.state for cell in cells}


def found(kind: str) -> list[tuple[str, str, str, str, str]]:
    findings = Finding.objects.filter(kind=kind).exclude(state=FindingState.CLOSED).order_by("from_day")
    return [(f.cause, f.severity, f.report, str(f.from_day), str(f.to_day)) for f in findings]


def test_it_pulls_every_report_of_the_days(simulator: Start, connect: Connect) -> None:
    connect(simulator())

    said = door("sync", "--now", "--json", "--as-of", "2026-11-20", "--from", "2026-11-12", "--to", "2026-11-19")

    # 8 days; the week to 11-15 is over, that to 11-22 is not; no month and no fiscal month ends in these days.
    # With the list of apps that is 1 + 8 + 1 calls.
    assert (said.code, said.json) == (0, {"calls": 10, "rate_remaining": 3490, "deliveries": 9, "jobs": 2})
    assert set(states().values()) == {CellState.FINAL}
    assert set(states("SALES/SUMMARY/WEEKLY", "2026-11-09").values()) == {CellState.FINAL}
    app = App.objects.get()
    assert (app.apple_id, app.sku, app.name, app.provisional) == (1500000001, "NOTES", "Acme Notes", False)


def test_it_pulls_finance_reports_by_fiscal_month(simulator: Start, connect: Connect) -> None:
    connect(simulator())

    said = door("sync", "--now", "--json", "--as-of", "2026-11-20", "--from", "2026-10-31", "--to", "2026-10-31")

    assert said.code == 0
    # Fiscal 2027-01 is 2026-09-27 to 2026-10-31, out since Friday 2026-11-06.
    months = CoverageCell.objects.filter(report__startswith="FINANCE/", date="2026-09-27").order_by("report")
    assert [(m.report, m.region_code, m.state) for m in months] == [
        ("FINANCE/FINANCE_DETAIL", "Z1", CellState.FINAL),
        ("FINANCE/FINANCIAL", "ZZ", CellState.FINAL),
    ]


def test_it_asks_nothing_twice_in_one_morning(simulator: Start, connect: Connect) -> None:
    running = simulator()
    connect(running)
    pull(running, "2026-11-20")

    again = pull(running, "2026-11-20")

    assert again.json == {"calls": 1, "rate_remaining": 3489, "deliveries": 0, "jobs": 0}  # the list of apps


def test_it_resumes_after_an_interruption(simulator: Start, connect: Connect) -> None:
    running = simulator()
    account = connect(running)
    running.move_to(date(2026, 11, 20))
    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        # As a job that was killed after its third answer leaves the ledger.
        plan_sync(account)
        CoverageCell.objects.filter(report=DAILY, date__lte="2026-11-14").update(
            next_try=None, asked_at=clock.now(), state=CellState.FINAL
        )
        due = CoverageCell.objects.filter(report=DAILY, next_try__lte=clock.now())
        assert [cell.date.day for cell in due.order_by("date")] == [15, 16, 17, 18, 19]


def test_it_reads_the_last_week_again_and_unchanged_bytes_cost_nothing(simulator: Start, connect: Connect) -> None:
    running = simulator()
    connect(running)
    pull(running, "2026-11-19", "2026-11-12", "2026-11-18")
    before = Delivery.objects.count(), Vintage.objects.count()

    running.move_to(date(2026, 11, 20))
    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        due = CoverageCell.objects.filter(report=DAILY, state=CellState.FINAL, next_try__lte=clock.now())
        assert due.count() == 7
    said = pull(running, "2026-11-20", "2026-11-12", "2026-11-18")

    assert (said.json["deliveries"], Delivery.objects.count(), Vintage.objects.count()) == (0, *before)


def test_it_reports_a_day_that_apple_issued_again(simulator: Start, connect: Connect) -> None:
    fault = {"kind": "day_reissued", "date": "2026-11-14", "on": "2026-11-18", "units_delta": 25}
    fault["apple_id"] = 1500000001
    running = simulator(faults=[fault])
    connect(running)
    pull(running, "2026-11-17", "2026-11-12", "2026-11-16")
    assert found("restated") == []

    pull(running, "2026-11-20")

    finding = Finding.objects.get(kind="restated")
    (planted,) = running.planted()
    # 25 units at proceeds of 2.79 (3.99 less 30 %, rounded down to the cent): 69.75.
    assert planted["amounts"] == {"USD": "69.75"}
    assert (str(finding.difference), str(finding.explained), str(finding.residual)) == ("69.75", "69.75", "0.00")
    assert (finding.report, finding.metric, finding.cut, finding.currency) == (DAILY, "proceeds", "app", "USD")
    assert (finding.from_day, finding.to_day, finding.severity) == (date(2026, 11, 14), date(2026, 11, 14), "low")
    assert "(received 2026-11-17)" in finding.message
    assert "(received 2026-11-20)" in finding.message
    assert len(finding.evidence) == 2


def test_it_reports_a_late_day_and_lowers_it_once_it_is_here(simulator: Start, connect: Connect) -> None:
    running = simulator(faults=[{"kind": "day_late", "date": "2026-11-16", "days": 2}])
    connect(running)

    pull(running, "2026-11-17")
    assert states()["2026-11-16"] == CellState.OVERDUE
    assert found("late_delivery") == [("not_delivered", "high", DAILY, "2026-11-16", "2026-11-16")]
    assert "was due 2026-11-17 08:00 Pacific Time" in Finding.objects.get().message

    pull(running, "2026-11-20")
    assert states()["2026-11-16"] == CellState.FINAL
    assert found("late_delivery") == [("not_delivered", "low", DAILY, "2026-11-16", "2026-11-16")]
    # Seen at 23:59 UTC on the 20th, due at 16:00 UTC on the 17th.
    assert "came 3 days late" in Finding.objects.get().message


def test_it_reports_late_days_that_follow_each_other_as_one(simulator: Start, connect: Connect) -> None:
    late = [{"kind": "day_late", "date": f"2026-11-{day}", "days": 9} for day in (14, 15, 17)]
    connect(running := simulator(faults=late))

    pull(running, "2026-11-20")

    assert found("late_delivery") == [
        ("not_delivered", "high", DAILY, "2026-11-14", "2026-11-15"),
        ("not_delivered", "high", DAILY, "2026-11-17", "2026-11-17"),
    ]


def test_it_finds_the_same_however_often_it_looks(simulator: Start, connect: Connect) -> None:
    faults = [
        {"kind": "day_late", "date": "2026-11-16", "days": 9},
        {"kind": "http", "date": "2026-11-14", "status": 500, "always": True},
    ]
    account = connect(running := simulator(faults=faults))
    pull(running, "2026-11-20")
    before = list(Finding.objects.order_by("pk").values("public_id", "state", "message"))
    events = FindingEvent.objects.count()

    for window in (
        (date.min, date.max),
        (date(2026, 11, 16), date(2026, 11, 16)),
        (date(2026, 1, 1), date(2026, 1, 2)),
    ):
        run_all(*window, account)

    assert len(before) == 2
    assert list(Finding.objects.order_by("pk").values("public_id", "state", "message")) == before
    assert FindingEvent.objects.count() == events


def test_it_does_not_call_a_day_late_that_was_not_asked_for_in_time(simulator: Start, connect: Connect) -> None:
    running = simulator(faults=[{"kind": "day_late", "date": "2026-11-16", "days": 2}])
    connect(running)

    pull(running, "2026-11-20")

    assert found("late_delivery") == []


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"kind": "http", "status": 401}, "credentials"),
        ({"kind": "http", "status": 403, "body": "role"}, "role"),
        ({"kind": "http", "status": 403, "body": "agreement"}, "agreement"),
        ({"kind": "http", "status": 405}, "method_not_allowed"),
        ({"kind": "http", "status": 429}, "rate_limit"),
        ({"kind": "http", "status": 500}, "server_error"),
        ({"kind": "http", "status": 502, "body": "html"}, "server_error"),
        ({"kind": "truncated_gzip"}, "truncated_download"),
        ({"kind": "dropped_connection"}, "connection_dropped"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_it_blocks_only_what_cannot_be_read_and_heals_by_itself(
    simulator: Start, connect: Connect, fault: dict[str, object], cause: str
) -> None:
    always = {**fault, "date": "2026-11-14", "always": True, "to": "2026-11-19"}
    running = simulator(faults=[always])
    connect(running)

    said = pull(running, "2026-11-18", "2026-11-12", "2026-11-17")

    assert said.code == 3
    assert set(said.json["error"]) == {"file", "line", "seen", "do"}
    assert said.json["deliveries"] == 6  # five days and a week
    assert [day for day, state in states().items() if state == CellState.BLOCKED] == ["2026-11-14"]
    assert found("api_incident") == [(cause, "high", DAILY, "2026-11-14", "2026-11-14")]
    problem = ApiProblem.objects.get(succeeded=False)
    assert (problem.cause, problem.report, str(problem.cell and problem.cell.date)) == (cause, DAILY, "2026-11-14")

    pull(running, "2026-11-20")
    assert states()["2026-11-14"] == CellState.FINAL
    assert Finding.objects.get(kind="api_incident").state == FindingState.CLOSED


def test_it_writes_down_a_call_that_worked_only_when_repeated(simulator: Start, connect: Connect) -> None:
    faults = [{"kind": "http", "date": "2026-11-14", "status": 502, "body": "html", "times": 2}]
    running = simulator(faults=faults)
    connect(running)

    said = pull(running, "2026-11-20")

    assert said.code == 0
    problem = ApiProblem.objects.get()
    assert (problem.succeeded, problem.attempts, problem.cause) == (True, 3, "server_error")
    assert problem.request_id
    assert found("api_incident") == []


def test_it_reports_a_fault_that_was_mended_by_repeating_on_three_days(simulator: Start, connect: Connect) -> None:
    days = ("2026-11-16", "2026-11-17", "2026-11-18")
    faults = [{"kind": "http", "date": day, "status": 500, "times": 1} for day in days]
    running = simulator(faults=faults)
    connect(running)

    for n, day in enumerate(days, start=1):
        pull(running, f"2026-11-{17 + n - 1}", day, day)
        assert len(found("api_incident")) == (n == 3)

    assert found("api_incident") == [("server_error", "low", DAILY, "2026-11-17", "2026-11-19")]


def test_it_stops_asking_with_a_key_that_is_refused_again_and_again(simulator: Start, connect: Connect) -> None:
    running = simulator()
    account = connect(running)
    account.key_id = "REVOKED123"
    account.save()

    said = pull(running, "2026-11-20")

    # The list of apps and two reports, each tried once more with a fresh token: 6 calls, then no more.
    assert (said.code, running.calls()) == (3, 6)
    assert set(states().values()) == {CellState.BLOCKED}
    causes = set(CoverageCell.objects.filter(state=CellState.BLOCKED).values_list("cause", flat=True))
    assert causes == {"credentials"}


def test_it_reads_the_version_that_apple_offers_instead(simulator: Start, connect: Connect) -> None:
    running = simulator(faults=[{"kind": "version_retired", "from": "2026-11-18", "latest": "1_1"}])
    connect(running)

    said = pull(running, "2026-11-20")

    assert said.code == 0
    assert set(states().values()) == {CellState.FINAL}
    assert set(Delivery.objects.values_list("version", flat=True)) == {"1_1"}
    # Refused once per report, then asked for as offered: 2 calls more than without the fault.
    assert said.json["calls"] == 12
    assert found("api_incident") == []


def test_it_asks_for_the_version_that_apple_offered_from_then_on(simulator: Start, connect: Connect) -> None:
    running = simulator(faults=[{"kind": "version_retired", "from": "2026-11-01", "latest": "1_3"}])
    connect(running)

    first = pull(running, "2026-11-20", "2026-11-10", "2026-11-12").json
    again = pull(running, "2026-11-20", "2026-11-13", "2026-11-14").json

    # The list of apps, three days and their week, with a refusal for each report that names the version; then the list
    # and two days.
    assert (first["calls"], first["deliveries"]) == (7, 4)
    assert (again["calls"], again["deliveries"]) == (3, 2)


def test_it_stops_asking_for_finance_months_after_a_silent_year(simulator: Start, connect: Connect) -> None:
    running = simulator()
    account = connect(running)
    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        before = plan_summary(account)
        for report in (DAILY, "SALES/SUMMARY/WEEKLY", "SALES/SUMMARY/MONTHLY"):
            CoverageCell.objects.filter(report=report).update(next_try=None)
    door("sync", "--now", "--as-of", "2026-11-20")

    months = CoverageCell.objects.filter(report="FINANCE/FINANCIAL")
    # The scenario begins on 2026-10-11, within fiscal 2027-01; the twelve months before it have nothing.
    assert before.calls > 600
    assert Counter(months.values_list("state", flat=True)) == {CellState.FINAL: 1, CellState.OPEN: 12}
    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        plan_summary(account)
    assert months.count() == 13


def test_it_plans_all_that_apple_still_has_and_says_how_long_it_takes(simulator: Start, connect: Connect) -> None:
    account = connect(simulator())
    now = datetime(2026, 11, 20, 20, tzinfo=UTC)

    with clock.standing_at(now):
        plan = plan_summary(account)
        said = door("sync", "--plan", "--json")

    # 365 days, 52 weeks, 12 months from November 2025 on, and twice 120 fiscal months; all of it is out by now.
    assert (plan.calls, plan.done, plan.remaining) == (365 + 52 + 12 + 240, 0, 669)
    # 3,500 calls an hour less a tenth: 669 / 3150 h = 12.7 minutes. A loopback address is not paced further.
    assert plan.calls_per_hour == 3150
    assert plan.finishes_at is not None
    assert timedelta(minutes=12) < plan.finishes_at - now < timedelta(minutes=13)
    assert said.json["plan"][0]["remaining"] == 669


def test_it_plans_no_quicker_than_the_client_calls(settings: Settings, db: None) -> None:
    settings.APPSTORE_POLICY = {"min_interval_seconds": 2.0}
    account = Account.objects.create(name="Acme")
    account.vendors.create(number="80000001")

    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        plan = plan_summary(account)

    assert plan.calls_per_hour == 1800  # a call in 2 seconds


def test_it_queues_short_jobs_that_pull_the_same(simulator: Start, connect: Connect) -> None:
    running = simulator()
    account = connect(running)
    running.move_to(date(2026, 11, 20))
    moment = datetime(2026, 11, 20, 20, tzinfo=UTC)
    with clock.standing_at(moment):
        jobs = enqueue_sync(account, date(2026, 11, 12), date(2026, 11, 19), as_of=moment)
        again = enqueue_sync(account, date(2026, 11, 12), date(2026, 11, 19), as_of=moment)
    assert [job.pk for job in jobs] == [job.pk for job in again]

    for job in jobs:
        run_job(job.pk)

    assert set(Job.objects.filter(pk__in=[j.pk for j in jobs]).values_list("state", flat=True)) == {JobState.DONE}
    assert set(states().values()) == {CellState.FINAL}
    daily = next(job for job in jobs if DAILY in job.subject)
    daily.refresh_from_db()
    told = daily.result.pop("rate_remaining")
    assert daily.result == {"calls": 8, "asked": 8, "deliveries": 8, "failures": []}
    assert 3400 < told < 3500, "what Apple has left of 3,500 calls of the hour"
    assert (daily.done, daily.total) == (8, 8)
    assert Job.objects.filter(kind="detect.delivery").count() == 1


def test_it_is_the_same_when_a_job_runs_twice(simulator: Start, connect: Connect) -> None:
    running = simulator()
    account = connect(running)
    running.move_to(date(2026, 11, 20))
    moment = datetime(2026, 11, 20, 20, tzinfo=UTC)

    def job() -> Job:
        with clock.standing_at(moment):
            jobs = enqueue_sync(account, date(2026, 11, 17), date(2026, 11, 19), as_of=moment)
        return next(job for job in jobs if DAILY in job.subject)

    assert_idempotent(job, [CoverageCell, Delivery, Vintage, SalesRow, ApiProblem])

    assert Delivery.objects.count() == 3


def test_it_is_asked_for_by_page_and_by_the_clock(simulator: Start, connect: Connect) -> None:
    account = connect(simulator())
    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        by_page = enqueue("sync.account", {"account": account.pk}, subject="Pull Acme", requested_by="ann")
        run_job(by_page.pk)
        asked = Job.objects.filter(kind="sync.reports")
        assert set(asked.values_list("requested_by", flat=True)) == {"ann"}
        count = asked.count()

        sync_everything(clock.now())

        assert asked.count() == count
        Account.objects.update(sync_enabled=False)
        asked.delete()
        sync_everything(clock.now())
        assert asked.count() == 0


def test_it_cuts_a_back_fill_into_short_pieces(simulator: Start, connect: Connect) -> None:
    account = connect(simulator())

    with clock.standing_at(datetime(2026, 11, 20, 20, tzinfo=UTC)):
        found = [unit for unit in plan_sync(account) if unit.report == DAILY]

    assert len(found) == 13  # 365 days by 30
    assert (found[0].first, found[0].last, found[0].calls) == (date(2026, 10, 21), date(2026, 11, 19), 30)
    assert sum(unit.calls for unit in found) == 365


def test_it_queues_without_calling_apple(simulator: Start, connect: Connect) -> None:
    running = simulator()
    connect(running)

    said = door("sync", "--json", "--as-of", "2026-11-20", "--from", "2026-11-12", "--to", "2026-11-19")

    assert said.json == {"calls": 0, "rate_remaining": None, "deliveries": 0, "jobs": 3}
    assert running.calls() == 0
    assert {job.payload["as_of"] for job in Job.objects.all()} == {"2026-11-20T23:59:59+00:00"}


def test_it_fails_loudly_without_an_account() -> None:
    said = door("sync", "--now", "--json")

    assert said.code == 2
    assert said.json["error"]["seen"] == "There is no account to pull."
    assert "account add" in said.err


def test_it_fails_loudly_when_nobody_answers(simulator: Start, connect: Connect) -> None:
    account = connect(simulator())
    Account.objects.filter(pk=account.pk).update(base_url="http://127.0.0.1:9")

    said = door("sync", "--now", "--json", "--as-of", "2026-11-20", "--from", "2026-11-18", "--to", "2026-11-18")

    assert said.code == 3
    assert "connection" in said.json["error"]["seen"]


@pytest.mark.parametrize(
    ("argv", "seen"),
    [
        (["--account", "Nobody"], "There is no account named 'Nobody'."),
        (["--from", "2026-11-20", "--to", "2026-11-01"], "--from 2026-11-20 lies after --to 2026-11-01."),
    ],
)
def test_it_refuses_wrong_input_in_one_sentence(argv: list[str], seen: str) -> None:
    said = door("sync", "--json", *argv)

    assert (said.code, said.json["error"]["seen"]) == (2, seen)
