"""Report files spoiled at thousands of random places, sent over bare sockets: the client takes none of them."""

from __future__ import annotations

import argparse
import gzip
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ascrecon.appstore import AppStoreClient

TRIALS = 2000
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
TEXT = "".join(f"APPLE\t{n}\t{n * 7919 % 1000}\n" for n in range(400)).encode()
PACKED = gzip.compress(TEXT, mtime=0)


def main(seed: int, *, small: bool = False) -> int:
    """Print the table of the campaign; 0 where every spoiled file was refused in its sentence."""
    from tests.appstore.spoiling import SPOILED, Wire, bare_server  # noqa: PLC0415

    rng = random.Random(seed)  # noqa: S311  (no secret)
    wire, taken = Wire(), 0
    trials = 20 if small else TRIALS
    _say(f"downloads, seed {seed}", f"{'spoiled by':<38}{'files':>8}{'taken':>8}{'s':>8}")
    with bare_server(wire) as url, tempfile.TemporaryDirectory() as folder:
        for name, (spoil, sentence) in SPOILED.items():
            began, wrong = time.monotonic(), 0
            with _client(url, Path(folder)) as client:
                for _ in range(trials):
                    wire.spoiled = spoil(PACKED, rng)
                    wrong += not _is_refused(lambda: _fetch(client), sentence)  # noqa: B023  (called at once)
            taken += wrong
            _say(f"{name:<38}{trials:>8}{wrong:>8}{time.monotonic() - began:>8.0f}")
    return int(taken > 0)


def _is_refused(fetch: Callable[[], object], sentence: str) -> bool:
    from ascrecon.appstore import AppStoreError  # noqa: PLC0415

    try:
        fetch()
    except AppStoreError as error:
        return re.search(sentence, str(error)) is not None
    return False


def _fetch(client: AppStoreClient) -> object:
    return client.sales_report("80000001", "SALES", "SUMMARY", "DAILY", date(2026, 11, 18))


def _client(url: str, folder: Path) -> AppStoreClient:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    from ascrecon.appstore import AppStoreClient, Credentials  # noqa: PLC0415
    from tests.appstore.conftest import changed_policy  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credentials = Credentials("KEY1234567", "57246542-96fe-1a63-e053-0824d011072a", pem)
    return AppStoreClient(url, credentials, workdir=folder, clock=lambda: NOW, policy=changed_policy(tries=1))


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak.downloads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="twenty files of each sort")
    options = parser.parse_args()
    sys.exit(main(options.seed, small=options.small))
