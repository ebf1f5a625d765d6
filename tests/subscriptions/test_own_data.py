"""Own data: every line of a file is loaded or told, the newest list counts, and tokens in it are personal data."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape
from pytest_django.fixtures import Settings

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.built import ANNA, BEN, steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from reports.models import Account, App, Finding
from subscriptions.models import (
    DataReject,
    DataUpload,
    EntitlementRow,
    LoginRow,
    PriceRow,
    RuleSetting,
    TokenChangeRow,
)
from subscriptions.owndata.layouts import LAYOUTS
from tests.admin.conftest import login
from tests.doors import refusal, told
from tests.factories import AccountFactory
from tests.subscriptions.conftest import Give
from tests.subscriptions.test_admin import page_of
from tests.subscriptions.test_erasure import STAND_IN, dump, forget

__all__ = ["login"]
pytestmark = pytest.mark.django_db
Login = Callable[[str], Client]
Play = Callable[..., None]
UPLOAD = "/admin/subscriptions/dataupload/upload/"
NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
USERS = "app_account_token\n"
PRICES = "product_id,storefront,currency,price,valid_from,valid_until\n"


@pytest.fixture
def analyst(login: Login, app: App, clock: Callable[[datetime], None]) -> Client:
    clock(datetime(2026, 3, 1, tzinfo=UTC))
    return login("Analyst")


@pytest.fixture
def hand_in(analyst: Client, account: Account) -> Callable[..., Any]:
    """`hand_in("users", text)`: the answer of the upload page."""

    def sent(kind: str, content: str | bytes, name: str = "list.csv", **more: Any) -> Any:
        data = content.encode() if isinstance(content, str) else content
        chosen = SimpleUploadedFile(name, data)
        fields = {"kind": kind, "chosen": chosen, "account": account.pk, "taken_at": "2026-02-10T12:00"}
        return analyst.post(UPLOAD, {**fields, **more})

    return sent


def shown(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return re.sub(r"\s+", " ", response.content.decode())


class TestReading:
    def test_a_price_list_is_loaded_row_by_row(self, hand_in: Callable[..., Any], analyst: Client) -> None:
        response = hand_in(
            "prices", "Product ID;Storefront;Currency;Price;Valid from;Valid until;Note\n"
            'M;USA;USD;"9,99";2026-01-01;;x\nM;usa;usd;"1.008,99";;31.12.2026;y\nM;;JPY;300;;;\n',
        )  # fmt: skip
        upload = DataUpload.objects.get()

        assert response["Location"] == page_of(upload)
        assert (upload.state, upload.rows_accepted, upload.taken_at) == ("loaded", 3, NOON)
        assert upload.warnings == ["The column Note is not read."]
        fields = ("product_id", "storefront", "currency", "price", "valid_from", "valid_until")
        assert list(PriceRow.objects.order_by("pk").values_list(*fields)) == [
            ("M", "USA", "USD", 9990, date(2026, 1, 1), None),
            ("M", "USA", "USD", 1_008_990, None, date(2026, 12, 31)),
            ("M", "", "JPY", 300_000, None, None),
        ]
        page = shown(analyst, page_of(upload))
        assert "1,008.99" in page
        assert "every one" in page

    def test_moments_are_read_with_their_zones_and_ends_include_their_day(self, hand_in: Callable[..., Any]) -> None:
        hand_in(
            "entitlements",
            "appAccountToken,productId,access_from,access_until\n"
            f"{ANNA.upper()},M,2026-01-01T01:00:00+01:00,2026-01-31\n{BEN},M,2026-01-01 00:00:00.123,1767225600123\n",
        )
        rows = EntitlementRow.objects.order_by("pk").values_list("token", "from_ms", "until_ms")
        assert list(rows) == [(ANNA, 1_767_225_600_000, 1_769_904_000_000), (BEN, 1_767_225_600_123, 1_767_225_600_123)]

    def test_a_list_of_quoted_tokens_in_another_encoding_is_read(self, hand_in: Callable[..., Any]) -> None:
        text = f'"app_account_token"\r\n"{ANNA}"\r\n\r\n"{BEN}"'
        hand_in("users", gzip.compress(text.encode("utf-16")), "list.csv.gz")
        assert list(LoginRow.objects.order_by("pk").values_list("token", flat=True)) == [ANNA, BEN]

    @pytest.mark.parametrize("kind", LAYOUTS)
    def test_the_template_is_a_list_of_its_kind(self, kind: str, hand_in: Callable[..., Any], analyst: Client) -> None:
        template = analyst.get(f"/admin/subscriptions/dataupload/template/{kind}/")
        assert template["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
        hand_in(kind, template.content)
        upload = DataUpload.objects.get()
        assert (upload.kind, upload.state, upload.rows_accepted, upload.warnings) == (kind, "loaded", 2, [])

    @pytest.mark.parametrize(
        ("kind", "row", "column", "why"),
        [
            ("users", "anna@example.com", "app_account_token", "not a UUID"),
            ("prices", "M,US,USD,1.00,,", "storefront", "three letters"),
            ("prices", "M,USA,dollars,1.00,,", "currency", "not a currency"),
            ("prices", "M,USA,USD,,,", "price", "no price"),
            ("prices", "M,USA,USD,-1,,", "price", "below zero"),
            ("prices", "M,USA,USD,1.0005,,", "price", "more than three decimals"),
            ("prices", "M,USA,USD,1E+09,,", "price", "exponent"),
            ("prices", ",USA,USD,1.00,,", "product_id", "no product ID"),
            ("prices", "M,USA,USD,1.00,3/4/2026,", "valid_from", "write it as 2026-11-20"),
            ("prices", "M,USA,USD,1.00,45000,", "valid_from", "serial number"),
            ("prices", "M,USA,USD,1.00,", "line", "5 cells where the header has 6"),
            ("entitlements", f"{ANNA},,,,", "app_account_token", "a row needs"),
            ("entitlements", f"{ANNA},,M,2026-02-30,", "access_from", "no such moment"),
            ("token_changes", f"2.00E+15,{ANNA},2026-01-01", "original_transaction_id", "exponent"),
            ("token_changes", f"100,{ANNA},yesterday", "changed_at", "not a moment"),
        ],
    )
    def test_a_row_that_cannot_be_read_is_told_and_nothing_counts_before_the_loss_is_accepted(
        self, kind: str, row: str, column: str, why: str, hand_in: Callable[..., Any], analyst: Client
    ) -> None:
        hand_in(kind, f"{','.join(LAYOUTS[kind].names)}\n{row}\n{LAYOUTS[kind].template().splitlines()[1]}\n")

        upload = DataUpload.objects.get()
        assert (upload.state, upload.rows_read, upload.rows_accepted, upload.rows_rejected) == ("held", 2, 1, 1)
        reject = DataReject.objects.get()
        assert (reject.line, reject.column) == (2, column)
        assert why in reject.why
        assert escape(reject.why) in shown(analyst, page_of(upload))
        analyst.post(page_of(upload, "accept"), {})
        upload.refresh_from_db()
        assert upload.state == "held"
        analyst.post(page_of(upload, "accept"), {"accept_rejects": "on"})
        upload.refresh_from_db()
        assert (upload.state, upload.rejects_accepted_by) == ("loaded", "analyst")

    @pytest.mark.parametrize(
        ("kind", "text", "sentence"),
        [
            ("users", "", "The submitted file is empty"),
            ("users", USERS, "a header and no rows"),
            ("users", f"{USERS}x\ny\n", "line 2: no row that can be read (2 rejected); app_account_token: not a UUID"),
            ("users", "token,access_until\n", "the columns of entitlements; choose entitlements"),
            ("prices", USERS, "the columns of users"),
            (
                "prices",
                "product_id,prices,currency\nM,1,USD\n",
                "missing columns: price (looks renamed: prices)",
            ),
            ("entitlements", "access_until,product_id\n,M\n", "neither app_account_token and product_id, or original"),
            ("prices", f'{PRICES}M,USA,USD,"9,99",,\nM,USA,USD,9.99,,\n', "decimal point and with decimal comma"),
            ("users", "%PDF-1.7", "a PDF document"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_refused_in_a_sentence_and_stays_in_the_list(
        self, kind: str, text: str, sentence: str, hand_in: Callable[..., Any], analyst: Client
    ) -> None:
        response = hand_in(kind, text)
        assert escape(sentence) in response.content.decode()
        refused = list(DataUpload.objects.all())
        assert [each.state for each in refused] == (["refused"] if text else [])
        for each in refused:
            assert each.sha256 == hashlib.sha256(text.encode()).hexdigest()
            assert escape(sentence) in shown(analyst, page_of(each))
        assert not LoginRow.objects.exists()

    def test_what_is_no_single_list_or_not_yet_true_is_refused(
        self, hand_in: Callable[..., Any], settings: Settings, account: Account
    ) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.csv", USERS + ANNA)
            archive.writestr("b.csv", USERS + BEN)
        assert "an archive of 2 files" in hand_in("users", packed.getvalue(), "two.zip").content.decode()
        assert "which is not yet" in hand_in("users", USERS + ANNA, taken_at="2026-03-02T00:00").content.decode()
        settings.ASCRECON_MAX_UPLOAD_BYTES = 1000
        assert hand_in("users", USERS + f"{ANNA}\n" * 40).status_code == 413
        assert not LoginRow.objects.exists()


class TestVersions:
    def test_the_same_file_twice_is_one(self, hand_in: Callable[..., Any]) -> None:
        first = hand_in("users", USERS + ANNA)
        assert hand_in("users", USERS + ANNA)["Location"] == first["Location"]
        assert (DataUpload.objects.count(), LoginRow.objects.count()) == (1, 1)

    def test_older_lists_stay_readable_and_a_withdrawn_one_is_replaced_by_the_one_before(
        self, hand_in: Callable[..., Any], analyst: Client
    ) -> None:
        hand_in("users", USERS + ANNA, "old.csv")
        hand_in("users", USERS + BEN, "new.csv", taken_at="2026-02-11T12:00")
        old, new = DataUpload.objects.order_by("taken_at")
        assert "replaced by a newer list" in shown(analyst, page_of(old))
        assert ANNA in shown(analyst, page_of(old))
        assert "replaced by a newer list" not in shown(analyst, page_of(new))
        rows = shown(analyst, page_of(new).rsplit("/", 3)[0] + "/").split("<tr>")
        assert ["old.csv" in row for row in rows if "</span> replaced" in row] == [True]
        assert ["new.csv" in row for row in rows if "</span> counts" in row] == [True]

        analyst.post(page_of(new, "withdraw"), {"reason": "wrong table"})

        assert "replaced by a newer list" not in shown(analyst, page_of(old))
        assert "Withdrawn by analyst: wrong table" in shown(analyst, page_of(new))

    def test_rows_are_shown_by_pages_and_found_by_their_ids(self, hand_in: Callable[..., Any], analyst: Client) -> None:
        hand_in("prices", PRICES + "".join(f"P{n},USA,USD,{n}.99,,\n" for n in range(150)))
        url = page_of(DataUpload.objects.get())
        first = shown(analyst, url)
        assert "P99<" in first
        assert "P100<" not in first
        further = re.search(r'href="(\?after=\d+)"', first)
        assert further
        assert "P100<" in shown(analyst, url + further[1])
        found = shown(analyst, f"{url}?q=P120")
        assert "P120<" in found
        assert "P99<" not in found
        for odd in ("?after=x", "?after=99999999999999", "?after=-1", "?q=%25"):
            shown(analyst, url + odd)

    def test_an_upload_has_the_subscriptions_checked(
        self, hand_in: Callable[..., Any], shop: Shop, play: Play, analyst: Client
    ) -> None:
        play(signed(steps_of("token_moved"), shop))
        hand_in("users", USERS + ANNA, "logins.csv")
        run_now(Job.objects.get(kind="subscriptions.detect"))

        found = Finding.objects.get(metric="A03")
        assert "App logins of 2026-02-10 12:00 UTC: logins.csv" in found.message
        assert found.evidence[0]["sha256"] == DataUpload.objects.get().sha256
        page = shown(analyst, f"/admin/reports/finding/{found.pk}/change/")
        assert f"{page_of(DataUpload.objects.get())}?after=0" in page


class TestRules:
    def test_a_rule_without_its_data_is_not_checked_and_with_them_says_by_which(
        self, hand_in: Callable[..., Any], analyst: Client
    ) -> None:
        page = shown(analyst, "/admin/subscriptions/rulesetting/")
        # Six rules need lists, and three read the subscription reports of Sales and Trends.
        assert page.count("not checked: no data") == 9
        assert "not checked: no data (App logins)" in page
        assert "yes; Own token changes: no data" in page

        hand_in("prices", PRICES + "M,USA,USD,9.99,,\n", "prices.csv")

        page = shown(analyst, "/admin/subscriptions/rulesetting/")
        assert page.count("not checked: no data") == 7
        assert page.count("by prices.csv of 2026-02-10") == 2
        rule = RuleSetting.objects.get(code="A17")
        assert "by prices.csv of 2026-02-10" in shown(analyst, page_of(rule))

    def test_one_that_is_switched_off_says_so(self, analyst: Client) -> None:
        switched_off = shown(analyst, "/admin/subscriptions/rulesetting/").count("not checked: switched off")
        RuleSetting.objects.filter(code="A04").update(enabled=False)
        now = shown(analyst, "/admin/subscriptions/rulesetting/").count("not checked: switched off")
        assert now == switched_off + 1

    def test_the_apps_that_a_list_leaves_out_are_named(
        self, give: Give, shop: Shop, play: Play, analyst: Client, account: Account
    ) -> None:
        play(signed(steps_of("renew"), shop))
        other = AccountFactory.make(name="Other")
        give("users", USERS + ANNA, NOON, account=other)
        assert shown(analyst, "/admin/subscriptions/rulesetting/").count("not checked: no data") == 9


class TestPrivacy:
    def test_a_viewer_sees_marks_and_gets_no_file(
        self, hand_in: Callable[..., Any], analyst: Client, login: Login
    ) -> None:
        hand_in("token_changes", f"original_id,token,changed_at\n100,{ANNA},2026-01-01\n100,{BEN},never\n")
        upload = DataUpload.objects.get()
        viewer = login("Viewer")

        page = shown(viewer, page_of(upload))
        assert re.search(r"login #\w{8}", page)
        for text in (page, shown(viewer, f"{page_of(upload)}?q={ANNA}")):
            assert f">{ANNA}<" not in text
            assert BEN not in text
        assert viewer.get(page_of(upload, "download")).status_code == 403
        assert viewer.get(UPLOAD).status_code == 403
        assert viewer.post(page_of(upload, "accept"), {"accept_rejects": "on"}).status_code == 403
        assert ANNA.encode() in b"".join(analyst.get(page_of(upload, "download")).streaming_content)  # type: ignore[arg-type]
        assert f">{ANNA}<" in shown(analyst, page_of(upload))

    def test_erasing_a_login_reaches_rows_rejects_and_the_kept_bytes(
        self, hand_in: Callable[..., Any], account: Account, data_dir: Path, analyst: Client
    ) -> None:
        bare = ANNA.replace("-", "").upper()
        hand_in("users", f"{USERS}{ANNA}\n{BEN}\n", "hers.csv")
        hand_in("users", f"{USERS}{BEN}\n", "his.csv")
        hand_in("entitlements", f"token,product,until\n{ANNA.upper()},M,\n{bare},M,\n")
        hand_in("token_changes", f"original_id,token,changed_at\n100,{ANNA},2026-01-01\n", "log.csv")
        hand_in("prices", f"no header\n{ANNA}\n", "odd.csv")

        forget(account, ANNA)

        everything = dump().lower()
        assert ANNA not in everything
        assert bare.lower() not in everything
        kept = [path.read_bytes().lower() for path in data_dir.rglob("*") if path.is_file()]
        assert [data for data in kept if ANNA.encode() in data or bare.lower().encode() in data] == []
        assert list(LoginRow.objects.order_by("pk").values_list("token", flat=True)) == [STAND_IN, BEN, BEN]
        assert EntitlementRow.objects.get().token == TokenChangeRow.objects.get().token == STAND_IN
        by_name = {each.file_name: each for each in DataUpload.objects.all()}
        assert [name for name, each in by_name.items() if each.stored_as] == ["his.csv"]
        assert all(each.sha256 for each in by_name.values())
        assert "removed: a login in it was erased" in shown(analyst, page_of(by_name["hers.csv"]))
        assert analyst.get(page_of(by_name["hers.csv"], "download")).status_code == 404

    def test_an_erased_login_that_comes_again_is_cleaned_on_arrival(
        self, hand_in: Callable[..., Any], account: Account, data_dir: Path
    ) -> None:
        forget(account, ANNA)
        hand_in("users", f"{USERS}{ANNA}\n{BEN}\n")
        hand_in("users", f"what is this\n{ANNA}\n")

        assert ANNA not in dump()
        assert [path for path in data_dir.rglob("*") if path.is_file() and ANNA.encode() in path.read_bytes()] == []
        assert set(LoginRow.objects.values_list("token", flat=True)) == {STAND_IN, BEN}

    def test_another_accounts_lists_are_left_alone(self, give: Give, account: Account) -> None:
        give("users", USERS + ANNA, NOON)
        forget(AccountFactory.make(name="Other"), ANNA)
        assert (LoginRow.objects.get().token, bool(DataUpload.objects.get().stored_as)) == (ANNA, True)


class TestCommand:
    def test_it_loads_a_list(self, account: Account, app: App, tmp_path: Path) -> None:
        file = tmp_path / "prices.csv"
        file.write_text(PRICES + "M,USA,USD,9.99,,\n")

        answer = told("import_subscription_data", "prices", file, "--taken-at", "2026-02-10", "--app", app.apple_id)

        assert (answer["state"], answer["rows_accepted"], answer["rejections"]) == ("loaded", 1, [])
        assert (answer["account"], answer["apple_id"]) == (account.name, app.apple_id)
        assert PriceRow.objects.get().price == 9990

    def test_it_asks_before_rows_are_lost(self, account: Account, tmp_path: Path) -> None:
        file = tmp_path / "users.csv"
        file.write_text(f"{USERS}{ANNA}\nnobody\n")
        given = ("import_subscription_data", "users", file, "--taken-at", "2026-02-10T09:00:00Z")

        error = refusal(*given)
        assert (error["file"], error["line"]) == ("users.csv", 3)
        assert "1 of 2 rows were rejected. First: not a UUID" in error["seen"]
        assert DataUpload.objects.get().state == "held"

        answer = told(*given, "--accept-rejects")
        assert (answer["state"], len(answer["rejections"])) == ("loaded", 1)
        assert DataUpload.objects.count() == 1

    def test_it_says_what_is_wrong(self, account: Account, tmp_path: Path) -> None:
        file = tmp_path / "users.csv"
        file.write_text("name\nanna\n")
        error = refusal("import_subscription_data", "users", file, "--taken-at", "2026-02-10")
        assert (error["file"], error["line"]) == ("users.csv", 1)
        assert "missing columns: app account token" in error["seen"]
        error = refusal("import_subscription_data", "users", file, "--taken-at", "soon")
        assert "not a moment" in error["seen"]
        AccountFactory.make(name="Other")
        error = refusal("import_subscription_data", "users", file, "--taken-at", "2026-02-10")
        assert error["do"] == "Name one with --account."
