"""The answer to a query on the holder's own database, by ODBC, batch by batch. Runs in the child process alone.

The driver is native code of another maker, and what it says quotes the query, names and cells: of an error no more goes
on than its five-character state, by a closed table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from linkage.errors import ExtraMissing, InputUnreadable
from linkage.holder.database import query_of
from linkage.holder.export import (
    BATCH_ROWS,
    Export,
    Progress,
    RawBatch,
    as_text,
    numbered,
    others,
    positions,
    refuse_long,
)
from linkage.holder.source import Database, Source
from linkage.study import Holder

MOST_TEXT = 4096
BUFFER_BYTES = 64 * 1024 * 1024
LOGIN_SECONDS = 30
_STATE = re.compile(r"State: ([0-9A-Z]{5})")
_LONG = "truncat"
# By the beginning of the state, the longest first (ISO/IEC 9075-3, ODBC appendix A).
_REASONS = {
    "IM002": "deze gegevensbron (DSN) is er niet; vraag systeembeheer naar de naam",
    "01000": "het stuurprogramma (driver) is er niet; laat systeembeheer het installeren",
    "IM003": "het stuurprogramma (driver) is er niet; laat systeembeheer het installeren",
    "08": "de database is niet te bereiken; staat hij aan, en mag deze computer erbij?",
    "28": "de database laat u niet toe; controleer uw naam en wachtwoord",
    "42S02": "een tabel uit de query is er niet; controleer de query",
    "42S22": "een kolom uit de query is er niet; controleer de query",
    "42": "de query is niet goed, of u mag deze tabel niet lezen; controleer de query",
    "HYT": "de database antwoordt niet op tijd; probeer het later, of vraag minder",
}


def read_database(path: Path, holder: Holder, progress: Progress) -> Export:
    """Ask the query. Raises InputUnreadable, ColumnMissing, ExtraMissing."""
    answer = Answer(path)
    found = positions(path, holder, answer.names)
    texts = [as_text(path, answer.names[at], answer.types[at], holder).alias(key) for key, at in found.items()]
    return Export("database", others(answer.names, found), _batches(path, answer, texts, progress))


class Answer:
    """What a database answers: the names and types of its columns, and frames of rows."""

    def __init__(self, path: Path) -> None:
        """Ask. Raises InputUnreadable, ExtraMissing."""
        library = _library()
        asked = path.database if isinstance(path, Source) else None
        assert asked is not None
        self._path, self._error = path, library.Error
        try:
            self._reader = _asked(library, query_of(path), asked)
            self.names = list(self._reader.schema.names)
            if not self.names or len(set(self.names)) < len(self.names):
                raise InputUnreadable(f"{path.name}: geef elke kolom in de query een eigen naam, met AS")
            empty: Any = pl.from_arrow(self._reader.schema.empty_table())
        except (library.Error, pl.exceptions.PolarsError, ValueError, TypeError) as error:
            raise InputUnreadable(_in_words(path, str(error))) from None
        self.types = list(empty.dtypes)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The rows. Raises InputUnreadable."""
        try:
            for batch in self._reader:
                frame: Any = pl.from_arrow(batch)
                yield frame
        except (self._error, pl.exceptions.PolarsError) as error:
            raise InputUnreadable(_in_words(self._path, str(error))) from None


def _asked(library: Any, query: str, asked: Database) -> Any:
    return library.read_arrow_batches_from_odbc(
        query,
        asked.connection,
        user=asked.user,
        password=asked.password,
        batch_size=BATCH_ROWS,
        max_bytes_per_batch=BUFFER_BYTES,
        max_text_size=MOST_TEXT,
        max_binary_size=MOST_TEXT,
        falliable_allocations=True,
        login_timeout_sec=LOGIN_SECONDS,
        fetch_concurrently=False,
    )


def _batches(path: Path, answer: Answer, texts: list[pl.Expr], progress: Progress) -> Iterator[RawBatch]:
    row = 1
    for frame in answer.frames():
        batch = refuse_long(path, RawBatch(numbered(frame.select(texts), row)))
        row += frame.height
        progress(row - 1, 0)  # how many there are, a database says at the end
        yield batch


def _library() -> Any:
    try:
        return import_module("arrow_odbc")
    except ModuleNotFoundError:
        missing = 'installeer haar met: pip install "household-linkage[database]"'
    except OSError:  # the driver manager, which is no Python package
        missing = "installeer unixODBC met: sudo apt install unixodbc"
    raise ExtraMissing(f"de verbinding met databases (ODBC) ontbreekt; {missing}")


def _in_words(path: Path, said: str) -> str:
    if _LONG in said:
        return (
            f"{path.name}: een cel heeft meer dan {MOST_TEXT} tekens; vraag in de query alleen de kolommen die nodig "
            "zijn"
        )
    found = _STATE.search(said)
    state = found.group(1) if found else ""
    start = max((start for start in _REASONS if state.startswith(start)), key=len, default="")
    reason = _REASONS.get(start, "de database gaf een fout; laat systeembeheer de query proberen")
    return f"{path.name}: {reason}" + (f" (ODBC {state})" if state else "")
