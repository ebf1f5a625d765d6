from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from ascrecon.jobs.models import Job, Priority
from ascrecon.jobs.service import enqueue
from reports.jobs import ACCOUNT
from reports.models import Account


def pull_now(account: Account, *, by: AbstractBaseUser | AnonymousUser) -> Job:
    """Queue the pulling of an account ahead of the rest; twice is one job while it is unfinished."""
    return enqueue(
        ACCOUNT,
        {"account": account.pk},
        subject=f"Pull {account}",
        requested_by=by.get_username(),
        unique_key=f"{ACCOUNT}:{account.pk}",
        account_id=account.pk,
        priority=Priority.URGENT,
    )
