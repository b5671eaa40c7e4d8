"""The reference page is what the protocol and the examples make of it today, and leaves nothing out."""

from __future__ import annotations

import re

import reference_page
from indicators import SPECS

from protocols import load_protocol

PROTOCOL = load_protocol("nji_2016")


def test_the_page_is_what_the_generator_gives() -> None:
    committed = reference_page.PAGE.read_text("utf-8")
    assert committed == reference_page.page(), "make it anew: python tests/spec/reference_page.py"


def test_everything_that_is_made_has_its_place() -> None:
    text = reference_page.PAGE.read_text("utf-8")
    sections = re.findall(r"^### `(\w+)`: ", text, re.MULTILINE)
    parts = (*PROTOCOL.indicators, *PROTOCOL.domains, *PROTOCOL.definitions, *PROTOCOL.selections)
    assert sections == [part.name for part in parts]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [measure.name for measure in PROTOCOL.measures]


def test_every_indicator_names_its_columns_and_years() -> None:
    text = reference_page.PAGE.read_text("utf-8")
    for indicator in PROTOCOL.indicators:
        section = text.split(f"### `{indicator.name}`: ")[1].split("### ")[0]
        for source in indicator.sources:
            assert f"`{source.delivery}`{f' in {source.year}' if source.year else ''}" in section
            assert all(f"`{condition.column}`" in section for condition in source.any_of)


def test_every_example_is_on_the_page() -> None:
    text = reference_page.PAGE.read_text("utf-8")
    for spec in SPECS.values():
        assert f"### {spec.title}\n" in text
        for case in spec.cases:
            assert all(part.strip() in text for part in (case.title, case.protocol, case.given, case.expected))


def test_another_protocol_reads_otherwise() -> None:
    """The words follow the protocol: the generator holds none of its numbers."""
    parameters = PROTOCOL.parameters.model_copy(update={"benefit_months": 12, "youth_volume_unit": "households"})
    changed = "\n".join(reference_page._agreed(PROTOCOL.model_copy(update={"parameters": parameters})))
    assert "`bijstand` (Bijstand (maanden)) is 12 of meer (`benefit_months`, D1)" in changed
    assert "het huishouden, 1 of 0 (`youth_volume_unit`, D27)" in changed
