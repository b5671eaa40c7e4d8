"""How fast each route makes pseudonyms, beside a Python loop over `hmac.digest` on the same column.

Run it with: POLARS_MAX_THREADS=1 python benchmarks/hashing.py [rows]; it writes its section of RESULTS.md.
Text columns of Polars go in and columns of sixteen bytes come out, in batches of 65,536 rows as in the encoder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time

import numpy as np
import polars as pl
from timing import machine, rounds, write_section

from linkage.holder.pseudonymise import IMPLEMENTATIONS, KNOWN_KEY

BATCH = 65_536
TIMES = 7


def main(rows: int = 1_000_000) -> None:
    """Measure and write."""
    started = process_time()
    IMPLEMENTATIONS["fast"](pl.Series(["a"]), KNOWN_KEY)
    start = process_time() - started
    lines = [f"{machine('polars', 'polars-hash', 'numba')}; {rows:,} rows, {TIMES} rounds.", ""]
    lines += ["| column | route | million/s | x the `hmac.digest` loop |", "|---|---|---|---|"]
    for title, column in _columns(rows).items():
        spent = rounds({name: _whole(name, column) for name in IMPLEMENTATIONS}, TIMES)
        for name, seconds in spent.items():
            lines.append(f"| {title} | {name} | {rows / seconds / 1e6:.2f} | {spent['reference'] / seconds:.1f} |")
    lines += [
        "",
        f"The first use of `fast` took {start:.1f} s in this run (import, and its code from the cache or compiled).",
    ]
    write_section("Hashing", lines)


def _whole(name: str, column: pl.Series) -> Callable[[], None]:
    def work() -> None:
        for first in range(0, column.len(), BATCH):
            IMPLEMENTATIONS[name](column[first : first + BATCH], KNOWN_KEY)

    return work


def _columns(rows: int) -> dict[str, pl.Series]:
    chance = np.random.default_rng(2016)
    numbers = chance.integers(10**8, 10**9, rows)
    homes = [f"{n % 9000 + 1000}AB|{n % 400 + 1}|{'A' if n % 3 == 0 else ''}" for n in numbers.tolist()]
    return {"BSN": pl.Series("x", [f"{n:09d}" for n in numbers.tolist()]), "address": pl.Series("x", homes)}


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
