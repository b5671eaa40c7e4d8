"""Workbooks with a password: read in memory, nothing written, and a sentence for each way in which it goes wrong."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import msoffcrypto
import pytest
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from linkage.errors import ExtraMissing, InputError, InputUnreadable, PassphraseNeeded, WrongPassphrase
from linkage.holder import apart, read_protected
from linkage.holder.read import read
from linkage.holder.source import Source, order_of, source
from linkage.study import Format, Holder

PASSWORD = "Kanarie-9é"
HEADER = ("Naam", "BSN", "Schuld")


def holder() -> Holder:
    """Maps `bsn` to BSN and `debt` to Schuld."""
    key, columns = "holder1:" + "A" * 43 + "=", {"bsn": "BSN", "debt": "Schuld"}
    return Holder(id="bank", organisation="Bank", delivery="stadsbank", public_key=key, columns=columns)


def locked(path: Path, password: str = PASSWORD) -> Path:
    """A workbook as Excel writes it when it asks a password (agile encryption)."""
    plain, made = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((HEADER, ("a", "012345678", 1234.5))):
            sheet.write_row(number, 0, row)
    OOXMLFile(plain).encrypt(password, made)
    path.write_bytes(made.getvalue())
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    return [row for batch in read(path, holder(), lambda *_: None).batches for row in batch.frame.rows()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return locked(tmp_path / "export.xlsx")


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.holder.apart.read_apart", lambda reader, *rest: apart.READERS[reader](*rest))


def test_it_is_read_in_a_child_that_cannot_write(path: Path) -> None:
    assert rows(source(path, password=PASSWORD)) == [(2, "012345678", "1234,5")]
    assert list(path.parent.iterdir()) == [path]
    code = "from linkage.holder.apart import limit; limit('excel', 2**32); open('a', 'w').write('x' * 9000)"
    done = subprocess.run([sys.executable, "-c", code], cwd=path.parent, capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert (path.parent / "a").stat().st_size == 0
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_the_password_is_in_no_argument_and_no_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = subprocess.Popen

    def watched(*args: object, **options: object) -> object:
        seen.append(repr((args, options)))
        return real(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", watched)
    export = source(path, password=PASSWORD)
    assert rows(export)
    assert seen
    assert PASSWORD not in "".join(seen) + repr(export) + str(export) + json.dumps(dict(os.environ))


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_password_it_is_asked(path: Path, given: str | None) -> None:
    with pytest.raises(PassphraseNeeded, match=r"^export\.xlsx heeft een wachtwoord"):
        rows(source(path, password=given))


@pytest.mark.usefixtures("in_this_process")
def test_a_wrong_one_is_told_and_not_repeated(path: Path) -> None:
    for wrong in ("kanarie-9é", "x" * 400, "\x00", "汉字"):
        with pytest.raises(WrongPassphrase, match="let op hoofdletters") as caught:
            rows(source(path, password=wrong))
        assert wrong not in str(caught.value)


@pytest.mark.usefixtures("in_this_process")
def test_a_workbook_that_is_only_protected_from_changes_opens_without_asking(tmp_path: Path) -> None:
    assert rows(locked(tmp_path / "a.xlsx", read_protected.NO_PASSWORD)) == [(2, "012345678", "1234,5")]


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.95])
def test_half_a_workbook(path: Path, share: float) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises((InputUnreadable, WrongPassphrase)):
        rows(source(path, password=PASSWORD))


@pytest.mark.usefixtures("in_this_process")
def test_every_byte_of_its_head_changed(path: Path) -> None:
    raw = path.read_bytes()
    for at in range(0, 2000, 97):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 255]) + raw[at + 1 :])
        try:
            rows(source(path, password=PASSWORD))
        except (InputError, WrongPassphrase, PassphraseNeeded) as error:
            assert PASSWORD not in str(error)


@pytest.mark.usefixtures("in_this_process")
def test_without_the_extra(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(read_protected, "import_module", missing)
    with pytest.raises(ExtraMissing, match=r"household-linkage\[excel\]"):
        rows(path)


def test_the_library_writes_no_temporary_file() -> None:
    """An old workbook is put together again in a file: `read_protected` gives it memory instead."""
    read_protected._library(Path("a"), needed=True)
    from msoffcrypto.format import xls97

    assert xls97.tempfile.TemporaryFile is io.BytesIO
    assert msoffcrypto.OfficeFile


# --- the old kind (.xls), made by xlwt 1.3 and, for the password, Excel 97's own RC4 [MS-OFFCRYPTO, 2.3.6] ------

DATA = Path(__file__).parents[1] / "data"


def test_an_old_workbook_with_and_without_a_password() -> None:
    """Through the child, which could not write the temporary file that the library asks for."""
    expected = [(2, "012345678", "1234,5"), (3, "111222333", "2")]
    assert rows(DATA / "klanten.xls") == expected
    assert rows(source(DATA / "klanten_wachtwoord.xls", password=PASSWORD)) == expected


@pytest.mark.usefixtures("in_this_process")
def test_an_old_workbook_with_a_wrong_password_or_none() -> None:
    with pytest.raises(PassphraseNeeded, match=r"^klanten_wachtwoord\.xls"):
        rows(DATA / "klanten_wachtwoord.xls")
    with pytest.raises(WrongPassphrase, match="past niet"):
        rows(source(DATA / "klanten_wachtwoord.xls", password="kanarie"))


@pytest.mark.usefixtures("in_this_process")
def test_an_error_cell_of_an_old_workbook_is_not_empty() -> None:
    """Only in a column that is asked: there is one in the first column too."""
    entry = holder().model_copy(update={"format": Format(sheet="Blad2")})
    with pytest.raises(InputUnreadable, match="rij 3: in kolom `Schuld` staat een foutmelding van Excel, zoals #N/B;"):
        list(read(DATA / "klanten_fout.xls", entry, lambda *_: None).batches)


# --- what travels to the child ------------------------------------------------------------------------


def test_a_path_with_more_to_it(tmp_path: Path) -> None:
    made = source(tmp_path / "a.xlsx", password="x", called="Klanten.xlsx")
    assert made.name == "Klanten.xlsx"
    assert source(made).password == "x"
    assert isinstance(made.parent, Source)
    assert made.parent.name == tmp_path.name
    assert order_of(made) == {
        "path": str(tmp_path / "a.xlsx"),
        "called": "Klanten.xlsx",
        "password": "x",
        "database": None,
    }
    assert order_of(tmp_path / "b.csv")["password"] is None


# --- where the columns are ------------------------------------------------------------------------------


@pytest.mark.usefixtures("in_this_process")
def test_the_row_of_the_names_is_told(tmp_path: Path) -> None:
    """A title above, or a header of two rows with merged cells in the first."""
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Persoon en schuld")
        sheet.write_row(4, 0, HEADER)
        sheet.write_row(5, 0, ("a", "1", "2"))
    with pytest.raises(InputError, match="staan in rij 5, en niet in rij 1; geef --header-row 5"):
        rows(path)


@pytest.mark.parametrize(("reader", "most"), [("excel", 0), ("spss", 0), ("database", resource.RLIM_INFINITY)])
def test_the_child_that_has_an_export_in_memory_leaves_no_image_of_it(reader: str, most: int) -> None:
    """No core file, no crash reporter, and no file at all but where the driver of a database needs one."""
    code = f"""
import ctypes, resource
from linkage.holder.apart import limit
limit({reader!r}, 2**32)
assert resource.getrlimit(resource.RLIMIT_AS) == (2**32,) * 2
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert resource.getrlimit(resource.RLIMIT_FSIZE) == ({most},) * 2
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
"""
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0
