"""Report requests: those of the scenario and those that somebody made since. The only state of this API."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import md5
from uuid import UUID

from ascrecon.simulator.scenario import App, Scenario

ONGOING = "ONGOING"
SNAPSHOT = "ONE_TIME_SNAPSHOT"
ACCESS_TYPES = (SNAPSHOT, ONGOING)


@dataclass(frozen=True, eq=False)
class ReportRequest:
    """A request of an app, made on the day `asked`; its first instances have the processing date `first`."""

    id: str
    app: App
    access: str
    asked: date
    first: date

    @property
    def ongoing(self) -> bool:
        return self.access == ONGOING


class RequestBook:
    """The requests of all apps."""

    def __init__(self, scenario: Scenario) -> None:
        self._seed = scenario.seed
        self._requests: dict[str, ReportRequest] = {}
        self._made: Counter[tuple[int, str]] = Counter()
        for app in scenario.apps:
            for access, asked in ((ONGOING, app.analytics.ongoing_since), (SNAPSHOT, app.analytics.snapshot_on)):
                if asked is not None:
                    self.make(app, access, asked)

    def make(self, app: App, access: str, asked: date) -> ReportRequest:
        """A new request. Instances begin a day later, those of an ongoing one perhaps two."""
        number = self._made[(app.apple_id, access)]
        self._made[(app.apple_id, access)] += 1
        digest = md5(f"{self._seed}:{app.apple_id}:{access}:{number}".encode(), usedforsecurity=False)
        wait = 1 if access == SNAPSHOT or digest.digest()[0] % 2 else 2
        found = ReportRequest(str(UUID(digest.hexdigest())), app, access, asked, asked + timedelta(days=wait))
        self._requests[found.id] = found
        return found

    def get(self, request_id: str, today: date) -> ReportRequest | None:
        """A request that was made by a day."""
        found = self._requests.get(request_id)
        return found if found and found.asked <= today else None

    def of_app(self, app: App, access: tuple[str, ...], today: date) -> list[ReportRequest]:
        """An app's requests of some access types that were made by a day."""
        of_app = [found for found in self._requests.values() if found.app.apple_id == app.apple_id]
        return [found for found in of_app if found.access in access and found.asked <= today]

    def delete(self, request_id: str) -> None:
        del self._requests[request_id]
