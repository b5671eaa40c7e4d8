"""A country of invented people as seven exports: numbers that pass the tests of the registers, and belong to nobody.

Everything is computed from the number of a person or a household, a block at a time, so that memory stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
BLOCK = 1_000_000
AREAS = ("Groningen", "Fryslân", "Drenthe", "Overijssel", "Flevoland", "Gelderland", "Utrecht", "Noord-Holland",
         "Zuid-Holland", "Zeeland", "Noord-Brabant", "Limburg")  # fmt: skip
HOMES_TO_A_POSTCODE = 30


@dataclass(frozen=True)
class Country:
    """So many persons in so many households; `a_numbers` and `bsns` (persons), `home` (persons): the household."""

    a_numbers: Numbers
    bsns: NDArray[np.uint32]
    home: NDArray[np.uint32]

    @property
    def persons(self) -> int:
        """How many."""
        return len(self.home)

    @property
    def households(self) -> int:
        """How many."""
        return self.persons * 8 // 17


def country(persons: int) -> Country:
    """One person at least in each household, the others anywhere."""
    households = persons * 8 // 17
    home = np.empty(persons, np.uint32)
    home[:households] = np.arange(households)
    home[households:] = np.random.default_rng(2016).integers(0, households, persons - households)
    return Country(_gathered(_a_numbers, persons), _gathered(_bsns, persons).astype(np.uint32), home)


def _gathered(make: Callable[[Numbers], Numbers], count: int) -> Numbers:
    found, first = np.empty(count, np.int64), 0
    have = 0
    while have < count:
        made = make(np.arange(first, first + BLOCK, dtype=np.int64))[: count - have]
        found[have : have + len(made)] = made
        have, first = have + len(made), first + BLOCK
    return found


def _bsns(index: Numbers) -> Numbers:
    """Eight digits, and the ninth that makes the sum divisible by eleven; no row of eight equal digits."""
    front = index + 20_000_000
    digits = np.stack([front // 10 ** (7 - place) % 10 for place in range(8)])
    last = np.tensordot(np.array([9, 8, 7, 6, 5, 4, 3, 2]), digits, 1) % 11
    return (front * 10 + last)[(last < 10) & (front % 11_111_111 != 0)]


def _a_numbers(index: Numbers) -> Numbers:
    """Eight digits of which no neighbours are equal, counted in nines, and the first two that pass both tests."""
    digits = [index // 9**7 % 9 + 1]
    for place in range(1, 8):
        step = index // 9 ** (7 - place) % 9
        digits.append(step + (step >= digits[-1]))
    total = sum(digits) % 11
    weighted = sum(digit * 2**place for place, digit in enumerate(digits)) % 11
    ends = _endings()[digits[-1], total, weighted]
    front = sum(digit * 10 ** (7 - place) for place, digit in enumerate(digits))
    return (front * 100 + ends)[ends >= 0]


def _endings() -> Numbers:
    """(last digit, sum modulo 11, weighted sum modulo 11): two digits that pass, or -1."""
    table = np.full((10, 11, 11), -1)
    for last, total, weighted in np.ndindex(10, 11, 11):
        for ends in range(100):
            one, two = divmod(ends, 10)
            apart, passes = last != one != two, (total + one + two) % 11 in (0, 5)
            if apart and passes and (weighted + 256 * one + 512 * two) % 11 == 0:
                table[last, total, weighted] = ends
    return table


# --- the exports ---------------------------------------------------------------------------------------

Columns = Mapping[str, object]
Make = Callable[[Country, Numbers, np.random.Generator], Columns]


def write_exports(made: Country, folder: Path) -> dict[str, int]:
    """Write every export as `NAME.csv`; how many rows each has."""
    return {name: _write(made, folder / f"{name}.csv", *how) for name, how in EXPORTS.items()}


def _write(made: Country, path: Path, unit: str, share: float, make: Make) -> int:
    """A share of all persons or households, in an order that says nothing."""
    everybody = made.persons if unit == "person" else made.households
    chance, rows = np.random.default_rng(len(path.name)), int(everybody * share)
    with path.open("wb") as file:
        for first, numbers in _in_no_order(everybody, rows):
            frame = pl.DataFrame(dict(make(made, numbers, chance)))
            frame.write_csv(file, separator=";", line_terminator="\r\n", include_header=first)
    return rows


def _in_no_order(everybody: int, rows: int) -> Iterator[tuple[bool, Numbers]]:
    """Blocks of different numbers below `everybody`: each the one before it and a fixed step."""
    step = int(everybody * 0.618) | 1
    while np.gcd(step, everybody) != 1:
        step += 2
    for first in range(0, rows, BLOCK):
        yield first == 0, np.arange(first, min(first + BLOCK, rows), dtype=np.int64) * step % everybody


def _address(homes: Numbers) -> dict[str, pl.Series]:
    """Thirty homes to a postcode, some with a letter or an addition."""
    street = homes // HOMES_TO_A_POSTCODE
    letters = pl.Series([f"{a}{b}" for a in "ABCDEGHJKLMNPRTVWXZ" for b in "ABCEGHJKLMNPRTVWXZ"])
    return {
        "postcode": pl.select(
            pl.concat_str(pl.lit(pl.Series(street % 8_900 + 1_000)), letters.gather(street // 8_900), separator=" ")
        ).to_series(),
        "house_number": pl.Series(homes % HOMES_TO_A_POSTCODE + 1),
        "house_letter": pl.Series(["", "A", "b"]).gather(np.where(homes % 7 == 0, homes % 2 + 1, 0)),
        "house_addition": pl.Series(["", "2", "hs", "BIS"]).gather(np.where(homes % 11 == 0, homes % 3 + 1, 0)),
    }


def _born(made: Country, persons: Numbers) -> pl.Series:
    """The first of a household is grown up; of the others, two in five are not."""
    years = np.where(persons < made.households, 1930 + persons % 60, 1955 + persons % 58)
    parts = [pl.Series(part).cast(pl.String).str.zfill(2) for part in (persons % 28 + 1, persons % 12 + 1, years)]
    return pl.select(pl.concat_str(parts, separator="-")).to_series()


def _register(made: Country, persons: Numbers, chance: np.random.Generator) -> Columns:
    homes = made.home[persons].astype(np.int64)
    place = np.where(persons < made.households, 0, persons % 4 + 1)
    return {
        "a_number": made.a_numbers[persons],
        "bsn": made.bsns[persons],
        **_address(homes),
        "household_number": homes + 1,
        "minor": _born(made, persons),
        "wijk": pl.Series(AREAS).gather(homes % len(AREAS)),
        "place": pl.Series(["ouder", "partner", "kind", "kind", "kind"]).gather(place),
        "moves": chance.choice([0] * 97 + [1, 2, 3], len(persons)),
    }


def _benefit(made: Country, persons: Numbers, chance: np.random.Generator) -> Columns:
    return {"bsn": made.bsns[persons], "bijstand": chance.integers(0, 13, len(persons))}


def _income(made: Country, persons: Numbers, chance: np.random.Generator) -> Columns:
    euros = pl.Series(chance.integers(3_000, 60_000, len(persons))).cast(pl.String)
    return {"bsn": made.bsns[persons], "low_income": euros + ",00"}


def _care(made: Country, persons: Numbers, chance: np.random.Generator) -> Columns:
    cost = pl.Series(chance.integers(1, 9_000, len(persons))).cast(pl.String)
    return {"bsn": made.bsns[persons], "year": chance.choice([2013, 2014], len(persons)), "cost": cost + ",50"}


def _suspects(made: Country, persons: Numbers, chance: np.random.Generator) -> Columns:
    homes = made.home[persons].astype(np.int64)
    return {"bsn": made.bsns[persons], **_address(homes), "suspect": chance.choice([1, 1, 1, 2, 3], len(persons))}


def _rent(_made: Country, homes: Numbers, chance: np.random.Generator) -> Columns:
    return {**_address(homes), "nuisance": chance.choice([0, 0, 0, 1, 2], len(homes))}


def _energy(_made: Country, homes: Numbers, chance: np.random.Generator) -> Columns:
    return {**_address(homes), "cut_off": pl.Series(["nee", "ja"]).gather((chance.random(len(homes)) < 0.01) * 1)}


EXPORTS: dict[str, tuple[str, float, Make]] = {
    "bevolking": ("person", 1.0, _register),
    "uitkeringen": ("person", 0.15, _benefit),
    "inkomen": ("person", 0.8, _income),
    "zorg": ("person", 0.1, _care),
    "politie": ("person", 0.02, _suspects),
    "woningcorporatie": ("address", 0.3, _rent),
    "energie": ("address", 0.9, _energy),
}
