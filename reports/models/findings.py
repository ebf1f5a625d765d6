from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from reports.models.accounts import Account, App, Vendor
from reports.models.choices import UNFINISHED, Cause, FindingKind, FindingState, Grain, Severity
from reports.models.deliveries import Vintage
from reports.models.fields import AmountField
from reports.models.rules import Rule


class Run(models.Model):
    """One execution of the rules over a period."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True)
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True)
    period_start = models.DateField(null=True)
    period_end = models.DateField(null=True)
    as_of = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    requested_by = models.CharField(max_length=150, blank=True)
    compared = models.BigIntegerField(default=0)
    equal = models.BigIntegerField(default=0)
    within_tolerance = models.BigIntegerField(default=0)
    by_rule = models.JSONField(default=list)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        permissions = (("start_run", "Can start a reconciliation"),)

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def differing(self) -> int:
        return self.compared - self.equal - self.within_tolerance


class Finding(models.Model):
    """Something that does not agree, is missing, or was delivered wrongly, and what became of it."""

    public_id = models.CharField("id", max_length=16, unique=True)
    kind = models.CharField(max_length=30, choices=FindingKind)
    cause = models.CharField(max_length=30, choices=Cause)
    severity = models.CharField(max_length=8, choices=Severity)
    state = models.CharField(max_length=8, choices=FindingState, default=FindingState.OPEN)
    account = models.ForeignKey(Account, models.PROTECT, related_name="findings")
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True)
    app = models.ForeignKey(App, models.PROTECT, null=True, blank=True, related_name="findings")
    report = models.CharField(max_length=80, blank=True)
    metric = models.CharField(max_length=60, blank=True)
    cut = models.CharField(max_length=20, blank=True)
    member = models.CharField(max_length=300, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    from_day = models.DateField("from")
    to_day = models.DateField("to")
    grain = models.CharField(max_length=12, choices=Grain, default=Grain.DAY)
    api_value = AmountField(null=True, blank=True)
    console_value = AmountField(null=True, blank=True)
    difference = AmountField(null=True, blank=True, help_text="console less API")
    explained = AmountField(null=True, blank=True)
    residual = AmountField(null=True, blank=True)
    money_at_risk = models.JSONField(default=dict, blank=True, help_text="currency to amount as text")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    message = models.TextField()
    next_step = models.TextField(blank=True)
    evidence = models.JSONField(default=list, blank=True)
    details = models.JSONField(default=dict, blank=True, help_text="what the detector measured")
    detector = models.CharField(max_length=60, help_text="who finds it, and so who may close it")
    rule = models.ForeignKey(Rule, models.SET_NULL, null=True, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="findings")
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    explanation = models.TextField(blank=True, help_text="what a person found out")

    class Meta:
        ordering = ("-from_day", "-id")
        permissions = (("work_finding", "Can assign, explain and resolve findings"),)
        indexes = (
            models.Index(fields=("state", "-from_day"), name="finding_state"),
            models.Index(fields=("detector", "from_day", "to_day"), name="finding_detector"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.from_day}"

    #: The states in which it is still work, as a lookup and as a property, so that lists and objects never disagree.
    UNFINISHED: ClassVar[models.Q] = models.Q(state__in=UNFINISHED)

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED


class FindingDay(models.Model):
    """One period of a finding, with the two values of that period."""

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="days")
    period_start = models.DateField()
    period_end = models.DateField()
    api_value = AmountField(null=True)
    console_value = AmountField(null=True)
    difference = AmountField(null=True)
    explained = AmountField(null=True)
    api_vintage = models.ForeignKey(Vintage, models.SET_NULL, null=True, related_name="+")
    console_vintage = models.ForeignKey(Vintage, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("period_start",)
        constraints = (models.UniqueConstraint(fields=("finding", "period_start"), name="finding_day"),)

    def __str__(self) -> str:
        return str(self.period_start)


class FindingEvent(models.Model):
    """One line of a finding's history; never changed, never deleted."""

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150, help_text="a person's name, or ascrecon")
    action = models.CharField(max_length=20)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"


class RunLine(models.Model):
    """A line of a run's side-by-side table on which the two sides differ. Equal lines are counted, not kept."""

    pk = models.CompositePrimaryKey("run_id", "n")
    run = models.ForeignKey(Run, models.CASCADE, db_index=False, related_name="lines")
    n = models.IntegerField()
    rule = models.ForeignKey(Rule, models.CASCADE, db_index=False)
    period_start = models.DateField()
    period_end = models.DateField()
    app = models.ForeignKey(App, models.PROTECT, null=True, db_index=False)
    member = models.TextField(default="")
    currency = models.TextField(default="")
    api_value = AmountField(null=True)
    console_value = AmountField(null=True)
    difference = AmountField()
    explained = AmountField(default=0)
    kind = models.TextField(choices=FindingKind, default="")
    cause = models.TextField(choices=Cause, default="")
    finding = models.ForeignKey(Finding, models.SET_NULL, null=True, db_index=False, related_name="run_lines")

    class Meta:
        ordering: ClassVar[tuple[str, ...]] = ("run_id", "n")

    def __str__(self) -> str:
        return f"{self.period_start} {self.member} {self.currency}".strip()
