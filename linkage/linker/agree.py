"""Records without a common number: pairs of pseudonyms that agree, and who is linked by it (linkage-v1, section 8).

Exact numbers and addresses go first; this takes rows that have no number and were not linked. It compares pseudonyms of
derived fields for equality and nothing else. One link for a row, and in a delivery of one row per person one for a
person; where two are likely, none is likely enough. The plan knows no engine, and no row order is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from linkage.engine.base import Engine, Frame
from linkage.engine.portable import all_of, any_of, as_flag, is_unknown, one
from linkage.linker.fellegi_sunter import DIFFERS, UNKNOWN, Chances, Patterns, estimate
from linkage.linker.link import PERSON_KEYS, Population, Records, way, went
from linkage.linker.rekey import PERSONA, key_column
from protocols.model import Comparison, Delivery, Numberless, StudyProtocol

WAY = "agreement"
# A value that so many persons share brings nobody closer, and pairs would grow with its square.
MOST_IN_BLOCK = 1_000
# Odds and weights as whole numbers, so that a sum is the same in any order and on any engine.
ODDS, MICRO, MOST_WEIGHT = 10_000, 1_000_000, 18


@dataclass(frozen=True)
class Agreement:
    """Records with the way `agreement`, what was estimated, and per package the links in millionths that are false."""

    records: Records
    compared: int
    pairs: int
    chances: Chances
    doubt: dict[int, int]


@dataclass(frozen=True)
class Two:
    """The two sides: `units` (unit keys, fields), each different row without number; `people` (person, fields)."""

    units: Frame
    people: Frame
    keys: tuple[str, ...]
    fields: tuple[str, ...]


def agree(engine: Engine, records: Records, spine: Population, numberless: Numberless) -> Agreement:
    """Link by agreement what nothing else linked; `records.rows` is materialised. Nothing where it is not estimable."""
    delivery = records.delivery
    rows = records.rows.with_columns(as_flag(_open(delivery)).fill_null(0).alias("open"))
    two = _two(engine, rows, delivery, spine)
    compare = comparable(numberless, two.fields)
    likely = _not_taken(candidates(two, numberless), rows, two.keys, delivery)
    pairs = engine.materialise(levelled(likely, two, compare))
    counted = engine.collect(
        pairs.with_columns(one().alias("pairs")).group_by(level_names(compare)).agg(nw.col("pairs").sum())
    )
    sizes = [_height(engine, frame) for frame in (two.units, two.people)]
    chances = estimate(
        patterns(counted, compare), [everywhere(engine, two, one) for one in compare], sizes[0] * sizes[1], min(sizes)
    )
    links = engine.materialise(_links(pairs, compare, chances, two.keys, delivery, float(numberless.threshold)))
    linked = engine.materialise(_linked(rows, links, two.keys, spine))
    made = Records(delivery, linked.drop("open", "doubt"))
    return Agreement(made, int(counted["pairs"].sum()), sizes[0] * sizes[1], chances, _doubt(engine, linked))


# --- the two sides ------------------------------------------------------------------------------


def _open(delivery: Delivery) -> nw.Expr:
    """Rows without any number that nothing linked: a number that stands for nobody is a stranger, who stays one."""
    kinds = {"a_number": "a-number", "bsn": "bsn"}
    numbers = [nw.col(key).is_null() for key in PERSON_KEYS if kinds[key] in delivery.kinds]
    left = went("not-in-population", "ambiguous")
    return all_of([left, ~nw.col(PERSONA).is_null(), *numbers])


def _two(engine: Engine, rows: Frame, delivery: Delivery, spine: Population) -> Two:
    fields = tuple(key_column(field) for field in delivery.derived)
    keys = ("holder", *_year(delivery), PERSONA)
    units = rows.filter(nw.col("open") == 1).select(*keys, *fields).unique()
    return Two(engine.materialise(units), engine.materialise(spine.persons.select("person", *fields)), keys, fields)


def _year(delivery: Delivery) -> tuple[str, ...]:
    """With one row per person and year, a person may be linked once in each year."""
    return ("v_year",) if delivery.rows == "single" and delivery.years else ()


def comparable(numberless: Numberless, fields: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Per comparison, the fields that the delivery has, best first."""
    made = (_of(comparison, fields) for comparison in numberless.compare)
    return tuple(levels for levels in made if levels)


def _of(comparison: Comparison, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(key_column(level) for level in comparison.levels if key_column(level) in fields)


def level_names(compare: Sequence[tuple[str, ...]]) -> list[str]:
    """The column of each comparison."""
    return [f"level_{number}" for number in range(len(compare))]


# --- pairs --------------------------------------------------------------------------------------


def candidates(two: Two, numberless: Numberless) -> Frame:
    """Pairs that are equal in all fields of any block; all others are taken for different persons."""
    blocks = [[key_column(field) for field in block] for block in numberless.blocks]
    found = [_block(two, block) for block in blocks if set(block) <= set(two.fields)]
    return nw.concat(found, how="vertical").unique()


def _block(two: Two, block: list[str]) -> Frame:
    known = [~nw.col(field).is_null() for field in block]
    people = two.people.filter(*known).select("person", *block)
    small = (
        people.with_columns(one().alias("n"))
        .group_by(block)
        .agg(nw.col("n").sum())
        .filter(nw.col("n") <= MOST_IN_BLOCK)
    )
    units = two.units.filter(*known).select(*two.keys, *block).join(small.drop("n"), on=block, how="inner")
    return units.join(people, on=block, how="inner").select(*two.keys, "person")


def _not_taken(pairs: Frame, rows: Frame, keys: Sequence[str], delivery: Delivery) -> Frame:
    """Without persons whom the same holder's delivery has already, by their number: one row each."""
    if delivery.rows == "several":
        return pairs
    on = [*(key for key in keys if key != PERSONA), "person"]
    taken = rows.filter(went("person")).select(*on).unique()
    return pairs.join(taken, on=on, how="anti")


def levelled(pairs: Frame, two: Two, compare: Sequence[tuple[str, ...]]) -> Frame:
    """Unit keys, person, and per comparison the level at which the pair agrees."""
    people = two.people.rename({field: f"of_{field}" for field in two.fields})
    both = pairs.join(two.units, on=list(two.keys), how="inner").join(people, on="person", how="inner")
    levels = [_level(fields).alias(name) for fields, name in zip(compare, level_names(compare), strict=True)]
    return both.with_columns(*levels).select(*two.keys, "person", *level_names(compare))


def _level(fields: Sequence[str]) -> nw.Expr:
    """0 where all that is known differs, 1 where the first field is equal; else that of `codes`."""
    both = [~nw.col(field).is_null() & ~nw.col(f"of_{field}").is_null() for field in fields]
    level = nw.when(any_of(both)).then(_number(DIFFERS)).otherwise(_number(UNKNOWN))
    for place, field in reversed(list(enumerate(fields))):
        equal = (nw.col(field) == nw.col(f"of_{field}")).fill_null(False)
        level = nw.when(equal).then(_found(place, both[:place])).otherwise(level)
    return level


def _found(place: int, better: Sequence[nw.Expr]) -> nw.Expr:
    against, alone = codes(place)
    return nw.when(any_of(better)).then(_number(against)).otherwise(_number(alone)) if better else _number(1)


def codes(place: int) -> tuple[int, int]:
    """The levels of the field at that place, from 0: with a better field that differs, and with none that is known.

    "J." for Jan is as good as an initial can be; Jaap for Jan is another name with the same initial.
    """
    return 2 * place, 2 * place + 1


def _number(value: int) -> nw.Expr:
    return nw.lit(value).cast(nw.Int64)


def patterns(counted: pl.DataFrame, compare: Sequence[tuple[str, ...]]) -> Patterns:
    """The counted patterns (a column per comparison, and `pairs`) in an order of their own."""
    ordered = counted.sort(level_names(compare))  # sums of floating point must not depend on the order of rows
    levels = ordered.select(level_names(compare)).to_numpy().astype(np.int64).reshape(-1, len(compare))
    return Patterns(levels, ordered["pairs"].to_numpy().astype(np.int64))


# --- how often all pairs agree ------------------------------------------------------------------


def everywhere(engine: Engine, two: Two, fields: tuple[str, ...]) -> list[int]:
    """Of all pairs, how many are at each level of a comparison; unknown ones at none."""
    sides = [_counts(frame, fields) for frame in (two.units, two.people)]
    found: list[int] = []
    for place, field in enumerate(fields):
        better = _subsets(fields[:place])
        first = sum(sign * _equal(engine, sides, (*chosen, field)) for sign, chosen in better)
        alone = sum(sign * _equal(engine, sides, (field,), chosen) for sign, chosen in better) if place else first
        found += [first - alone, alone]
    return [_known(engine, sides, fields) - sum(found), *found[1:]]


def _subsets(fields: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
    """Every choice of fields with its sign: by inclusion and exclusion, what none of them has."""
    return [((-1) ** size, chosen) for size in range(len(fields) + 1) for chosen in combinations(fields, size)]


def _counts(frame: Frame, fields: Sequence[str]) -> Frame:
    return frame.with_columns(one().alias("n")).group_by(list(fields)).agg(nw.col("n").sum())


def _equal(engine: Engine, sides: Sequence[Frame], equal: tuple[str, ...], known: tuple[str, ...] = ()) -> int:
    """How many pairs are equal in these fields, and have those on both sides."""
    there = [~nw.col(field).is_null() for field in (*equal, *known)]
    left, right = (
        side.filter(*there).group_by(list(equal)).agg(nw.col("n").sum().alias(name))
        for side, name in zip(sides, ("n", "m"), strict=True)
    )
    joined = left.join(right, on=list(equal), how="inner")
    return _sum(engine, joined.select((nw.col("n") * nw.col("m")).alias("n")))


def _known(engine: Engine, sides: Sequence[Frame], fields: Sequence[str]) -> int:
    """How many pairs have one of the fields on both sides."""
    flags = [is_unknown(nw.col(field)).alias(field) for field in fields]
    masks = [
        engine.collect(side.with_columns(*flags).group_by(list(fields)).agg(nw.col("n").sum()))
        .select(*fields, "n")
        .rows()
        for side in sides
    ]
    return sum(
        left[-1] * right[-1]
        for left in masks[0]
        for right in masks[1]
        if any(a == b == 0 for a, b in zip(left[:-1], right[:-1], strict=True))
    )


def _sum(engine: Engine, frame: Frame) -> int:
    return int(engine.collect(frame.select(nw.col("n").sum()))["n"].sum())


def _height(engine: Engine, frame: Frame) -> int:
    return _sum(engine, frame.with_columns(one().alias("n")))


# --- who is linked ------------------------------------------------------------------------------


def _links(
    pairs: Frame,
    compare: Sequence[tuple[str, ...]],
    chances: Chances,
    keys: Sequence[str],
    delivery: Delivery,
    threshold: float,
) -> Frame:
    """Unit keys, person and `doubt`: pairs likelier than the threshold, given all others of the unit and the person.

    The share of a pair's odds in those of everybody that it could be, and of nobody, is the chance that it is right.
    Above a half there can be but one for a unit; with those of the person counted too, but one for a person.
    """
    weight = nw.lit(round(chances.prior_weight * MICRO)).cast(nw.Int64)
    for name, weights in zip(level_names(compare), chances.weights, strict=True):
        weight = weight + _weight(name, weights)
    capped = nw.when(weight > MOST_WEIGHT * MICRO).then(nw.lit(MOST_WEIGHT * MICRO).cast(nw.Int64)).otherwise(weight)
    odds = ((capped.cast(nw.Float64) / MICRO).exp() * ODDS).cast(nw.Int64).alias("odds")
    made = pairs.with_columns(odds).filter(nw.col("odds") > 0)
    own, rivals = nw.col("odds"), nw.col("of_unit")
    made = _summed(made, keys, "of_unit")
    if delivery.rows == "single":
        made = _summed(made, [*(key for key in keys if key != PERSONA), "person"], "of_person")
        rivals = rivals + nw.col("of_person") - own
    share = own.cast(nw.Float64) / (rivals + ODDS).cast(nw.Float64)
    doubt = ((1 - share) * MICRO).cast(nw.Int64).alias("doubt")
    likely = (share >= threshold) & nw.lit(chances.usable)
    return made.filter(likely).select(*keys, nw.col("person").alias("agreed"), doubt)


def _weight(name: str, weights: NDArray[np.float64]) -> nw.Expr:
    made = nw.lit(0).cast(nw.Int64)
    for level, weight in enumerate(weights):
        made = nw.when(nw.col(name) == level).then(nw.lit(round(float(weight) * MICRO)).cast(nw.Int64)).otherwise(made)
    return made


def _summed(pairs: Frame, keys: Sequence[str], name: str) -> Frame:
    sums = pairs.group_by(list(keys)).agg(nw.col("odds").sum().alias(name))
    return pairs.join(sums, on=list(keys), how="left")


def _linked(rows: Frame, links: Frame, keys: Sequence[str], spine: Population) -> Frame:
    members = spine.persons.select(
        nw.col("person").alias("agreed"),
        nw.col("household").alias("agreed_household"),
        nw.col("minor").alias("agreed_minor"),
        nw.col("is_reference").alias("agreed_reference"),
    )
    joined = rows.join(links, on=list(keys), how="left").join(members, on="agreed", how="left")
    here = ~nw.col("agreed").is_null() & (nw.col("open") == 1)
    known = {"person": "agreed", "household": "agreed_household", "minor": "agreed_minor"}
    known |= {"is_reference": "agreed_reference"}
    found = [nw.when(here).then(nw.col(agreed)).otherwise(nw.col(name)).alias(name) for name, agreed in known.items()]
    by = nw.when(here).then(way(WAY)).otherwise(nw.col("way")).alias("way")
    doubt = nw.when(here).then(nw.col("doubt")).otherwise(nw.lit(0).cast(nw.Int64)).alias("doubt")
    return joined.with_columns(*found, by, doubt).drop("agreed", "agreed_household", "agreed_minor", "agreed_reference")


def _doubt(engine: Engine, linked: Frame) -> dict[int, int]:
    """By package: how many of its links by agreement are expected to be false, in millionths of a row."""
    rows = linked.filter(went(WAY)).group_by("holder").agg(nw.col("doubt").sum())
    return dict(engine.collect(rows.select("holder", "doubt")).iter_rows())


# --- what is told of it -------------------------------------------------------------------------


def expected_false(agreement: Agreement, number: int) -> float:
    """How many of the rows of a package that are linked by agreement are expected to be linked wrongly."""
    return round(agreement.doubt.get(number, 0) / MICRO, 3)


def agreements(made: Mapping[str, Agreement], protocol: StudyProtocol) -> dict[str, Any]:
    """Per delivery, for `linkage.json`: what was compared, and what an agreement says there."""
    assert protocol.numberless is not None
    return {name: _told(agreement, protocol.numberless) for name, agreement in made.items()}


def _told(agreement: Agreement, numberless: Numberless) -> dict[str, Any]:
    chances, derived = agreement.chances, agreement.records.delivery.derived
    shown = [c for c in numberless.compare if set(c.levels) & set(derived)]
    return {
        "threshold": str(numberless.threshold),
        "estimated": chances.usable,
        "pairs": agreement.pairs,
        "compared": agreement.compared,
        "same_person": round(chances.prior * agreement.pairs, 1),
        "comparisons": {
            comparison.name: _levels_told(comparison, derived, *shares)
            for comparison, *shares in zip(shown, chances.same, chances.other, strict=True)
        },
    }


def _levels_told(
    comparison: Comparison, derived: Sequence[str], same: NDArray[np.float64], other: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    """Per level its chance for one person and for two, and its weight in bits; `differs` comes first."""
    fields = [level for level in comparison.levels if level in derived]
    names = ["differs", fields[0], *(f"{name}{how}" for name in fields[1:] for how in ("", "-alone"))]
    return {
        name: {"same": round(float(a), 6), "other": round(float(b), 9), "weight": round(float(np.log2(a / b)), 2)}
        for name, a, b in zip(names, same, other, strict=True)
    }
