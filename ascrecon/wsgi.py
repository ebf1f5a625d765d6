"""For gunicorn: `gunicorn ascrecon.wsgi` (without --preload: the database connection must not be shared)."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

# gunicorn's own code for "the worker cannot boot": with any other it starts the worker again for ever.
CANNOT_BOOT = 3


def make_application() -> WSGIHandler:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ascrecon.settings")
    try:
        return get_wsgi_application()
    except ImproperlyConfigured as exc:
        sys.stderr.write(f"{exc}\n")
        raise SystemExit(CANNOT_BOOT) from None


application = make_application()
