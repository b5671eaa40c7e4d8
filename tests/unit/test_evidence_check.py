"""Checking a pack: change one thing, expect one error."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from dossier import Dossier, copied, dossier

from linkage import errors, keys
from linkage.evidence.check import check
from linkage.evidence.model import EVIDENCE, PAGE, SIGNATURE, Evidence, EvidenceSigned, parse, written
from linkage.keys.signed import signed_file


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dossier with a pack made by the register's holder."""
    folder = tmp_path_factory.mktemp("dossier") / "cast"
    dossier(folder).make("bewijs")
    return folder


@pytest.fixture
def case(ready: Path, tmp_path: Path) -> Dossier:
    return copied(ready, tmp_path / "cast")


@pytest.fixture
def pack(case: Dossier) -> Path:
    return case.cast.folder / "bewijs"


def resign(pack: Path, evidence: Evidence, signer: keys.HolderIdentity, party: str = "gemeente") -> None:
    """What somebody with a key makes of a pack."""
    raw = written(evidence)
    (pack / EVIDENCE).write_bytes(raw)
    body = EvidenceSigned(
        format="household-linkage/evidence-signature/v1",
        study=evidence.study,
        wave=evidence.wave,
        party=party,
        made=evidence.made,
        evidence=hashlib.sha256(raw).hexdigest(),
    )
    (pack / SIGNATURE).write_text(signed_file(body, signer), encoding="utf-8")


def said(pack: Path) -> Evidence:
    return parse((pack / EVIDENCE).read_bytes())


def test_all_is_well_before_anything_is_changed(case: Dossier, pack: Path) -> None:
    found = check(pack, case.cast.study())
    assert found.party == "gemeente"
    assert len(found.files) == len([path for path in pack.rglob("*") if path.is_file()]) - 2


def test_it_can_be_carried(case: Dossier, pack: Path, tmp_path: Path) -> None:
    shutil.copytree(pack, tmp_path / "ergens anders")
    assert check(tmp_path / "ergens anders", case.cast.study()) == check(pack, case.cast.study())


# --- every file -------------------------------------------------------------------------------------


def test_a_changed_byte_in_any_file(case: Dossier, pack: Path) -> None:
    study = case.cast.study()
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        good = path.read_bytes()
        for place in (0, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
            wanted = (errors.SignedFileDamaged, errors.PartyWrong) if path.name == SIGNATURE else errors.EvidenceBroken
            with pytest.raises(wanted) as caught:
                check(pack, study)
            assert path.name == SIGNATURE or caught.type is errors.EvidenceBroken, path.name
        path.write_bytes(good + b"\n")
        with pytest.raises((errors.EvidenceBroken, errors.SignedFileDamaged)):
            check(pack, study)
        path.write_bytes(good)
    check(pack, study)


def test_a_missing_file(case: Dossier, pack: Path) -> None:
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        good = path.read_bytes()
        path.unlink()
        with pytest.raises((errors.EvidenceMissing, errors.EvidenceExtra)) as caught:
            check(pack, case.cast.study())
        assert caught.type is errors.EvidenceMissing or not any(path.parent.iterdir())
        path.write_bytes(good)


def add_a_file(pack: Path) -> None:
    (pack / "logboeken" / "nog een.jsonl").write_text("{}")


def add_a_link(pack: Path) -> None:
    (pack / "bewijs-2.html").symlink_to(pack / PAGE)


def swap_for_a_link(pack: Path) -> None:
    (pack / PAGE).rename(pack.parent / PAGE)
    (pack / PAGE).symlink_to(pack.parent / PAGE)


def add_a_folder(pack: Path) -> None:
    (pack / "leeg").mkdir()


@pytest.mark.parametrize("change", [add_a_file, add_a_link, swap_for_a_link, add_a_folder], ids=lambda f: f.__name__)
def test_something_extra(case: Dossier, pack: Path, change: Callable[[Path], None]) -> None:
    change(pack)
    with pytest.raises(errors.EvidenceExtra):
        check(pack, case.cast.study())


def test_a_folder_that_is_no_pack(case: Dossier, pack: Path, tmp_path: Path) -> None:
    for folder in (tmp_path / "nergens", case.folder):
        with pytest.raises(errors.EvidenceMissing):
            check(folder, case.cast.study())


# --- who signed, and for what -----------------------------------------------------------------------


def test_signed_by_somebody_else(case: Dossier, pack: Path) -> None:
    evidence, study = said(pack), case.cast.study()
    for signer, party in (
        (keys.new_holder("gemeente"), "gemeente"),
        (case.cast.holder_keys["politie"], "gemeente"),
        (case.cast.holder_keys["gemeente"], "vreemde"),
        (case.cast.holder_keys["gemeente"], "institute"),
    ):
        resign(pack, evidence, signer, party)
        with pytest.raises(errors.PartyWrong):
            check(pack, study)


def test_a_signature_by_another_party_than_the_pack_says(case: Dossier, pack: Path) -> None:
    resign(pack, said(pack), case.cast.holder_keys["politie"], "politie")
    with pytest.raises(errors.EvidenceBroken):
        check(pack, case.cast.study())


def test_a_signature_for_something_else(case: Dossier, pack: Path) -> None:
    shutil.copy(case.folder / "gemeente.charter", pack / SIGNATURE)
    with pytest.raises(errors.SignedFileDamaged):
        check(pack, case.cast.study())


def test_the_linkers_pack_needs_the_linkers_signing_key(case: Dossier) -> None:
    folder = case.make("van-koppelaar", "signer")
    check(folder, case.cast.study())
    bare = case.study_file.read_text()
    line = next(line for line in bare.splitlines() if line.startswith("signing_key"))
    case.study_file.write_text(bare.replace(f"{line}\n", ""))
    with pytest.raises(errors.PartyWrong):
        check(folder, case.cast.study())


@pytest.mark.parametrize(
    ("old", "new"), [('id = "6f1d2c3b', 'id = "7f1d2c3b'), ("wave = 1", "wave = 2"), ('"Onderzoek"', '"Iets anders"')]
)
def test_another_study(case: Dossier, pack: Path, old: str, new: str) -> None:
    case.study_file.write_text(case.study_file.read_text().replace(old, new, 1))
    with pytest.raises(errors.RoundMixed):
        check(pack, case.cast.study())


# --- a signer that lies -----------------------------------------------------------------------------


def without_a_record(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"records": evidence.records[1:]})


def everybody_destroyed(evidence: Evidence) -> Evidence:
    days = tuple(one.model_copy(update={"destroyed": "2016-05-01"}) for one in evidence.closing)
    return evidence.model_copy(update={"closing": days})


def nobody_missing(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"keys": None})


def all_met(evidence: Evidence) -> Evidence:
    met = tuple(one.model_copy(update={"met": "geheel", "absent": ()}) for one in evidence.requirements)
    return evidence.model_copy(update={"requirements": met})


def a_copy_elsewhere(evidence: Evidence) -> Evidence:
    first = next(place for place, record in enumerate(evidence.records) if record.path is not None)
    changed = evidence.records[first].model_copy(update={"path": "software.json"})
    return evidence.model_copy(update={"records": (*evidence.records[:first], changed, *evidence.records[first + 1 :])})


def a_file_twice(evidence: Evidence) -> Evidence:
    return evidence.model_copy(update={"files": (*evidence.files, evidence.files[0])})


LIES = [without_a_record, everybody_destroyed, nobody_missing, all_met, a_copy_elsewhere, a_file_twice]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_signer_that_lies(case: Dossier, pack: Path, lie: Callable[[Evidence], Evidence]) -> None:
    resign(pack, lie(said(pack)), case.cast.holder_keys["gemeente"])
    with pytest.raises(errors.EvidenceBroken):
        check(pack, case.cast.study())


def test_a_forged_record_in_a_signed_pack(case: Dossier, pack: Path) -> None:
    """The signer puts in a statement of another party that this party never made."""
    place = pack / "vernietigd" / "politie.destroyed"
    forged = place.read_text().replace('"destroyed":"2016-05-01"', '"destroyed":"2016-05-02"')
    place.write_text(forged)
    evidence, digest = said(pack), hashlib.sha256(forged.encode()).hexdigest()
    path = "vernietigd/politie.destroyed"
    lied = {
        "files": tuple(f.model_copy(update={"sha256": digest}) if f.path == path else f for f in evidence.files),
        "records": tuple(r.model_copy(update={"sha256": digest}) if r.path == path else r for r in evidence.records),
    }
    resign(pack, evidence.model_copy(update=lied), case.cast.holder_keys["gemeente"])
    with pytest.raises(errors.PartyWrong):
        check(pack, case.cast.study())


def test_a_place_outside_the_folder_is_no_place(pack: Path) -> None:
    raw = (pack / EVIDENCE).read_bytes()
    for place in (b"../bewijs.html", b"/etc/passwd", b"a/../../x", b".verborgen", b"a/b/c"):
        with pytest.raises(errors.EvidenceBroken):
            parse(raw.replace(b'"bewijs.html"', b'"' + place + b'"'))


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"format":1}\n'])
def test_what_is_no_evidence(raw: bytes) -> None:
    with pytest.raises(errors.EvidenceBroken):
        parse(raw)
