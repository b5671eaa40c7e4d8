"""The researcher's commands, as a researcher types them, on the household file of the demo."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from linkage import errors
from linkage.cli import main

EXAMPLE = Path(__file__).parents[2] / "examples" / "almelo"


@dataclass(frozen=True)
class Desk:
    """A folder of one's own with the household file, and a way to run a command on it."""

    folder: Path
    said: Callable[[], tuple[str, str]]

    def run(self, command: str, *options: str | Path, output: str | Path | None = None) -> tuple[int, str, str]:
        common: list[str | Path] = [
            "--study",
            self.folder / "study.toml",
            "--input",
            self.folder / "households.parquet",
        ]
        if command == "business-case":
            common = common[:2]
        target = ["--output", self.folder / output] if output is not None else []
        with pytest.raises(SystemExit) as ended:
            main([command, *map(str, (*common, *target, *options))])
        code = ended.value.code
        assert isinstance(code, int)
        return code, *self.said()


@pytest.fixture
def desk(demo: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    folder, _ = demo
    tmp_path.chmod(0o700)
    shutil.copy(folder / "study.toml", tmp_path)
    for name in ("households.parquet", "linkage.json"):
        shutil.copy(folder / "institute" / "research" / name, tmp_path)
    return Desk(tmp_path, lambda: tuple(capsys.readouterr()))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter=";"))


# --- what stays ---------------------------------------------------------------------------------------------


def test_tabulate_writes_every_table_for_the_environment(desk: Desk) -> None:
    code, out, err = desk.run("tabulate", "--others", EXAMPLE / "gemeenten.csv", output="tellen")
    assert (code, err) == (0, "")
    assert "mogen de beveiligde omgeving niet uit" in out
    cells = rows(desk.folder / "tellen" / "niet-openbaar-tabellen.csv")
    found = {(cell["tabel"], cell["rij"], cell["kolom"]): cell["waarde"] for cell in cells}
    assert found["tabel5", "mpg", "all"] == found["kaart", "gemeente", "mpg"] == "174"
    assert found["kaart", "Hofkamp", "mpg"] == "3"
    assert found["tabel5b", "gemeente:Enschede", "per_100"] == "0,43"
    assert found["kosten", "mpg", "mean"] == "52607"
    assert {cell["onderdrukt"] for cell in cells} == {"nee"}
    assert pl.read_parquet(desk.folder / "tellen" / "niet-openbaar-tabellen.parquet").height == len(cells)
    assert pl.read_excel(desk.folder / "tellen" / "niet-openbaar-tabellen.xlsx", sheet_name="kaart").height > 12


def test_one_table(desk: Desk) -> None:
    code, out, _ = desk.run("tabulate", "--table", "kaart", output="een")
    assert code == 0
    assert "tabel1" not in out
    assert {cell["tabel"] for cell in rows(desk.folder / "een" / "niet-openbaar-tabellen.csv")} == {"kaart"}


def test_unsuppressed_numbers_go_nowhere_else(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("usb")
    for command in ("tabulate", "costs"):
        code, _, err = desk.run(command, output=elsewhere / "stick")
        assert code == errors.PlaceNotAllowed.exit_code
        assert str(elsewhere) not in err
    assert list(elsewhere.iterdir()) == []


def test_costs_per_household_and_group(desk: Desk) -> None:
    code, out, err = desk.run("costs", output="kosten")
    assert (code, err) == (0, "")
    assert "52.607 euro" in out
    per_household = pl.read_parquet(desk.folder / "kosten" / "kosten-per-huishouden.parquet")
    assert per_household.height == 31_392
    assert per_household.schema["total"] == pl.Decimal(38, 2)


def test_costs_without_a_section(desk: Desk) -> None:
    code, out, _ = desk.run("costs", "--without", "ggz", output="kosten")
    assert code == 0
    assert "weggelaten: ggz_basic" in out
    assert desk.run("costs", "--without", "niets", output="kosten")[0] == errors.CostsIncomplete.exit_code


def test_the_business_case_of_the_letter(desk: Desk) -> None:
    """375 households of 4,800 euro, 4 % interest, 12,000 euro net a year for each."""
    code, out, _ = desk.run("business-case")
    assert code == 0
    assert "1.800.000" in out
    assert "72.000" in out
    assert "4.500.000" in out
    assert "niet gemeten" in out


# --- what leaves --------------------------------------------------------------------------------------------


def test_a_release_and_its_review(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    public = tmp_path_factory.mktemp("public")
    chosen = ("--table", "kaart", "--table", "tabel5", "--table", "koppeling")
    code, out, err = desk.run("release", *chosen, output=public / "uitgave")
    assert (code, err) == (0, "")
    assert "geen is te nauw af te leiden" in out
    assert {path.name for path in (public / "uitgave").iterdir()} == {
        *(f"tabellen.{suffix}" for suffix in ("csv", "parquet", "xlsx")),
        "release.json",
    }
    review = (desk.folder / "uitvoercontrole.md").read_text(encoding="utf-8")
    assert "## kaart: Multiprobleemgezinnen, per wijk" in review
    ledger = (desk.folder / "release.jsonl").read_bytes()
    assert json.loads(ledger)["tables"] == ["tabel5", "kaart", "koppeling"]
    found = {(c["tabel"], c["rij"], c["kolom"]): c["waarde"] for c in rows(public / "uitgave" / "tabellen.csv")}
    assert found["kaart", "Hofkamp", "mpg"] == found["kaart", "Hofkamp", "mpg_pct"] == "*"
    assert found["kaart", "Ossenkoppelerhoek", "mpg"] == "42"
    assert found["koppeling", "politie/politie-twente", "delivered"] == "990"
    assert found["koppeling", "politie/politie-twente", "person_pct"] == "87"


def test_the_same_release_twice_is_the_same(desk: Desk) -> None:
    for folder in ("een", "twee"):
        assert desk.run("release", "--table", "kaart", output=folder)[0] == 0
    assert len((desk.folder / "release.jsonl").read_bytes().splitlines()) == 1
    first, again = (sorted((desk.folder / name).iterdir()) for name in ("een", "twee"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_an_unknown_table_is_refused(desk: Desk) -> None:
    code, _, err = desk.run("release", "--table", "tabel9", output="uitgave")
    assert code == errors.ResearchError.exit_code
    assert "kaart" in err
    assert not (desk.folder / "uitgave").exists()


def test_an_altered_ledger_stops_the_release(desk: Desk) -> None:
    assert desk.run("release", "--table", "kaart", output="een")[0] == 0
    ledger = desk.folder / "release.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"wave":1', b'"wave": 1'))
    code, _, _ = desk.run("release", "--table", "kaart", output="twee")
    assert code == errors.ReleaseLedgerBroken.exit_code
    assert not (desk.folder / "twee").exists()


# --- the linker's account -----------------------------------------------------------------------------------


def test_an_account_of_another_run_is_refused(desk: Desk) -> None:
    path = desk.folder / "linkage.json"
    account = json.loads(path.read_text())
    account["deliveries"][0]["package"] = "sha256:" + 64 * "0"
    path.write_text(json.dumps(account))
    assert desk.run("tabulate", output="x")[0] == errors.HouseholdFileWrong.exit_code
    path.write_text("[" * 100_000)
    assert desk.run("tabulate", output="x")[0] == errors.HouseholdFileWrong.exit_code
    path.unlink()
    code, out, _ = desk.run("tabulate", output="x")
    assert code == 0
    assert "koppeling" not in out


# --- figures of others --------------------------------------------------------------------------------------

HEADER = "niveau;naam;gezinnen;huishoudens\n"


@pytest.mark.parametrize(
    "text",
    [
        "level;name;n;all\n",
        HEADER + "gemeente;Enschede;333\n",
        HEADER + "stad;Enschede;333;76773\n",
        HEADER + "gemeente;Enschede;3.330;76773\n",
        HEADER + "gemeente;Enschede;76773;333\n",
        HEADER + "gemeente;Enschede;1;2\ngemeente;Enschede;1;2\n",
        HEADER + "gemeente;" + "x" * 61 + ";1;2\n",
        HEADER + 'gemeente;"open;1;2\n',
        "",
    ],
)
def test_a_wrong_list_of_municipalities_is_refused(desk: Desk, text: str) -> None:
    (desk.folder / "anderen.csv").write_text(text, encoding="utf-8")
    code, _, err = desk.run("tabulate", "--others", desk.folder / "anderen.csv", output="x")
    assert code == errors.ResearchError.exit_code
    assert "anderen.csv" in err
    assert not {"333", "76773", "Enschede"} & set(err.replace(".", " ").replace(";", " ").split())
