"""A campaign that fails and leaves a process and a database server behind; only for the test of the entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ascrecon.embedded.server import Server

folder = Path(os.environ["ASCRECON_DATA_DIR"])
Server.below(folder).ensure()
left = subprocess.Popen(["sleep", "600"], start_new_session=True)
sys.stdout.write(f"{sys.argv[1:]} {left.pid} {Server.below(folder).pid()} {folder}\n")
sys.stdout.flush()
sys.exit(3)
