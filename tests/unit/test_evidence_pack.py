"""What comes into an evidence pack, and above all what does not."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections import Counter
from pathlib import Path

import pytest
from dossier import TODAY, Dossier, copied, dossier
from simulator import HOLDERS, bsn

from linkage import errors, keys
from linkage.agreement.charter import Charter
from linkage.agreement.files import write_signed
from linkage.agreement.rounds import commit
from linkage.evidence.model import EVIDENCE, PAGE, SIGNATURE
from linkage.evidence.pack import Pack, Request, assemble, make
from linkage.holder.encode import root_block
from linkage.keeping.shares import page, plan_of, split
from protocols.lines import frozen


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dossier") / "cast"
    dossier(folder)
    return folder


@pytest.fixture
def case(ready: Path, tmp_path: Path) -> Dossier:
    return copied(ready, tmp_path / "cast")


def everything(pack: Pack) -> bytes:
    """All bytes of a pack, names included."""
    return b"\n".join((*(name.encode() + raw for name, raw in pack.files.items()), pack.signature))


def kinds(pack: Pack) -> Counter[str]:
    return Counter(record.kind for record in pack.evidence.records)


# --- what is in it ----------------------------------------------------------------------------------


def test_every_record_is_there_once(case: Dossier) -> None:
    pack = case.assemble()
    packages = len(list(case.folder.glob("*.package")))
    assert kinds(pack) == {
        "charter": 11, "commit": 11, "destroyed": 2, "package": packages, "ledger": 1, "release-ledger": 1,
        "export-ledger": 1, "household-file": 1, "linkage-account": 1, "assessment": 1, "assessment-page": 1,
    }  # fmt: skip
    assert pack.evidence.keys is not None
    assert set(pack.evidence.keys.committed) == set(HOLDERS)
    assert pack.evidence.keys.missing == ()
    assert {one.party: one.destroyed for one in pack.evidence.closing if one.destroyed} == {
        "gemeente": "2016-05-01",
        "politie": "2016-05-01",
    }
    assert len(pack.evidence.closing) == 12


def test_a_copy_in_a_second_folder_is_the_same_record(case: Dossier, tmp_path: Path) -> None:
    shutil.copytree(case.folder, tmp_path / "again")
    assert case.assemble("gemeente", tmp_path / "again").evidence.records == case.assemble().evidence.records
    assert case.assemble("gemeente", case.folder).evidence == case.assemble().evidence


def test_the_same_again(case: Dossier) -> None:
    first, second = case.assemble(), case.assemble()
    assert first.files == second.files
    assert list(first.files) == list(second.files)


def test_records_are_copied_to_the_byte(case: Dossier) -> None:
    pack = case.assemble()
    for place, name in (
        ("afspraak/politie.charter", "politie.charter"),
        ("afspraak/politie.commit", "politie.commit"),
        ("vernietigd/politie.destroyed", "politie.destroyed"),
        ("logboeken/ledger.jsonl", "ledger.jsonl"),
        ("logboeken/release.jsonl", "release.jsonl"),
        ("zelftoets/assess.json", "assess.json"),
        ("zelftoets/dpia-zelftoets.html", "dpia-zelftoets.html"),
    ):
        assert pack.files[place] == (case.folder / name).read_bytes()
    assert pack.files["studie/study.toml"] == case.study_file.read_bytes()


def test_a_folder_appears_whole_and_for_its_owner(case: Dossier) -> None:
    folder = case.make()
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == {
        *case.assemble().files,
        SIGNATURE,
    }
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.rglob("*") if p.is_file()} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (folder, *folder.iterdir()) if p.is_dir()} == {0o700}
    assert not [p for p in folder.parent.iterdir() if p.name.startswith(".linkage-")]


def test_an_empty_folder_gives_a_pack_that_says_what_is_absent(case: Dossier, tmp_path: Path) -> None:
    (tmp_path / "leeg").mkdir()
    request = case.request()
    pack = assemble(Request(request.study_file, request.identity, (tmp_path / "leeg",), TODAY))
    assert pack.evidence.records == ()
    assert pack.evidence.keys is None
    states = {one.id: one for one in pack.evidence.requirements}
    assert "charter" in states["P1"].absent
    assert "study" in states["P1"].present
    assert b"ontbreekt in deze map: verklaring van vernietiging" in pack.files[PAGE]


def test_who_is_missing_is_told(case: Dossier) -> None:
    (case.folder / "politie.commit").unlink()
    (case.folder / "stadsbank.charter").unlink()
    made = case.assemble().evidence.keys
    assert made is not None
    assert made.missing == ("politie", "stadsbank")


def test_the_linker_signs_with_its_signing_key(case: Dossier) -> None:
    pack = case.assemble("signer")
    assert pack.evidence.party == "institute"
    assert b"Instituut (institute)" in pack.files[PAGE]


def test_an_identity_that_is_not_in_the_study(case: Dossier, tmp_path: Path) -> None:
    with pytest.raises(errors.WrongKey):
        make(Request(case.study_file, keys.new_holder("politie"), (case.folder,), TODAY), tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_what_stands_there_is_left_alone(case: Dossier) -> None:
    folder = case.make()
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(errors.OutputError):
        case.make()
    assert before == {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_study_without_a_root(case: Dossier) -> None:
    block = root_block(case.cast.study(), case.cast.root)
    case.study_file.write_text(case.study_file.read_text().replace(block, ""))
    for path in (*case.folder.glob("*.package"), *case.folder.glob("*.destroyed")):
        path.unlink()
    pack = case.assemble()
    assert pack.evidence.root_key_id is None
    assert pack.evidence.closing == ()


# --- what is not ------------------------------------------------------------------------------------


def secrets_of(case: Dossier, folder: Path) -> list[Path]:
    """One file of every kind that must stay where it is."""
    cast, study = case.cast, case.cast.study()
    keys.save(folder / "politie.identity", cast.holder_keys["politie"], None)
    keys.save(folder / "institute.identity", cast.linker, None)
    keys.save(folder / "study.root", cast.root, None)
    keys.save(folder / "other.root", keys.new_root(study.study.id), None)
    keys.save(folder / "mine.contribution", keys.Contribution("0" * 64, "politie", b"P" * 64), None)
    plan = plan_of("2-of-3")
    words = split(cast.root, plan)
    (folder / "aandeel.txt").write_text(page(words[0], 1, plan, study, cast.root.key_id), encoding="utf-8")
    shutil.copy(cast.export("gemeente"), folder / "uitvoer.csv")
    (folder / "x.package.afgewezen.csv").write_text(f"rij;reden;{bsn(1)}\n", encoding="utf-8")
    return sorted(folder.iterdir())


DISGUISES = ("x.charter", "ledger.jsonl", "dpia-zelftoets.html", "assess.json", "gemeente.destroyed", "release.jsonl")


def test_no_secret_row_or_export_comes_along(case: Dossier, tmp_path: Path) -> None:
    other = tmp_path / "geheim"
    other.mkdir()
    hidden = secrets_of(case, other)
    contents = {path.name: path.read_bytes() for path in hidden}
    pack = case.assemble("gemeente", other)
    assert pack.evidence.records == case.assemble().evidence.records
    told = {one.kind: one.files for one in pack.evidence.remains}
    before = {one.kind: one.files for one in case.assemble().evidence.remains}
    assert sum(told.values()) - sum(before.values()) == len(hidden)
    assert {"hoofdsleutel", "identiteit", "aandeel in de hoofdsleutel", "export voor bevolking"} <= set(told)
    raw = everything(pack)
    for name, content in contents.items():
        assert content not in raw, name
        assert name.encode() not in raw, name
    for secret in (case.cast.root.secret, case.cast.linker.seed, case.cast.holder_keys["politie"].seed):
        assert secret not in raw
        assert secret.hex().encode() not in raw


@pytest.mark.parametrize("name", DISGUISES)
def test_a_secret_under_another_name(case: Dossier, tmp_path: Path, name: str) -> None:
    hidden = [path for path in secrets_of(case, _new(tmp_path / "geheim")) if "afgewezen" not in path.name]
    disguised = [_new(tmp_path / "vermomd" / str(number)) / name for number in range(len(hidden))]
    for path, place in zip(hidden, disguised, strict=True):
        shutil.copy(path, place)
    pack = case.assemble("gemeente", tmp_path / "vermomd")
    assert pack.evidence.records == case.assemble().evidence.records
    raw = everything(pack)
    assert not [path.name for path in hidden if path.read_bytes() in raw]


def _new(folder: Path) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    return folder


def test_no_identifier_of_anybody_is_in_a_pack(case: Dossier) -> None:
    """The planted numbers of the exports: neither they, nor the folder's own file names, nor an account."""
    (case.folder / f"export van {bsn(0)}.txt").write_text("iets anders", encoding="utf-8")
    raw = everything(case.assemble())
    for number in range(3):
        assert bsn(number).encode() not in raw
    assert b"jdevries" not in raw
    assert b"7607AB" not in raw.replace(b" ", b"")
    assert b"export van" not in raw
    assert str(case.folder.parent).encode() not in raw


def test_a_pack_has_no_number_of_rows_of_a_package(case: Dossier) -> None:
    pack = case.assemble()
    manifests = [json.loads(raw) for name, raw in pack.files.items() if name.startswith("pakketten/")]
    assert len(manifests) == len(list(case.folder.glob("*.package")))
    for manifest in manifests:
        assert not {"rows", "source"} & set(manifest)
        assert manifest["holder"] in HOLDERS


@pytest.mark.parametrize(("rows", "copied"), [(0, True), (1, False), (9, False), (10, True)])
def test_a_ledger_with_a_small_delivery_stays(case: Dossier, rows: int, copied: bool) -> None:
    case.book("ledger.jsonl", case.accepted(120), case.accepted(rows, sequence=2))
    pack = case.assemble()
    assert ("logboeken/ledger.jsonl" in pack.files) is copied
    (record,) = [one for one in pack.evidence.records if one.kind == "ledger"]
    assert record.about["lines"] == "2"
    assert (record.path is not None) is copied


@pytest.mark.parametrize("name", ["ledger.jsonl", "release.jsonl"])
def test_a_book_with_lines_of_another_study_stays(case: Dossier, name: str) -> None:
    line = case.accepted(120) if name == "ledger.jsonl" else case.released()
    case.book(name, line, {**line, "study": "00000000-0000-4000-8000-000000000000"})
    pack = case.assemble()
    assert f"logboeken/{name}" not in pack.files
    assert "1" in {one.about.get("lines_of_other_studies") for one in pack.evidence.records}


def test_the_book_of_exports_tells_recipient_and_ground(case: Dossier) -> None:
    (record,) = [one for one in case.assemble().evidence.records if one.kind == "export-ledger"]
    assert record.path is None
    assert record.about["recipients"] == "Afdeling Onderzoek: AVG art. 6 (1)"


# --- what does not hold is refused ------------------------------------------------------------------


def test_a_changed_byte_of_any_record_stops_the_making(case: Dossier, tmp_path: Path) -> None:
    names = ("politie.charter", "politie.commit", "politie.destroyed", "politie.package", "ledger.jsonl")
    for name in (*names, "release.jsonl", "exports.jsonl"):
        path = case.folder / name
        good = path.read_bytes()
        for place in (len(good) // 3, len(good) - 3):
            path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            if name.endswith(".jsonl") and place > len(good) // 2:
                continue  # of a book the last line is in no chain (ledger-v1, section 4)
            with pytest.raises(errors.LinkageError):
                make(case.request(), tmp_path / "x")
            assert not (tmp_path / "x").exists()
        path.write_bytes(good)


def test_another_studys_package_and_records(case: Dossier, tmp_path: Path) -> None:
    text = case.study_file.read_text()
    for old, new, error in (
        ('id = "6f1d2c3b', 'id = "7f1d2c3b', errors.StudyWrong),
        ("wave = 1", "wave = 2", errors.StudyWrong),
        ('purpose = "Onderzoek"', 'purpose = "Iets anders"', errors.ProtocolWrong),
    ):
        case.study_file.write_text(text.replace(old, new, 1))
        with pytest.raises(error):
            case.assemble()
    for path in case.folder.glob("*.package"):
        path.unlink()
    with pytest.raises(errors.RoundMixed):
        case.assemble()


def test_a_package_signed_by_another(case: Dossier) -> None:
    text = case.study_file.read_text()
    own, other = (case.cast.holder_keys[name].public for name in ("politie", "stadsbank"))
    swapped = text.replace(own, "@").replace(other, own).replace("@", other)
    case.study_file.write_text(swapped)
    with pytest.raises(errors.SignatureInvalid):
        case.assemble()


def test_two_commitments_of_one_holder(case: Dossier) -> None:
    other = _new(case.folder / "oud")
    charter = json.loads((case.folder / "politie.charter").read_text())["body"]["charter"]
    agreed = Charter.model_validate(frozen(charter))
    part = keys.Contribution(agreed.digest, "politie", b"Q" * 64)
    identity = case.cast.holder_keys["politie"]
    write_signed(other, "commit", "politie", commit(agreed, identity, part, TODAY.replace(month=3)), identity)
    with pytest.raises(errors.PartyWrong):
        case.assemble()


@pytest.mark.parametrize("change", [{"role": "boss"}, {"passed": "yes"}, {"made": "gisteren"}, {"passed": None}])
def test_a_self_test_of_another_form(case: Dossier, change: dict[str, object]) -> None:
    case.assessed(**change)
    with pytest.raises(errors.EvidenceBroken):
        case.assemble()


def test_a_self_test_of_an_invented_town_says_so(case: Dossier) -> None:
    case.assessed(study="0b5f6b1e-6f0e-4d0a-9a53-2014a1e10076", passed=False)
    (record,) = [one for one in case.assemble().evidence.records if one.kind == "assessment"]
    assert record.about == {"made": "2016-04-03", "role": "officer", "passed": "nee", "own_study": "nee"}


def test_a_page_that_runs_something_is_refused(case: Dossier) -> None:
    case.assessed(page="<!DOCTYPE html><ScRiPt>1</script>")
    with pytest.raises(errors.EvidenceBroken):
        case.assemble()


def test_a_link_is_not_followed(case: Dossier, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elders.charter"
    shutil.move(case.folder / "politie.charter", elsewhere)
    (case.folder / "politie.charter").symlink_to(elsewhere)
    made = case.assemble().evidence
    assert made.keys is not None
    assert made.keys.missing == ("politie",)
    assert {one.kind for one in made.remains} >= {"verwijzing, niet gevolgd; kijk zelf na"}


def test_a_folder_that_is_not_there(case: Dossier, tmp_path: Path) -> None:
    with pytest.raises(errors.EvidenceBroken):
        case.assemble("gemeente", tmp_path / "nergens")


# --- the page ---------------------------------------------------------------------------------------


def test_the_page_is_self_contained_and_says_each_requirement(case: Dossier) -> None:
    page_text = case.assemble().files[PAGE].decode()
    assert "default-src 'none'" in page_text
    assert not re.search(r"<script|<img|<link|https?://|\bon\w+=", page_text)
    assert re.findall(r'<tr id="(P\d+)">', page_text) == [f"P{number}" for number in range(1, 16)]
    assert page_text.count('scope="row"') >= 15
    for heading in re.findall(r'aria-labelledby="([\w-]+)"', page_text):
        assert f'id="{heading}"' in page_text


def test_text_of_a_study_is_text(case: Dossier) -> None:
    for path in (*case.folder.glob("*.package"), *case.folder.glob("*.c*"), *case.folder.glob("*.destroyed")):
        path.unlink()
    case.study_file.write_text(case.study_file.read_text().replace('"Proefstudie"', '"<b>Proef</b>"'))
    page_text = case.assemble().files[PAGE].decode()
    assert "<b>Proef" not in page_text
    assert "&lt;b&gt;Proef" in page_text


def test_the_evidence_names_every_file(case: Dossier) -> None:
    pack = case.assemble()
    assert {file.path for file in pack.evidence.files} == set(pack.files) - {EVIDENCE}
