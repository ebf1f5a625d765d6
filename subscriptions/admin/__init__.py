from __future__ import annotations

from subscriptions.admin import notifications, own_data, rules, server_keys, subscriptions

__all__ = ["notifications", "own_data", "rules", "server_keys", "subscriptions"]
