"""Excel to batches: the whole sheet at once, every cell as text, numbers with the holder's own decimal sign.

A cell with an error of Excel (#N/B, #DEEL/0!) reads as empty, which would be "none"; so it is looked for in the
sheet's own XML and refused.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl

from linkage.errors import InputUnreadable
from linkage.holder.export import BATCH_ROWS, Export, Progress, RawBatch, numbered, others, positions, without_empty
from linkage.study import Holder

_ERROR_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]+)"[^>]*\bt="e"')
_CELL = re.compile(rb'<c r="([A-Z]{1,3})[0-9]+"')


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
    _refuse_errors(path, holder, found)
    chosen = [_decimal(texts, numbers, at, holder).alias(key) for key, at in found.items()]
    body = numbered(texts, 1).with_columns(chosen).slice(top)
    records = without_empty(body).select("row", *found)
    return Export("Excel", others(header, found), _batches(records, progress))


def _loaded(path: Path, holder: Holder) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sheet as text, and again as truth values: of a cell with text these are null, of a number they are not."""
    try:
        book = fastexcel.read_excel(path)
        sheet = holder.format.sheet or 0
        texts, numbers = (
            book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes=kind).to_polars()  # type: ignore[arg-type]
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


def _batches(body: pl.DataFrame, progress: Progress) -> Iterator[RawBatch]:
    for start in range(0, body.height, BATCH_ROWS):
        yield RawBatch(body.slice(start, BATCH_ROWS))
        progress(min(start + BATCH_ROWS, body.height), body.height)


# --- cells with an error ------------------------------------------------------------------------


def _refuse_errors(path: Path, holder: Holder, found: dict[str, int]) -> None:
    xml = _sheet_xml(path, holder)
    errors = [(_column(match[1]), int(match[2])) for match in _ERROR_CELL.finditer(xml)]
    if not errors:
        return
    left = min(_column(match[1]) for match in _CELL.finditer(xml))
    mapped = {left + at: holder.columns[key] for key, at in found.items()}
    bad = [(row, mapped[column]) for column, row in errors if column in mapped and row > holder.format.header_row]
    if bad:
        row, name = min(bad)
        raise InputUnreadable(
            f"{path.name}, rij {row}: de cel van `{name}` is een fout van Excel (zoals #N/B), en {len(bad) - 1} andere cellen "
            "ook; herstel ze en bewaar het bestand opnieuw"
        )


def _sheet_xml(path: Path, holder: Holder) -> bytes:
    """The XML of the chosen sheet; empty for an older kind of workbook, which has none."""
    try:
        with zipfile.ZipFile(path) as book:
            names = book.namelist()
            if "xl/workbook.xml" not in names:
                return b""
            sheets = re.findall(rb"<sheet [^>]*>", book.read("xl/workbook.xml"))
            targets = _targets(book.read("xl/_rels/workbook.xml.rels"))
            chosen = sheets[_sheet_index(path, holder)]
            relation = re.search(rb'r:id="([^"]+)"', chosen)
            target = targets.get(relation[1] if relation else b"", "")
            return book.read(target) if target in names else b""
    except (zipfile.BadZipFile, OSError, LookupError, ValueError, NotImplementedError):
        return b""


def _targets(xml: bytes) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for relation in re.findall(rb"<Relationship [^>]*>", xml):
        name, target = re.search(rb'Id="([^"]+)"', relation), re.search(rb'Target="([^"]+)"', relation)
        if name and target:
            place = target[1].decode("utf-8")
            found[name[1]] = place.removeprefix("/") if place.startswith("/") else f"xl/{place}"
    return found


def _sheet_index(path: Path, holder: Holder) -> int:
    return fastexcel.read_excel(path).sheet_names.index(holder.format.sheet) if holder.format.sheet else 0


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
