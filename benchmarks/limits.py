"""The hash against its limit: OpenSSL's own SHA-256 on the same messages, with nothing around it.

Run it with: python benchmarks/limits.py [rows]; it writes its section of RESULTS.md. HMAC is two hashes of two blocks
each, or of one block with the states of the key kept; `openssl speed` hashes one message of a fixed length again and
again, without a key, a column or a result. (The limit of the linking, bare Polars, is in `national.py`.)
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from statistics import median

import polars as pl
from hashing import BATCH, TIMES, _columns, _whole
from timing import machine, rounds, write_section

from linkage.holder.pseudonymise import IMPLEMENTATIONS, KNOWN_KEY


def main(rows: int = 1_000_000) -> None:
    """Measure and write."""
    column = _columns(rows)["BSN"]
    IMPLEMENTATIONS["fast"](pl.Series(["a"]), KNOWN_KEY)
    works = {name: _whole(name, column) for name in IMPLEMENTATIONS}
    works["polars-hash alone, result in hexadecimal"] = lambda: _alone(column)
    works["hashlib.sha256 (OpenSSL), no key"] = lambda: [sha256(text).digest() for text in messages]
    messages = [text.encode("ascii") for text in column.to_list()]
    spent = rounds(works, TIMES)
    blocks = median(_openssl(16) for _ in range(3))
    lines = [f"{machine('polars', 'polars-hash', 'numba')}; {_version()}; {rows:,} BSNs, {TIMES} rounds.", ""]
    lines += ["| what | million/s | x the `hmac.digest` loop |", "|---|---|---|"]
    for name, seconds in spent.items():
        lines.append(f"| {name} | {rows / seconds / 1e6:.2f} | {spent['reference'] / seconds:.1f} |")
    per = blocks / 1e6
    lines.append(
        f"| `openssl speed -bytes 16 sha256`: one block | {per:.2f} | {blocks * spent['reference'] / rows:.1f} |"
    )
    lines += ["", f"A pseudonym is two blocks at least, so `fast` does {2 * rows / spent['fast'] / blocks:.1f} times"]
    lines += ["as many blocks as OpenSSL, one after the other, can: it takes sixteen identifiers at a time."]
    write_section("Limits", lines)


def _alone(column: pl.Series) -> None:
    for first in range(0, column.len(), BATCH):
        text = pl.col(column.name).chash.hmac_sha256(key=KNOWN_KEY)  # type: ignore[attr-defined]
        column[first : first + BATCH].to_frame().select(text)


def _command() -> str:
    found = shutil.which("openssl")
    if found is None:
        raise SystemExit("openssl is not installed")
    return found


def _openssl(size: int) -> float:
    """Messages of that size in a second of CPU."""
    order = [_command(), "speed", "-mr", "-seconds", "1", "-bytes", str(size), "-evp", "sha256"]
    told = subprocess.run(order, capture_output=True, text=True, check=True)
    found = re.search(r"\+F:\d+:[^:]+:([0-9.]+)", told.stdout + told.stderr)
    assert found is not None, "openssl speed tells its bytes per second in a line +F:"
    return float(found.group(1)) / size


def _version() -> str:
    return " ".join(
        subprocess.run([_command(), "version"], capture_output=True, text=True, check=True).stdout.split()[:2]
    )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
