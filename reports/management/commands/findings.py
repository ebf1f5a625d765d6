from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from reports.management.base import Answer, DoorCommand, chosen_app
from reports.models import Finding, FindingKind, FindingState
from reports.services.summaries import finding_json, finding_line


class Command(DoorCommand):
    help = "List the findings."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", choices=FindingState.values)
        parser.add_argument("--kind", choices=FindingKind.values)
        parser.add_argument("--app", type=int, metavar="APPLE_ID")

    def answer(self, options: dict[str, Any]) -> Answer:
        wanted = {"state": options["state"], "kind": options["kind"], "app": chosen_app(options["app"])}
        findings = Finding.objects.filter(**{name: value for name, value in wanted.items() if value})
        ordered = list(findings.select_related("account", "vendor", "app").order_by("from_day", "public_id"))
        lines = [finding_line(finding) for finding in ordered] or ["No findings."]
        unfinished = [finding.severity for finding in ordered if finding.unfinished]
        return Answer({"findings": [finding_json(finding) for finding in ordered]}, lines, unfinished)
