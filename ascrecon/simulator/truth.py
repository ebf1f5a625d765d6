"""What really happened: events by Pacific day, with the corrections of re-issued days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ascrecon.simulator.events import Event, best_offer, correction, day_events
from ascrecon.simulator.faults import DayReissued, RowsMissing
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.scenario import App, Scenario
from ascrecon.simulator.subscriptions.sales_reports import ReportedApp
from ascrecon.simulator.zones import days_between


class Truth:
    """The events of a scenario; each app and day is made once, when somebody asks."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        #: Apps whose subscriptions stand in the subscription reports; a vendor with none of them has no such report.
        self.reported: list[ReportedApp] = []
        self._events: dict[tuple[int, date], list[Event]] = {}

    def events(self, app: App, day: date) -> list[Event]:
        """An app's events of a Pacific day as first reported; nothing before the scenario's first day."""
        key = (app.apple_id, day)
        if key not in self._events:
            self._events[key] = self._made(app, day)
        return self._events[key]

    def settled(self, app: App, day: date, as_of: date | None = None) -> list[Event]:
        """As `events`, with the corrections that are known on `as_of` (None: all of them)."""
        extra = [
            event
            for fault in self._reissues(app, day)
            if as_of is None or as_of >= fault.on
            for event in self._corrections(app, day, fault)
        ]
        return self.events(app, day) + extra

    def money_events(self, first: date, last: date) -> Iterator[Event]:
        """Paid events that settle from `first` to `last`: finance never restates, the money was right."""
        for day in days_between(first - timedelta(days=4), last):
            for app in self.scenario.apps:
                for event in self.settled(app, day):
                    if event.price and first <= event.settles <= last:
                        yield event

    def _made(self, app: App, day: date) -> list[Event]:
        if day < self.scenario.first_day:
            return []
        return day_events(self.scenario.seed, app, day, self._must_refund(app, day))

    def _must_refund(self, app: App, day: date) -> bool:
        faults = [fault for fault in self.scenario.faults if isinstance(fault, RowsMissing)]
        return any(
            fault.kind == "refund_only_days" and fault.apple_id == app.apple_id and fault.start <= day <= fault.end
            for fault in faults
        )

    def _reissues(self, app: App, day: date) -> list[DayReissued]:
        faults = [fault for fault in self.scenario.faults if isinstance(fault, DayReissued)]
        return [fault for fault in faults if (fault.apple_id, fault.day) == (app.apple_id, day)]

    def _corrections(self, app: App, day: date, fault: DayReissued) -> list[Event]:
        if fault.factor is not None:
            sold = [event for event in self.events(app, day) if not event.refund]
            return [event._replace(units=int(event.units * fault.factor) - event.units, settles=day) for event in sold]
        offer = best_offer(app, day)
        if offer is None:
            raise ScenarioError(f"fault {fault.kind}", f"app {app.apple_id} sells nothing", "choose another app")
        return [correction(app, offer, day, fault.units_delta)]
