"""The simulator as a process of its own: `simulate_appstore` and `python -m ascrecon.simulator`."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event, Thread
from types import FrameType

from ascrecon.simulator.api import Api
from ascrecon.simulator.exports import write_exports
from ascrecon.simulator.reading import ScenarioError
from ascrecon.simulator.running import prepared
from ascrecon.simulator.scenario import Scenario, load_scenario
from ascrecon.simulator.server import Server
from ascrecon.simulator.subscriptions.shops import KEY_ID as SERVER_KEY_ID
from ascrecon.simulator.tokens import Key, read_key, written_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options, shared by the Django command and the module."""
    parser.add_argument("--scenario", required=True, help="built-in name (demo, clean) or a JSON file")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--public-key", type=Path, help="PEM file of the key whose tokens are accepted")
    parser.add_argument("--key-id", help="key id that goes with --public-key")
    parser.add_argument("--issuer-id", help="issuer id that goes with --public-key")
    parser.add_argument("--write-key", type=Path, metavar="DIR", help="make a key here, print `account add`")
    parser.add_argument("--write-exports", type=Path, metavar="DIR", help="write the console exports here")
    parser.add_argument("--webhook", metavar="URL", help="send the notifications of production here")
    parser.add_argument("--sandbox-webhook", metavar="URL", help="send those of sandbox here")
    parser.add_argument("--write-roots", type=Path, metavar="DIR", help="write the root certificate of Apple's here")
    parser.add_argument("--today", type=_day, help="start on this day instead of the scenario's")


def serve(options: argparse.Namespace) -> None:
    """Runs until SIGTERM or SIGINT; raises ScenarioError for what cannot be played."""
    scenario = load_scenario(options.scenario)
    with _writing("--write-key", options.write_key):
        key, path = _key(options)
        server_key, server_path = _server_key(scenario, options)
    api = prepared(scenario, key, options.today, server_key)
    if options.write_exports:
        with _writing("--write-exports", options.write_exports):
            write_exports(api.truth, options.write_exports)
    server = _listening(api, options.port)
    _open_shops(api, options)
    if path:
        _say(account_line(key, path, scenario.vendor_number, server.url, server_path))
    _until_stopped(server)


def account_line(key: Key, path: Path, vendor_number: str, url: str, server_path: Path | None = None) -> str:
    """The command that makes the simulator's account known to the product."""
    options = {
        "--name": "Simulator",
        "--issuer-id": key.issuer_id,
        "--key-id": key.key_id,
        "--private-key": str(path),
        "--vendor-number": vendor_number,
        "--base-url": url,
        **(
            {"--iap-key-id": SERVER_KEY_ID, "--iap-key": str(server_path), "--server-api-url": url}
            if server_path
            else {}
        ),
    }
    return shlex.join(["account", "add", *(word for option in options.items() for word in option)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when stopped, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m ascrecon.simulator")
    add_arguments(parser)
    try:
        serve(parser.parse_args(arguments))
    except ScenarioError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day as YYYY-MM-DD") from error


def _key(options: argparse.Namespace) -> tuple[Key, Path | None]:
    if options.write_key and options.public_key:
        raise ScenarioError("options", "--write-key and --public-key", "give only one of them")
    if options.write_key:
        return written_key(options.write_key)
    if options.public_key and options.key_id and options.issuer_id:
        return read_key(options.public_key, options.key_id, options.issuer_id), None
    raise ScenarioError("options", "no key", "give --write-key DIR, or --public-key, --key-id and --issuer-id")


def _server_key(scenario: Scenario, options: argparse.Namespace) -> tuple[Key | None, Path | None]:
    """The In-App Purchase key, where the scenario has something to ask with it."""
    if options.write_key and scenario.subscriptions:
        return written_key(options.write_key, SERVER_KEY_ID, "SubscriptionKey")
    return None, None


def _open_shops(api: Api, options: argparse.Namespace) -> None:
    wanted = [name for name in ("webhook", "sandbox_webhook", "write_roots") if getattr(options, name)]
    if not wanted:
        return
    if api.shops is None:
        raise ScenarioError(f"--{wanted[0].replace('_', '-')}", "the scenario has no subscriptions", "add them")
    if options.write_roots:
        with _writing("--write-roots", options.write_roots):
            api.shops.authority.write_root(options.write_roots)
    if options.webhook or options.sandbox_webhook:
        api.shops.send_to(options.webhook or "", options.sandbox_webhook or "")


@contextmanager
def _writing(option: str, folder: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ScenarioError(option, f"{folder} cannot be written ({error.strerror})", "name another folder") from error


def _listening(api: Api, port: int) -> Server:
    try:
        return Server(api, port)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise ScenarioError("--port", f"{port} cannot be used ({why})", "choose another port") from error


def _until_stopped(server: Server) -> None:
    stopped = Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    _say(f"ready {server.url}")
    stopped.wait()
    server.stop()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
