"""Which of the implementations makes the pseudonyms of an export: by what is installed and the size of the file.

All give the same pseudonyms (docs/spec/pseudonym-v1.md, section 4); they differ in time alone. `fast` costs a start
(`benchmarks/RESULTS.md`): half a second with its machine code kept, some four without, and saves nearly a microsecond a
row.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

DEFAULT, FAST = "polars-hash", "fast"
# At forty to seventy bytes a row some million rows for what is kept, and some five million for what is compiled first.
LARGE_BYTES = 50_000_000
VERY_LARGE_BYTES = 300_000_000

IN_WORDS = {
    "reference": "referentie (hmac)",
    DEFAULT: "standaard (polars-hash)",
    FAST: "snel (numba)",
}


def choose(export: Path) -> str:
    """The name of an implementation for this export; the default where there is no such file: reading it tells."""
    if find_spec("numba") is None or not export.is_file():
        return DEFAULT
    from linkage.hashing.hash_cache import has_kernel

    return FAST if export.stat().st_size >= (LARGE_BYTES if has_kernel() else VERY_LARGE_BYTES) else DEFAULT
