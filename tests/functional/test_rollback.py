"""What a courier can do with packages that are in order: bring old ones, keep back new ones, mix them up, repeat them.

And what becomes of it when the linker loses its ledger (docs/spec/ledger-v1.md, section 4).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import simulator
from simulator import STUDY_ID, TODAY, Cast, bsn
from spec import plain_package as plain

from linkage import errors, keys
from linkage.holder import encode as holder_room
from linkage.linker import ledger
from linkage.linker import run as linker_room

HOLDER = "politie"
OTHER_STUDY = "00000000-0000-4000-8000-000000000001"


def inbox(cast: Cast, holder: str = HOLDER) -> Path:
    return cast.folder / "inbox" / f"{holder}.package"


def book(cast: Cast) -> Path:
    return cast.folder / "research" / "ledger.jsonl"


def outputs(cast: Cast) -> dict[str, bytes]:
    """Every file that the linker wrote."""
    return {path.name: path.read_bytes() for path in (cast.folder / "research").iterdir()}


def better(cast: Cast, sequence: int) -> bytes:
    """The police deliver again, with one record more each time."""
    cast.exports[HOLDER] = [{"bsn": bsn(2), "minor": "01-01-1980", "vd1111": sequence}]
    cast.encode(HOLDER, replace(cast.request(HOLDER), sequence=sequence))
    return inbox(cast).read_bytes()


def refused(cast: Cast, error: type[errors.LinkageError], **change: object) -> None:
    """Exactly that error, and every file of the linker as it was."""
    before = outputs(cast)
    with pytest.raises(error) as caught:
        cast.link(**change)
    assert type(caught.value) is error
    assert outputs(cast) == before


def take(cast: Cast, **change: object) -> None:
    """All of a linking that decides: accept the inbox and write the ledger; the rows stay sealed."""
    request = replace(cast.link_request(), **change)  # type: ignore[arg-type]
    entries = ledger.read(book(cast))
    packages = linker_room.accept_all(request, entries)
    ledger.append(book(cast), entries, [package.entry for package in packages if package.is_new])


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of which the third delivery of the police was linked."""
    cast = simulator.minimal(tmp_path_factory.mktemp("once"))
    cast.encode_all()
    better(cast, 3)
    cast.link()
    return cast.folder


@pytest.fixture
def linked(once: Path, cast: Cast) -> Cast:
    """The same for each test; keys and rows of the cast are always the same."""
    for part in ("inbox", "research"):
        shutil.copytree(once / part, cast.folder / part, dirs_exist_ok=True)
    return cast


# --- rollback and freeze ----------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", [1, 2])
def test_an_older_package_after_a_newer(linked: Cast, sequence: int) -> None:
    better(linked, sequence)
    refused(linked, errors.PackageReplayed)


def test_every_order_of_three_deliveries(cast: Cast) -> None:
    """Only a higher sequence than all before it gets in, whatever the courier brings when."""
    cast.encode_all()
    packages = {sequence: better(cast, sequence) for sequence in (1, 2, 3)}
    got_in = []
    for sequence in (2, 1, 3, 2, 1, 3):
        inbox(cast).write_bytes(packages[sequence])
        try:
            take(cast)
        except errors.PackageReplayed:
            continue
        got_in.append(sequence)
    assert got_in == [2, 3, 3]


def test_the_same_package_again_is_linked_and_written_once(linked: Cast) -> None:
    before = outputs(linked)
    linked.link()
    assert outputs(linked) == before


def test_a_package_that_was_kept_back_expires(linked: Cast) -> None:
    """A courier that keeps back the newer ones wins the days that a package is valid, and no more."""
    for days, error in ((89, None), (90, None), (91, errors.PackageExpired)):
        day = TODAY + dt.timedelta(days=days)
        if error:
            refused(linked, error, today=day)
        else:
            take(linked, today=day)


def test_a_ledger_elsewhere_guards_another_output(linked: Cast) -> None:
    better(linked, 2)
    with pytest.raises(errors.PackageReplayed):
        linked.link(output=linked.folder / "again", ledger=book(linked))
    assert not (linked.folder / "again").exists()


# --- mix-up -----------------------------------------------------------------------------------------


def test_the_name_of_a_file_says_nothing(linked: Cast) -> None:
    """Two holders' files with each other's names: what counts is what was signed."""
    before = book(linked).read_bytes()
    a, b = inbox(linked, "politie"), inbox(linked, "stadsbank")
    spare = a.with_suffix(".spare")
    a.rename(spare)
    b.rename(a)
    spare.rename(b)
    take(linked)
    assert book(linked).read_bytes() == before


def test_the_same_package_under_two_names(linked: Cast) -> None:
    shutil.copy(inbox(linked), inbox(linked, "politie-2"))
    refused(linked, errors.PackageReplayed)


def test_two_sequences_of_one_holder_at_once(linked: Cast) -> None:
    """The linker does not choose."""
    before = inbox(linked).read_bytes()
    better(linked, 4)
    inbox(linked, "politie-3").write_bytes(before)
    with pytest.raises(errors.PackageReplayed):
        linked.link()


def test_a_delivery_in_the_place_of_another_holders(cast: Cast) -> None:
    """Two corporations make the same delivery; one cannot deliver for the other."""
    cast.encode_all()
    package = plain.parse(inbox(cast, "corporatie-a").read_bytes())
    manifest = json.loads(package.manifest) | {"holder": "corporatie-b"}
    mine = replace(package, manifest=plain.canonical(manifest)).signed(cast.holder_keys["corporatie-a"].seed)
    inbox(cast, "corporatie-b").write_bytes(mine.encoded())
    refused(cast, errors.SignatureInvalid)


def test_a_delivery_of_both_under_one_name(cast: Cast) -> None:
    cast.encode_all()
    shutil.copy(inbox(cast, "corporatie-a"), inbox(cast, "corporatie-b"))
    refused(cast, errors.PackageReplayed)


@pytest.mark.parametrize("part", ["manifest", "sealed", "signature", "body"])
def test_a_part_of_an_older_package(linked: Cast, part: str) -> None:
    """Each part of the older package in the newer one, both of the same holder and signed."""
    new = plain.parse(inbox(linked).read_bytes())
    old = plain.parse(better(linked, 2))
    assert getattr(old, part) != getattr(new, part)
    inbox(linked).write_bytes(replace(new, **{part: getattr(old, part)}).encoded())
    refused(linked, errors.SignatureInvalid)


# --- replay across waves and studies ----------------------------------------------------------------


def of_wave(cast: Cast, wave: int) -> None:
    cast.wave = wave
    cast.write_study(holder_room.root_block(cast.study(), cast.root))


def test_a_package_of_wave_1_in_wave_2(linked: Cast) -> None:
    of_wave(linked, 2)
    for holder in [path.stem for path in (linked.folder / "inbox").iterdir()]:
        if holder != HOLDER:
            linked.encode(holder)
    refused(linked, errors.StudyWrong)


def test_sequences_count_within_a_wave(linked: Cast) -> None:
    """Wave 2 begins at 1 again, and does not make wave 1's packages new."""
    old = {path.name: path.read_bytes() for path in (linked.folder / "inbox").iterdir()}
    of_wave(linked, 2)
    linked.encode_all()
    take(linked)
    of_wave(linked, 1)
    for name, package in old.items():
        (linked.folder / "inbox" / name).write_bytes(package)
    take(linked)
    better(linked, 2)
    refused(linked, errors.PackageReplayed)


def test_a_package_of_another_study_with_the_same_keys(linked: Cast) -> None:
    """Same parties, keys, root bytes and protocol; only the study is another."""
    root = keys.RootKey(uuid.UUID(OTHER_STUDY), linked.root.secret)
    linked.write_study("", {STUDY_ID: OTHER_STUDY})
    linked.write_study(holder_room.root_block(linked.study(), root), {STUDY_ID: OTHER_STUDY})
    refused(linked, errors.StudyWrong)


def test_a_package_of_another_root(linked: Cast) -> None:
    linked.root = keys.RootKey(uuid.UUID(STUDY_ID), b"V" * 32)
    linked.write_study(holder_room.root_block(linked.study(), linked.root))
    refused(linked, errors.RootWrong)


# --- the ledger lost, cut or forged -----------------------------------------------------------------


def package_of(cast: Cast) -> str:
    """The digest of the police's package, as the household file says it."""
    metadata = pl.read_parquet_metadata(cast.folder / "research" / "households.parquet")
    return next(part for key, part in metadata.items() if "politie" in key or "politie" in part)


def test_a_lost_ledger_lets_an_older_package_in_and_the_household_file_shows_it(linked: Cast) -> None:
    """Ledger-v1, section 4: the ledger alone cannot show that it was removed; the digests in the result can."""
    before = package_of(linked)
    book(linked).unlink()
    better(linked, 2)
    linked.link()
    assert package_of(linked) != before
    assert [json.loads(line)["sequence"] for line in book(linked).read_bytes().splitlines()].count(2) == 1


def test_lines_cut_off_let_their_packages_be_replaced(linked: Cast) -> None:
    """Ledger-v1, section 4: whole lines cut off at the end cannot be seen; the lines that are left still guard."""
    lines = book(linked).read_bytes().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if b'"holder":"politie"' in line)
    book(linked).write_bytes(b"".join(lines[: place + 1]))
    better(linked, 2)
    refused(linked, errors.PackageReplayed)
    book(linked).write_bytes(b"".join(lines[:place]))
    take(linked)
    assert book(linked).read_bytes().count(b'"sequence":2') == 1


def test_a_ledger_cut_at_every_byte(linked: Cast) -> None:
    """Half a line is seen; whole lines are not."""
    whole = book(linked).read_bytes()
    ends = {0, *(n + 1 for n, byte in enumerate(whole) if byte == 10)}
    for size in range(len(whole) - 1, -1, -1):
        os.truncate(book(linked), size)
        if size in ends:
            assert len(ledger.read(book(linked))) == whole[:size].count(b"\n")
        else:
            with pytest.raises(errors.LedgerBroken):
                ledger.read(book(linked))


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "nested lists": lambda line: b"[" * 100_000 + b"\n",
    "nested objects": lambda line: b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"\n",
    "null": lambda line: b"null\n",
    "a number of 5,000 digits": lambda line: b"9" * 5000 + b"\n",
    "byte-order mark": lambda line: b"\xef\xbb\xbf" + line,
    "no UTF-8": lambda line: line.replace(b'"accepted":"2', b'"accepted":"\xff'),
    "white space": lambda line: line.replace(b'"wave":1', b'"wave": 1'),
    "a key twice": lambda line: line.replace(b'"wave":1', b'"wave":1,"wave":1'),
    "carriage return": lambda line: line.replace(b"\n", b"\r\n"),
    "sequence as truth": lambda line: line.replace(b'"sequence":1', b'"sequence":true'),
    "sequence as a fraction": lambda line: line.replace(b'"sequence":1', b'"sequence":1.0'),
    "a key more": lambda line: line.replace(b'"wave":1', b'"wave":1,"zeta":1'),
    "a key fewer": lambda line: line.replace(b',"wave":1', b""),
    "zeros": lambda line: bytes(1000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_in_the_ledger(linked: Cast, name: str) -> None:
    lines = book(linked).read_bytes().splitlines(keepends=True)
    changed = HOSTILE[name](lines[0])
    assert changed != lines[0]
    book(linked).write_bytes(b"".join([changed, *lines[1:]]))
    refused(linked, errors.LedgerBroken)


def test_a_folder_for_a_ledger(linked: Cast) -> None:
    with pytest.raises(errors.LedgerBroken):
        linked.link(ledger=linked.folder / "inbox")


@pytest.mark.parametrize("field", ["sequence", "package", "holder", "accepted", "rows", "study"])
def test_a_line_changed_without_the_chain(linked: Cast, field: str) -> None:
    """Each field of each line but the last; the last has no line behind it that would show it."""
    lines = book(linked).read_bytes().splitlines(keepends=True)
    for place in range(len(lines) - 1):
        entry = json.loads(lines[place])
        entry[field] = entry[field] + 1 if isinstance(entry[field], int) else entry[field][::-1] + "x"
        changed = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        book(linked).write_bytes(b"".join([*lines[:place], changed, *lines[place + 1 :]]))
        refused(linked, errors.LedgerBroken)
