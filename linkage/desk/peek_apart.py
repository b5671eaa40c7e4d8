"""The first rows of an export that native code reads, in a child process with limits on memory, time and files.

A file of a few kilobytes can make such a reader abort, and the desk with it (docs/adr/0021). Run as
`python -m linkage.desk.peek_apart`; the order, with a password where there is one, comes on standard input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.errors import InputUnreadable
from linkage.holder.apart import TOLD, died, limit
from linkage.holder.read_database import Answer
from linkage.holder.read_protected import workbook
from linkage.holder.read_spss import Wanted, texts, variables
from linkage.holder.source import descriptors, order_of, ordered
from linkage.study import Format

HEADER_ROWS = 20
SAMPLE_ROWS = 200
MEMORY_BYTES = 4 * 1024**3
SECONDS = 300.0


@dataclass(frozen=True)
class Sheet:
    """The first rows of an export as text, before it is known which of them has the column names."""

    kind: str
    format: Format
    sheets: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def peek_apart(reader: str, path: Path, agreed: Format) -> Sheet:
    """As the reader of that name, in a child.

    Raises InputUnreadable, also where the child died; ExtraMissing, PassphraseNeeded, WrongPassphrase.
    """
    order = {**order_of(path), "reader": reader, "format": agreed.model_dump()}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "linkage.desk.peek_apart"],
            input=json.dumps(order).encode("utf-8"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=True,
            pass_fds=descriptors(path),
        )
        said = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        raise died(path) from None
    if "error" in said:
        raise TOLD[said["error"]](said["message"])
    rows = tuple(tuple(row) for row in said["rows"])
    return Sheet(said["kind"], Format.model_validate(said["format"]), tuple(said["sheets"]), rows)


# --- in the child -----------------------------------------------------------------------------------


def excel(path: Path, agreed: Format) -> Sheet:
    """The first rows of a sheet: the agreed one, else the first.

    Raises InputUnreadable, ExtraMissing, PassphraseNeeded, WrongPassphrase.
    """
    import fastexcel

    from linkage.holder.excel_errors import refuse_binary

    raw = workbook(path)
    refuse_binary(path, raw)
    try:
        book = fastexcel.read_excel(raw)
        names = tuple(book.sheet_names)
        sheet = agreed.sheet if agreed.sheet in names else names[0]
        loaded = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", n_rows=HEADER_ROWS + SAMPLE_ROWS)
        rows = loaded.to_polars().rows()
    except (ValueError, OSError, LookupError, RuntimeError):
        raise InputUnreadable(_no_excel(path)) from None
    except BaseException as error:  # its errors share no base, a panic is no Exception, and all may quote a cell
        if type(error).__module__.split(".")[0] not in ("fastexcel", "_fastexcel", "polars", "pyo3_runtime"):
            raise
        raise InputUnreadable(_no_excel(path)) from None
    return Sheet("Excel", agreed.model_copy(update={"sheet": sheet}), names, _texts(rows))


def _texts(rows: list[tuple[Any, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)


def _no_excel(path: Path) -> str:
    return f"{path.name} is niet te lezen als Excel; open het in Excel, bewaar het als .xlsx, en kies het opnieuw"


def parquet(path: Path, agreed: Format) -> Sheet:
    """The first rows of a Parquet file, under their names. Raises InputUnreadable."""
    import polars as pl

    try:
        lazy: Any = pl.scan_parquet(path, glob=False)
        names = lazy.collect_schema().names()
        sample = lazy.head(SAMPLE_ROWS).select(pl.all().cast(pl.String, strict=False)).collect().rows()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputUnreadable(f"{path.name} is beschadigd; maak de export opnieuw") from None
    return Sheet("Parquet", agreed, (), (tuple(names), *_texts(sample)))


def spss(path: Path, agreed: Format) -> Sheet:
    """The first cases of an SPSS file, under the names of the variables. Raises InputUnreadable, ExtraMissing."""
    about = variables(path)
    wanted = Wanted({name: name for name in about.names})
    sample = texts(path, about, wanted, 0, SAMPLE_ROWS).rows() if about.cases and about.names else []
    return Sheet("SPSS", agreed, (), (about.names, *_texts(sample)))


def database(path: Path, agreed: Format) -> Sheet:
    """The first rows that a query gives. Raises InputUnreadable, ExtraMissing."""
    answer = Answer(path)
    frame = next((frame for frame in answer.frames() if frame.height), None)
    rows = [] if frame is None else frame.head(SAMPLE_ROWS).rows()
    return Sheet("database", agreed, (), (tuple(answer.names), *_texts(rows)))


READERS: dict[str, Callable[[Path, Format], Sheet]] = {
    "excel": excel,
    "parquet": parquet,
    "spss": spss,
    "database": database,
}


def _main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    limit(order["reader"], MEMORY_BYTES)
    try:
        made: dict[str, Any] = asdict(READERS[order["reader"]](ordered(order), Format(**order["format"])))
        said = {**made, "format": made["format"].model_dump()}
    except tuple(TOLD.values()) as error:
        said = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.buffer.write(json.dumps(said).encode("utf-8"))


if __name__ == "__main__":
    _main()
