"""A published number is a count with one name: population, area, condition. The same count in two tables is one cell.

Everything that an attacker may hold for certain about these counts, apart from their values, is the `Structure`:
which counts lie inside which, which add up, and which variables have which values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import polars as pl

from linkage.errors import DisclosureRefused
from linkage.research.households import Grouping, HouseholdFile, Sum
from protocols import StudyProtocol

YES, NO, UNKNOWN = "ja", "nee", "?"
WHOLE = ""
NO_AREA = "(wijk onbekend)"

Condition = tuple[tuple[str, str], ...]
Part = tuple[str, Condition]


@dataclass(frozen=True, order=True)
class Key:
    """`area` is empty for the municipality; `measure` is empty for households, else the column that is added up."""

    population: str
    area: str
    condition: Condition = ()
    measure: str = ""

    @property
    def part(self) -> Part:
        """Population and condition: what is counted, wherever."""
        return self.population, self.condition

    def at(self, part: Part, area: str | None = None) -> Key:
        """Another count of the same measure, in the same area unless told otherwise."""
        return Key(part[0], self.area if area is None else area, part[1], self.measure)

    def __str__(self) -> str:
        what = " en ".join(f"{name}={value}" for name, value in self.condition) or "alle"
        return f"{self.area or 'gemeente'}: {self.measure + ' van ' if self.measure else ''}{self.population}, {what}"


@dataclass(frozen=True)
class Count:
    """What stands behind a cell: its value, the households that bring it, and the largest of them."""

    value: int
    households: int
    largest: int


@dataclass(frozen=True)
class Stack:
    """`variable` tells how many of `members` a household has; its last value means "so many or more"."""

    population: str
    variable: str
    domain: str
    members: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Linear:
    """A weighted sum of household counts that is zero, or at most zero where not `exact`."""

    parts: tuple[tuple[float, Part], ...]
    exact: bool


@dataclass(frozen=True)
class Structure:
    """What anyone knows of the counts without any value. `scale` brings amounts to the size of counts."""

    areas: tuple[str, ...]
    values: Mapping[tuple[str, str], tuple[str, ...]]
    inside: tuple[tuple[Part, Part], ...] = ()
    same: tuple[tuple[Part, Part], ...] = ()
    unions: tuple[tuple[Part, tuple[Part, ...]], ...] = ()
    at_least: tuple[tuple[Part, int, tuple[Part, ...]], ...] = ()
    stacks: tuple[Stack, ...] = ()
    linear: tuple[Linear, ...] = ()
    together: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sums: tuple[Sum, ...] = ()
    scale: float = 1.0

    def size(self, key: Key, value: float) -> float:
        """A count as it is; an amount in units that a linear program can weigh beside counts."""
        return value / self.scale if key.measure else value

    def crossing(self, population: str, variables: Iterable[str]) -> Iterator[Condition]:
        """Every combination of values of some variables that a household can have, in a fixed order."""
        names = sorted(set(variables))
        for chosen in product(*(self.values[population, name] for name in names)):
            combination = tuple(zip(names, chosen, strict=True))
            if self.possible(population, combination):
                yield combination

    def possible(self, population: str, combination: Condition) -> bool:
        """Whether a household can have these values: nobody has an indicator and is known to be outside its domain."""
        has, meets = dict(combination), set(combination)
        return not any(
            one == other == population
            and meets.issuperset(smaller)
            and any(has.get(name, value) != value for name, value in larger)
            for (one, smaller), (other, larger) in self.inside
        )


def holds(condition: Condition, within: Condition) -> bool:
    """Whether whoever meets `condition` meets `within` too."""
    return set(within) <= set(condition)


def joined(*conditions: Condition) -> Condition:
    """All of the conditions at once, in canonical order."""
    return tuple(sorted({literal for condition in conditions for literal in condition}))


def stack_name(domain: str) -> str:
    """The variable that counts the indicators of a domain."""
    return f"aantal {domain}"


def stack_values(members: int, at_most: int) -> tuple[str, ...]:
    """0, 1, ..., and the last one open where a household can have more."""
    top = min(members, at_most)
    return (*(str(number) for number in range(top)), f"{top}+" if members > top else str(top))


def condition_of(protocol: StudyProtocol, name: str) -> Condition:
    """The canonical condition behind a name: a definition is its parts, unless one person must meet them all."""
    for definition in protocol.definitions:
        if definition.name == name and not definition.same_person:
            return joined(*(condition_of(protocol, part) for part in definition.all_of))
    return ((name, YES),)


def stack_condition(domain: str, value: str) -> Condition:
    """So many indicators of a domain; none at all is the same count as "not in the domain"."""
    return ((domain, NO),) if value == "0" else ((stack_name(domain), value),)


def canonical(protocol: StudyProtocol, condition: Condition) -> Condition:
    """The one way to write a condition: definitions taken apart, "no indicator" as "not in the domain", sorted."""
    stacks = {stack_name(domain.name): domain.name for domain in protocol.domains}
    parts = [
        stack_condition(stacks[name], value)
        if name in stacks
        else condition_of(protocol, name)
        if value == YES
        else ((name, value),)
        for name, value in condition
    ]
    return joined(*parts)


# --- counting -----------------------------------------------------------------------------------


class Counts:
    """Counts of a household file, each condition once for all areas."""

    def __init__(self, file: HouseholdFile) -> None:
        self._file = file
        self._found: dict[tuple[str, Condition, str], dict[str, Count]] = {}

    @property
    def grouping(self) -> Grouping | None:
        """The column that puts each household in one group, where the file has it."""
        return self._file.grouping

    @cached_property
    def areas(self) -> tuple[str, ...]:
        """The wijken of the study, and one more where the wijk of a household is unknown."""
        unknown = self._file.frame["wijk"].null_count() > 0
        return (*self._file.areas, *((NO_AREA,) if unknown else ()))

    def __getitem__(self, key: Key) -> Count:
        what = (key.population, key.condition, key.measure)
        if what not in self._found:
            self._found[what] = self._count(*what)
        return self._found[what].get(key.area, Count(0, 0, 0))

    def _count(self, population: str, condition: Condition, measure: str) -> dict[str, Count]:
        meets = [self._value_is(name, value) for name, value in condition]
        chosen = self._file.population(population).filter(pl.all_horizontal(meets) if meets else pl.lit(value=True))
        amount = chosen[measure] if measure else pl.Series("amount", [1] * chosen.height, dtype=pl.Int64)
        if amount.null_count():
            raise DisclosureRefused(f"{measure} is van sommige huishoudens onbekend; kies een andere maat of populatie")
        frame = pl.DataFrame({"area": chosen["wijk"].fill_null(NO_AREA), "amount": amount.cast(pl.Int64)})
        sums = (pl.col("amount").sum(), (pl.col("amount") > 0).sum().cast(pl.Int64).alias("households"))
        largest = pl.col("amount").max().fill_null(0).alias("largest")
        found = {row[0]: Count(*row[1:]) for row in frame.group_by("area").agg(*sums, largest).iter_rows()}
        found[WHOLE] = Count(*frame.select(*sums, largest).row(0))
        return found

    def _value_is(self, name: str, value: str) -> pl.Expr:
        for domain in self._file.protocol.domains:
            if stack_name(domain.name) == name:
                number = pl.sum_horizontal(pl.col(member).cast(pl.Int64) for member in domain.any_of)
                known = pl.all_horizontal(pl.col(member).is_not_null() for member in domain.any_of)
                if value == UNKNOWN:
                    return ~known
                return known & (number >= int(value[:-1]) if value.endswith("+") else number == int(value))
        grouping = self._file.grouping
        if grouping is not None and name == grouping.variable and value != UNKNOWN:
            return (pl.col(name) == value).fill_null(value=False)
        match value:
            case "ja":
                return pl.col(name).fill_null(value=False)
            case "nee":
                return ~pl.col(name).fill_null(value=True)
            case _:
                return pl.col(name).is_null()

    def unknown(self, population: str, variable: str) -> bool:
        """Whether anybody's value is unknown."""
        return self[Key(population, WHOLE, ((variable, UNKNOWN),))].value > 0
