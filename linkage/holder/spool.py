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

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from linkage.errors import OutputError
from linkage.files import cannot_write
from linkage.hashing.columns import as_array, as_number, from_array

# What is held takes about four times as much while it is sorted or spilled.
BUDGET_BYTES = 64 * 1024 * 1024
# Names that no column of a protocol can have.
BUCKET, FIRST = ":bucket", ":first"


class Spool:
    """Takes batches in any order, gives them back sorted; a context manager, whose file is gone afterwards."""

    def __init__(self, beside: Path, budget: int | None = None) -> None:
        self._beside = beside
        self._budget = BUDGET_BYTES if budget is None else budget
        self._held: list[pl.DataFrame] = []
        self._held_bytes = 0
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
        self._held.append(frame)
        self._held_bytes += int(frame.estimated_size())
        if self._held_bytes > self._budget:
            self._spill()

    def sorted(self) -> Iterator[pl.DataFrame]:
        """All rows, in the order of their content, some buckets at a time."""
        if self._file is None:
            if self._held:
                yield _in_order(pl.concat(self._held))
            return
        self._spill()
        for segments in self._together():
            yield _in_order(_restored(pl.concat([self._read(*segment) for segment in segments], rechunk=True)))

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
        stored = _stored(pl.concat(self._held))
        self._held, self._held_bytes = [], 0  # before sorting, which takes as much again
        rows, place = stored.sort(BUCKET), 0
        for bucket, count in rows[BUCKET].value_counts().sort(BUCKET).iter_rows():
            self._append(bucket, rows.slice(place, count).drop(BUCKET))
            place += count

    def _append(self, bucket: int, part: pl.DataFrame) -> None:
        plain = io.BytesIO()
        part.write_ipc_stream(plain)
        sealed = self._aead.encrypt(self._written.to_bytes(12, "big"), plain.getbuffer(), None)
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

    def _read(self, number: int, place: int, length: int) -> pl.DataFrame:
        assert self._file is not None
        try:
            self._file.seek(place)
            plain = self._aead.decrypt(number.to_bytes(12, "big"), self._file.read(length), None)
        except (OSError, InvalidTag):
            raise OutputError("het tussenbestand is op de schijf beschadigd; begin opnieuw") from None
        return pl.read_ipc_stream(io.BytesIO(plain))


def _pseudonyms(frame: pl.DataFrame) -> list[str]:
    return [name for name, dtype in frame.schema.items() if dtype == pl.Binary]


def _stored(frame: pl.DataFrame) -> pl.DataFrame:
    """With buckets, and arrays for pseudonyms: a column of them is one stretch of memory, written as it is."""
    arrays = [as_array(pl.col(name)) for name in _pseudonyms(frame)]
    return frame.with_columns(*arrays, _bucket(frame).alias(BUCKET))


def _restored(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(from_array(frame[name]) for name, dtype in frame.schema.items() if dtype == pl.Array)


def _bucket(frame: pl.DataFrame) -> pl.Expr:
    """Which rows stand together: by the first pseudonym that a row has, and the first byte of it.

    Buckets are in the order of their rows: sorting puts null first, so rows without the first pseudonym come before
    the others, in the order of their second.
    """
    ranked = [
        (as_number(pl.col(name)) // 2**120).cast(pl.Int32) + 256 * rank
        for rank, name in enumerate(reversed(_pseudonyms(frame)))
    ]
    return pl.coalesce(*reversed(ranked), pl.lit(-1, pl.Int32))


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    pseudonyms = _pseudonyms(frame)
    # In most deliveries the first pseudonym differs from row to row, and its first eight bytes decide alone.
    ordered = frame.with_columns((as_number(pl.col(pseudonyms[0])) // 2**64).cast(pl.UInt64).alias(FIRST)).sort(FIRST)
    first = ordered[FIRST]
    if first.eq_missing(first.shift(1))[1:].any():
        return frame.sort([as_number(pl.col(name)) if name in pseudonyms else pl.col(name) for name in frame.columns])
    return ordered.drop(FIRST)
