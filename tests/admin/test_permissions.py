"""Every page of the admin, asked for by everybody: what is not listed here as allowed is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, reverse

from tests.admin.conftest import ROLES, Cast
from tests.factories import UserFactory

EVERYBODY, ANALYSTS, ADMINISTRATORS, NOBODY = set(ROLES), {"Analyst", "Administrator"}, {"Administrator"}, set[str]()
EDITABLE = {"account", "app", "rule", "fiscalmonth", "digestschedule"}
DELETABLE = {"rule", "digestschedule"}
VIEWED = (
    "changelist", "change", "export", "history", "download", "lines", "public", "calendar", "calendar_app",
    "calendar_account", "task", "ask", "requests", "order", "account", "template",
)  # fmt: skip
WORKED = {
    "finding_work": ANALYSTS, "run_start": ANALYSTS, "consoleexport_upload": ANALYSTS,
    "consoleexport_confirm": ANALYSTS, "consoleexport_cancel": ANALYSTS, "consoleexport_withdraw": ANALYSTS,
    "reportinstance_accept": ANALYSTS,
    "account_test": ADMINISTRATORS, "account_pull": ADMINISTRATORS, "account_merge": ADMINISTRATORS,
    "app_merge": ADMINISTRATORS, "job_retry": ANALYSTS, "job_cancel": ANALYSTS,
    "notification_replay": ANALYSTS, "notification_download": ANALYSTS,
    "subscription_fetch": ANALYSTS, "subscription_erase": ADMINISTRATORS,
    "signingchain_distrust": ADMINISTRATORS, "serverkey_key": ADMINISTRATORS, "serverkey_probe": ADMINISTRATORS,
    "serverkey_read": ANALYSTS,
    "dataupload_upload": ANALYSTS, "dataupload_accept": ANALYSTS, "dataupload_withdraw": ANALYSTS,
    "dataupload_download": ANALYSTS,
    "user_changelist": ADMINISTRATORS, "user_change": ADMINISTRATORS, "user_add": ADMINISTRATORS,
    "user_history": ADMINISTRATORS, "user_password_change": ADMINISTRATORS,
}  # fmt: skip
POSTED = {
    "confirm", "cancel", "test", "pull", "retry", "accept", "replay", "fetch", "erase", "distrust", "probe", "read",
}  # fmt: skip
OF_ACCOUNT = ("calendar_account", "account", "key", "probe", "read")


def allowed(model: str, page: str) -> set[str]:
    if f"{model}_{page}" in WORKED:
        return WORKED[f"{model}_{page}"]
    if model == "user":
        return NOBODY
    if page in VIEWED:
        return EVERYBODY
    if page == "add":
        return ADMINISTRATORS if model in EDITABLE else NOBODY
    return ADMINISTRATORS if page == "delete" and model in DELETABLE else NOBODY


def pages(cast: Cast) -> Iterator[tuple[str, str, str]]:
    """(model, page, address) of every named address of every registered model."""
    arguments = {
        "export": ["csv"], "template": ["users"], "lines": ["csv"], "public": [cast.finding.public_id],
        "work": ["resolve"], "calendar_app": [cast.app.pk], "order": ["MK4T0B1C2D"],
        **dict.fromkeys(OF_ACCOUNT, [cast.account.pk]),
    }  # fmt: skip
    for model_admin in admin.site._registry.values():
        model = str(model_admin.opts.model_name)
        for pattern in model_admin.get_urls():
            if not isinstance(pattern, URLPattern) or not pattern.name:
                continue
            page = pattern.name.removeprefix(f"{model_admin.opts.app_label}_{model}_").removeprefix("auth_user_")
            own = arguments.get(page, [])
            alone = page in ("export", "template", "public", "calendar_app", "order", *OF_ACCOUNT)
            args: list[object] = [*own] if alone else [cast.pks.get(model, 1), *own]
            yield model, page, address(f"admin:{pattern.name}", args)


def address(name: str, args: list[object]) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return reverse(name)


def ask(client: Client, page: str, url: str) -> int:
    return (client.post(url) if page in POSTED else client.get(url)).status_code


@pytest.mark.parametrize("role", ROLES)
def test_it_opens_to_a_role_exactly_what_the_role_allows(role: str, cast: Cast, login: Callable[[str], Client]) -> None:
    client = login(role)
    wrong = []
    for model, page, url in pages(cast):
        status = ask(client, page, url)
        if (status < 400) != (role in allowed(model, page)):
            wrong.append(f"{url} ({model}_{page}): {status}")
        assert status in (200, 302, 403, 404, 405), url
    assert wrong == []


def test_it_sends_strangers_to_the_login(cast: Cast, client: Client) -> None:
    for _, page, url in pages(cast):
        response = client.post(url) if page in POSTED else client.get(url)
        assert response.status_code == 302, url
        assert response["Location"].startswith("/admin/login/"), url


def test_it_shows_a_person_without_a_role_nothing(cast: Cast) -> None:
    client = Client()
    client.force_login(UserFactory.make(username="newcomer"))
    assert "You have no role here yet" in client.get("/admin/").content.decode()
    for _, page, url in pages(cast):
        assert ask(client, page, url) in (403, 404), url


def test_it_offers_in_the_navigation_only_what_may_be_opened(login: Callable[[str], Client], cast: Cast) -> None:
    viewer = login("Viewer").get("/admin/").content.decode()
    analyst = login("Analyst").get("/admin/").content.decode()
    assert "Upload an export" not in viewer
    assert "Upload an export" in analyst
    assert "/admin/auth/user/" not in analyst
    assert "/admin/auth/user/" in login("Administrator").get("/admin/").content.decode()


def test_it_lets_an_analyst_handle_own_jobs_only(login: Callable[[str], Client], cast: Cast) -> None:
    cast.job.requested_by = "somebody else"
    cast.job.save()
    assert login("Analyst").post(f"/admin/jobs/job/{cast.job.pk}/cancel/").status_code == 403
    assert login("Administrator").post(f"/admin/jobs/job/{cast.job.pk}/cancel/").status_code == 302


def test_it_keeps_an_administrator_from_changing_the_owner(
    login: Callable[[str], Client], admin_user: User, cast: Cast
) -> None:
    owner = admin_user.pk
    client = login("Administrator")
    client.post(f"/admin/auth/user/{owner}/change/", {"username": "taken", "is_superuser": "on"})
    assert client.get(f"/admin/auth/user/{owner}/password/").status_code == 403
    page = client.get(f"/admin/auth/user/{cast.pks['user']}/change/").content.decode()
    assert 'name="is_superuser"' not in page
    assert 'name="user_permissions"' not in page
