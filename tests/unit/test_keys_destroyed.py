"""Keys destroyed with a signed record; a wave closes when every party's record is in."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from simulator import HOLDERS, Cast, minimal

from linkage import errors, keys
from linkage.cli import main
from linkage.keeping.destroyed import Destroyed, Item, closing, destroy, item_of, party_of, wipe
from linkage.keys.signed import Signed, parse_signed, read_signed, signed_file

TODAY = dt.date(2016, 5, 1)
HOLDER = "politie"


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    made = Cast(tmp_path)
    made.holder_keys["signer"] = keys.HolderIdentity("institute", b"S" * 96)
    root = (tmp_path / "study.toml").read_text().split("\n[root]")[1]
    line = f'public_key = "{made.linker.public}"'
    made.write_study("[root]" + root, {line: f'{line}\nsigning_key = "{made.holder_keys["signer"].public}"'})
    return made


def record(cast: Cast, party: str, **change: object) -> Signed[Destroyed]:
    """A record of that party, as another party reads it."""
    study = cast.study()
    linker = party == study.linker.id
    item = (
        Item(kind="linker-identity", id=keys.fingerprint(study.linker.public_key))
        if linker
        else Item(kind="root", id=cast.root.key_id)
    )
    body = Destroyed(
        format="household-linkage/destroyed/v1",
        study=str(study.study.id),
        wave=study.study.wave,
        agreement=study.agreement,
        party=party,
        destroyed="2016-05-01",
        items=(item,),
    ).model_copy(update=change)
    identity = cast.holder_keys["signer" if linker else party]
    return parse_signed(signed_file(body, identity).encode(), Destroyed, f"{party}.destroyed")


def all_records(cast: Cast) -> list[Signed[Destroyed]]:
    return [record(cast, party) for party in (*HOLDERS, "institute")]


def test_a_wave_closes_when_all_records_are_in(cast: Cast) -> None:
    study, records = cast.study(), all_records(cast)
    assert set(closing(records, study).values()) == {"2016-05-01"}
    assert set(closing(records, study)) == {*HOLDERS, "institute"}
    for place in range(len(records)):
        days = closing(records[:place] + records[place + 1 :], study)
        assert [party for party, day in days.items() if day is None] == [records[place].body.party]


def test_a_record_of_something_else_does_not_count(cast: Cast) -> None:
    for item in (
        Item(kind="root", id="0" * 32),
        Item(kind="contribution", id="0" * 64),
        Item(kind="package", id=cast.root.key_id),
    ):
        assert closing([record(cast, HOLDER, items=(item,))], cast.study())[HOLDER] is None


def test_a_second_record_of_a_party_adds_to_the_first(cast: Cast) -> None:
    first = record(cast, HOLDER, items=(Item(kind="contribution", id="0" * 64),))
    assert closing([first, record(cast, HOLDER)], cast.study())[HOLDER] == "2016-05-01"


def test_a_forged_or_foreign_record(cast: Cast) -> None:
    study = cast.study()
    body = record(cast, HOLDER).body
    forged = parse_signed(signed_file(body, cast.holder_keys["stadsbank"]).encode(), Destroyed, "x")
    with pytest.raises(errors.PartyWrong):
        closing([forged], study)
    stranger = body.model_copy(update={"party": "vreemde"})
    with pytest.raises(errors.PartyWrong):
        closing([parse_signed(signed_file(stranger, keys.new_holder("vreemde")).encode(), Destroyed, "x")], study)
    for change in (
        {"study": "00000000-0000-4000-8000-000000000000"},
        {"wave": 2},
        {"agreement": "sha256:" + "0" * 64},
    ):
        with pytest.raises(errors.RoundMixed):
            closing([record(cast, HOLDER, **change)], study)


def test_without_a_signing_key_the_linker_cannot_close(tmp_path: Path) -> None:
    bare = Cast(tmp_path / "bare")
    bare.holder_keys["signer"] = keys.HolderIdentity("institute", b"S" * 96)
    with pytest.raises(errors.PartyWrong):
        closing([record(bare, "institute")], bare.study())
    assert closing([], bare.study())["institute"] is None
    bare.write_study("")
    with pytest.raises(errors.StudyIncomplete):
        closing([], bare.study())


# --- destroying -------------------------------------------------------------------------------------


def test_destroyed_files_are_gone_and_the_record_says_what_not_the_key(cast: Cast, tmp_path: Path) -> None:
    root, own, target = tmp_path / "study.root", tmp_path / "own.identity", tmp_path / "politie.destroyed"
    keys.save(root, cast.root, None)
    keys.save(own, cast.holder_keys[HOLDER], None)
    made = destroy([root, own], cast.study(), cast.holder_keys[HOLDER], target, TODAY)
    assert not root.exists()
    assert not own.exists()
    read = read_signed(target, Destroyed)
    assert read.body == made
    assert {item.kind for item in made.items} == {"root", "holder-identity"}
    assert made.items[0].id == cast.root.key_id
    assert closing([read], cast.study())[HOLDER] == "2016-05-01"
    raw = target.read_text()
    assert cast.root.secret.hex() not in raw
    document = json.loads(raw)["body"]
    assert set(document) == {"format", "study", "wave", "agreement", "party", "destroyed", "items"}


def test_the_bytes_are_overwritten_before_the_name_goes(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    before = os.urandom(3 * 1024 * 1024 + 17)
    path.write_bytes(before)
    with path.open("rb") as held:  # the same file, after its name is gone
        wipe(path)
        after = held.read()
    assert len(after) == len(before)
    assert not any(before[place : place + 64] in after for place in range(0, len(before), 65_536))
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_not_followed_and_a_second_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "twin").hardlink_to(path)
    for place in (tmp_path / "link", path):
        with pytest.raises(errors.OutputError):
            wipe(place)
    assert path.read_bytes() == b"x" * 100


def test_nothing_is_destroyed_where_one_thing_is_wrong(cast: Cast, tmp_path: Path) -> None:
    import uuid

    root, other, plain = tmp_path / "study.root", tmp_path / "other.root", tmp_path / "plain.txt"
    keys.save(root, cast.root, None)
    keys.save(other, keys.new_root(uuid.uuid4()), None)
    plain.write_text("hello")
    plain.chmod(0o600)
    study, identity, target = cast.study(), cast.holder_keys[HOLDER], tmp_path / "x.destroyed"
    for paths, error in (
        ([root, other], errors.WrongKey),
        ([root, plain], errors.SecretDamaged),
        ([root, tmp_path / "none"], errors.SecretDamaged),
        ([root, root], errors.OutputError),
    ):
        with pytest.raises(error):
            destroy(paths, study, identity, target, TODAY)
    with pytest.raises(errors.WrongKey):
        destroy([root], study, keys.new_holder("vreemde"), target, TODAY)
    target.write_text("an earlier record")
    with pytest.raises(errors.OutputError):
        destroy([root], study, identity, target, TODAY)
    assert root.exists()
    assert other.exists()
    assert target.read_text() == "an earlier record"


def test_there_is_no_record_when_the_destruction_fails(cast: Cast, tmp_path: Path) -> None:
    """The second file has another name: neither it nor the first is touched."""
    root, own, target = tmp_path / "study.root", tmp_path / "own.identity", tmp_path / "x.destroyed"
    keys.save(root, cast.root, None)
    keys.save(own, cast.holder_keys[HOLDER], None)
    (tmp_path / "twin").hardlink_to(own)
    before = (root.read_bytes(), own.read_bytes())
    with pytest.raises(errors.OutputError):
        destroy([root, own], cast.study(), cast.holder_keys[HOLDER], target, TODAY)
    assert not target.exists()
    assert (root.read_bytes(), own.read_bytes()) == before


def test_a_package_is_named_by_its_digest(tmp_path: Path) -> None:
    import hashlib

    made = minimal(tmp_path)
    path = made.encode("sociale-dienst")
    item = item_of(path, made.study())
    assert item == Item(kind="package", id=hashlib.sha256(path.read_bytes()).hexdigest())
    assert party_of(made.study(), made.holder_keys[HOLDER]) == HOLDER


def test_destroy_and_closed_from_the_command_line(cast: Cast, tmp_path: Path) -> None:
    study, folder = str(tmp_path / "study.toml"), tmp_path / "records"
    folder.mkdir()

    def run(*arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["keys", *(str(a) for a in arguments)])
        return done.exit_code, done.output

    for party in HOLDERS:
        keys.save(tmp_path / "study.root", cast.root, None)
        keys.save(tmp_path / "own.identity", cast.holder_keys[party], None)
        code, said = run(
            "destroy", tmp_path / "study.root", "--study", study, "--identity", tmp_path / "own.identity",
            "--output", folder / f"{party}.destroyed",
        )  # fmt: skip
        assert code == 0, said
        assert "SSD" in said
        (tmp_path / "own.identity").unlink()
    code, said = run("closed", study, folder)
    assert code == errors.WaveOpen.exit_code
    assert "er ontbreekt: institute" in said
    keys.save(tmp_path / "linker.identity", cast.linker, None)
    keys.save(tmp_path / "sign.identity", cast.holder_keys["signer"], None)
    code, said = run(
        "destroy", tmp_path / "linker.identity", tmp_path / "sign.identity", "--study", study,
        "--identity", tmp_path / "sign.identity", "--output", folder / "institute.destroyed",
    )  # fmt: skip
    assert code == 0, said
    assert not (tmp_path / "sign.identity").exists()
    code, said = run("closed", study, folder)
    assert code == 0
    assert "is gesloten" in said


def test_the_signing_key_is_agreed_to_where_there_is_one(cast: Cast, tmp_path: Path) -> None:
    """Present, it is under the agreement of every package; absent, the agreement is as if the word did not exist."""
    from linkage.study import Agreed
    from protocols.digest import canonical

    bare = Cast(tmp_path / "bare").study()
    assert b"signing_key" not in canonical(Agreed(study=bare.study, linker=bare.linker))
    with_key = cast.study()
    assert b'"signing_key":"holder1:' in canonical(Agreed(study=with_key.study, linker=with_key.linker))
    assert with_key.agreement != bare.agreement


@pytest.mark.parametrize("line", ["holder1:AAAA", "xwing:" + "A" * 44, "holder1:" + "A" * 42 + "=="])
def test_a_signing_key_that_is_none(cast: Cast, line: str) -> None:
    old = cast.holder_keys["signer"].public
    path = cast.folder / "study.toml"
    path.write_text(path.read_text().replace(old, line))
    with pytest.raises(errors.StudyFault, match="signing_key"):
        cast.study()
