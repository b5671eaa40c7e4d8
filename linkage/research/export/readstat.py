"""SPSS and Stata files, by pyreadstat (docs/spec/export-v1.md, section 4)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from linkage.errors import ExtraMissing, OutputError
from linkage.research.export.labels import Limits, Variable, in_bytes, shorten

SPSS = Limits(
    name=64,
    label=256,
    size=in_bytes,
    reserved=frozenset({"all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"}),
    one_case=True,
)
STATA = Limits(
    name=29,  # Stata allows 32; pyreadstat names a set of value labels after its variable and a number
    label=80,
    reserved=frozenset({"byte", "double", "float", "if", "in", "int", "long", "str", "strL", "using", "with"}),
)
STATA_VERSION = 14  # format 118: UTF-8, and readable by every edition; 119 is for Stata/MP alone
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOTE_BYTES = 80
SAV_MOMENT = re.compile(rb"(?s)\$FL2.{88}(\d\d \w{3} \d\d\d\d:\d\d:\d\d)")
DTA_MOMENT = re.compile(rb"(?s)<stata_dta>.*?<timestamp>\x11(\d\d \w{3} \d{4} \d\d:\d\d)</timestamp>")


@dataclass(frozen=True)
class Coded:
    """A file of doubles and text: one row per household, `variables` in the order of the columns."""

    frame: pl.DataFrame
    variables: tuple[Variable, ...]
    title: str
    notes: tuple[str, ...]
    created: dt.date

    @property
    def labels(self) -> dict[str, str]:
        """Name of the variable -> label."""
        return {variable.name: variable.label for variable in self.variables}

    @property
    def meanings(self) -> dict[str, dict[int, str]]:
        """Name of the variable -> code -> meaning."""
        return {variable.name: dict(variable.values) for variable in self.variables if variable.values}


def library() -> Any:
    """The package pyreadstat. Raises ExtraMissing."""
    try:
        return import_module("pyreadstat")
    except ImportError:
        raise ExtraMissing(
            'voor SPSS en Stata is een extra nodig; installeer het met: pip install "household-linkage[spss]"'
        ) from None


def write_sav(coded: Coded, path: Path) -> None:
    """Write a system file of SPSS. Raises ExtraMissing, OutputError."""
    numbers = {v.name for v in coded.variables if v.field.type == "integer"}
    codes = {v.name for v in coded.variables if v.values}
    _write(
        library().write_sav,
        coded.frame,
        path,
        file_label=shorten(coded.title, 64, in_bytes),
        column_labels=coded.labels,
        row_compress=True,
        note=[line for note in coded.notes for line in _lines(note)],
        variable_value_labels=coded.meanings,
        variable_measure={v.name: "scale" if v.name in numbers else "nominal" for v in coded.variables},
        variable_format={**dict.fromkeys(numbers, "F16.0"), **dict.fromkeys(codes, "F8.0")},
    )
    _stamp(path, SAV_MOMENT, f"{_day(coded.created)} {coded.created:%y}00:00:00")


def write_dta(coded: Coded, path: Path) -> None:
    """Write a file of Stata 14 and later. Raises ExtraMissing, OutputError."""
    _write(
        library().write_dta,
        coded.frame,
        path,
        file_label=shorten(coded.title, 80, len),
        column_labels=coded.labels,
        version=STATA_VERSION,
        variable_value_labels=coded.meanings,
        variable_format={v.name: "%16s" if v.field.name == "study_number" else "%12.0f" for v in coded.variables},
    )
    _stamp(path, DTA_MOMENT, f"{_day(coded.created)} {coded.created:%Y} 00:00")


def _write(writer: Callable[..., None], frame: pl.DataFrame, path: Path, **options: object) -> None:
    errors = library()
    try:
        writer(frame, str(path), **options)
    except (errors.ReadstatError, errors.PyreadstatError, OSError, ValueError, TypeError, ArithmeticError):
        # The library's message may hold a value or the path.
        raise OutputError(f"{path.name} kan niet worden gemaakt; maak ruimte op de schijf, of kies csv") from None


def _day(date: dt.date) -> str:
    """Day and month as these formats write them, whatever the language of the machine."""
    return f"{date:%d} {MONTHS[date.month - 1]}"


def _stamp(path: Path, where: re.Pattern[bytes], moment: str) -> None:
    """Put a fixed moment where the library wrote the clock's, so that the same data give the same bytes."""
    with path.open("r+b") as file:
        found = where.match(file.read(4096))
        if found is None:
            raise OutputError(f"{path.name} is niet zoals verwacht; meld de versie van pyreadstat aan de beheerder")
        file.seek(found.start(1))
        file.write(moment.encode("ascii"))


def _lines(note: str) -> Iterable[str]:
    """A note in lines of at most 80 bytes, broken between words where it can be."""
    line = ""
    for word in note.split():
        longer = f"{line} {word}".strip()
        if in_bytes(longer) > NOTE_BYTES:
            yield line
            longer = shorten(word, NOTE_BYTES, in_bytes)
        line = longer
    yield line
