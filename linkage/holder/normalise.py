"""Text to canonical identifiers and typed values, one expression per column, for a whole batch at once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from linkage.holder import identifiers, values
from linkage.holder.identifiers import Identified
from linkage.holder.read import RawBatch
from linkage.holder.values import Read
from linkage.study import IDENTIFIER_COLUMNS, Holder, Study, WireColumn, wire_columns
from protocols.model import AgeBand, AmountBand, AmountRounded, Below, CategoryColumn, Column, Count, Delivery, Minor


@dataclass(frozen=True)
class Job:
    """What a holder is about to do: its entry in the study, and the delivery that it makes."""

    study: Study
    holder: Holder
    delivery: Delivery

    @property
    def decimal(self) -> str:
        """How amounts are written in a text export."""
        return self.holder.format.decimal

    @property
    def wire(self) -> tuple[WireColumn, ...]:
        """The attribute columns as they leave."""
        return wire_columns(self.study, self.delivery)


@dataclass(frozen=True)
class NormalBatch:
    """`row`; per identifier `id:FIELD` and `class:KIND`; per column `COLUMN:VALUE` and `bad:COLUMN`."""

    frame: pl.DataFrame


def normalise(batch: RawBatch, job: Job, decimal: str) -> NormalBatch:
    """Read every cell of a batch; nothing is decided about rows yet."""
    present = set(batch.frame.columns)
    expressions: list[pl.Expr] = [pl.col("row")]
    for kind in job.delivery.kinds:
        expressions += _identifier(kind, job, present)
    if "address" in job.delivery.kinds:
        expressions.append(_has_suffix(job, present))
    if job.delivery.years:
        expressions += _named("year", values.whole(_text("year", present)))
    for select in job.delivery.select:
        expressions += _named(select.name, values.date(_text(select.name, present)))
    for column in job.delivery.columns:
        expressions += _named(column.name, _read(column, job, present, decimal))
    return NormalBatch(batch.frame.select(expressions))


def _text(key: str, present: set[str]) -> pl.Expr:
    return pl.col(key) if key in present else pl.lit(None, pl.String)


def _identified(kind: str, job: Job, present: set[str]) -> Identified:
    version = job.study.protocol.normalisation.version(kind)
    parts = {name: _text(name, present) for name in IDENTIFIER_COLUMNS[kind]}
    return identifiers.NORMALISERS[version](parts)


def _identifier(kind: str, job: Job, present: set[str]) -> list[pl.Expr]:
    found = _identified(kind, job, present)
    usable = found.outcome == identifiers.OK
    fields = [pl.when(usable).then(text).alias(f"id:{field}") for field, text in found.canonical.items()]
    return [*fields, found.outcome.alias(f"class:{kind}")]


def _has_suffix(job: Job, present: set[str]) -> pl.Expr:
    found = _identified("address", job, present)
    return pl.when(found.outcome == identifiers.OK).then(~found.canonical["address"].str.ends_with("|")).alias("suffix")


def _named(name: str, read: Read) -> list[pl.Expr]:
    parts = [expression.alias(f"{name}:{part}") for part, expression in read.values.items()]
    return [*parts, read.unreadable.alias(f"bad:{name}")]


def _read(column: Column, job: Job, present: set[str], decimal: str) -> Read:
    text, own = _text(column.name, present), job.holder.values.get(column.name, {})
    if isinstance(column, Minor | AgeBand):
        return values.date(text)
    if isinstance(column, Below | AmountBand | AmountRounded):
        return values.amount(text, decimal)
    if isinstance(column, Count):
        return values.whole(text)
    if isinstance(column, CategoryColumn):
        categories = column.categories or job.study.study.areas
        return values.words(text, values.category_words(categories, own))
    return values.words(text, values.yes_no_words(own))
