"""GET /v1/apps: the team's apps in pages."""

from __future__ import annotations

from ascrecon.simulator.errors import Answer
from ascrecon.simulator.paging import PAGE_PARAMETERS, paged
from ascrecon.simulator.request import Request
from ascrecon.simulator.scenario import App, Scenario

PARAMETERS = (*PAGE_PARAMETERS, "fields[apps]", "filter[bundleId]", "filter[sku]", "filter[id]", "sort")


def list_apps(scenario: Scenario, request: Request) -> Answer:
    """One page of apps; `links.next` stands while more follow."""
    request.only(PARAMETERS)
    return paged(request, [_resource(app, request) for app in scenario.apps if _wanted(app, request)])


def _wanted(app: App, request: Request) -> bool:
    filters = {"bundleId": app.bundle_id, "sku": app.sku, "id": str(app.apple_id)}
    asked = {name: request.query.get(f"filter[{name}]", value) for name, value in filters.items()}
    return all(value in asked[name].split(",") for name, value in filters.items())


def _resource(app: App, request: Request) -> dict[str, object]:
    attributes = {"name": app.name, "bundleId": app.bundle_id, "sku": app.sku, "primaryLocale": "en-US"}
    fields = request.query.get("fields[apps]")
    if fields is not None:
        attributes = {name: value for name, value in attributes.items() if name in fields.split(",")}
    link = f"{request.origin}/v1/apps/{app.apple_id}"
    return {"type": "apps", "id": str(app.apple_id), "attributes": attributes, "links": {"self": link}}
