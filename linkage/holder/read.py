"""Raw exports to batches of text: CSV, Excel, Parquet and SPSS, told apart by their first bytes and not by their name.

Only the columns that the study maps are read on; the others stay in the file. Nothing is written to disk.
A path that says of which database it is the query (`Source`) is asked there.
"""

from __future__ import annotations

from pathlib import Path

from linkage.errors import InputUnreadable
from linkage.holder.export import Export, Progress, RawBatch
from linkage.holder.read_csv import read_csv
from linkage.holder.source import Source
from linkage.study import Holder

__all__ = ["Export", "Progress", "RawBatch", "read"]

PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
SPSS = (b"$FL2", b"$FL3")


def read(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open an export as the study describes it.

    Raises InputUnreadable, ColumnMissing, ExtraMissing; PassphraseNeeded, WrongPassphrase for a protected workbook.
    """
    reader = reader_of(path)
    if reader is None:
        return read_csv(path, holder, progress)
    from linkage.holder.apart import read_apart  # here: what it reads with takes a while to load

    return read_apart(reader, path, holder, progress)


def reader_of(path: Path) -> str | None:
    """Which reader of `apart` an export needs; None for text. Raises InputUnreadable."""
    if isinstance(path, Source) and path.database is not None:
        return "database"
    magic = _magic(path)
    if not magic:
        raise InputUnreadable(f"{path.name} is leeg; maak de export opnieuw")
    starts = {"parquet": (PARQUET,), "excel": WORKBOOKS, "spss": SPSS}
    return next((reader for reader, start in starts.items() if magic.startswith(start)), None)


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te openen; controleer het pad en de rechten") from None
