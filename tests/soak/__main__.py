"""`python -m tests.soak [NAME ...] [--seed N] [--small]`: campaigns in turn; ends with 1 if one fails, 2 if misused."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType

from tests.soak.campaigns import CAMPAIGNS
from tests.soak.housekeeping import end_what_others_left, own_installation, run


def main(arguments: Sequence[str] | None = None) -> int:
    options = _read(arguments)
    signal.signal(signal.SIGTERM, _leave)
    end_what_others_left()
    failed = [name for name in options.names if not _passes(name, options.seed, options.small)]
    _say(f"soak: failed: {', '.join(failed)}" if failed else f"soak: passed: {', '.join(options.names)}")
    return int(bool(failed))


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CAMPAIGNS)}; default: SOAK, or all")
    parser.add_argument(
        "--seed", type=int, help="repeats a run as far as the machine allows; default: SOAK_SEED, or new"
    )
    parser.add_argument("--small", action="store_true", help="the version that the tests run")
    options = parser.parse_args(arguments)
    options.names = options.names or os.environ.get("SOAK", "").split() or list(CAMPAIGNS)
    if unknown := [name for name in options.names if name not in CAMPAIGNS]:
        parser.error(f"no campaign {', '.join(unknown)}; there are {', '.join(CAMPAIGNS)}")
    if options.seed is None:
        options.seed = int(os.environ.get("SOAK_SEED") or secrets.randbelow(10**9))
    return options


def _passes(name: str, seed: int, small: bool) -> bool:
    _say(f"soak: {name}, seed {seed} (again: SOAK={name} SOAK_SEED={seed} make soak)")
    began = time.monotonic()
    with own_installation() as folder:
        code = run(CAMPAIGNS[name], ["--seed", str(seed), *(["--small"] if small else [])], folder)
    _say(f"soak: {name} ended with {code} after {time.monotonic() - began:.0f} s")
    return code == 0


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
