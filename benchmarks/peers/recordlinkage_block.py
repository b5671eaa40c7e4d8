"""recordlinkage: the exact index of two pseudonymised files (a block on the pseudonym of the BSN), and its pairs.

Run as: python recordlinkage_block.py link FOLDER -
"""

import json
import sys
from pathlib import Path

import pandas as pd
import recordlinkage


def link(folder: Path) -> int:
    """Pairs found."""
    register, other = (pd.read_parquet(folder / f"{name}.parquet") for name in ("bevolking", "inkomen"))
    index = recordlinkage.Index()
    index.block("bsn")
    pairs = index.index(register.set_index("unique_id"), other.set_index("unique_id"))
    pairs.to_frame(index=False, name=["register", "other"]).to_parquet(folder / "out" / "recordlinkage.parquet")
    return len(pairs)


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": link(Path(sys.argv[2]))}) + "\n")
