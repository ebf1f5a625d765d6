"""The apps of a scenario as Apple's subscription reports tell them: steps in production, and what is only there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby

from ascrecon.simulator.scenario import App, Scenario
from ascrecon.simulator.subscriptions.faults import OnlyReported
from ascrecon.simulator.subscriptions.planned import Life, Plans
from ascrecon.simulator.subscriptions.planted import noon
from ascrecon.simulator.subscriptions.sales_reports import ReportedApp, ReportedProduct
from ascrecon.simulator.subscriptions.steps import DAY, Step
from ascrecon.simulator.subscriptions.storefronts import Storefront
from ascrecon.simulator.subscriptions.wanted import PERIODS, Plan

DURATIONS = {days: name for name, days in PERIODS.items()}
#: A plan that is no product of the app has a number after all of them.
NOT_SOLD = 500


def reported_apps(scenario: Scenario, plans: Iterable[Plans]) -> list[ReportedApp]:
    """One for each app with subscriptions in production; what happens in the sandbox is in no report."""
    told = sorted((each for each in plans if each.is_production), key=lambda each: each.wanted.apple_id)
    return [
        _reported(scenario.app(apple_id), list(groups))
        for apple_id, groups in groupby(told, key=lambda each: each.wanted.apple_id)
    ]


def _reported(app: App, groups: list[Plans]) -> ReportedApp:
    steps = [step for group in groups for life in group.lives for step in _steps(life)]
    steps += [step for group in groups for untold in group.only_reported for step in _untold(*untold)]
    return ReportedApp(app.name, app.apple_id, _products(app, groups), steps)


def _products(app: App, groups: list[Plans]) -> Mapping[str, ReportedProduct]:
    sold = {product.sku: product for product in app.products}
    found: dict[str, ReportedProduct] = {}
    for group in groups:
        for nth, plan in enumerate(group.wanted.plans, start=1):
            product = sold.get(plan.product_id)
            number, name = (product.apple_id, product.name) if product else _unsold(app, plan, nth)
            found[plan.product_id] = ReportedProduct(number, name, DURATIONS[plan.days], int(group.wanted.group))
    return found


def _unsold(app: App, plan: Plan, nth: int) -> tuple[int, str]:
    return app.apple_id + NOT_SOLD + nth, plan.product_id


def _steps(life: Life) -> Iterable[Step]:
    """Its steps; a price that was left out of the signed transaction is in the reports all the same."""
    plans = {plan.product_id: plan for plan in life.cast.roles.values()}
    for planned in life.steps:
        told = planned.step.transaction
        if planned.sandbox:
            continue
        if "price" in told:
            yield planned.step
        else:
            price = plans[told["productId"]].milliunits(told["currency"])
            yield replace(planned.step, transaction={**told, "price": price})


def _untold(fault: OnlyReported, storefront: Storefront, plan: Plan) -> Iterable[Step]:
    """Renewals at noon in California that no notification tells, and no answer of the App Store Server API."""
    moment = noon(fault.day)
    for nth in range(fault.number):
        told = {
            "originalTransactionId": f"4{fault.day:%y%m%d}{nth:06d}",
            "productId": plan.product_id,
            "purchaseDate": moment,
            "originalPurchaseDate": moment - plan.days * DAY,
            "expiresDate": moment + plan.days * DAY,
            "price": plan.milliunits(storefront.currency),
            "currency": storefront.currency,
            "storefront": storefront.code,
            "inAppOwnershipType": "PURCHASED",
        }
        yield Step("DID_RENEW", "", moment, 1, told)
