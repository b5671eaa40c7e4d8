"""Exclusive counts out of an overlap table: exact where they follow, hidden where they do not."""

from __future__ import annotations

from itertools import combinations

import pytest
import released
import simulator
from hypothesis import given
from hypothesis import strategies as st

from linkage.research.report.overlap import _combinations, _solve, overlap_of
from linkage.research.report.pick import Facts
from linkage.study import Study


@pytest.fixture
def study(cast: simulator.Cast) -> Study:
    return cast.study()


def sizes(study: Study, rows: released.Rows, domains: str = "SAC") -> dict[str, int | str] | None:
    found = overlap_of(Facts(released.release_of(study, released.overlap(domains, rows)), study))
    if found is None:
        return None
    return {"".join(one): "*" if cell.hidden else cell.value for one, cell in found.combinations.items()}


FULL: dict[str, list[released.Shown]] = {
    "not_in_domain": [220, 300, 320, None, None],
    "in_domain": [180, 100, 80, None, None],
    "only_this_domain": [100, 40, 30, None, None],
    "and_S": [None, 60, 50, None, None],
    "and_A": [60, None, 30, None, None],
    "and_C": [50, 30, None, None, None],
    "all": [None, None, None, 400, 30],
}


def test_three_domains(study: Study) -> None:
    assert sizes(study, FULL) == {"S": 100, "A": 40, "C": 30, "SA": 30, "SC": 20, "AC": 0, "SAC": 30}


def test_the_larger_stands_first(study: Study) -> None:
    assert list(sizes(study, FULL) or {}) == ["S", "A", "C", "SA", "SC", "AC", "SAC"]


def test_a_count_below_the_threshold_is_hidden_though_it_would_follow(study: Study) -> None:
    """60 with S and A, of which 55 in all three: 5 are left, which the gate should have prevented."""
    rows: dict[str, list[released.Shown]] = {
        "in_domain": [180, 100, 105, None, None],
        "only_this_domain": [100, 40, 30, None, None],
        "and_S": [None, 60, 75, None, None],
        "and_A": [60, None, 55, None, None],
        "all": [None, None, None, 400, 55],
    }
    assert sizes(study, rows) == {"S": 100, "A": 40, "C": 30, "SA": "*", "SC": 20, "AC": 0, "SAC": 55}


def test_cells_that_contradict_each_other_say_nothing(study: Study) -> None:
    assert set((sizes(study, {**FULL, "all": [None, None, None, 400, 55]}) or {}).values()) == {"*"}


def test_what_is_hidden_and_does_not_follow(study: Study) -> None:
    rows = {**FULL, "all": [None, None, None, 400, "*"], "only_this_domain": ["*", "*", "*", None, None]}
    assert set((sizes(study, rows) or {}).values()) == {"*"}


def test_a_total_of_zero_is_zero_everywhere_inside(study: Study) -> None:
    rows: dict[str, list[released.Shown]] = {
        "in_domain": [100, 0, 50, None, None],
        "only_this_domain": [50, "*", "*", None, None],
        "all": [None, None, None, 400, "*"],
    }
    found = sizes(study, rows)
    assert found is not None
    assert (found["A"], found["SA"], found["SAC"], found["S"]) == (0, 0, 0, 50)
    assert found["SC"] == 50


def test_with_unknowns_nothing_is_said(study: Study) -> None:
    """180 and 200 are not 400: of 20 it is unknown, and a sum of exclusive counts no longer holds."""
    assert sizes(study, {**FULL, "not_in_domain": [200, 300, 320, None, None]}) is None


def test_no_table_no_overlap(study: Study) -> None:
    assert overlap_of(Facts(released.release_of(study, names=["tabel1"]), study)) is None


@given(data=st.data(), domains=st.sampled_from(["ab", "abc", "abcd"]))
def test_what_is_shown_is_true(data: st.DataObject, domains: str) -> None:
    """Any sums of any counts: an unknown that has one solution has the true one."""
    names = tuple(domains)
    truth = {one: data.draw(st.integers(0, 60)) for one in _combinations(names)}
    sums = []
    for number in range(1, len(names) + 1):
        for within in combinations(names, number):
            parts = {one for one in truth if set(one) >= set(within)}
            if data.draw(st.booleans()):
                sums.append((parts, sum(truth[one] for one in parts)))
    found = _solve(sums, list(truth))
    assert all(truth[one] == value for one, value in found.items())
    if len(sums) == len(truth):
        assert len(found) == len(truth)
