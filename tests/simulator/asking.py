"""A plain client for these tests: signs a token and asks, without any of the product's code."""

from __future__ import annotations

import gzip
import time
from collections.abc import Mapping
from decimal import Decimal

import jwt
import requests

from ascrecon.simulator import Simulator

SALES = {
    "filter[vendorNumber]": "80000001",
    "filter[reportType]": "SALES",
    "filter[reportSubType]": "SUMMARY",
    "filter[version]": "1_0",
}
FINANCE = {"filter[vendorNumber]": "80000001", "filter[reportType]": "FINANCIAL"}


def token(simulator: Simulator, claims: Mapping[str, object] | None = None, kid: str = "", drop: str = "") -> str:
    now = int(time.time())
    usual = {"iss": simulator.issuer_id, "iat": now, "exp": now + 900, "aud": "appstoreconnect-v1"}
    payload = {name: value for name, value in {**usual, **(claims or {})}.items() if name != drop}
    headers = {"kid": kid or simulator.key_id}
    return jwt.encode(payload, simulator.private_key, "ES256", headers=headers)


def ask(
    simulator: Simulator,
    path: str,
    query: dict[str, str] | None = None,
    *,
    method: str = "GET",
    bearer: str | None = None,
    accept: str = "application/a-gzip, application/json",
    body: object = None,
) -> requests.Response:
    headers = {"Authorization": f"Bearer {bearer or token(simulator)}", "Accept": accept}
    url = path if path.startswith("http") else simulator.url + path
    return requests.request(method, url, params=query, headers=headers, json=body, timeout=10)


def sales(simulator: Simulator, day: str, frequency: str = "DAILY") -> requests.Response:
    period = {"filter[frequency]": frequency, "filter[reportDate]": day}
    return ask(simulator, "/v1/salesReports", {**SALES, **period})


def finance(simulator: Simulator, month: str, region: str) -> requests.Response:
    kind = "FINANCE_DETAIL" if region == "Z1" else "FINANCIAL"
    period = {"filter[reportType]": kind, "filter[regionCode]": region, "filter[reportDate]": month}
    return ask(simulator, "/v1/financeReports", {**FINANCE, **period})


def text_of(response: requests.Response) -> str:
    assert response.status_code == 200, response.text
    return gzip.decompress(response.content).decode()


def table(text: str) -> list[dict[str, str]]:
    """Rows of a sales file as dictionaries."""
    head, *lines = text.splitlines()
    names = head.split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def error(response: requests.Response) -> dict[str, str]:
    found: dict[str, str] = response.json()["errors"][0]
    assert found["status"] == str(response.status_code)
    return found


def proceeds(rows: list[dict[str, str]]) -> dict[str, Decimal]:
    """Units x per-unit proceeds by currency; free rows have no currency of proceeds."""
    found: dict[str, Decimal] = {}
    for row in rows:
        amount = Decimal(row["Units"]) * Decimal(row["Developer Proceeds"])
        if amount:
            currency = row["Currency of Proceeds"]
            found[currency] = found.get(currency, Decimal(0)) + amount
    return found
