"""A provisional app or account turns out to be a real one: its rows, figures and findings follow."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet

from ascrecon import clock
from reports.coverage.ledger import note_delivery
from reports.figures.vintages import choose_current
from reports.locks import advisory_lock
from reports.models import (
    Account,
    App,
    AppName,
    CoverageCell,
    Delivery,
    DeliveryState,
    Finding,
    FindingEvent,
    Kind,
    Run,
    RunLine,
    SalesFigures,
    Series,
    Side,
    StoredFigure,
    SubscriptionProduct,
    Vendor,
    Vintage,
)
from reports.services.comparing import compare_later
from reports.services.owners import only_vendor
from reports.services.refusals import Refused

Owner = Account | App | Vendor


@transaction.atomic
def merge_app(source: App, into: App, by: User | None = None) -> None:
    """Give everything of a provisional app to the app that it really is; its names stay known.

    What is left of it is a signpost: rows that carry its Apple ID or SKU lead to `into`. Raises `Refused` unless it is
    a provisional app of the same account, and where the two have different Apple IDs.
    """
    _check_apps(source, into)
    advisory_lock("merge", source.account_id)
    for name in {source.name, *source.names.values_list("name", flat=True)} - {""}:
        AppName.objects.get_or_create(app=into, name=name)
    _hand_over_marks(source, into)
    _move_series(Series.objects.filter(app=source), app=into)
    for model in (Delivery, StoredFigure, SalesFigures, Run, RunLine):
        _rows_of(model).filter(app=source).update(app=into)
    CoverageCell.objects.filter(app=source).delete()
    _move_findings(Finding.objects.filter(app=source), f"merged from {source}", by, app=into)
    App.objects.filter(merged_into=source).update(merged_into=into)
    App.objects.filter(pk=source.pk).update(merged_into=into)
    compare_later(None, None, into.account, requested_by=_name_of(by))


def join_namesakes(account: Account) -> None:
    """An app that exports knew by name only, and that a report now names with its Apple ID, is that one app.

    Left apart, the two would share a name, and what became of an export would depend on which file came first.
    """
    nameless = App.objects.filter(account=account, provisional=True, merged_into=None, apple_id=None, sku="")
    for app in nameless.exclude(name=""):
        named = list(App.objects.filter(account=account, merged_into=None, name=app.name, apple_id__isnull=False)[:2])
        if len(named) == 1:
            merge_app(app, named[0])


def _check_apps(source: App, into: App) -> None:
    if source.pk == into.pk or source.account_id != into.account_id or not source.provisional or into.merged_into_id:
        raise Refused(
            f"{source} can not be merged into {into}: choose a provisional app and a real one of the same account."
        )
    if source.apple_id and into.apple_id and source.apple_id != into.apple_id:
        raise Refused(
            f"{source} can not be merged into {into}: they have the Apple IDs {source.apple_id} and {into.apple_id}, "
            "so they are two apps."
        )


def _hand_over_marks(source: App, into: App) -> None:
    """What `into` lacks it takes; what differs stays with the signpost, which rows of files are led by."""
    taken = {name: getattr(source, name) for name in ("apple_id", "sku") if not getattr(into, name)}
    given = {name: type(value)() if name == "sku" else None for name, value in taken.items()}
    App.objects.filter(pk=source.pk).update(**given)
    App.objects.filter(pk=into.pk).update(**taken)
    for app, values in ((source, given), (into, taken)):
        for name, value in values.items():
            setattr(app, name, value)


@transaction.atomic
def merge_account(source: Account, into: Account, by: User | None = None) -> None:
    """Give everything of a provisional account to the real one, and delete the empty provisional account.

    Files that name no vendor become those of the real account's only vendor, as if they had been loaded for it.
    """
    if source.pk == into.pk or not source.provisional:
        raise Refused(f"{source} can not be merged into {into}: choose a provisional account and a real one.")
    advisory_lock("merge", into.pk)
    moved = list(Delivery.objects.filter(account=source).values_list("pk", flat=True))
    for app in App.objects.filter(account=source, merged_into=None):
        _adopt_app(app, into, by)
    App.objects.filter(account=source).update(account=into)
    Vendor.objects.filter(account=source).update(account=into)
    _move_series(Series.objects.filter(account=source), account=into)
    CoverageCell.objects.filter(account=source).delete()
    for model in (Delivery, Run):
        _rows_of(model).filter(account=source).update(account=into)
    _move_products(source, into)
    findings = _move_findings(
        Finding.objects.filter(account=source), f"merged from the account {source}", by, account=into
    )
    source.delete()
    _name_vendor(moved, findings, into)
    _cover(moved)
    compare_later(None, None, into, requested_by=_name_of(by))


def _move_products(source: Account, into: Account) -> None:
    """What sales rows of both accounts name alike the real one has already."""
    known = SubscriptionProduct.objects.filter(account=into).values("apple_id")
    SubscriptionProduct.objects.filter(account=source).exclude(apple_id__in=known).update(account=into)


def _adopt_app(app: App, into: Account, by: User | None) -> None:
    """An app that the real account has already takes over its provisional twin: by Apple ID, else SKU, else name."""
    known = App.objects.filter(account=into)
    same = [known.filter(apple_id=app.apple_id)] if app.apple_id else []
    same += [known.filter(sku__iexact=app.sku)] if app.sku else []
    same += [known.filter(name=app.name, merged_into=None)] if app.name else []
    twin = next((match for query in same if (match := query.first())), None)
    twin = twin and (twin.merged_into or twin)
    if twin is None or (app.apple_id and twin.apple_id and app.apple_id != twin.apple_id):
        return
    marks = {"apple_id": None if twin.apple_id else app.apple_id, "sku": "" if twin.sku else app.sku}
    App.objects.filter(pk=app.pk).update(account=into, provisional=True, **marks)
    app.refresh_from_db()
    merge_app(app, twin, by)


def _move_series(moved: QuerySet[Series], **owner: Owner) -> None:
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
        advisory_lock("series", twin.pk)
        starts = _join(series, twin)
        choose_current(twin.pk, starts)
        series.delete()


def _join(series: Series, twin: Series) -> list[date]:
    vintages = Vintage.objects.filter(series=series)
    starts = list(vintages.values_list("period_start", flat=True))
    vintages.update(series=twin, current=False)
    return starts


def _name_vendor(deliveries: list[int], findings: list[int], account: Account) -> None:
    """Exports of one app's metrics belong to no vendor; all other files and findings belong to one."""
    vendor = only_vendor(account)
    if vendor is None:
        return
    _move_series(Series.objects.filter(account=account, vendor=None, app=None), vendor=vendor)
    Delivery.objects.filter(pk__in=deliveries, vendor=None, app=None).update(vendor=vendor)
    nameless = Finding.objects.filter(pk__in=findings, vendor=None)
    nameless.exclude(rule__console_kind__in=(Kind.A1, Kind.A2)).update(vendor=vendor)


def _cover(deliveries: list[int]) -> None:
    """The ledger of the real account knows these reports too; the oldest first, so that the newest stands."""
    told = Delivery.objects.filter(pk__in=deliveries, side=Side.API, state=DeliveryState.LOADED)
    for delivery in told.select_related("vendor").order_by("received_at", "pk"):
        note_delivery(delivery)


def _move_findings(findings: QuerySet[Finding], text: str, by: User | None, **owner: Owner) -> list[int]:
    """The numbers of the findings that were moved."""
    moved = list(findings)
    FindingEvent.objects.bulk_create(
        FindingEvent(finding=finding, at=clock.now(), actor=_name_of(by), action="moved", text=text)
        for finding in moved
    )
    numbers = [finding.pk for finding in moved]
    Finding.objects.filter(pk__in=numbers).update(**owner)
    return numbers


def _name_of(by: User | None) -> str:
    return by.get_username() if by else "ascrecon"


def _rows_of(model: type[Model]) -> QuerySet[Model]:
    return model._default_manager.all()
