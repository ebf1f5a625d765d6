"""Uploading a console export in the browser: seen first, then confirmed or cancelled, withdrawn with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from ascrecon.jobs.models import UNFINISHED, Job, State
from ascrecon.jobs.service import run_now
from reports.jobs import IMPORT
from reports.models import ConsoleExport, Delivery, DeliveryState, RawFile
from tests import factories as make

UPLOAD = "/admin/reports/consoleexport/upload/"
HEAD = "Name,Acme Notes\nStart Date,10/1/26\nEnd Date,10/4/26\n\nDate,App Units\n"
DAYS = "10/1/26,401\n10/2/26,402\n10/3/26,403\n"


@pytest.fixture
def analyst(login: Callable[[str], Client], db: None) -> Client:
    make.AppFactory.make()
    return login("Analyst")


def upload(client: Client, *texts: str, name: str = "app_units.csv", **options: Any) -> Any:
    files = [SimpleUploadedFile(name, text.encode()) for text in texts]
    return client.post(UPLOAD, {"chosen": files, **options})


def seen(client: Client, text: str = HEAD + DAYS + "10/4/26,404\n") -> Delivery:
    upload(client, text, account=make.AccountFactory.make().pk)
    return ConsoleExport.objects.get()


def confirm(client: Client, export: Delivery, **tick: str) -> None:
    """Press the button, and let the worker do what is queued."""
    assert client.post(f"/admin/reports/consoleexport/{export.pk}/confirm/", tick).status_code == 302
    for job in Job.objects.filter(UNFINISHED, kind=IMPORT):
        run_now(job)


def state(export: Delivery) -> str:
    return Delivery.objects.get(pk=export.pk).state


def page(client: Client, export: Delivery) -> str:
    return client.get(f"/admin/reports/consoleexport/{export.pk}/change/").content.decode()


def test_it_shows_what_was_recognised_before_anything_counts(analyst: Client) -> None:
    export = seen(analyst)
    shown = page(analyst, export)
    assert export.state == DeliveryState.PREVIEWED
    assert not export.vintages.exists()
    for fact in ("App Analytics metric", "Acme Notes", "2026-10-01 to 2026-10-04", "UTC", "401"):
        assert fact in shown


def test_it_says_what_it_will_be_compared_with(analyst: Client) -> None:
    shown = page(analyst, seen(analyst))
    assert "“app units” of the console must equal “Units” of Apple&#x27;s report Sales, daily" in shown
    assert "rows with product type 1*, F1*" in shown
    assert "Unconfirmed pairing" in shown


def test_it_names_each_rejected_row_and_wants_the_loss_accepted(analyst: Client) -> None:
    export = seen(analyst, HEAD + DAYS + "10/4/26,4.0.4\n")
    shown = page(analyst, export)
    assert "4.0.4" in shown
    assert "accept_rejects" in shown
    confirm(analyst, export)
    assert state(export) == DeliveryState.PREVIEWED
    confirm(analyst, export, accept_rejects="on")
    assert state(export) == DeliveryState.LOADED
    assert Delivery.objects.get(pk=export.pk).rejects_accepted_by == "analyst"


def test_it_confirms_once_however_often_the_button_is_pressed(analyst: Client) -> None:
    export = seen(analyst)
    for _ in range(2):
        confirm(analyst, export)
    assert Job.objects.filter(kind=IMPORT).count() == 1
    # four days, one vintage each
    assert Delivery.objects.get(pk=export.pk).vintages.count() == 4


def test_it_makes_one_preview_of_a_form_that_is_sent_twice(analyst: Client) -> None:
    seen(analyst)
    seen(analyst)
    assert ConsoleExport.objects.count() == 1


def test_it_cancels_and_keeps_the_bytes(analyst: Client) -> None:
    export = seen(analyst)
    analyst.post(f"/admin/reports/consoleexport/{export.pk}/cancel/")
    assert state(export) == DeliveryState.CANCELLED
    assert RawFile.objects.filter(pk=export.raw_file_id).exists()


def test_it_withdraws_with_a_reason(analyst: Client) -> None:
    export = seen(analyst)
    confirm(analyst, export)
    url = f"/admin/reports/consoleexport/{export.pk}/withdraw/"
    assert analyst.post(url, {"reason": ""}).status_code == 200
    assert state(export) == DeliveryState.LOADED
    analyst.post(url, {"reason": "Taken with a filter on"})
    assert state(export) == DeliveryState.WITHDRAWN
    assert "Taken with a filter on" in page(analyst, export)


def test_it_says_what_is_wrong_with_a_file_that_it_cannot_read(analyst: Client) -> None:
    response = upload(analyst, "PK\x03\x04 no table", name="export.csv")
    shown = response.content.decode()
    assert response.status_code == 200
    assert "errorlist" in shown
    assert "export.csv" in shown
    assert not ConsoleExport.objects.exists()


def test_it_takes_several_files_and_lists_what_waits(analyst: Client) -> None:
    other = HEAD.replace("App Units", "Sessions") + DAYS
    response = upload(analyst, HEAD + DAYS, other, account=make.AccountFactory.make().pk)
    assert response["Location"] == "/admin/reports/consoleexport/?state__exact=previewed"
    assert ConsoleExport.objects.filter(state=DeliveryState.PREVIEWED).count() == 2


def test_it_keeps_the_good_files_when_another_is_bad(analyst: Client) -> None:
    response = upload(analyst, HEAD + DAYS, "nothing to read", account=make.AccountFactory.make().pk)
    assert "1 of the files wait for your confirmation" in response.content.decode()
    assert ConsoleExport.objects.count() == 1


def test_it_refuses_a_file_that_is_too_large(analyst: Client, settings: Settings) -> None:
    settings.ASCRECON_MAX_UPLOAD_BYTES = 100
    response = upload(analyst, HEAD + DAYS)
    assert response.status_code == 413 or "more than the limit" in response.content.decode()
    assert not RawFile.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "..\\..\\app.csv", "a/b/c.csv"])
def test_it_never_uses_a_name_as_a_path(name: str, analyst: Client) -> None:
    upload(analyst, HEAD + DAYS, name=name, account=make.AccountFactory.make().pk)
    assert RawFile.objects.get().stored_as.startswith("raw/")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"period_start": "2026-10-01"}, "Give the first and the last day, or neither."),
        ({"period_start": "2026-10-02", "period_end": "2026-10-01"}, "lies after the last"),
        ({"currency": "US1"}, "Three letters."),
        ({"kind": "Z9"}, "Select a valid choice"),
    ],
)
def test_it_refuses_options_that_cannot_be_meant(options: dict[str, str], sentence: str, analyst: Client) -> None:
    assert sentence in upload(analyst, HEAD + DAYS, **options).content.decode()


def stuck(client: Client) -> Delivery:
    """Confirmed, and its job failed."""
    export = seen(client)
    client.post(f"/admin/reports/consoleexport/{export.pk}/confirm/")
    Job.objects.filter(kind=IMPORT).update(state=State.FAILED, message="The disk is full.")
    return export


def test_it_shows_why_the_loading_failed_and_tries_again(analyst: Client) -> None:
    export = stuck(analyst)
    job = Job.objects.get(kind=IMPORT)
    shown = page(analyst, export)
    assert "The disk is full." in shown
    assert f"/admin/jobs/job/{job.pk}/retry/" in shown
    analyst.post(f"/admin/jobs/job/{job.pk}/retry/")
    run_now(Job.objects.get(pk=job.pk))
    assert state(export) == DeliveryState.LOADED


def test_it_cancels_an_export_whose_loading_failed(analyst: Client) -> None:
    export = stuck(analyst)
    assert f"/admin/reports/consoleexport/{export.pk}/cancel/" in page(analyst, export)
    analyst.post(f"/admin/reports/consoleexport/{export.pk}/cancel/")
    assert state(export) == DeliveryState.CANCELLED


def test_it_does_not_cancel_an_export_that_a_job_may_still_load(analyst: Client) -> None:
    export = seen(analyst)
    analyst.post(f"/admin/reports/consoleexport/{export.pk}/confirm/")
    response = analyst.post(f"/admin/reports/consoleexport/{export.pk}/cancel/", follow=True)
    assert "is being loaded" in response.content.decode()
    assert state(export) == DeliveryState.LOADING
