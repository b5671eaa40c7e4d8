"""`linkage assess` as people type it, and `linkage encode`, which refuses what it would refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from simulator import Cast, bsn, minimal

from linkage.errors import TooRevealing

LINKAGE = Path(sys.executable).with_name("linkage")
CLIENTS = 200


def assess(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [LINKAGE, "assess", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def insured(folder: Path, step: int) -> Cast:
    """An insurer with so many clients, whose costs lie so many euros apart."""
    cast = minimal(folder)
    cast.exports["verzekeraar"] = [
        {"bsn": bsn(place), "year": 2014, "specialist_cost": f"{50 + step * (place * 50 // step)},00"}
        for place in range(CLIENTS)
    ]
    return cast


def of_insurer(cast: Cast, output: Path) -> list[object]:
    return [
        "--study", cast.folder / "study.toml", "--delivery", "ggz", "--holder", "verzekeraar",
        "--input", cast.export("verzekeraar"), "--output", output,
    ]  # fmt: skip


def test_a_holder_gets_a_page_and_the_encoder_agrees(tmp_path: Path) -> None:
    cast = insured(tmp_path / "cast", 1000)
    done = assess(*of_insurer(cast, tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "blijft binnen de grens" in done.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"dpia-zelftoets.html", "assess.json"}
    found = json.loads((tmp_path / "out" / "assess.json").read_text("utf-8"))
    assert found["passed"]
    assert found["persons"] == CLIENTS
    cast.encode("verzekeraar")


def test_what_is_too_precise_is_told_and_refused(tmp_path: Path) -> None:
    cast = insured(tmp_path / "cast", 50)
    done = assess(*of_insurer(cast, tmp_path / "out"))
    assert done.returncode == TooRevealing.exit_code == 36
    page = (tmp_path / "out" / "dpia-zelftoets.html").read_text("utf-8")
    assert "gaat niet door" in page
    assert "specialist_cost 2014: 100,0%" in page
    assert bsn(7) not in page
    with pytest.raises(TooRevealing, match="specialist_cost 2014"):
        cast.encode("verzekeraar")
    assert list((cast.folder / "inbox").iterdir()) == []


def test_the_study_may_allow_more(tmp_path: Path) -> None:
    cast = insured(tmp_path / "cast", 50)
    study = cast.folder / "study.toml"
    text = study.read_text("utf-8")
    study.write_text(text.replace("wave = 1\n", 'wave = 1\nmax_success_one = "1"\nmax_success_two = "1"\n'), "utf-8")
    assert assess(*of_insurer(cast, tmp_path / "out")).returncode == 0
    cast.encode("verzekeraar")


def test_an_analyst_of_the_household_file(tmp_path: Path) -> None:
    cast = minimal(tmp_path / "cast")
    cast.encode_all()
    file = cast.link().households
    done = assess(
        "--role", "linker", "--study", cast.folder / "study.toml", "--input", file, "--output", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "assess.json").read_text("utf-8"))["households"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--role", "holder"],
        ["--role", "linker"],
        ["--role", "officer"],
        ["--role", "officer", "--town", "nergens"],
        ["--role", "linker", "--study", "s", "--input", "f", "--inbox", "i"],
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, arguments: list[str]) -> None:
    done = assess(*arguments, "--output", tmp_path / "out")
    assert done.returncode in (2, 31)
    assert done.stderr.startswith("Fout: ")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_every_attack_on_the_whole_demo(demo: tuple[Path, str], tmp_path: Path) -> None:
    done = assess("--role", "officer", "--town", demo[0], "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "assess.json").read_text("utf-8"))
    assert found["passed"]
    assert {one["name"]: one["share"] for one in found["coalitions"]} == {
        "courier": 0, "holder": 0, "two-holders": 0, "linker": 0, "linker-and-holder": 1, "researcher": 0,
        "researcher-and-holders": 0,
    }  # fmt: skip
