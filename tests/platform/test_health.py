from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
def test_it_says_ok_when_database_and_migrations_are_there(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_forbids_pages_from_elsewhere_and_frames(client: Client) -> None:
    response = client.get("/healthz")

    assert response.headers["Content-Security-Policy"] == (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    )
    assert response.headers["X-Frame-Options"] == "DENY"
