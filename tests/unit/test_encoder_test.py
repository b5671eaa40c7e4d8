"""Fictitious people of the study: every encoder gives them the same pseudonyms, and one that does not is told."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from simulator import STUDY_ID, Cast
from spec import plain_normaliser as plain

from linkage import errors
from linkage.cli import main
from linkage.holder import alike, identifiers, pseudonymise

PARTS = {
    "bsn": ("bsn", plain.bsn),
    "a-number": ("a_number", plain.a_number),
    "household-number": ("household_number", plain.household_number),
}
SCHEME = "hmac-sha256-128/1"


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    """A study with its fictitious people."""
    cast = Cast(tmp_path)
    content = alike.made(cast.study())
    (tmp_path / alike.NAME).write_bytes(content)
    cast.write_study("", {"areas = [": f'encoder_test = "{alike.digest(content)}"\nareas = ['})
    return cast


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode()), delimiter=";"))


def pae(*parts: bytes) -> bytes:
    return b"".join([len(parts).to_bytes(8, "little"), *(len(part).to_bytes(8, "little") + part for part in parts)])


def pseudonym(field: str, version: str, canonical: str | None) -> str:
    """Sections 2 and 3 of pseudonym-v1 and section 2 of encoder-test-v1, on the standard library alone."""
    root = hashlib.sha256(pae(b"household-linkage/v1/encoder-test", STUDY_ID.encode())).digest()
    info = pae(b"household-linkage/v1", SCHEME.encode(), STUDY_ID.encode(), field.encode(), version.encode())
    key = hmac.digest(root, info + b"\1", "sha256").hex().encode()
    return "" if canonical is None else hmac.digest(key, canonical.encode(), "sha256")[:16].hex()


def expected(row: dict[str, str]) -> dict[str, str]:
    cells: dict[str, Any] = {name: row[source] or None for name, source in alike.CELLS.items()}
    address, outcome = plain.address(cells)
    found = {name: value if outcome == "ok" else None for name, value in address.items()}
    made = {f"pseudoniem:{name}": pseudonym(name, "address/1", value) for name, value in found.items()}
    for field, (column, normaliser) in PARTS.items():
        canonical, outcome = normaliser(cells)
        value = canonical[column.replace("_", "-")] if outcome == "ok" else None
        made[f"pseudoniem:{field}"] = pseudonym(field, f"{field}/1", value)
    return made


def test_the_file_is_what_the_specification_says(cast: Cast) -> None:
    rows = table((cast.folder / alike.NAME).read_bytes())
    assert len(rows) == 40
    for row in rows:
        made = {name: value for name, value in row.items() if name.startswith("pseudoniem:")}
        assert made == expected(row), row["omschrijving"]


def test_the_people_are_nobody() -> None:
    """Numbers of the ranges for tests, or numbers that fail their test; a house that does not exist."""
    people = Path(alike.__file__).with_name("proof_people.csv").read_bytes()
    for row in table(people):
        canonical, outcome = plain.bsn({"bsn": row["bsn"] or None})
        assert outcome != "ok" or str(canonical["bsn"]) >= "999990000" or str(canonical["bsn"]) < "000000100"


def test_this_encoder_does_as_agreed(cast: Cast) -> None:
    done = alike.check(cast.study(), cast.folder / alike.NAME)
    assert (done.rows, done.implementations) == (40, ("reference", "polars-hash", "fast"))
    rows = table((cast.folder / alike.NAME).read_bytes())
    assert done.pseudonyms == sum(value != "" for row in rows for value in expected(row).values())


def test_no_one_gets_a_pseudonym_of_the_study_itself(cast: Cast) -> None:
    """The root of the test is another: what the file shows of it helps nobody against the study's own."""
    own = pseudonymise.canaries(
        cast.study().protocol.normalisation.version, {"bsn": cast.root.field_key(SCHEME, "bsn", "bsn/1")}
    )
    assert own["bsn"] not in (cast.folder / alike.NAME).read_text(encoding="utf-8")
    assert alike._root(cast.study()).key_id != cast.root.key_id


@pytest.mark.parametrize("route", ["reference", "polars-hash", "fast"])
def test_another_hash_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    def other(column: pl.Series, key: str) -> pl.Series:
        return pseudonymise._reference(column.str.to_lowercase(), key)

    monkeypatch.setitem(pseudonymise.IMPLEMENTATIONS, route, other)
    with pytest.raises(errors.EncoderDiffers, match="address"):
        alike.check(cast.study(), cast.folder / alike.NAME)


def test_another_normaliser_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_zeros(parts: pl.DataFrame) -> pl.DataFrame:
        return identifiers.bsn(parts).with_columns(pl.col("bsn").str.strip_chars_start("0"))

    monkeypatch.setitem(identifiers.NORMALISERS, "bsn/1", without_zeros)
    with pytest.raises(errors.EncoderDiffers, match="bsn"):
        alike.check(cast.study(), cast.folder / alike.NAME)


def test_a_changed_file_is_refused(cast: Cast) -> None:
    path = cast.folder / alike.NAME
    path.write_bytes(path.read_bytes().replace(b"9999AB", b"9999AC", 1))
    with pytest.raises(errors.StudyFault, match="niet de proef van deze studie"):
        alike.check(cast.study(), path)


@pytest.mark.parametrize("content", [b"", b"nummer\n", b"\xff;\n1;2\n", b"a;b\n1;2;3\n"])
def test_an_agreed_file_that_is_no_table_is_refused(cast: Cast, content: bytes) -> None:
    (cast.folder / alike.NAME).write_bytes(content)
    cast.write_study("", {"areas = [": f'encoder_test = "{alike.digest(content)}"\nareas = ['})
    with pytest.raises((errors.StudyFault, errors.InputError, errors.EncoderDiffers)):
        alike.check(cast.study(), cast.folder / alike.NAME)


def test_it_is_part_of_what_holders_agree_to(cast: Cast) -> None:
    with_test = cast.study().agreement
    cast.write_study("")
    assert cast.study().agreement != with_test


def test_at_the_command_line(tmp_path: Path) -> None:
    cast, runner = Cast(tmp_path), CliRunner()
    study = str(tmp_path / "study.toml")
    none = runner.invoke(main, ["check", study, "--encoder"])
    assert none.exit_code == errors.StudyFault.exit_code
    made = runner.invoke(main, ["check", study, "--make-encoder-test"])
    line = next(line for line in made.output.splitlines() if line.startswith("encoder_test"))
    cast.write_study("", {"areas = [": f"{line}\nareas = ["})
    done = runner.invoke(main, ["check", study, "--encoder"])
    assert done.exit_code == 0, done.output
    assert "40 proefpersonen" in done.output
    assert "zoals afgesproken" in done.output
