"""Random small examples: a protocol of random indicators and what is made of them, and random rows under it."""

from __future__ import annotations

from random import Random
from typing import Any

from tables import AREAS, Given, Row, protocol_with

from protocols import StudyProtocol
from protocols.model import AgeBand, AmountBand, AmountRounded, CategoryColumn, Column, Count, Delivery

COLUMNS = {
    "bevolking": ("moves", "minor", "place"),
    "uitkeringen": ("bijstand", "ww"),
    "inkomen": ("low_income",),
    "ggz": ("basic_cost", "specialist_cost"),
    "awbz": ("ground",),
    "jeugdhulp": ("ambulant", "foster_days"),
    "politie": ("vd1111", "vd3210", "minor"),
    "stadsbank": ("debt_counselling", "debt"),
    "woningcorporatie": ("nuisance", "eviction_notice", "arrears"),
}
PLACES = ("alleenstaand", "referentie-paar", "partner", "ouder", "kind", "kind", "overig")
STRANGER = 99
EMPTY = protocol_with({})

Data = dict[str, Any]


def protocol(rng: Random) -> StudyProtocol:
    """Three indicators, three measures, a domain, two definitions, a selection and stacking, all at random."""
    indicators = [_indicator(rng, f"i{number}") for number in range(3)]
    names = [indicator["name"] for indicator in indicators]
    domain = rng.sample(names, rng.randrange(1, 4))
    selected = rng.sample(names, rng.randrange(1, 4))
    return protocol_with(
        {
            "parameters": {
                "family_rule": rng.choice(("minor-and-adult", "minor")),
                "youth_volume_unit": rng.choice(("persons", "households")),
            },
            "deliveries": [
                {"name": name, "completeness": rng.choice(("complete", "complete", "partial"))}
                for name in COLUMNS
                if name != "bevolking"
            ],
            "indicators": indicators,
            "measures": [_measure(rng, f"n{number}") for number in range(3)],
            "domains": [{"name": "D", "title": "D", "any_of": domain}],
            "definitions": [
                {"name": "both", "title": "both", "all_of": ["D", rng.choice(names)]},
                {"name": "one", "title": "one", "all_of": ["D"], "same_person": _same_person(rng, indicators)},
            ],
            "selections": [
                {"name": "s", "title": "s", "provisions": selected, "at_least": rng.randint(1, len(selected))}
            ],
            "tables": [
                {
                    "name": "t",
                    "title": "t",
                    "kind": "stacking",
                    "population": "families",
                    "domains": ["D"],
                    "at_most": 2,
                }
            ],
        }
    )


def _indicator(rng: Random, name: str) -> Data:
    sources = [_source(rng, rng.choice(list(COLUMNS))) for _ in range(rng.choice((1, 1, 2)))]
    return {"name": name, "title": name, "population": rng.choice(("families", "households")), "sources": sources}


def _source(rng: Random, name: str) -> Data:
    conditions = [_condition(rng, name) for _ in range(rng.choice((1, 1, 2)))]
    return {"delivery": name, "any_of": conditions, **_whom(rng, name)}


def _whom(rng: Random, name: str) -> Data:
    delivery = EMPTY.delivery(name)
    who = rng.choice(("all", "adult", "minor", "reference-person")) if delivery.unit == "person" else "all"
    return {"who": who, **({"year": rng.choice(delivery.years)} if delivery.years else {})}


def _condition(rng: Random, name: str) -> Data:
    column = EMPTY.delivery(name).column(rng.choice(COLUMNS[name]))
    if isinstance(column, Count | AmountRounded):
        return {"column": column.name, "at_least": rng.randint(1, 3)}
    if isinstance(column, CategoryColumn | AmountBand | AgeBand):
        return {"column": column.name, "one_of": rng.sample(column.categories, rng.randint(1, 3))}
    return {"column": column.name, "is_true": True}


def _measure(rng: Random, name: str) -> Data:
    delivery = rng.choice([d for d in COLUMNS if d not in ("inkomen", "awbz")])
    made: Data = {"name": name, "title": name, "unit": "stuks", "delivery": delivery, **_whom(rng, delivery)}
    columns = [c for c in COLUMNS[delivery] if isinstance(EMPTY.delivery(delivery).column(c), Count | AmountRounded)]
    if columns and rng.random() < 0.3:
        return made | {"sum_of": rng.sample(columns, rng.randint(1, len(columns)))}
    counts = rng.choice(("records", "persons", "households"))
    if counts == "persons" and EMPTY.delivery(delivery).unit == "address":
        counts = "households"
    unit = {"records": "rijen", "persons": "personen", "households": "huishoudens"}[counts]
    return made | {"unit": unit, "count_where": [_condition(rng, delivery)], "counts": counts}


def _same_person(rng: Random, indicators: list[Data]) -> list[str]:
    persons = [i["name"] for i in indicators if all(s["delivery"] != "woningcorporatie" for s in i["sources"])]
    return rng.sample(persons, rng.randint(0, len(persons)))


# --- rows -----------------------------------------------------------------------------------------


def given(rng: Random, agreed: StudyProtocol) -> Given:
    """Up to six members in up to three households, and up to eight rows of most deliveries."""
    members = tuple(_member(rng, number, agreed.spine) for number in range(1, rng.randint(2, 7)))
    delivered = [name for name in COLUMNS if name != "bevolking" and rng.random() < 0.8]
    records = {name: tuple(_record(rng, agreed.delivery(name)) for _ in range(rng.randint(1, 8))) for name in delivered}
    return Given(members, records, frozenset(name for name in delivered if rng.random() < 0.15))


def _member(rng: Random, number: int, spine: Delivery) -> Row:
    row = {column.name: _value(rng, column) for column in spine.columns}
    places = spine.column("place")
    assert isinstance(places, CategoryColumn)
    place = places.categories.index(rng.choice(PLACES))
    return {"persoon": number, "huishouden": rng.randint(1, 3), **row, "place": place}


def _record(rng: Random, delivery: Delivery) -> Row:
    """A person, perhaps a stranger; or, where the delivery has addresses, a household and nobody in particular."""
    by_address = delivery.unit == "address" or ("address" in delivery.kinds and rng.random() < 0.3)
    row: Row = {"houder": rng.choice((1, 1, 2)), "huishouden": rng.randint(1, 4) if by_address else None}
    row["persoon"] = None if by_address else rng.choice((*range(1, 7), STRANGER))
    if delivery.years:
        row["year"] = rng.choice(delivery.years)
    return row | {column.name: _value(rng, column) for column in delivery.columns}


def _value(rng: Random, column: Column) -> int | None:
    if rng.random() < 0.15:
        return None
    if isinstance(column, Count | AmountRounded):
        return rng.choice((0, 0, 1, 2, 3))
    if isinstance(column, CategoryColumn | AmountBand | AgeBand):
        return rng.randrange(len(column.categories or AREAS))
    return rng.randint(0, 1)
