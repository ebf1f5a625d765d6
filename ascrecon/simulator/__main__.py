from __future__ import annotations

from ascrecon.simulator.cli import main

raise SystemExit(main())
