"""Cells to values, in the spellings that exports use; the specification's own vectors are in tests/spec."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.holder import values

BAD = "bad"


def read_date(cell: str | None) -> object:
    earliest, latest, bad = values.date(pl.Series([cell], dtype=pl.String)).row(0)
    return BAD if bad else earliest if earliest == latest else (earliest, latest)


@pytest.mark.parametrize(
    "cell",
    [
        *("31-12-2014", "31/12/2014", "31.12.2014", "2014-12-31", "2014/12/31", "20141231", " 31-12-2014 "),
        *("2014-12-31 00:00:00", "2014-12-31T23:59:59", "31-12-2014 12:00", "20141231.0", "20141231,0"),
    ],
)
def test_spellings_of_a_day(cell: str) -> None:
    assert read_date(cell) == 20141231


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ("1-2-1980", 19800201),
        ("00-02-1980", (19800201, 19800231)),
        ("00-00-1980", (19800101, 19801231)),
        ("19800000", (19800101, 19801231)),
        ("19800200", (19800201, 19800231)),
        ("00000000", None),
        ("00-00-0000", None),
        ("", None),
        ("  ", None),
        (None, None),
        ("29-02-2012", 20120229),
        ("29-02-2000", 20000229),
        ("29-02-2013", BAD),
        ("29-02-1900", BAD),
        ("31-04-2014", BAD),
        ("01-13-2014", BAD),
        ("15-00-1980", BAD),
        ("01-01-1849", BAD),
        ("01-01-2101", BAD),
        ("01-01-80", BAD),
        ("1980", BAD),
        ("41640", BAD),
        ("onbekend", BAD),
        ("1 januari 1980", BAD),
        ("٠١-٠١-١٩٨٠", BAD),
    ],
)
def test_days_unknown_and_impossible(cell: str | None, outcome: object) -> None:
    assert read_date(cell) == outcome


@settings(deadline=None)
@given(st.dates(dt.date(1850, 1, 1), dt.date(2100, 12, 31)))
def test_every_day_in_every_form(day: dt.date) -> None:
    number = day.year * 10_000 + day.month * 100 + day.day
    for cell in (f"{day:%d-%m-%Y}", day.isoformat(), f"{day:%Y%m%d}", f"{day.day}/{day.month}/{day.year}"):
        assert read_date(cell) == number


def read_amount(cell: str | None, decimal: str = "comma") -> object:
    cents, bad = values.amount(pl.Series([cell], dtype=pl.String), decimal).row(0)
    return BAD if bad else cents


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("1234", 123_400),
        ("1234,5", 123_450),
        ("1.234,56", 123_456),
        ("1.234.567,89", 123_456_789),
        ("€ 1.234,56", 123_456),
        ("€1,00", 100),
        ("1,00 EUR", 100),
        ("EUR 1,00", 100),
        ("12,-", 1200),
        ("-12,34", -1234),
        ("-0,5", -50),
        ("€ -5,00", -500),
        ("0", 0),
        ("0,009", 0),
        ("12,349", 1234),
        ("9.250,00", 925_000),
        (" 1 234,00 ", 123_400),
        ("", None),
        (None, None),
        ("1.23", BAD),
        ("1.2345,00", BAD),
        ("12.34.567", BAD),
        ("1,234.56", BAD),
        ("1,2,3", BAD),
        ("1e5", BAD),
        ("n.v.t.", BAD),
        ("-", BAD),
        (",50", BAD),
        ("１２", BAD),
    ],
)
def test_dutch_amounts(cell: str | None, cents: object) -> None:
    assert read_amount(cell) == cents


@pytest.mark.parametrize(("cell", "cents"), [("1,234.56", 123_456), ("0.3", 30), ("1.234,56", BAD), ("1234", 123_400)])
def test_amounts_with_a_point(cell: str, cents: object) -> None:
    assert read_amount(cell, "point") == cents


@settings(deadline=None)
@given(st.integers(0, 10**12))
def test_every_amount_in_both_notations(cents: int) -> None:
    english = f"{cents // 100:,}.{cents % 100:02d}"
    dutch = english.translate(str.maketrans(",.", ".,"))
    assert read_amount(dutch) == read_amount(f"-{dutch}") * -1 == cents  # type: ignore[operator]
    assert read_amount(english, "point") == cents


@pytest.mark.parametrize(
    ("cell", "number"),
    [("12", 12), (" 12 ", 12), ("12.0", 12), ("12,00", 12), ("-1", -1), ("0", 0), ("", None), (None, None)]
    + [(cell, BAD) for cell in ("1,5", "1.250", "x", "1 2", "1e3", "9" * 16, "٣")],
)
def test_whole_numbers(cell: str | None, number: object) -> None:
    found, bad = values.whole(pl.Series([cell], dtype=pl.String)).row(0)
    assert (BAD if bad else found) == number


def read_word(cell: str | None, known: dict[str, int]) -> object:
    position, bad = values.words(pl.Series([cell], dtype=pl.String), known).row(0)
    return BAD if bad else position


@pytest.mark.parametrize(
    ("cell", "position"),
    [
        *(("ja", 1), ("J", 1), (" JA ", 1), ("1", 1), ("1.0", 1), ("waar", 1), ("true", 1), ("X", 1)),
        *(("nee", 0), ("N", 0), ("0", 0), ("", None), (None, None), ("misschien", BAD), ("2", BAD), ("j a", BAD)),
    ],
)
def test_yes_no_words(cell: str | None, position: object) -> None:
    assert read_word(cell, values.yes_no_words({"X": "ja"})) == position


def test_a_word_of_the_holder_wins() -> None:
    assert read_word("1", values.yes_no_words({"1": "nee"})) == 0


@pytest.mark.parametrize(
    ("cell", "position"),
    [("Partner", 1), ("PARTNER", 1), ("03  Kind", 2), ("3", BAD), ("partners", BAD), ("", None), ("10.0", 0)],
)
def test_categories(cell: str, position: object) -> None:
    known = values.category_words(("alleen", "partner", "kind"), {"03 Kind": "kind", "10": "alleen"})
    assert read_word(cell, known) == position
