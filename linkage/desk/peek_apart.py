"""The first rows of a workbook or a Parquet file, read in a child process with limits on memory and time.

Their readers are native code: a file of a few kilobytes can make them abort, and the desk with them
(docs/adr/0021). Run as `python -m linkage.desk.peek_apart`; the order comes on standard input.
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
from linkage.holder.read import WORKBOOKS
from linkage.study import Format

HEADER_ROWS = 20
SAMPLE_ROWS = 200
MEMORY_BYTES = 4 * 1024**3
SECONDS = 300.0
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Sheet:
    """The first rows of an export as text, before it is known which of them has the column names."""

    kind: str
    format: Format
    sheets: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def peek_apart(reader: str, path: Path, agreed: Format) -> Sheet:
    """As the reader of that name, in a child. Raises InputUnreadable, also where the child died."""
    order = {"reader": reader, "path": str(path.absolute()), "format": agreed.model_dump()}
    command = [sys.executable, "-I", "-m", "linkage.desk.peek_apart"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(order).encode("utf-8"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=True,
        )
        said = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError):
        raise InputUnreadable(
            f"{path.name} is niet te lezen: het bestand is beschadigd, of veel te groot; maak de export opnieuw, of "
            "bewaar hem als CSV UTF-8"
        ) from None
    if "error" in said:
        raise InputUnreadable(said["error"])
    rows = tuple(tuple(row) for row in said["rows"])
    return Sheet(said["kind"], Format.model_validate(said["format"]), tuple(said["sheets"]), rows)


# --- in the child -----------------------------------------------------------------------------------


def excel(path: Path, agreed: Format) -> Sheet:
    """The first rows of a sheet: the agreed one, else the first. Raises InputUnreadable."""
    import fastexcel

    if _has_password(path):
        raise InputUnreadable(
            f"{path.name} heeft een wachtwoord; open het in Excel, haal bij Bestand > Info > Werkmap beveiligen het "
            "wachtwoord weg, bewaar het, en kies het opnieuw"
        )
    try:
        book = fastexcel.read_excel(path)
        names = tuple(book.sheet_names)
        sheet = agreed.sheet if agreed.sheet in names else names[0]
        loaded = book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", n_rows=HEADER_ROWS + SAMPLE_ROWS)
        rows = loaded.to_polars().rows()
    except (ValueError, OSError, LookupError, RuntimeError):
        raise InputUnreadable(_no_excel(path)) from None
    except Exception as error:  # the library's own errors share no base but Exception; they may quote a cell
        if type(error).__module__.split(".")[0] not in ("fastexcel", "_fastexcel", "polars"):
            raise
        raise InputUnreadable(_no_excel(path)) from None
    texts = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    return Sheet("Excel", agreed.model_copy(update={"sheet": sheet}), names, texts)


def _has_password(path: Path) -> bool:
    """An encrypted workbook is an old container, in which a part has this name."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return content.startswith(WORKBOOKS[1]) and ENCRYPTED in content


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
    rows = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in sample)
    return Sheet("Parquet", agreed, (), (tuple(names), *rows))


READERS: dict[str, Callable[[Path, Format], Sheet]] = {"excel": excel, "parquet": parquet}


def _limit(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    _limit(MEMORY_BYTES)
    try:
        made: dict[str, Any] = asdict(READERS[order["reader"]](Path(order["path"]), Format(**order["format"])))
        said = {**made, "format": made["format"].model_dump()}
    except InputUnreadable as error:
        said = {"error": str(error)}
    sys.stdout.buffer.write(json.dumps(said).encode("utf-8"))


if __name__ == "__main__":
    _main()
