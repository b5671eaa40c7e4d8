"""Random protocols on random rows: every engine says what the slow reference says. And wrong plans are noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import narwhals.stable.v2 as nw
import pytest
import random_examples
import slow_indicators
import spec_engines
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import Answers, expected_of, given_of, protocol_of
from test_indicator_specs import CASES, shown

from linkage.engine import portable
from linkage.linker import evaluate, link
from linkage.linker.link import LINKED, went
from protocols import StudyProtocol


def differing(rng: Random, engine: str) -> list[str]:
    """The columns in which an engine and the slow reference differ, on one random example."""
    protocol = random_examples.protocol(rng)
    rows = random_examples.given(rng, protocol)
    with TemporaryDirectory() as folder:
        found = spec_engines.answers(engine, protocol, rows, Path(folder))
    slow = slow_indicators.answers(protocol, rows)
    assert set(found) == set(slow)
    return sorted({name for home, row in slow.items() for name in row if found[home][name] != row[name]})


@pytest.mark.parametrize("engine", spec_engines.ENGINES)
@settings(max_examples=25)
@given(seed=st.integers(0, 10**9))
def test_an_engine_says_what_the_slow_reference_says(engine: str, seed: int) -> None:
    assert differing(Random(seed), engine) == []


def test_random_examples_have_every_answer() -> None:
    """Examples in which nothing is ever true, false or unknown would show nothing."""
    seen: dict[str, set[object]] = {name: set() for name in ("i0", "n0", "D", "both", "one", "s", "aantal D")}
    for seed in range(300):
        rng = Random(seed)
        protocol = random_examples.protocol(rng)
        for row in slow_indicators.answers(protocol, random_examples.given(rng, protocol)).values():
            for name in seen:
                seen[name].add(row.get(name))
    assert all(seen[name] >= {True, False, None} for name in ("i0", "D", "both", "one", "s"))
    assert seen["n0"] >= {0, 1, 2, None}
    assert seen["aantal D"] >= {"0", "1", "2", "2+", None}


# --- kept mutants ---------------------------------------------------------------------------------

Patch = Callable[[pytest.MonkeyPatch], None]


def no_unknown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "known", lambda highest: (highest == 2).fill_null(False))


def absent_is_no(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_absent_is_no", lambda protocol, delivery: True)


def absent_is_unknown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_absent_is_no", lambda protocol, delivery: False)


def late_holders_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(spec_engines, "_late", lambda given: set())


def no_merging(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "merged", lambda records: records.rows.filter(went(*LINKED)))


def every_year(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_year", lambda year: [])


def everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_members", lambda who: [])


def not_a_minor_is_an_adult(patch: pytest.MonkeyPatch) -> None:
    members = evaluate._members
    patch.setattr(
        evaluate, "_members", lambda who: [~(nw.col("minor").fill_null(0) == 1)] if who == "adult" else members(who)
    )


def more_than(patch: pytest.MonkeyPatch) -> None:
    months = StudyProtocol.months
    patch.setattr(StudyProtocol, "months", lambda self, condition: months(self, condition) + 1)


def every_definition_by_anybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_by_one_member", lambda definition: nw.lit(True))


def everybody_is_a_family(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "_population", lambda protocol: nw.lit(True))


def all_of_a_domain(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(evaluate, "any_of", portable.all_of)


def first_member_is_reference(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(link, "_rank", lambda protocol: nw.col("v_place"))


def records_for_persons(patch: pytest.MonkeyPatch) -> None:
    counted = StudyProtocol.counted
    other = {"persons": "records"}
    patch.setattr(
        StudyProtocol,
        "counted",
        lambda self, measure: other.get(counted(self, measure), counted(self, measure)),
    )


def selected_one_too_few(patch: pytest.MonkeyPatch) -> None:
    selected = evaluate._selected
    patch.setattr(evaluate, "_selected", lambda s: selected(s.model_copy(update={"at_least": max(1, s.at_least - 1)})))


MUTANTS: tuple[Patch, ...] = (
    *(no_unknown, absent_is_no, absent_is_unknown, late_holders_do_not_matter, no_merging, every_year, everybody),
    *(not_a_minor_is_an_adult, more_than, every_definition_by_anybody, everybody_is_a_family, all_of_a_domain),
    *(first_member_is_reference, records_for_persons, selected_one_too_few),
)


def examples_notice(folder: Path) -> bool:
    """Whether any example of the vocabulary has another outcome than it says."""
    for case in CASES.values():
        expected = expected_of(case.expected)
        protocol = protocol_of(case.protocol)
        found: Answers = spec_engines.answers("polars, eager", protocol, given_of(case.given, protocol), folder)
        if shown(found, expected) != expected:
            return True
    return False


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_examples_notice_a_wrong_plan(mutant: Patch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mutant(monkeypatch)
    assert examples_notice(tmp_path)


def test_the_examples_agree_with_the_right_plan(tmp_path: Path) -> None:
    assert not examples_notice(tmp_path)


@pytest.mark.parametrize("mutant", [no_unknown, no_merging, every_year, everybody], ids=lambda mutant: mutant.__name__)
def test_random_examples_notice_a_wrong_plan(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    assert any(differing(Random(seed), "polars, eager") for seed in range(60))
