from __future__ import annotations


class Refused(Exception):
    """An action that is not possible now, in one sentence for the person who asked for it."""
