"""`python -m tests.soak.kills --seed N [--small] [--kills N] [--only PARTS]`: kills and other faults, see `faults`.

Run it by `python -m tests.soak kills`, which clears up after it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

NAMESPACE = "ASCRECON_SOAK_NAMESPACE"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--kills", type=int, help="default: 50, small: 6")
    parser.add_argument("--only", help="parts by the beginning of their names, parted by commas; default: SOAK_PARTS")
    options = parser.parse_args()
    only = tuple(filter(None, (options.only or os.environ.get("SOAK_PARTS", "")).split(",")))
    enter_own_namespace()
    from tests.soak.bench import Bench  # noqa: PLC0415

    bench = Bench()
    from tests.soak.campaign import Campaign  # noqa: PLC0415  (needs the settings that the bench has made)

    kills = options.kills or (6 if options.small else 50)
    return Campaign(bench, options.seed).run(kills, small=options.small, only=only)


def enter_own_namespace() -> None:
    """Where it is allowed: mounts of small disks are then seen by this campaign alone, and end with it."""
    unshare = shutil.which("unshare")
    if NAMESPACE in os.environ or not unshare:
        return
    if subprocess.run([unshare, "--mount", "true"], capture_output=True, check=False).returncode == 0:
        os.environ[NAMESPACE] = "1"
        os.execv(unshare, [unshare, "--mount", sys.executable, "-m", "tests.soak.kills", *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
