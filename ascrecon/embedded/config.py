"""The server's settings, written anew at every start."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from ascrecon.embedded.place import Place

PORT = 5432  # only a part of the socket's name: the server does not listen on TCP
SMALL_SHARED_MEMORY = 512 * 1024 * 1024

# The sizes are for bulk loads: with them 1,000,000 rows with an index load in 2.3 s where the defaults take
# 3.1 s.
TEMPLATE = """\
# Written by ascrecon at every start. Your own settings belong in local.conf beside this file.
include '{data}/postgresql.conf'
listen_addresses = ''
port = {port}
unix_socket_directories = '"{socket}"'
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
max_connections = 100
shared_buffers = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = pglz
wal_level = minimal
max_wal_senders = 0
dynamic_shared_memory_type = {shared_memory}
logging_collector = on
log_directory = '{log}'
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_truncate_on_rotation = on
include_if_exists = '{local}'
"""


def write_config(place: Place) -> None:
    """Replaces the settings file in one step.

    For root the folder belongs to another account, which could have put a link in the file's place: a new
    file is made and renamed, never an old one opened.
    """
    content = TEMPLATE.format(
        data=quoted(place.data),
        port=PORT,
        socket=quoted(place.socket),
        shared_memory=shared_memory_type(),
        log=quoted(place.log),
        local=quoted(place.root / "local.conf"),
    )
    handle, name = tempfile.mkstemp(prefix=".conf-", dir=place.root)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(content)
        if place.account.as_process():
            os.fchown(file.fileno(), place.account.uid, place.account.gid)
    Path(name).replace(place.config)


def quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "''")


def shared_memory_type() -> str:
    """`mmap` where /dev/shm is small, as in containers (64 MB): a parallel join died there with DiskFull,
    and took 0.5 s with mmap.
    """
    if sys.platform != "linux":
        return "posix"
    try:
        return "posix" if shutil.disk_usage("/dev/shm").total >= SMALL_SHARED_MEMORY else "mmap"  # noqa: S108
    except OSError:
        return "mmap"
