"""Numbers as Dutch and English readers write them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from linkage.research.report.numbers import Numbers, share
from linkage.research.report.texts import TEXTS, Words

NL, EN = Numbers("nl"), Numbers("en")


@pytest.mark.parametrize(
    ("value", "decimals", "dutch", "english"),
    [
        (8555, 0, "8.555", "8,555"),
        (Decimal("2.05"), 1, "2,1", "2.1"),
        (Decimal("0.5"), 0, "1", "1"),
        (-1234567, 0, "−1.234.567", "−1,234,567"),
        (Decimal("-0.01"), 1, "0,0", "0.0"),
        (10**18, 0, "1." + ".".join(["000"] * 6), "1," + ",".join(["000"] * 6)),
    ],
)
def test_a_number(value: int | Decimal, decimals: int, dutch: str, english: str) -> None:
    assert (NL.number(value, decimals), EN.number(value, decimals)) == (dutch, english)


def test_what_stands_with_a_number() -> None:
    assert (NL.percent(Decimal("2.0")), EN.percent(Decimal("2.0"))) == ("2,0\u00a0%", "2.0%")
    assert (NL.euros(12345), EN.euros(12345)) == ("€\u00a012.345", "€12,345")
    assert (NL.euros(-12345), NL.euros(Decimal("-0.2"))) == ("−€\u00a012.345", "€\u00a00")
    assert (NL.change(5), NL.change(-5), NL.change(0)) == ("+€\u00a05", "−€\u00a05", "€\u00a00")


def test_an_axis() -> None:
    assert [NL.tick(value) for value in (0.0, 0.5, 1000.0, 0.25)] == ["0", "0,5", "1.000", "0,25"]
    assert [NL.short_euros(value) for value in (999_999, 1_500_000, -2_000_000)] == [
        "€\u00a0999.999",
        "€\u00a01,5\u00a0mln",
        "−€\u00a02\u00a0mln",
    ]


def test_a_day() -> None:
    assert (NL.date(dt.date(2016, 3, 1)), EN.date(dt.date(2014, 12, 31))) == ("1 maart 2016", "31 December 2014")


def test_a_share_is_rounded_half_up() -> None:
    assert share(1, 16) == Decimal("6.3")
    assert share(174, 8555) == Decimal("2.0")
    assert share(1, 0) is None


def test_both_languages_ask_for_the_same() -> None:
    """A text that puts in something in one language and not in the other would leave a number out."""
    for key, (dutch, english) in TEXTS.items():
        asked = [{part.split("}")[0] for part in text.split("{")[1:]} for text in (dutch, english)]
        assert asked[0] == asked[1], key
        assert english, key


def test_what_is_put_in_is_escaped() -> None:
    assert "&lt;script&gt;" in Words("nl")("own_terms") + Words("nl")("hidden") + Words("en").own("<script>")
    assert "<script" not in Words("nl")("missing_areas", areas="<script>")
    with pytest.raises(KeyError):
        Words("nl")("no such text")
    with pytest.raises(KeyError):
        Words("nl")("missing_areas")


def test_a_list_in_words() -> None:
    assert [Words("nl").listed_plain(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a en b",
        "a, b en c",
    ]
    assert Words("en").listed(["<", "b"]) == "&lt; and b"
