"""Starts, stops, looks at and saves the database."""

from __future__ import annotations

import os
import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ascrecon.embedded.binaries import installed_binaries
from ascrecon.embedded.errors import EmbeddedError
from ascrecon.embedded.server import Server

BAD_INPUT = 2


class Command(BaseCommand):
    help = (
        "start, stop and status work on the embedded PostgreSQL, which otherwise starts by itself. "
        "dump writes the database in pg_dump's custom format, for pg_restore."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "dump"])
        parser.add_argument("file", nargs="?", type=Path, help="dump: where to write (default: ascrecon.dump)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "dump":
                self.dump(options["file"] or Path("ascrecon.dump"))
            else:
                getattr(self, options["action"])(embedded_server())
        except EmbeddedError as exc:
            raise CommandError(str(exc), returncode=BAD_INPUT) from exc

    def start(self, server: Server) -> None:
        server.ensure()
        self.status(server)

    def stop(self, server: Server) -> None:
        self.stdout.write("stopped" if server.stop() else "not running")

    def status(self, server: Server) -> None:
        pid = server.pid()
        self.stdout.write(f"running, process {pid}" if pid else "not running")
        self.stdout.write(f"data    {server.place.data}")
        self.stdout.write(f"socket  {server.place.socket}")
        self.stdout.write(f"log     {server.place.log}")

    def dump(self, target: Path) -> None:
        """Writes to a file beside `target` first: a dump that stops half-way must not pass for one."""
        if target.exists():
            raise CommandError(f"{target} is there already: name another file.", returncode=BAD_INPUT)
        connection.ensure_connection()  # starts the embedded server if it does not run
        part = target.with_name(f".{target.name}.part")
        done = subprocess.run(
            [*pg_dump_command(), "--format=custom", f"--file={part}"],
            env={**os.environ, **connection_environment()},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            part.unlink(missing_ok=True)
            raise CommandError(done.stderr.strip(), returncode=BAD_INPUT)
        part.rename(target)
        self.stdout.write(f"{target}: {target.stat().st_size} bytes")


def embedded_server() -> Server:
    data_dir = connection.settings_dict.get("DATA_DIR")
    if data_dir is None:
        raise CommandError("DATABASE_URL names the server: start and stop it there.", returncode=BAD_INPUT)
    return Server.below(str(data_dir))


def pg_dump_command() -> list[str]:
    """pg_dump with Django's parameters for psql, whose options have the same names.

    A server that DATABASE_URL names may be newer than our pg_dump and may want TLS, which ours lacks, so the
    system's own comes first there.
    """
    arguments, _ = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    system = None if "DATA_DIR" in connection.settings_dict else shutil.which("pg_dump")
    return [system or str(installed_binaries() / "pg_dump"), *map(str, arguments[1:])]


def connection_environment() -> dict[str, str]:
    """The password, which must not stand in the list of processes."""
    _, environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    return {name: str(value) for name, value in (environment or {}).items()}
