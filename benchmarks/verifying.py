"""Apple's library alone: it verifies payloads that lie in a file, in processes and threads like a web server's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from appstoreserverlibrary.models.Environment import Environment
from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier


def seconds_alone(payloads: Path, root: Path, bundle_id: str, apple_id: int, processes: int, threads: int) -> float:
    """Seconds from the first payload handed out to the last one verified, with the objects that are signed in it."""
    texts = payloads.read_text().splitlines()
    shares = [texts[n::processes] for n in range(processes)]
    whose = (root.read_bytes(), bundle_id, apple_id, threads)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(_verify, [share[:1] for share in shares], [whose] * processes))  # all are up
        began = time.perf_counter()
        done = sum(pool.map(_verify, shares, [whose] * processes))
        spent = time.perf_counter() - began
    assert done == len(texts), "the library refused a payload"
    return spent


def _verify(texts: Sequence[str], whose: tuple[bytes, str, int, int]) -> int:
    root, bundle_id, apple_id, threads = whose
    verifier = SignedDataVerifier([root], False, Environment.PRODUCTION, bundle_id, apple_id)

    def verify(text: str) -> bool:
        data = verifier.verify_and_decode_notification(text).data
        assert data is not None and data.signedTransactionInfo is not None
        verifier.verify_and_decode_signed_transaction(data.signedTransactionInfo)
        if data.signedRenewalInfo is not None:
            verifier.verify_and_decode_renewal_info(data.signedRenewalInfo)
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(verify, texts))
