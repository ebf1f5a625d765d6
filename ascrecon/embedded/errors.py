from __future__ import annotations

import psycopg


class EmbeddedError(psycopg.OperationalError):
    """The embedded server cannot serve; the message says why and what to do.

    It is a psycopg error so that Django turns it into its own OperationalError, like any other database that
    does not answer.
    """
