from __future__ import annotations

from typing import Any

from django.db import connections

from subscriptions.detect.rules import all_rules
from subscriptions.models import RuleSetting


def make_settings(using: str = "default", **kwargs: Any) -> None:
    """Receiver of post_migrate: a row for every rule, so that it can be changed; what was changed stays."""
    if RuleSetting._meta.db_table not in connections[using].introspection.table_names():
        return  # migrated to before there were rules
    known = set(RuleSetting.objects.using(using).values_list("code", flat=True))
    missing = [RuleSetting(code=code, enabled=rule.enabled) for code, rule in all_rules().items() if code not in known]
    RuleSetting.objects.using(using).bulk_create(missing, ignore_conflicts=True)
