"""Change one thing, expect one refusal by name; and nothing is written."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from simulator import HOLDERS, STUDY_ID, TODAY, Cast, bsn

from linkage import errors, keys
from linkage.holder import encode as holder_room
from linkage.keys import linker_public_key
from linkage.linker import ledger
from linkage.linker.accept import check_manifest
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import open_body, read_header, seal
from linkage.words import linked

HOLDER = "politie"


_PACKAGES: dict[str, bytes] = {}


def delivered(cast: Cast) -> Cast:
    """Every holder delivered; sealed once, since keys and rows of the cast are always the same."""
    inbox = cast.folder / "inbox"
    if not _PACKAGES:
        cast.encode_all()
        _PACKAGES.update({path.name: path.read_bytes() for path in inbox.iterdir()})
    for name, package in _PACKAGES.items():
        (inbox / name).write_bytes(package)
    return cast


def resealed(cast: Cast, **change: Any) -> None:
    """The police's package with another manifest, properly signed and sealed: what a wrong encoder would send."""
    path = cast.folder / "inbox" / f"{HOLDER}.package"
    with path.open("rb") as file:
        header = read_header(file)
        body = b"".join(open_body(file, header, cast.linker.private_key()))
    manifest = Manifest.model_validate({**header.manifest.model_dump(), **change})
    sign = cast.holder_keys[change.get("holder", HOLDER)].sign if change.get("holder") in cast.holder_keys else None
    with path.open("w+b") as file:
        seal(
            file,
            manifest,
            linker_public_key(cast.linker.public),
            sign or cast.holder_keys[HOLDER].sign,
            lambda target: target.write(body),
        )


def refused(cast: Cast, error: type[errors.LinkageError], **change: Any) -> None:
    """The run ends with exactly that error, and the research folder stays empty."""
    with pytest.raises(error) as caught:
        cast.link(**change)
    assert type(caught.value) is error
    assert list((cast.folder / "research").iterdir()) == []


def test_all_is_well_before_anything_is_changed(cast: Cast) -> None:
    result = delivered(cast).link()
    assert result.numbers["households"] == 2


# --- one change, one name ---------------------------------------------------------------------------


def test_wrong_root_at_the_holder(cast: Cast) -> None:
    other = keys.RootKey(uuid.UUID(STUDY_ID), b"X" * 32)
    with pytest.raises(errors.WrongKey):
        cast.encode(HOLDER, replace(cast.request(HOLDER), root=other))
    assert not (cast.folder / "inbox" / f"{HOLDER}.package").exists()


def test_wrong_root_at_the_linker(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder whose program does not check still cannot get a package with another root past the linker."""
    other = keys.RootKey(uuid.UUID(STUDY_ID), b"X" * 32)
    delivered(cast)
    monkeypatch.setattr(holder_room, "_check_keys", lambda request: None)
    cast.encode(HOLDER, replace(cast.request(HOLDER), root=other))
    refused(cast, errors.RootWrong)


def test_right_root_id_but_other_pseudonyms(cast: Cast) -> None:
    resealed(delivered(cast), canaries=dict.fromkeys(("bsn", "address", "address-number"), "0" * 32))
    refused(cast, errors.NormalisationWrong)


def test_other_protocol(cast: Cast) -> None:
    resealed(delivered(cast), protocol_digest="sha256:" + "0" * 64)
    refused(cast, errors.ProtocolWrong)


def test_other_normalisation_version(cast: Cast) -> None:
    resealed(delivered(cast), normalisation={"bsn": "bsn/2", "address": "address/1", "address-number": "address/1"})
    refused(cast, errors.NormalisationWrong)


def test_other_scheme(cast: Cast) -> None:
    resealed(delivered(cast), scheme="hmac-sha256-128/2")
    refused(cast, errors.NormalisationWrong)


def test_other_recipient_by_name(cast: Cast) -> None:
    resealed(delivered(cast), linker="0" * 64)
    refused(cast, errors.RecipientWrong)


def test_other_recipient_by_key(cast: Cast) -> None:
    """The manifest names this linker, but the file key was sealed to another."""
    delivered(cast)
    path = cast.folder / "inbox" / f"{HOLDER}.package"
    with path.open("rb") as file:
        header = read_header(file)
        body = b"".join(open_body(file, header, cast.linker.private_key()))
    stranger = linker_public_key(keys.new_linker("other").public)
    with path.open("w+b") as file:
        seal(file, header.manifest, stranger, cast.holder_keys[HOLDER].sign, lambda target: target.write(body))
    refused(cast, errors.RecipientWrong)


@pytest.mark.parametrize(
    ("created", "expires"),
    [
        ("2015-11-01", "2016-01-30"),
        ("2016-02-01", "2020-01-01"),
        ("2016-04-01", "2016-05-01"),
        ("2016-02-30", "2016-03-30"),
    ],
    ids=["past", "too long", "from the future", "no such day"],
)
def test_expired(cast: Cast, created: str, expires: str) -> None:
    resealed(delivered(cast), created=created, expires=expires)
    refused(cast, errors.PackageExpired)


def test_expired_by_the_clock(cast: Cast) -> None:
    refused(delivered(cast), errors.PackageExpired, today=TODAY + dt.timedelta(days=91))


def test_made_before_the_reference_date(cast: Cast) -> None:
    """Its dates are in order among themselves: the clock of the holder was wrong, or the package is of before."""
    with (delivered(cast).folder / "inbox" / f"{HOLDER}.package").open("rb") as file:
        manifest = read_header(file).manifest
    check_manifest(replace_dates(manifest, "2014-12-31", "2015-01-30"), cast.study(), dt.date(2015, 1, 10))
    with pytest.raises(errors.PackageExpired, match="voor de peildatum"):
        check_manifest(replace_dates(manifest, "2014-12-30", "2015-01-30"), cast.study(), dt.date(2015, 1, 10))


def replace_dates(manifest: Manifest, created: str, expires: str) -> Manifest:
    return manifest.model_copy(update={"created": created, "expires": expires})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('purpose = "Onderzoek"', 'purpose = "Opsporing"'),
        ("onder e", "onder f"),
        ("retention_until = 2030-12-31", "retention_until = 2040-12-31"),
        ('organisation = "Instituut"', 'organisation = "Bureau"'),
    ],
    ids=["purpose", "legal basis", "retention", "recipient"],
)
def test_another_purpose_than_the_holders_agreed_to(cast: Cast, old: str, new: str) -> None:
    delivered(cast)
    cast.write_study(holder_room.root_block(cast.study(), cast.root), {old: new})
    refused(cast, errors.StudyWrong)


def test_retention_is_over(cast: Cast) -> None:
    cast.write_study(holder_room.root_block(cast.study(), cast.root), {"2030-12-31": "2016-03-10"})
    cast.encode_all()
    refused(cast, errors.PackageExpired, today=TODAY + dt.timedelta(days=10))


# --- replay -----------------------------------------------------------------------------------------


def test_the_same_package_twice_in_the_inbox(cast: Cast) -> None:
    delivered(cast)
    shutil.copy(cast.folder / "inbox" / f"{HOLDER}.package", cast.folder / "inbox" / "again.package")
    refused(cast, errors.PackageReplayed)


def test_a_second_delivery_with_the_same_number(cast: Cast) -> None:
    delivered(cast).link()
    before = outputs(cast)
    cast.exports[HOLDER] = [*cast.exports[HOLDER], {"bsn": bsn(0), "minor": "01-01-1980", "vd1111": 1}]
    cast.encode(HOLDER)
    with pytest.raises(errors.PackageReplayed):
        cast.link()
    assert outputs(cast) == before


def test_a_superseded_package(cast: Cast) -> None:
    delivered(cast)
    old = (cast.folder / "inbox" / f"{HOLDER}.package").read_bytes()
    cast.encode(HOLDER, replace(cast.request(HOLDER), sequence=2))
    cast.link()
    (cast.folder / "inbox" / f"{HOLDER}.package").write_bytes(old)
    with pytest.raises(errors.PackageReplayed):
        cast.link()


def test_a_corrected_delivery_is_accepted(cast: Cast) -> None:
    delivered(cast).link()
    cast.exports[HOLDER] = []
    cast.exports[HOLDER] = [{"bsn": bsn(0), "minor": "01-01-1980", "vd1111": 1}]
    cast.encode(HOLDER, replace(cast.request(HOLDER), sequence=2))
    assert cast.link().numbers["households"] == 2
    assert len(ledger.read(cast.folder / "research" / "ledger.jsonl")) == 11


def test_another_wave(cast: Cast, tmp_path: Path) -> None:
    delivered(cast)
    cast.wave = 2
    cast.write_study(holder_room.root_block(cast.study(), cast.root))
    refused(cast, errors.StudyWrong)


def test_a_rerun_is_no_replay_and_gives_the_same_bytes(cast: Cast) -> None:
    delivered(cast).link()
    before = outputs(cast)
    cast.link()
    assert outputs(cast) == before


def outputs(cast: Cast) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (cast.folder / "research").iterdir()}


# --- who -------------------------------------------------------------------------------------------


def test_unknown_holder(cast: Cast) -> None:
    resealed(delivered(cast), holder="onbekend")
    refused(cast, errors.HolderUnknown)


def test_wrong_holder(cast: Cast) -> None:
    resealed(delivered(cast), holder="stadsbank")
    refused(cast, errors.HolderWrong)


def test_another_holders_signature(cast: Cast) -> None:
    delivered(cast)
    cast.holder_keys[HOLDER] = keys.HolderIdentity(HOLDER, b"Z" * 96)
    cast.write_study(holder_room.root_block(cast.study(), cast.root))
    refused(cast, errors.SignatureInvalid)


def test_another_study(cast: Cast) -> None:
    resealed(delivered(cast), study="00000000-0000-4000-8000-000000000000")
    refused(cast, errors.StudyWrong)


def test_another_reference_date(cast: Cast) -> None:
    resealed(delivered(cast), reference_date="2013-12-31")
    refused(cast, errors.StudyWrong)


def test_other_columns(cast: Cast) -> None:
    delivered(cast)
    resealed(cast, columns=())
    refused(cast, errors.ContentWrong)


def test_a_body_that_is_not_what_the_manifest_says(cast: Cast) -> None:
    delivered(cast)
    resealed(cast, rows=2)
    refused(cast, errors.ContentWrong)


def test_the_wrong_linker(cast: Cast) -> None:
    refused(delivered(cast), errors.WrongKey, identity=keys.new_linker("institute"))


# --- what is there ---------------------------------------------------------------------------------


def test_a_missing_delivery(cast: Cast) -> None:
    delivered(cast)
    (cast.folder / "inbox" / f"{HOLDER}.package").unlink()
    refused(cast, errors.DeliveryMissing)


def test_an_optional_delivery_may_be_missing_and_is_unknown(cast: Cast) -> None:
    delivered(cast)
    (cast.folder / "inbox" / "stadsbank.package").unlink()
    households = pl.read_parquet(cast.link().households)
    assert households["debt_counselling"].null_count() == households.height
    assert households["coverage_stadsbank"].null_count() == households.height


def test_a_study_without_the_police_knows_nothing_of_crime(cast: Cast) -> None:
    """What nobody delivers is unknown, never no; the rest of the study goes on."""
    text = (cast.folder / "study.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition('[[holder]]\nid = "politie"')
    text = head.replace("wave = 1", 'wave = 1\nwithout = ["politie"]') + "[[holder]]" + rest.partition("[[holder]]")[2]
    (cast.folder / "study.toml").write_text(text, encoding="utf-8")
    for holder in HOLDERS:
        if holder != "politie" and cast.exports.get(holder):
            cast.encode(holder)
    result = cast.link()
    assert result.numbers["not_received"] == ["woningcorporatie van corporatie-b", "politie"]
    assert result.numbers["unknown"]["mpg"] == 0
    assert "niet ontvangen: politie" in "\n".join(linked(result.numbers))
    households = pl.read_parquet(result.households)
    family = households.filter(pl.col("has_child_lt18"))
    assert family["A_crime"].to_list() == [None]
    assert family["A"].to_list() == [True]
    assert family["C_crime"].to_list() == [None]
    assert households["delict_vermogensdelicten"].null_count() == households.height


def test_absent_means_no_only_when_every_holder_delivered(cast: Cast) -> None:
    """Two municipal banks, one of which did not deliver: its clients must not count as people without debts."""
    text = (cast.folder / "study.toml").read_text(encoding="utf-8")
    second = text[text.index('[[holder]]\nid = "stadsbank"') :]
    second = "[[holder]]" + second.split("[[holder]]")[1]
    other = second.replace('"stadsbank"', '"stadsbank-b"', 2).replace(
        'delivery = "stadsbank-b"', 'delivery = "stadsbank"'
    )
    other = other.replace(cast.holder_keys["stadsbank"].public, keys.HolderIdentity("b", b"B" * 96).public)
    (cast.folder / "study.toml").write_text(text.replace(second, second + other), encoding="utf-8")
    for holder in HOLDERS:
        if cast.exports.get(holder):
            cast.encode(holder)
    debts = dict(pl.read_parquet(cast.link().households).select("has_child_lt18", "debt_counselling").iter_rows())
    assert debts == {True: True, False: None}


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[:200],
        lambda raw: b"",
        lambda raw: raw + b"\0",
        lambda raw: raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:],
        lambda raw: raw.replace(b"household-linkage package\n", b"household-linkage packagf\n"),
    ],
    ids=["cut", "cut in the header", "empty", "longer", "a bit flipped", "no magic"],
)
def test_damage(cast: Cast, damage: Callable[[bytes], bytes]) -> None:
    path = delivered(cast).folder / "inbox" / f"{HOLDER}.package"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises((errors.PackageDamaged, errors.SignatureInvalid)):
        cast.link()
    assert list((cast.folder / "research").iterdir()) == []


# --- the ledger ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [lines[0].replace(b'"sequence":1', b'"sequence":9'), *lines[1:]],
        lambda lines: [b"{}\n", *lines[1:]],
        lambda lines: [b"\xff\xfe", *lines[1:]],
    ],
    ids=["first line gone", "swapped", "changed", "empty entry", "not text"],
)
def test_a_changed_ledger_is_noticed(cast: Cast, change: Callable[[list[bytes]], list[bytes]]) -> None:
    delivered(cast).link()
    book = cast.folder / "research" / "ledger.jsonl"
    book.write_bytes(b"".join(change(book.read_bytes().splitlines(keepends=True))))
    with pytest.raises(errors.LedgerBroken):
        cast.link()
