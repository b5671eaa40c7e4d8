"""Raw exports to batches of text: CSV, Excel and Parquet, told apart by their first bytes and not by their name.

Only the columns that the study maps are read on; the others stay in the file. Nothing is written to disk.
"""

from __future__ import annotations

from pathlib import Path

from linkage.errors import InputUnreadable
from linkage.holder.apart import read_apart
from linkage.holder.export import Export, Progress, RawBatch
from linkage.holder.read_csv import read_csv
from linkage.study import Holder

__all__ = ["Export", "Progress", "RawBatch", "read"]

PARQUET = b"PAR1"
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open an export as the study describes it. Raises InputUnreadable, ColumnMissing."""
    magic = _magic(path)
    if not magic:
        raise InputUnreadable(f"{path.name} is leeg; maak de export opnieuw")
    if magic.startswith(PARQUET):
        return read_apart("parquet", path, holder, progress)
    if magic.startswith(WORKBOOKS):
        return read_apart("excel", path, holder, progress)
    return read_csv(path, holder, progress)


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te openen; controleer het pad en de rechten") from None
