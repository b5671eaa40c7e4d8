"""Who lives where: households at doors, two at one door, a few without register number, and two institutions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from random import Random

from .people import Household, Nursery, Person
from .places import Address, addresses, institution_address
from .wishes import Wish

SHARED_DOORS = 5  # per wijk: doors behind which the register has two households
WITHOUT_NUMBER = 0.03
CARE_HOME = 140
ROOMING_HOUSE = 13


def house(wishes: Sequence[Wish], nursery: Nursery, rng: Random) -> list[Household]:
    """The households of the town, each at a door of its wijk."""
    numbers = iter(rng.sample(range(100_000, 999_999), len(wishes)))
    found: list[Household] = []
    for wijk, group in groupby(wishes, key=lambda wish: wish[0]):
        wanted = list(group)
        for (_, bits, family), (address, shared) in zip(wanted, _doors(wijk, len(wanted), rng), strict=True):
            moves = bool(bits["S_moves_ge2"])
            members = nursery.family(moves) if family else nursery.childless(moves)
            number = str(next(numbers))
            # Without a number the register has only the address: such a household must be alone behind its door.
            if not shared and rng.random() < WITHOUT_NUMBER:
                number = ""
            found.append(Household(wijk, address, number, members, bits, family))
    return found


def _doors(wijk: str, households: int, rng: Random) -> list[tuple[Address, bool]]:
    doors = addresses(wijk, households - SHARED_DOORS, rng)
    twice = rng.sample([door for door in doors if not door.suffix], SHARED_DOORS)
    marked = dict.fromkeys(twice, True)
    return [(door, door in marked) for door in doors] + [(door, True) for door in twice]


def institutions(nursery: Nursery) -> tuple[Household, Household]:
    """A care home of 140 residents with one household number, and a house with 13 lodgers without any."""
    old = tuple(nursery.person(nursery.birth(70, 101), "institutioneel") for _ in range(CARE_HOME))
    lodgers = tuple(_lodger(nursery) for _ in range(ROOMING_HOUSE))
    care_home = Household("Schelfhorst", institution_address("Schelfhorst", 1), "999999", old, {}, False)
    rooming_house = Household("De Riet", institution_address("De Riet", 66), "", lodgers, {}, False)
    return care_home, rooming_house


def _lodger(nursery: Nursery) -> Person:
    return nursery.person(nursery.birth(19, 55), "alleenstaand", 1)
