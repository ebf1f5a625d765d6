"""The list of apps as App Store Connect has it, laid over what files told before."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from ascrecon.appstore import AppRecord
from reports.locks import advisory_lock
from reports.models import Account, App, AppName
from reports.services.merge import merge_app


@transaction.atomic
def take_over_apps(account: Account, records: Iterable[AppRecord]) -> list[App]:
    """Write Apple's list into the account's apps. Apps that files made provisionally become the real ones.

    Found by Apple ID, then by SKU, then by name; a name that changed is kept among the earlier names.
    """
    # Two at once would each make an app that is new.
    advisory_lock("apps", account.pk)
    return [_take_over(account, record) for record in records]


def _take_over(account: Account, record: AppRecord) -> App:
    found = _found(account, record)
    app = found[0] if found else App(account=account)
    for double in found[1:]:
        merge_app(double, app)
    _free_marks(account, record, app)
    earlier = app.name
    app.apple_id, app.bundle_id, app.sku = record.apple_id, record.bundle_id, record.sku
    app.name, app.provisional = record.name, False
    app.save()
    for name in {earlier, record.name} - {""}:
        AppName.objects.get_or_create(app=app, name=name)
    return app


def _free_marks(account: Account, record: AppRecord, app: App) -> None:
    """Apple's list is right about whose SKU it is; a merged app gives up the marks of the app it leads to."""
    others = App.objects.filter(account=account).exclude(pk=app.pk)
    others.filter(sku__iexact=record.sku).exclude(sku="").update(sku="")
    others.exclude(merged_into=None).filter(apple_id=record.apple_id).update(apple_id=None)


def _found(account: Account, record: AppRecord) -> list[App]:
    """The app itself first, then provisional ones that are the same app by another mark."""
    apps = App.objects.filter(account=account, merged_into=None).order_by("pk")
    by_id = list(apps.filter(apple_id=record.apple_id))
    unnamed = apps.filter(provisional=True, apple_id=None)
    by_sku = list(unnamed.filter(sku__iexact=record.sku)) if record.sku else []
    by_name = list(unnamed.filter(sku="", name=record.name)) if record.name else []
    return list(dict.fromkeys([*by_id, *by_sku, *by_name]))
