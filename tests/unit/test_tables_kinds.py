"""Tables as the protocol declares them, on households few enough to count by eye."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
import simulator

from linkage.errors import ResearchError
from linkage.research.cells import NO, YES, Key, canonical, condition_of, stack_values
from linkage.research.households import HouseholdFile
from linkage.research.tables import Municipality, percentage, tabulate

NORTH, SOUTH = simulator.AREAS
SUPPORT = ("support_2012", "support_2013")


@pytest.fixture
def file(cast: simulator.Cast) -> HouseholdFile:
    """Seven families and a household without children; N = north, Z = south; what they have, and support years."""
    families = ["N:SAC12", "N:SAC1", "N:SA", "N:S", "Z:C2", "Z:", "Z:SC"]
    study = cast.study()
    indicators = {domain.name: domain.any_of for domain in study.protocol.domains}
    rows = []
    for family in families:
        wijk, has = family.split(":")
        row: dict[str, object] = {"wijk": NORTH if wijk == "N" else SOUTH, "has_child_lt18": True}
        row |= {domain: domain in has for domain in "SAC"} | {s: s[-1] == "2" and "1" in has for s in SUPPORT}
        row["support_2013"] = "2" in has
        row |= {name: domain in has and n == 0 for domain, own in indicators.items() for n, name in enumerate(own)}
        rows.append(row)
    frame = pl.DataFrame([*rows, {"wijk": SOUTH, "has_child_lt18": False}])
    return HouseholdFile(frame, study, {})


def read(file: HouseholdFile, name: str) -> dict[tuple[str, str], object]:
    (table,) = tabulate(file, names=[name], others=[Municipality("Borne", 22, 9104)])
    return {(row.name, column.name): cell.value for row, column, cell in table.cells()}


def test_a_table_per_wijk_counts_families(file: HouseholdFile) -> None:
    cells = read(file, "tabel1")
    assert [cells[area, "N"] for area in ("gemeente", NORTH, SOUTH)] == [7, 4, 3]
    assert [cells[area, "S"] for area in ("gemeente", NORTH, SOUTH)] == [5, 4, 1]
    assert cells[SOUTH, "S_pct"] == Decimal("33.3")
    assert cells["gemeente", "S_bijstand"] == 5


def test_the_overlap(file: HouseholdFile) -> None:
    cells = read(file, "tabel5")
    assert [cells["not_in_domain", domain] for domain in "SAC"] == [2, 4, 3]
    assert [cells["only_this_domain", domain] for domain in "SAC"] == [1, 0, 1]
    assert [cells["and_S", domain] for domain in "SAC"] == [None, 3, 3]
    assert (cells["all", "mvp"], cells["support_2012", "mvp"], cells["support_2012", "all"]) == (2, 2, 2)
    assert (cells["support_2013", "all"], cells["support_2012_and_support_2013", "mvp"], cells["mpg", "all"]) == (
        2,
        1,
        1,
    )


def test_the_stacking(file: HouseholdFile) -> None:
    cells = read(file, "stapeling")
    assert [cells[str(number), "S"] for number in range(5)] == [2, 5, 0, 0, 0]
    assert cells["all", "C"] == 7


def test_a_household_with_an_unknown_indicator_stands_apart(file: HouseholdFile) -> None:
    unknown = pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise("S_ww").alias("S_ww")
    cells = read(HouseholdFile(file.frame.with_columns(unknown), file.study, {}), "stapeling")
    assert (cells["?", "S"], cells["1", "S"]) == (1, 4)
    assert cells["1", "S_pct"] == Decimal("66.7")


def test_the_municipality_beside_another(file: HouseholdFile) -> None:
    cells = read(file, "tabel5b")
    assert (cells["gemeente", "n"], cells["gemeente", "households"]) == (1, 8)
    assert cells["gemeente:Borne", "per_100"] == Decimal("0.24")


def test_a_wijk_that_is_unknown_is_a_row(file: HouseholdFile) -> None:
    lost = pl.when(pl.int_range(pl.len()) == 0).then(None).otherwise("wijk").alias("wijk")
    cells = read(HouseholdFile(file.frame.with_columns(lost), file.study, {}), "tabel1")
    assert cells["(wijk onbekend)", "N"] == 1


def test_an_unknown_table_is_named(file: HouseholdFile) -> None:
    with pytest.raises(ResearchError, match=r"geen tabel tabel9.*tabel1, tabel2"):
        tabulate(file, names=["tabel9"])


def test_the_same_count_has_one_name(file: HouseholdFile) -> None:
    protocol = file.protocol
    assert condition_of(protocol, "mvp") == (("A", YES), ("C", YES), ("S", YES))
    assert canonical(protocol, (("mpg", YES),)) == condition_of(protocol, "mpg")
    assert canonical(protocol, (("aantal S", "0"),)) == (("S", NO),)
    assert Key("families", "", canonical(protocol, (("S", YES), ("A", YES)))) == Key(
        "families", "", (("A", YES), ("S", YES))
    )


@pytest.mark.parametrize(
    ("part", "base", "decimals", "wanted"),
    [(1, 8, 1, "12.5"), (1, 16, 1, "6.3"), (5, 1000, 1, "0.5"), (25, 10_000, 1, "0.3"), (174, 31_392, 2, "0.55")],
)
def test_halves_go_up(part: int, base: int, decimals: int, wanted: str) -> None:
    assert str(percentage(part, base, decimals)) == wanted


def test_of_nothing_there_is_no_share() -> None:
    assert percentage(0, 0, 1) is None


def test_the_last_stack_is_open_where_a_household_can_have_more() -> None:
    assert stack_values(4, 4) == ("0", "1", "2", "3", "4")
    assert stack_values(6, 4) == ("0", "1", "2", "3", "4+")
