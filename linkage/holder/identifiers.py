"""Identifiers to canonical text and a class: `bsn/1`, `a-number/1`, `address/1`, `household-number/1`.

Normative: docs/spec/normalisation-v1.md. A rule here is frozen once used; a correction is a new version. Every
function takes and returns Polars expressions over text, and never guesses: what is not plainly one thing gets a
class of its own and is counted, not encoded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

BSN_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
RESERVED_BSN = "000000012"
RESERVED_A_NUMBER = "1010101010"
RESERVED_POSTCODE = "9999ZZ"
MAX_SUFFIX = 5

OK = "ok"
_MONTHS = "JAN|FEB|MRT|MAR|MAA|APR|MEI|MAY|JUN|JUL|AUG|SEP|OKT|OCT|NOV|DEC"
_DATE = (
    r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T].*)?$|^[0-9]{1,2}[-/][0-9]{1,2}[-/]([0-9]{2}|[0-9]{4})$"
    rf"|^[0-9]{{1,2}}[- ]?({_MONTHS})[A-Z.]*([- ]?[0-9]{{2,4}})?$|^({_MONTHS})[A-Z.]*[- ][0-9]{{1,4}}$"
)
_RANGE = r"^([0-9]+) ?(-|/|T/M|TM|EN|&|\+) ?([0-9]+)$"


@dataclass(frozen=True)
class Identified:
    """Canonical text (null unless the class is `ok`) and class of one kind of identifier."""

    canonical: dict[str, pl.Expr]
    outcome: pl.Expr


def clean(column: pl.Expr) -> pl.Expr:
    """Trim, fold white space of any kind to one space, and make an empty cell null."""
    text = column.str.replace_all(r"[\s\u{200B}\u{FEFF}]+", " ").str.strip_chars()
    return pl.when(text == "").then(None).otherwise(text)


def without_point_zero(text: pl.Expr) -> pl.Expr:
    """Drop the `.0` that a spreadsheet puts behind a whole number."""
    return pl.when(text.str.contains(r"^[0-9]+[.,]0+$")).then(text.str.replace(r"[.,]0+$", "")).otherwise(text)


def _first(*cases: tuple[pl.Expr, str]) -> pl.Expr:
    """The class of the first condition that is true, else `ok`."""
    chain = pl.when(cases[0][0]).then(pl.lit(cases[0][1]))
    for condition, name in cases[1:]:
        chain = chain.when(condition).then(pl.lit(name))
    return chain.otherwise(pl.lit(OK))


def _digits(number: pl.Expr, count: int) -> list[pl.Expr]:
    return [(number // 10 ** (count - 1 - place)) % 10 for place in range(count)]


def _sum(parts: list[pl.Expr]) -> pl.Expr:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def bsn(parts: dict[str, pl.Expr]) -> Identified:
    """bsn/1: 8 or 9 ASCII digits, padded to nine; eleven test; fillers and the reserved number apart."""
    text = without_point_zero(clean(parts["bsn"]))
    well_formed = text.str.contains(r"^[0-9]{8,9}$")
    canonical = pl.when(well_formed).then(text.str.zfill(9))
    number = canonical.cast(pl.Int64, strict=False)
    weighted = _sum([digit * weight for digit, weight in zip(_digits(number, 9), BSN_WEIGHTS, strict=True)])
    filler = ((number // 10) % 11_111_111 == 0) | (number == 123_456_782)
    outcome = _first(
        (text.is_null(), "empty"),
        (~well_formed, "format"),
        (canonical == RESERVED_BSN, "reserved"),
        (filler, "filler"),
        (weighted % 11 != 0, "check-digit"),
    )
    return Identified({"bsn": canonical}, outcome)


def a_number(parts: dict[str, pl.Expr]) -> Identified:
    """a-number/1: ten ASCII digits, first not 0, no equal neighbours, and both tests of the register."""
    text = without_point_zero(clean(parts["a_number"]))
    well_formed = text.str.contains(r"^[1-9][0-9]{9}$")
    canonical = pl.when(well_formed).then(text)
    digits = _digits(canonical.cast(pl.Int64, strict=False), 10)
    neighbours = pl.any_horizontal(a == b for a, b in zip(digits[:-1], digits[1:], strict=True))
    weighted = _sum([digit * 2**place for place, digit in enumerate(digits)])
    passes = (_sum(digits) % 11).is_in([0, 5]) & (weighted % 11 == 0) & ~neighbours
    outcome = _first(
        (text.is_null(), "empty"),
        (~well_formed, "format"),
        (canonical == RESERVED_A_NUMBER, "reserved"),
        (~passes, "check-digit"),
    )
    return Identified({"a-number": canonical}, outcome)


def household_number(parts: dict[str, pl.Expr]) -> Identified:
    """household-number/1: 1 to 20 ASCII letters and digits, upper case, without leading zeros."""
    text = without_point_zero(clean(parts["household_number"])).str.to_uppercase().str.strip_chars_start("0")
    outcome = _first(
        (clean(parts["household_number"]).is_null(), "empty"),
        (~text.str.contains(r"^[0-9A-Z]{1,20}$"), "format"),
    )
    return Identified({"household-number": text}, outcome)


def address(parts: dict[str, pl.Expr]) -> Identified:
    """address/1: postcode, number and suffix, from one, two or three columns; `7607AB|12|A3` and `7607AB|12`."""
    blank = pl.lit(None, pl.String)
    postcode = _postcode(parts["postcode"])
    number_text = without_point_zero(clean(parts["house_number"]).str.to_uppercase())
    extra = [without_point_zero(clean(parts.get(name, blank)).str.to_uppercase()) for name in ("house_letter", "house_addition")]
    number, suffix = _number_and_suffix(number_text, extra)
    canonical = pl.concat_str(postcode, pl.lit("|"), number, pl.lit("|"), suffix)
    coarse = pl.concat_str(postcode, pl.lit("|"), number)
    outcome = _address_class(clean(parts["postcode"]), postcode, number_text, number, suffix)
    return Identified({"address": canonical, "address-number": coarse}, outcome)


def _postcode(column: pl.Expr) -> pl.Expr:
    text = clean(column).str.to_uppercase().str.replace(r"^NL[- ]?", "").str.replace(r"^([0-9]{4}) ([A-Z]{2})$", "$1$2")
    valid = text.str.contains(r"^[1-9][0-9]{3}[A-Z]{2}$") & ~text.str.slice(4).is_in(["SA", "SD", "SS"])
    return pl.when(valid).then(text)


def _number_and_suffix(text: pl.Expr, extra: list[pl.Expr]) -> tuple[pl.Expr, pl.Expr]:
    number = text.str.extract(r"^0*([0-9]+)", 1)
    rest = text.str.replace(r"^[0-9]+", "")
    joined = pl.concat_str([rest, *extra], separator=" ", ignore_nulls=True)
    return number, joined.str.replace_all(r"[\s\-/.,'+]+", "")


def _address_class(
    postcode_text: pl.Expr, postcode: pl.Expr, text: pl.Expr, number: pl.Expr, suffix: pl.Expr
) -> pl.Expr:
    low, high = (text.str.extract(_RANGE, group).cast(pl.Int64, strict=False) for group in (1, 3))
    is_range = (high > low) | text.str.contains(r"^[0-9]+ ?(T/M|TM|EN|&|\+) ?[0-9]+") | text.str.contains(r"^[0-9]+ ?T/M\b")
    return _first(
        (postcode_text.is_null() & text.is_null(), "empty"),
        (postcode_text.is_null(), "no-postcode"),
        (postcode.is_null(), "postcode-format"),
        (postcode == RESERVED_POSTCODE, "reserved"),
        (text.str.contains(_DATE), "date"),
        (text.is_null() | number.is_null(), "no-number"),
        (is_range, "range-or-addition"),
        (number == "0", "zero"),
        (~suffix.str.contains(r"^[0-9A-Z]*$"), "format"),
        ((number.str.len_bytes() > 5) | (suffix.str.len_bytes() > MAX_SUFFIX), "too-long"),
    )


NORMALISERS: dict[str, Callable[[dict[str, pl.Expr]], Identified]] = {
    "bsn/1": bsn,
    "a-number/1": a_number,
    "address/1": address,
    "household-number/1": household_number,
}
