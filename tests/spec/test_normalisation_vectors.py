"""docs/spec/normalisation-v1.md: the vectors, the project's normalisers and a plain second implementation agree."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spec import plain_normaliser as plain
from stdnum.nl import bsn as oracle

from linkage.holder import identifiers, values
from linkage.holder.minimise import _rounded

VECTORS = Path(__file__).parents[1] / "vectors"
DOCUMENT = Path(__file__).parents[2] / "docs" / "spec" / "normalisation-v1.md"
PARTS = {
    "bsn/1": ("bsn",),
    "a-number/1": ("a_number",),
    "address/1": ("postcode", "house_number", "house_letter", "house_addition"),
    "household-number/1": ("household_number",),
}
CLASSES = {
    "bsn/1": {"ok", "empty", "format", "reserved", "filler", "check-digit"},
    "a-number/1": {"ok", "empty", "format", "reserved", "check-digit"},
    "address/1": {
        *("ok", "empty", "no-postcode", "postcode-format", "reserved", "date", "no-number", "range-or-addition"),
        *("zero", "format", "too-long"),
    },
    "household-number/1": {"ok", "empty", "format", "reserved"},
}
READERS = {
    "date": (values.date, plain.date),
    "amount-comma": (lambda text: values.amount(text, "comma"), lambda text: plain.amount(text, "comma")),
    "amount-point": (lambda text: values.amount(text, "point"), lambda text: plain.amount(text, "point")),
    "whole": (values.whole, plain.whole),
    "yes-no": (lambda text: values.words(text, values.yes_no_words({})), plain.yes_no),
}


def vectors(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


IDENTIFIERS, VALUES = vectors("normalisation-v1.csv"), vectors("values-v1.csv")


def of_project(kind: str, rows: list[dict[str, str | None]]) -> list[plain.Outcome]:
    """What the project makes of many cells at once; canonical text only where the specification gives it a meaning."""
    frame = pl.DataFrame(
        {part: [row[part] for row in rows] for part in PARTS[kind]}, dict.fromkeys(PARTS[kind], pl.String)
    )
    found = identifiers.NORMALISERS[kind](frame)
    names = [name for name in found.columns if name != "class"]
    usable = pl.col("class").is_in(["ok", "reserved"])
    found = found.with_columns(pl.when(usable).then(pl.col(name)).alias(name) for name in names)
    return [({name: row[name] for name in names}, row["class"]) for row in found.iter_rows(named=True)]


def expected(row: dict[str, str]) -> plain.Outcome:
    canonical = row["canonical"] or None
    if row["kind"] != "address/1":
        return {row["kind"].removesuffix("/1"): canonical}, row["class"]
    return {"address": canonical, "address-number": canonical and canonical.rpartition("|")[0]}, row["class"]


def of_reader(reader: str, cells: list[str | None]) -> list[plain.Read]:
    made = READERS[reader][0](pl.Series("cell", cells, dtype=pl.String))
    rows: list[plain.Read] = []
    for *value, bad in made.iter_rows():
        rows.append((None if value[0] is None else tuple(value) if len(value) > 1 else value[0], bad))
    return rows


# --- vectors ------------------------------------------------------------------------------------


def test_every_kind_and_class_has_a_vector() -> None:
    assert len(IDENTIFIERS) >= 120
    assert {kind: {row["class"] for row in IDENTIFIERS if row["kind"] == kind} for kind in CLASSES} == CLASSES
    assert set(CLASSES) == set(identifiers.NORMALISERS) == set(plain.PLAIN)


def test_no_vector_stands_twice() -> None:
    assert len({(row["kind"], row["parts"]) for row in IDENTIFIERS}) == len(IDENTIFIERS)
    assert len({(row["reader"], row["cell"]) for row in VALUES}) == len(VALUES)


@pytest.mark.parametrize("row", IDENTIFIERS, ids=lambda row: f"{row['kind']} {row['class']}: {row['comment']}")
def test_identifier_vector(row: dict[str, str]) -> None:
    parts = json.loads(row["parts"])
    assert of_project(row["kind"], [parts]) == [expected(row)]
    assert plain.PLAIN[row["kind"]](parts) == expected(row)


@pytest.mark.parametrize("row", VALUES, ids=lambda row: f"{row['reader']}: {row['comment']}")
def test_value_vector(row: dict[str, str]) -> None:
    cell, value = json.loads(row["cell"]), json.loads(row["value"])
    wanted = (tuple(value) if isinstance(value, list) else value, row["bad"] == "bad")
    assert of_reader(row["reader"], [cell]) == [wanted]
    assert READERS[row["reader"]][1](cell) == wanted


def test_canonical_identifiers_follow_the_grammar() -> None:
    grammar = {
        "bsn/1": r"[0-9]{9}",
        "a-number/1": r"[1-9][0-9]{9}",
        "address/1": r"[1-9][0-9]{3}[A-Z]{2}\|[1-9][0-9]{0,4}\|[A-Z0-9]{0,5}",
        "household-number/1": r"[1-9A-Z][0-9A-Z]{0,19}",
    }
    for row in IDENTIFIERS:
        if row["canonical"]:
            column = pl.Series([row["canonical"]])
            assert column.str.contains(f"^{grammar[row['kind']]}$").item()


# --- the tables of the document ------------------------------------------------------------------


def table_under(header: str) -> list[list[str]]:
    """The rows of the table with that header, each cell as the words that it quotes, else its text."""
    lines = DOCUMENT.read_text("utf-8").split(f"{header}\n")[1].split("\n\n")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in lines[1:]]


def test_the_table_of_dates() -> None:
    rows = table_under("| cell | first day | last day |")
    assert len(rows) == 4
    for cell, first, last in rows:
        wanted = [((int(first), int(last)), False)]
        assert of_reader("date", [cell.strip("`")]) == [plain.date(cell.strip("`"))] == wanted


def test_the_table_of_rounding() -> None:
    rows = table_under("| amount (`step` 50, `at_most` 100000) | leaves as |")
    found = [(amount, int(leaves)) for cells, leaves in rows for amount in re.findall(r"`([^`]+)`", cells)]
    assert len(found) == 7
    cents = values.amount(pl.Series([amount for amount, _ in found]), "comma")
    rounded = cents.select(_rounded(pl.col("cents"), 50, 100_000)).to_series().to_list()
    assert rounded == [leaves for _, leaves in found]


# --- random text --------------------------------------------------------------------------------

# What exports are made of, and the characters that look like it.
PIECES = st.sampled_from(
    [
        *"0123456789ABabSsZz -/.,'+&#T:_()",
        *(
            "NL",
            "nl-",
            "7607",
            "7607AB",
            "12",
            "14",
            "t/m",
            "T/M ",
            "tm",
            " en ",
            "t/o ",
            "ong.",
            "bis",
            "HS",
            ".0",
            ",00",
        ),
        *("jan", "FEB", "mrt", "-mei", "sept.", "dec", "2024", "-02", "-1", "999990019", "1010101025", "00000012"),
        *("\u00a0", "\u200b", "\ufeff", "\u2003", "\u2007", "\u202f", "\u3000", "\t", "\n", "\u0085"),
        *(
            "\uff11",
            "\u0661",
            "\u00bd",
            "\u00df",
            "\u017f",
            "\u0131",
            "\u00e9",
            "\uff41",
            "\u2013",
            "\u00b2",
            "€",
            "EUR",
            ",-",
        ),
    ]
)
TEXT = st.lists(PIECES, max_size=8).map("".join)
NUMBERS = st.from_regex(r"\A[0-9]{1,6}( ?[-/ ] ?[0-9A-Za-z]{0,6})?(\.0)?\Z")
CELL = st.none() | TEXT | NUMBERS
POSTCODE = st.sampled_from(["7607AB", "7607 ab", "nl-7607AB", "9999ZZ", "7607SS"]) | CELL
DIGITS = st.from_regex(r"\A[0-9]{7,11}(\.0)?\Z")
DATES = st.from_regex(r"\A[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T][0-9:]{0,5})?\Z") | st.from_regex(
    r"\A[0-9]{8}\Z"
)
AMOUNTS = st.from_regex(r"\A(€ ?)?-?[0-9]{1,3}([.,][0-9]{3}){0,3}([.,][0-9]{0,3})?( ?EUR|,-)?\Z")
ROWS = st.fixed_dictionaries({"postcode": POSTCODE, "house_number": CELL, "house_letter": CELL, "house_addition": CELL})


@settings(max_examples=150, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=40))
def test_random_addresses(rows: list[dict[str, str | None]]) -> None:
    assert of_project("address/1", rows) == [plain.address(row) for row in rows]


@settings(max_examples=60, deadline=None)
@given(st.lists(CELL | DIGITS, min_size=1, max_size=40), st.sampled_from(["bsn/1", "a-number/1", "household-number/1"]))
def test_random_numbers(cells: list[str | None], kind: str) -> None:
    rows = [{PARTS[kind][0]: cell} for cell in cells]
    assert of_project(kind, rows) == [plain.PLAIN[kind](row) for row in rows]


@settings(max_examples=100, deadline=None)
@given(st.lists(CELL | DATES | AMOUNTS | DIGITS, min_size=1, max_size=40), st.sampled_from(sorted(READERS)))
def test_random_values(cells: list[str | None], reader: str) -> None:
    read: Any = READERS[reader][1]
    assert of_reader(reader, cells) == [read(cell) for cell in cells]


def test_bsn_against_a_third_party() -> None:
    """python-stdnum pads short numbers and knows no fillers, so it is asked about nine digits that are neither."""
    numbers = [f"{number:09d}" for number in (*range(1, 3_000), *range(999_990_000, 999_993_000))]
    outcomes = of_project("bsn/1", [{"bsn": number} for number in numbers])
    judged = [
        (number, name) for number, (_, name) in zip(numbers, outcomes, strict=True) if name in ("ok", "check-digit")
    ]
    assert len(judged) > 5_900
    assert {name == "ok" for _, name in judged} == {True, False}
    assert all(oracle.is_valid(number) == (name == "ok") for number, name in judged)
