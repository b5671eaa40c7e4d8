"""What a variable is called and what its codes mean (docs/spec/export-v1.md, sections 2 to 4)."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from linkage.codebook import Field, fields
from linkage.errors import HouseholdFileWrong, ResearchError
from linkage.research.households import HouseholdFile
from linkage.study import Study

NO_YES = ((0, "nee"), (1, "ja"))
EXACT = 2**53  # the largest whole number up to which a binary double is exact
TYPES: dict[str, pl.DataType] = {"text": pl.String(), "integer": pl.Int64(), "boolean": pl.Boolean()}
STUDY_NUMBER = r"^[0-9a-f]{16}$"
FORMULA = ("=", "+", "-", "@")


def in_bytes(text: str) -> int:
    """The length of a text in UTF-8."""
    return len(text.encode("utf-8"))


@dataclass(frozen=True)
class Limits:
    """What a program allows: the length of a name and of a label, and names that it keeps for itself."""

    name: int = 1000
    label: int = 10_000
    size: Callable[[str], int] = len
    reserved: frozenset[str] = field(default_factory=frozenset)
    one_case: bool = False


@dataclass(frozen=True)
class Variable:
    """A column in an export: `name` there, `field.name` in the household file; `values` are code and meaning."""

    field: Field
    name: str
    label: str
    values: tuple[tuple[int, str], ...]

    @property
    def renamed(self) -> bool:
        """Whether the program could not have the column's own name."""
        return self.name != self.field.name


# --- names and labels -----------------------------------------------------------------------------------


def variables(study: Study, limits: Limits) -> tuple[Variable, ...]:
    """The variables of an export, in the order of the household file. Raises ResearchError where two get one name."""
    columns = fields(study.protocol)
    names = _names([column.name for column in columns], limits)
    return tuple(
        Variable(column, name, _label(column, name, limits), _values(column, study))
        for column, name in zip(columns, names, strict=True)
    )


def _names(wanted: list[str], limits: Limits) -> list[str]:
    names: list[str] = []
    for name in wanted:
        taken = {_key(other, limits) for other in names}
        free = _legal(name, limits) and _key(name, limits) not in taken
        names.append(name if free else _shortened(name, limits))
    if len({_key(name, limits) for name in names}) != len(names):
        raise ResearchError("twee kolommen krijgen in dit formaat dezelfde naam; kies csv of parquet")
    return names


def _key(name: str, limits: Limits) -> str:
    return name.casefold() if limits.one_case else name


def _legal(name: str, limits: Limits) -> bool:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) and len(name) <= limits.name
    return bool(plain) and _key(name, limits) not in limits.reserved


def _shortened(name: str, limits: Limits) -> str:
    """The beginning of a name and six digits of its hash: the same on every run, whatever the other names are."""
    mark = hashlib.sha256(name.encode("utf-8")).hexdigest()[:6]
    return f"{re.sub('[^A-Za-z0-9_]', '_', name)[: limits.name - 7]}_{mark}"


def _label(column: Field, name: str, limits: Limits) -> str:
    """Title and unit; and the column's own name where the program cannot have it."""
    end = f" ({column.unit})" if column.unit else ""
    end += f" [{column.name}]" if name != column.name else ""
    return shorten(column.title, limits.label - limits.size(end), limits.size) + end


def shorten(text: str, limit: int, size: Callable[[str], int]) -> str:
    """A text of at most `limit`, cut between characters and ended by dots where it was longer."""
    if size(text) <= limit:
        return text
    while size(text) > limit - 3:
        text = text[:-1]
    return text + "..."


def _values(column: Field, study: Study) -> tuple[tuple[int, str], ...]:
    if column.type == "boolean":
        return NO_YES
    return tuple(enumerate(study.study.areas, start=1)) if column.name == "wijk" else ()


# --- the values -----------------------------------------------------------------------------------------


def checked(file: HouseholdFile) -> pl.DataFrame:
    """The frame, if it has the columns, study numbers and wijken that it must have. Raises HouseholdFileWrong.

    So no text that somebody else chose gets into an export, where a spreadsheet would run it.
    """
    wanted = {column.name: TYPES[column.type] for column in fields(file.protocol)}
    if dict(file.frame.schema) != wanted or list(file.frame.columns) != list(wanted):
        raise HouseholdFileWrong("het bestand heeft andere kolommen dan het protocol zegt; neem dat van de koppelaar")
    numbers, wijken = file.frame["study_number"], file.frame["wijk"].drop_nulls()
    if numbers.has_nulls() or not numbers.str.contains(STUDY_NUMBER).all() or numbers.n_unique() != numbers.len():
        raise HouseholdFileWrong("kolom study_number heeft iets anders dan studienummers; neem het goede bestand")
    if not wijken.is_in(file.areas).all():
        raise HouseholdFileWrong("kolom wijk heeft een waarde die niet in de studie staat; neem de goede studie")
    return file.frame


def coded(frame: pl.DataFrame, study: Study) -> pl.DataFrame:
    """The frame with 0 and 1 for no and yes (Int64), and the rest as it is; null stays null."""
    yes_no = [column.name for column in fields(study.protocol) if column.type == "boolean"]
    return frame.with_columns(pl.col(yes_no).cast(pl.Int64))


def as_doubles(frame: pl.DataFrame, made: Iterable[Variable]) -> pl.DataFrame:
    """Codes for wijken too, doubles, and the names of the export. Raises ResearchError where a double is not exact."""
    made = tuple(made)
    for variable in made:
        if variable.field.type == "integer" and not _exact(frame[variable.field.name]):
            raise ResearchError(
                f"kolom {variable.field.name} heeft een getal dat SPSS en Stata niet precies bewaren; "
                "kies csv of parquet"
            )
    return frame.select(_double(variable) for variable in made)


def _exact(column: pl.Series) -> bool:
    return bool(column.drop_nulls().is_between(-EXACT, EXACT).all())


def _double(variable: Variable) -> pl.Expr:
    column = pl.col(variable.field.name)
    if variable.field.type == "text" and variable.values:
        codes = {meaning: code for code, meaning in variable.values}
        column = column.replace_strict(codes, default=None, return_dtype=pl.Float64)
    elif variable.field.type != "text":
        column = column.cast(pl.Float64)
    return column.alias(variable.name)


# --- the codebook ---------------------------------------------------------------------------------------

HEADER = ["naam", "kolom", "type", "omschrijving", "eenheid", "bron", "populatie", "leeg betekent", "waarden"]


def codebook(made: Iterable[Variable], codes: bool) -> bytes:
    """The codebook of an export: a line per variable, `;`, UTF-8 with a byte order mark for Dutch Excel.

    With `codes` the wijken are numbers in the export. No cell begins as a formula does.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(HEADER)
    for variable in made:
        writer.writerow([_no_formula(cell) for cell in _line(variable, codes)])
    return text.getvalue().encode("utf-8-sig")


def _line(variable: Variable, codes: bool) -> tuple[str, ...]:
    column = variable.field
    values = variable.values if codes or column.type == "boolean" else ()
    meanings = ", ".join(f"{code} = {meaning}" for code, meaning in values)
    about = (column.type, column.title, column.unit, column.source, column.population, column.empty)
    return (variable.name, column.name, *about, meanings)


def _no_formula(cell: str) -> str:
    """One line of text that a spreadsheet does not take for a formula."""
    text = " ".join(cell.split())
    return f"'{text}" if text.startswith(FORMULA) else text
