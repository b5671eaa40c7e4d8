"""Small files that are large inside, through the functions and the real command, under limits that hold."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fuzz_bombs as bombs
import pytest
from fuzz import CANARIES, judged, mutated
from fuzz_targets import COLUMNS, HOLDER, Scene, workbook

from linkage import errors, keys
from linkage.holder import apart
from linkage.holder import encode as holder_room
from linkage.holder.read import read
from linkage.study import load_study

HEADER = ";".join(COLUMNS)
MIB = 1024**2
LIMIT = 3072 * MIB  # of addresses, of which the libraries take 1 GiB before they read anything
SMALL_CHILD = 2048 * MIB


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    made = Scene(tmp_path_factory.mktemp("scene"))
    keys.save(made.folder / "study.root", made.cast.root, None)
    keys.save(made.folder / "own.identity", made.cast.holder_keys[HOLDER], None)
    return made


def refused(scene: Scene, name: str, content: bytes) -> errors.InputError:
    """The error of these bytes as an export."""
    request = replace(scene.request, export=scene.file(name, content))
    with pytest.raises(errors.InputError) as caught:
        holder_room.preview(request, lambda done, total: None)
    return caught.value


# --- the parsers of workbooks and Parquet, in their child -------------------------------------------


@pytest.mark.parametrize("name", bombs.sheets(workbook([])))
def test_a_workbook(scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MEMORY_BYTES", SMALL_CHILD)
    content = bombs.sheets(workbook([{"bsn": CANARIES[0]}]))[name]
    assert len(content) < 10_000
    assert type(refused(scene, "export.xlsx", content)) is errors.InputUnreadable


@pytest.mark.parametrize("name", ["a value of 10 MB", "a depth of 1,500", "a hundred million rows at once"])
def test_a_parquet_file(scene: Scene, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MEMORY_BYTES", SMALL_CHILD)
    monkeypatch.setattr(apart, "SECONDS", 20.0)  # out of memory, the reader waits for itself as often as it aborts
    content = bombs.parquets(COLUMNS)[name]
    assert type(refused(scene, "export.parquet", content)) is errors.InputUnreadable


@pytest.mark.parametrize("name", ["excel", "sheet", "parquet", "spss", "protected"])
def test_changed_exports_of_a_native_reader(scene: Scene, name: str) -> None:
    target, rng = scene.target(name), random.Random(name)
    assert [judged(target, mutated(rng, target)) for _ in range(6)]


def test_a_child_that_says_nothing_is_ended(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = scene.folder / "sleeper"
    sleeper.write_text(f'#!/bin/sh\necho $$ > "{scene.folder}/pid"\nexec sleep 600\n', encoding="ascii")
    sleeper.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(sleeper))
    monkeypatch.setattr(apart, "SECONDS", 1.0)
    path = scene.file("export.xlsx", workbook())
    with pytest.raises(errors.InputUnreadable):
        read(path, scene.request.job.holder, lambda done, total: None)
    with pytest.raises(ProcessLookupError):
        os.kill(int((scene.folder / "pid").read_text(encoding="ascii")), 0)


def test_a_child_ends_with_whoever_reads_on_no_longer(scene: Scene) -> None:
    export = read(scene.file("export.xlsx", workbook([])), scene.request.job.holder, lambda done, total: None)
    export.batches.close()  # type: ignore[attr-defined]


# --- text ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", bombs.texts(HEADER))
def test_a_csv(scene: Scene, name: str) -> None:
    assert type(refused(scene, "export.csv", bombs.texts(HEADER)[name])) is errors.InputUnreadable


def test_a_long_record_is_told_as_such(scene: Scene) -> None:
    """And not as a quote that is not closed."""
    texts = bombs.texts(HEADER)
    assert "aanhalingsteken" not in str(refused(scene, "export.csv", texts["a record of 10 MB"]))
    assert "aanhalingsteken" in str(refused(scene, "export.csv", texts["a quote that is never closed"]))


def test_a_long_cell_is_refused_with_its_row(scene: Scene) -> None:
    content = f"{HEADER}\n{';' * HEADER.count(';')}\n{'1' * 200_000}{';' * HEADER.count(';')}\n".encode()
    assert ", rij 3: " in str(refused(scene, "export.csv", content))


def test_line_ends_in_a_header_are_followed_once(scene: Scene) -> None:
    """A header of 100,000 empty lines inside quotes."""
    lines = "\n" * 100_000
    content = f'"{lines}";"{lines}";{HEADER}\n;;1{";" * HEADER.count(";")}\n'.encode()
    export = read(scene.file("export.csv", content), scene.request.job.holder, lambda done, total: None)
    assert [batch.frame["row"].to_list() for batch in export.batches] == [[2]]


@pytest.mark.parametrize("name", bombs.agreements("wave = 1\n"))
def test_an_agreement(scene: Scene, name: str) -> None:
    text = (scene.folder / "study.toml").read_text(encoding="utf-8")
    with pytest.raises(errors.StudyFault) as caught:
        load_study(scene.file("bomb.toml", bombs.agreements(text)[name]))
    assert ", regel " in str(caught.value)
    assert len(str(caught.value)) < 5000


# --- the real command -------------------------------------------------------------------------------


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))


def command(scene: Scene, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`linkage`, with a limit on memory and time."""
    program = Path(sys.executable).with_name("linkage")
    words = [str(argument) for argument in arguments]
    return subprocess.run(
        [program, *words],
        cwd=scene.folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=_limited,
    )


def encoded(scene: Scene, export: Path) -> subprocess.CompletedProcess[str]:
    known = ("--study", "study.toml", "--delivery", HOLDER, "--holder", HOLDER, "--root", "study.root")
    return command(scene, "encode", *known, "--identity", "own.identity", "--preview", "--input", export)


@pytest.mark.parametrize("name", ["a quote that is never closed", "a wide header above nothing"])
def test_the_command_on_a_csv(scene: Scene, name: str) -> None:
    done = encoded(scene, scene.file("bomb.csv", bombs.texts(HEADER)[name]))
    assert (done.returncode, done.stdout) == (errors.InputUnreadable.exit_code, "")
    assert done.stderr.startswith("Fout: bomb.csv")
    assert "Traceback" not in done.stderr


def test_the_command_on_a_workbook(scene: Scene) -> None:
    content = bombs.sheets(workbook([{"bsn": CANARIES[0]}]))["a cell in the last corner"]
    done = encoded(scene, scene.file("bomb.xlsx", content))
    assert (done.returncode, done.stdout) == (errors.InputUnreadable.exit_code, "")
    assert done.stderr.count("\n") == 1
    assert CANARIES[0] not in done.stderr


def test_the_command_on_a_study(scene: Scene) -> None:
    text = (scene.folder / "study.toml").read_text(encoding="utf-8")
    done = command(scene, "check", scene.file("bomb.toml", bombs.agreements(text)["a key of 20,000 parts"]))
    assert (done.returncode, done.stdout) == (errors.StudyFault.exit_code, "")
    assert done.stderr.startswith("Fout: bomb.toml, regel ")
