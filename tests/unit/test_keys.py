"""Secret files: whole, private, and of the right kind, or refused."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkage import errors, keys
from linkage.derive import field_key, pae
from linkage.files import replacing, write_text

STUDY = uuid.UUID("6f1d2c3b-0a1b-4c2d-8e3f-001122334455")


def nobody(_name: str) -> str | None:
    return None


@pytest.mark.parametrize("passphrase", [None, "een lang wachtwoord met ë"], ids=["plain", "sealed"])
def test_all_kinds_come_back(tmp_path: Path, passphrase: str | None) -> None:
    holder, linker, root = keys.new_holder("politie"), keys.new_linker("institute"), keys.new_root(STUDY)
    for key, name in ((holder, "h"), (linker, "l"), (root, "r")):
        keys.save(tmp_path / name, key, passphrase)
    assert keys.load_holder(tmp_path / "h", lambda name: passphrase) == holder
    assert keys.load_linker(tmp_path / "l", lambda name: passphrase) == linker
    assert keys.load_root(tmp_path / "r", STUDY, lambda name: passphrase) == root


def test_a_sealed_file_holds_nothing_in_the_clear(tmp_path: Path) -> None:
    root = keys.new_root(STUDY)
    keys.save(tmp_path / "r", root, "wachtwoord 2016")
    raw = (tmp_path / "r").read_text()
    assert root.secret.hex() not in raw
    assert json.loads(raw)["protection"]["kdf"] == "argon2id"
    with pytest.raises(errors.WrongPassphrase):
        keys.load_root(tmp_path / "r", STUDY, lambda name: "wachtwoord 2017")
    with pytest.raises(errors.PassphraseNeeded):
        keys.load_root(tmp_path / "r", STUDY, nobody)


@pytest.mark.parametrize("passphrase", ["", "kort", "elf tekens."])
def test_a_short_passphrase_is_refused(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(errors.PassphraseNeeded):
        keys.save(tmp_path / "h", keys.new_holder("politie"), passphrase)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    keys.save(tmp_path / "h", keys.new_holder("politie"), None)
    (tmp_path / "h").chmod(mode)
    with pytest.raises(errors.SecretExposed, match="chmod 600"):
        keys.load_holder(tmp_path / "h", nobody)


def test_written_for_the_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    os.umask(0)
    try:
        keys.save(tmp_path / "h", keys.new_holder("politie"), None)
    finally:
        os.umask(0o022)
    assert (tmp_path / "h").stat().st_mode & 0o777 == 0o600
    with pytest.raises(errors.OutputError):
        keys.save(tmp_path / "h", keys.new_holder("politie"), None)
    assert [path.name for path in tmp_path.iterdir()] == ["h"]


def test_the_wrong_kind_or_study(tmp_path: Path) -> None:
    keys.save(tmp_path / "h", keys.new_holder("politie"), None)
    keys.save(tmp_path / "r", keys.new_root(STUDY), None)
    with pytest.raises(errors.WrongKey):
        keys.load_linker(tmp_path / "h", nobody)
    with pytest.raises(errors.WrongKey):
        keys.load_root(tmp_path / "r", uuid.uuid4(), nobody)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 400), byte=st.integers(0, 255))
def test_a_changed_file_is_refused_or_means_the_same(tmp_path: Path, place: int, byte: int) -> None:
    path, root = tmp_path / "r", keys.RootKey(STUDY, bytes(range(32)))
    path.unlink(missing_ok=True)
    keys.save(path, root, None)
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] = byte
    path.write_bytes(raw)
    try:
        assert keys.load_root(path, STUDY, nobody) == root
    except errors.SecretError as error:
        assert root.secret.hex() not in str(error)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"null", b'{"format": 1}', b"\xff", b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_key_file(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "h").write_bytes(raw)
    (tmp_path / "h").chmod(0o600)
    with pytest.raises(errors.SecretDamaged):
        keys.load_holder(tmp_path / "h", nobody)


def test_a_public_line_must_be_whole() -> None:
    holder, linker = keys.new_holder("politie"), keys.new_linker("institute")
    assert len(keys.holder_digest(holder.public)) == 32
    assert keys.linker_public_key(linker.public)
    for line in (
        holder.public[:-4],
        linker.public.replace("xwing:", "holder1:"),
        "holder1:" + "!" * 44,
        "ed25519:" + "A" * 43 + "=",
        "",
    ):
        with pytest.raises(errors.StudyFault):
            keys.fingerprint(line)


def test_every_field_study_and_version_has_a_key_of_its_own() -> None:
    made = {
        field_key(secret, label, scheme, study, field, version)
        for secret in (b"a" * 32, b"b" * 32)
        for label in ("household-linkage/v1", "household-linkage/v1/linker")
        for scheme in ("s/1", "s/2")
        for study in (STUDY, uuid.UUID(int=1))
        for field in ("bsn", "address")
        for version in ("bsn/1", "bsn/2")
    }
    assert len(made) == 64
    assert all(len(key) == 64 and key == key.lower() for key in made)
    with pytest.raises(ValueError, match="32 bytes"):
        field_key(b"short", "l", "s", STUDY, "f", "v")


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_the_encoding_of_parts_is_unambiguous(one: list[bytes], other: list[bytes]) -> None:
    assert (pae(*one) == pae(*other)) == (one == other)


def test_nothing_is_half_written(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "old")

    def fail_half_way() -> None:
        with replacing(tmp_path / "file") as file:
            file.write(b"half of the new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
