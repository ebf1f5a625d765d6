from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from reports.roles import ROLES, make_roles


def names(role: str) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in permissions}


@pytest.mark.parametrize("role", ROLES)
def test_it_gives_each_role_exactly_its_permissions(role: str, db: None) -> None:
    assert names(role) == set(ROLES[role])


def test_it_lets_nobody_change_or_delete_evidence(db: None) -> None:
    evidence = (
        "finding",
        "salesrow",
        "financerow",
        "consolerow",
        "rawfile",
        "delivery",
        "findingevent",
        "run",
        "vintage",
    )
    held = set().union(*map(names, ROLES))
    assert not held & {f"reports.{verb}_{model}" for verb in ("add", "change", "delete") for model in evidence}


def test_it_takes_away_what_somebody_added_to_a_role(db: None) -> None:
    extra: Any = Permission.objects.get(codename="delete_account")
    Group.objects.get(name="Viewer").permissions.add(extra)
    make_roles(apps.get_app_config("reports"))
    assert "reports.delete_account" not in names("Viewer")
