"""Pages about subscriptions: one life as a timeline, a customer on one axis, what came, and who may see tokens."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from ascrecon.jobs.models import Job
from ascrecon.jobs.service import run_now
from ascrecon.simulator.subscriptions.built import ANNA, BEN, steps_of
from ascrecon.simulator.subscriptions.steps import Shop, signed
from reports.models import Account, App
from subscriptions.models import Customer, Notification, Purchase, SigningChain, Subscription
from tests import factories as make
from tests.admin.conftest import login
from tests.subscriptions.conftest import Post

__all__ = ["login"]
pytestmark = pytest.mark.django_db
Login = Callable[[str], Client]
Play = Callable[..., None]


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return re.sub(r"\s+", " ", response.content.decode())


def page_of(row: object, page: str = "change") -> str:
    model = type(row)._meta.model_name  # type: ignore[attr-defined]
    return f"/admin/subscriptions/{model}/{row.pk}/{page}/"  # type: ignore[attr-defined]


def test_a_subscription_is_one_timeline(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("refund_reversed"), shop))

    shown = text(login("Analyst"), page_of(Subscription.objects.get()))

    for wanted in ("Bought M until 2026-01-31 00:00", "Refund of transaction 100", "Refund taken back of transaction",
                   "\u22129.99", "SUBSCRIBED INITIAL_BUY", "REFUND_REVERSED", "Revoked"):  # fmt: skip
        assert wanted in shown
    assert "never revenue" in shown


def test_the_timeline_names_old_and_new_owner_to_those_who_may_see_them(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("token_moved"), shop))
    url = page_of(Subscription.objects.get())

    # The marks by which findings name them, and whose they are.
    assert re.search(rf"Moved from login #\w{{8}} \({ANNA}\) to login #\w{{8}} \({BEN}\)", text(login("Analyst"), url))
    hidden = text(login("Viewer"), url)
    assert ANNA not in hidden
    assert BEN not in hidden
    assert re.search(r"Moved from login #\w{8} to login #\w{8}", hidden)


def test_nobody_without_the_right_gets_a_token_from_any_page_or_export(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("token_moved"), shop))
    viewer = login("Viewer")
    rows = [Subscription.objects.get(), Customer.objects.get(), *Notification.objects.all(), *Purchase.objects.all()]
    urls = [page_of(row) for row in rows]
    for model in ("subscription", "customer", "notification", "purchase", "refund"):
        urls += [f"/admin/subscriptions/{model}/", f"/admin/subscriptions/{model}/export/csv/"]

    for url in urls:
        response = viewer.get(url)
        content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        assert response.status_code == 200, url
        assert ANNA.encode() not in content, url
        assert BEN.encode() not in content, url


def test_double_billing_meets_the_eye_on_the_customers_page(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("billed_twice"), shop))

    shown = text(login("Viewer"), page_of(Customer.objects.get()))

    assert "paid for the same time" in shown
    # 300 was paid from day 0 to 30 and from 30 to 60, 400 from day 15 on: twice 2 overlapping pairs.
    assert shown.count('class="axis-overlap"') == 2
    assert shown.count('class="axis-paid"') == 3
    assert "2026-01-16 00:00 UTC" in shown
    assert "79.97" in shown  # 9.99 + 59.99 + 9.99
    # Which line is which, when, and what was paid for the time that is shaded.
    assert "300, now M, active" in shown
    assert "Jan 2027</text>" in shown
    assert "9.99 USD" in shown
    assert "59.99 USD" in shown


@pytest.mark.parametrize("name", ["renew", "upgrade", "family", "resubscribed", "trial"])
def test_ordinary_lives_show_no_double_billing(name: str, shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of(name), shop))
    for customer in Customer.objects.all():
        assert "axis-overlap" not in text(login("Viewer"), page_of(customer))


@pytest.mark.parametrize(
    ("term", "found"),
    [("300", True), ("400", True), ("301", True), ("922", True), ("70300", True), (ANNA.upper(), True),
     ("12345", False), ("", True)],
)  # fmt: skip
def test_a_subscription_is_found_by_any_of_its_ids(
    term: str, found: bool, shop: Shop, play: Play, login: Login
) -> None:
    play(signed(steps_of("billed_twice"), shop))
    shown = text(login("Analyst"), f"/admin/subscriptions/subscription/?q={term}")
    assert ("/change/" in shown) == found


def test_a_token_is_no_search_word_for_those_who_may_not_see_it(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("billed_twice"), shop))
    assert "/change/" not in text(login("Viewer"), f"/admin/subscriptions/subscription/?q={ANNA}")


@pytest.mark.parametrize(
    "question",
    [
        f"subscription/?app_account_token__startswith={ANNA[:2]}",
        f"purchase/?app_account_token={ANNA}",
        f"customer/?key__startswith={ANNA[:2]}",
        "notification/?signed_payload__contains=e",
        "notification/?app__account__private_key_encrypted__startswith=g",
    ],
)
def test_no_list_answers_questions_about_what_it_does_not_show(
    question: str, shop: Shop, play: Play, login: Login
) -> None:
    """Letter by letter, they would tell a token to those who may not see it."""
    play(signed(steps_of("billed_twice"), shop))
    assert login("Viewer").get(f"/admin/subscriptions/{question}").status_code == 400


def test_a_notification_is_found_by_its_uuid(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("billed_twice"), shop))
    wanted = Notification.objects.order_by("pk").first()
    assert wanted is not None
    shown = text(login("Viewer"), f"/admin/subscriptions/notification/?q={wanted.uuid}")
    assert [f"/{row.pk}/change/" in shown for row in Notification.objects.order_by("pk")[:2]] == [True, False]


def test_a_list_is_narrowed_by_what_a_person_types(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("billed_twice"), shop))
    assert "/change/" in text(login("Viewer"), "/admin/subscriptions/purchase/?currency=usd")
    assert "/change/" not in text(login("Viewer"), "/admin/subscriptions/purchase/?currency=eur")


def test_sandbox_is_shown_only_where_it_is_asked_for(sandbox: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("renew"), sandbox), "sandbox")
    for model in ("subscription", "customer", "purchase", "notification"):
        assert "/change/" not in text(login("Viewer"), f"/admin/subscriptions/{model}/")
        assert "/change/" in text(login("Viewer"), f"/admin/subscriptions/{model}/?environment=sandbox")


def test_amounts_have_the_decimals_of_their_currency(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("yen_and_won"), shop))
    shown = text(login("Viewer"), "/admin/subscriptions/purchase/")
    assert re.search(r">300<", shown)
    assert re.search(r">3,300<", shown)


def test_a_notification_is_shown_raw_and_decoded_and_taken_in_again(
    shop: Shop, post: Post, login: Login, account: Account
) -> None:
    foreign = Shop(shop.authority, "com.other.app", 42)
    (payload,) = signed({"x": steps_of("renew")["renew 1"]}, foreign)
    assert post(payload) == 202
    row = Notification.objects.get()
    analyst = login("Analyst")
    shown = text(analyst, page_of(row))
    assert payload in shown
    assert "&quot;transactionId&quot;: &quot;100&quot;" in shown
    assert "The app is not among this account" in shown

    analyst.post(page_of(row, "replay"))
    assert not Subscription.objects.exists()
    make.AppFactory.make(account=account, bundle_id="com.other.app", apple_id=42, sku="OTHER")
    analyst.post(page_of(row, "replay"))
    run_now(Job.objects.get())

    assert Subscription.objects.get().original_id == "100"


def test_an_administrator_erases_a_token_from_the_page(shop: Shop, play: Play, login: Login) -> None:
    play(signed(steps_of("token_moved"), shop))
    row = Subscription.objects.get()
    administrator = login("Administrator")

    administrator.post(page_of(row, "erase"))
    assert not Job.objects.filter(kind="subscriptions.erase").exists()
    administrator.post(page_of(row, "erase"), {"sure": "on"})
    job = run_now(Job.objects.get(kind="subscriptions.erase"))

    assert job.state == "done"
    assert BEN not in text(administrator, page_of(row))
    assert "erased #" in text(administrator, page_of(row))


def test_an_administrator_distrusts_a_certificate_from_the_page(shop: Shop, play: Play, login: Login, app: App) -> None:
    play(signed(steps_of("renew"), shop))

    login("Administrator").post(page_of(SigningChain.objects.get(), "distrust"))
    run_now(Job.objects.get(kind="subscriptions.distrust"))

    assert not Subscription.objects.exists()
    assert "is distrusted" in text(login("Viewer"), page_of(Notification.objects.first()))
