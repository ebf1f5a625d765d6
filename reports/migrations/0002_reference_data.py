from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

DATA = Path(__file__).resolve().parent.parent / "data"


def load(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Rules and fiscal months are rows from here on: people may change them, and a later step never overwrites them."""
    for name, model in (("rules", "Rule"), ("fiscal_months", "FiscalMonth")):
        rows: list[dict[str, Any]] = json.loads((DATA / f"{name}.json").read_text())
        manager = apps.get_model("reports", model)._default_manager
        manager.bulk_create(manager.model(**row) for row in rows)


class Migration(migrations.Migration):
    dependencies = (("reports", "0001_initial"),)

    operations = (migrations.RunPython(load, migrations.RunPython.noop),)
