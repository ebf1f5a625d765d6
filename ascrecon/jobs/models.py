"""The queue's truth. django-q2 only rings a bell; what is to be done, and what became of it, stands in these rows.

All times here are the database's own clock: leases of several hosts need one clock that really runs, which the
product's clock (`ASCRECON_NOW`, `--as-of`) does not.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting for the next try"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    PARKED = "parked", "Parked"
    CANCELLED = "cancelled", "Cancelled"


class Priority(models.IntegerChoices):
    BULK = -10, "Bulk"
    NORMAL = 0, "Normal"
    URGENT = 10, "Urgent"


UNFINISHED_STATES = (State.QUEUED, State.RUNNING, State.WAITING)
CLAIMABLE_STATES = (State.QUEUED, State.WAITING)
ATTENTION_STATES = (State.FAILED, State.PARKED)
UNFINISHED = Q(state__in=UNFINISHED_STATES)
NEEDS_ATTENTION = Q(state__in=ATTENTION_STATES)
CLAIMABLE = Q(state__in=CLAIMABLE_STATES)
RUNNING = Q(state=State.RUNNING)
LEASE_EXPIRED = RUNNING & Q(lease_until__lt=Now())
TRY_IS_DUE = Q(state=State.WAITING, next_try__lte=Now())


class Cluster(models.Model):
    """One group of worker processes, from its start by `manage.py work` to its end. A restart makes a new row."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=200)
    machine = models.CharField(
        max_length=200, help_text="Tells apart hosts of one name, and one host before and after its restart."
    )
    supervisor_pid = models.PositiveBigIntegerField()
    master_pid = models.PositiveBigIntegerField(help_text="Also the id of the process group.")
    started = models.DateTimeField(db_default=Now())
    heartbeat = models.DateTimeField(db_default=Now(), help_text="Renewed by the supervisor.")
    stopping = models.BooleanField(default=False, help_text="Finishes what runs and begins nothing more.")
    pong = models.PositiveBigIntegerField(default=0, help_text="Number of the last ping a worker answered.")
    pong_row = models.BigIntegerField(null=True, help_text="The queue row of that ping; acknowledged once gone.")
    ended = models.DateTimeField(null=True, db_index=True)
    why_ended = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-started",)

    def __str__(self) -> str:
        return f"{self.host}:{self.master_pid}"


class Job(models.Model):
    """A piece of work that survives whatever happens to the process that does it."""

    kind = models.CharField(max_length=100)
    payload = models.JSONField(default=dict, blank=True, help_text="Ids and plain text, never a secret.")
    subject = models.CharField(max_length=300, help_text="What the work is about, in one line for people.")
    account_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    requested_by = models.CharField(max_length=200, blank=True)
    unique_key = models.CharField(max_length=300, blank=True)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0, help_text="Starts; committed before the work begins.")
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that ended with an error.")
    interruptions = models.PositiveIntegerField(
        default=0, help_text="Deaths of its process for which this job alone is to blame."
    )
    solo = models.BooleanField(default=False, help_text="Ran in a group that died: runs alone next time.")
    again = models.BooleanField(default=False, help_text="Asked for once more while it was running.")
    next_try = models.DateTimeField(null=True, blank=True)

    token = models.UUIDField(null=True, blank=True, help_text="Names the attempt that holds the lease.")
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs")
    worker_host = models.CharField(max_length=200, blank=True)
    worker_pid = models.PositiveBigIntegerField(null=True, blank=True)

    step = models.CharField(max_length=200, blank=True)
    done = models.PositiveBigIntegerField(null=True, blank=True)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    message = models.CharField(max_length=500, blank=True, help_text="One sentence.")
    result = models.JSONField(null=True, blank=True)

    created = models.DateTimeField(db_default=Now())
    started = models.DateTimeField(null=True, blank=True, help_text="Start of the last attempt.")
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"], condition=UNFINISHED & ~Q(unique_key=""), name="job_queued_once"
            ),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING, token__isnull=False, lease_until__isnull=False)
                | (~Q(state=State.RUNNING) & Q(token__isnull=True)),
                name="job_running_holds_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.WAITING) | Q(next_try__isnull=False), name="job_waiting_has_next_try"
            ),
        ]
        indexes = [
            models.Index(F("priority").desc(), "id", condition=Q(state=State.QUEUED), name="job_queued"),
            models.Index("lease_until", condition=RUNNING, name="job_running"),
            models.Index("next_try", condition=Q(state=State.WAITING), name="job_waiting"),
            models.Index("state", "id", name="job_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.subject}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED_STATES

    @property
    def needs_attention(self) -> bool:
        return self.state in ATTENTION_STATES

    @property
    def percent(self) -> int | None:
        """Whole percent of the work done, or None where the total is not known."""
        if not self.total or self.done is None:
            return None
        return min(100, 100 * self.done // self.total)

    @property
    def worker(self) -> str:
        return f"{self.worker_host} pid {self.worker_pid}" if self.worker_pid else ""


class JobEvent(models.Model):
    """One line of a job's history. Rows are only ever added."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(db_default=Now())
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.text


class Tick(models.Model):
    """When a tick last ran, by the product's clock, and what went wrong."""

    name = models.CharField(max_length=100, primary_key=True)
    slot = models.BigIntegerField(help_text="Number of the interval since 1970 in which it last ran.")
    ran = models.DateTimeField()
    message = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
