"""Names: every vector, forms that must be one and forms that must not, and fields of parts."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from linkage.holder import names
from linkage.holder.derived import canary_texts, derived
from protocols.model import LONGEST_FIELD, NAME_LETTERS, PART_COLUMNS, PART_LENGTHS, Derived, PersonPart

PARTS: tuple[PersonPart, ...] = get_args(PersonPart)
SINGLE = [Derived(name=f"of-{part}", of=(part,)) for part in PARTS]
ROOT = Path(__file__).parents[2]
with (ROOT / "tests" / "vectors" / "names-v1.csv").open(encoding="utf-8", newline="") as file:
    VECTORS = list(csv.DictReader(file))


def parts_of(cells: dict[str, str | None]) -> dict[str, str | None]:
    """Every part of one row, as it would leave."""
    frame = pl.DataFrame([cells], schema=dict.fromkeys(cells, pl.String()))
    row = derived(frame, SINGLE).row(0, named=True)
    return {name.removeprefix("id:of-"): value for name, value in row.items()}


def test_every_vector() -> None:
    assert len(VECTORS) > 400
    assert {vector["part"] for vector in VECTORS} == set(PARTS)
    raws = [json.loads(vector["raw"]) for vector in VECTORS]
    columns = sorted({name for raw in raws for name in raw})
    rows = derived(pl.DataFrame(raws, schema=dict.fromkeys(columns, pl.String())), SINGLE).iter_rows(named=True)
    wrong = []
    for vector, row in zip(VECTORS, rows, strict=True):
        found = row[f"id:of-{vector['part']}"]
        reserved = vector["canonical"] == names.RESERVED[vector["part"]] and vector["remark"] == "reserved"
        if found != (None if reserved else vector["canonical"] or None):
            wrong.append((vector, found))
    assert not wrong


@pytest.mark.parametrize(
    ("part", "forms"),
    [
        ("surname", ["van den Berg", "VAN DEN BERG", "v.d. Berg", "v/d Berg", "Berg, van den", "Berg"]),
        ("surname", ["Dijkstra", "Dĳkstra", "DYKSTRA", "Dÿkstra"]),
        ("surname", ["de Vries", "de Vries e.v. Jansen", "De Vries E.V. van Jansen", "Jansen geb. de Vries"]),
        ("surname", ["Jansen-de Vries", "Jansen - de Vries", "JANSEN–DE VRIES"]),
        ("surname-last", ["Jansen-de Vries", "Vries"]),
        ("surname-sound", ["Jansen", "Janssen", "Janse", "Janszen"]),
        ("surname-sound", ["Meijer", "Meyer", "Maier", "Meier"]),
        ("surname-sound", ["Hendriks", "Hendrickx", "Hendrix"]),
        ("first-name-sound", ["Mohammed", "Muhammad", "Mohamed", "Mohamad"]),
        ("first-name-sound", ["Youssef", "Joussef", "Jousef"]),
        ("initial", ["Jan", "J.", "J.P.", "jan peter", "J"]),
        ("initial", ["IJsbrand", "IJ.", "Ysbrand"]),
        ("birth-date", ["05-03-1980", "1980-03-05", "19800305", "5/3/1980"]),
        ("birth-date-unordered", ["05-03-1980", "03-05-1980"]),
    ],
)
def test_forms_of_one_and_the_same(part: str, forms: list[str]) -> None:
    (column,) = PART_COLUMNS[part]
    found = {parts_of({column: form})[part] for form in forms}
    assert len(found) == 1
    assert None not in found


@pytest.mark.parametrize(
    ("part", "one", "other"),
    [
        ("surname", "Bakker", "Baker"),
        ("surname", "Jansen-de Vries", "Jansen"),
        ("surname-sound", "Bakker", "Bekking"),
        ("surname-sound", "Cohen", "Koker"),
        ("first-name", "Jan", "Johan"),
        ("birth-date-unordered", "05-03-1980", "05-04-1980"),
    ],
)
def test_forms_that_differ(part: str, one: str, other: str) -> None:
    (column,) = PART_COLUMNS[part]
    assert parts_of({column: one})[part] != parts_of({column: other})[part]


def test_a_missing_part_is_unknown_and_not_a_text() -> None:
    fields = [Derived(name="who", of=("surname-sound", "initial", "birth-date"))]
    frame = pl.DataFrame({"surname": ["Bakker", None, "Bakker"], "first_name": ["Jan", "Jan", "Jan"]})
    born = pl.Series("birth_date", ["05-03-1980", "05-03-1980", "00-03-1980"])
    assert derived(frame.with_columns(born), fields)["id:who"].to_list() == ["BKR|J|19800305", None, None]
    assert derived(frame, fields)["id:who"].to_list() == [None, None, None]


def test_the_person_that_is_nobody() -> None:
    assert canary_texts(SINGLE) == {f"of-{part}": names.RESERVED[part] for part in PARTS}
    assert set(parts_of(dict(names.CANARY)).values()) == {None}


def test_no_field_is_longer_than_the_hash_takes() -> None:
    long = {"surname": "Wassenburgh" * 9, "first_name": "Maximiliaan" * 9, "street": "Lange" * 30}
    found = parts_of({**long, "residence": "Sint" * 30, "postcode": "9999XX", "house_number": "12345abcdef"})
    assert all(len(value) <= PART_LENGTHS.get(part, NAME_LETTERS) for part, value in found.items() if value)
    assert PART_LENGTHS["address"] == len("9999XX|12345|ABCDE")
    with pytest.raises(ValidationError, match=str(LONGEST_FIELD)):
        Derived(name="long", of=("surname", "first-name", "street"))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_plain_part_or_none(surname: str, first: str) -> None:
    for part, value in parts_of({"surname": surname, "first_name": first}).items():
        assert value is None or re.fullmatch(r"[A-Z]{1,20}", value), part


@settings(max_examples=40, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyzëéïöüçø'- ", min_size=1, max_size=30))
def test_capitals_and_spaces_do_not_matter(surname: str) -> None:
    assert parts_of({"surname": surname}) == parts_of({"surname": f"  {surname.upper()} "})


# --- the specification -----------------------------------------------------------------------------

SPEC = (ROOT / "docs" / "spec" / "names-v1.md").read_text("utf-8")


def test_the_tables_of_the_specification_are_those_of_the_code() -> None:
    sounds = SPEC.split("## 4. Sound")[1].split("## 5.")[0]
    cells = re.findall(r"\| `([A-Z]+)(\$?)`(?: before `E`, `I`, `Y`)? \| `([A-Z]+)` ", sounds)
    coded = [(re.sub(r"\(.*\)|\$", "", pattern), letters.replace("${1}", "")) for pattern, letters in names.SOUNDS]
    assert {(letters, made) for letters, _, made in cells} == {pair for pair in coded if not pair[0].startswith("^")}
    particles = SPEC.split("whole or abbreviated): ")[1].split(".")[0].split()
    assert set(particles) == set(names.PARTICLES.split("|"))
    fillers = SPEC.split("Fillers: ")[1].split(".")[0].split()
    assert tuple(fillers) == names.FILLERS
    assert all(f"`{part}`" in SPEC for part in PARTS)
