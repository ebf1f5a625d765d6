from __future__ import annotations

from argparse import Namespace

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ascrecon.simulator.cli import add_arguments, serve
from ascrecon.simulator.reading import ScenarioError


class Command(BaseCommand):
    """Plays a local App Store Connect until it is stopped."""

    help = "A local App Store Connect that speaks real HTTP, with faults planted by a scenario"
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: object, **options: object) -> None:
        try:
            serve(Namespace(**options))
        except ScenarioError as error:
            raise CommandError(str(error), returncode=2) from error
