from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.client import RequestFactory
from pytest_django.fixtures import Settings

from ascrecon.client_address import client_address


def test_it_refuses_an_upload_above_the_limit(client: Client, settings: Settings) -> None:
    settings.ASCRECON_MAX_UPLOAD_BYTES = 1000
    response = client.post("/healthz", data=b"x" * 1001, content_type="text/csv")

    assert response.status_code == 413
    assert "raise ASCRECON_MAX_UPLOAD_BYTES" in response.content.decode()


@pytest.mark.django_db
def test_it_locks_a_name_out_after_ten_wrong_passwords(client: Client, settings: Settings) -> None:
    settings.AXES_ENABLED = True
    User.objects.create_user("alice", password="right", is_staff=True)
    for _ in range(10):
        client.post("/admin/login/", {"username": "alice", "password": "wrong"})
    response = client.post("/admin/login/", {"username": "alice", "password": "right"})

    assert response.status_code == 429
    assert "_auth_user_id" not in client.session


def test_it_trusts_a_forwarded_address_only_behind_a_proxy(rf: RequestFactory, settings: Settings) -> None:
    request = rf.get("/", headers={"x-forwarded-for": "203.0.113.9, 198.51.100.7"})
    settings.BEHIND_PROXY = False
    assert client_address(request) == "127.0.0.1"
    settings.BEHIND_PROXY = True
    assert client_address(request) == "198.51.100.7"
