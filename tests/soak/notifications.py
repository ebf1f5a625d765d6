"""`python -m tests.soak.notifications --seed N [--small] [--notifications N] [--kills N]`: see `posting`.

Run it by `python -m tests.soak notifications`, which clears up after it.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.soak.housekeeping import installation

NOTIFICATIONS, FEW = 10_000, 300
KILLS, FEW_KILLS = 20, 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.notifications")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--notifications", type=int, help=f"default: {NOTIFICATIONS:,}, small: {FEW}")
    parser.add_argument("--kills", type=int, help=f"default: {KILLS}, small: {FEW_KILLS}")
    options = parser.parse_args()
    os.environ["ASCRECON_APPLE_ROOTS"] = str(installation() / "roots")
    from tests.soak.bench import Bench  # noqa: PLC0415

    bench = Bench()
    from tests.soak.posting import Campaign  # noqa: PLC0415  (needs the settings that the bench has made)

    wanted = options.notifications or (FEW if options.small else NOTIFICATIONS)
    kills = options.kills or (FEW_KILLS if options.small else KILLS)
    return Campaign(bench, options.seed, wanted).run(kills)


if __name__ == "__main__":
    sys.exit(main())
