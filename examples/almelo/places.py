"""Addresses: wijken, postcodes and house numbers, with upstairs and downstairs at one number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

POSTCODE_DIGITS = {
    "Binnenstad": "7607", "De Riet": "7606", "Noorderkwartier": "7604", "Sluitersveld": "7603",
    "Wierdense Hoek": "7602", "Nieuwstraat-Kwartier": "7605", "Ossenkoppelerhoek": "7601", "Hofkamp": "7608",
    "Schelfhorst": "7609", "Windmolenbroek": "7610", "Aadorp": "7611", "Bornerbroek": "7627",
}  # fmt: skip
LETTERS = "ABCDEGHJKLMNPRSTVWXZ"
NEVER_ISSUED = ("SA", "SD", "SS")
VACANT_POSTCODES = 12  # the last postcodes of a wijk stay empty: new houses that nobody lives in yet

# What stands at one house number: how often, and the suffixes of the doors there ("" is the door without one).
DOORS = (
    (0.890, ("",)),
    (0.025, ("", "A")),
    (0.020, ("I", "II")),
    (0.010, ("HS", "1", "2")),
    (0.008, ("1", "2")),
    (0.010, ("", "bis")),
    (0.030, ("A",)),
    (0.007, ("A1", "A2", "B1")),
)


@dataclass(frozen=True, slots=True)
class Address:
    """A door, as the register has it: the house letter apart from the addition."""

    postcode: str
    number: int
    letter: str = ""
    addition: str = ""

    @property
    def suffix(self) -> str:
        """Letter and addition together."""
        return self.letter + self.addition

    @property
    def house(self) -> tuple[str, int]:
        """Postcode and number: what several doors can have in common."""
        return self.postcode, self.number

    def bare(self) -> Address:
        """The same number without suffix, as somebody in a hurry writes it."""
        return Address(self.postcode, self.number)


def door(postcode: str, number: int, suffix: str) -> Address:
    """One letter, alone or before digits, is a house letter; I, II, HS, bis and digits are additions."""
    if suffix[:1].isalpha() and suffix != "I" and (len(suffix) == 1 or suffix[1:].isdigit()):
        return Address(postcode, number, suffix[0], suffix[1:])
    return Address(postcode, number, "", suffix)


def postcodes(wijk: str) -> list[str]:
    """All postcodes of a wijk, in order."""
    letters = ("".join(pair) for pair in product(LETTERS, repeat=2))
    return [POSTCODE_DIGITS[wijk] + pair for pair in letters if pair not in NEVER_ISSUED]


def addresses(wijk: str, wanted: int, rng: Random) -> list[Address]:
    """So many doors in streets of a wijk; what stands at one number stays together."""
    found: list[Address] = []
    for postcode, number in _houses(wijk, rng):
        suffixes = rng.choices(DOORS, [weight for weight, _ in DOORS])[0][1]
        if len(found) + len(suffixes) > wanted or number < 3:
            suffixes = ("",)
        found.extend(door(postcode, number, suffix) for suffix in suffixes)
        if len(found) == wanted:
            break
    return found


def _houses(wijk: str, rng: Random) -> Iterator[tuple[str, int]]:
    for postcode in postcodes(wijk)[:-VACANT_POSTCODES]:
        first = rng.choice((1, 2, 1, 2, 27, 48, 101, 202))
        for place in range(rng.randrange(18, 27)):
            yield postcode, first + 2 * place


def vacant(wijk: str) -> list[Address]:
    """Doors where nobody is registered, at postcodes of their own."""
    return [Address(postcode, number) for postcode in postcodes(wijk)[-VACANT_POSTCODES:-1] for number in range(1, 41)]


def institution_address(wijk: str, number: int) -> Address:
    """A door in the last postcode of a wijk, which is kept for institutions."""
    return Address(postcodes(wijk)[-1], number)


class Doors:
    """Which doors the register knows, and so by which way a record with an address is linked."""

    def __init__(self, lived_in: Iterable[Address]) -> None:
        self._households: dict[Address, int] = {}
        self._houses: dict[tuple[str, int], list[Address]] = {}
        for address in lived_in:
            if address not in self._households:
                self._houses.setdefault(address.house, []).append(address)
            self._households[address] = self._households.get(address, 0) + 1

    def shared(self, address: Address) -> bool:
        """Do two households live behind this door?"""
        return self._households[address] > 1

    def alone_with_suffix(self, address: Address) -> bool:
        """Is this the only door at its number, and does it have a suffix?"""
        return bool(address.suffix) and len(self._houses[address.house]) == 1

    def one_of_suffixed(self, address: Address) -> bool:
        """Is this one of several doors at its number, all of them with a suffix?"""
        doors = self._houses[address.house]
        return len(doors) > 1 and all(other.suffix for other in doors)

    def beside_bare(self, address: Address) -> bool:
        """Is this the upstairs door of a number that also has a door without suffix?"""
        return bool(address.suffix) and address.bare() in self._households
