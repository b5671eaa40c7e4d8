"""The fifteen requirements: every test and command that is named exists, and nothing else passes for the table."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import click
import pytest

from linkage.cli import main
from linkage.errors import EvidenceBroken
from linkage.evidence.model import Kind
from linkage.evidence.page import KIND_NAMES
from linkage.evidence.requirements import Requirement, requirements, shown, source

ROOT = Path(__file__).parents[2]
ALL = requirements(source())


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_every_test_that_is_named_exists(one: Requirement) -> None:
    for reference in one.of("test"):
        file, _, name = reference.partition("::")
        assert (ROOT / file).is_file(), reference
        assert name in functions(ROOT / file), reference


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.id)
def test_every_command_that_is_named_exists(one: Requirement) -> None:
    for reference in one.of("command"):
        command: click.Command = main
        for word in reference.split()[1:]:
            assert isinstance(command, click.Group), reference
            assert word in command.commands, reference
            command = command.commands[word]


def test_every_record_that_is_named_has_a_name_on_the_page() -> None:
    named = {name for one in ALL for name in one.of("record")}
    assert named <= {*get_args(Kind), "study", "software"}
    assert set(KIND_NAMES) == {*get_args(Kind), "study", "software"}


def test_what_the_program_does_not_do_is_said() -> None:
    """Partly or organisational means that the party adds something itself; wholly means that it need not."""
    for one in ALL:
        assert bool(one.of("organisational")) == (one.met != "geheel"), one.id
        assert one.met != "geheel" or one.of("test"), one.id
    assert [one.id for one in ALL if one.met == "organisatorisch"] == ["P8"]


def test_a_record_is_present_or_absent() -> None:
    states = {one.id: one for one in shown(ALL, {"study", "ledger"})}
    assert states["P1"].present == ("study",)
    assert states["P1"].absent == ("charter",)
    assert states["P8"].present == states["P8"].absent == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("P1,", "P16,"),
        ("id,requirement", "nr,requirement"),
        (",geheel,", ",helemaal,"),
        (",test,", ",proef,"),
        ("command:linkage check", "command:rm -rf"),
        ("record:charter", "record:geheim"),
        ("test:tests/unit/test_study.py::", "test:tests/unit/test_study.py#"),
        ("test:tests/unit", "test:../unit"),
    ],
)
def test_a_table_of_another_form(old: str, new: str) -> None:
    text = source().decode()
    assert old in text
    with pytest.raises(EvidenceBroken):
        requirements(text.replace(old, new, 1).encode())


@pytest.mark.parametrize("raw", [b"", b"\xff", b"id\nP1\n", source()[: len(source()) // 2]])
def test_what_is_no_table(raw: bytes) -> None:
    with pytest.raises(EvidenceBroken):
        requirements(raw)
