"""A slow and obvious check of the town: the raw records under the report's rules against patterns.csv.

Run it with: python -m examples.almelo.check
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .dirt import REGISTER, TABLE
from .judge import Register, as_door, place, read_register, selected
from .numbers import is_a_number, is_bsn
from .people import FIRST_MINOR, LAST_ADULT
from .rows import PERSON, Row
from .town import Town, build
from .truth import FAMILIES, HOUSEHOLDS, THREE_OR_MORE_PROVISIONS, TOWN, bits, expected_counts, patterns

ORDER = ("alleenstaand", "referentie-paar", "ouder", "referentie-overig", "partner")
SUPPORTING = ("ambulant", "day_treatment", "residential", "probation")
BENEFITS = {
    "bijstand": "S_bijstand", "ww": "S_ww", "disability": "S_disability_benefit", "other": "S_other_social_benefit",
}  # fmt: skip
CHILD_CARE = ("ambulant", "day_treatment", "residential", "foster_care")
PROTECTION = ("probation", "supervision_order", "guardianship")
COUNTED_GROUNDS = tuple("1234567")
MAX_SIZE = 10
Shown = dict[str, set[str]]  # by household: what its records show


def verify(town: Town) -> None:
    """Raises AssertionError at the first thing that is not as promised."""
    register = read_register(town)
    members = _members(town)
    _check_numbers(town)
    _check_fates(town, register)
    assert all(count >= 5 for count in edges(town).values()), "an edge is not tried"
    shown = _shown(town, register, members)
    _check_households(members)
    _check_patterns(members, shown)
    provisions = [sum(name.startswith("uses_") for name in shown.get(home, ())) for home in _counted(members)]
    assert sum(count >= 3 for count in provisions) == THREE_OR_MORE_PROVISIONS
    assert sum(len(rows) for rows in members.values()) == town.inhabitants


def _members(town: Town) -> dict[str, list[Row]]:
    """The register rows of each household: one per inhabitant."""
    members: dict[str, dict[str, Row]] = {}
    for row in town.files[REGISTER]:
        if selected(row) and is_a_number(row.a_number) and row.address:
            home = row.text["household_number"] or "|".join(map(str, as_door(row.address)))
            members.setdefault(home, {})[row.a_number] = row
    return {home: list(rows.values()) for home, rows in members.items()}


def _counted(members: dict[str, list[Row]]) -> list[str]:
    """Households that are in the tables: no institutions, nobody above ten."""
    return [
        home
        for home, rows in members.items()
        if len(rows) <= MAX_SIZE and all(row.text["place"] != "institutioneel" for row in rows)
    ]


def _check_numbers(town: Town) -> None:
    everyone = [person for home in town.everyone for person in home.members]
    assert len({person.bsn for person in everyone}) == len({person.a_number for person in everyone}) == len(everyone)
    assert all(is_bsn(person.bsn) and is_a_number(person.a_number) for person in everyone)
    assert all(person.bsn >= "010000000" for person in everyone)


def edges(town: Town) -> dict[str, int]:
    """How often each edge of the rules is in the town."""
    people = [person for home in town.households for person in home.members]
    incomes = [row.values["low_income"] for row in town.files["inkomensregister"] if row.fate == PERSON]
    small = [row for row in town.files["zorgverzekeraar"] if row.fate == PERSON and 1240 in row.values.values()]
    return {
        "18 on the reference date": sum(person.birth == LAST_ADULT for person in people),
        "18 one day later": sum(person.birth == FIRST_MINOR for person in people),
        "born on 29 February": sum(person.birth.endswith("0229") for person in people),
        "birth with an unknown day or month": sum(person.birth.endswith("00") for person in people),
        "born on an unknown day of a known year": sum(person.birth.endswith("0000") for person in people),
        "income of exactly 9250.00": incomes.count(925_000),
        "income of exactly 9249.99": incomes.count(924_999),
        "GGZ of 12.40 euro": len(small),
        "other members who move often": sum(p.moves >= 2 for home in town.households for p in home.members[1:]),
        "households without register number": sum(not home.register_number for home in town.households),
    }


def _check_fates(town: Town, register: Register) -> None:
    """Each row goes where it was meant to go, and the table of dirt is what was planted."""
    planted: Counter[tuple[str, str, str]] = Counter()
    for holder, rows in town.files.items():
        for row in rows:
            found = place(holder, row, register).way
            assert found == row.fate, f"{holder}: {row.dirt or 'clean'} becomes {found}, not {row.fate}"
            if row.dirt:
                planted[(row.dirt, holder, row.fate)] += 1
    assert planted == {(dirt.kind, dirt.holder, dirt.leads_to): dirt.rows for dirt in TABLE}


def _check_households(members: dict[str, list[Row]]) -> None:
    counted = _counted(members)
    assert len(counted) == HOUSEHOLDS and len(members) == HOUSEHOLDS + 2
    for home in counted:
        assert len({row.text["wijk"] for row in members[home]}) == 1
        assert any(row.birth <= LAST_ADULT for row in members[home]), "a household of minors"


def _check_patterns(members: dict[str, list[Row]], shown: Shown) -> None:
    """The families show every pattern of patterns.csv as often as it says, and so every cell of the tables."""
    found: Counter[tuple[str, ...]] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    for home in _counted(members):
        wijk, family = members[home][0].text["wijk"], any(row.birth > LAST_ADULT for row in members[home])
        cells.update((area, "households") for area in (wijk, TOWN))
        if family:
            has = shown.get(home, set())
            found[(wijk, *("1" if name in has else "0" for name in bits()))] += 1
            columns = ("families", *(bit for bit in bits() if bit in has))
            cells.update((area, name) for area in (wijk, TOWN) for name in columns)
    wanted: Counter[tuple[str, ...]] = Counter()
    for row in patterns():
        if row["has_child_lt18"] == "1":
            wanted[(row["wijk"], *(row[name] for name in bits()))] += int(row["n_households"])
    assert found == wanted and found.total() == FAMILIES
    assert all(cells[(area, name)] == count for area, row in expected_counts().items() for name, count in row.items())


def _shown(town: Town, register: Register, members: dict[str, list[Row]]) -> Shown:
    """What the records of all holders show of each household."""
    shown: Shown = {}
    for holder in town.files:
        for row in town.files[holder]:
            at = place(holder, row, register)
            if at.household is not None and holder != REGISTER:
                shown.setdefault(at.household, set()).update(_shows(holder, row, bool(at.minor)))
    for home, rows in members.items():
        shown.setdefault(home, set()).update(_moving(rows))
        _conclude(shown[home])
    return shown


def _moving(rows: list[Row]) -> Iterable[str]:
    for rank in ORDER:
        of_rank = [row for row in rows if row.text["place"] == rank]
        if of_rank:
            return ["S_moves_ge2"] if len(of_rank) == 1 and (of_rank[0].values["moves"] or 0) >= 2 else []
    return []


def _conclude(has: set[str]) -> None:
    for domain in "SAC":
        if any(name.startswith(f"{domain}_") for name in has):
            has.add(domain)
    if {"S", "A", "C"} <= has:
        has.add("mvp")
    if {"mvp", "support_2012", "support_2013"} <= has:
        has.add("mpg")


def _shows(holder: str, row: Row, minor: bool) -> Iterable[str]:
    """What one record shows of its household."""
    who = "C" if minor else "A"
    amounts = {name: value for name, value in row.values.items() if value}
    match holder:
        case "sociale-dienst-twente":
            return _benefits(amounts)
        case "inkomensregister":
            return ["S_poverty"] if (row.values["low_income"] or 10**9) < 925_000 else []
        case "zorgverzekeraar":
            names = [f"{who}_{name.replace('cost', 'ggz')}" for name in amounts]
            return _by_year(row.year, names, bool(amounts))
        case "indicatieorgaan":
            counts = row.text["ground"] in COUNTED_GROUNDS
            return _by_year(row.year, [f"{who}_awbz", "uses_awbz"] if counts else [], counts)
        case "jeugdhulp-twente":
            return _by_year(row.year, _youth(amounts, minor), any(name in amounts for name in SUPPORTING))
        case "bemoeizorg-twente":
            return _by_year(row.year, ["uses_outreach"] if amounts else [], bool(amounts))
        case "politie-twente":
            return [f"{who}_crime"] if amounts else []
        case "stadsbank-twente":
            return [f"uses_{name}" for name in ("debt_counselling", "budget_management") if name in amounts]
        case _:
            return []


def _benefits(months: Iterable[str]) -> list[str]:
    return [*(BENEFITS[name] for name in months), *("uses_bijstand" for name in months if name == "bijstand")]


def _youth(amounts: Iterable[str], minor: bool) -> list[str]:
    names = [name for name in amounts if name not in ("residential_days", "foster_days")]
    found = [f"C_youth_{name}" if name in SUPPORTING else f"C_{name}" for name in names if minor]
    found += ["uses_youth_care" for name in names if name in CHILD_CARE]
    return found + ["uses_youth_protection" for name in names if name in PROTECTION]


def _by_year(year: int, now: list[str], supports: bool) -> list[str]:
    if year == 2014:
        return now
    return [f"support_{year}"] if supports else []


if __name__ == "__main__":
    made = build()
    verify(made)
    total = sum(len(rows) for rows in made.files.values())
    print(f"{made.inhabitants} inhabitants, {total} rows: all as promised")
