"""Random scenarios whose expectations are unambiguous: each fault has days of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import TypeAlias

from ascrecon.simulator.fiscal import MONTHS, FiscalMonth
from ascrecon.simulator.regions import region_of

Json: TypeAlias = dict[str, object]
TERRITORIES = {"US": "USD", "JP": "JPY", "DE": "EUR", "GB": "GBP", "CH": "CHF", "AR": "USD", "VN": "USD"}
PRICES = {"USD": "3.99", "JPY": "600", "EUR": "4.49", "GBP": "3.49", "CHF": "4.00"}
YEARLY_PRICES = {"USD": "29.99", "JPY": "4400", "EUR": "32.99", "GBP": "26.99", "CHF": "29.00"}
STATUSES = ((401, "json"), (403, "role"), (403, "agreement"), (405, "json"), (500, "json"), (502, "html"))


@dataclass
class Plan:
    """A scenario in the making: zones of days that faults take their days from, one after the other.

    first+2 .. first+15   App Analytics exports, no sales fault touches them
    first+17 .. first+26  calls that never succeed
    first+28 .. today-19  faults that only the API's own history shows
    today-17 .. today-6   faults that the daily R exports show
    today-5 .. today-1    late and re-issued days
    """

    rng: Random
    today: date
    days: int
    month: FiscalMonth
    apps: list[Json]
    faults: list[Json] = field(default_factory=list)
    exports: list[Json] = field(default_factory=list)
    used: set[date] = field(default_factory=set)

    @property
    def first(self) -> date:
        return self.today - timedelta(days=self.days)

    def app(self, *, paid: bool) -> Json:
        """A random app; `paid`: one that sells something."""
        return self.rng.choice([app for app in self.apps if not paid or app.get("price") or app.get("products")])

    def take(self, length: int) -> tuple[str, str] | None:
        """Free days in the zones of row faults, a day of rest around them; None where none are left."""
        zones = (self._zone(self.first, 28, -19), self._zone(self.today, -17, -6))
        starts = [day for zone in zones for day in zone[: len(zone) - length + 1]]
        self.rng.shuffle(starts)
        for start in starts:
            wanted = {start + timedelta(days=n) for n in range(-1, length + 1)}
            if not wanted & self.used:
                self.used |= wanted
                return start.isoformat(), (start + timedelta(days=length - 1)).isoformat()
        return None

    def console_day(self) -> str | None:
        """A free day that the R exports hold."""
        free = [day for day in self._zone(self.today, -17, -6) if day not in self.used]
        if not free:
            return None
        day = self.rng.choice(free)
        self.used |= {day + timedelta(days=n) for n in (-1, 0, 1)}
        return day.isoformat()

    def _zone(self, anchor: date, low: int, high: int) -> list[date]:
        end = (self.today if high < 0 else anchor) + timedelta(days=high)
        start = anchor + timedelta(days=low)
        return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def random_scenario(seed: int) -> Json:
    """A valid scenario from a seed: 1 to 3 apps, 50 to 60 days, 2 to 5 faults of different makers."""
    rng = Random(seed)  # noqa: S311  (reproducible figures, not secrets)
    month = rng.choice([found for name, found in MONTHS.items() if "2025-06" <= name <= "2027-10"])
    today = month.published + timedelta(days=rng.randrange(15))
    plan = Plan(rng, today, rng.randint(50, 60), month, _apps(rng))
    for make in rng.sample(MAKERS, rng.randint(2, 5)):
        make(plan)
    return _document(seed, plan)


def _document(seed: int, plan: Plan) -> Json:
    span = {"from": _ago(plan, 17), "to": _ago(plan, 6)}
    sales: Json = {"kind": "R", "frequency": "DAILY", **span}
    payments: Json = {"kind": "P", "fiscal_month": plan.month.name}
    return {
        "seed": seed,
        "today": plan.today.isoformat(),
        "days": plan.days,
        "vendor_number": "80000001",
        "sync_days": [_ago(plan, 4), _ago(plan, 0)],
        "apps": plan.apps,
        "faults": plan.faults,
        "exports": [sales, payments, *plan.exports],
    }


def _ago(plan: Plan, days: int) -> str:
    return (plan.today - timedelta(days=days)).isoformat()


def _apps(rng: Random) -> list[Json]:
    makers: list[Callable[[Random, int], Json]] = [_paid_app, _free_app]
    # The first app sells subscriptions in every scenario, so that each fault finds something to hit.
    return [_subscription_app(rng, 1), *(rng.choice(makers)(rng, n) for n in range(2, rng.randint(2, 4)))]


def _app(rng: Random, number: int, name: str) -> Json:
    countries = ["US", *rng.sample(sorted(set(TERRITORIES) - {"US"}), rng.randint(1, 4))]
    return {
        "apple_id": 1600000000 + number,
        "name": f"{name} {number}",
        "bundle_id": f"com.example.{name.lower()}{number}",
        "sku": f"{name.upper()}{number}",
        "daily_units": rng.randrange(300, 601, 20),
        "territories": {country: TERRITORIES[country] for country in countries},
        "weights": {country: str(rng.randint(2, 4)) for country in countries},
    }


def _subscription_app(rng: Random, number: int) -> Json:
    ids = 1600000000 + number * 100
    monthly = {"sku": f"pro{number}.monthly", "apple_id": ids + 1, "type": "IAY", "prices": PRICES}
    yearly = {"sku": f"pro{number}.yearly", "apple_id": ids + 2, "type": "IAY", "period": "1 Year"}
    return {
        **_app(rng, number, "Notes"),
        "products": [{**monthly, "weight": "2"}, {**yearly, "prices": YEARLY_PRICES}],
    }


def _paid_app(rng: Random, number: int) -> Json:
    return {**_app(rng, number, "Camera"), "price": PRICES}


def _free_app(rng: Random, number: int) -> Json:
    return _app(rng, number, "Torch")


def _rows_missing(plan: Plan) -> None:
    app, days = plan.app(paid=False), plan.take(plan.rng.randint(1, 3))
    if days:
        part = plan.rng.choice(_parts(plan.rng, app))
        plan.faults.append(_spanned("sales_positive_rows_missing", app, days) | part)


def _parts(rng: Random, app: Json) -> list[Json]:
    territories, products = app["territories"], app.get("products")
    parts: list[Json] = [{}]
    if products:
        # A day of an app without products has 16 to 40 rows: that half of them are gone looks like chance, or like the
        # loss of one country (seeds 98468954 and 98468955).
        parts.append({"share": "half"})
    if isinstance(territories, dict):
        parts.append({"country": rng.choice([*territories])})
    if isinstance(products, list):
        parts.append({"product": rng.choice(products)["sku"]})
    return parts


def _refund_only(plan: Plan) -> None:
    app, days = plan.app(paid=True), plan.take(plan.rng.randint(1, 2))
    if days:
        plan.faults.append(_spanned("refund_only_days", app, days))


def _header_only(plan: Plan) -> None:
    day = plan.console_day()
    if day:
        plan.faults.append({"kind": "header_only", "date": day})


def _day_late(plan: Plan) -> None:
    plan.faults.append({"kind": "day_late", "date": _ago(plan, 4), "days": 10})


def _day_reissued(plan: Plan) -> None:
    app = plan.app(paid=True)
    fault = {"kind": "day_reissued", "date": _ago(plan, 5), "on": _ago(plan, 2), "apple_id": app["apple_id"]}
    plan.faults.append(fault | {"units_delta": plan.rng.randint(5, 40)})


def _version_retired(plan: Plan) -> None:
    plan.faults.append({"kind": "version_retired", "from": _ago(plan, 2), "latest": "1_1"})


def _sales_differ(plan: Plan) -> None:
    app, day = plan.apps[0], plan.console_day()
    if day:
        where: Json = {"apple_id": app["apple_id"], "date": day, "sku": "pro1.monthly", "country": "US"}
        delta = {"units_delta": plan.rng.randint(1, 20)}
        plan.faults.append({"kind": "console_differs", "export": "R"} | where | delta)


def _finance_differs(plan: Plan) -> None:
    # One finance fault a scenario: two in regions of one currency would be a single difference.
    region = region_of("US", "USD")
    where: Json = {"fiscal_month": plan.month.name, "region": region.code if region else ""}
    if plan.rng.choice((True, False)):
        delta = f"{plan.rng.randint(1, 9999) / 100:.2f}"
        plan.faults.append({"kind": "console_differs", "export": "P", **where, "delta": delta})
    else:
        plan.faults.append({"kind": "finance_region_missing", **where})


def _metric_differs(plan: Plan) -> None:
    export = _metric_export(plan)
    delta = plan.rng.choice((-3, 4, 12))
    day = (plan.first + timedelta(days=plan.rng.randint(3, 14))).isoformat()
    where = {"kind": "console_differs", "export": "A1", "date": day, "units_delta": delta}
    plan.faults.append(where | {name: export[name] for name in ("apple_id", "metric")})


def _wrong_timezone(plan: Plan) -> None:
    export = _metric_export(plan)
    names = ("apple_id", "metric", "from", "to")
    plan.faults.append({"kind": "console_wrong_timezone", **{name: export[name] for name in names}})


def _metric_export(plan: Plan) -> Json:
    """An App Units export of the first app, whose downloads are free and are never refunded."""
    span = {
        "from": (plan.first + timedelta(days=2)).isoformat(),
        "to": (plan.first + timedelta(days=15)).isoformat(),
    }
    where: Json = {"kind": "A1", "metric": "App Units", "apple_id": plan.apps[0]["apple_id"]}
    export = {**where, **span, "timezone": "PT"}
    plan.exports.append(export)
    return export


def _analytics(plan: Plan) -> None:
    plan.rng.choice((_metric_differs, _wrong_timezone))(plan)


def _call_fails(plan: Plan) -> None:
    day = (plan.first + timedelta(days=plan.rng.randint(17, 21))).isoformat()
    status, body = plan.rng.choice(STATUSES)
    plan.faults.append({"kind": "http", "date": day, "status": status, "body": body, "always": True})


def _file_fails(plan: Plan) -> None:
    day = (plan.first + timedelta(days=plan.rng.randint(22, 26))).isoformat()
    kind = plan.rng.choice(("truncated_gzip", "dropped_connection"))
    plan.faults.append({"kind": kind, "date": day, "always": True})


def _call_fails_once(plan: Plan) -> None:
    status = plan.rng.choice((429, 500, 502, 503))
    plan.faults.append({"kind": "http", "path": "/v1/salesReports", "status": status, "times": 1})


def _spanned(kind: str, app: Json, days: tuple[str, str]) -> Json:
    return {"kind": kind, "apple_id": app["apple_id"], "from": days[0], "to": days[1]}


MAKERS: tuple[Callable[[Plan], None], ...] = (
    _rows_missing,
    _rows_missing,
    _rows_missing,
    _refund_only,
    _header_only,
    _day_late,
    _day_reissued,
    _version_retired,
    _sales_differ,
    _finance_differs,
    _analytics,
    _call_fails,
    _file_fails,
    _call_fails_once,
)
