"""Ends a job, as a process that dies would, after its k-th step: an SQL statement, a piece of a COPY, an HTTP read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
import requests
from django.db import connection
from django.db.transaction import Atomic
from urllib3.response import BaseHTTPResponse, HTTPResponse

#: What the database does by itself when a process dies: open savepoints stand for open transactions here.
UNDONE_BY_DEATH = ("ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT")


class Killed(BaseException):
    """The process is gone. No Exception, so that no handler of the product goes on."""


class Cuts:
    """Notes the steps of this thread; raises `Killed` after step number `after` and at whatever is tried then."""

    def __init__(self, after: int | None = None) -> None:
        self.after = after
        self.steps: list[str] = []
        self.dead = False
        self._thread = threading.get_ident()

    def passed(self, step: str) -> None:
        """A step was done; it may have been the last."""
        if threading.get_ident() != self._thread:
            return
        self.steps.append(step)
        if self.after is not None and len(self.steps) >= self.after:
            self.dead = True
            raise Killed(step)

    def alive(self) -> None:
        """A dead process takes no further step, not even in its handlers."""
        if self.dead and threading.get_ident() == self._thread:
            raise Killed("after its death")

    @contextmanager
    def watching(self) -> Iterator[None]:
        with (
            connection.execute_wrapper(self._statement),
            mock.patch.object(psycopg.Cursor, "copy", self._copying(psycopg.Cursor.copy)),
            mock.patch.object(HTTPResponse, "stream", self._reading(HTTPResponse.stream)),
            mock.patch.object(requests.Session, "send", self._asking(requests.Session.send)),
            mock.patch.object(Atomic, "__enter__", _with_savepoint(Atomic.__enter__)),
        ):
            yield

    def _statement(self, execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Any) -> Any:
        if self.dead:
            if str(sql).startswith(UNDONE_BY_DEATH):
                return execute(sql, parameters, many, context)
            raise Killed("after its death")
        result = execute(sql, parameters, many, context)
        self.passed(f"SQL {str(sql)[:60]}")
        return result

    def _copying(self, copy: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def cut(cursor: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
            self.alive()
            with copy(cursor, *args, **kwargs) as stream:
                self.passed("COPY begins")
                yield _Pieces(stream, self)
                self.passed("COPY all written")
            self.passed("COPY ends")

        return cut

    def _reading(self, stream: Callable[..., Any]) -> Callable[..., Any]:
        def cut(response: BaseHTTPResponse, *args: Any, **kwargs: Any) -> Iterator[bytes]:
            for chunk in stream(response, *args, **kwargs):
                self.passed("HTTP read")
                yield chunk
            self.passed("HTTP end")

        return cut

    def _asking(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def cut(session: requests.Session, *args: Any, **kwargs: Any) -> requests.Response:
            self.alive()
            response: requests.Response = send(session, *args, **kwargs)
            self.passed("HTTP answer")
            return response

        return cut


def _with_savepoint(enter: Callable[[Atomic], None]) -> Callable[[Atomic], None]:
    """In the trial's transaction an outermost block without a savepoint would not be undone by itself."""

    def begin(block: Any) -> None:
        block.savepoint = True
        enter(block)

    return begin


class _Pieces:
    """A COPY whose every piece is a step."""

    def __init__(self, stream: Any, cuts: Cuts) -> None:
        self._stream = stream
        self._cuts = cuts

    def write(self, piece: Any) -> None:
        self._stream.write(piece)
        self._cuts.passed("COPY piece")
