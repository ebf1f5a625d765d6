"""Ends an attempt that takes too long."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ascrecon.jobs.errors import JobTimeout


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises JobTimeout in the block after `seconds`.

    There is one such timer per process and django-q2 has set it already: its rest is put back at the end. Signals
    reach the main thread only, so elsewhere there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def strike(number: int, frame: FrameType | None) -> None:
        raise JobTimeout(f"not done after {seconds:g} s")

    handler = signal.signal(signal.SIGALRM, strike)
    began = time.monotonic()
    rest, _interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if rest:
            signal.setitimer(signal.ITIMER_REAL, max(0.1, rest - (time.monotonic() - began)))
