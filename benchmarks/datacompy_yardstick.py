"""Stands alone: reads two day files with polars and compares them with datacompy, in an environment that has both."""

from __future__ import annotations

import json
import resource
import sys
import time

import datacompy
import polars

KEY = ["SKU", "Country Code", "Device"]


def main(one: str, other: str) -> dict[str, float]:
    before = time.perf_counter()
    left, right = (polars.read_csv(path, separator="\t", quote_char=None) for path in (one, other))
    read = time.perf_counter()
    compared = datacompy.PolarsCompare(left, right, join_columns=KEY)
    unlike = len(compared.df1_unq_rows) + len(compared.df2_unq_rows) + len(compared.all_mismatch())
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {"seconds": done - before, "read_seconds": read - before, "unlike": unlike, "peak_mb": peak}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])) + "\n")
