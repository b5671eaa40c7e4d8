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

# What is held takes about four times as much while it is sorted or spilled.
BUDGET_BYTES = 64 * 1024 * 1024


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
        """All rows, in the order of their content, a bucket at a time."""
        if self._file is None:
            if self._held:
                yield _in_order(self._held)
            return
        self._spill()
        for bucket in sorted(self._segments):
            yield _in_order([self._read(*segment) for segment in self._segments[bucket]])

    def _spill(self) -> None:
        if not self._held:
            return
        frame = pl.concat(self._held).with_columns(_bucket(self._held[0]).alias("bucket"))
        self._held, self._held_bytes = [], 0
        for (bucket,), part in frame.partition_by("bucket", as_dict=True, include_key=False).items():
            self._append(int(bucket), part)

    def _append(self, bucket: int, part: pl.DataFrame) -> None:
        plain = io.BytesIO()
        part.write_parquet(plain, statistics=False, compression="uncompressed")
        sealed = self._aead.encrypt(self._written.to_bytes(12, "big"), plain.getvalue(), None)
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
        return pl.read_parquet(io.BytesIO(plain))


def _bucket(frame: pl.DataFrame) -> pl.Expr:
    """Which rows stand together: by the first pseudonym that a row has, and the first byte of it.

    Buckets are in the order of their rows: sorting puts null first, so rows without the first pseudonym come before
    the others, in the order of their second.
    """
    fields = [name for name, dtype in frame.schema.items() if dtype == pl.Binary]
    bucket = pl.lit(-1, pl.Int32)
    for rank, name in enumerate(reversed(fields)):
        byte = pl.col(name).bin.slice(0, 1).bin.encode("hex").str.to_integer(base=16, dtype=pl.Int32)
        bucket = pl.when(pl.col(name).is_not_null()).then(byte + 256 * rank).otherwise(bucket)
    return bucket


def _in_order(frames: list[pl.DataFrame]) -> pl.DataFrame:
    frame = pl.concat(frames)
    # Sixteen bytes as one unsigned number, highest byte first, are in the same order, and much quicker to compare.
    numbers = [
        pl.col(name).bin.reinterpret(dtype=pl.UInt128, endianness="big") if dtype == pl.Binary else pl.col(name)
        for name, dtype in frame.schema.items()
    ]
    # In most deliveries the first pseudonym differs from row to row, and decides alone.
    ordered = frame.sort(numbers[0], nulls_last=False)
    first = ordered.select(numbers[0]).to_series()
    return frame.sort(numbers, nulls_last=False) if first.eq_missing(first.shift(1))[1:].any() else ordered
