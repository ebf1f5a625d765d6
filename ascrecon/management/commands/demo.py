from __future__ import annotations

import json
import os
import signal
import socket
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from pathlib import Path
from time import sleep
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from ascrecon.demo.processes import manage, process, simulator
from ascrecon.demo.verdict import Verdict, judge, table
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.scenario import Scenario, load_scenario

FOLDER = "demo"
#: The faults of the demo fail for good, and soon: nobody waits for a year's back-off in a demo.
IMPATIENT = {"tries": 3, "first_backoff_seconds": 0.2, "patience_seconds": 2, "total_seconds": 8.0, "read_seconds": 5.0}
PORT = 8000
#: The simulator's day stands at noon Pacific Time.
NOON_PACIFIC = time(20, tzinfo=UTC)


class Command(BaseCommand):
    help = (
        "Everything at once against a simulated App Store Connect, in a data directory of its own: connect, pull, "
        "import, reconcile, show what the scenario planted beside what was found, then the admin."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scenario", default="demo", help="built-in name (demo, clean) or a JSON file")
        parser.add_argument("--no-serve", action="store_true", help="end after the summary")
        parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            scenario = load_scenario(_named(options["scenario"]))
        except ScenarioError as error:
            raise CommandError(str(error), returncode=2) from error
        if settings.ASCRECON_DATA_DIR.name != FOLDER or "ASCRECON_DEMO" not in os.environ:
            _in_own_directory(scenario)
        try:
            verdict = self.run(scenario, options)
        except KeyboardInterrupt:
            self.say("\nEnding.")
            return
        finally:
            call_command("db", "stop", stdout=sys.stderr)
        if not verdict.good:
            raise CommandError("What was planted and what was found are not the same.", returncode=1)

    def run(self, scenario: Scenario, options: dict[str, Any]) -> Verdict:
        # Imported here: models need the settings of the demo's own directory.
        from ascrecon.demo import steps  # noqa: PLC0415

        folder = settings.ASCRECON_DATA_DIR
        with ExitStack() as running:
            self.say(f"Database, in {folder}")
            steps.start_afresh()
            self.say("Simulator of App Store Connect, and a worker")
            apple = running.enter_context(simulator(options["scenario"], folder, folder / "simulator.log"))
            running.enter_context(process(manage("work"), folder / "worker.log"))
            account = steps.connect(apple)
            for day in _days(scenario):
                self.say(f"Pull on {day}: {steps.pull(account, apple, scenario, day)} jobs")
            self.say(f"Console exports imported: {steps.import_exports(folder / 'exports')}")
            run = steps.compare().run
            self.say(f"Reconciled: {run.compared:,} compared, {run.equal:,} equal")
            steps.add_digest()
            verdict = judge(apple.planted(), steps.open_findings())
            self.tell(verdict, options["json"])
            if not options["no_serve"]:
                self.serve(running, steps.add_person())
        return verdict

    def tell(self, verdict: Verdict, as_json: bool) -> None:
        if as_json:
            findings = [finding for _, finding in verdict.pairs if finding] + verdict.unexpected
            document = {
                "planted": [item for item, _ in verdict.pairs],
                "findings": findings,
                "found": verdict.found,
                "unexpected": len(verdict.unexpected),
            }
            self.stdout.write(json.dumps(document))
            return
        self.stdout.write("\n".join(["", *table(verdict), "", "The digest:", ""]))
        call_command("digest", "--dry-run", stdout=self.stdout)
        self.stdout.write(verdict.summary)

    def serve(self, running: ExitStack, login: tuple[str, str]) -> None:
        port = _free_port()
        folder: Path = settings.ASCRECON_DATA_DIR
        command = [sys.executable, "-m", "gunicorn", "ascrecon.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
        web = running.enter_context(process(command, folder / "web.log"))
        self.say(f"\nOpen http://127.0.0.1:{port}/admin/ and log in as {login[0]} with the password {login[1]}")
        self.say("Ctrl-C ends everything.")
        while web.poll() is None:
            sleep(0.5)
        raise CommandError(f"The web server ended; see {folder / 'web.log'}.")

    def say(self, line: str) -> None:
        """To standard error: standard output is for the result."""
        self.stderr.write(line, style_func=str)


def _named(scenario: str) -> str | Path:
    return Path(scenario) if scenario.endswith(".json") else scenario


def _days(scenario: Scenario) -> list[date]:
    return list(scenario.sync_days) or [scenario.today]


def _in_own_directory(scenario: Scenario) -> None:
    """Start again with the demo's own data directory and the simulator's day; what is configured stays untouched."""
    folder = settings.ASCRECON_DATA_DIR / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "EMAIL_URL", "ASCRECON_ENV")}
    own = {
        "ASCRECON_DEMO": "1",
        "ASCRECON_DATA_DIR": str(folder),
        "ASCRECON_NOW": datetime.combine(_days(scenario)[-1], NOON_PACIFIC).isoformat(),
        "ASCRECON_APPSTORE_POLICY": json.dumps(IMPATIENT),
    }
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.argv], kept | own)  # noqa: S606 (this very program)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
