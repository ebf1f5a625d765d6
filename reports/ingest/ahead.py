"""Work one step ahead of the consumer, so that parsing and the database's COPY run at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; the next one is made in a thread while the consumer has this one.

    At most one item waits, so memory stays bounded. An exception in `items` is raised at its place.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader") as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item
