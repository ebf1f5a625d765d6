"""Whose file is it? A file that comes before its account or app makes a provisional one."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from reports.files.errors import BadFile
from reports.models import Account, App, AppName, Side, Vendor, Vintage
from reports.wording import listed

UNASSIGNED = "unassigned"
LONGEST_NAME = 600


def vendor_named(number: str, account: Account | None, *, file: str) -> Vendor:
    """The vendor with this number; a new one joins `account`, or a provisional account of the number's name."""
    vendor = Vendor.objects.select_related("account").filter(number=number).first()
    if vendor is None:
        owner = account or Account.objects.get_or_create(name=number, defaults=_provisional())[0]
        return Vendor.objects.create(number=number, account=owner)
    if account and vendor.account_id != account.pk:
        raise BadFile(
            file=file,
            seen=f"vendor number {number} of the account {vendor.account}",
            do=f"choose that account instead of {account}, or leave the account out",
        )
    return vendor


def only_vendor(account: Account) -> Vendor | None:
    """The vendor of an account that has just one: a file that names none is its."""
    vendors = list(account.vendors.all()[:2])
    return vendors[0] if len(vendors) == 1 else None


def unassigned() -> Account:
    return Account.objects.get_or_create(name=UNASSIGNED, defaults=_provisional())[0]


def _provisional() -> dict[str, object]:
    return {"provisional": True, "sync_enabled": False}


def account_of_export(candidates: Iterable[Account], *, file: str) -> Account:
    """The account that an export without a name belongs to: the only one that fits, else the only one there is.

    Where several accounts exist and none fits, the export came before its account: it goes to `unassigned`, which can
    be merged later. Where several fit, only a person can tell, and `BadFile` asks.
    """
    found = list(dict.fromkeys(candidates))
    if not found and Account.objects.count() == 1:
        found = [Account.objects.get()]
    if len(found) > 1:
        raise BadFile(
            file=file,
            seen=f"an export that names no account, and {listed(str(a) for a in found)} could all be meant",
            do="say whose it is: choose the account (--account)",
        )
    return found[0] if found else unassigned()


def accounts_with(report: str, start: object, end: object) -> list[Account]:
    """Accounts for which Apple's API has delivered `report` (or one that begins like it) in the period."""
    told = Vintage.objects.filter(
        series__side=Side.API,
        series__report__startswith=report,
        period_start__lte=end,
        period_end__gte=start,
        current=True,
    )
    return list(Account.objects.filter(series__vintages__in=told).distinct())


def apps_named(name: str, account: Account | None = None) -> list[App]:
    """Apps that carry this name now, or did so in a file."""
    apps = App.objects.filter(Q(name=name) | Q(names__name=name), merged_into=None).select_related("account").distinct()
    return list(apps.filter(account=account) if account else apps)


def app_with_id(apple_id: int, account: Account | None, *, file: str) -> App:
    apps = App.objects.filter(apple_id=apple_id, merged_into=None).select_related("account")
    found = list(apps.filter(account=account) if account else apps)
    if len(found) == 1:
        return found[0]
    if not found:
        if account is None:
            account = account_of_export([], file=file)
        return App.objects.create(account=account, apple_id=apple_id, provisional=True)
    raise BadFile(file=file, seen=f"the app {apple_id} in several accounts", do="choose the account (--account)")


def app_named(name: str, account: Account, *, file: str) -> App:
    """The app of this name in `account`; a provisional one where no list has named it yet."""
    if len(name) > LONGEST_NAME:
        raise BadFile(file=file, seen=f"an app name of {len(name):,} characters", do="hand in the download as it came")
    found = apps_named(name, account)
    if len(found) > 1:
        raise BadFile(
            file=file,
            seen=f"the app name {name}, which {len(found)} apps have",
            do="say which is meant by its Apple ID (--app)",
        )
    if found:
        return found[0]
    app = App.objects.create(account=account, name=name, provisional=True)
    AppName.objects.create(app=app, name=name)
    return app
