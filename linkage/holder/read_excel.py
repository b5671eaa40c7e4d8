"""Excel to batches: the whole sheet at once, every cell as text, numbers with the holder's own decimal sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl

from linkage.errors import ColumnMissing, InputUnreadable
from linkage.holder.excel_errors import refuse_binary, refuse_error_cells
from linkage.holder.export import (
    BATCH_ROWS,
    Export,
    Progress,
    RawBatch,
    fold,
    numbered,
    others,
    positions,
    refuse_long,
    without_empty,
)
from linkage.holder.read_protected import workbook
from linkage.study import Holder

HEADER_ROWS = 20


def read_excel(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open a workbook. Raises InputUnreadable, ColumnMissing, PassphraseNeeded, WrongPassphrase, ExtraMissing."""
    top, raw = holder.format.header_row, workbook(path)
    refuse_binary(path, raw)
    texts, numbers = _loaded(path, raw, holder)
    if texts.height < top:
        raise InputUnreadable(
            f"{path.name}: het blad heeft geen kopregel in rij {top}; pas sheet of header_row aan in de studie"
        )
    found = _found(path, texts, holder)
    refuse_error_cells(path, raw, holder, found)
    chosen = [_decimal(texts, numbers, at, holder).alias(key) for key, at in found.items()]
    body = numbered(texts, 1).with_columns(chosen).slice(top)
    records = without_empty(body).select("row", *found)
    return Export("Excel", others(_row(texts, top), found), _batches(path, records, progress))


def _row(texts: pl.DataFrame, number: int) -> list[str]:
    return ["" if name is None else str(name) for name in texts.row(number - 1)]


def _found(path: Path, texts: pl.DataFrame, holder: Holder) -> dict[str, int]:
    """Where the columns stand; where they stand in another row than agreed, the message says in which."""
    top = holder.format.header_row
    try:
        return positions(path, holder, _row(texts, top))
    except ColumnMissing:
        wanted = {fold(name) for name in holder.columns.values()}
        for number in range(1, min(HEADER_ROWS, texts.height) + 1):
            if number != top and wanted <= {fold(name) for name in _row(texts, number)}:
                raise ColumnMissing(
                    f"{path.name}: de kolomnamen staan in rij {number}, en niet in rij {top}; geef --header-row "
                    f"{number}, of laat header_row aanpassen in de studie"
                ) from None
        raise


def _loaded(path: Path, raw: bytes, holder: Holder) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sheet as text, and again as truth values: of a cell with text these are null, of a number they are not."""
    names: list[str] = []
    try:
        book = fastexcel.read_excel(raw)
        names = book.sheet_names
        sheet = holder.format.sheet or 0
        texts, numbers = (
            book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes=kind).to_polars()
            for kind in ("string", "boolean")
        )
    except (ValueError, OSError, LookupError, RuntimeError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        pass
    except BaseException as error:  # its errors share no base, a panic is no Exception, and all may quote
        if type(error).__module__.split(".")[0] not in ("fastexcel", "_fastexcel", "pyo3_runtime"):
            raise
    else:
        return texts, numbers
    if names and holder.format.sheet and holder.format.sheet not in names:
        raise InputUnreadable(
            f"{path.name}: het blad `{holder.format.sheet}` is er niet (er zijn er {len(names)}); geef --sheet met de "
            "naam van het goede blad, of laat sheet aanpassen in de studie"
        )
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
