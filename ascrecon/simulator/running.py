"""The simulator inside a test: started in a thread, stopped when the block ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Thread

from ascrecon.simulator.analytics.ledger import Ledger
from ascrecon.simulator.api import Api
from ascrecon.simulator.exports import write_exports
from ascrecon.simulator.findable import check
from ascrecon.simulator.planted import planted
from ascrecon.simulator.scenario import Scenario, load_scenario
from ascrecon.simulator.server import Server
from ascrecon.simulator.subscriptions.sender import Tell
from ascrecon.simulator.subscriptions.shops import KEY_ID as SERVER_KEY_ID
from ascrecon.simulator.subscriptions.shops import Shops
from ascrecon.simulator.tokens import Key, new_key


@dataclass(frozen=True)
class Simulator:
    """A running simulator and what an account needs; `private_key` is the text of a .p8 file, `server_private_key`
    that of the In-App Purchase key `server_key_id`.
    """

    url: str
    key_id: str
    issuer_id: str
    private_key: str = field(repr=False)
    vendor_number: str
    api: Api = field(repr=False)
    server_key_id: str = SERVER_KEY_ID
    server_private_key: str = field(repr=False, default="")

    @property
    def scenario(self) -> Scenario:
        return self.api.scenario

    def move_to(self, day: date, moved: Tell = lambda ms: None) -> int:
        """Moves the simulator's day, as `POST /_sim/today` does; `moved` is told the moment of each attempt to send."""
        return self.api.move_to(day, moved)

    @property
    def shops(self) -> Shops:
        """The App Store Server; only scenarios with subscriptions have one."""
        assert self.api.shops is not None, "the scenario has no subscriptions"
        return self.api.shops

    def planted(self) -> list[dict[str, object]]:
        """What a reader must find, as of the simulator's day."""
        return planted(self.api.truth, self.api.today, self.api.analytics.book, notified=self.api.is_notified)

    def cells(self, apple_id: int) -> dict[tuple[str, str, date], str]:
        """State by report, grain and first day: what a reader who looked on each sync day must know by now."""
        looks = tuple(day for day in self.scenario.sync_days if day <= self.api.today) or (self.api.today,)
        analytics = self.api.analytics
        ledger = Ledger(analytics.deliveries, analytics.book, self.scenario.app(apple_id), looks)
        return {(report, grain, day): state for report, grain, day, state in ledger.cells()}

    def calls(self) -> int:
        """How many API requests were answered so far."""
        return self.api.calls.total()

    def write_exports(self, folder: Path) -> list[dict[str, object]]:
        """The person's console exports in a folder; returns the manifest."""
        return write_exports(self.api.truth, folder)


@contextmanager
def running(
    source: str | Path | Mapping[str, object] | Scenario, today: date | None = None, port: int = 0
) -> Iterator[Simulator]:
    """A simulator on a free loopback port for the length of a `with` block; raises ScenarioError."""
    scenario = source if isinstance(source, Scenario) else load_scenario(source)
    key, private_key = new_key()
    server_key, server_private_key = new_key(SERVER_KEY_ID)
    api = prepared(scenario, key, today, server_key)
    server = Server(api, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Simulator(
            server.url,
            key.key_id,
            key.issuer_id,
            private_key,
            scenario.vendor_number,
            api,
            server_private_key=server_private_key,
        )
    finally:
        server.stop()
        thread.join()


def prepared(scenario: Scenario, key: Key, today: date | None, server_key: Key | None = None) -> Api:
    """The API of a scenario, once its faults are known to be findable."""
    api = Api(scenario, key, today, server_key)
    check(api.truth)
    return api
