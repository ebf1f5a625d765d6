from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from ascrecon.jobs.queue_admin import exposed


@register(Tags.admin)
def queue_is_not_in_the_admin(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    names = exposed()
    if not names:
        return []
    return [
        Error(
            f"The admin shows {', '.join(names)}: whoever may add a schedule there may run any function.",
            hint="Unregister these models; jobs have pages of their own.",
            id="jobs.E001",
        )
    ]
