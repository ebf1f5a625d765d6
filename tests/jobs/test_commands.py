from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django_q.models import Schedule

from ascrecon.jobs import service
from ascrecon.jobs.checks import queue_is_not_in_the_admin
from ascrecon.jobs.models import Job, State
from tests.jobs.conftest import Register

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(register: Register) -> Job:
    register("test.nothing", lambda context: None)
    return service.enqueue("test.nothing", subject="Fetch SALES 2026-11-19")


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("jobs", *arguments, stdout=out)
    return out.getvalue()


def test_it_lists_jobs_with_their_progress(job: Job) -> None:
    Job.objects.update(step="Loading rows", done=3, total=10)
    text = printed()
    assert f"{job.pk}  queued" in text
    assert "3/10  Fetch SALES 2026-11-19  Loading rows" in text
    assert text.endswith("1 queued\n")
    assert printed("--state", "failed") == "no jobs\n"


def test_it_prints_one_json_document(job: Job) -> None:
    [entry] = json.loads(printed("--json"))["jobs"]
    assert (entry["id"], entry["state"], entry["finished"]) == (job.pk, "queued", None)


def test_it_cancels_and_retries(job: Job) -> None:
    printed("cancel", str(job.pk))
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    printed("retry", str(job.pk))
    job.refresh_from_db()
    assert job.state == State.QUEUED


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["retry"], "Name the job by its id"), (["cancel", "999"], "There is no job 999"), (["retry", "1"], "no job 1")],
)
def test_it_refuses_a_job_that_is_not_there(arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says) as refusal:
        printed(*arguments)
    assert refusal.value.returncode == 2


def test_the_queues_own_admin_is_not_registered() -> None:
    assert queue_is_not_in_the_admin(None) == []


def test_the_system_check_fails_if_it_is() -> None:
    site = admin.AdminSite(name="other")
    site.register(Schedule)
    assert [error.id for error in queue_is_not_in_the_admin(None)] == ["jobs.E001"]
