"""Django's PostgreSQL engine, which starts the embedded server when a connection is refused.

Only then: commands that need no database (help, check, collectstatic) start nothing, and settings compute
strings.
"""

from __future__ import annotations

import sys
from typing import Any

from django.db.backends.postgresql import base

from ascrecon.embedded.environment import forget_libpq_variables
from ascrecon.embedded.server import Server


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        forget_libpq_variables()
        server = Server.below(self.settings_dict["DATA_DIR"])
        if server.place.is_foreign:
            server.ensure()  # it may run and answer, with a removed installation's data
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            if only_looks_at_history():
                raise
            server.ensure()
            return super().get_new_connection(conn_params)


def only_looks_at_history() -> bool:
    """makemigrations compares with the database's history, and only warns where no server answers."""
    return sys.argv[1:2] == ["makemigrations"]
