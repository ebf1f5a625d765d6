from __future__ import annotations

import json
import logging
import signal
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from pathlib import Path
from subprocess import Popen
from time import sleep
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ascrecon.demo import own
from ascrecon.demo.processes import RunningSimulator, end_leftovers, manage, process, simulator
from ascrecon.demo.verdict import Verdict, judge, shortened, table
from ascrecon.embedded.server import Server
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.scenario import Scenario, load_scenario

if TYPE_CHECKING:
    from ascrecon.jobs.models import Job
    from reports.models import Account

#: The simulator's day stands at noon Pacific Time.
NOON_PACIFIC = time(20, tzinfo=UTC)
WIDTH = 120
HEAD_OF_DIGEST = 16  # lines
INTERRUPTED = 130  # what a shell gives a program that Ctrl-C ended


class Command(BaseCommand):
    help = (
        "Shows everything at once against a simulated App Store Connect, in a data directory of its own: connects, "
        "pulls, imports, reconciles, prints what the scenario planted beside what was found, then serves the admin."
    )
    requires_system_checks: list[str] = []
    verdict: Verdict | None = None  # kept here for the way out: serving ends by an interrupt

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scenario", default="demo", help="built-in name (demo, clean) or a JSON file")
        parser.add_argument("--no-serve", action="store_true", help="end after the summary")
        parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        scenario = _read(options["scenario"])
        if not own.is_own():
            own.start_again_in_own_directory(datetime.combine(_days(scenario)[0], NOON_PACIFIC))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        folder: Path = settings.ASCRECON_DATA_DIR
        logging.basicConfig(filename=folder / "demo.log", level=logging.INFO, force=True)
        with own.only_one(folder):
            end_leftovers(folder)
            self.run_all(scenario, options)
        if not self.verdict:
            sys.exit(INTERRUPTED)
        if not self.verdict.good:
            raise CommandError("What was planted and what was found are not the same.", returncode=1)

    def run_all(self, scenario: Scenario, options: dict[str, Any]) -> None:
        """Whatever happens, everything that was started is ended."""
        folder = settings.ASCRECON_DATA_DIR
        try:
            with ExitStack() as running:
                self.run(scenario, options, running)
        except KeyboardInterrupt:
            self.say("Ended.")
        except TimeoutError as error:
            raise CommandError(f"{error} See {folder / 'worker.log'}.", returncode=1) from error
        finally:
            Server.below(folder).stop()
            end_leftovers(folder)

    def run(self, scenario: Scenario, options: dict[str, Any], running: ExitStack) -> None:
        # Imported here: models need the settings of the demo's own directory.
        from ascrecon.demo import steps  # noqa: PLC0415

        folder = settings.ASCRECON_DATA_DIR
        self.say(f"Starting PostgreSQL, a simulated App Store Connect and a worker; data and logs are in {folder}")
        own.set_clock(folder, datetime.combine(_days(scenario)[0], NOON_PACIFIC))
        steps.start_afresh()
        roots = folder / "apple-roots" if scenario.subscriptions else None
        apple = running.enter_context(simulator(options["scenario"], folder, folder / "simulator.log", roots))
        self.play(scenario, apple, running)
        self.say(f"Console exports imported: {steps.import_exports(folder / 'exports')}")
        run = steps.compare().run
        self.say(f"Reconciled: {run.compared:,} compared, {run.equal:,} equal")
        self.verdict = judge(apple.planted(), steps.open_findings())
        self.tell(self.verdict, scenario, steps.digest(), options["json"])
        if not options["no_serve"]:
            self.serve(running, steps.add_person())

    def play(self, scenario: Scenario, apple: RunningSimulator, running: ExitStack) -> None:
        """The days on which the product looks at Apple; what Apple sends comes before."""
        from ascrecon.demo import steps  # noqa: PLC0415
        from ascrecon.demo.receiver import receiving  # noqa: PLC0415

        (first, *later), account = _days(scenario), steps.connect(apple)
        jobs = steps.pull(account, scenario, first)
        with ExitStack() as listening:
            if scenario.subscriptions:
                steps.get_notified(account, apple, listening.enter_context(receiving()))
            self.go_to(first, apple)
            # Not before: beside half of the notifications it would miss the other half.
            worker = running.enter_context(process(manage("work"), settings.ASCRECON_DATA_DIR / "worker.log"))
            self.look(jobs, first, account, worker)
            for day in later:
                self.go_to(day, apple, worker)
                self.look(steps.pull(account, scenario, day), day, account, worker)
        if scenario.subscriptions:
            self.say(f"Subscriptions: {steps.taken_in()}")

    def look(self, jobs: list[Job], day: date, account: Account, worker: Popen[str]) -> None:
        """Wait for what is pulled on a day, then ask the App Store Server what the schedule asks it every day."""
        from ascrecon.demo import steps  # noqa: PLC0415

        self.say(f"Pulling what Apple has on {day}: {len(jobs)} jobs")
        steps.finish_pulling(lambda: worker.poll() is None)
        for asked in steps.ask_the_app_store(account):
            steps.finish(asked, lambda: worker.poll() is None)

    def go_to(self, day: date, apple: RunningSimulator, worker: Popen[str] | None = None) -> None:
        """Let it be `day`: first at Apple, which sends what there is to send, then here."""
        from ascrecon.demo import steps  # noqa: PLC0415

        attempts = apple.move_to(day.isoformat())
        if worker:
            steps.work_in(lambda: worker.poll() is None)
        own.set_clock(settings.ASCRECON_DATA_DIR, datetime.combine(day, NOON_PACIFIC))
        if attempts:
            self.say(f"Notifications that the App Store sent until {day}: {attempts} attempts")

    def tell(self, verdict: Verdict, scenario: Scenario, digest: list[str], as_json: bool) -> None:
        if as_json:
            findings = [finding for _, finding in verdict.pairs if finding] + verdict.unexpected
            document = {
                "planted": [item for item, _ in verdict.pairs],
                "findings": findings,
                "found": verdict.found,
                "unexpected": len(verdict.unexpected),
            }
            self.stdout.write(json.dumps(document))
        else:
            names = {app.apple_id: app.name for app in scenario.apps}
            lines = ["", *table(verdict, names), "", *_head(digest), "", verdict.summary]
            self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def serve(self, running: ExitStack, login: tuple[str, str]) -> NoReturn:
        listener = own.listening_socket()
        log = settings.ASCRECON_DATA_DIR / "web.log"
        command = [sys.executable, "-m", "gunicorn", "ascrecon.wsgi", "--bind", f"fd://{listener}", "--threads", "4"]
        # Its control socket has one place per person, where a second demo would be in the way.
        command.append("--no-control-socket")
        web = running.enter_context(process(command, log, pass_fds=[listener]))
        address = settings.ASCRECON_BASE_URL
        while web.poll() is None and not _answers(f"{address}/healthz"):
            sleep(0.2)
        self.say(f"\nOpen {address}/admin/ and log in as {login[0]} with the password {login[1]}")
        self.say("Ctrl-C ends everything.")
        web.wait()
        raise CommandError(f"The web server ended; see {log}.")

    def say(self, line: str) -> None:
        """To standard error: standard output is for the result."""
        self.stderr.write(line, style_func=str)


def _read(name: str) -> Scenario:
    try:
        return load_scenario(Path(name) if name.endswith(".json") else name)
    except ScenarioError as error:
        raise CommandError(str(error), returncode=2) from error


def _days(scenario: Scenario) -> list[date]:
    return list(scenario.sync_days) or [scenario.today]


def _head(digest: list[str]) -> list[str]:
    """What fits on a screen; the whole of it is in the mail."""
    lines = [f"    {shortened(line, WIDTH - 4)}".rstrip() for line in digest[:HEAD_OF_DIGEST]]
    rest = len(digest) - len(lines)
    more = [f"    ... {rest} more lines, in {settings.ASCRECON_DATA_DIR / 'mail'} and in the admin"] if rest > 0 else []
    return ["The digest that was mailed:", "", *lines, *more]


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Once: a second Ctrl-C must not stop the ending half-way."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    sys.stderr.write("\nEnding; the worker finishes its job.\n")
    raise KeyboardInterrupt
