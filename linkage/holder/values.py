"""Cells to values: dates, amounts, whole numbers, yes/no words and categories, as Dutch exports write them.

Each reader takes one text column and gives values that are null for an empty cell, and `bad`: true for a cell that is
not empty and cannot be read. Normative: docs/spec/normalisation-v1.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from linkage.holder.identifiers import clean, folded, without_point_zero

YES_WORDS = ("ja", "j", "1", "true", "waar")
NO_WORDS = ("nee", "n", "0", "false", "onwaar")


def _frame(text: pl.Series) -> pl.LazyFrame:
    return text.alias("text").to_frame().lazy()


def date(text: pl.Series) -> pl.DataFrame:
    """`earliest`, `latest`: the first and last day that the cell can mean, as year * 10000 + month * 100 + day.

    Reads d-m-yyyy, yyyy-mm-dd (with a time), yyyymmdd; 00 for an unknown day or month, as the register writes.
    """
    year, month, day = pl.col("year"), pl.col("month"), pl.col("day")
    unknown = (year == 0) & (month == 0) & (day == 0)
    exists = year.is_between(1850, 2100) & month.is_between(0, 12) & (day >= 0) & (day <= _days(year, month))
    good = (exists & ~((month == 0) & (day > 0))).fill_null(False)
    last_month = pl.when(month == 0).then(12).otherwise(month)
    last_day = pl.when(day == 0).then(31).otherwise(day)
    return (
        _frame(text)
        .select(without_point_zero(clean(pl.col("text"))))
        .with_columns(_date_parts())
        .with_columns(good.alias("good"), unknown.fill_null(False).alias("unknown"))
        .select(
            pl.when("good").then(year * 10_000 + month.clip(1) * 100 + day.clip(1)).alias("earliest"),
            pl.when("good").then(year * 10_000 + last_month * 100 + last_day).alias("latest"),
            (pl.col("text").is_not_null() & ~pl.col("good") & ~pl.col("unknown")).alias("bad"),
        )
        .collect()
    )


def _date_parts() -> list[pl.Expr]:
    """`year`, `month`, `day`: every form rewritten to year-month-day, then cut."""
    packed = (
        pl.col("text")
        .str.replace(r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})( .*)?$", "$3-$2-$1")
        .str.replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "$1-$2-$3")
        .str.replace_all("/", "-", literal=True)
    )
    parts = packed.str.extract_groups(r"^(?<year>[0-9]{4})-(?<month>[0-9]{1,2})-(?<day>[0-9]{1,2})(?:[ T].*)?$")
    return [parts.struct.field(name).cast(pl.Int64, strict=False) for name in ("year", "month", "day")]


def _days(year: pl.Expr, month: pl.Expr) -> pl.Expr:
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    february = pl.when(leap).then(29).otherwise(28)
    return pl.when(month == 2).then(february).when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)


def amount(text: pl.Series, decimal: str) -> pl.DataFrame:
    """`cents`: euros as whole cents, cut off (not rounded) behind the second decimal."""
    thousands, point = (".", ",") if decimal == "comma" else (",", ".")
    form = rf"^-?([0-9]{{1,3}}(\{thousands}[0-9]{{3}}){{1,4}}|[0-9]{{1,15}})(\{point}[0-9]+)?$"
    bare = clean(pl.col("text")).str.replace_all(r"^(€|EUR)\s?|\s?(€|EUR)$|,-$|\s", "")
    size = pl.col("euros") * 100 + pl.col("cents")
    return (
        _frame(text)
        .select(bare)
        .with_columns(pl.col("text").str.contains(form).alias("good"))
        .with_columns(pl.col("text").str.replace_all(thousands, "", literal=True).alias("plain"))
        .with_columns(
            pl.col("plain").str.extract(r"^-?([0-9]+)", 1).cast(pl.Int64, strict=False).alias("euros"),
            _two_decimals(point).alias("cents"),
        )
        .select(
            pl.when("good")
            .then(pl.when(pl.col("plain").str.starts_with("-")).then(-size).otherwise(size))
            .alias("cents"),
            (pl.col("text").is_not_null() & ~pl.col("good")).alias("bad"),
        )
        .collect()
    )


def _two_decimals(point: str) -> pl.Expr:
    found = pl.col("plain").str.extract(rf"\{point}([0-9]{{1,2}})", 1).fill_null("")
    return found.str.pad_end(2, "0").cast(pl.Int64, strict=False)


def whole(text: pl.Series) -> pl.DataFrame:
    """`number`: a whole number."""
    return (
        _frame(text)
        .select(without_point_zero(clean(pl.col("text"))))
        .with_columns(pl.col("text").str.contains(r"^-?[0-9]{1,15}$").alias("good"))
        .select(
            pl.when("good").then(pl.col("text")).cast(pl.Int64, strict=False).alias("number"),
            (pl.col("text").is_not_null() & ~pl.col("good")).alias("bad"),
        )
        .collect()
    )


def words(text: pl.Series, mapping: Mapping[str, int]) -> pl.DataFrame:
    """`position`: one of a closed list of words, by its position; anything else is bad."""
    position = pl.col("text").replace_strict(list(mapping), list(mapping.values()), default=None, return_dtype=pl.Int16)
    return (
        _frame(text)
        .select(without_point_zero(folded(pl.col("text"))).str.to_lowercase())
        .with_columns(position.alias("position"))
        .select("position", (pl.col("text").is_not_null() & pl.col("position").is_null()).alias("bad"))
        .collect()
    )


def yes_no_words(own: Mapping[str, str]) -> dict[str, int]:
    """The yes/no words of a holder: the usual ones, and its own under [holder.values]."""
    usual = dict.fromkeys(YES_WORDS, 1) | dict.fromkeys(NO_WORDS, 0)
    return usual | {fold(word): int(meaning == "ja") for word, meaning in own.items()}


def category_words(categories: tuple[str, ...], own: Mapping[str, str]) -> dict[str, int]:
    """The category words of a holder: the agreed names, and its own under [holder.values]."""
    positions = {fold(name): index for index, name in enumerate(categories)}
    return positions | {fold(word): categories.index(name) for word, name in own.items()}


def fold(word: str) -> str:
    """A word as `words` compares it."""
    return " ".join(word.split()).lower()
