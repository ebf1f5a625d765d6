"""Files that were cut, flipped or exchanged at any place, by the test run's seed: none is ever taken for a good one."""

from __future__ import annotations

import gzip
import os
import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ascrecon.appstore import AppStoreClient, AppStoreError, Credentials, Download

from .conftest import NOW, VENDOR, changed_policy
from .spoiling import SPOILED, Spoiled, Wire, bare_server, two_members

#: Two thousand of each are in the campaign `downloads` of `make soak`.
TRIALS = 25
TEXT = "".join(f"APPLE\t{n}\t{n * 7919 % 1000}\n" for n in range(400)).encode()
PACKED = gzip.compress(TEXT, mtime=0)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{os.environ['ASCRECON_TEST_SEED']} {request.node.name}")  # noqa: S311  (no secret)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def client(wire: Wire, credentials: Credentials, tmp_path: Path) -> Iterator[AppStoreClient]:
    with (
        bare_server(wire) as url,
        AppStoreClient(
            url,
            credentials,
            workdir=tmp_path,
            clock=lambda: NOW,
            sleep=lambda seconds: None,
            policy=changed_policy(tries=1),
        ) as client,
    ):
        yield client


def fetch(client: AppStoreClient) -> Download:
    got = client.sales_report(VENDOR, "SALES", "SUMMARY", "DAILY", date(2026, 11, 18)).report
    assert isinstance(got, Download)
    return got


@pytest.mark.parametrize("how", SPOILED)
def test_it_never_takes_a_spoiled_file(
    how: str, wire: Wire, client: AppStoreClient, rng: random.Random, tmp_path: Path
) -> None:
    spoil, sentence = SPOILED[how]
    for _ in range(TRIALS):
        wire.spoiled = spoil(PACKED, rng)
        with pytest.raises(AppStoreError) as caught:
            fetch(client)
        assert re.search(sentence, str(caught.value)), str(caught.value)
        assert list(tmp_path.iterdir()) == []


def test_it_takes_whole_members_as_one_file(wire: Wire, client: AppStoreClient, rng: random.Random) -> None:
    for _ in range(TRIALS):
        wire.spoiled = Spoiled(b"".join(two_members(PACKED, rng)))
        got = fetch(client)
        assert gzip.decompress(got.path.read_bytes()) == TEXT
        assert got.unpacked_size == len(TEXT)
        got.discard()


@pytest.mark.parametrize("at", range(10))
def test_it_reads_the_same_text_or_nothing_where_gzips_own_header_is_flipped(
    at: int, wire: Wire, client: AppStoreClient
) -> None:
    """Bytes 4 to 9 are a time and a system: they say nothing about the content, and no check sum covers them."""
    for bit in range(8):
        wire.spoiled = Spoiled(PACKED[:at] + bytes([PACKED[at] ^ 1 << bit]) + PACKED[at + 1 :])
        try:
            got = fetch(client)
        except AppStoreError:
            continue
        assert at >= 3
        assert gzip.decompress(got.path.read_bytes()) == TEXT
