"""The command as people type it: the roles' first steps, exit codes, and messages without values."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from simulator import HOLDERS, Cast

from linkage import errors
from linkage.keys import save

LINKAGE = Path(sys.executable).with_name("linkage")


def linkage(*arguments: object, cwd: Path | None = None, say: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal."""
    return subprocess.run(
        [LINKAGE, *(str(a) for a in arguments)], cwd=cwd, input=say, capture_output=True, text=True, check=False
    )


def test_help_names_every_command_in_dutch() -> None:
    done = linkage("--help")
    assert done.returncode == 0
    for command in ("check", "demo", "encode", "inspect", "keys", "link"):
        assert f"\n  {command} " in done.stdout


def test_check_explains_a_study(cast: Cast) -> None:
    done = linkage("check", cast.folder / "study.toml")
    assert done.returncode == 0
    assert "De studie is in orde." in done.stdout


def test_check_finds_faults(cast: Cast) -> None:
    path = cast.folder / "study.toml"
    path.write_text(path.read_text().replace("wave = 1", "wafe = 1"))
    done = linkage("check", path)
    assert done.returncode == errors.StudyFault.exit_code
    assert "study.toml, regel 10: `wafe` is hier geen bekend woord (bedoelt u `wave`?)" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_steps_of_all_roles(cast: Cast, tmp_path: Path) -> None:
    """Keys from the command line, a study with them, and one delivery encoded and inspected."""
    made = linkage("keys", "identity", "politie", "--role", "holder", "--no-passphrase", cwd=tmp_path)
    assert made.returncode == 0
    public = made.stdout.strip().removeprefix('public_key = "').removesuffix('"')
    text = (cast.folder / "study.toml").read_text().replace(cast.holder_keys["politie"].public, public)
    study = tmp_path / "study.toml"
    study.write_text(text.split("\n[root]")[0])
    root = linkage("keys", "root", "study.toml", "--no-passphrase", cwd=tmp_path)
    assert root.returncode == 0
    study.write_text(study.read_text() + "\n" + root.stdout)
    export = cast.export("politie")
    done = linkage(
        "encode", "--study", "study.toml", "--delivery", "politie", "--holder", "politie", "--input", export,
        "--root", "study.root", "--identity", "politie.identity", "--output", "politie.package", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Dit blijft bij u:" in done.stdout
    told = linkage("inspect", "politie.package", cwd=tmp_path)
    assert "Niet geverifieerd" in told.stdout
    manifest = json.loads(linkage("inspect", "--json", "politie.package", cwd=tmp_path).stdout)
    assert manifest["delivery"] == "politie"


def test_link_from_the_command_line(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    from simulator import TODAY

    text = (cast.folder / "study.toml").read_text()
    cast.encode_all()
    save(cast.folder / "institute.identity", cast.linker, None)
    arguments = ("--identity", cast.folder / "institute.identity", "--inbox", cast.folder / "inbox")
    done = linkage("link", "--study", cast.folder / "study.toml", *arguments, "--output", cast.folder / "research")
    # The packages of the cast are from 2016: by today's clock they have expired, and each is said by name.
    assert dt.date.today() > TODAY + dt.timedelta(days=90)
    assert done.returncode == errors.PackageExpired.exit_code
    assert done.stdout.count("geweigerd") == 10
    assert "Traceback" not in done.stderr
    assert text == (cast.folder / "study.toml").read_text()
    assert list((cast.folder / "research").iterdir()) == []


def test_a_passphrase_is_asked_for_never_taken_from_elsewhere(tmp_path: Path) -> None:
    done = linkage("keys", "identity", "politie", "--role", "holder", cwd=tmp_path)
    assert done.returncode == errors.PassphraseNeeded.exit_code
    assert "--passphrase-file" in done.stderr
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "pass").write_text("een geheime zin\n")
    done = linkage("keys", "identity", "politie", "--role", "holder", "--passphrase-file", "pass", cwd=tmp_path)
    assert done.returncode == 0
    assert "geheime" not in (tmp_path / "politie.identity").read_text()


@pytest.mark.parametrize(
    "arguments",
    [["encode", "--sequence", "123456782"], ["123456782"], ["keys", "identity", "123 456", "--role", "holder"],
     ["keys", "identity", "x", "--role", "123456782"], ["check"], ["encode", "--123456782"]],
)  # fmt: skip
def test_a_wrong_command_never_repeats_what_was_typed(arguments: list[str], tmp_path: Path) -> None:
    done = linkage(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert done.stderr.startswith("Fout: ")
    assert not re.search("123 ?456", done.stderr + done.stdout)


def test_an_unforeseen_error_is_one_line_without_its_message(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import polars as pl

    from linkage.cli import main

    for error in (TypeError("123456782"), pl.exceptions.PanicException("123456782"), MemoryError()):

        def fail(path: Path, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr("linkage.study.load_study", fail)
        with pytest.raises(SystemExit) as ended:
            main(["check", str(cast.folder / "study.toml")])
        assert ended.value.code == 1
        said = capsys.readouterr().err
        assert said.startswith(
            f"Fout: onverwachte fout in het programma ({type(error).__name__}, linkage.commands.everybody:"
        )
        assert "123456782" not in said
        assert said.count("\n") == 1


def test_all_eleven_holders_are_played() -> None:
    assert len(HOLDERS) == 11


def test_inspect_of_what_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "x.package").write_bytes(b"PK\x03\x04 no package")
    assert linkage("inspect", tmp_path / "x.package").returncode == errors.PackageDamaged.exit_code
    assert linkage("inspect", tmp_path / "none.package").returncode == errors.PackageDamaged.exit_code


def test_a_terminated_linking_leaves_nothing_behind(cast: Cast, tmp_path: Path) -> None:
    """SIGTERM while a plain body lies in the temporary folder: the folder goes."""
    code = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import linkage.linker.run as room
from linkage.cli import main
real = room.parse
def parse(body, checked, manifest):
    assert body.exists()
    print("a plain body is there", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    real(body, checked, manifest)
room.parse = parse
import datetime as dt, linkage.commands.linker
class Day(dt.date):
    @classmethod
    def today(cls): return dt.date(2016, 3, 1)
linkage.commands.linker.dt = type("clock", (), {{"date": Day}})
main(sys.argv[1:])
"""
    cast.encode_all()
    save(cast.folder / "institute.identity", cast.linker, None)
    paths = ("--identity", cast.folder / "institute.identity", "--inbox", cast.folder / "inbox")
    arguments = ["link", "--study", cast.folder / "study.toml", *paths, "--output", cast.folder / "research"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert "a plain body is there" in done.stdout
    assert done.returncode == 130
    assert list((cast.folder / "research").iterdir()) == []
