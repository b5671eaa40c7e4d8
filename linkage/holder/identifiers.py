"""Identifiers to canonical text and a class: `bsn/1`, `a-number/1`, `address/1`, `household-number/1`.

Normative: docs/spec/normalisation-v1.md. A rule here is frozen once used; a correction is a new version. Each
normaliser takes text columns and never guesses: what is not plainly one thing gets a class of its own and is
counted, not encoded. The work is done in stages, since one deep expression would repeat its parts many times over.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from linkage.holder.digits import digits, number, weighted
from linkage.holder.once import once

BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
A_NUMBER_WEIGHTS = tuple(2**place for place in range(10))
RESERVED_BSN = "000000012"
RESERVED_A_NUMBER = "1010101010"
RESERVED_POSTCODE = "9999ZZ"
RESERVED_HOUSEHOLD = "CANARY0"
MAX_SUFFIX = 5

OK = "ok"
_MONTHS = "JAN|FEB|MRT|MAR|MAA|APR|MEI|MAY|JUN|JUL|AUG|SEP|OKT|OCT|NOV|DEC"
_DATE = (
    r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T].*)?$|^[0-9]{1,2}[-/][0-9]{1,2}[-/]([0-9]{2}|[0-9]{4})$"
    rf"|^[0-9]{{1,2}}[- ]?({_MONTHS})[A-Z.]*([- ]?[0-9]{{2,4}})?$|^({_MONTHS})[A-Z.]*[- ][0-9]{{1,4}}$"
)
# `12-14` is a range or an addition, and so is `12A-12C`; `22-2` and `12A-3` can only be an addition.
_RANGE = r"^[0-9]+ ?[-/,; ] ?([0-9]+)[A-Z]{0,2}$"
_LETTERED = r"^[0-9]+[A-Z] ?[-/] ?([0-9]+)[A-Z]?$"
_UNTIL = r"^[0-9]+[A-Z]?[- ]*(T/M|TM|TOT|EN|&|\+)[- ]*[0-9]|^[0-9]+ ?T/M\b"


SPACES = " \t\r\n\f\v\u00a0\u2007\u202f\u200b\ufeff"


def clean(column: pl.Expr) -> pl.Expr:
    """Trim white space of any kind, and make an empty cell null."""
    text = column.str.strip_chars(SPACES)
    return pl.when(text != "").then(text)


def folded(column: pl.Expr) -> pl.Expr:
    """Trim, and fold white space inside to one space."""
    return clean(column.str.replace_all(r"[\s\u{200B}\u{FEFF}]+", " "))


def without_point_zero(text: pl.Expr) -> pl.Expr:
    """Drop the `.0` or `.00` that a spreadsheet puts behind a whole number; `1.000` may be a thousand."""
    return text.str.replace(r"^([0-9]+)[.,]0{1,2}$", "$1")


def _cleaned(parts: pl.DataFrame, name: str) -> pl.LazyFrame:
    """One column, trimmed and without point zero; that is to copy each cell, so it is done where there is one."""
    frame = parts.select(clean(pl.col(name)))
    pointed = frame[name].str.contains(r"[.,]00?$").any()
    return frame.lazy().select(without_point_zero(pl.col(name)) if pointed else pl.col(name))


def upper(text: pl.Expr) -> pl.Expr:
    """Upper case where all is ASCII; other text stays as it is, and then fits no grammar (`ſ` must not become `S`)."""
    return pl.when(text.str.contains(r"^[\x00-\x7F]*$")).then(text.str.to_uppercase()).otherwise(text)


def _first(*cases: tuple[pl.Expr, str | pl.Expr]) -> pl.Expr:
    """`class`: the name of the first condition that is true, else `ok`."""
    outcome = pl.lit(OK)
    for condition, name in reversed(cases):
        named = pl.lit(name) if isinstance(name, str) else name
        outcome = pl.when(condition).then(named).otherwise(outcome)
    return outcome.alias("class")


def _outcome(*cases: tuple[NDArray[np.bool_], str]) -> pl.Series:
    """`class`: as `_first`, of conditions that are known already."""
    code = np.zeros(len(cases[0][0]), np.uint32)
    for place, (condition, _) in reversed(list(enumerate(cases, 1))):
        code[condition] = place
    return pl.Series([OK, *(name for _, name in cases)]).gather(pl.Series(code)).alias("class")


def _rewritten(text: pl.Series, plain: NDArray[np.bool_], rewrite: Callable[[pl.DataFrame], pl.Series]) -> pl.Series:
    """The cells that are not plain rewritten, in their places."""
    if plain.all():
        return text
    rest = rewrite(text.filter(pl.Series(~plain)).to_frame())
    place = np.where(plain, np.cumsum(plain) - 1, plain.sum() + np.cumsum(~plain) - 1)
    return pl.concat([text.filter(pl.Series(plain)), rest]).gather(place)


def bsn(parts: pl.DataFrame) -> pl.DataFrame:
    """bsn/1: 8 or 9 ASCII digits, padded to nine; eleven test; fillers and the reserved number apart."""
    text = _rewritten(parts["bsn"], digits(parts["bsn"], 9)[1], _nine_digits)
    found, formed = digits(text, 9)
    value = number(found)
    outcome = _outcome(
        (text.is_null().to_numpy(), "empty"),
        (~formed, "format"),
        (value == int(RESERVED_BSN), "reserved"),
        ((value // 10 % 11_111_111 == 0) | (value == 123_456_782), "filler"),
        (weighted(found, BSN_WEIGHTS) % 11 != 0, "check-digit"),
    )
    return pl.DataFrame([_where(formed, text), outcome])


def _nine_digits(cells: pl.DataFrame) -> pl.Series:
    text = pl.col("bsn")
    eight = text.str.contains(r"^[0-9]{8}$")
    return _cleaned(cells, "bsn").select(pl.when(eight).then(text.str.zfill(9)).otherwise(text)).collect().to_series()


def _where(formed: NDArray[np.bool_], text: pl.Series) -> pl.Series:
    """Null where it is no number."""
    return text if formed.all() else text.to_frame().select(pl.when(pl.Series(formed)).then(pl.first())).to_series()


def a_number(parts: pl.DataFrame) -> pl.DataFrame:
    """a-number/1: ten ASCII digits, first not 0, no equal neighbours, and both tests of the register."""
    text = parts["a_number"]
    text = _rewritten(text, digits(text, 10)[1], lambda cells: _cleaned(cells, "a_number").collect().to_series())
    found, formed = digits(text, 10)
    formed &= found[0] != 0
    sums = weighted(found, (1,) * 10) % 11
    passes = ((sums == 0) | (sums == 5)) & (weighted(found, A_NUMBER_WEIGHTS) % 11 == 0)
    passes &= (found[1:] != found[:-1]).all(0)
    outcome = _outcome(
        (text.is_null().to_numpy(), "empty"),
        (~formed, "format"),
        (number(found) == int(RESERVED_A_NUMBER), "reserved"),
        (~passes, "check-digit"),
    )
    return pl.DataFrame([_where(formed, text).alias("a-number"), outcome])


def household_number(parts: pl.DataFrame) -> pl.DataFrame:
    """household-number/1: 1 to 20 ASCII letters and digits, upper case, without leading zeros."""
    text = parts["household_number"]
    plain = _is_household(text)
    text = _rewritten(text, plain, _bare_household)
    formed = plain if plain.all() else _is_household(text)
    outcome = _outcome(
        (text.is_null().to_numpy(), "empty"),
        ((text == RESERVED_HOUSEHOLD).fill_null(False).to_numpy(), "reserved"),
        (~formed, "format"),
    )
    return pl.DataFrame([text.alias("household-number"), outcome])


def _is_household(text: pl.Series) -> NDArray[np.bool_]:
    return text.str.contains(r"^[1-9A-Z][0-9A-Z]{0,19}$").fill_null(False).to_numpy()


def _bare_household(cells: pl.DataFrame) -> pl.Series:
    text = pl.col("household_number")
    return cells.select(upper(without_point_zero(clean(text))).str.strip_chars_start("0")).to_series()


def address(parts: pl.DataFrame) -> pl.DataFrame:
    """address/1: postcode, number and suffix, from one, two or three columns; `7607AB|12|A3` and `7607AB|12`."""
    read = _postcodes_of(parts["postcode"]).hstack(once(_numbers, parts.select(_NUMBER_PARTS)))
    postcode, number, suffix = pl.col("code"), pl.col("number"), pl.col("suffix")
    return read.select(
        pl.concat_str(postcode, number, suffix, separator="|").alias("address"),
        pl.concat_str(postcode, number, separator="|").alias("address-number"),
        _first(
            ((pl.col("code_class") == "no-postcode") & pl.col("empty"), "empty"),
            (pl.col("code_class") != OK, pl.col("code_class")),
            (pl.lit(True), pl.col("number_class")),
        ),
    )


_NUMBER_PARTS = ("house_number", "house_letter", "house_addition")


def _postcodes_of(text: pl.Series) -> pl.DataFrame:
    """As `_postcodes`; what is written as `7607AB` or `7607 AB`, nearly all, without a pattern for each cell."""
    return once(_postcodes, text.to_frame())


def _postcodes(parts: pl.DataFrame) -> pl.DataFrame:
    """`code`, null where it is none, and `code_class`."""
    given, postcode = pl.col("given"), pl.col("code")
    return (
        parts.lazy()
        .select(upper(clean(pl.col("postcode"))).alias("given"))
        .with_columns(_postcode(given).alias("code"))
        .select(
            "code",
            _first(
                (given.is_null(), "no-postcode"),
                (postcode.is_null(), "postcode-format"),
                (postcode == RESERVED_POSTCODE, "reserved"),
            ).alias("code_class"),
        )
        .collect()
    )


def _postcode(text: pl.Expr) -> pl.Expr:
    squeezed = text.str.replace(r"^NL[- ]?", "").str.replace(r"^([0-9]{4})\s([A-Z]{2})$", "$1$2")
    return pl.when(squeezed.str.contains(r"^[1-9][0-9]{3}([A-RT-Z][A-Z]|S[BCE-RT-Z])$")).then(squeezed)


def _numbers(parts: pl.DataFrame) -> pl.DataFrame:
    """`number`, `suffix`, whether the cell of the number is `empty`, and `number_class`."""
    return (
        parts.lazy()
        .select(without_point_zero(upper(folded(pl.col(name)))).alias(name) for name in _NUMBER_PARTS)
        .with_columns(*_number_and_suffix())
        .select("number", "suffix", pl.col("house_number").is_null().alias("empty"), _number_class())
        .collect()
    )


def _number_and_suffix() -> tuple[pl.Expr, pl.Expr]:
    text = pl.col("house_number")
    rest = [text.str.replace(r"^[0-9]+", ""), pl.col("house_letter"), pl.col("house_addition")]
    suffix = pl.concat_str(rest, ignore_nulls=True).str.replace_all(r"[\s\-/.,'+]+", "")
    return text.str.extract(r"^0*([0-9]+)", 1).alias("number"), suffix.alias("suffix")


def _number_class() -> pl.Expr:
    text, number, suffix = pl.col("house_number"), pl.col("number"), pl.col("suffix")
    low = number.cast(pl.Int64, strict=False)
    high, lettered = (text.str.extract(form, 1).cast(pl.Int64, strict=False) for form in (_RANGE, _LETTERED))
    is_range = (high > low).fill_null(False) | (lettered >= low).fill_null(False) | text.str.contains(_UNTIL)
    return _first(
        (text.str.contains(_DATE), "date"),
        (text.is_null() | number.is_null(), "no-number"),
        (is_range, "range-or-addition"),
        (number == "0", "zero"),
        (~suffix.str.contains(r"^[0-9A-Z]*$"), "format"),
        ((number.str.len_bytes() > 5) | (suffix.str.len_bytes() > MAX_SUFFIX), "too-long"),
    ).alias("number_class")


Normaliser = Callable[[pl.DataFrame], pl.DataFrame]
NORMALISERS: dict[str, Normaliser] = {
    "bsn/1": bsn,
    "a-number/1": a_number,
    "address/1": address,
    "household-number/1": household_number,
}
