"""The leak gate on the way of the data: with a preview and without, nothing is written and no value is said."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from simulator import TODAY, Cast, bsn

from linkage.errors import IdentifiersInColumn, PackageExpired, ValueUnknown
from linkage.holder import encode as room


def mistaken(cast: Cast, column: str) -> room.Request:
    """The debts' export with its BSNs in one more column."""
    cast.exports["stadsbank"] = [{"bsn": bsn(n), "debt": "12,00"} | {column: bsn(n)} for n in range(30)]
    return cast.request("stadsbank")


@pytest.mark.parametrize("column", ["debt", "debt_counselling"])
def test_a_mistaken_column_stops_preview_and_encoding(tmp_path: Path, column: str) -> None:
    cast = Cast(tmp_path / "cast")
    request, target = mistaken(cast, column), tmp_path / "x.package"
    shown: list[room.Summary] = []
    with pytest.raises(IdentifiersInColumn) as one:
        room.preview(request, lambda done, total: None)
    with pytest.raises(IdentifiersInColumn) as two:
        room.encode(request, target, lambda done, total: None, shown.append)
    assert str(one.value) == str(two.value)
    assert f"`{column}`" in str(one.value)
    assert "30 van 30" in str(one.value)
    assert not any(bsn(n) in str(one.value) for n in range(30))
    assert not shown
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cast"]


def test_one_strange_word_is_still_a_word_that_was_not_agreed(cast: Cast) -> None:
    cast.exports["stadsbank"] = [{"bsn": bsn(n), "debt_counselling": "ja"} for n in range(30)]
    cast.exports["stadsbank"] += [{"bsn": bsn(40), "debt_counselling": bsn(41)}]
    with pytest.raises(ValueUnknown):
        room.preview(cast.request("stadsbank"), lambda done, total: None)


def test_the_gate_comes_before_too_many_rejected_rows(cast: Cast) -> None:
    cast.exports["stadsbank"] = [{"bsn": bsn(n), "debt": f"p{n}@voorbeeld.nl"} for n in range(30)]
    with pytest.raises(IdentifiersInColumn, match="e-mailadressen"):
        room.preview(cast.request("stadsbank"), lambda done, total: None)


@pytest.mark.parametrize(
    ("today", "words"),
    [(dt.date(2014, 12, 30), "klok"), (dt.date(1970, 1, 1), "klok"), (dt.date(2031, 1, 1), "bewaartermijn")],
)
def test_a_clock_that_is_wrong_stops_the_encoder(cast: Cast, today: dt.date, words: str) -> None:
    with pytest.raises(PackageExpired, match=words):
        room.preview(replace(cast.request("politie"), today=today), lambda done, total: None)


def test_on_the_reference_date_itself_there_is_nothing_wrong_with_the_clock(cast: Cast) -> None:
    room.preview(replace(cast.request("politie"), today=dt.date(2014, 12, 31)), lambda done, total: None)


@pytest.mark.parametrize(
    ("days", "words"), [(-2, "toekomst"), (91, "verlopen"), (-10_000, "toekomst"), (9000, "verlopen")]
)
def test_a_clock_that_is_wrong_stops_the_linker(cast: Cast, days: int, words: str) -> None:
    cast.encode_all()
    with pytest.raises(PackageExpired, match=words):
        cast.link(today=TODAY + dt.timedelta(days=days))
    assert list((cast.folder / "research").iterdir()) == []


def test_a_clock_that_jumps_back_between_two_runs_changes_nothing(cast: Cast) -> None:
    cast.encode_all()
    first = cast.link(today=TODAY + dt.timedelta(days=30)).households.read_bytes()
    assert cast.link(today=TODAY).households.read_bytes() == first
