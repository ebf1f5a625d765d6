"""A provisional app or account turns out to be a real one: its figures and findings follow."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from ascrecon import clock
from reports.figures.vintages import choose_current
from reports.locks import advisory_lock
from reports.models import (
    Account,
    App,
    AppName,
    CoverageCell,
    Delivery,
    Figure,
    Finding,
    FindingEvent,
    Run,
    RunLine,
    Series,
    Vendor,
    Vintage,
)
from reports.services.refusals import Refused


@transaction.atomic
def merge_app(source: App, into: App, by: User | None = None) -> None:
    """Give everything of a provisional app to the app that it really is; its names stay known."""
    if source.pk == into.pk or source.account_id != into.account_id or not source.provisional or into.merged_into_id:
        raise Refused(
            f"{source} can not be merged into {into}: choose a provisional app and a real one of the same account."
        )
    advisory_lock("merge", source.account_id)
    for name in {source.name, *source.names.values_list("name", flat=True)} - {""}:
        AppName.objects.get_or_create(app=into, name=name)
    _move_series(Series.objects.filter(app=source), app=into)
    for model in (Delivery, Figure, Run, RunLine):
        model._default_manager.filter(app=source).update(app=into)
    _move_findings(Finding.objects.filter(app=source), f"merged from {source}", by, app=into)
    App.objects.filter(pk=source.pk).update(merged_into=into)


@transaction.atomic
def merge_account(source: Account, into: Account, by: User | None = None) -> None:
    """Give everything of a provisional account to the real one, and delete the empty provisional account."""
    if source.pk == into.pk or not source.provisional:
        raise Refused(f"{source} can not be merged into {into}: choose a provisional account and a real one.")
    advisory_lock("merge", into.pk)
    for app in App.objects.filter(account=source, merged_into=None):
        _adopt_app(app, into, by)
    App.objects.filter(account=source).update(account=into)
    Vendor.objects.filter(account=source).update(account=into)
    _move_series(Series.objects.filter(account=source), account=into)
    CoverageCell.objects.filter(account=source).delete()
    for model in (Delivery, Run):
        model._default_manager.filter(account=source).update(account=into)
    _move_findings(Finding.objects.filter(account=source), f"merged from the account {source}", by, account=into)
    source.delete()


def _adopt_app(app: App, into: Account, by: User | None) -> None:
    """An app that the real account has already takes over its provisional twin: by Apple ID, else SKU, else name."""
    known = App.objects.filter(account=into, merged_into=None)
    same = [known.filter(apple_id=app.apple_id)] if app.apple_id else []
    same += [known.filter(sku__iexact=app.sku)] if app.sku else []
    same += [known.filter(name=app.name)] if app.name else []
    twin = next((match for query in same if (match := query.first())), None)
    if twin is None:
        return
    App.objects.filter(pk=app.pk).update(account=into, apple_id=None, sku="", provisional=True)
    app.refresh_from_db()
    merge_app(app, twin, by)


def _move_series(moved: QuerySet[Series], **owner: Account | App) -> None:
    """Series keep their vintages; where the new owner has the same series already, its vintages join that one."""
    for series in moved:
        identity = {
            name: getattr(series, name)
            for name in ("account", "vendor", "app", "side", "kind", "report", "scope", "grain", "timezone")
        } | owner
        twin = Series.objects.filter(**identity).exclude(pk=series.pk).first()
        if twin is None:
            Series.objects.filter(pk=series.pk).update(**owner)
            continue
        starts = _join(series, twin)
        choose_current(twin.pk, starts)
        series.delete()


def _join(series: Series, twin: Series) -> list[date]:
    vintages = Vintage.objects.filter(series=series)
    starts = list(vintages.values_list("period_start", flat=True))
    vintages.update(series=twin, current=False)
    return starts


def _move_findings(findings: QuerySet[Finding], text: str, by: User | None, **owner: Account | App) -> None:
    actor = by.get_username() if by else "the command line"
    moved = list(findings)
    FindingEvent.objects.bulk_create(
        FindingEvent(finding=finding, at=clock.now(), actor=actor, action="moved", text=text) for finding in moved
    )
    Finding.objects.filter(pk__in=[finding.pk for finding in moved]).update(**owner)
