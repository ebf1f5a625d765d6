"""A local App Store Server: its own certificate authority, what it signs, and how it sends notifications."""

from __future__ import annotations
