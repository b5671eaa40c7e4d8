"""The town as a whole: people, doors, what is known of them by eleven organisations, and the dirt in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

from .care import Care
from .dirt import CORPORATIONS, OTHERS, REGISTER, REGISTER_ADDITIONS, REGISTER_CHANGES, plant
from .housing import house, institutions
from .numbers import NumberMaker
from .people import Household, Nursery, Person
from .places import POSTCODE_DIGITS, Doors, vacant
from .planting import Ground
from .records import benefits, clients, incomes, suspects
from .rows import Row
from .tenancy import tenancies
from .wishes import extras, wishes

NUMBER_COLUMNS = {"sociale-dienst-twente": "bijstand", "zorgverzekeraar": "basic_cost", "jeugdhulp-twente": "ambulant"}


@dataclass(frozen=True)
class Town:
    """31,392 households, two institutions, and per holder the rows of its export in the order of the file."""

    seed: int
    households: tuple[Household, ...]
    extras: tuple[tuple[str, ...], ...]
    institutions: tuple[Household, ...]
    files: Mapping[str, tuple[Row, ...]]

    @property
    def everyone(self) -> tuple[Household, ...]:
        """The households and the institutions."""
        return (*self.households, *self.institutions)

    @property
    def inhabitants(self) -> int:
        """How many people live in the town on the reference date."""
        return sum(len(household.members) for household in self.everyone)


def build(seed: int = 2014) -> Town:
    """The town that belongs to a seed: the same one, byte for byte, wherever and whenever it is built."""
    rng = Random(seed)
    numbers = NumberMaker(rng)
    nursery = Nursery(rng, numbers)
    households = house(wishes(rng), nursery, rng)
    provisions = extras(households, rng)
    flagged = institutions(nursery)
    ground = _ground([*households, *flagged], numbers, rng)
    clean = _records(households, provisions, flagged, rng)
    clean |= tenancies(households, ground.doors, rng)
    files = _soiled([row for home in (*households, *flagged) for row in _entries(home)], clean, ground)
    for rows in files.values():
        rng.shuffle(rows)
    done = {holder: tuple(rows) for holder, rows in files.items()}
    return Town(seed, tuple(households), tuple(provisions), flagged, done)


def _ground(everyone: Sequence[Household], numbers: NumberMaker, rng: Random) -> Ground:
    doors = Doors(household.address for household in everyone)
    addresses = list(dict.fromkeys(household.address for household in everyone))
    return Ground(
        rng,
        numbers,
        doors,
        vacant=list(chain.from_iterable(vacant(wijk) for wijk in POSTCODE_DIGITS)),
        which_floor=[address for address in addresses if doors.one_of_suffixed(address)],
        two_households=[address for address in addresses if doors.shared(address)],
        residents=[(person.bsn, person.a_number, home.address) for home in everyone for person in home.members],
        strangers=[numbers.bsn() for _ in range(300)],
    )


def _records(
    households: Sequence[Household], provisions: Sequence[tuple[str, ...]], flagged: Sequence[Household], rng: Random
) -> dict[str, list[Row]]:
    """The rows of the holders that know persons, without any dirt."""
    care = Care(rng)
    for household, extra in zip(households, provisions, strict=True):
        care.household(household, extra)
    for household in flagged:
        care.residents(household)
    return {
        "sociale-dienst-twente": [row for home in households for row in benefits(home, rng)],
        "inkomensregister": [row for home in (*households, *flagged) for row in incomes(home, rng)],
        "zorgverzekeraar": care.ggz,
        "indicatieorgaan": care.awbz,
        "jeugdhulp-twente": care.youth,
        "bemoeizorg-twente": care.outreach,
        "politie-twente": [row for home in households for row in suspects(home, rng)],
        "stadsbank-twente": [
            row for home, extra in zip(households, provisions, strict=True) for row in clients(home, extra, rng)
        ],
    }


def _entries(household: Household) -> list[Row]:
    """The rows of a household in the population register."""
    return [_entry(person, household) for person in household.members]


def _entry(person: Person, household: Household) -> Row:
    text = {
        "wijk": household.wijk,
        "place": person.place,
        "household_number": household.register_number,
        "registered_from": person.registered_from,
        "departed": "",
    }
    values = {"moves": person.moves}
    return Row(person.bsn, person.a_number, household.address, birth=person.birth, values=values, text=text)


def _soiled(register: list[Row], clean: Mapping[str, list[Row]], ground: Ground) -> dict[str, list[Row]]:
    """All exports with their dirt. Who departed must be known first, who has no BSN in the register last."""
    ground.start("")
    register = plant(register, REGISTER_ADDITIONS, ground)
    files: dict[str, list[Row]] = {REGISTER: register}
    for holder, rows in clean.items():
        ground.start(NUMBER_COLUMNS.get(holder, ""))
        files[holder] = plant(rows, [dirt for dirt in (*OTHERS, *CORPORATIONS) if dirt.holder == holder], ground)
        ground.busy.update(dict.fromkeys(row.bsn.strip().removesuffix(".0").zfill(9) for row in files[holder]))
    files[REGISTER] = plant(register, REGISTER_CHANGES, ground)
    return files
