"""Parse a decrypted body in a child process, with limits on memory and time.

A signed package may still hold a hostile Parquet file (the holder may be malicious), and parsers crash on such
files. So a child reads it, writes its columns anew, and checks what it wrote against the exact schema; this process can
trust that to be what the manifest said. Run as `python -m linkage.linker.parse`; the order comes on standard input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import ContentWrong
from linkage.limits import limit
from linkage.transfer.manifest import Manifest

if TYPE_CHECKING:
    import polars as pl

MEMORY_BYTES = 12 * 1024**3
SECONDS = 900
BYTES_BESIDE_ROWS = 1024**2
_WRONG = "de inhoud van het pakket is niet wat het manifest zegt; laat de houder opnieuw coderen"
_TOO_LONG = (
    f"het lezen van het pakket duurde langer dan {SECONDS // 60} minuten en is afgebroken; is deze computer niet druk "
    "bezig, laat de houder dan opnieuw coderen"
)
_ENDED = (
    "het lezen van het pakket is door het systeem afgebroken: de inhoud is beschadigd of vraagt meer dan "
    f"{MEMORY_BYTES // 1024**3} GiB geheugen; heeft deze computer minder vrij, maak dan ruimte, en laat anders de "
    "houder opnieuw coderen"
)


def parse(body: Path, checked: Path, manifest: Manifest) -> None:
    """Check a body in a child process and write it to `checked`. Raises ContentWrong."""
    try:
        code: int | None = subprocess.run(
            [sys.executable, "-I", "-m", "linkage.linker.parse"],
            input=json.dumps(order_of(body, checked, manifest)).encode("utf-8"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        code = None
    if code != 0 or not checked.exists():
        checked.unlink(missing_ok=True)
        raise ContentWrong(_why(code))


def _why(code: int | None) -> str:
    """What is known of a child that did not say yes: no code is too long, one below zero a signal of the system."""
    if code is None:
        return _TOO_LONG
    return _ENDED if code < 0 else _WRONG


def order_of(body: Path, checked: Path, manifest: Manifest) -> dict[str, Any]:
    """What the child is asked."""
    return {
        "body": str(body),
        "checked": str(checked),
        "rows": manifest.rows,
        "pseudonyms": list(manifest.pseudonyms),
        "columns": [column.model_dump() for column in manifest.columns],
    }


def _limit(order: dict[str, Any]) -> None:
    """The file that is written holds no more than its rows: 16 bytes for a pseudonym, 4 for a number, and the rest."""
    row = 32 * len(order["pseudonyms"]) + 8 * len(order["columns"])
    limit(MEMORY_BYTES, SECONDS, order["rows"] * row + BYTES_BESIDE_ROWS)


def _check(order: dict[str, Any]) -> None:
    import polars as pl

    types = {"boolean": pl.Boolean(), "integer": pl.Int32(), "category": pl.Int32()}
    schema: dict[str, Any] = {name: pl.Binary() for name in order["pseudonyms"]}
    schema |= {column["name"]: types[column["type"]] for column in order["columns"]}
    body = pl.scan_parquet(order["body"], glob=False, hive_partitioning=False)
    if list(body.collect_schema().items()) != list(schema.items()) or _rows(body) != order["rows"]:
        raise SystemExit(2)
    # A hostile file can read otherwise the next time, so what is measured is what will be read: the file written here.
    body.sink_parquet(order["checked"], compression="lz4", statistics=False)
    frame = pl.scan_parquet(order["checked"], glob=False, hive_partitioning=False)
    rows, *measured = frame.select(_counted(), *_measured(order)).collect(engine="streaming").row(0)
    if rows != order["rows"] or not all(measured):
        raise SystemExit(3)


def _rows(frame: pl.LazyFrame) -> int:
    return int(frame.select(_counted()).collect(engine="streaming").item())


def _counted() -> pl.Expr:
    """The rows, counted in the values of the first column: a footer can say any number."""
    import polars as pl

    return (pl.first().count() + pl.first().null_count()).alias("rows")


def _measured(order: dict[str, Any]) -> list[pl.Expr]:
    """Whether every pseudonym has 16 bytes and every number lies in its range."""
    import polars as pl

    checks = [(pl.col(name).bin.size() == 16).all().alias(f"b{i}") for i, name in enumerate(order["pseudonyms"])]
    for i, column in enumerate(order["columns"]):
        if column["type"] != "boolean":
            inside = pl.col(column["name"]).is_between(column["minimum"], column["maximum"])
            checks.append(inside.all().alias(f"c{i}"))
    return checks


if __name__ == "__main__":
    asked = json.loads(sys.stdin.buffer.read())
    _limit(asked)
    _check(asked)
