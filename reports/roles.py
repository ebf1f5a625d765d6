"""The three roles, as groups of Django's permissions; made anew after every migration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

VIEWER, ANALYST, ADMINISTRATOR = "Viewer", "Analyst", "Administrator"
ROLE_HELP = (
    "Viewer: reads everything but app account tokens. Analyst: also uploads exports and own data, works on findings, "
    "starts runs, sees tokens. Administrator: also accounts and keys, apps, rules, digest, users, jobs; erases tokens."
)

SEEN = (
    "account",
    "analyticsinstance",
    "analyticsreport",
    "apiproblem",
    "app",
    "appname",
    "consoleexport",
    "consolerow",
    "coveragecell",
    "delivery",
    "deliverysegment",
    "digestschedule",
    "downloadrow",
    "engagementrow",
    "financerow",
    "finding",
    "findingday",
    "findingevent",
    "fiscalmonth",
    "installationrow",
    "otheranalyticsrow",
    "outboxmessage",
    "preorderrow",
    "purchaserow",
    "rawfile",
    "reportinstance",
    "reportrequest",
    "rowreject",
    "rule",
    "run",
    "runline",
    "salesrow",
    "series",
    "sessionrow",
    "subscriberrow",
    "subscriptionchangerow",
    "subscriptioncountrow",
    "subscriptioneventrow",
    "subscriptionstaterow",
    "vendor",
    "vintage",
)
SEEN_OF_SUBSCRIPTIONS = (
    "customer",
    "datareject",
    "dataupload",
    "entitlementrow",
    "erasedtoken",
    "loginrow",
    "notification",
    "otherpayload",
    "ownerspan",
    "pricerow",
    "purchase",
    "refund",
    "refusedpayload",
    "rulesetting",
    "serverkey",
    "signedrenewal",
    "signedtransaction",
    "signingchain",
    "statusspan",
    "subscription",
    "tokenchangerow",
)
EDITED = ("account", "app", "appname", "digestschedule", "fiscalmonth", "rule", "vendor")
DELETED = ("appname", "digestschedule", "rule", "vendor")

VIEWS = [
    *(f"reports.view_{model}" for model in SEEN),
    *(f"subscriptions.view_{model}" for model in SEEN_OF_SUBSCRIPTIONS),
    "jobs.view_job",
]
WORKS = [
    *("reports.work_finding", "reports.upload_consoleexport", "reports.start_run"),
    *("subscriptions.view_token", "subscriptions.replay_notification", "subscriptions.upload_dataupload"),
]
RUNS = [
    *(f"reports.{verb}_{model}" for model in EDITED for verb in ("add", "change")),
    *(f"reports.delete_{model}" for model in DELETED),
    *("auth.view_user", "auth.add_user", "auth.change_user"),
    *("subscriptions.change_rulesetting", "subscriptions.change_serverkey", "subscriptions.change_signingchain"),
    "subscriptions.erase_token",
    "jobs.change_job",
]

ROLES = {VIEWER: VIEWS, ANALYST: [*VIEWS, *WORKS], ADMINISTRATOR: [*VIEWS, *WORKS, *RUNS]}


def roles() -> QuerySet[Group]:
    return Group.objects.filter(name__in=ROLES).order_by("pk")


def make_roles(app_config: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """Receiver of post_migrate of `reports`: gives each role exactly its permissions.

    Django makes permissions by a receiver of the same signal, whose turn may be later; so they are made here first.
    """
    for label in ("reports", "subscriptions", "jobs", "auth"):
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    for name, labels in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.set(_permissions(labels, using))


def _permissions(labels: Iterable[str], using: str) -> QuerySet[Permission]:
    wanted = Q(pk__in=[])
    for label in labels:
        app, codename = label.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.using(using).filter(wanted)
