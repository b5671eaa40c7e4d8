"""Parse a decrypted body in a child process, with limits on memory and time.

A signed package may still hold a hostile Parquet file (the holder may be malicious), and parsers crash on such
files. So a child reads it against the exact schema, and writes the values to the places that the manifest gives
(`linkage.linker.checked`), where this process checks them. Run as `python -m linkage.linker.parse`; the order comes on
standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import ContentWrong
from linkage.limits import limit
from linkage.linker.checked import BATCH, WRONG, Field, layout, size, write

if TYPE_CHECKING:
    import polars as pl

    from linkage.transfer.manifest import Manifest

MEMORY_BYTES = 12 * 1024**3
SECONDS = 900
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
    """Check a body in a child process and write it to `checked`, for `batches`. Raises ContentWrong."""
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
    return _ENDED if code < 0 else WRONG


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
    """The file that is written holds its rows and nothing more."""
    limit(MEMORY_BYTES, SECONDS, size(order["rows"], _fields(order)))


def _fields(order: dict[str, Any]) -> list[Field]:
    return layout(order["rows"], order["pseudonyms"], order["columns"])


def _check(order: dict[str, Any]) -> None:
    import polars as pl

    fields = _fields(order)
    body = pl.scan_parquet(order["body"], glob=False, hive_partitioning=False)
    if list(body.collect_schema().items()) != [(field.name, field.dtype) for field in fields]:
        raise SystemExit(2)
    target = os.open(order["checked"], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    if _written(body, target, fields, order["rows"]) != order["rows"]:
        raise SystemExit(3)


def _written(body: pl.LazyFrame, target: int, fields: Sequence[Field], rows: int) -> int:
    """The rows, counted in what is written: a footer can say any number."""
    there = 0
    for batch in body.collect_batches(chunk_size=BATCH, maintain_order=True, engine="streaming"):
        if there + batch.height > rows:
            raise SystemExit(3)
        try:
            write(target, there, batch, fields)
        except ValueError:  # a pseudonym of another width
            raise SystemExit(3) from None
        there += batch.height
    return there


if __name__ == "__main__":
    asked = json.loads(sys.stdin.buffer.read())
    _limit(asked)
    _check(asked)
