from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from ascrecon import clock
from ascrecon.jobs.models import Job
from ascrecon.jobs.service import enqueue, run_job
from reports.digest.compose import compose, one_line
from reports.digest.outbox import send_waiting
from reports.digest.schedule import latest_slot, send_due_digests
from reports.jobs import digest_if_due
from reports.models import (
    Account,
    App,
    Cause,
    CellState,
    CoverageCell,
    DigestSchedule,
    Finding,
    FindingEvent,
    FindingKind,
    FindingState,
    Grain,
    OutboxMessage,
    Severity,
    Vendor,
)
from tests.digest.mail_server import MailServer, mail_server
from tests.sync.doors import door

pytestmark = pytest.mark.django_db
#: A Friday, one hour after the digest's usual hour.
NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_TIMEOUT = 2
    settings.DEFAULT_FROM_EMAIL = "ascrecon@example.com"
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


@pytest.fixture
def account() -> Account:
    return Account.objects.create(name="Acme")


def schedule(*recipients: str, **facts: Any) -> DigestSchedule:
    return DigestSchedule.objects.create(recipients="\n".join(recipients or ("ann@example.com",)), **facts)


def finding(account: Account, *actions: tuple[str, datetime], **facts: Any) -> Finding:
    number = Finding.objects.count()
    given: dict[str, Any] = {
        "public_id": str(number),
        "kind": FindingKind.MISSING_SALES_VALUES,
        "cause": Cause.POSITIVE_ROWS_MISSING,
        "severity": Severity.HIGH,
        "account": account,
        "from_day": date(2026, 11, 2),
        "to_day": date(2026, 11, 3),
        "first_seen": NOW,
        "last_seen": NOW,
        "message": "Sales are missing.",
        "detector": "test",
    }
    made = Finding.objects.create(**{**given, **facts})
    for action, at in actions or (("opened", NOW - timedelta(hours=1)),):
        FindingEvent.objects.create(finding=made, at=at, actor="ascrecon", action=action)
    return made


def states() -> dict[str, str]:
    return dict(OutboxMessage.objects.order_by("pk").values_list("recipient", "state"))


def test_it_says_what_is_new_with_amounts_per_currency_and_a_link(account: Account, settings: Settings) -> None:
    settings.ASCRECON_BASE_URL = "https://recon.example.com"
    app = App.objects.create(account=account, name="Acme Notes")
    first = finding(account, app=app, money_at_risk={"USD": "12.5", "JPY": "700"})
    finding(account, money_at_risk={"USD": "0.50"})

    digest = compose(None, Severity.LOW, NOW - DAY, NOW)

    assert digest.counts == {"new": 2, "changed": 0, "reopened": 0, "closed": 0}
    # 12.50 + 0.50 USD; yen are never added to dollars.
    assert "Open now: 2 findings, money at risk: 700 JPY, 13.00 USD" in digest.body
    assert "HIGH, Sales values are missing, 2026-11-02 to 2026-11-03, Acme Notes" in digest.body
    assert "at risk 700 JPY, 12.50 USD" in digest.body
    assert f"https://recon.example.com/admin/reports/finding/{first.pk}/change/" in digest.body


@pytest.mark.parametrize(
    ("actions", "section"),
    [
        (["opened"], "new"),
        (["opened", "changed"], "new"),
        (["changed"], "changed"),
        (["changed", "closed"], "closed"),
        (["closed", "reopened"], "reopened"),
        (["reopened", "changed"], "reopened"),
        (["assigned"], ""),
        (["opened", "closed"], ""),
        ([], ""),
    ],
)
def test_it_tells_each_finding_once(account: Account, actions: list[str], section: str) -> None:
    events = [(action, NOW - timedelta(minutes=30 - n)) for n, action in enumerate(actions)]
    finding(account, ("opened", NOW - 9 * DAY), *events)

    digest = compose(None, Severity.LOW, NOW - DAY, NOW)

    assert [name for name, count in digest.counts.items() if count] == ([section] if section else [])


def test_it_takes_everything_open_as_new_the_first_time(account: Account) -> None:
    finding(account, ("opened", NOW - 90 * DAY))
    finding(account, ("opened", NOW - 90 * DAY), state=FindingState.CLOSED)

    assert compose(None, Severity.LOW, None, NOW).counts["new"] == 1


def test_it_leaves_out_what_is_less_severe_or_of_another_account(account: Account) -> None:
    finding(account, severity=Severity.LOW)
    finding(Account.objects.create(name="Other"))

    assert compose(account, Severity.HIGH, NOW - DAY, NOW).counts["new"] == 0
    assert compose(account, Severity.LOW, NOW - DAY, NOW).counts["new"] == 1


def test_it_says_to_which_day_the_reports_are_complete(account: Account) -> None:
    vendor = Vendor.objects.create(account=account, number="80000001")
    for day, state in ((17, CellState.FINAL), (18, CellState.FINAL), (19, CellState.OVERDUE)):
        on = date(2026, 11, day)
        CoverageCell.objects.create(
            account=account, vendor=vendor, report="SALES/SUMMARY/DAILY", granularity=Grain.DAY, date=on, period_end=on,
            due=NOW, state=state,
        )  # fmt: skip

    digest = compose(None, Severity.LOW, None, NOW)

    assert "Acme 80000001, SALES/SUMMARY/DAILY: complete to 2026-11-18 (1 overdue)" in digest.body
    assert digest.subject == "ascrecon: nothing new, sales complete to 2026-11-18"


def test_it_tells_ten_problems_and_counts_the_rest(account: Account, settings: Settings) -> None:
    settings.ASCRECON_BASE_URL = "https://recon.example.com"
    for day in range(1, 15):
        on = date(2026, 11, day)
        finding(account, from_day=on, to_day=on, money_at_risk={"USD": "1"})
    finding(account, kind=FindingKind.LATE_DELIVERY, severity=Severity.LOW)

    body = compose(None, Severity.LOW, None, NOW).body

    assert body.count("Sales are missing.") == 10
    assert "New (15)" in body
    page = "https://recon.example.com/admin/reports/finding/"
    assert f"and 4 more, Sales values are missing: {page}?kind__exact=missing_sales_values" in body
    assert f"and 1 more, Delivered late: {page}?kind__exact=late_delivery" in body


def test_it_tells_one_problem_in_several_currencies_once(account: Account) -> None:
    app = App.objects.create(account=account, name="Acme Notes")
    for currency, risk in (("USD", "12.50"), ("JPY", "700")):
        finding(account, app=app, metric="proceeds", currency=currency, money_at_risk={currency: risk})

    body = compose(None, Severity.LOW, None, NOW).body

    assert "New (2)" in body
    assert body.count("Sales values are missing") == 1
    assert "Acme Notes, 2026-11-02 to 2026-11-03: proceeds in JPY and USD. Rows with sales are missing." in body
    assert "at risk 700 JPY, 12.50 USD" in body


def test_it_tells_days_and_app_once(account: Account) -> None:
    app = App.objects.create(account=account, name="Acme Notes")
    finding(account, app=app, message="Acme Notes, 2026-11-02 to 2026-11-03: all sales are missing.")

    body = compose(None, Severity.LOW, None, NOW).body

    assert (body.count("Acme Notes"), body.count("2026-11-02")) == (1, 1)


def test_it_names_no_difference_where_the_other_side_is_an_estimate(account: Account) -> None:
    facts = {"api_value": "393", "difference": "-393", "details": {"usual_units_per_day": "227.2"}}
    finding(account, money_at_risk={"USD": "2487.20"}, **facts)

    body = compose(None, Severity.LOW, None, NOW).body

    assert "estimated at risk 2,487.20 USD" in body
    assert "difference" not in body


def test_it_keeps_line_breaks_of_titles_out_of_the_mail(account: Account) -> None:
    app = App.objects.create(account=account, name="Notes\r\nBcc: eve@example.com")
    finding(account, app=app)

    body = compose(None, Severity.LOW, None, NOW).body

    assert "Notes Bcc: eve@example.com" in body
    assert one_line("a\u2028b\tc\x1b[31m") == "a b c [31m"
    assert len(one_line("x" * 5000)) == 200


@pytest.mark.parametrize(
    ("hour", "weekdays", "slot"),
    [
        (6, "1,2,3,4,5", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        (8, "1,2,3,4,5", datetime(2026, 11, 19, 8, tzinfo=UTC)),
        (6, "1", datetime(2026, 11, 16, 6, tzinfo=UTC)),
        (8, "5", datetime(2026, 11, 13, 8, tzinfo=UTC)),
        (6, "", None),
    ],
)
def test_it_is_due_on_its_weekdays_at_its_hour(hour: int, weekdays: str, slot: datetime | None) -> None:
    assert latest_slot(schedule(hour=hour, weekdays=weekdays), NOW) == slot


def test_it_sends_one_digest_for_a_gap_of_many_days(mail: MailServer, account: Account) -> None:
    finding(account, ("opened", NOW - 5 * DAY))
    schedule(last_digest_at=NOW - 9 * DAY)

    send_due_digests(NOW)
    send_due_digests(NOW + timedelta(minutes=15))

    assert len(mail.received) == 1
    assert str(make_header(decode_header(mail.received[0][1]["Subject"]))) == "ascrecon: 1 new"


def test_it_sends_nothing_before_the_hour_or_when_switched_off(mail: MailServer) -> None:
    schedule(hour=8, last_digest_at=NOW - timedelta(hours=22))
    schedule(enabled=False)

    send_due_digests(NOW)

    assert mail.received == []


def test_it_shows_which_recipients_were_refused(mail: MailServer) -> None:
    mail.answers = {"bob@example.com": "550 no such box", "cat@example.com": "451 come back later"}
    schedule("ann@example.com", "bob@example.com", "cat@example.com")

    send_due_digests(NOW)

    assert states() == {"ann@example.com": "sent", "bob@example.com": "refused", "cat@example.com": "queued"}
    assert mail.recipients() == ["ann@example.com"]
    assert OutboxMessage.objects.get(recipient="bob@example.com").error == "550 no such box"

    mail.answers = {}
    send_waiting(NOW + timedelta(minutes=4))
    assert mail.recipients() == ["ann@example.com"]
    send_waiting(NOW + timedelta(minutes=5))
    assert mail.recipients() == ["ann@example.com", "cat@example.com"]
    assert states() == {"ann@example.com": "sent", "bob@example.com": "refused", "cat@example.com": "sent"}


def test_it_sends_once_more_and_says_so_when_the_connection_broke_after_the_text(mail: MailServer) -> None:
    mail.answers = {"ann@example.com": "drop"}
    schedule()

    send_due_digests(NOW)
    assert states() == {"ann@example.com": "unknown"}

    for hours in (1, 2, 30):
        send_waiting(NOW + timedelta(hours=hours))

    assert states() == {"ann@example.com": "unknown"}
    first, second = (message for _, message in mail.received)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@example.com>")
    assert "may reach you twice" not in str(first.get_payload())
    assert "may reach you twice" in str(second.get_payload())


def test_it_sends_once_more_when_its_process_died_while_sending(mail: MailServer) -> None:
    schedule()
    send_due_digests(NOW)
    OutboxMessage.objects.update(state="sending", next_try=NOW + timedelta(minutes=15))

    send_waiting(NOW + timedelta(minutes=14))
    assert len(mail.received) == 1
    send_waiting(NOW + timedelta(minutes=15))

    assert (len(mail.received), states()) == (2, {"ann@example.com": "sent"})
    assert "may reach you twice" in str(mail.received[1][1].get_payload())


def test_it_keeps_the_mail_for_a_day_while_the_server_is_down(settings: Settings, mail: MailServer) -> None:
    settings.EMAIL_PORT = 9
    schedule()
    moment = NOW

    send_due_digests(moment)
    for _ in range(5):
        message = OutboxMessage.objects.get()
        assert (message.state, bool(message.error)) == ("queued", True)
        assert message.next_try is not None
        moment = message.next_try
        send_waiting(moment)

    settings.EMAIL_PORT = mail.port
    message = OutboxMessage.objects.get()
    assert message.next_try is not None
    # 5 + 15 + 60 + 180 + 360 + 720 minutes
    assert message.next_try - NOW == timedelta(minutes=1340)
    send_waiting(message.next_try)
    assert states() == {"ann@example.com": "sent"}


def test_it_gives_up_in_the_end_and_says_so(settings: Settings, mail: MailServer) -> None:
    settings.EMAIL_PORT = 9
    schedule()
    send_due_digests(NOW)

    for days in range(1, 9):
        send_waiting(NOW + days * DAY)

    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == ("refused", 7)
    assert message.error.startswith("Given up after 7 tries")


def test_it_does_not_wait_for_ever_for_a_server_that_is_silent(settings: Settings, mail: MailServer) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    mail.answers = {"ann@example.com": "hang"}
    schedule()
    began = time.monotonic()

    send_due_digests(NOW)

    assert states() == {"ann@example.com": "unknown"}
    assert time.monotonic() - began < 5


def test_it_shows_the_digest_without_sending_it(mail: MailServer, account: Account) -> None:
    finding(account)
    schedule()

    with clock.standing_at(NOW):
        said = door("digest", "--dry-run", "--json")

    (digest,) = said.json["digests"]
    assert (digest["subject"], digest["messages"]) == ("ascrecon: 1 new", [{"recipient": "ann@example.com"}])
    assert not OutboxMessage.objects.exists()
    assert mail.received == []


def test_it_shows_the_digest_of_all_accounts_where_none_is_scheduled(account: Account) -> None:
    finding(account)

    said = door("digest", "--dry-run", "--as-of", "2026-11-20")

    assert said.code == 0
    assert said.out.startswith("Subject: ascrecon: 1 new")


def test_it_sends_at_once_by_command(mail: MailServer, account: Account) -> None:
    finding(account)
    schedule("ann@example.com", "bob@example.com")
    mail.answers = {"bob@example.com": "550 no such box"}

    with clock.standing_at(NOW):
        said = door("digest", "--json")

    assert said.json["digests"][0]["messages"] == [
        {"recipient": "ann@example.com", "state": "sent", "error": ""},
        {"recipient": "bob@example.com", "state": "refused", "error": "550 no such box"},
    ]


def test_it_says_that_no_digest_is_scheduled() -> None:
    said = door("digest", "--json")

    assert (said.code, said.json["error"]["seen"]) == (2, "No digest is scheduled.")


def test_it_is_sent_by_a_job_that_a_tick_queues(mail: MailServer) -> None:
    schedule()
    with clock.standing_at(NOW):
        digest_if_due(NOW)
        digest_if_due(NOW)
        job = Job.objects.get(kind="digest.send")

        run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"messages": 1})
    assert len(mail.received) == 1


def test_it_sends_each_mail_once_however_often_the_job_runs(mail: MailServer) -> None:
    schedule()
    with clock.standing_at(NOW):
        for _ in range(3):
            run_job(enqueue("digest.send", subject="E-mail digest").pk)

    assert len(mail.received) == 1
