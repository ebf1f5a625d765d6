"""The product's own web application while the simulator sends notifications: each comes at its simulated moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application

from ascrecon import clock
from ascrecon.demo.own import LOCAL
from ascrecon.simulator.subscriptions.sender import MOMENT

HEADER = f"HTTP_{MOMENT.upper().replace('-', '_')}"


@contextmanager
def receiving() -> Iterator[str]:
    """The address of the web application on a free port, for the length of a `with` block.

    One request at a time, in a thread of this process, whose clock stands at the request's simulated moment meanwhile:
    only for as long as this process itself waits for the simulator.
    """
    server = make_server(LOCAL, 0, _moved(get_wsgi_application()), WSGIServer, _Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOCAL}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _moved(application: Any) -> Any:
    def at_its_moment(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        told = environ.get(HEADER)
        with clock.standing_at(datetime.fromisoformat(told) if told else None):
            answer: Iterable[bytes] = application(environ, start_response)
            return answer

    return at_its_moment


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the notifications' page shows what came."""
