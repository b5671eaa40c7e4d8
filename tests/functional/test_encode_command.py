"""`linkage encode` as a clerk types it: what appears, where, and how each failure ends; no cell is ever said."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from simulator import Cast, bsn

from linkage import files
from linkage.cli import main
from linkage.keys import RootKey, save
from linkage.transfer.package import read_header

# Cells that occur nowhere by chance; `said` looks for each of them in all that a run prints.
CANARIES = (
    "Kanariepiet",
    "7991 QZ",
    "7991QZ",
    "41987",
    "98.765,43",
    "9876543",
    "13-07-1961",
    "Vogelkooi",
    "geheim woord",
)
HEADER = (
    "bsn;Naam;minor;postcode;house_number;house_letter;house_addition;debt_counselling;budget_management;debt;Opmerking"
)
COLUMNS = HEADER.split(";")


def client(number: int, **change: str) -> dict[str, str]:
    """A client of the bank, full of canaries."""
    row = {"bsn": bsn(7000 + number), "Naam": "Kanariepiet", "postcode": "7991 QZ", "house_number": "41987"}
    row |= {"debt": "98.765,43", "debt_counselling": "ja", "Opmerking": "Vogelkooi", "minor": "13-07-1961"}
    return row | change


@dataclass
class Desk:
    """A clerk's folder: study, keys and export."""

    cast: Cast
    folder: Path
    rows: list[dict[str, str]] = field(default_factory=list)

    def export(self, text: str | None = None) -> Path:
        """Write the export; a text stands for a broken one."""
        lines = [HEADER, *(";".join(row.get(name, "") for name in COLUMNS) for row in self.rows)]
        path = self.folder / "export.csv"
        path.write_text("\r\n".join(lines) + "\r\n" if text is None else text, encoding="cp1252")
        return path

    def options(self, **change: str | Path | None) -> list[str]:
        """The options as in the manual; None leaves one out."""
        usual: dict[str, str | Path | None] = {
            "study": self.folder / "study.toml",
            "delivery": "stadsbank",
            "holder": "stadsbank",
            "input": self.folder / "export.csv",
            "root": self.folder / "study.root",
            "identity": self.folder / "stadsbank.identity",
            "output": self.folder / "stadsbank.package",
        }
        chosen = usual | {name.replace("_", "-"): value for name, value in change.items()}
        return [word for name, value in chosen.items() if value is not None for word in (f"--{name}", str(value))]

    def made(self) -> set[str]:
        """What stands in the folder besides what was there to begin with."""
        given = {"study.toml", "study.root", "stadsbank.identity", "export.csv", "elsewhere"}
        return {path.name for path in self.folder.iterdir()} - given


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("command"))


@pytest.fixture
def desk(cast: Cast, tmp_path: Path) -> Desk:
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(cast.folder / "study.toml", tmp_path)
    save(tmp_path / "study.root", cast.root, None)
    save(tmp_path / "stadsbank.identity", cast.holder_keys["stadsbank"], None)
    desk = Desk(cast, tmp_path, [client(number) for number in range(20)])
    desk.export()
    return desk


Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(desk: Desk, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process; whatever it prints is searched for cells."""

    def runs(*more: str, **change: str | Path | None) -> Said:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["encode", *desk.options(**change), *more])
        out, err = capfd.readouterr()
        return checked(int(ended.value.code or 0), out, err)

    return runs


def checked(code: int, out: str, err: str) -> Said:
    said = out + err
    assert not [canary for canary in CANARIES if canary in said], "a cell was said"
    assert not [number for number in range(30) if bsn(7000 + number) in said], "a BSN was said"
    assert "Traceback" not in said
    assert (code == 0) == (err == ""), "an error and an exit code go together"
    assert err == "" or err.startswith("Fout: ")
    assert err.count("\n") <= 1
    return code, out, err


def typed(desk: Desk, *more: str, **change: str | Path | None) -> Said:
    """Run the command as it is installed, in a process of its own."""
    command = [sys.executable, "-c", "from linkage.cli import main; main()", "encode", *desk.options(**change), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=desk.folder, check=False)
    return checked(done.returncode, done.stdout, done.stderr)


def test_as_the_clerk_types_it(desk: Desk) -> None:
    desk.rows.append(client(21, bsn="123456789", postcode=""))
    desk.export()
    code, out, _ = typed(desk)
    assert code == 0
    assert desk.made() == {"stadsbank.package", "stadsbank.package.afgewezen.csv"}
    assert "gelezen als CSV (utf-8, scheidingsteken ;)" in out
    assert "1 x BSN bestaat niet (het controlecijfer klopt niet)\n        rij 22\n" in out
    assert "Dit gaat mee, per rij:" in out
    assert "3 kolommen die niet worden gevraagd: Naam, minor, Opmerking" in out
    assert f"Verstuur dit:    {desk.folder / 'stadsbank.package'}" in out
    assert "Blijft bij u:" in out
    with (desk.folder / "stadsbank.package").open("rb") as file:
        assert read_header(file).manifest.rows == 20


def test_the_names_of_output_files_are_said_and_hold_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(desk.folder)
    code, out, _ = run(output=None)
    assert code == 0
    assert desk.made() == {"stadsbank-stadsbank.package"}
    assert "stadsbank-stadsbank.package" in out


def test_a_preview_writes_nothing(desk: Desk, run: Run) -> None:
    desk.rows.append(client(21, bsn="123456789", postcode=""))
    desk.export()
    code, out, _ = run("--preview")
    assert code == 0
    assert "afgewezen                      1  (4,8%; hoogstens 25% mag)" in out
    assert out.endswith("Voorbeeld: er is niets geschreven.\n")
    assert desk.made() == set()


def test_quiet(desk: Desk, run: Run) -> None:
    code, out, _ = run("--quiet")
    assert code == 0
    assert "Dit gaat mee" not in out


def test_a_sequence_number_reaches_the_manifest(desk: Desk, run: Run) -> None:
    assert run("--sequence", "7")[0] == 0
    with (desk.folder / "stadsbank.package").open("rb") as file:
        assert read_header(file).manifest.sequence == 7


# --- failures -----------------------------------------------------------------------------------


def fails(desk: Desk, said: Said, code: int, *words: str) -> None:
    assert said[0] == code
    assert all(word in said[2] for word in words), said[2]
    assert desk.made() == set()


def test_a_root_of_another_study(desk: Desk, run: Run) -> None:
    save(desk.folder / "elsewhere" / "x.root", RootKey(desk.cast.root.study, b"?" * 32), None)
    fails(desk, run(root=desk.folder / "elsewhere" / "x.root"), 25, "hoofdsleutel is niet die van de studie", "vraag")


def test_an_identity_of_somebody_else(desk: Desk, run: Run) -> None:
    save(desk.folder / "elsewhere" / "p.identity", desk.cast.holder_keys["politie"], None)
    fails(desk, run(identity=desk.folder / "elsewhere" / "p.identity"), 25, "niet die van stadsbank")


def test_the_two_key_files_changed_about(desk: Desk, run: Run) -> None:
    said = run(root=desk.folder / "stadsbank.identity", identity=desk.folder / "study.root")
    fails(desk, said, 25, "stadsbank.identity is een ander soort sleutel")


@pytest.mark.parametrize("name", ["study.root", "stadsbank.identity"])
def test_a_key_file_that_others_can_read(desk: Desk, run: Run, name: str) -> None:
    (desk.folder / name).chmod(0o644)
    fails(desk, run(), 21, f"anderen kunnen {name} lezen", f"chmod 600 {name}")


def test_a_key_file_that_is_none(desk: Desk, run: Run) -> None:
    (desk.folder / "study.root").write_text("Kanariepiet")
    fails(desk, run(), 22, "study.root is geen heel sleutelbestand")


def test_passphrases(desk: Desk, run: Run) -> None:
    secret = desk.folder / "elsewhere" / "sealed.root"
    save(secret, desk.cast.root, "geheim woord")
    file = desk.folder / "elsewhere" / "passphrase"
    file.write_text("iets anders\n")
    fails(desk, run(root=secret, passphrase_file=file), 23, "wachtwoord past niet op sealed.root")
    fails(desk, run(root=secret), 24, "sealed.root heeft een wachtwoord", "--passphrase-file")
    file.write_text("geheim woord\n")
    assert run(root=secret, passphrase_file=file)[0] == 0


def test_a_missing_column(desk: Desk, run: Run) -> None:
    desk.export(HEADER.replace("debt;", "schuld;") + "\r\n")
    fails(desk, run(), 32, "de kolom `debt` staat niet in de kopregel", "[holder.columns]")


def test_an_export_without_a_header(desk: Desk, run: Run) -> None:
    desk.export("\r\n".join(desk.export().read_text().splitlines()[1:]))
    fails(desk, run(), 32, "staan niet in de kopregel")


def test_a_word_that_was_not_agreed(desk: Desk, run: Run) -> None:
    desk.rows[3]["debt_counselling"] = "geheim woord"
    desk.export()
    fails(desk, run(), 33, "kolom `debt_counselling`", "1 cel", "rij 5", "wie de studie beheert")


def test_too_many_rejected(desk: Desk, run: Run) -> None:
    desk.rows = [client(n, bsn="9876543", house_number="41987-41989") for n in range(5)]
    desk.export()
    said = run()
    assert "Dit gaat mee" in said[1], "the summary helps to find out why"
    fails(desk, said, 35, "geen enkele rij kan mee", "5 x BSN heeft niet de goede vorm")
    desk.rows += [client(n) for n in range(6)]
    desk.export()
    fails(desk, run(), 34, "5 van 11 rijen zijn onbruikbaar", "het protocol staat 25% toe")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("is leeg",)),
        (f'{HEADER}\r\n1;"Kanariepiet;;\r\n', ("rij 2", "aanhalingsteken")),
        (f"{HEADER}\r\n1;Kanariepiet\r\n", ("rij 2", "2 velden waar de kopregel er 11 heeft")),
        (f"{HEADER}\r\n{';' * 10}Kanariepiet;Vogelkooi\r\n", ("rij 2", "12 velden")),
        ("PK\x03\x04Kanariepiet", ("niet te lezen als Excel",)),
        ("PAR1Kanariepiet", ("niet te lezen als Parquet",)),
    ],
)
def test_an_unreadable_export(desk: Desk, run: Run, text: str, words: tuple[str, ...]) -> None:
    desk.export(text)
    fails(desk, run(), 31, "export.csv", *words)


def test_an_export_that_is_not_there(desk: Desk, run: Run) -> None:
    fails(desk, run(input=desk.folder / "weg.csv"), 31, "weg.csv is niet te openen")


def test_an_unknown_holder(desk: Desk, run: Run) -> None:
    fails(desk, run(delivery="politie"), 43, "geen houder stadsbank met levering politie")


def test_a_folder_that_cannot_be_written_in(desk: Desk, run: Run) -> None:
    fails(desk, run(output=desk.folder / "weg" / "x.package"), 70, "x.package kan niet worden geschreven")


def test_a_full_disk(desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "Kanariepiet")

    monkeypatch.setattr(files.os, "fsync", full)
    fails(desk, run(), 70, "stadsbank.package kan niet worden geschreven", "maak ruimte")


def test_a_failing_run_leaves_the_package_of_before(desk: Desk, run: Run) -> None:
    assert run()[0] == 0
    package = desk.folder / "stadsbank.package"
    before = package.read_bytes()
    desk.rows[3]["budget_management"] = "geheim woord"
    desk.export()
    assert run()[0] == 33
    assert package.read_bytes() == before
    del desk.rows[3:]
    desk.export()
    assert run()[0] == 0
    with package.open("rb") as file:
        assert read_header(file).manifest.rows == 3
    assert desk.made() == {"stadsbank.package"}


def test_a_failure_in_a_process_of_its_own(desk: Desk) -> None:
    desk.rows[3]["debt_counselling"] = "geheim woord"
    desk.export()
    fails(desk, typed(desk), 33, "kolom `debt_counselling`")


def test_excel_and_parquet_end_in_the_same_package_as_csv(desk: Desk, run: Run) -> None:
    frame = pl.DataFrame(
        [{name: row.get(name) for name in COLUMNS} for row in desk.rows], dict.fromkeys(COLUMNS, pl.String)
    )
    frame.write_parquet(desk.folder / "elsewhere" / "e.parquet")
    frame.write_excel(desk.folder / "elsewhere" / "e.xlsx")
    rows = []
    for name in ("export.csv", "elsewhere/e.parquet", "elsewhere/e.xlsx"):
        code, out, _ = run(input=desk.folder / name)
        assert code == 0
        rows.append(out[out.index("Dit gaat mee") : out.index("Verstuur dit")])
    assert rows[0] == rows[1] == rows[2]
