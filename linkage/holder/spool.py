"""Rows on their way to the package: in memory, and beyond a budget in an encrypted file whose key never leaves memory.

Rows leave in the order of their content (pseudonyms first), which is the same as a random order to anyone
without the key and carries nothing of the order in the export (docs/adr/0003).
"""

from __future__ import annotations

import io
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from numpy.typing import NDArray

from linkage.errors import OutputError
from linkage.files import cannot_write
from linkage.hashing.columns import as_number
from linkage.holder.packed import Rows, behind, format_of, high, pack, unpack

# What is held takes about four times as much while it is sorted or spilled.
BUDGET_BYTES = 64 * 1024 * 1024


class Spool:
    """Takes batches in any order, gives them back sorted; a context manager, whose file is gone afterwards."""

    def __init__(self, beside: Path, budget: int | None = None) -> None:
        self._beside = beside
        self._budget = BUDGET_BYTES if budget is None else budget
        self._held: list[Rows] = []
        self._held_bytes = 0
        self._schema = pl.Schema()
        self._file: IO[bytes] | None = None
        self._segments: dict[int, list[tuple[int, int, int]]] = {}
        self._aead = ChaCha20Poly1305(secrets.token_bytes(32))
        self._written = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._held.clear()

    def add(self, frame: pl.DataFrame) -> None:
        """Keep a batch. Raises OutputError where the disk is full."""
        self._schema = frame.schema
        self._held.append(pack(frame))
        self._held_bytes += self._held[-1].nbytes
        if self._held_bytes > self._budget:
            self._spill()

    def sorted(self) -> Iterator[pl.DataFrame]:
        """All rows, in the order of their content, some buckets at a time."""
        if self._file is None:
            if self._held:
                yield _in_order(behind(self._held), self._schema)
            return
        self._spill()
        for segments in self._together():
            yield _in_order(behind([self._read(*segment) for segment in segments]), self._schema)

    def _together(self) -> Iterator[list[tuple[int, int, int]]]:
        """The segments of the next buckets, of as many as take no more than a part of the budget, or of one."""
        found: list[tuple[int, int, int]] = []
        size = 0
        for bucket in sorted(self._segments):
            more = sum(length for *_, length in self._segments[bucket])
            if found and size + more > self._budget // 4:
                yield found
                found, size = [], 0
            found, size = found + self._segments[bucket], size + more
        yield found

    def _spill(self) -> None:
        if not self._held:
            return
        rows = behind(self._held)
        self._held, self._held_bytes = [], 0  # before sorting, which takes as much again
        for bucket, part in _parts(rows, list(self._schema.dtypes()).count(pl.Binary())):
            self._append(bucket, part)

    def _append(self, bucket: int, part: Rows) -> None:
        sealed = self._aead.encrypt(self._written.to_bytes(12, "big"), part.view(np.uint8).data, None)
        try:
            if self._file is None:
                # Opened and unlinked by the system: it has no name for anyone to find after a crash.
                self._file = tempfile.TemporaryFile(dir=self._beside)  # noqa: SIM115  -- closed in __exit__
            self._file.seek(0, io.SEEK_END)
            place = self._file.tell()
            self._file.write(sealed)
        except OSError as error:
            raise cannot_write(self._beside / "tussenbestand", error) from None
        self._segments.setdefault(bucket, []).append((self._written, place, len(sealed)))
        self._written += 1

    def _read(self, number: int, place: int, length: int) -> Rows:
        assert self._file is not None
        try:
            self._file.seek(place)
            plain = self._aead.decrypt(number.to_bytes(12, "big"), self._file.read(length), None)
        except (OSError, InvalidTag):
            raise OutputError("het tussenbestand is op de schijf beschadigd; begin opnieuw") from None
        return np.frombuffer(plain, format_of(self._schema))


def _parts(rows: Rows, count: int) -> Iterator[tuple[int, Rows]]:
    """The rows of each bucket, of rows of which the first `count` columns are pseudonyms."""
    buckets = _buckets(rows, count)
    ordered, place = rows.take(np.argsort(buckets, kind="stable")), 0
    for bucket, height in enumerate(np.bincount(buckets).tolist()):
        if height:
            yield bucket, ordered[place : place + height]
        place += height


def _buckets(rows: Rows, count: int) -> NDArray[np.uint16]:
    """Which rows stand together: by the first pseudonym that a row has, and the first byte of it.

    Buckets are in the order of their rows: null comes first, so rows without the first pseudonym come before the
    others, in the order of their second.
    """
    found, left = np.zeros(len(rows), np.uint16), np.ones(len(rows), np.bool_)
    for at in range(count):
        here = left & rows[f"{at}?"]
        found[here] = (high(rows, at) >> np.uint64(56))[here] + np.uint64(256 * (count - 1 - at) + 1)
        left &= ~here
        if not left.any():
            break
    return found


def _in_order(rows: Rows, schema: pl.Schema) -> pl.DataFrame:
    # In most deliveries the first pseudonym differs from row to row, and its first eight bytes decide alone.
    first = high(rows, 0)
    order = np.argsort(first)
    if (first[order[1:]] != first[order[:-1]]).all():
        return unpack(rows, schema, order)
    frame = unpack(rows, schema)
    return frame.sort([as_number(pl.col(n)) if kind == pl.Binary else pl.col(n) for n, kind in schema.items()])
