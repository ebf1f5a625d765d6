"""Pulls Apple's reports: what exists and when (calendar), what to ask next (plan), asking it (fetch)."""
