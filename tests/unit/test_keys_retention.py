"""What of a study still exists is recognised by its content, told before its date and refused after it."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from simulator import Cast, minimal

from linkage import errors, keys
from linkage.commands.retention import retention
from linkage.keeping.retention import UNREADABLE, look
from linkage.keeping.shares import Plan, page, split

UNTIL = dt.date(2030, 12, 31)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cast, Path]:
    """A study that was linked, and a folder with one of everything, under names that say nothing."""
    cast = minimal(tmp_path_factory.mktemp("cast"))
    cast.encode_all()
    households = cast.link().households
    folder = cast.folder / "kept"
    (folder / "deep" / "er").mkdir(parents=True)
    keys.save(folder / "a", cast.root, None)
    keys.save(folder / "b", cast.holder_keys["politie"], "een lang wachtwoord")
    keys.save(folder / "c", cast.linker, None)
    keys.save(folder / "d", keys.new_contribution("0" * 64, "politie"), None)
    shutil.copy(cast.folder / "inbox" / "politie.package", folder / "deep" / "e")
    shutil.copy(households, folder / "deep" / "er" / "f")
    (folder / "g").write_text(page(split(cast.root, Plan(2, 2))[0], 1, Plan(2, 2), cast.study(), cast.root.key_id))
    shutil.copy(cast.export("politie"), folder / "h.txt")
    rows = pl.read_csv(cast.export("gemeente"), separator=";", infer_schema=False)
    rows.write_excel(folder / "i.xlsx")
    rows.write_parquet(folder / "j")
    (folder / "k.afgewezen.csv").write_text("rij;reden\n")
    (folder / ".linkage-abc").mkdir()
    (folder / ".linkage-abc" / "l").write_bytes(b"body")
    (folder / ".x.package.0123abcd.part").write_bytes(b"half")
    (folder / "m.csv").write_text("study_number;wijk\n0123456789abcdef;Noord\n")
    (folder / "n").write_bytes((folder / "deep" / "e").read_bytes()[:300])
    (folder / "o").symlink_to("/")
    return cast, folder


EXPECTED = {
    "a": "hoofdsleutel",
    "b": "identiteit",
    "c": "identiteit van de koppelaar",
    "d": "bijdrage aan de hoofdsleutel",
    "deep/e": "pakket",
    "deep/er/f": "onderzoeksbestand",
    "g": "aandeel in de hoofdsleutel",
    "h.txt": "export voor politie",
    "i.xlsx": "export voor bevolking",
    "j": "export voor bevolking",
    "k.afgewezen.csv": "lijst van afgewezen rijen",
    ".linkage-abc/l": "rest van een afgebroken koppeling",
    ".x.package.0123abcd.part": "half geschreven bestand",
    "m.csv": "onderzoeksbestand, omgezet",
    "n": "pakket, beschadigd",
    "o": "verwijzing, niet gevolgd; kijk zelf na",
}


def test_everything_is_recognised_by_its_content(scene: tuple[Cast, Path]) -> None:
    cast, folder = scene
    report = look(cast.study(), folder, UNTIL)
    assert {str(found.place): found.kind for found in report.found} == EXPECTED
    assert [str(found.place) for found in report.found] == sorted(EXPECTED)


def test_what_is_of_another_study_or_of_nobody_is_left_out(scene: tuple[Cast, Path], tmp_path: Path) -> None:
    cast, _ = scene
    keys.save(tmp_path / "root", keys.new_root(uuid.uuid4()), None)
    keys.save(tmp_path / "id", keys.new_holder("elders"), None)
    other = cast.study().model_copy(update={"study": cast.study().study.model_copy(update={"id": uuid.uuid4()})})
    (tmp_path / "letter.txt").write_text("Beste houder,\nhier is de studie.\n")
    (tmp_path / "table.csv").write_text("bsn;naam\n1;2\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 40)
    assert look(cast.study(), tmp_path, UNTIL).found == ()
    for name in ("politie.package", "gemeente.package"):
        shutil.copy(cast.folder / "inbox" / name, tmp_path)
    assert look(other, tmp_path, UNTIL).found == ()
    assert len(look(cast.study(), tmp_path, UNTIL).found) == 2


def test_what_cannot_be_read_is_told(scene: tuple[Cast, Path], tmp_path: Path) -> None:
    cast, _ = scene
    (tmp_path / "broken").write_bytes(b"PAR1" + bytes(40))
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04" + bytes(40))
    assert {found.kind for found in look(cast.study(), tmp_path, UNTIL).found} == {UNREADABLE}
    (found,) = look(cast.study(), tmp_path / "none", UNTIL).found
    assert found.kind == UNREADABLE


@pytest.mark.parametrize(
    ("days", "passed", "soon"),
    [(-400, False, False), (-31, False, False), (-30, False, True), (0, False, True), (1, True, False)],
)
def test_the_date_itself_is_still_in_time(scene: tuple[Cast, Path], days: int, passed: bool, soon: bool) -> None:
    cast, folder = scene
    report = look(cast.study(), folder, UNTIL + dt.timedelta(days=days))
    assert (report.passed, report.soon) == (passed, soon)


def asked(cast: Cast, until: dt.date, *folders: Path) -> Result:
    """The command, on the study with another date."""
    path = cast.folder / "dated.toml"
    text = (cast.folder / "study.toml").read_text()
    path.write_text(text.replace("retention_until = 2030-12-31", f"retention_until = {until}"))
    places = [part for folder in folders for part in ("--folder", str(folder))]
    return CliRunner().invoke(retention, [str(path), *places])


def test_the_command_warns_and_refuses(scene: tuple[Cast, Path], tmp_path: Path) -> None:
    cast, folder = scene
    today = dt.date.today()
    fine = asked(cast, today + dt.timedelta(days=400), folder)
    assert (fine.exit_code, fine.output.count("\n")) == (0, len(EXPECTED) + 1)
    assert "Let op" in asked(cast, today + dt.timedelta(days=3), folder).output
    late = asked(cast, today - dt.timedelta(days=1), tmp_path, folder)
    assert isinstance(late.exception, errors.RetentionPassed)
    assert f"{len(EXPECTED)} bestanden" in str(late.exception)
    assert "hoofdsleutel" in late.output
    assert str(folder.parent) not in late.output
    assert asked(cast, today - dt.timedelta(days=1), tmp_path).exit_code == 0  # nothing left
