"""ASCII tables of a specification by example: what was delivered, and what each household must have.

A block of `given` is the name of a delivery, a header and rows; blocks are apart by an empty line:

    uitkeringen
    persoon | bijstand
    1       | 3

`persoon` and `huishouden` are numbers: a row names a person, or is recognised by the address of a household. Yes and no
are `ja` and `nee`; `?` and nothing are unknown. `stadsbank, niet geleverd` is a delivery that nobody delivered, and
`stadsbank, houder 2 leverde niet` one that half of its holders delivered.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from protocols import StudyProtocol
from protocols.load import validate
from protocols.model import AgeBand, AmountBand, AmountRounded, CategoryColumn, Column, Count, Delivery

AREAS = ("Noord", "Zuid")
TEXTS: dict[str, bool | None] = {"ja": True, "nee": False, "?": None, "": None}
MEMBERS: dict[str, object] = {"place": "overig", "moves": "0", "wijk": "Noord"}
LATE = ", houder 2 leverde niet"
NEVER = ", niet geleverd"

Value = bool | int | str | None
Row = dict[str, Value]
Answers = dict[int, Row]


@dataclass(frozen=True)
class Case:
    """One example: a piece of protocol, what was delivered under it, and what must come out."""

    title: str
    protocol: str
    given: str
    expected: str


@dataclass(frozen=True)
class Spec:
    """One idea of the vocabulary: its words, and examples that are tests."""

    title: str
    text: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Given:
    """`members`: persoon, huishouden and the register's columns. `records`: by delivery, houder, persoon, huishouden,
    year and columns; values as the linker has them, categories by position. `late` has deliveries not yet complete.
    """

    members: tuple[Row, ...]
    records: Mapping[str, tuple[Row, ...]]
    late: frozenset[str] = field(default_factory=frozenset)


# --- the protocol ---------------------------------------------------------------------------------


@cache
def _agreed() -> str:
    return (resources.files("protocols") / "nji_2016" / "protocol.toml").read_text("utf-8")


MADE = ("indicators", "measures", "domains", "definitions", "selections", "tables", "readings", "costs")


def protocol_of(fragment: str) -> StudyProtocol:
    """The deliveries and parameters of nji_2016 with nothing but this made of them.

    A fragment may change keys of `[parameters]`, and of `[[deliveries]]` by name. FaultyAgreement for a bad one.
    """
    return protocol_with(tomllib.loads(fragment), fragment)


def protocol_with(own: dict[str, Any], fragment: str = "") -> StudyProtocol:
    """As `protocol_of`, from data."""
    data = {name: part for name, part in tomllib.loads(_agreed()).items() if name not in MADE}
    data["parameters"] |= own.pop("parameters", {})
    deliveries = {delivery["name"]: delivery for delivery in data["deliveries"]}
    for change in own.pop("deliveries", ()):
        deliveries[change["name"]] |= change
    return validate(StudyProtocol, {**data, "indicators": [], **own}, fragment.encode(), "voorbeeld")


# --- tables ---------------------------------------------------------------------------------------


def lines_of(table: str) -> list[dict[str, str]]:
    """The rows of one table by the names in its header. ValueError for a row of another width."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    rows = [row for row in rows if not all(re.fullmatch(r"-*", cell) for cell in row)]
    return [dict(zip(header, row, strict=True)) for row in rows]


def given_of(text: str, protocol: StudyProtocol) -> Given:
    """What was delivered. KeyError or ValueError for a delivery, column or value that is not in the protocol."""
    members: tuple[Row, ...] = ()
    records: dict[str, tuple[Row, ...]] = {}
    late = set()
    for block in re.split(r"\n\s*\n", text.strip()):
        title, _, table = block.strip().partition("\n")
        name = title.removesuffix(NEVER).removesuffix(LATE)
        delivery = protocol.delivery(name)
        if title.endswith(NEVER):
            continue
        if title.endswith(LATE):
            late.add(name)
        if delivery.spine:
            members = tuple(_member(row, delivery) for row in lines_of(table))
        else:
            records[name] = tuple(_record(row, delivery) for row in lines_of(table))
    return Given(members, records, frozenset(late))


def expected_of(text: str) -> Answers:
    """By household: what it must have, by name."""
    return {
        int(row.pop("huishouden")): {name: _expected(name, cell) for name, cell in row.items()}
        for row in lines_of(text)
    }


def _expected(name: str, cell: str) -> Value:
    if cell in TEXTS:
        return TEXTS[cell]
    return cell if name.startswith("aantal ") else int(cell)


def _member(row: dict[str, str], delivery: Delivery) -> Row:
    told: dict[str, Any] = {**MEMBERS, **row}
    columns = {column.name: _value(column, str(told.pop(column.name))) for column in delivery.columns}
    return {"persoon": int(told.pop("persoon")), "huishouden": int(told.pop("huishouden")), **columns, **_none(told)}


def _record(row: dict[str, str], delivery: Delivery) -> Row:
    """A column that the example does not show is empty; what that is, the protocol says."""
    told = dict(row)
    found: Row = {"houder": int(told.pop("houder", "1"))}
    for name in ("persoon", "huishouden", *(["year"] if delivery.years else [])):
        cell = told.pop(name, "")
        found[name] = int(cell) if cell else None
    for column in delivery.columns:
        nothing = 0 if column.empty == "none" else None
        found[column.name] = _value(column, told.pop(column.name)) if column.name in told else nothing
    return found | _none(told)


def _none(left: dict[str, Any]) -> Row:
    """Nothing may be left over: a word that is not in the protocol would be an example of nothing."""
    if left:
        raise KeyError(f"the delivery has no column {min(left)}")
    return {}


def _value(column: Column, cell: str) -> int | None:
    if cell in ("?", ""):
        return None
    if isinstance(column, Count | AmountRounded):
        return int(cell)
    if isinstance(column, CategoryColumn | AmountBand | AgeBand):
        return (column.categories or AREAS).index(cell)
    return int({"ja": True, "nee": False}[cell])
