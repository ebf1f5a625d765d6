"""What is wrong with subscriptions. Each rule is one statement over the derived tables; none writes anything."""

from __future__ import annotations
