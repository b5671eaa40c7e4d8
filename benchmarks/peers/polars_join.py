"""Bare Polars: two pseudonymised files joined on the pseudonym of the BSN, and written.

Run as: python polars_join.py link FOLDER -
"""

import json
import sys
from pathlib import Path

import polars as pl


def link(folder: Path) -> int:
    """Rows of the joined file."""
    register, other = (pl.scan_parquet(folder / f"{name}.parquet") for name in ("bevolking", "inkomen"))
    target = folder / "out" / "polars-linked.parquet"
    register.join(other, on="bsn", suffix="_other").sink_parquet(target)
    return pl.scan_parquet(target).select(pl.len()).collect().item()


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": link(Path(sys.argv[2]))}) + "\n")
