"""Keys for development, made once and kept in the data directory, readable by its owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from ascrecon.env import SettingsError


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The content of `path`; made by `make` and written with mode 0600 if the file is not there yet.

    Several processes may come first at once: the file appears complete by a link, and the first one wins.
    """
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        _write_once(path, make())
        return path.read_text(encoding="ascii")
    except OSError as exc:
        raise SettingsError(
            f"{path} cannot be read ({exc.strerror}): set ASCRECON_DATA_DIR to a folder of yours."
        ) from exc


def _write_once(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    except OSError as exc:
        raise SettingsError(f"ASCRECON_DATA_DIR: {path.parent} cannot be written ({exc.strerror}).") from exc
    with open(handle, "w", encoding="ascii") as file:
        file.write(content)
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(part)
