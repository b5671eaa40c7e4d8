"""Text to canonical identifiers and typed values, column by column, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from linkage.holder import identifiers, values
from linkage.holder.derived import derived
from linkage.holder.once import once
from linkage.holder.read import RawBatch
from linkage.study import IDENTIFIER_COLUMNS, Holder, Study, WireColumn, wire_columns
from protocols.model import AgeBand, AmountBand, AmountRounded, Below, CategoryColumn, Column, Count, Delivery, Minor


@dataclass(frozen=True)
class Job:
    """What a holder is about to do: its entry in the study, and the delivery that it makes."""

    study: Study
    holder: Holder
    delivery: Delivery

    @property
    def wire(self) -> tuple[WireColumn, ...]:
        """The attribute columns as they leave."""
        return wire_columns(self.study, self.delivery)


@dataclass(frozen=True)
class NormalBatch:
    """`row`; per identifier `id:FIELD` and `class:KIND`; per column `COLUMN:VALUE` and `bad:COLUMN`."""

    frame: pl.DataFrame


def normalise(batch: RawBatch, job: Job) -> NormalBatch:
    """Read every cell of a batch; nothing is decided about rows yet."""
    frame = batch.frame
    parts = [frame.select("row")]
    parts += [_identifier(kind, job, frame) for kind in job.delivery.kinds]
    if job.delivery.derived:
        parts.append(derived(frame, job.study.protocol.derived(job.delivery)))
    if job.delivery.years:
        parts.append(_named("year", _distinct(values.whole, _text("year", frame))))
    for select in job.delivery.select:
        parts.append(_named(select.name, _distinct(values.date, _text(select.name, frame))))
    for column in job.delivery.columns:
        parts.append(_named(column.name, _read(column, job, _text(column.name, frame))))
    return NormalBatch(pl.concat(parts, how="horizontal"))


def _text(key: str, frame: pl.DataFrame) -> pl.Series:
    return frame[key] if key in frame.columns else pl.Series(key, [None], pl.String).new_from_index(0, frame.height)


def _identifier(kind: str, job: Job, frame: pl.DataFrame) -> pl.DataFrame:
    version = job.study.protocol.normalisation.version(kind)
    texts = pl.DataFrame([_text(name, frame) for name in IDENTIFIER_COLUMNS[kind]])
    found = identifiers.NORMALISERS[version](texts)
    usable = pl.col("class") == identifiers.OK
    fields = [pl.when(usable).then(pl.col(name)).alias(f"id:{name}") for name in found.columns if name != "class"]
    if kind == "address":
        fields.append(pl.when(usable).then(~pl.col("address").str.ends_with("|")).alias("suffix"))
    return found.select(*fields, pl.col("class").alias(f"class:{kind}"))


def _named(name: str, read: pl.DataFrame) -> pl.DataFrame:
    return read.select(
        pl.col(part).alias(f"bad:{name}" if part == "bad" else f"{name}:{part}") for part in read.columns
    )


def _read(column: Column, job: Job, text: pl.Series) -> pl.DataFrame:
    own = job.holder.values.get(column.name, {})
    if isinstance(column, Minor | AgeBand):
        return _distinct(values.date, text)
    if isinstance(column, Below | AmountBand | AmountRounded):
        return values.amount(text, job.holder.format.decimal)
    if isinstance(column, Count):
        return _distinct(values.whole, text)
    if isinstance(column, CategoryColumn):
        known = values.category_words(column.categories or job.study.study.areas, own)
    else:
        known = values.yes_no_words(own)
    return _distinct(lambda distinct: values.words(distinct, known), text)


def _distinct(read: Callable[[pl.Series], pl.DataFrame], text: pl.Series) -> pl.DataFrame:
    """Read each different cell once, where many are alike."""
    return once(lambda cells: read(cells["text"]), text.alias("text").to_frame())
