"""What an administrator changed of the rules."""

from __future__ import annotations

from django.db import models

from reports.models import Severity


class RuleSetting(models.Model):
    """One rule of the detectors as this installation wants it. An empty severity: as delivered."""

    code = models.CharField(max_length=8, unique=True)
    enabled = models.BooleanField(default=True)
    severity = models.CharField(max_length=8, choices=Severity, blank=True)
    thresholds = models.JSONField(default=dict, blank=True, help_text="name to whole number; empty: as delivered")

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code
