"""From what a household must show to the rows that seven organisations have of it, with noise that shows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .people import Household, Person
from .rows import Row
from .wishes import BUDGET, COUNSELLING

BENEFITS = {
    "S_bijstand": "bijstand", "S_ww": "ww", "S_disability_benefit": "disability", "S_other_social_benefit": "other",
}  # fmt: skip
LIMIT = 925_000  # 9,250.00 euro in cents: this amount itself is not below the limit
DELICTS = (
    "vd1111", "vd1130", "vd3100", "vd3210", "vd6000", "vd5200", "vd5100", "vd2130", "vd1121", "vd2210", "vd1200",
    "vd1103", "vd2420", "vd3220", "vd9000", "vd1105", "vd7000", "vd5400", "vd1400", "vd2260", "vd3340", "vd2220",
)  # fmt: skip
YOUNG_DELICTS = ("vd1111", "vd2130", "vd1103", "vd3100", "vd2210", "vd2300", "vd1105", "vd9999")


def holders(people: Sequence[Person], rng: Random, second: float = 0.12) -> list[Person]:
    """Who has it: somebody, and now and then a second member as well."""
    first = rng.choice(people)
    if len(people) > 1 and rng.random() < second:
        return [first, rng.choice([person for person in people if person is not first])]
    return [first]


def benefits(household: Household, rng: Random) -> list[Row]:
    """Benefits by person, in one row or in a row for each; and now and then a claim that was refused."""
    months: dict[str, dict[str, int | None]] = {}
    for bit, column in BENEFITS.items():
        if household.bits.get(bit):
            for person in holders(household.adults, rng):
                months.setdefault(person.bsn, {})[column] = rng.choice((12, 12, 12, rng.randrange(1, 12)))
    rows: list[Row] = []
    for bsn, values in months.items():
        apart = len(values) > 1 and rng.random() < 0.3
        rows.extend(Row(bsn, values={key: value}) for key, value in values.items()) if apart else rows.append(
            Row(bsn, values=values)
        )
    if rng.random() < 0.01:
        rows.append(Row(rng.choice(household.adults).bsn, values={"bijstand": 0}))
    return rows


def incomes(household: Household, rng: Random) -> list[Row]:
    """The household's income, with each adult. Of some households without minors it is not known."""
    cents = _income(bool(household.bits.get("S_poverty")), rng)
    unknown = not household.family and rng.random() < 0.008
    return [Row(person.bsn, values={"low_income": None if unknown else cents}) for person in household.adults]


def _income(poor: bool, rng: Random) -> int:
    at_the_limit = rng.random() < 0.04 if poor else rng.random() < 0.001
    if at_the_limit:
        return LIMIT - 1 if poor else LIMIT
    return rng.randrange(300_000, LIMIT) if poor else LIMIT + int(rng.expovariate(1 / 1_400_000)) + 1


def suspects(household: Household, rng: Random) -> list[Row]:
    """Suspects of the household; now and then somebody whose case was dropped: a row without any delict."""
    rows: list[Row] = []
    groups = (("A_crime", household.adults, DELICTS), ("C_crime", household.minors, YOUNG_DELICTS))
    for bit, people, delicts in groups:
        if household.bits.get(bit):
            for person in holders(people, rng):
                rows.extend(_cases(person, household, delicts, rng))
    if rng.random() < 0.004:
        person = rng.choice(household.members)
        rows.append(Row(person.bsn, address=household.address, birth=person.birth))
    return rows


def _cases(person: Person, household: Household, delicts: Sequence[str], rng: Random) -> list[Row]:
    kinds = rng.sample(delicts, rng.choice((1, 1, 1, 2, 3)))
    counts: dict[str, int | None] = {kind: rng.choice((1, 1, 1, 2, 3)) for kind in kinds}
    parts = [{kind: count} for kind, count in counts.items()] if rng.random() < 0.1 else [counts]
    return [Row(person.bsn, address=household.address, birth=person.birth, values=part) for part in parts]


def clients(household: Household, extra: Sequence[str], rng: Random) -> list[Row]:
    """Clients of the stadsbank: counselling and budget management, with one member or with two."""
    wanted = [name for name in (COUNSELLING, BUDGET) if name in extra]
    if not wanted and rng.random() > 0.006:
        return []
    split = len(wanted) == 2 and rng.random() < 0.2
    parts = [[name] for name in wanted] if split else [wanted]
    return [_client(rng.choice(household.adults), household, part, rng) for part in parts]


def _client(person: Person, household: Household, wanted: Sequence[str], rng: Random) -> Row:
    debt = rng.choice((None, 0, 1, 499_999, 1_000_000, 5_000_000)) if rng.random() < 0.08 else _debt(rng)
    return Row(person.bsn, address=household.address, values={**dict.fromkeys(wanted, 1), "debt": debt})


def _debt(rng: Random) -> int:
    return int(rng.lognormvariate(14.2, 1.0))
