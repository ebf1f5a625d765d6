"""The App Store Server of a scenario: what happened by now, the webhook that is told, and the Server API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from uuid import uuid5

import jwt

from ascrecon.simulator.errors import Answer
from ascrecon.simulator.scenario import App, Scenario
from ascrecon.simulator.subscriptions.api import Asked, Refusal, StoreApi
from ascrecon.simulator.subscriptions.authority import Authority, Wishes, new_authority
from ascrecon.simulator.subscriptions.planned import Planned, Plans
from ascrecon.simulator.subscriptions.planted import noon
from ascrecon.simulator.subscriptions.responder import Book
from ascrecon.simulator.subscriptions.sender import Sender, Tell
from ascrecon.simulator.subscriptions.steps import NAMES, Shop, payload
from ascrecon.simulator.subscriptions.store import Sent, Store
from ascrecon.simulator.subscriptions.wanted import Subscriptions
from ascrecon.simulator.tokens import Key

KEY_ID = "SIMULATED2"
OCSP = "/ocsp"


@dataclass
class Group:
    """One group of subscriptions while the simulator runs: its store, and how far its plans have happened."""

    plans: Plans
    store: Store
    sender: Sender
    waiting: list[Planned] = field(default_factory=list)

    @property
    def wanted(self) -> Subscriptions:
        return self.plans.wanted

    def happen_until(self, ms: int) -> None:
        """Everything that is signed by then is in the history, and is to be sent where there is an address."""
        while self.waiting and self.waiting[0].step.signed_ms <= ms:
            self._happen(self.waiting.pop(0))

    def _happen(self, planned: Planned) -> None:
        if planned.sandbox:
            sent = self._of_sandbox(planned)
        else:
            (sent,) = self.store.happen({planned.name: planned.step}, marked=planned.marked)
        if self.sender.address:
            self.sender.send(sent)

    def _of_sandbox(self, planned: Planned) -> Sent:
        """The other environment's notification, which somebody's address in App Store Connect brings here."""
        shop = Shop(self.store.shop.authority, self.wanted.bundle_id, self.wanted.apple_id, "Sandbox")
        return Sent(planned.step, shop.authority.sign(payload(planned.step, shop, uuid5(NAMES, planned.name))))


class Shops:
    """The groups of a scenario. `url` is where the simulator listens; `key` that of the App Store Server API."""

    def __init__(self, scenario: Scenario, url: str, today: date, key: Key) -> None:
        self.authority: Authority = new_authority(wishes=Wishes(responder=f"{url}{OCSP}"))
        self.book = Book(self.authority)
        self.groups = [self._group(Plans(scenario, wanted), today) for wanted in scenario.subscriptions]
        self.today = today
        self.apis = {app.bundle_id: StoreApi(self._store_of(app), key) for app in scenario.apps}
        self.has_reader = False
        # Nobody is answered while things happen.
        self._lock = RLock()

    def send_to(self, production: str, sandbox: str = "") -> None:
        """The addresses of the webhook; an empty one gets nothing."""
        self.has_reader = True
        for group in self.groups:
            group.sender.address = production if group.plans.is_production else sandbox

    def move_to(self, day: date, moved: Tell = lambda ms: None) -> int:
        """Let happen what happens until the simulator's moment on a day; returns how many attempts were made."""
        with self._lock:
            self.today = day
            return self._catch_up(moved) if self.has_reader else 0

    def _catch_up(self, moved: Tell = lambda ms: None) -> int:
        for group in self.groups:
            group.happen_until(noon(self.today))
        return sum(group.sender.run_until(noon(self.today), moved) for group in self.groups)

    def answer(self, asked: Asked) -> Answer:
        """The Server API's answer for the app that the token names."""
        api = self.apis.get(_bundle_of(asked.headers.get("authorization", "")))
        if api is None:
            return Refusal(4010000, "Unauthenticated").answer()
        with self._lock:
            if not self.has_reader:
                # Whoever has no webhook finds in the history what happened so far.
                self.has_reader = True
                self._catch_up()
            api.store.now_ms = noon(self.today)
            return api.answer(asked)

    def _store_of(self, app: App) -> Store:
        """The store that the API tells of an app in production: an empty one where nothing is subscribed to."""
        mine = [
            group.store for group in self.groups if group.plans.is_production and group.wanted.apple_id == app.apple_id
        ]
        return mine[0] if mine else Store(Shop(self.authority, app.bundle_id, app.apple_id), noon(self.today))

    def _group(self, plans: Plans, today: date) -> Group:
        wanted = plans.wanted
        shop = Shop(self.authority, wanted.bundle_id, wanted.apple_id, wanted.environment)
        store = Store(shop, noon(today))
        return Group(plans, store, Sender(store, "", plans.road.is_blocked), plans.steps)


def _bundle_of(authorization: str) -> str:
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("bid"))
