"""Linked rows against those that were not linked, on every agreed attribute (quality-v1, section 5).

If those that were not linked are other people, what is counted of the linked ones says less of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from linkage.engine.base import Engine
from linkage.engine.portable import as_flag, is_unknown
from linkage.linker.link import LINKED, Records, went
from linkage.linker.quality.intervals import Moments, cohen_h, mean_difference
from linkage.study import WireColumn

Pair = tuple[int, int]
GROUPS = (1, 0)  # linked, not linked


def compare(engine: Engine, records: Records, columns: Sequence[WireColumn]) -> dict[int, list[dict[str, Any]]]:
    """By number of the package: a line per attribute, with `differences` of each value between the two groups."""
    sums, values = _sums(engine, records, columns), _values(engine, records, columns)
    holders = sorted({holder for holder, _ in sums})
    return {holder: [_line(column, holder, sums, values) for column in columns] for holder in holders}


Sums = Mapping[tuple[int, int], Mapping[str, int]]
Values = Mapping[str, Mapping[tuple[int, int, int], int]]


def _flagged(records: Records) -> nw.LazyFrame[Any]:
    return records.rows.with_columns(as_flag(went(*LINKED)).alias("is_linked"))


def _sums(engine: Engine, records: Records, columns: Sequence[WireColumn]) -> Sums:
    """By package and group: rows, and of each attribute the unknown ones, the sum and the sum of squares."""
    rows = _flagged(records).with_columns(nw.lit(1).cast(nw.Int64).alias("n"))
    names = []
    for column in columns:
        value = nw.col(f"v_{column.name}")
        made = {"u": is_unknown(value), "s": value, "q": value * value}
        rows = rows.with_columns(*(e.alias(f"{what}_{column.name}") for what, e in made.items()))
        names += [f"{what}_{column.name}" for what in made]
    summed = rows.group_by("holder", "is_linked").agg(*(nw.col(name).sum() for name in ("n", *names)))
    lines = engine.collect(summed).iter_rows(named=True)
    return {(line["holder"], line["is_linked"]): {name: line[name] or 0 for name in ("n", *names)} for line in lines}


def _values(engine: Engine, records: Records, columns: Sequence[WireColumn]) -> Values:
    """By category and year columns: rows by package, group and value."""
    found: dict[str, dict[tuple[int, int, int], int]] = {}
    for column in columns:
        if not _options(column):
            continue
        name = f"v_{column.name}"
        rows = _flagged(records).filter(~nw.col(name).is_null()).with_columns(nw.lit(1).cast(nw.Int64).alias("n"))
        counted = rows.group_by("holder", "is_linked", name).agg(nw.col("n").sum())
        lines = engine.collect(counted.select("holder", "is_linked", name, "n")).iter_rows()
        found[column.name] = {(holder, group, value): n for holder, group, value, n in lines}
    return found


def _options(column: WireColumn) -> dict[int, str]:
    """The values that are compared one by one; a number is compared by its mean."""
    if column.name == "year":
        return {year: str(year) for year in range(column.minimum, column.maximum + 1)}
    return dict(enumerate(column.categories))


def _line(column: WireColumn, holder: int, sums: Sums, values: Values) -> dict[str, Any]:
    nothing: dict[str, int] = {}
    groups = [sums.get((holder, group), nothing) for group in GROUPS]
    rows = [group.get("n", 0) for group in groups]
    unknown = [group.get(f"u_{column.name}", 0) for group in groups]
    known = [n - u for n, u in zip(rows, unknown, strict=True)]
    options = _options(column)
    if options:
        counted = values[column.name]
        pairs = {name: [counted.get((holder, group, value), 0) for group in GROUPS] for value, name in options.items()}
        found = [_shares(name, pair, known) for name, pair in pairs.items()]
    elif column.type == "boolean":
        found = [_shares("yes", [group.get(f"s_{column.name}", 0) for group in groups], known)]
    else:
        found = [_means(column.name, groups, known)]
    found.append(_shares("unknown", unknown, rows))
    return {"column": column.name, "linked": rows[0], "not_linked": rows[1], "differences": found}


def _shares(value: str, parts: Sequence[int], wholes: Sequence[int]) -> dict[str, Any]:
    found = cohen_h((parts[0], wholes[0]), (parts[1], wholes[1]))
    return {
        "value": value,
        "linked": [parts[0], wholes[0]],
        "not_linked": [parts[1], wholes[1]],
        **_told("cohen-h", found),
    }


def _means(name: str, groups: Sequence[Mapping[str, int]], known: Sequence[int]) -> dict[str, Any]:
    sides = [
        Moments(n, group.get(f"s_{name}", 0), group.get(f"q_{name}", 0)) for group, n in zip(groups, known, strict=True)
    ]
    linked, other = ([side.total, side.count] for side in sides)
    return {"value": "mean", "linked": linked, "not_linked": other, **_told("mean", mean_difference(*sides))}


def _told(measure: str, found: tuple[float, float] | None) -> dict[str, Any]:
    difference, error = (None, None) if found is None else (round(found[0], 6), round(found[1], 6))
    return {"measure": measure, "difference": difference, "error": error}
