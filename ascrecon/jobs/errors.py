"""What a job may raise, and what the queue raises at a job."""

from __future__ import annotations


class JobFailed(Exception):
    """The work cannot be done and another try would not help. The message is one sentence for people."""


class TryAgain(Exception):
    """Not now: run again `after` seconds. Not counted as a failure, so the job itself decides when to give up."""

    def __init__(self, message: str, after: float) -> None:
        super().__init__(message)
        self.after = after


class LeaseLost(Exception):
    """Another worker has this job, or it was cancelled: stop, and write nothing more."""


class JobTimeout(BaseException):
    """The attempt took longer than its kind allows. No Exception, so that a job's own handlers let it through."""


class JobRefused(ValueError):
    """The request cannot be carried out; the message says why in one sentence."""
