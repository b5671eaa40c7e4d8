"""Cells to values: dates, amounts, whole numbers, yes/no words and categories, as Dutch exports write them.

Each reader gives a value that is null for an empty cell, and a flag that is true for a cell that is not
empty and cannot be read. Normative: docs/spec/normalisation-v1.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from linkage.holder.identifiers import clean, without_point_zero

YES_WORDS = ("ja", "j", "1", "true", "waar")
NO_WORDS = ("nee", "n", "0", "false", "onwaar")


@dataclass(frozen=True)
class Read:
    """Named value expressions of one column, and whether a cell holds something that cannot be read."""

    values: dict[str, pl.Expr]
    unreadable: pl.Expr


def date(column: pl.Expr) -> Read:
    """A date as its earliest and latest possible day, each year * 10000 + month * 100 + day.

    Reads d-m-yyyy, yyyy-mm-dd (with a time), yyyymmdd; 00 for an unknown day or month, as the register writes.
    """
    text = without_point_zero(clean(column))
    day_first, year_first, packed = (
        r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})(?: .*)?$",
        r"^([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[ T].*)?$",
        r"^([0-9]{4})([0-9]{2})([0-9]{2})$",
    )

    def part(groups: tuple[int, int, int]) -> pl.Expr:
        found = (
            text.str.extract(form, group)
            for form, group in zip((day_first, year_first, packed), groups, strict=True)
        )
        return pl.coalesce(*found).cast(pl.Int64, strict=False)

    year, month, day = part((3, 1, 1)), part((2, 2, 2)), part((1, 3, 3))
    unknown = (year == 0) & (month == 0) & (day == 0)
    exists = year.is_between(1850, 2100) & month.is_between(0, 12) & (day >= 0) & (day <= _days(year, month))
    earliest = year * 10_000 + pl.max_horizontal(month, 1) * 100 + pl.max_horizontal(day, 1)
    last_month = pl.when(month == 0).then(12).otherwise(month)
    latest = year * 10_000 + last_month * 100 + pl.when(day == 0).then(31).otherwise(day)
    good = exists.fill_null(False) & ~((month == 0) & (day > 0))
    values = {"earliest": pl.when(good).then(earliest), "latest": pl.when(good).then(latest)}
    return Read(values, text.is_not_null() & ~good & ~unknown.fill_null(False))


def _days(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = pl.when(leap).then(29).otherwise(28)
    return pl.when(month == 2).then(february).when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)


def amount(column: pl.Expr, decimal: str) -> Read:
    """Euros as whole cents, cut off (not rounded) behind the second decimal."""
    text = clean(column).str.replace_all(r"^(€|EUR) ?| ?(€|EUR)$|,-$", "")
    text = text.str.replace_all(" ", "", literal=True)
    if decimal == "comma":
        well_formed = text.str.contains(r"^-?([0-9]{1,3}(\.[0-9]{3})+|[0-9]{1,15})(,[0-9]+)?$")
        plain = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    else:
        well_formed = text.str.contains(r"^-?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,15})(\.[0-9]+)?$")
        plain = text.str.replace_all(",", "", literal=True)
    euros = plain.str.extract(r"^-?([0-9]+)", 1).cast(pl.Int64, strict=False)
    cents = pl.concat_str(plain.str.extract(r"\.([0-9]{1,2})", 1).fill_null(""), pl.lit("00")).str.slice(0, 2)
    size = euros * 100 + cents.cast(pl.Int64, strict=False)
    signed = pl.when(plain.str.starts_with("-")).then(-size).otherwise(size)
    return Read({"cents": pl.when(well_formed).then(signed)}, text.is_not_null() & ~well_formed)


def whole(column: pl.Expr) -> Read:
    """A whole number."""
    text = without_point_zero(clean(column))
    well_formed = text.str.contains(r"^-?[0-9]{1,15}$")
    return Read({"number": pl.when(well_formed).then(text).cast(pl.Int64, strict=False)}, text.is_not_null() & ~well_formed)


def words(column: pl.Expr, mapping: Mapping[str, int]) -> Read:
    """One of a closed list of words, as its position; anything else is unreadable."""
    text = without_point_zero(clean(column)).str.to_lowercase()
    position = text.replace_strict(list(mapping), list(mapping.values()), default=None, return_dtype=pl.Int16)
    return Read({"position": position}, text.is_not_null() & position.is_null())


def yes_no_words(own: Mapping[str, str]) -> dict[str, int]:
    """The yes/no words of a holder: the usual ones, and its own under [holder.values]."""
    usual = {word: 1 for word in YES_WORDS} | {word: 0 for word in NO_WORDS}
    return usual | {fold(word): int(meaning == "ja") for word, meaning in own.items()}


def category_words(categories: tuple[str, ...], own: Mapping[str, str]) -> dict[str, int]:
    """The category words of a holder: the agreed names, and its own under [holder.values]."""
    positions = {fold(name): index for index, name in enumerate(categories)}
    return positions | {fold(word): categories.index(name) for word, name in own.items()}


def fold(word: str) -> str:
    """A word as `words` compares it."""
    return " ".join(word.split()).lower()
