from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from ascrecon.jobs.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Does the queued jobs: starts a group of workers and watches over it, until SIGTERM or Ctrl-C. "
        "Several hosts may run it on one database."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask_to_stop)
        Supervisor(stop).run()
