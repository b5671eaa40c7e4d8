"""Writing whole or not at all, and what dead processes left behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.errors import OutputError
from linkage.files import harmless, held, remove_dead_folders, replacing, write_text


def part(folder: Path, name: str = ".x.csv.01234567.part") -> Path:
    path = folder / name
    path.write_bytes(b"half")
    return path


def test_what_a_dead_writer_left_goes(tmp_path: Path) -> None:
    dead = part(tmp_path)
    others = [part(tmp_path, name) for name in (".y.csv.01234567.part", ".x.csv.part", ".x.csv.0123456g.part")]
    write_text(tmp_path / "x.csv", "whole")
    assert not dead.exists()
    assert all(path.exists() for path in others)


def test_what_a_living_writer_has_stays(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.csv") as first:
        first.write(b"first")
        write_text(tmp_path / "x.csv", "second")
    assert (tmp_path / "x.csv").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_link_or_a_pipe_with_such_a_name_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "mine.txt"
    target.write_text("mine")
    (tmp_path / ".x.csv.01234567.part").symlink_to(target)
    os.mkfifo(tmp_path / ".x.csv.89abcdef.part")
    write_text(tmp_path / "x.csv", "whole")
    assert target.read_text() == "mine"


def test_the_folder_of_a_living_run_stays_and_of_a_dead_one_goes(tmp_path: Path) -> None:
    living = tmp_path / ".t-living__"
    code = (
        "import sys; from pathlib import Path; from linkage.files import held\n"
        f"with held(Path({str(living)!r})): print('held', flush=True); sys.stdin.read()"
    )
    for name in (".t-living__", ".t-deadrun_", ".t-other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "body").write_bytes(b"plain")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        remove_dead_folders(tmp_path, ".t-")
        assert sorted(path.name for path in tmp_path.iterdir()) == [".t-living__", ".t-other"]
        other.communicate()
    remove_dead_folders(tmp_path, ".t-")
    assert [path.name for path in tmp_path.iterdir()] == [".t-other"]


def test_a_fault_in_the_block_is_told_without_a_path(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught, replacing(tmp_path / "x.csv"):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path))
    assert "de schijf is vol" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.__suppress_context__
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_opened_is_held_by_nobody(tmp_path: Path) -> None:
    with held(tmp_path / "none"):
        pass


@pytest.mark.parametrize(
    "text", ["=1+1", "+31", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠a"]
)
def test_a_cell_that_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Noord", "a=b", "1-2", "é", "'=1"])
def test_another_cell_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
