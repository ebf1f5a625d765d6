"""A shop whose App Store is a certificate authority of its own, and the webhook as Apple would use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from ascrecon import clock
from ascrecon.simulator.subscriptions.authority import Authority, new_authority
from ascrecon.simulator.subscriptions.steps import Shop
from reports.models import Account, App
from subscriptions.models import DataKind, DataUpload
from subscriptions.services.own_data import About
from subscriptions.services.own_data import take_in as take_in_own_data
from subscriptions.services.processing import process_received
from tests import factories as make

Post = Callable[..., int]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return new_authority()


@pytest.fixture(autouse=True)
def roots(authority: Authority, tmp_path: Path, settings: Settings) -> Path:
    """The folder of trusted roots, by the setting that a person uses."""
    folder = tmp_path / "roots"
    authority.write_root(folder)
    settings.ASCRECON_APPLE_ROOTS = str(folder)
    return folder


@pytest.fixture
def account(db: None) -> Account:
    return make.AccountFactory.make()


@pytest.fixture
def app(account: Account) -> App:
    return make.AppFactory.make(account=account)


@pytest.fixture
def shop(authority: Authority, app: App) -> Shop:
    return Shop(authority, app.bundle_id, app.apple_id or 0)


@pytest.fixture
def sandbox(authority: Authority, app: App) -> Shop:
    return Shop(authority, app.bundle_id, app.apple_id or 0, "Sandbox")


@pytest.fixture
def post(account: Account) -> Post:
    """`post(payload)` sends a signedPayload to the webhook and returns the HTTP status. No cookie, no CSRF token."""
    client = Client(enforce_csrf_checks=True)

    def send(payload: object, environment: str = "production", account_name: object = None) -> int:
        address = f"/notifications/{account_name or account.pk}/{environment}/"
        body = json.dumps({"signedPayload": payload})
        return client.post(address, body, content_type="application/json").status_code

    return send


@pytest.fixture
def play(post: Post, account: Account) -> Callable[[Iterable[str]], None]:
    """Sends payloads in the order given and works them in, as the job does."""

    def sent(payloads: Iterable[str], environment: str = "production") -> None:
        for payload in payloads:
            assert post(payload, environment) == 200
        process_received(account)

    return sent


Give = Callable[..., DataUpload]


@pytest.fixture
def give(account: Account, tmp_path: Path) -> Give:
    """`give("users", "app_account_token\\n...", day)`: own data of the moment `day`, taken in at that moment."""

    def given(kind: str, text: str, taken_at: datetime, **more: Any) -> DataUpload:
        file = tmp_path / f"{kind}.csv"
        file.write_text(text)
        about = About(DataKind(kind), more.pop("account", account), taken_at, more.pop("app", None))
        with clock.standing_at(taken_at):
            return take_in_own_data(file, more.pop("name", file.name), about=about)

    return given


def state(*models: type[Any]) -> dict[str, list[dict[str, Any]]]:
    """What tables hold, without the numbers that the database gave."""
    return {model.__name__: sorted(_rows(model), key=repr) for model in models}


def _rows(model: type[Any]) -> list[dict[str, Any]]:
    skipped = ("id", "notification_id")
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in skipped]
    rows = list(model.objects.values(*names))
    for row in rows:
        if "customer_id" in row:
            row["customer_id"] = model.customer.field.related_model.objects.values_list("key", flat=True).get(
                pk=row["customer_id"]
            )
    return rows
