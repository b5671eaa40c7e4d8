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
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from linkage.errors import OutputError
from linkage.files import cannot_write

BUDGET_BYTES = 256 * 1024 * 1024
BUCKETS = 256


class Spool:
    """Takes batches in any order, gives them back sorted; a context manager, whose file is gone afterwards."""

    def __init__(self, beside: Path, budget: int = BUDGET_BYTES) -> None:
        self._beside = beside
        self._budget = budget
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
        if self._file is None:
            raise OutputError("het tussenbestand is weg; begin opnieuw")
        self._file.seek(place)
        plain = self._aead.decrypt(number.to_bytes(12, "big"), self._file.read(length), None)
        return pl.read_parquet(io.BytesIO(plain))


def _bucket(frame: pl.DataFrame) -> pl.Expr:
    """The first byte of the first column, a pseudonym; rows without it come first, as when sorting."""
    first = pl.col(frame.columns[0])
    return first.bin.slice(0, 1).bin.encode("hex").str.to_integer(base=16, strict=False).fill_null(-1).cast(pl.Int32)


def _in_order(frames: list[pl.DataFrame]) -> pl.DataFrame:
    frame = pl.concat(frames)
    return frame.sort(frame.columns, nulls_last=False)
