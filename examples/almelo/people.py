"""Persons and households: families around the pattern they must show, and households without minors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from .numbers import NumberMaker
from .places import Address

LAST_ADULT = "19961231"  # turns 18 on the reference date; one day later is a minor
FIRST_MINOR = "19970101"
REFERENCE_DATE = "20141231"
LEAP_DAYS = ("20000229", "20040229", "20080229", "20120229")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist. `birth` is yyyymmdd, with zeros for a day or month that nobody knows."""

    bsn: str
    a_number: str
    birth: str
    place: str
    moves: int
    registered_from: str

    @property
    def minor(self) -> bool:
        """Seventeen or younger on the reference date."""
        return self.birth > LAST_ADULT


@dataclass(frozen=True, slots=True)
class Household:
    """People at a door; `bits` is the pattern that their records must show (families: exactly patterns.csv)."""

    wijk: str
    address: Address
    register_number: str
    members: tuple[Person, ...]
    bits: Mapping[str, int]
    family: bool

    @property
    def adults(self) -> list[Person]:
        """Members of 18 and older."""
        return [person for person in self.members if not person.minor]

    @property
    def minors(self) -> list[Person]:
        """Members of 17 and younger."""
        return [person for person in self.members if person.minor]


class Nursery:
    """Makes persons and puts them together in households."""

    def __init__(self, rng: Random, numbers: NumberMaker) -> None:
        self._rng = rng
        self._numbers = numbers

    def person(self, birth: str, place: str, moves: int = 0) -> Person:
        """One person with numbers of their own."""
        return Person(self._numbers.bsn(), self._numbers.a_number(), birth, place, moves, self._registered(birth))

    def _registered(self, birth: str) -> str:
        first = max(int(birth[:4]) + 1, 1970)
        if first > 2014:
            return "20141231" if birth > "20141215" else "20141220"
        year = self._rng.randrange(first, 2015)
        return f"{year}{self._rng.randrange(1, 13):02d}{self._rng.randrange(1, 29):02d}"

    def birth(self, youngest: int, oldest: int) -> str:
        """A birth date for an age within the two, both included; sometimes with an unknown day or month."""
        year = 2014 - self._rng.randrange(youngest, oldest + 1)
        month, day = self._rng.randrange(1, 13), self._rng.randrange(1, 29)
        certain = abs(year - 1996) > 2 and year < 2014
        if certain and self._rng.random() < 0.006:
            month, day = (0, 0) if self._rng.random() < 0.7 else (month, 0)
        return f"{year}{month:02d}{day:02d}"

    def _child(self) -> str:
        chance = self._rng.random()
        if chance < 0.004:
            return FIRST_MINOR
        if chance < 0.010:
            return self._rng.choice(LEAP_DAYS)
        return self.birth(0, 17) if chance < 0.97 else self.birth(0, 1)

    def _grown_child(self) -> str:
        if self._rng.random() < 0.04:
            return LAST_ADULT
        return self.birth(18, 24)

    def family(self, moves: bool) -> tuple[Person, ...]:
        """At least one adult and one minor, two to eight people, one reference person."""
        births, places = self._parents()
        minors = self._rng.choices((1, 2, 3, 4), (40, 42, 14, 4))[0]
        grown = self._rng.choices((0, 1, 2), (85, 12, 3))[0]
        for child in [self._grown_child() for _ in range(grown)] + [self._child() for _ in range(minors)]:
            births.append(child)
            places.append("overig" if places[0] == "referentie-overig" or self._rng.random() < 0.01 else "kind")
        if self._rng.random() < 0.02:
            births.append(self.birth(62, 88))
            places.append("overig")
        return self._settle(births, places, moves)

    def _parents(self) -> tuple[list[str], list[str]]:
        """The first in the list is the reference person by the order of the protocol."""
        chance = self._rng.random()
        if chance < 0.23:
            return [self.birth(20, 56)], ["ouder"]
        if chance < 0.97:
            return [self.birth(22, 56), self.birth(22, 56)], ["referentie-paar", "partner"]
        if chance < 0.98:
            return [self.birth(22, 56)], ["partner"]
        if chance < 0.985:
            return [LAST_ADULT], ["referentie-overig"]
        return [self.birth(40, 75)], ["referentie-overig"]

    def _settle(self, births: list[str], places: list[str], moves: bool) -> tuple[Person, ...]:
        count = self._rng.choice((2, 2, 3, 4, 11)) if moves else int(self._rng.random() < 0.08)
        people = [self.person(births[0], places[0], count)]
        for birth, place in zip(births[1:], places[1:], strict=True):
            # A child that moves to and fro between parents does not make the household a moving one.
            own = self._rng.choice((2, 3)) if self._rng.random() < 0.015 else min(count, 1)
            people.append(self.person(birth, place, own))
        return tuple(people)

    def childless(self, moves: bool) -> tuple[Person, ...]:
        """Adults only: alone, a couple, with grown children, or people who share a house."""
        chance = self._rng.random()
        if chance < 0.42:
            births, places = [self.birth(18, 95)], ["alleenstaand"]
        elif chance < 0.82:
            age = self._rng.randrange(22, 90)
            births, places = [self.birth(age, age + 4), self.birth(age, age + 4)], ["referentie-paar", "partner"]
        elif chance < 0.96:
            births, places = self._with_grown_children()
        else:
            births, places = self._housemates()
        return self._settle(births, places, moves)

    def _with_grown_children(self) -> tuple[list[str], list[str]]:
        births, places = [self.birth(42, 70)], ["ouder"]
        if self._rng.random() < 0.75:
            births, places = [*births, self.birth(42, 70)], ["referentie-paar", "partner"]
        for _ in range(self._rng.choice((1, 1, 1, 2))):
            births.append(self._grown_child())
            places.append("kind")
        return births, places

    def _housemates(self) -> tuple[list[str], list[str]]:
        size = self._rng.choice((2, 2, 3, 4, 5))
        # In some houses the register has two reference persons: then nobody is.
        second = "referentie-overig" if self._rng.random() < 0.05 else "overig"
        births = [self._grown_child() if self._rng.random() < 0.3 else self.birth(18, 30) for _ in range(size)]
        return births, ["referentie-overig", second, *["overig"] * (size - 2)]
