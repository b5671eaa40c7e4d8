"""The only home of engine traps: what differs silently between engines is written here once (docs/adr/0004).

Every count, flag and sum is Int64 before it is aggregated; three-valued logic is carried as a value and a flag
for unknown, so no engine's own treatment of null decides anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import narwhals.stable.v2 as nw

Expr = nw.Expr
Frame = nw.LazyFrame[Any]


def one() -> Expr:
    """A column of ones to sum; `len` has other widths on other engines."""
    return nw.lit(1).cast(nw.Int64)


def as_flag(condition: Expr) -> Expr:
    """A condition as 1, 0 or null."""
    return condition.cast(nw.Int64)


def is_unknown(flag: Expr) -> Expr:
    """1 where a value is null, else 0."""
    return flag.is_null().cast(nw.Int64)


def any_of(conditions: Iterable[Expr]) -> Expr:
    """Kleene OR: true if any is true, else null if any is null, else false."""
    return reduce(lambda a, b: a | b, conditions)


def all_of(conditions: Iterable[Expr]) -> Expr:
    """Kleene AND."""
    return reduce(lambda a, b: a & b, conditions)


def total(columns: Sequence[Expr]) -> Expr:
    """The sum of columns; null if any is null."""
    return reduce(lambda a, b: a + b, [column.cast(nw.Int64) for column in columns])


def state(flag: Expr) -> Expr:
    """A flag as one number: 2 yes, 1 unknown, 0 no; the highest of a group is what is known of the group."""
    return (as_flag(flag) * 2).fill_null(1)


def known(highest: Expr) -> Expr:
    """Of the highest state of a group, whether any of it met it: unknown where none did and one may have."""
    return (
        nw.when(highest == 2)
        .then(nw.lit(True))
        .when(highest == 1)
        .then(nw.lit(None, nw.Boolean))
        .otherwise(nw.lit(False))
    )


def where(condition: Expr, value: Expr) -> Expr:
    """The value where the condition holds, else null."""
    return nw.when(condition).then(value)


def repeated(rows: Frame, keys: Sequence[str]) -> Frame:
    """Values of the first of these columns, not null, that more than one row has together with those of the others."""
    some = rows.filter(~nw.col(keys[0]).is_null()).select(*keys, one().alias("rows"))
    counted = some.group_by(list(keys)).agg(nw.col("rows").sum()).filter(nw.col("rows") > 1)
    return counted.select(keys[0]) if len(keys) == 1 else counted.select(keys[0]).unique()
