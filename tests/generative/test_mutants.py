"""Kept mutants: wrong plans that look right. The comparison with the plain join must notice every one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import narwhals.stable.v2 as nw
import pytest
import test_linking as linking
from simulator import Cast
from towns import Town

from linkage.engine import portable
from linkage.linker import evaluate, link
from protocols.model import Delivery

SEEDS = range(12)
Patch = Callable[[pytest.MonkeyPatch], None]
STRANGER, AMBIGUOUS = (link.EVERY_WAY.index(name) for name in ("not-in-population", "ambiguous"))


def unknown_is_no(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "known", lambda highest: (highest == 2).fill_null(False))


def absent_is_always_no(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_absent_is_no", lambda protocol, delivery: True)


def doubles_are_summed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "merged", lambda records: records.rows.filter(link.went(*link.LINKED)))


def strangers_go_by_address(patch: pytest.MonkeyPatch) -> None:
    way = link._way

    def by_address(delivery: Delivery) -> nw.Expr:
        if "address" not in delivery.kinds:
            return way(delivery)
        lives_there = (way(delivery) == STRANGER) & ~nw.col("exact_household").is_null()
        return nw.when(lives_there).then(link.way("address-exact")).otherwise(way(delivery))

    patch.setattr(link, "_way", by_address)


def first_of_several_addresses(patch: pytest.MonkeyPatch) -> None:
    coarse = link._address_way

    def any_address() -> nw.Expr:
        return nw.when(coarse() == AMBIGUOUS).then(link.way("address-coarse")).otherwise(coarse())

    patch.setattr(link, "_address_way", any_address)


def suffix_is_ignored(patch: pytest.MonkeyPatch) -> None:
    address = linking._identifier

    def without_suffix(field: str, row: dict[str, object]) -> object:
        return address("address-number" if field == "address" else field, row)

    patch.setattr(linking, "_identifier", without_suffix)


def minors_count_as_adults(patch: pytest.MonkeyPatch) -> None:
    members = evaluate._members
    patch.setattr(evaluate, "_members", lambda who: [] if who == "adult" else members(who))


def every_year_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_year", lambda year: [])


def household_number_is_ignored(patch: pytest.MonkeyPatch) -> None:
    register = link.register

    def by_address(frame: object, protocol: object) -> object:
        return register(frame, protocol).with_columns(nw.col("address").alias("household"))

    patch.setattr("linkage.linker.plan.register", by_address)


def flags_wrap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "total", lambda columns: portable.total([c % 256 for c in columns]))


MUTANTS: list[Patch] = [
    unknown_is_no,
    absent_is_always_no,
    doubles_are_summed,
    strangers_go_by_address,
    first_of_several_addresses,
    suffix_is_ignored,
    minors_count_as_adults,
    every_year_counts,
    household_number_is_ignored,
    flags_wrap,
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_mutant_is_killed(mutant: Patch, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = cast.study()
    mutant(monkeypatch)
    for seed in SEEDS:
        town = Town(linking.PROTOCOL, seed)
        wanted = linking.reference(town, linking.PROTOCOL)
        try:
            linking.same_rows(linking.planned(town, study, tmp_path), wanted)
        except pytest.fail.Exception:
            return
    pytest.fail("no town told the mutant from the plan")
