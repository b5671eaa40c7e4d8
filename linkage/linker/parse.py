"""Parse a decrypted body in a child process, with limits on memory and time.

A signed package may still hold a hostile Parquet file (the holder may be malicious), and parsers crash on such
files. So a child reads it, checks it against the exact schema, and writes plain columns that this process can trust
to be what the manifest said. Run as `python -m linkage.linker.parse`; the order comes on standard input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from linkage.errors import ContentWrong
from linkage.transfer.manifest import Manifest

MEMORY_BYTES = 12 * 1024**3
SECONDS = 900
_WRONG = "de inhoud van het pakket is niet wat het manifest zegt; laat de houder opnieuw coderen"


def parse(body: Path, checked: Path, manifest: Manifest) -> None:
    """Check a body in a child process and write it to `checked`. Raises ContentWrong."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-m", "linkage.linker.parse"],
            input=json.dumps(order_of(body, checked, manifest)).encode("utf-8"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ContentWrong(_WRONG) from None
    if child.returncode != 0 or not checked.exists():
        raise ContentWrong(_WRONG)


def order_of(body: Path, checked: Path, manifest: Manifest) -> dict[str, Any]:
    """What the child is asked."""
    return {
        "body": str(body),
        "checked": str(checked),
        "rows": manifest.rows,
        "pseudonyms": list(manifest.pseudonyms),
        "columns": [column.model_dump() for column in manifest.columns],
    }


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the linker is documented for Linux
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _check(order: dict[str, Any]) -> None:
    import polars as pl

    types = {"boolean": pl.Boolean(), "integer": pl.Int32(), "category": pl.Int32()}
    schema: dict[str, Any] = {name: pl.Binary() for name in order["pseudonyms"]}
    schema |= {column["name"]: types[column["type"]] for column in order["columns"]}
    frame = pl.scan_parquet(order["body"], glob=False, hive_partitioning=False)
    if (
        list(frame.collect_schema().items()) != list(schema.items())
        or frame.select(pl.len()).collect().item() != order["rows"]
    ):
        raise SystemExit(2)
    checks = [(pl.col(name).bin.size() == 16).all().alias(f"b{i}") for i, name in enumerate(order["pseudonyms"])]
    for i, column in enumerate(order["columns"]):
        if column["type"] != "boolean":
            inside = pl.col(column["name"]).is_between(column["minimum"], column["maximum"])
            checks.append(inside.all().alias(f"c{i}"))
    if checks and not all(frame.select(checks).collect(engine="streaming").row(0)):
        raise SystemExit(3)
    frame.sink_parquet(order["checked"], compression="lz4", statistics=False)


if __name__ == "__main__":
    _limit()
    _check(json.loads(sys.stdin.buffer.read()))
