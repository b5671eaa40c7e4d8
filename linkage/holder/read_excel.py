"""Excel to batches: the whole sheet at once, every cell as text, numbers with the holder's own decimal sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl

from linkage.errors import InputUnreadable
from linkage.holder.excel_errors import refuse_error_cells
from linkage.holder.export import (
    BATCH_ROWS,
    Export,
    Progress,
    RawBatch,
    numbered,
    others,
    positions,
    refuse_long,
    without_empty,
)
from linkage.study import Holder


def read_excel(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open a workbook. Raises InputUnreadable, ColumnMissing."""
    top = holder.format.header_row
    texts, numbers = _loaded(path, holder)
    if texts.height < top:
        raise InputUnreadable(
            f"{path.name}: het blad heeft geen kopregel in rij {top}; pas sheet of header_row aan in de studie"
        )
    header = ["" if name is None else str(name) for name in texts.row(top - 1)]
    found = positions(path, holder, header)
    refuse_error_cells(path, holder, found)
    chosen = [_decimal(texts, numbers, at, holder).alias(key) for key, at in found.items()]
    body = numbered(texts, 1).with_columns(chosen).slice(top)
    records = without_empty(body).select("row", *found)
    return Export("Excel", others(header, found), _batches(path, records, progress))


def _loaded(path: Path, holder: Holder) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sheet as text, and again as truth values: of a cell with text these are null, of a number they are not."""
    try:
        book = fastexcel.read_excel(path)
        sheet = holder.format.sheet or 0
        texts, numbers = (
            book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes=kind).to_polars()
            for kind in ("string", "boolean")
        )
    except (ValueError, OSError, LookupError, RuntimeError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        pass
    except Exception as error:  # the library's own errors share no base but Exception; they may quote a cell
        if type(error).__module__.split(".")[0] not in ("fastexcel", "_fastexcel"):
            raise
    else:
        return texts, numbers
    raise InputUnreadable(
        f"{path.name} is niet te lezen als Excel; haal een wachtwoord eraf, of controleer of het blad bestaat"
    )


def _decimal(texts: pl.DataFrame, numbers: pl.DataFrame, at: int, holder: Holder) -> pl.Series:
    text, is_number = texts.to_series(at), numbers.to_series(at).is_not_null()
    if holder.format.decimal == "point":
        return text
    return text.zip_with(~is_number, text.str.replace(".", ",", literal=True))


def _batches(path: Path, body: pl.DataFrame, progress: Progress) -> Iterator[RawBatch]:
    for start in range(0, body.height, BATCH_ROWS):
        progress(min(start + BATCH_ROWS, body.height), body.height)
        yield refuse_long(path, RawBatch(body.slice(start, BATCH_ROWS)))
