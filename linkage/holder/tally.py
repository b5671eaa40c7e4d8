"""What was counted on the way, and what may be told of it before anything leaves: numbers of rows, never a value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from linkage.errors import NothingToDeliver, TooManyRejected
from linkage.hashing.columns import as_number
from linkage.holder import reasons
from linkage.holder.normalise import Job
from linkage.holder.pseudonymise import PseudonymBatch
from linkage.holder.validate import NOT_SELECTED, ValidBatch

EXAMPLE_ROWS = 5
NAMED_ROWS = 10
NAMED_REASONS = 3


@dataclass
class Tally:
    """Counts over all batches, and the first rows as they leave."""

    rows: int = 0
    kept: int = 0
    refused: list[pl.DataFrame] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    examples: pl.DataFrame | None = None

    def add(self, valid: ValidBatch, made: PseudonymBatch) -> None:
        """Count a batch."""
        frame = made.frame
        self.rows += frame.height + valid.refused.height
        self.kept += frame.height
        self.classes.update(valid.classes)
        self.reasons.update(dict(valid.refused["reason"].value_counts().iter_rows()))
        rejected = valid.refused.filter(pl.col("reason") != NOT_SELECTED)
        if rejected.height:
            self.refused.append(rejected)
        self.unknown.update(dict(zip(frame.columns, frame.null_count().row(0), strict=True)))
        if self.examples is None and frame.height:
            self.examples = _first(frame, EXAMPLE_ROWS)


def _first(frame: pl.DataFrame, rows: int) -> pl.DataFrame:
    """The first rows in the order in which rows leave, by sorting only those that can be among them."""
    first = as_number(pl.col(frame.columns[0]))
    return frame.filter(first.is_null() | (first <= first.bottom_k(rows).max())).sort(frame.columns).head(rows)


@dataclass(frozen=True)
class Summary:
    """What leaves and what stays, before it leaves; `route` is the implementation of the scheme that was used."""

    job: Job
    file: str
    kind: str
    stays: tuple[str, ...]
    tally: Tally
    route: str = "polars-hash"

    @property
    def rejected(self) -> dict[str, int]:
        """Refused rows by reason, without those that were not meant at all."""
        return {reason: n for reason, n in sorted(self.tally.reasons.items()) if reason != NOT_SELECTED}

    @property
    def not_selected(self) -> int:
        """Rows outside the selection of the protocol, such as people who left."""
        return self.tally.reasons[NOT_SELECTED]

    @property
    def rejected_share(self) -> Fraction:
        """The part of the rows that were meant, which is refused."""
        meant = self.tally.rows - self.not_selected
        return Fraction(sum(self.rejected.values()), meant) if meant else Fraction(0)

    @property
    def too_many_rejected(self) -> bool:
        """Whether more is refused than the protocol allows."""
        return self.rejected_share > Fraction(self.job.delivery.max_rejected_share)

    def rows_of(self, reason: str, most: int = NAMED_ROWS) -> list[int]:
        """The first row numbers refused for that reason."""
        rows = [row for frame in self.tally.refused for row in frame.filter(pl.col("reason") == reason)["row"]]
        return sorted(rows)[:most]

    def check(self) -> None:
        """Whether this may become a package. Raises NothingToDeliver, TooManyRejected."""
        if not self.tally.kept:
            raise NothingToDeliver(
                f"{self.file}: geen enkele rij kan mee{self._why()}; is dit de goede export, en kloppen de kolommen in "
                "de studie?"
            )
        if self.too_many_rejected:
            raise TooManyRejected(
                f"{self.file}: {sum(self.rejected.values())} van {self.tally.rows - self.not_selected} rijen zijn "
                f"onbruikbaar{self._why()}; het protocol staat {100 * self.job.delivery.max_rejected_share:.0f}% toe. "
                "Kloppen de kolommen in de studie? Herstel de export, of overleg met wie de studie beheert"
            )

    def _why(self) -> str:
        often = sorted(self.rejected.items(), key=lambda item: -item[1])[:NAMED_REASONS]
        told = "; ".join(f"{count} x {reasons.in_words(reason)}" for reason, count in often)
        return f" ({told})" if told else ""
