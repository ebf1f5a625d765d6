"""The API without a socket: token, limit, planted faults, then the endpoint."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from threading import Lock

from ascrecon.simulator.analytics.api import AnalyticsApi
from ascrecon.simulator.apps_api import list_apps
from ascrecon.simulator.errors import (
    GZIP_TYPE,
    Answer,
    Problem,
    agreement_missing,
    forbidden,
    gateway_page,
    method_not_allowed,
    not_acceptable,
    of_status,
    rate_limited,
    unknown_path,
)
from ascrecon.simulator.faults import Transport
from ascrecon.simulator.finance_api import finance_report
from ascrecon.simulator.request import Request
from ascrecon.simulator.sales_api import sales_report
from ascrecon.simulator.scenario import Scenario
from ascrecon.simulator.subscriptions.reporting import reported_apps
from ascrecon.simulator.subscriptions.shops import KEY_ID as SERVER_KEY_ID
from ascrecon.simulator.subscriptions.shops import Shops
from ascrecon.simulator.tokens import FINANCE_ROLES, SALES_ROLES, Key, allow, identify, new_key
from ascrecon.simulator.truth import Truth

PATHS = ("/v1/apps", "/v1/salesReports", "/v1/financeReports")
HOUR = 3600


class Api:
    """One local App Store Connect: its scenario, its key, its day and what was asked so far."""

    def __init__(self, scenario: Scenario, key: Key, today: date | None = None, server_key: Key | None = None) -> None:
        self.scenario = scenario
        self.key = key
        self.server_key = server_key or new_key(SERVER_KEY_ID)[0]
        self.shops: Shops | None = None
        self.today = today or scenario.today
        self.truth = Truth(scenario)
        self.analytics = AnalyticsApi(self.truth)
        self.calls: Counter[str] = Counter()
        self._used: Counter[int] = Counter()
        self._times: deque[float] = deque()
        self._lock = Lock()

    def open_at(self, url: str) -> None:
        """Where the simulator listens: the App Store Server, whose certificates name the address, begins there."""
        if self.scenario.subscriptions:
            self.shops = Shops(self.scenario, url, self.today, self.server_key)
            self.truth.reported = reported_apps(self.scenario, (group.plans for group in self.shops.groups))

    def move_to(self, day: date, moved: Callable[[int], None] = lambda ms: None) -> int:
        """Stand on another day; what Apple's server has to send until then is sent. Returns the number of attempts.

        `moved` is called with the moment (milliseconds) of each attempt before it is made.
        """
        self.today = day
        return self.shops.move_to(day, moved) if self.shops else 0

    @property
    def is_notified(self) -> bool:
        """Whether anybody gets notifications or has asked the App Store Server API."""
        return bool(self.shops and self.shops.has_reader)

    def answer(self, request: Request) -> tuple[Answer, Transport | None]:
        """The answer and, where one is planted, the fault that happens to it on its way."""
        with self._lock:
            self.calls[f"{request.method} {request.path}"] += 1
            number = self.calls.total()
            left = self._remaining()
            fault: Transport | None = None
            try:
                team = identify(self.key, request.method, request.path, request.headers.get("authorization", ""))
                fault = self._fault(request)
                answer = self._reply(request, team, left, fault, number)
            except Problem as problem:
                answer = problem.answer(number)
        return self._with_limit(answer, left), fault

    def download(self, request: Request) -> Answer:
        """The storage host's answer: it has no token, no limit and is not counted."""
        with self._lock:
            return self.analytics.download(request, self.today)

    def _reply(self, request: Request, team: bool, left: int, fault: Transport | None, number: int) -> Answer:
        if left < 0:
            raise rate_limited()
        if fault and fault.status:
            return _planted(fault, number)
        return self._route(request, team)

    def _route(self, request: Request, team: bool) -> Answer:
        if self.analytics.knows(request.path):
            return self.analytics.answer(request, self.today)
        if request.path not in PATHS:
            raise unknown_path(request.path)
        if request.method != "GET":
            raise method_not_allowed()
        if request.path == "/v1/apps":
            return list_apps(self.scenario, request)
        return self._report(request, team)

    def _report(self, request: Request, team: bool) -> Answer:
        sales = request.path == "/v1/salesReports"
        allow(team, self.scenario.roles, SALES_ROLES if sales else FINANCE_ROLES)
        accept = request.headers.get("accept", "*/*")
        if not any(kind in accept for kind in (GZIP_TYPE, "*/*", "application/*")):
            return not_acceptable(accept)
        report = sales_report if sales else finance_report
        return report(self.truth, request, self.today)

    def _remaining(self) -> int:
        """Calls left in the rolling hour of the key after this one; below zero it is one too many."""
        now = time.monotonic()
        while self._times and self._times[0] < now - HOUR:
            self._times.popleft()
        left = self.scenario.hourly_limit - len(self._times) - 1
        if left >= 0:
            self._times.append(now)
        return left

    def _fault(self, request: Request) -> Transport | None:
        for index, fault in enumerate(self.scenario.faults):
            if isinstance(fault, Transport) and self._hits(index, fault, request):
                self._used[index] += 1
                return fault
        return None

    def _hits(self, index: int, fault: Transport, request: Request) -> bool:
        spent = fault.times is not None and self._used[index] >= fault.times
        if spent or not fault.start <= self.today <= fault.end or request.path != fault.path:
            return False
        return all(request.query.get(name) == value for name, value in fault.query.items())

    def _with_limit(self, answer: Answer, left: int) -> Answer:
        limit = f"user-hour-lim:{self.scenario.hourly_limit};user-hour-rem:{max(left, 0)};"
        return Answer(answer.status, answer.content_type, answer.body, {**answer.headers, "X-Rate-Limit": limit})


def _planted(fault: Transport, number: int) -> Answer:
    if fault.body == "html":
        return gateway_page(fault.status, number)
    problem = {"agreement": agreement_missing, "role": forbidden}.get(fault.body, lambda: of_status(fault.status))()
    answer = problem.answer(number)
    headers = {"Retry-After": str(fault.retry_after)} if fault.status == HTTPStatus.TOO_MANY_REQUESTS else {}
    return Answer(fault.status, answer.content_type, answer.body, headers)
