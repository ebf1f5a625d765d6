"""The list of apps as App Store Connect has it, laid over what files told before."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from ascrecon.appstore import AppRecord
from reports.models import Account, App, AppName


@transaction.atomic
def take_over_apps(account: Account, records: Iterable[AppRecord]) -> list[App]:
    """Write Apple's list into the account's apps. Apps that files made provisionally become the real ones.

    Found by Apple ID, then by SKU, then by name; a name that changed is kept among the earlier names.
    """
    return [_take_over(account, record) for record in records]


def _take_over(account: Account, record: AppRecord) -> App:
    found = _found(account, record)
    app = found[0] if found else App(account=account)
    for double in found[1:]:
        merge_apps(double, app)
    earlier = app.name
    app.apple_id, app.bundle_id, app.sku = record.apple_id, record.bundle_id, record.sku
    app.name, app.provisional = record.name, False
    app.save()
    for name in {earlier, record.name} - {""}:
        AppName.objects.get_or_create(app=app, name=name)
    return app


def _found(account: Account, record: AppRecord) -> list[App]:
    """The app itself first, then provisional ones that are the same app by another mark."""
    apps = App.objects.filter(account=account, merged_into=None).order_by("pk")
    by_id = list(apps.filter(apple_id=record.apple_id))
    unnamed = apps.filter(provisional=True, apple_id=None)
    by_sku = list(unnamed.filter(sku__iexact=record.sku)) if record.sku else []
    by_name = list(unnamed.filter(sku="", name=record.name)) if record.name else []
    return list(dict.fromkeys([*by_id, *by_sku, *by_name]))


def merge_apps(source: App, into: App) -> None:
    """Everything that points at `source` points at `into` from now on; `source` stays as an empty signpost.

    What `into` has already (the same series) stays with `source`, which readers follow by `merged_into`.
    """
    for relation in App._meta.related_objects:
        name = relation.field.name
        if name == "merged_into" or relation.related_model is AppName:
            continue
        _move(relation.related_model._default_manager.filter(**{name: source}), name, into)
    for name in {source.name, *source.names.values_list("name", flat=True)} - {""}:
        AppName.objects.get_or_create(app=into, name=name)
    source.names.all().delete()
    source.sku, source.apple_id, source.merged_into = "", None, into
    source.save(update_fields=["sku", "apple_id", "merged_into"])


def _move(rows: QuerySet[Model], name: str, into: App) -> None:
    try:
        with transaction.atomic():
            rows.update(**{name: into})
    except IntegrityError:
        for row in rows:
            _move_one(row, name, into)


def _move_one(row: Model, name: str, into: App) -> None:
    try:
        with transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(**{name: into})
    except IntegrityError:
        return  # `into` has the same already; the signpost leads there
