"""Values to the form in which they leave: the protocol's transforms, and nothing that was not asked for.

Birth date -> minor or age band, amount -> below, band or rounded, count -> capped. What cannot be decided (a
birth date of which only the year is known) becomes unknown, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

import polars as pl

from linkage.holder.normalise import Job
from linkage.holder.validate import ValidBatch
from linkage.study import WireColumn, pseudonym_fields
from protocols.model import AgeBand, AmountBand, AmountRounded, Below, Column, Count, Minor


@dataclass(frozen=True)
class MinimalBatch:
    """`id:FIELD` for each pseudonym field, then the attribute columns as they leave; no row number any more."""

    frame: pl.DataFrame


WIRE_TYPES: dict[str, pl.DataType] = {"boolean": pl.Boolean(), "integer": pl.Int32(), "category": pl.Int32()}


def minimise(batch: ValidBatch, job: Job) -> MinimalBatch:
    """Apply the transforms to the rows that can leave."""
    fields = [pl.col(f"id:{field}") for field in pseudonym_fields(job.delivery)]
    columns = {column.name: _transformed(column, job) for column in job.delivery.columns}
    structural = {"address_suffix": pl.col("suffix"), "year": pl.col("year:number")}
    attributes = [
        (columns if wire.name in columns else structural)[wire.name].cast(WIRE_TYPES[wire.type]).alias(wire.name)
        for wire in job.wire
    ]
    return MinimalBatch(batch.kept.select(*fields, *attributes))


def _transformed(column: Column, job: Job) -> pl.Expr:
    value = _value(column, job)
    # What the holder does not have is unknown, also where an empty cell would have meant "none".
    if column.empty == "none" and column.name in job.holder.columns:
        return value.fill_null(False if _is_boolean(column, job) else 0)
    return value


def _is_boolean(column: Column, job: Job) -> bool:
    return {wire.name: wire.type for wire in job.wire}[column.name] == "boolean"


def _value(column: Column, job: Job) -> pl.Expr:
    parameters = job.study.protocol.parameters
    match column:
        case Minor():
            return _minor(column.name, job, parameters.child_max_age)
        case AgeBand():
            return _age_band(column, job)
        case Below():
            limit = parameters.income_limit * parameters.income_deflator
            return pl.col(f"{column.name}:cents") < _cents(limit)
        case AmountBand():
            return _band(pl.col(f"{column.name}:cents"), [_cents(edge) for edge in column.edges])
        case AmountRounded():
            return _rounded(pl.col(f"{column.name}:cents"), column.step, column.at_most)
        case Count():
            return _capped(pl.col(f"{column.name}:number"), column.at_most)
        case _:
            position = pl.col(f"{column.name}:position")
            return position == 1 if column.leaves_as == "yes-no" else position


def _cents(euros: Decimal) -> int:
    """The first whole cent that is not below the amount, so that cutting a limit off moves nobody across it."""
    return int((euros * 100).to_integral_value(ROUND_CEILING))


def _age_reached(column: str, age: int, job: Job) -> pl.Expr:
    """Whether that age is reached on the reference date; null where an unknown day or month decides it."""
    day = job.study.study.reference_date
    born_by = (day.year - age) * 10_000 + day.month * 100 + day.day
    earliest, latest = pl.col(f"{column}:earliest"), pl.col(f"{column}:latest")
    return pl.when(latest <= born_by).then(True).when(earliest > born_by).then(False)


def _minor(column: str, job: Job, max_age: int) -> pl.Expr:
    return ~_age_reached(column, max_age + 1, job)


def _age_band(column: AgeBand, job: Job) -> pl.Expr:
    position = pl.lit(0)
    for edge in column.edges:
        position = position + _age_reached(column.name, edge, job).cast(pl.Int32)
    return position


def _band(cents: pl.Expr, edges: list[int]) -> pl.Expr:
    position = pl.lit(0)
    for edge in edges:
        position = position + (cents >= edge).cast(pl.Int32)
    return position


def _rounded(cents: pl.Expr, step: int, at_most: int) -> pl.Expr:
    """Half up to the step; above zero never becomes zero, below zero becomes zero."""
    steps = (cents + step * 50) // (step * 100)
    at_least_one = pl.when((cents > 0) & (steps < 1)).then(1).when(cents <= 0).then(0).otherwise(steps)
    return _capped(at_least_one * step, at_most)


def _capped(number: pl.Expr, at_most: int) -> pl.Expr:
    # Not `min_horizontal`: that passes over null, and unknown would become the cap.
    return pl.when(number > at_most).then(at_most).otherwise(number)


def wire_dtype(column: WireColumn) -> pl.DataType:
    """The Polars type of an attribute column."""
    return WIRE_TYPES[column.type]
