from __future__ import annotations

from subscriptions.admin import notifications, rules, subscriptions

__all__ = ["notifications", "rules", "subscriptions"]
