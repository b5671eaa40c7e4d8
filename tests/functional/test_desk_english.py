"""Every message that a holder can meet at the desk has its English: the rooms are read for what is lacking."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import linkage
from linkage import errors
from linkage.desk.english import in_english
from linkage.desk.english_table import MESSAGES, PHRASES
from linkage.errors import LinkageError, unforeseen
from linkage.files import cannot_write
from linkage.holder import leaks, read_database

HERE = Path(linkage.__file__).parent
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LinkageError)}
# What the desk never does: the proof of the encoder is a command, and the other faces have their own messages.
NOT_AT_THE_DESK = {"alike.py", "released.py", "serve.py", "linker.py", "researcher.py"}
# A reason of a database, looked up in a table: `test_what_a_database_answers` goes through that table.
OF_A_TABLE = {"{}: {}", "{}: {} (ODBC {})"}
DUTCH = {"de", "het", "een", "niet", "van", "en", "uw", "rij", "kies", "bewaar", "maak", "heeft", "staat", "waar"}


def rooms() -> Iterator[Path]:
    for folder in ("holder", "desk"):
        yield from (path for path in sorted((HERE / folder).glob("*.py")) if path.name not in NOT_AT_THE_DESK)
    yield from (HERE / "keys" / "secret_file.py", HERE / "keys" / "public.py", HERE / "files.py")


def texts(node: ast.expr, tree: ast.Module) -> list[str]:
    """The sentences that an expression can give, with `{}` for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)]
        case ast.IfExp():
            return texts(node.body, tree) + texts(node.orelse, tree)
        case ast.BinOp():
            return [one + other for one in texts(node.left, tree) for other in texts(node.right, tree)]
        case ast.Call(func=ast.Name(id=name)):
            made = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == name]
            returns = [each for one in made for each in ast.walk(one) if isinstance(each, ast.Return) and each.value]
            return [text for each in returns if each.value for text in texts(each.value, tree)]
        case ast.Name(id=name):
            given = [each for each in tree.body if isinstance(each, ast.Assign) and _named(each) == name]
            return [text for each in given for text in texts(each.value, tree)]
    return []


def _named(assign: ast.Assign) -> str:
    target = assign.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def messages(path: Path) -> set[str]:
    """All that a file says in an error."""
    tree = ast.parse(path.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [(call, getattr(call.func, "id", getattr(call.func, "attr", ""))) for call in calls]
    return {text for call, name in named if name in KINDS for text in texts(call.args[0], tree)}


def test_every_message_of_the_rooms_has_its_english() -> None:
    found = {text for path in rooms() for text in messages(path)} - OF_A_TABLE
    assert len(found) > 90
    assert sorted(found - set(MESSAGES)) == []
    # And none is there that nobody says.
    words = {text for text in MESSAGES if " (ODBC " not in text}
    answers = {f"{{}}: {reason}" for reason in read_database._REASONS.values()}
    # The last one is made in a function of `errors` itself.
    only_elsewhere = {"onverwachte fout in het programma ({}, {}); meld deze regel aan de beheerder"}
    assert sorted(words - found - answers - only_elsewhere) == [
        "{}: de database gaf een fout; laat systeembeheer de query proberen"
    ]


@pytest.mark.parametrize("table", [MESSAGES, PHRASES])
def test_both_have_the_same_holes_and_the_english_is_english(table: dict[str, str]) -> None:
    for dutch, english in table.items():
        assert dutch.count("{}") == english.count("{}"), dutch
        assert not DUTCH & set(english.replace(",", "").split()), english


@pytest.mark.parametrize("state", ["", *read_database._REASONS])
def test_what_a_database_answers(state: str) -> None:
    said = read_database._in_words(Path("vraag.sql"), f"State: {state:0<5}, and more" if state else "")
    english = in_english(said)
    assert english is not None
    assert english.startswith("vraag.sql: ")
    assert not DUTCH & set(english.split())
    assert (f"(ODBC {state:0<5})" in english) == bool(state)


@pytest.mark.parametrize(
    ("dutch", "english"),
    [
        ("klanten.csv is leeg; maak de export opnieuw", "klanten.csv is empty; make the export again"),
        (
            (
                "a.csv: kolom `Schuld €` (debt) bevat BSN's (5 van 6 gevulde cellen, 83%); kolom `X` (y) bevat "
                "vrije tekst "
                "(4 van 4 gevulde cellen, 100%). Er is niets geschreven; controleer in de studie welke kolom is "
                "gekoppeld, "
                "en overleg met wie de studie beheert"
            ),
            (
                "a.csv: column `Schuld €` (debt) holds BSNs (5 of 6 filled cells, 83%); column `X` (y) holds "
                "free text (4 "
                "of 4 filled cells, 100%). Nothing was written; check in the study which column was chosen, and "
                "ask who "
                "manages the study"
            ),
        ),
        (
            (
                "a.csv: 9 van 10 rijen zijn onbruikbaar (6 x BSN bestaat niet (het controlecijfer klopt niet); 3 x een "
                "datum is niet te lezen); het protocol staat 5% toe. Kloppen de kolommen in de studie? Herstel "
                "de export, "
                "of overleg met wie de studie beheert"
            ),
            (
                "a.csv: 9 of 10 rows cannot be used (6 x BSN does not exist (the check digit is wrong); 3 x a "
                "date cannot "
                "be read); the protocol allows 5%. Are the columns in the study right? Mend the export, or ask "
                "who manages "
                "the study"
            ),
        ),
        (
            (
                "a.csv: de kolommen `de een`, `B` staan niet in de kopregel (daar staan er 7); vergelijk de "
                "kopregel van de "
                "export met [holder.columns] en [holder.format] in de studie"
            ),
            (
                "a.csv: the columns `de een`, `B` are not in the row of names (there are 7 in it); compare that "
                "row of the "
                "export with [holder.columns] and [holder.format] in the study"
            ),
        ),
        (
            (
                "a.xlsx, rij 3: in kolom `B` staat een foutmelding van Excel, zoals #N/B (en zo zijn er nog 2); "
                "herstel die "
                "cellen en bewaar het bestand opnieuw"
            ),
            (
                "a.xlsx, row 3: in column `B` there is an error of Excel, such as #N/A (and 2 more like it); "
                "mend those "
                "cells and save the file again"
            ),
        ),
        (
            "a.csv, rij 7: 1 veld waar de kopregel er 8 heeft; herstel die rij, of bewaar de export als Excel (.xlsx)",
            "a.csv, row 7: 1 field where the row of names has 8; mend that row, or save the export as Excel (.xlsx)",
        ),
        (
            (
                "kolom `K` (k): 2 cellen hebben een woord dat niet is afgesproken (rij 3, 9). Herstel de export, of "
                "meld de "
                "nieuwe woorden aan wie de studie beheert"
            ),
            (
                "column `K` (k): 2 cells have a word that was not agreed (rows 3, 9). Mend the export, or tell "
                "who manages "
                "the study of the new words"
            ),
        ),
    ],
)
def test_names_and_numbers_stay_and_phrases_follow(dutch: str, english: str) -> None:
    assert in_english(dutch) == english


def test_what_the_system_and_the_program_say() -> None:
    full = in_english(str(cannot_write(Path("a.package"), OSError(28, "full"))))
    assert full == "a.package cannot be written (the disk is full); make room or check the permissions"
    assert in_english(unforeseen(ValueError("x"))) == (
        "an unforeseen error in the program (ValueError, ); give this line to the administrator"
    )
    assert set(leaks.KINDS.values()) <= set(PHRASES)
    assert in_english("study.toml, regel 3: schrijf hier een datum") is None
    assert in_english("") is None
