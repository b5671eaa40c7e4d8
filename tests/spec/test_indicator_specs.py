"""Every example of the vocabulary, on every engine and on the slow reference; and that the examples can fail."""

from __future__ import annotations

from pathlib import Path

import indicators
import pytest
import slow_indicators
import spec_engines
from tables import Answers, Case, expected_of, given_of, lines_of, protocol_of

from protocols import FaultyAgreement, load_protocol

CASES = {f"{name}: {case.title}": case for name, spec in indicators.SPECS.items() for case in spec.cases}


def shown(found: Answers, expected: Answers) -> Answers:
    """Of what was found, what the example shows."""
    return {home: {name: found[home].get(name) for name in row} for home, row in expected.items()}


def same(case: Case, engine: str, folder: Path) -> None:
    """The engine gives what is expected, and in all else what the slow reference gives."""
    protocol = protocol_of(case.protocol)
    given, expected = given_of(case.given, protocol), expected_of(case.expected)
    found, slow = spec_engines.answers(engine, protocol, given, folder), slow_indicators.answers(protocol, given)
    assert shown(found, expected) == expected
    assert {home: {name: found[home][name] for name in row} for home, row in slow.items()} == slow


@pytest.mark.parametrize("engine", spec_engines.ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_an_example(name: str, engine: str, tmp_path: Path) -> None:
    same(CASES[name], engine, tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_an_example_on_the_slow_reference(name: str) -> None:
    case = CASES[name]
    protocol = protocol_of(case.protocol)
    found, expected = slow_indicators.answers(protocol, given_of(case.given, protocol)), expected_of(case.expected)
    assert shown(found, expected) == expected
    assert set(found) == set(expected)


def test_every_file_is_a_specification() -> None:
    files = {path.stem for path in Path(__file__).with_name("indicators").glob("*.py")}
    assert files == {"__init__", *indicators.ORDER}


# --- the tables -----------------------------------------------------------------------------------


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        lines_of("persoon | bijstand\n1 | 2 | 3")


@pytest.mark.parametrize(
    "given",
    [
        "goud\npersoon | bijstand\n1 | 2",
        "uitkeringen\npersoon | goud\n1 | 2",
        "uitkeringen\npersoon | bijstand\n1 | ja",
        "stadsbank\npersoon | debt\n1 | goud",
        "bevolking\npersoon | huishouden | minor | goud\n1 | 1 | nee | 1",
    ],
)
def test_what_is_not_in_the_protocol_is_no_example(given: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        given_of(given, protocol_of(""))


def test_a_faulty_fragment_is_no_example() -> None:
    with pytest.raises(FaultyAgreement):
        protocol_of('[[domains]]\nname = "S"\ntitle = "S"\nany_of = ["goud"]')


# --- what a measure counts (D27) ------------------------------------------------------------------


MEASURE = """
[[measures]]
name = "n"
title = "n"
unit = "{unit}"
delivery = "{delivery}"
{what}
counts = "{counts}"
"""
NUISANCE = 'count_where = [{ column = "nuisance", at_least = 1 }]'
BENEFIT = 'count_where = [{ column = "bijstand", at_least = 1 }]'


@pytest.mark.parametrize(
    ("unit", "delivery", "what", "counts", "says"),
    [
        ("personen", "woningcorporatie", NUISANCE, "persons", "knows no persons"),
        ("trajecten", "uitkeringen", BENEFIT, "persons", "write unit personen"),
        ("personen", "uitkeringen", BENEFIT, "households", "write unit huishoudens"),
        ("huishoudens", "uitkeringen", BENEFIT, "youth_volume_unit", "write unit personen"),
        ("personen", "uitkeringen", 'sum_of = ["bijstand"]', "persons", "goes with"),
        ("personen", "uitkeringen", BENEFIT, "people", "counts"),
    ],
)
def test_a_measure_that_cannot_count_that(unit: str, delivery: str, what: str, counts: str, says: str) -> None:
    with pytest.raises(FaultyAgreement, match=says):
        protocol_of(MEASURE.format(unit=unit, delivery=delivery, what=what, counts=counts))


def test_youth_care_is_counted_as_d27_says() -> None:
    """Every number of youth care and protection follows the parameter, and is of minors, as its items are."""
    youth = [measure for measure in load_protocol("nji_2016").measures if measure.delivery == "jeugdhulp"]
    assert {measure.who for measure in youth} == {"minor"}
    assert {measure.counts for measure in youth if measure.unit != "dagen"} == {"youth_volume_unit"}
    assert len(youth) == 7
