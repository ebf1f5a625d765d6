"""The background work of this app. The work itself is in services; a job hands it a payload and shows progress."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings

from ascrecon import clock
from ascrecon.appstore import CredentialError
from ascrecon.crypto import DecryptionError
from ascrecon.jobs.context import JobContext
from ascrecon.jobs.errors import JobFailed, TryAgain
from ascrecon.jobs.models import Job, Priority
from ascrecon.jobs.registry import Result, job
from ascrecon.jobs.service import enqueue
from ascrecon.jobs.ticks import tick
from reports.coverage.analytics import refresh_cells
from reports.detect.delivery import detect_delivery
from reports.digest.schedule import send_due_digests
from reports.files.errors import BadFile
from reports.models import Account, App, Delivery, DigestSchedule
from reports.reconcile.compare import Scope
from reports.reconcile.run import everything, reconcile
from reports.services.comparing import RECONCILE, compare_days_of, compare_later, days_not_compared
from reports.services.uploads import IMPORT, finish_import
from reports.storage import remove_abandoned_parts
from reports.sync.analytics_fetch import AnalyticsFetcher, apps_due
from reports.sync.fetch import Tally
from reports.sync.line import Line, line_to
from reports.sync.plan import Unit, plan_sync
from reports.sync.policy import sync_policy
from reports.sync.run import accounts_to_sync, fetch_unit, sync_apps

ACCOUNT, FETCH, APPS, ANALYTICS = "sync.account", "sync.reports", "sync.apps", "sync.analytics"
DETECT, DIGEST = "detect.delivery", "digest.send"


def enqueue_sync(
    account: Account,
    first: date | None = None,
    last: date | None = None,
    *,
    requested_by: str = "",
    as_of: datetime | None = None,
) -> list[Job]:
    """Queue the pulling of what is due: one short job per piece of a report, and one for the list of apps.

    `as_of` (aware) is where the clock stands while the jobs run. Asking twice queues nothing twice.
    """
    moment = as_of.isoformat() if as_of else None
    apps = enqueue(
        APPS,
        {"account": account.pk, "as_of": moment},
        subject=f"Apps of {account}",
        requested_by=requested_by,
        unique_key=f"sync:apps:{account.pk}",
        account_id=account.pk,
    )
    units = [_enqueue_unit(account, unit, requested_by, moment) for unit in plan_sync(account, first, last)]
    return [apps, *units, *(_enqueue_analytics(app, requested_by, moment) for app in apps_due(account))]


def _enqueue_analytics(app: App, requested_by: str, moment: str | None) -> Job:
    return enqueue(
        ANALYTICS,
        {"app": app.pk, "as_of": moment},
        subject=f"Analytics reports of {app}",
        requested_by=requested_by,
        unique_key=f"sync:analytics:{app.pk}",
        account_id=app.account_id,
    )


def _enqueue_unit(account: Account, unit: Unit, requested_by: str, moment: str | None) -> Job:
    return enqueue(
        FETCH,
        {
            "account": unit.account_id,
            "vendor": unit.vendor_id,
            "report": unit.report,
            "region": unit.region_code,
            "from": unit.first.isoformat(),
            "to": unit.last.isoformat(),
            "calls": unit.calls,
            "as_of": moment,
        },
        subject=f"{unit.report} {unit.first} to {unit.last}, {account}",
        requested_by=requested_by,
        unique_key=unit.key,
        account_id=account.pk,
        # The newest days first: a back-fill of a year must not keep yesterday waiting.
        priority=Priority.BULK if _is_back_fill(unit) else Priority.NORMAL,
    )


def _is_back_fill(unit: Unit) -> bool:
    return unit.last < clock.now().date() - timedelta(days=45)


@job(ACCOUNT, title="Plan the pulling of an account")
def pull_account(context: JobContext) -> Result:
    account = _account(context.payload["account"])
    return {"jobs": len(enqueue_sync(account, requested_by=context.requested_by))}


@job(FETCH, title="Pull reports", timeout=850)
def pull_reports(context: JobContext) -> Result:
    payload = context.payload
    account = _account(payload["account"])
    unit = Unit(
        account_id=account.pk,
        vendor_id=payload["vendor"],
        report=payload["report"],
        region_code=payload["region"],
        first=date.fromisoformat(payload["from"]),
        last=date.fromisoformat(payload["to"]),
        calls=payload["calls"],
    )
    with clock.standing_at(_moment(payload["as_of"])):
        return _pull(account, unit, context)


def _pull(account: Account, unit: Unit, context: JobContext) -> Result:
    try:
        with line_to(account) as line:
            tally = fetch_unit(unit, line, lambda done, total, step: context.progress(step, done, total))
            calls = _calls(line)
    except (DecryptionError, CredentialError) as exc:
        raise JobFailed(str(exc)) from exc
    enqueue_detection(account, context.payload["as_of"])
    if tally.wait is not None:
        raise TryAgain("Apple's limit of calls is used up.", after=tally.wait)
    return {**calls, **_told(tally)}


def _calls(line: Line) -> dict[str, object]:
    """`rate_remaining`: how many calls Apple still allowed in that hour; None where it did not say."""
    return {"calls": line.calls, "rate_remaining": line.rate_remaining}


@job(ANALYTICS, title="Pull analytics reports", timeout=850)
def pull_analytics(context: JobContext) -> Result:
    """What is due of one app; a long back-fill goes on in a job of its own when this one has had its share of calls."""
    app = App.objects.filter(pk=context.payload["app"]).select_related("account").first()
    if app is None:
        raise JobFailed("The app is gone.")
    with clock.standing_at(_moment(context.payload["as_of"])):
        return _pull_analytics(app, context)


def _pull_analytics(app: App, context: JobContext) -> Result:
    def show(done: int, total: int, step: str) -> None:
        context.progress(step, done, total)

    try:
        with line_to(app.account) as line:
            fetcher = AnalyticsFetcher(app, line, calls=sync_policy().analytics_calls_per_job, progress=show)
            tally, calls = fetcher.fetch(), _calls(line)
    except (DecryptionError, CredentialError) as exc:
        raise JobFailed(str(exc)) from exc
    refresh_cells(app.account, clock.now(), app)
    enqueue_detection(app.account, context.payload["as_of"])
    if tally.wait is not None:
        raise TryAgain("Apple's limit of calls is used up.", after=tally.wait)
    if fetcher.unfinished and not tally.failures:
        _enqueue_analytics(app, context.requested_by, context.payload["as_of"])
    return {**calls, **_told(tally)}


def _told(tally: Tally) -> dict[str, object]:
    failures = [str(error) for error in (*tally.failures, *tally.unreadable)]
    return {"asked": tally.asked, "deliveries": tally.deliveries, "failures": failures[:5]}


@job(APPS, title="Update the list of apps", timeout=300)
def pull_apps(context: JobContext) -> Result:
    account = _account(context.payload["account"])
    with clock.standing_at(_moment(context.payload["as_of"])):
        try:
            with line_to(account) as line:
                tally = sync_apps(account, line)
                # The apps that are new by now, which the round that asked for this list did not know.
                for app in apps_due(account):
                    _enqueue_analytics(app, context.requested_by, context.payload["as_of"])
                return {**_calls(line), **_told(tally)}
        except (DecryptionError, CredentialError) as exc:
            raise JobFailed(str(exc)) from exc


def enqueue_detection(account: Account, moment: str | None = None) -> Job:
    """Queue the look at an account's deliveries; `moment` (ISO) is where the clock stands while it runs."""
    return enqueue(
        DETECT,
        {"account": account.pk, "as_of": moment},
        subject=f"Late, changed and failed deliveries of {account}",
        unique_key=f"detect:delivery:{account.pk}",
        account_id=account.pk,
    )


@job(DETECT, title="Check deliveries")
def check_deliveries(context: JobContext) -> Result:
    account = _account(context.payload["account"])
    with clock.standing_at(_moment(context.payload["as_of"])):
        if account.pull_analytics:
            refresh_cells(account, clock.now())
        outcomes = detect_delivery(account, clock.now())
    return {
        "new": sum(len(outcome.new) for outcome in outcomes),
        "closed": sum(len(outcome.closed) for outcome in outcomes),
    }


@job(DIGEST, title="Send the digest")
def send_digests(context: JobContext) -> Result:
    return {"messages": len(send_due_digests(clock.now()))}


@job(RECONCILE, title="Reconcile", timeout=900)
def run_reconciliation(context: JobContext) -> Result:
    """`payload`: first and last day (both or none: everything), account, app; ids and ISO dates."""
    payload = context.payload
    whole = everything()
    start, end = (date.fromisoformat(payload[n]) if payload.get(n) else None for n in ("period_start", "period_end"))
    scope = Scope(
        start or whole.start,
        end or whole.end,
        account=_account(payload["account"]) if payload.get("account") else None,
        app=App.objects.filter(pk=payload.get("app") or 0).first(),
    )
    result = reconcile(scope, requested_by=context.requested_by, progress=_shown(context))
    return {"run": result.run.pk, "compared": result.run.compared, "findings": len(result.findings)}


def enqueue_import(delivery: Delivery, *, requested_by: str) -> Job:
    """Queue the loading of an export that a person confirmed."""
    return enqueue(
        IMPORT,
        {"delivery": delivery.pk},
        subject=f"Import {delivery.file_name}",
        requested_by=requested_by,
        unique_key=f"{IMPORT}:{delivery.pk}",
        account_id=delivery.account_id,
        priority=Priority.URGENT,
    )


@job(IMPORT, title="Import a console export", timeout=900)
def import_export(context: JobContext) -> Result:
    """Load a confirmed export, then look at the days that it tells."""
    delivery = Delivery.objects.filter(pk=context.payload["delivery"]).select_related("account").first()
    if delivery is None:
        raise JobFailed("The export is gone.")
    try:
        delivery = finish_import(delivery)
    except BadFile as bad:
        raise JobFailed(str(bad)) from bad
    result: dict[str, object] = {"rows": delivery.rows_accepted}
    if comparing := compare_days_of(delivery, requested_by=context.requested_by):
        result["compared_by_job"] = comparing.pk
    return result


def _shown(context: JobContext) -> Callable[[int, int, str], None]:
    return lambda done, total, step: context.progress(step, done, total)


@tick("reconcile", minutes=30)
def reconcile_what_is_new(moment: datetime) -> None:
    """The days of deliveries that no run has looked at yet are compared; nothing new costs nothing."""
    if days := days_not_compared():
        compare_later(*days)


@tick("sync", minutes=60)
def sync_everything(moment: datetime) -> None:
    """Every hour: whatever is due for a question by now is queued. What is not due costs nothing."""
    for account in accounts_to_sync():
        enqueue_sync(account)


@tick("digest", minutes=15)
def digest_if_due(moment: datetime) -> None:
    """The hour and the weekday are decided by the schedule itself when the job runs."""
    if DigestSchedule.objects.filter(enabled=True).exists():
        enqueue(DIGEST, subject="E-mail digest", unique_key="digest")


@tick("files.abandoned", minutes=24 * 60)
def remove_abandoned_files(moment: datetime) -> None:
    """Whoever writes a file removes its part himself, unless he is killed."""
    remove_abandoned_parts(Path(settings.MEDIA_ROOT))


def _account(pk: int) -> Account:
    account = Account.objects.filter(pk=pk).first()
    if account is None:
        raise JobFailed("The account is gone.")
    return account


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
