from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reports.amounts import format_amount, format_amounts
from reports.digest.compose import compose
from reports.models import CellState, Finding, FindingKind, FindingState, Severity
from reports.selectors import runs as selected_runs
from reports.selectors.worklist import severity_lines, urgent_problems
from tests import factories as make
from tests.admin.conftest import Cast
from tests.admin.test_permissions import POSTED, pages

INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (Decimal("-1234.5"), "USD", "−1,234.50"),
        (Decimal(700), "JPY", "700"),
        (Decimal("700.00"), "JPY", "700"),
        (Decimal("3.4985"), "USD", "3.4985"),
        (Decimal("37.0"), "", "37"),
        (None, "USD", "–"),
    ],
)
def test_it_writes_amounts_with_the_decimals_of_their_currency(
    value: Decimal | None, currency: str, shown: str
) -> None:
    assert format_amount(value, currency) == shown


def test_it_never_adds_currencies_up() -> None:
    assert format_amounts({"USD": "12", "JPY": "700"}) == "700 JPY · 12.00 USD"


def test_it_has_no_inline_script_or_style_on_any_page(cast: Cast, admin_client: Client) -> None:
    for _, page, url in pages(cast):
        response = admin_client.get(url) if page not in POSTED | {"download", "export", "lines"} else None
        if response is not None and response.status_code == 200:
            found = INLINE.search(response.content.decode())
            assert found is None, f"{url}: {found and found.group()}"
            assert "unsafe" not in response["Content-Security-Policy"]


class TestWorklist:
    def test_it_tells_money_at_risk_by_severity_and_currency(self, db: None) -> None:
        make.FindingFactory.make(money_at_risk={"USD": "41.30"})
        make.FindingFactory.make(money_at_risk={"USD": "8.70", "JPY": "700"})
        make.FindingFactory.make(money_at_risk={"USD": "1000"}, state=FindingState.RESOLVED)
        high = next(line for line in severity_lines() if line.severity == Severity.HIGH)
        # 41.30 + 8.70; the resolved one is no risk any more
        assert (high.count, high.money) == (2, [("JPY", Decimal(700)), ("USD", Decimal("50.00"))])

    def test_it_says_the_same_days_as_the_digest(self, db: None, login: Callable[[str], Client]) -> None:
        for number, state in enumerate((CellState.OPEN, CellState.FINAL, CellState.EMPTY, CellState.OVERDUE)):
            make.CoverageCellFactory.make(date=make.DAY + timedelta(days=number), state=state)
        # open, final on the 13th, empty on the 14th, overdue on the 15th: known from the 13th to the 14th
        assert "complete to 2026-10-14 (1 overdue)" in compose(None, Severity.LOW, None, make.MORNING).body
        page = text(login("Viewer"), "/admin/")
        assert '<td class="nowrap">2026-10-14</td>' in page
        assert "2026-10-12" not in page

    def test_it_says_that_nothing_was_delivered(self, db: None, login: Callable[[str], Client]) -> None:
        make.CoverageCellFactory.make(state=CellState.BLOCKED)
        assert "nothing delivered yet" in text(login("Viewer"), "/admin/")

    def test_it_tells_a_problem_in_several_currencies_as_one(self, db: None) -> None:
        app = make.AppFactory.make()
        for currency, risk in (("USD", "41.30"), ("JPY", "4900"), ("EUR", "12.10")):
            make.FindingFactory.make(app=app, currency=currency, money_at_risk={currency: risk})
        make.FindingFactory.make(app=app, currency="CHF", money_at_risk={}, from_day=make.DAY + timedelta(days=1))
        make.FindingFactory.make(app=app, currency="USD", member="notes.pro")
        several, one = sorted(urgent_problems(), key=lambda problem: -len(problem.findings))
        assert several.currencies == ["CHF", "EUR", "JPY", "USD"]
        assert several.money_at_risk == {"EUR": Decimal("12.10"), "JPY": Decimal(4900), "USD": Decimal("41.30")}
        assert len(one.findings) == 1

    def test_it_shows_different_problems_first(self, db: None) -> None:
        for number in range(12):
            day = make.DAY + timedelta(days=number)
            make.FindingFactory.make(severity=Severity.CRITICAL, from_day=day, to_day=day)
        make.FindingFactory.make(kind=FindingKind.API_INCIDENT, app=None, account=make.AccountFactory.make())
        kinds = [problem.finding.kind for problem in urgent_problems()]
        assert kinds == [FindingKind.MISSING_SALES_VALUES] * 4 + [FindingKind.API_INCIDENT]

    def test_it_answers_the_three_questions(self, cast: Cast, login: Callable[[str], Client]) -> None:
        page = text(login("Viewer"), "/admin/")
        assert "2026-10-12</span>" in page
        assert "to 2026-10-14</span>" in page
        assert "41.30" in page
        assert "Apple (Contact Us in App Store Connect)" in page

    def test_it_says_what_to_do_first(self, login: Callable[[str], Client]) -> None:
        page = text(login("Administrator"), "/admin/")
        assert "First steps" in page
        assert "/admin/reports/account/add/" in page
        assert "/admin/reports/consoleexport/upload/" in page


class TestFinding:
    def test_it_shows_both_sides_evidence_and_history(self, cast: Cast, login: Callable[[str], Client]) -> None:
        page = text(login("Viewer"), f"/admin/reports/finding/{cast.finding.pk}/change/")
        assert "Acme Notes lost its sales of three days" in page
        assert "−3.49" in page
        assert f"/admin/reports/salesrow/?delivery={cast.instance.pk}&amp;app=1500000001" in page
        assert f"/admin/reports/rawfile/{cast.instance.raw_file_id}/download/" in page
        assert "It was seen." in page
        assert "/work/" not in page

    def test_it_calls_an_estimate_one(self, db: None, login: Callable[[str], Client]) -> None:
        estimate = make.FindingFactory.make(
            console_value=None, api_value=Decimal(393), difference=Decimal(-393), currency="",
            money_at_risk={"USD": "2487.20"}, details={"usual_units_per_day": "227.2"},
        )  # fmt: skip
        client = login("Viewer")
        page = text(client, f"/admin/reports/finding/{estimate.pk}/change/")
        assert "Estimated at risk" in page
        assert "2,487.20" in page
        assert "227.2" in page
        assert "Difference" not in page
        assert "−393" not in page
        assert "−393" not in text(client, "/admin/reports/finding/")

    def test_it_says_what_stood_before_and_what_stands_now(self, cast: Cast, login: Callable[[str], Client]) -> None:
        restated = make.FindingFactory.make(
            app=cast.app, kind=FindingKind.RESTATED, console_value=None, api_value=Decimal("41.30"),
            difference=Decimal("6.98"), from_day=make.DAY, to_day=make.DAY,
            evidence=[{"file": d.file_name, "sha256": "", "delivery": d.pk} for d in (cast.earlier, cast.instance)],
        )  # fmt: skip
        make.FindingDayFactory.make(
            finding=restated, console_value=None, api_value=Decimal("41.30"), difference=Decimal("6.98")
        )
        page = text(login("Viewer"), f"/admin/reports/finding/{restated.pk}/change/")
        # 41.30 now, 6.98 more than before: 34.32
        assert "34.32" in page
        assert "Before" in page
        assert "what the console shows" not in page
        assert f"/admin/reports/salesrow/?delivery={cast.earlier.pk}&amp;app=1500000001" in page
        assert f"/admin/reports/salesrow/?delivery={cast.instance.pk}&amp;app=1500000001" in page

    def test_it_shows_what_apple_answered(self, db: None, login: Callable[[str], Client]) -> None:
        cell = make.CoverageCellFactory.make(state=CellState.BLOCKED, evidence="Apple refused the key.")
        problem = make.ApiProblemFactory.make(cell=cell, account=cell.account, status=401, request_id="req-401")
        incident = make.FindingFactory.make(
            kind=FindingKind.API_INCIDENT, app=None, account=cell.account, from_day=cell.date, to_day=cell.date,
            report=cell.report, console_value=None, api_value=None, difference=None, currency="", money_at_risk={},
            details={"problems": [problem.pk]}, next_step="Enter a new key.",
        )  # fmt: skip
        page = text(login("Viewer"), f"/admin/reports/finding/{incident.pk}/change/")
        for fact in ("Apple refused the key.", "401", "req-401", "Enter a new key."):
            assert fact in page

    def test_it_leads_to_the_same_problem_in_other_currencies(self, cast: Cast, login: Callable[[str], Client]) -> None:
        same = {"app": cast.finding.app, "from_day": cast.finding.from_day, "to_day": cast.finding.to_day}
        other = make.FindingFactory.make(currency="JPY", **same)
        page = text(login("Viewer"), f"/admin/reports/finding/{cast.finding.pk}/change/")
        assert f"/admin/reports/finding/{other.pk}/change/" in page

    def test_it_adds_up_what_the_list_holds_by_currency(self, db: None, login: Callable[[str], Client]) -> None:
        make.FindingFactory.make(money_at_risk={"USD": "41.30"})
        make.FindingFactory.make(money_at_risk={"USD": "8.70", "JPY": "700"})
        make.FindingFactory.make(money_at_risk={"USD": "1000"}, state=FindingState.CLOSED)
        page = text(login("Viewer"), "/admin/reports/finding/")
        # 41.30 + 8.70; the closed one is not in the list
        assert "50.00" in page
        assert "1,050.00" not in page

    def test_it_is_found_by_its_lasting_id(self, cast: Cast, login: Callable[[str], Client]) -> None:
        response = login("Viewer").get(f"/admin/reports/finding/id/{cast.finding.public_id}/")
        assert response["Location"] == f"/admin/reports/finding/{cast.finding.pk}/change/"

    def test_it_lists_unfinished_ones_unless_asked_otherwise(self, db: None, login: Callable[[str], Client]) -> None:
        make.FindingFactory.make(public_id="aaaa0000aaaa0000")
        make.FindingFactory.make(public_id="bbbb0000bbbb0000", state=FindingState.CLOSED)
        client = login("Viewer")
        assert "bbbb0000" not in text(client, "/admin/reports/finding/")
        assert "bbbb0000" in text(client, "/admin/reports/finding/?state=all")
        assert "aaaa0000" not in text(client, "/admin/reports/finding/?state=closed")

    @pytest.mark.parametrize("term", ["0f3a", "1500000001", "notes", "refunds only", "a42"])
    def test_it_is_found_by_id_app_rule_and_words(self, term: str, db: None, login: Callable[[str], Client]) -> None:
        make.FindingFactory.make(public_id="0f3a0000aaaa0000", metric="A42")
        assert "0f3a0000" in text(login("Viewer"), f"/admin/reports/finding/?q={term}")

    @pytest.mark.parametrize(
        ("action", "said", "state"),
        [("wait", "Apple answers", "waiting"), ("explain", "A refund", "open"), ("resolve", "Settled", "resolved")],
    )
    def test_it_keeps_each_step_with_its_reason(
        self, action: str, said: str, state: str, cast: Cast, login: Callable[[str], Client]
    ) -> None:
        url = f"/admin/reports/finding/{cast.finding.pk}/{action}/work/"
        assert login("Analyst").post(url, {"reason": said}).status_code == 302
        cast.finding.refresh_from_db()
        event = cast.finding.events.latest("pk")
        assert (cast.finding.state, event.text, event.actor) == (state, said, "analyst")

    def test_it_wants_a_reason(self, cast: Cast, login: Callable[[str], Client]) -> None:
        response = login("Analyst").post(f"/admin/reports/finding/{cast.finding.pk}/resolve/work/", {"reason": ""})
        cast.finding.refresh_from_db()
        assert response.status_code == 200
        assert cast.finding.state == FindingState.OPEN

    def test_it_refuses_a_step_that_came_too_late(self, cast: Cast, login: Callable[[str], Client]) -> None:
        Finding.objects.update(state=FindingState.RESOLVED)
        response = login("Analyst").post(f"/admin/reports/finding/{cast.finding.pk}/resolve/work/", {"reason": "again"})
        assert "the finding is resolved now" in response.content.decode()

    def test_it_resolves_several_after_asking_why(self, db: None, login: Callable[[str], Client]) -> None:
        chosen = [make.FindingFactory.make().pk for _ in range(3)]
        client, url = login("Analyst"), "/admin/reports/finding/"
        data = {"action": "bulk_resolve", "_selected_action": chosen}
        assert "Resolve: 3 findings" in client.post(url, data).content.decode()
        assert Finding.objects.filter(state=FindingState.RESOLVED).count() == 0
        client.post(url, {**data, "confirmed": "yes", "reason": "Apple confirmed it"})
        assert Finding.objects.filter(state=FindingState.RESOLVED).count() == 3

    def test_it_assigns_several(self, db: None, login: Callable[[str], Client]) -> None:
        chosen, client = [make.FindingFactory.make().pk for _ in range(2)], login("Analyst")
        to = User.objects.get(username="analyst").pk
        client.post(
            "/admin/reports/finding/",
            {"action": "bulk_assign", "_selected_action": chosen, "confirmed": "yes", "to": to},
        )
        assert Finding.objects.filter(assignee_id=to, state=FindingState.ASSIGNED).count() == 2

    def test_it_gives_a_viewer_no_bulk_action(self, cast: Cast, login: Callable[[str], Client]) -> None:
        client = login("Viewer")
        data = {
            "action": "bulk_resolve",
            "_selected_action": [cast.finding.pk],
            "confirmed": "yes",
            "reason": "because",
        }
        client.post("/admin/reports/finding/", data)
        cast.finding.refresh_from_db()
        assert cast.finding.state == FindingState.OPEN


class TestRun:
    def test_it_sums_up_by_rule_and_shows_the_lines_that_differ(
        self, cast: Cast, login: Callable[[str], Client]
    ) -> None:
        page = text(login("Viewer"), f"/admin/reports/run/{cast.run.pk}/change/")
        # 3 compared, 1 equal, 0 within tolerance: 2 differ
        assert f'<a href="?rule={cast.rule.key}#lines">2</a>' in page
        assert "unconfirmed" in page
        assert page.count("13.96") == 2

    def test_it_filters_the_lines(self, cast: Cast, login: Callable[[str], Client]) -> None:
        page = text(login("Viewer"), f"/admin/reports/run/{cast.run.pk}/change/?currency=jpy")
        assert page.count("13.96") == 1

    def test_it_pages_by_key(self, cast: Cast, login: Callable[[str], Client]) -> None:
        for number in range(3, 110):
            make.RunLineFactory.make(run=cast.run, rule=cast.rule, n=number)
        client, url = login("Viewer"), f"/admin/reports/run/{cast.run.pk}/change/"
        assert "after=100#lines" in text(client, url)
        assert "End of the table" in text(client, f"{url}?after=100")

    def test_it_looks_through_a_long_run_part_by_part(
        self, cast: Cast, login: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selected_runs, "LOOKED_THROUGH", 4)
        for number in range(3, 8):
            make.RunLineFactory.make(run=cast.run, rule=cast.rule, n=number, currency="CHF" if number == 6 else "USD")
        client, url = login("Viewer"), f"/admin/reports/run/{cast.run.pk}/change/"
        first = text(client, f"{url}?currency=chf")
        assert "No line fits these filters" in first
        assert "Go on looking" in first
        second = text(client, f"{url}?currency=chf&after=3")
        assert second.count("13.96") == 1
        assert "Go on looking" not in second

    def test_it_begins_to_look_where_the_lines_of_the_rule_begin(
        self, cast: Cast, login: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(selected_runs, "LOOKED_THROUGH", 2)
        other = make.RuleFactory.make(key="other")
        for number in (3, 4):
            make.RunLineFactory.make(run=cast.run, rule=other, n=number)
        cast.run.by_rule += [{"rule": "other", "compared": 2, "equal": 0, "within_tolerance": 0, "first_line": 3}]
        cast.run.save()
        page = text(login("Viewer"), f"/admin/reports/run/{cast.run.pk}/change/?rule=other")
        assert page.count("13.96") == 2
        assert "Go on looking" not in page


class TestReportInstance:
    def test_it_compares_two_vintages_by_currency(self, cast: Cast, login: Callable[[str], Client]) -> None:
        page = text(login("Viewer"), f"/admin/reports/reportinstance/{cast.instance.pk}/change/")
        # USD 41.30 - 34.32 = 6.98; JPY stands in one of them only, so no difference is known
        assert "6.98" in page
        assert "4,900" in page
        assert "current vintage" in page

    def test_it_says_that_a_newer_vintage_replaced_it(self, cast: Cast, login: Callable[[str], Client]) -> None:
        page = text(login("Viewer"), f"/admin/reports/reportinstance/{cast.earlier.pk}/change/")
        assert "replaced by a newer vintage" in page


class TestRawFile:
    def test_it_is_downloaded_as_received_under_a_harmless_name(self, db: None, login: Callable[[str], Client]) -> None:
        raw = make.RawFileFactory.make(content=b"<script>alert(1)</script>")
        make.ReportInstanceFactory.make(raw_file=raw, file_name='../../etc/"passwd\r\n.html')
        response = login("Viewer").get(f"/admin/reports/rawfile/{raw.pk}/download/")
        assert b"".join(response) == b"<script>alert(1)</script>"
        assert response["Content-Type"] == "application/octet-stream"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', response["Content-Disposition"])


def test_it_shows_titles_from_files_as_text(cast: Cast, login: Callable[[str], Client]) -> None:
    make.SalesRowFactory.make(delivery=cast.instance, line=9, title="<img src=x onerror=alert(1)>")
    page = text(login("Viewer"), "/admin/reports/salesrow/")
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_it_reloads_the_page_of_a_job_until_the_job_is_finished(cast: Cast, login: Callable[[str], Client]) -> None:
    page = text(login("Viewer"), f"/admin/jobs/job/{cast.job.pk}/change/")
    assert '<meta http-equiv="refresh" content="3">' in page
    type(cast.job).objects.update(state="done")
    assert "http-equiv" not in text(login("Viewer"), f"/admin/jobs/job/{cast.job.pk}/change/")


def test_it_writes_dates_as_iso_dates_everywhere(cast: Cast, admin_client: Client) -> None:
    row = text(admin_client, f"/admin/reports/salesrow/{cast.pks['salesrow']}/change/")
    month = text(admin_client, "/admin/reports/fiscalmonth/")
    assert "2026-10-12" in row
    assert "Oct. 12" not in row
    assert "2026-09-27" in month


def test_it_queues_a_reconciliation_once(login: Callable[[str], Client]) -> None:
    client, data = login("Analyst"), {"month": "2026-10"}
    first, second = (client.post("/admin/reports/run/start/", data)["Location"] for _ in range(2))
    assert first == second
    assert "Reconcile 2026-10-01 to 2026-10-31, all accounts" in text(client, first)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"month": "2026-13"}, "is not a month"),
        ({"month": "2026-10", "period_start": "2026-10-01", "period_end": "2026-10-02"}, "one of them"),
        ({"period_end": "2026-10-02"}, "Give the first and the last day, or neither."),
    ],
)
def test_it_refuses_a_period_that_cannot_be_meant(
    data: dict[str, str], sentence: str, login: Callable[[str], Client], db: None
) -> None:
    assert sentence in text_of_post(login("Analyst"), data)


def text_of_post(client: Client, data: dict[str, str]) -> str:
    return client.post("/admin/reports/run/start/", data).content.decode()


def test_it_leads_from_a_finished_job_to_its_run(cast: Cast, login: Callable[[str], Client]) -> None:
    type(cast.job).objects.update(state="done", result={"run": cast.run.pk, "compared": 3})
    page = text(login("Viewer"), f"/admin/jobs/job/{cast.job.pk}/change/")
    assert f'href="/admin/reports/run/{cast.run.pk}/change/"' in page
