"""How well a few agreed facts single out a person in what is about to leave (docs/spec/assess-v1.md, sections 2 to 4).

A *fact* is what one column says of a person (of an address, in a delivery of addresses), in one year where the delivery
is per year: all values of that person's rows, in any order. Persons of whom the facts are alike are one class, and
who knows the facts of a person that he seeks picks the right one of them with a chance of one in the size of the class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations, islice

import polars as pl

from linkage.errors import TooRevealing
from linkage.holder.normalise import Job
from linkage.study import Study, pseudonym_fields

# They refuse what is as good as a number (an amount to the euro: 95 % in a town of 32,000 households) and admit the
# protocol of 2016, whose care costs in steps of 50 euros come to 10 and 26 %. A study does well to name lower ones.
DEFAULT_ONE, DEFAULT_TWO = Decimal("0.15"), Decimal("0.30")
# A fact with so few answers tells little, however few persons there are: then it is the file that is small.
COARSE_ANSWERS = 20
NAMED = 3
# Names that no column of a protocol can have.
WHOLE, COUNT, UNIT, ROW = ":whole", ":n", ":unit", ":row"


@dataclass(frozen=True)
class Fact:
    """What one column says, in one year where the delivery is per year."""

    column: str
    year: int | None = None

    @property
    def name(self) -> str:
        """The column and the year."""
        return self.column if self.year is None else f"{self.column} {self.year}"


@dataclass(frozen=True)
class Success:
    """What knowing some facts of a person gives: counts of persons (`unique`, `small`, `commonest`) and of classes.

    `small` are in a class below the threshold of the protocol, `commonest` in the largest class.
    """

    facts: tuple[Fact, ...]
    persons: int
    classes: int
    unique: int
    small: int
    commonest: int

    @property
    def expected(self) -> float:
        """The chance of picking the right person, averaged over all persons: the mean of one in the class size."""
        return self.classes / self.persons if self.persons else 0.0

    @property
    def deviating(self) -> float | None:
        """The same for those outside the commonest class, where most persons of a rare fact are; None without any."""
        others = self.persons - self.commonest
        return (self.classes - 1) / others if others else None


@dataclass(frozen=True)
class Limits:
    """The most that `Success.expected` may be for one and for two facts."""

    one: Decimal
    two: Decimal

    def of(self, facts: int) -> Decimal | None:
        """The limit for so many facts; None where there is none."""
        return {1: self.one, 2: self.two}.get(facts)

    def exceeded(self, success: Success) -> bool:
        """Whether a combination is above its limit, and not merely one of a few coarse answers."""
        limit = self.of(len(success.facts))
        coarse = success.classes <= COARSE_ANSWERS ** len(success.facts)
        return limit is not None and not coarse and Decimal(success.classes) > limit * success.persons


def limits(study: Study) -> Limits:
    """The limits of a study, or the defaults."""
    one, two = study.study.max_success_one, study.study.max_success_two
    return Limits(DEFAULT_ONE if one is None else one, DEFAULT_TWO if two is None else two)


@dataclass(frozen=True)
class Profiles:
    """Persons who are alike in everything: a column per fact (UInt64), one for all rows, and how many they are."""

    table: pl.DataFrame
    facts: tuple[Fact, ...]
    threshold: int

    @property
    def persons(self) -> int:
        """How many persons, or addresses."""
        return int(self.table[COUNT].sum())

    def success(self, facts: Sequence[Fact]) -> Success:
        """For who knows these facts."""
        return self._success(tuple(facts), [fact.name for fact in facts])

    def everything(self) -> Success:
        """For who knows whole rows: all that the file says of a person."""
        return self._success(self.facts, [WHOLE])

    @cached_property
    def telling(self) -> tuple[Success, ...]:
        """Each single fact that is not the same for all, the most telling first."""
        made = (self.success([fact]) for fact in self.facts)
        return tuple(sorted((one for one in made if one.classes > 1), key=lambda one: -one.classes))

    def combined(self, size: int, most: int) -> Iterator[Success]:
        """At most so many combinations of that many facts, those of the most telling facts first."""
        ranked = [one.facts[0] for one in self.telling]
        # By the sum of the ranks: the first `most` are then those of the facts in front.
        order = sorted(combinations(range(len(ranked)), size), key=sum)
        for places in islice(order, most):
            yield self.success([ranked[place] for place in places])

    def _success(self, facts: tuple[Fact, ...], names: list[str]) -> Success:
        n = self.table.group_by(names).agg(pl.col(COUNT).sum())[COUNT]
        small = int(n.filter(n < self.threshold).sum())
        commonest = int(str(n.max() or 0))
        return Success(facts, self.persons, n.len(), int((n == 1).sum()), small, commonest)


def facts_of(job: Job) -> tuple[Fact, ...]:
    """The facts of a delivery, in the order of its columns."""
    years: tuple[int | None, ...] = job.delivery.years or (None,)
    return tuple(Fact(column.name, year) for column in job.wire if column.name != "year" for year in years)


class Measurement:
    """The profiles of rows as they leave, a frame at a time; rows of one person stand in one of the frames.

    Takes 8 bytes for each fact of each *different* profile, beside one frame.
    """

    def __init__(self, job: Job) -> None:
        """Begin with nobody."""
        self._job, self._facts = job, facts_of(job)
        self._names = [*(fact.name for fact in self._facts), WHOLE]
        self._table = pl.DataFrame(schema=dict.fromkeys(self._names, pl.UInt64()) | {COUNT: pl.Int64()})

    def add(self, frame: pl.DataFrame) -> None:
        """Count the persons of a frame."""
        alone = _alone(frame, self._facts, self._job)
        persons = _persons(frame, self._facts, self._job) if alone is None else alone
        counted = pl.concat([self._table, persons.select(self._table.columns)])
        self._table = counted.group_by(self._names).agg(pl.col(COUNT).sum())

    def profiles(self) -> Profiles:
        """What was found."""
        return Profiles(self._table, self._facts, self._job.study.protocol.release.threshold)


def measure(frames: Iterable[pl.DataFrame], job: Job) -> Profiles:
    """The profiles of rows as they leave, in frames as `Spool.sorted` has them."""
    made = Measurement(job)
    for frame in frames:
        made.add(frame)
    return made.profiles()


def _alone(frame: pl.DataFrame, facts: tuple[Fact, ...], job: Job) -> pl.DataFrame | None:
    """As `_persons`, where each row is a person of its own: rows that are alike are hashed once. Else None."""
    columns = [column.name for column in job.wire]
    units = frame.select(_unit(job).bin.reinterpret(dtype=pl.UInt128)).to_series().drop_nulls()
    # Rows mostly stand in the order of their units, and of sorted numbers the different ones are soon counted.
    if not columns or units.sort().n_unique() < units.len():
        return None
    rows = frame.group_by(columns).agg(pl.len().cast(pl.Int64).alias(COUNT))
    made = [_hashed_row(fact).alias(fact.name) for fact in facts]
    return rows.select(*made, pl.struct(columns).hash(1).alias(WHOLE), COUNT)


def _persons(frame: pl.DataFrame, facts: tuple[Fact, ...], job: Job) -> pl.DataFrame:
    """A row per person: for each fact the sum of the hashes of its values, which is the same in any order of rows.

    Two facts that differ have the same sum by chance once in 2^64 (Clarke et al. 2003, incremental multiset hashes).
    """
    rows = frame.with_columns(_unit(job).alias(UNIT)).with_row_index(ROW)
    nobody = pl.when(pl.col(UNIT).is_null()).then(pl.col(ROW))
    made = [_hashed(fact).alias(fact.name) for fact in facts]
    whole = pl.struct(column.name for column in job.wire).hash(1).sum().alias(WHOLE)
    persons = rows.with_columns(nobody.alias(ROW)).group_by(UNIT, ROW).agg(*made, whole)
    return persons.with_columns(pl.lit(1, pl.Int64).alias(COUNT))


def _unit(job: Job) -> pl.Expr:
    """Whom a row is about; null where it names nobody, so that each such row is a person of its own."""
    kinds = ("a-number", "bsn") if job.delivery.unit == "person" else ("address",)
    return pl.coalesce(name for name in pseudonym_fields(job.delivery) if name in kinds)


def _hashed(fact: Fact) -> pl.Expr:
    values = pl.struct(fact.column).hash(0)
    return (values if fact.year is None else values.filter(pl.col("year") == fact.year)).sum()


def _hashed_row(fact: Fact) -> pl.Expr:
    values = pl.struct(fact.column).hash(0)
    return values if fact.year is None else pl.when(pl.col("year") == fact.year).then(values).otherwise(0)


def check(profiles: Profiles, job: Job) -> None:
    """Whether the rows may leave. Raises TooRevealing, with the columns, where one or two facts say too much."""
    agreed = limits(job.study)
    found = exceeding(profiles, agreed)
    if found:
        raise TooRevealing(_refusal(found, agreed.of(len(found[0].facts)) or agreed.two, job))


def exceeding(profiles: Profiles, agreed: Limits) -> tuple[Success, ...]:
    """The facts that are above the limit by themselves; where none is, the pairs that are. The worst first."""
    alone = tuple(one for one in profiles.telling if agreed.exceeded(one))
    if alone:
        return alone
    together = (pair for pair in _likely(profiles, agreed) if agreed.exceeded(pair))
    return tuple(sorted(together, key=lambda pair: -pair.classes))


def _likely(profiles: Profiles, agreed: Limits) -> Iterator[Success]:
    """The pairs that can exceed the limit at all: two facts have at most the product of their classes."""
    for one, other in combinations(profiles.telling, 2):
        most = Success((*one.facts, *other.facts), one.persons, one.classes * other.classes, 0, 0, 0)
        if agreed.exceeded(most):
            yield profiles.success(most.facts)


def _refusal(found: Sequence[Success], limit: Decimal, job: Job) -> str:
    whom = "een persoon" if job.delivery.unit == "person" else "een adres"
    told = "; ".join(
        f"{' met '.join(fact.name for fact in one.facts)}: {_percent(one.expected)}" for one in found[:NAMED]
    )
    more = f" (en nog {len(found) - NAMED})" if len(found) > NAMED else ""
    knows = "een kenmerk" if len(found[0].facts) == 1 else "twee kenmerken"
    return (
        f"deze levering wijst mensen te precies aan: wie {knows} van {whom} kent, kiest te vaak de goede "
        f"({told}{more}; de studie staat {_percent(float(limit))} toe). Er is geen pakket gemaakt. Laat de beheerder "
        "van de studie voor deze kolommen bredere klassen, een grotere stap (`step`) of een lager maximum (`at_most`) "
        "afspreken, of ze weglaten; de cijfers staan op de bladzijde van: linkage assess"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%".replace(".", ",")
