"""Intervals and estimates of the quality report: by hand, against a library, and against known truth."""

from __future__ import annotations

import random
from collections import Counter
from math import asin, isclose, sqrt

import pytest
from scipy.stats import binomtest

from linkage.linker.quality.agreement import agreement
from linkage.linker.quality.evidence import LACKING, Seen
from linkage.linker.quality.intervals import (
    Estimate,
    Moments,
    added,
    cohen_h,
    mean_difference,
    wilson,
)
from linkage.linker.quality.rates import rates
from linkage.linker.quality.reasons import REASONS, reasons

# --- intervals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "whole"), [(0, 1), (0, 40), (1, 40), (20, 40), (39, 40), (40, 40), (7, 100_000)])
def test_wilson_is_that_of_scipy(part: int, whole: int) -> None:
    found, wanted = wilson(part, whole), binomtest(part, whole).proportion_ci(method="wilson")
    assert found.value == part / whole
    assert isclose(found.low, wanted.low, abs_tol=1e-12)
    assert isclose(found.high, wanted.high, abs_tol=1e-12)


def test_nothing_known_of_nothing() -> None:
    assert wilson(0, 0) == Estimate(None, 0.0, 1.0)
    assert wilson(3, 10, among=0) == Estimate(0.3, 0.0, 1.0)


def test_of_few_others_less_is_known_than_of_many() -> None:
    many, few = wilson(10, 100, among=10**9), wilson(10, 100, among=20)
    assert isclose(many.low, wilson(10, 100).low, rel_tol=1e-6)
    assert few.low < many.low < many.high < few.high


def test_sums_by_hand() -> None:
    sum_ = added([Estimate(10, 6, 15), Estimate(20, 17, 32)])
    assert sum_ == Estimate(30, 30 - 5, 30 + 13)
    assert added([Estimate(10, 6, 15), Estimate(None, 0, 7)]) == Estimate(None, 10 - 4, 10 + 7 + 5)
    assert added([]) == Estimate(0, 0, 0)


def test_cohen_by_hand() -> None:
    found = cohen_h((30, 100), (20, 50))
    assert found is not None
    assert isclose(found[0], 2 * asin(sqrt(0.3)) - 2 * asin(sqrt(0.4)))
    assert isclose(found[1], sqrt(1 / 100 + 1 / 50))
    assert cohen_h((5, 5), (0, 9)) == (pytest.approx(2 * asin(1)), pytest.approx(sqrt(1 / 5 + 1 / 9)))
    assert cohen_h((0, 0), (1, 2)) is None


def moments(values: list[int]) -> Moments:
    return Moments(len(values), sum(values), sum(value * value for value in values))


def test_difference_of_means_by_hand() -> None:
    found = mean_difference(moments([1, 2, 3]), moments([2, 4, 6]))  # variances 1 and 4
    assert found is not None
    assert isclose(found[0], -2 / sqrt(2.5))
    assert isclose(found[1], sqrt(1 / 3 + 1 / 3 + found[0] ** 2 / 12))
    assert mean_difference(moments([5, 5]), moments([5])) == (0.0, pytest.approx(sqrt(1.5)))
    assert mean_difference(moments([5, 5]), moments([6])) is None
    assert mean_difference(moments([]), moments([6])) is None


def test_large_numbers_keep_their_variance() -> None:
    assert moments([10**6, 10**6 + 1, 10**6 + 2]).variance == 1


# --- what a row says --------------------------------------------------------------------------------


def seen(way: str, *, exact: str = LACKING, **alone: str) -> Seen:
    """A row; an identifier is `way` or `way!` where it leads to another household than the row's."""
    parts = tuple(
        (key, own.rstrip("!"), own in ("person", "address-exact", "address-coarse")) for key, own in alone.items()
    )
    return Seen(way, parts, exact)


def at(own: str, bsn: str = "person", way: str = "person") -> Seen:
    return seen(way, bsn=bsn, address=own)


STRANGER, NOBODY = "not-in-population", "not-in-population"


def test_every_reason_by_hand() -> None:
    rows = {
        seen("person", bsn="person"): 1,
        at("address-exact"): 2,
        at("address-coarse!"): 3,
        at("ambiguous"): 4,
        at(NOBODY): 5,
        at("address-exact", LACKING, "address-exact"): 6,
        at("address-coarse", LACKING, "address-coarse"): 7,
        seen("agreement", bsn=LACKING): 8,
        seen("ambiguous", exact="ambiguous", bsn=LACKING, address="ambiguous"): 9,
        seen("ambiguous", exact=NOBODY, bsn=LACKING, address="ambiguous"): 10,
        seen("conflict", a_number="person", bsn="person"): 11,
        seen(STRANGER, bsn=STRANGER): 12,
        at("address-exact", STRANGER, STRANGER): 13,
        at(NOBODY, LACKING, STRANGER): 14,
        seen(STRANGER, bsn=LACKING): 15,
        at(NOBODY, STRANGER, STRANGER): 100,
    }
    found = reasons(rows)
    assert found == dict(zip(REASONS, [*range(1, 12), 112, 13, 14, 15], strict=True))
    assert sum(found.values()) == sum(rows.values())


def test_agreement_by_hand() -> None:
    rows = {
        at("address-exact"): 90,
        at("address-exact!"): 10,
        at("address-coarse"): 3,
        at("ambiguous"): 4,
        at(NOBODY): 6,
        seen("person", bsn="person", address=LACKING): 50,
        at("address-exact", LACKING, "address-exact"): 60,
    }
    found = agreement(rows)
    assert found is not None
    assert found["rows"] == 113
    assert found["address-exact"] == {"same": 90, "other": 10, "false": wilson(10, 100).rounded()}
    assert found["address-coarse"] == {"same": 3, "other": 0, "false": wilson(0, 3).rounded()}
    assert (found["ambiguous"], found["not-in-population"]) == (4, 6)
    assert found["missed_by_address"] == wilson(10, 113).rounded()
    assert agreement({seen("person", bsn="person"): 5}) is None


# --- estimates --------------------------------------------------------------------------------------


def test_rates_by_hand() -> None:
    """80 of 100 marked rows are found by address: 40 found without number stand for 10 missed."""
    rows = {
        at("address-exact"): 78,
        at("address-exact!"): 2,
        at(NOBODY): 20,
        at("address-exact", LACKING, "address-exact"): 40,
        at(NOBODY, LACKING, STRANGER): 25,
        at("address-exact", STRANGER, STRANGER): 4,
        at(NOBODY, STRANGER, STRANGER): 30,
    }
    found = rates(rows)
    by_number = 100 * 4 / 80  # wrong in 4 of 84, so 4 for each 80 that were right
    assert found.method == "two-ways"
    assert found.missed_rows.value == pytest.approx(10 + by_number)
    assert found.missed.value == pytest.approx((10 + by_number) / (140 + 10 + by_number))
    assert found.false_address is not None
    assert found.false_address.value == pytest.approx(2 / 80)
    assert found.false_number is not None
    assert (found.false_number.value, found.false_number_method) == (None, "at-most")
    assert found.false_number.high == wilson(2, 80).high


def test_what_agreement_linked_is_not_missed() -> None:
    """The address misses 20 of 100; of the 10 that it missed here, agreement found 6."""
    rows = {
        at("address-exact"): 80,
        at(NOBODY): 20,
        at("address-exact", LACKING, "address-exact"): 40,
        at(NOBODY, LACKING, "agreement"): 6,
        at(NOBODY, LACKING, STRANGER): 25,
    }
    assert rates(rows).missed_rows.value == pytest.approx(4)


def test_no_more_is_missed_than_was_not_linked() -> None:
    rows = {at("address-exact"): 1, at(NOBODY): 99, at("address-exact", LACKING, "address-exact"): 40}
    rows |= {at(NOBODY, LACKING, STRANGER): 7}
    assert rates(rows).missed_rows == Estimate(7.0, 7.0, 7.0)


def test_one_identifier_gives_bounds_and_no_estimate() -> None:
    found = rates({seen("person", bsn="person"): 90, seen(STRANGER, bsn=STRANGER): 10})
    assert (found.method, found.missed) == ("bounds", Estimate(None, 0.0, 0.1))
    assert (found.false_address, found.false_number, found.false_number_method) == (None, None, "none")


def test_an_address_alone_gives_bounds() -> None:
    found = rates({seen("address-exact", address="address-exact"): 90, seen(STRANGER, address=NOBODY): 10})
    assert (found.method, found.missed) == ("bounds", Estimate(None, 0.0, 0.1))
    assert found.false_address == Estimate(None, 0.0, 1.0)


def test_two_numbers_by_hand() -> None:
    rows = {
        seen("person", a_number="person", bsn="person"): 90,
        seen("conflict", a_number="person", bsn="person"): 10,
        seen("person", a_number="person", bsn=STRANGER): 25,
        seen("person", a_number=STRANGER, bsn="person"): 50,
        seen("person", a_number=LACKING, bsn="person"): 60,
        seen(STRANGER, a_number=LACKING, bsn=STRANGER): 40,
        seen(STRANGER, a_number=STRANGER, bsn=STRANGER): 99,
    }
    found = rates(rows)
    a_errs, bsn_errs = 50 / 150, 25 / 125
    both = 165 * a_errs * bsn_errs / (1 - a_errs * bsn_errs)
    assert found.missed_rows.value == pytest.approx(10 + both + 60 * bsn_errs / (1 - bsn_errs))
    assert found.false_number is not None
    assert (found.false_number.value, found.false_number_method) == (pytest.approx(0.05), "two-numbers")


def test_nothing_at_all() -> None:
    found = rates({})
    assert found.missed == Estimate(0.0, 0.0, 0.0)
    assert reasons({}) == dict.fromkeys(REASONS, 0)


# --- against the truth ------------------------------------------------------------------------------

WAYS = ("address-exact", "address-exact!", "ambiguous", NOBODY)


def town(rng: random.Random) -> tuple[Counter[Seen], tuple[float, float]]:
    """Rows of residents and strangers of which number and address err apart; and the shares missed and false."""
    wrong, address = rng.uniform(0.0, 0.06), [1.0, rng.uniform(0, 0.05), rng.uniform(0, 0.05), rng.uniform(0, 0.1)]
    absent, rows = rng.uniform(0.1, 0.5), Counter[Seen]()
    missed = linked = false = by_address = 0
    for _ in range(rng.choice((600, 1500))):
        own = rng.choices(WAYS, address)[0]
        if rng.random() < absent:
            way = own.rstrip("!") if own.startswith("address") else own
            rows[at(own.rstrip("!"), LACKING, way)] += 1
            hit = own.startswith("address")
            linked, missed = linked + hit, missed + (not hit)
            by_address, false = by_address + hit, false + (own == "address-exact!")
        elif rng.random() < wrong:
            rows[at(own.rstrip("!"), STRANGER, STRANGER)] += 1
            missed += 1
        else:
            rows[at(own)] += 1
            linked += 1
    rows[at(NOBODY, STRANGER, STRANGER)] += rng.randrange(100)
    rows[at(NOBODY, LACKING, STRANGER)] += rng.randrange(60, 100)
    return rows, (missed / (missed + linked), false / by_address)


def covered(seeds: int) -> tuple[int, int]:
    """Of so many towns, how many times each interval holds the truth."""
    found = [0, 0]
    for seed in range(seeds):
        rows, truth = town(random.Random(seed))
        made = rates(rows)
        for place, estimate in enumerate((made.missed, made.false_address)):
            assert estimate is not None
            found[place] += estimate.low <= truth[place] <= estimate.high
    return found[0], found[1]


def test_intervals_hold_the_truth() -> None:
    """Nominally 190 of 200; the numbers are those of quality-v1, section 7."""
    missed, false = covered(200)
    assert missed >= 190
    assert false >= 190
