"""A scenario: what is sold where, what goes wrong, what the person exports (docs/scenarios.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from ascrecon.simulator.analytics.wanted import AppAnalytics, read_analytics
from ascrecon.simulator.exports_wanted import Export, default_exports, read_export
from ascrecon.simulator.faults import Fault, read_fault
from ascrecon.simulator.reading import Fields, ScenarioError, fields_of
from ascrecon.simulator.regions import region_of
from ascrecon.simulator.subscriptions.faults import SUBSCRIPTION_FAULTS
from ascrecon.simulator.subscriptions.wanted import PERIODS, Plan, Shelf, Subscriptions, read_subscriptions

BUILT_IN = Path(__file__).parent / "scenarios"
ROLES = ("ADMIN", "FINANCE", "SALES_AND_REPORTS")
WEEKDAYS = tuple(Decimal(factor) for factor in ("0.90", "0.88", "0.90", "0.95", "1.05", "1.20", "1.12"))
PRODUCT_TYPES = ("IAY", "IA1", "IA9", "IAY-M", "IA1-M", "IA9-M", "FI1")
APP_TYPES = ("1F", "1", "1T", "F1")


@dataclass(frozen=True)
class Product:
    """An in-app purchase: `prices` per customer currency, `weight` its share among the app's products."""

    apple_id: int
    sku: str
    name: str
    type: str
    prices: Mapping[str, Decimal]
    weight: Decimal
    period: str
    withdrawn_from: date | None


@dataclass(frozen=True)
class App:
    """An app: `daily_units` is the mean of downloads and in-app units a day over all storefronts."""

    apple_id: int
    name: str
    bundle_id: str
    sku: str
    type: str
    developer: str
    daily_units: int
    territories: Mapping[str, str]
    weights: Mapping[str, Decimal]
    prices: Mapping[str, Decimal]
    products: tuple[Product, ...]
    weekday_factors: tuple[Decimal, ...]
    first_sale_day: date
    withdrawn_from: date | None
    analytics: AppAnalytics


@dataclass(frozen=True)
class Scenario:
    """Everything that the figures follow from; `first_day` is the first day with events (Pacific)."""

    seed: int
    today: date
    days: int
    vendor_number: str
    vendor_name: str
    bank_currency: str
    roles: tuple[str, ...]
    hourly_limit: int
    apps: tuple[App, ...]
    exports: tuple[Export, ...]
    faults: tuple[Fault, ...]
    sync_days: tuple[date, ...]
    segment_url_seconds: int
    subscriptions: tuple[Subscriptions, ...] = ()

    @property
    def first_day(self) -> date:
        return self.today - timedelta(days=self.days)

    def app(self, apple_id: int) -> App:
        return next(app for app in self.apps if app.apple_id == apple_id)


def load_scenario(source: str | Path | Mapping[str, object]) -> Scenario:
    """A scenario by built-in name, file or mapping; raises ScenarioError that says what to change."""
    if isinstance(source, Mapping):
        return _checked(read_scenario(Fields("scenario", _plain(source))))
    path = _find(str(source))
    return _checked(read_scenario(fields_of(path.name, _json(path))))


def read_scenario(fields: Fields) -> Scenario:
    """A scenario from its JSON object; unknown fields and unknown faults are refused."""
    today, days = fields.day("today"), fields.whole("days", 120, low=1, high=730)
    first_day = today - timedelta(days=days)
    apps = tuple(_app(part, first_day) for part in fields.objects("apps"))
    given = fields.has("exports")
    scenario = Scenario(
        seed=fields.whole("seed"),
        today=today,
        days=days,
        vendor_number=fields.text("vendor_number", "80000001"),
        vendor_name=fields.text("vendor_name", "Example Developer"),
        bank_currency=fields.choice("bank_currency", ("EUR",), "EUR"),
        roles=_roles(fields),
        hourly_limit=fields.whole("hourly_limit", 3500, low=1),
        apps=apps,
        exports=tuple(map(read_export, fields.objects("exports"))) if given else default_exports(today, days),
        faults=tuple(map(read_fault, fields.objects("faults"))),
        sync_days=fields.days("sync_days") if fields.has("sync_days") else (),
        segment_url_seconds=fields.whole("segment_url_seconds", 300, low=1),
        subscriptions=_subscriptions(fields, apps),
    )
    fields.finish()
    return scenario


def _subscriptions(fields: Fields, apps: tuple[App, ...]) -> tuple[Subscriptions, ...]:
    shelves = {app.apple_id: _shelf(app) for app in apps}
    return tuple(read_subscriptions(part, shelves) for part in fields.objects("subscriptions"))


def _shelf(app: App) -> Shelf:
    """What can be subscribed to: the app's auto-renewable products."""
    renewing = [product for product in app.products if product.period]
    plans = tuple(Plan(each.sku, PERIODS[each.period], each.prices, each.weight) for each in renewing)
    return Shelf(app.bundle_id, app.territories, app.weights, plans)


def _find(name: str) -> Path:
    built_in = BUILT_IN / f"{name}.json"
    path = built_in if built_in.is_file() else Path(name)
    if path.is_file():
        return path
    known = ", ".join(sorted(found.stem for found in BUILT_IN.glob("*.json")))
    raise ScenarioError("scenario", f"{name!r} is neither a file nor a built-in name", f"built in: {known}")


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except json.JSONDecodeError as error:
        place = f"{path.name} line {error.lineno}"
        raise ScenarioError(place, error.msg, "correct the JSON there") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(path.name, "bytes that are not UTF-8", "save it as UTF-8") from error


def _plain(source: Mapping[str, object]) -> dict[str, object]:
    # Through JSON and back: a mapping and a file with the same content are read alike.
    plain: dict[str, object] = json.loads(json.dumps(source), parse_float=Decimal)
    return plain


def _roles(fields: Fields) -> tuple[str, ...]:
    if not fields.has("roles"):
        return ROLES
    roles = tuple(str(role) for role in fields.items("roles"))
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise ScenarioError(fields.place, f"role {unknown[0]!r}", f"give some of {', '.join(ROLES)}")
    return roles


def _app(fields: Fields, first_day: date) -> App:
    name = fields.text("name")
    app = App(
        apple_id=fields.whole("apple_id", low=1),
        name=name,
        bundle_id=fields.text("bundle_id"),
        sku=fields.text("sku"),
        type=fields.choice("type", APP_TYPES, "1F"),
        developer=fields.text("developer", "Example Developer"),
        daily_units=fields.whole("daily_units", low=0, high=1_000_000),
        territories=fields.texts("territories"),
        weights=fields.amounts("weights"),
        prices=fields.amounts("price"),
        products=tuple(_product(part) for part in fields.objects("products")),
        weekday_factors=_weekdays(fields),
        first_sale_day=fields.day("first_sale_day", first_day),
        withdrawn_from=fields.day("withdrawn_from") if fields.has("withdrawn_from") else None,
        analytics=read_analytics(fields, first_day),
    )
    fields.finish()
    return app


def _weekdays(fields: Fields) -> tuple[Decimal, ...]:
    return fields.amount_list("weekday_factors", 7) if fields.has("weekday_factors") else WEEKDAYS


def _product(fields: Fields) -> Product:
    kind = fields.choice("type", PRODUCT_TYPES)
    sku = fields.text("sku")
    product = Product(
        apple_id=fields.whole("apple_id", low=1),
        sku=sku,
        name=fields.text("name", sku),
        type=kind,
        prices=fields.amounts("prices"),
        weight=fields.amount("weight", "1"),
        period=fields.choice("period", tuple(PERIODS), "1 Month") if kind.startswith("IAY") else "",
        withdrawn_from=fields.day("withdrawn_from") if fields.has("withdrawn_from") else None,
    )
    fields.finish()
    return product


def _checked(scenario: Scenario) -> Scenario:
    _check_ids(scenario)
    for app in scenario.apps:
        _check_territories(app)
    _check_fault_apps(scenario)
    _check_subscriptions(scenario)
    return scenario


def _check_ids(scenario: Scenario) -> None:
    ids = [app.apple_id for app in scenario.apps]
    ids += [product.apple_id for app in scenario.apps for product in app.products]
    twice = sorted({found for found in ids if ids.count(found) > 1})
    if twice:
        raise ScenarioError("scenario", f"apple_id {twice[0]} stands twice", "give every app and product its own")
    if not scenario.apps:
        raise ScenarioError("scenario", "no apps", "add at least one app")


def _check_territories(app: App) -> None:
    place = f"app {app.apple_id}"
    if not app.territories:
        raise ScenarioError(place, "no territories", 'give for example {"US": "USD"}')
    priced = [("price", app.prices)] if app.prices else []
    priced += [(f"product {product.sku} prices", product.prices) for product in app.products]
    for country, currency in app.territories.items():
        if region_of(country, currency) is None:
            raise ScenarioError(place, f"{country} in {currency}", "no finance region takes that; use USD or EUR")
        for name, prices in priced:
            if currency not in prices:
                raise ScenarioError(place, f"{name} has no {currency}", f"add a price for {country}")


def _check_fault_apps(scenario: Scenario) -> None:
    known = {app.apple_id for app in scenario.apps}
    wanted = [getattr(part, "apple_id", None) for part in (*scenario.faults, *scenario.exports)]
    unknown = sorted({apple_id for apple_id in wanted if apple_id is not None} - known)
    if unknown:
        raise ScenarioError("scenario", f"no app has apple_id {unknown[0]}", "correct the fault or export")


def _check_subscriptions(scenario: Scenario) -> None:
    groups = [(each.apple_id, each.environment) for each in scenario.subscriptions]
    twice = sorted({found for found in groups if groups.count(found) > 1})
    if twice:
        raise ScenarioError("subscriptions", f"app {twice[0][0]} stands twice for {twice[0][1]}", "give it once")
    known = {apple_id for apple_id, environment in groups if environment == "Production"}
    for fault in scenario.faults:
        if isinstance(fault, SUBSCRIPTION_FAULTS) and fault.apple_id not in known:
            raise ScenarioError(
                f"fault {fault.kind}", f"app {fault.apple_id} has no subscriptions", "add it to subscriptions"
            )
