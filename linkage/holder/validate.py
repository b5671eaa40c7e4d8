"""Which rows can leave: the first reason to refuse a row is its reason, in a fixed order.

A row is refused for its year, then for a cell that cannot be read, then for having no usable identifier.
A category or yes/no word that was not agreed stops the encoding: the study's mapping is incomplete then, and
going on would lose data silently.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from linkage.errors import ValueUnknown
from linkage.holder.identifiers import OK
from linkage.holder.normalise import Job, NormalBatch
from protocols.model import AgeBand, CategoryColumn, Count, Minor, YesNo

NOT_SELECTED = "not-selected"
YEAR_NOT_ASKED = "year-not-asked"
MAX_NAMED_ROWS = 5
Case = tuple[pl.Expr, pl.Expr]


@dataclass(frozen=True)
class ValidBatch:
    """Rows that can leave, the others as (`row`, `reason`), and how often each class of identifier occurred."""

    kept: pl.DataFrame
    refused: pl.DataFrame
    classes: dict[tuple[str, str], int]


def validate(batch: NormalBatch, job: Job) -> ValidBatch:
    """Split a batch. Raises ValueUnknown, with columns and row numbers, for words that were not agreed."""
    worded = [column.name for column in job.delivery.columns if isinstance(column, CategoryColumn | YesNo)]
    frame, cases = batch.frame, _cases(job)
    stops = frame.select(_any([condition for condition, _ in cases])).to_series()
    refused = frame.filter(stops).select("row", _reason(cases).alias("reason"))
    unasked = refused.filter(pl.col("reason").is_in([NOT_SELECTED, YEAR_NOT_ASKED]))
    faults = [f for name in worded for f in _not_agreed(frame, unasked, name, job.holder.columns.get(name, name))]
    if faults:
        raise ValueUnknown(
            f"{'; '.join(faults)}. Herstel de export, of meld de nieuwe woorden aan wie de studie beheert"
        )
    return ValidBatch(frame.filter(~stops), refused, _classes(batch, job))


def _not_agreed(frame: pl.DataFrame, unasked: pl.DataFrame, name: str, source: str) -> list[str]:
    """A word in a row that was never meant stops nobody; in any other it would be lost silently."""
    bad = frame.filter(pl.col(f"bad:{name}"))
    rows = bad.join(unasked, on="row", how="anti", maintain_order="left")["row"].to_list()
    if not rows:
        return []
    named = ", ".join(str(row) for row in rows[:MAX_NAMED_ROWS]) + (", …" if len(rows) > MAX_NAMED_ROWS else "")
    cells = "1 cel heeft" if len(rows) == 1 else f"{len(rows)} cellen hebben"
    return [f"kolom `{source}` ({name}): {cells} een woord dat niet is afgesproken (rij {named})"]


def _cases(job: Job) -> list[Case]:
    """Why a row can be refused, in order, each with its reason."""
    return [*_selection(job), *_year(job), *_cells(job), *_no_identifier(job)]


def _reason(cases: list[Case]) -> pl.Expr:
    reason = pl.lit(None, pl.String)
    for condition, name in reversed(cases):
        reason = pl.when(condition).then(name).otherwise(reason)
    return reason


def _selection(job: Job) -> list[Case]:
    day = job.study.study.reference_date
    reference = day.year * 10_000 + day.month * 100 + day.day
    cases = []
    for select in job.delivery.select:
        earliest = pl.col(f"{select.name}:earliest")
        inside = earliest > reference if select.rule == "empty-or-after-reference-date" else earliest <= reference
        cases.append((~inside.fill_null(True) & ~pl.col(f"bad:{select.name}"), pl.lit(NOT_SELECTED)))
    return cases


def _year(job: Job) -> list[Case]:
    if not job.delivery.years:
        return []
    return [(~pl.col("year:number").is_in(list(job.delivery.years)).fill_null(False), pl.lit(YEAR_NOT_ASKED))]


def _cells(job: Job) -> list[Case]:
    columns = job.delivery.columns
    dates = [column.name for column in columns if isinstance(column, Minor | AgeBand)]
    dates += [select.name for select in job.delivery.select]
    numbers = [c.name for c in columns if not isinstance(c, Minor | AgeBand | CategoryColumn | YesNo)]
    negative = [pl.col(f"{c.name}:number") < 0 for c in columns if isinstance(c, Count)]
    return [
        (_any([pl.col(f"bad:{name}") for name in dates]), pl.lit("date-unreadable")),
        (_any([pl.col(f"bad:{name}") for name in numbers]), pl.lit("number-unreadable")),
        (_any(negative), pl.lit("number-out-of-range")),
    ]


def _any(conditions: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(condition.fill_null(False) for condition in conditions) if conditions else pl.lit(False)


def _no_identifier(job: Job) -> list[Case]:
    """Why a row cannot be recognised: the class of its first identifier that is not empty."""
    cases = []
    for identifier in job.delivery.identifiers:
        if identifier.required:
            outcome = pl.col(f"class:{identifier.kind}")
            cases.append((outcome != OK, pl.concat_str(pl.lit(f"{identifier.kind}-"), outcome)))
    # A household number places a person; it recognises nobody.
    kinds = [kind for kind in job.delivery.kinds if kind != "household-number"]
    named = [
        pl.when(pl.col(f"class:{kind}") != "empty").then(pl.concat_str(pl.lit(f"{kind}-"), pl.col(f"class:{kind}")))
        for kind in kinds
    ]
    unusable = pl.all_horizontal(
        *(pl.col(f"class:{kind}") != OK for kind in kinds),
        *(pl.col(f"id:{field}").is_null() for field in job.delivery.derived),
    )
    return [*cases, (unusable, pl.coalesce(*named, pl.lit("no-identifier")))]


def _classes(batch: NormalBatch, job: Job) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for kind in job.delivery.kinds:
        for name, count in batch.frame[f"class:{kind}"].value_counts().iter_rows():
            counts[(kind, name)] = count
    return counts
