"""docs/threat-model.md and SECURITY.md: all that they name exists, and figures that can be counted are counted."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import canaries
import click
import pytest
from vectors.packages import reader

from linkage.cli import main

ROOT = Path(__file__).parents[2]
MODEL, SECURITY = ROOT / "docs" / "threat-model.md", ROOT / "SECURITY.md"
DOCUMENTS = pytest.mark.parametrize("document", [MODEL, SECURITY], ids=lambda path: path.stem)
SCREEN = 25  # what a screen shows is no format: no specification decides it
LABELS = ("Party", "Asset", "Attack", "Without the defence", "Defence", "Test", "Residual risk")


# --- the document as parts ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Attack:
    """One numbered section: its parts by label, in the order in which they stand."""

    number: int
    title: str
    parts: dict[str, str]
    labels: tuple[str, ...]


def attack_of(number: str, title: str, text: str) -> Attack:
    found = re.findall(r"^- \*\*([^*]+):\*\* (.*?)(?=^- \*\*|\Z)", text, re.DOTALL | re.MULTILINE)
    parts = {label: " ".join(body.split()) for label, body in found}
    return Attack(int(number), title, parts, tuple(label for label, _ in found))


def attacks(document: Path = MODEL) -> list[Attack]:
    text = document.read_text("utf-8")
    found = re.findall(r"^### (\d+)\. ([^\n]+)\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
    return [attack_of(*one) for one in found]


def section(document: Path, title: str) -> str:
    """What stands between a heading of the second level and the next; empty without it."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def rows(text: str) -> list[list[str]]:
    """The cells of the first table's rows, without its heading."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def named_tests(text: str) -> list[tuple[str, str]]:
    """Files of tests, with the function behind `::` or an empty text."""
    return re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text)


ALL = attacks()
EACH = pytest.mark.parametrize("attack", ALL, ids=lambda attack: f"{attack.number}")


# --- each attack is whole -----------------------------------------------------------------------------


def test_attacks_are_numbered_from_one_and_enough() -> None:
    assert [attack.number for attack in ALL] == list(range(1, len(ALL) + 1))
    assert len(ALL) >= 23
    assert len({attack.title for attack in ALL}) == len(ALL)


@EACH
def test_an_attack_has_every_part_in_order(attack: Attack) -> None:
    assert attack.labels == LABELS
    assert all(len(text) > 3 for text in attack.parts.values())
    assert len(attack.parts["Residual risk"]) > 30


@EACH
def test_party_and_asset_are_those_of_the_tables(attack: Attack) -> None:
    for label, title in (("Party", "Parties"), ("Asset", "Assets")):
        known = {row[0] for row in rows(section(MODEL, title))}
        assert set(attack.parts[label].split(", ")) <= known, label


def test_every_party_and_asset_is_attacked_or_attacks() -> None:
    for label, title in (("Party", "Parties"), ("Asset", "Assets")):
        named = {name for attack in ALL for name in attack.parts[label].split(", ")}
        assert named == {row[0] for row in rows(section(MODEL, title))}


@EACH
def test_an_attack_names_a_specification_or_decision_and_tests(attack: Attack) -> None:
    assert re.search(r"\]\((spec|adr)/", attack.parts["Defence"]) or attack.number == SCREEN
    named = named_tests(attack.parts["Test"])
    assert named
    assert all(function for _, function in named)


# --- what is named exists -----------------------------------------------------------------------------


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@DOCUMENTS
def test_every_test_that_is_named_exists(document: Path) -> None:
    named = named_tests(document.read_text("utf-8"))
    assert len(named) > 20
    for file, function in named:
        assert (ROOT / file).is_file(), file
        assert not function or function in functions(file), f"{file}::{function}"


def command_of(text: str) -> tuple[click.Command, list[str]] | None:
    """The command that `linkage ...` names, with the words behind it; None where a word is no command."""
    command: click.Command = main
    words = text.split()[1:]
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return None
        command = command.commands[words.pop(0)]
    return command, words


@DOCUMENTS
def test_every_command_that_is_named_exists_with_its_options(document: Path) -> None:
    lines = [line for text in quoted(document.read_text("utf-8")) for line in text.split(" && ")]
    named = [line for line in lines if re.match(r"linkage [a-z-]", line)]
    assert named
    for text in named:
        found = command_of(text)
        assert found is not None, text
        known = {option for parameter in found[0].params for option in parameter.opts}
        assert {word for word in found[1] if word.startswith("--")} <= known, text


@DOCUMENTS
def test_every_place_that_is_linked_to_exists(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", document.read_text("utf-8"))
    assert links
    for link in links:
        assert link.startswith("https://") or (document.parent / link).exists(), link


def sections_in(text: str) -> list[tuple[str, set[str]]]:
    """Links to specifications, with the numbers of the sections that are named with them; of "4 to 6" both ends."""
    form = r"\[\w[\w-]*-v1((?:, section \d)?)\]\(([^)]+)\)((?:, sections? \d(?:[\d, andto]*\d)?)?)"
    return [
        (link, set(re.findall(r"\d+", within + behind)))
        for within, link, behind in re.findall(form, " ".join(text.split()))
    ]


@DOCUMENTS
def test_every_section_that_is_named_exists(document: Path) -> None:
    named = sections_in(document.read_text("utf-8"))
    assert any(numbers for _, numbers in named)
    for link, numbers in named:
        headings = re.findall(r"^## (\d+)\.", (document.parent / link).read_text("utf-8"), re.MULTILINE)
        assert numbers <= set(headings), f"{link}: {numbers}"


def test_what_does_not_exist_is_noticed(tmp_path: Path) -> None:
    """The parser finds tests, options and sections: so a wrong one cannot pass unseen."""
    wrong = tmp_path / "wrong.md"
    wrong.write_text("### 1. X\n\n- **Party:** nobody\n- **Test:** `tests/unit/test_files.py::test_nothing`\n", "utf-8")
    (attack,) = attacks(wrong)
    assert attack.labels == ("Party", "Test")
    assert named_tests(attack.parts["Test"]) == [("tests/unit/test_files.py", "test_nothing")]
    assert "test_nothing" not in functions("tests/unit/test_files.py")
    assert command_of("linkage asses --role officer") is None
    found = command_of("linkage keys destroy --nothing")
    assert found is not None
    assert found[1] == ["--nothing"]
    there = "[a-v1](spec/a.md), sections\n  4 to 6, or [b-v1, section 8](spec/b.md); [c-v1](c.md)"
    assert sections_in(there) == [("spec/a.md", {"4", "6"}), ("spec/b.md", {"8"}), ("c.md", set())]


# --- figures ------------------------------------------------------------------------------------------


def figures() -> list[list[str]]:
    return rows(section(SECURITY, "Figures"))


def test_every_figure_has_a_command_that_is_one() -> None:
    assert len(figures()) > 15
    for what, figure, command in figures():
        assert re.search(r"\d", figure), what
        (line,) = quoted(command)
        run = line.removeprefix("linkage demo && ")
        assert re.match(r"(linkage|python -[mc]|python benchmarks/fuzz\.py) ", run), what
        assert "pytest" not in line or named_tests(line), what


@cache
def slow_functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    found = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return frozenset(node.name for node in found if "pytest.mark.slow" in map(ast.unparse, node.decorator_list))


def test_a_slow_test_is_asked_for_as_such_and_no_other() -> None:
    """A command that selects no test, or that CI leaves out, reproduces nothing."""
    named = [(function, file, command) for _, _, command in figures() for file, function in named_tests(command)]
    assert any(function in slow_functions(file) for function, file, _ in named)
    for function, file, command in named:
        assert (function in slow_functions(file)) == ("-m slow" in command), function


def test_what_can_be_counted_is_what_stands_there() -> None:
    told = {what: figure for what, figure, _ in figures()}
    size = len(reader.read("good").package)
    assert f"{len(reader.names()):,}" in told["package vectors that end as they should"]
    assert f"{8 * size:,} refused" in told["one package, each bit flipped"]
    assert f"{size:,} refused" in told["one package, cut at each byte"]
    assert f"{len(canaries.needles()):,}" in told["canaries found after a fault"]
