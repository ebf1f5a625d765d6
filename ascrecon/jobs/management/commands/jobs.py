from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ascrecon.jobs import service
from ascrecon.jobs.errors import JobRefused
from ascrecon.jobs.models import Job, State

BAD_INPUT = 2
BY = "the command line"


class Command(BaseCommand):
    help = "Lists background jobs with their progress, the newest first, or retries or cancels one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", choices=("list", "retry", "cancel"), default="list")
        parser.add_argument("id", nargs="?", type=int, help="of the job to retry or cancel")
        parser.add_argument("--state", choices=State.values, help="only jobs in this state")
        parser.add_argument("--limit", type=int, default=50, help="at most so many (default 50)")
        parser.add_argument("--json", action="store_true", help="one JSON document on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list(options)
            return
        job = self._job(options["id"])
        try:
            self._act(options["action"], job)
        except JobRefused as exc:
            raise CommandError(str(exc), returncode=BAD_INPUT) from exc
        self._print([job], as_json=options["json"])

    def _job(self, job_id: int | None) -> Job:
        if job_id is None:
            raise CommandError("Name the job by its id; `jobs` lists them.", returncode=BAD_INPUT)
        job = Job.objects.filter(pk=job_id).first()
        if job is None:
            raise CommandError(f"There is no job {job_id}; `jobs` lists them.", returncode=BAD_INPUT)
        return job

    def _act(self, action: str, job: Job) -> None:
        if action == "retry":
            service.retry(job, by=BY)
        elif not service.cancel(job, by=BY):
            raise JobRefused(f"Job {job.pk} is {job.state} already.")

    def _list(self, options: dict[str, Any]) -> None:
        jobs = Job.objects.all()
        if options["state"]:
            jobs = jobs.filter(state=options["state"])
        self._print(list(jobs[: max(0, options["limit"])]), as_json=options["json"])

    def _print(self, jobs: list[Job], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"jobs": [as_dict(job) for job in jobs]}, indent=2))
            return
        for job in jobs:
            self.stdout.write(as_line(job))
        counts = Counter(job.state for job in jobs)
        self.stdout.write(", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no jobs")


def as_dict(job: Job) -> dict[str, Any]:
    """Times are ISO in UTC, null where there is none."""
    plain = ("id", "kind", "subject", "state", "priority", "attempts", "interruptions", "step", "done", "total")
    moments = ("created", "started", "finished", "next_try", "heartbeat")
    return {
        **{name: getattr(job, name) for name in plain},
        **{name: _iso(getattr(job, name)) for name in moments},
        "message": job.message,
        "result": job.result,
        "requested_by": job.requested_by,
        "worker": job.worker,
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None


def as_line(job: Job) -> str:
    amount = f"{job.done}/{job.total}" if job.total else ""
    parts = (f"{job.id:>6}  {job.state:<9}  {amount:>11}  {job.subject}", job.step, job.message)
    return "  ".join(part for part in parts if part)
