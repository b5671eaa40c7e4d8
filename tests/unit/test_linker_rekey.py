"""Re-keying in batches: the linker's own pseudonyms from either route, in the order of the rows, and no wrong hash."""

from __future__ import annotations

import hmac
import importlib
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from parsed import put
from simulator import Cast

from linkage import keys
from linkage.errors import SelfCheckFailed
from linkage.hashing import hash_default
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import read_header

room = importlib.import_module("linkage.linker.rekey")
LINKER = keys.LinkerIdentity("institute", b"L" * 32, b"R" * 32)
SCHEME = "hmac-sha256-128/1"
ROWS = 150_000  # more than Polars takes in one batch


@pytest.fixture
def manifest(cast: Cast) -> Manifest:
    with cast.encode("sociale-dienst").open("rb") as file:
        return read_header(file).manifest


def checked(manifest: Manifest, folder: Path) -> tuple[Path, Manifest, list[bytes | None]]:
    values = [None if n % 7 == 3 else sha256(b"%d" % n).digest()[:16] for n in range(ROWS)]
    numbers = {column.name: pl.Series([n % 5 for n in range(ROWS)], dtype=pl.Int32) for column in manifest.columns}
    frame = pl.DataFrame({"bsn": pl.Series(values, dtype=pl.Binary), **numbers})
    return folder / "checked", put(folder / "checked", frame, manifest), values


@pytest.mark.parametrize("route", ["default", "fast"])
def test_both_routes(route: str, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_is_loaded", lambda: False)
    monkeypatch.setattr(room, "MANY", 0 if route == "fast" else 10**12)
    monkeypatch.setattr(room, "VERY_MANY", 0 if route == "fast" else 10**12)
    path, manifest, values = checked(manifest, tmp_path)
    made = pl.concat(room.rekeyed(path, manifest, LINKER, SCHEME))
    key = LINKER.field_key(SCHEME, manifest.study_id, "bsn").encode()
    wanted = [None if value is None else hmac.digest(key, value, "sha256")[:16] for value in values]
    assert (room._hash(ROWS, key.decode()) is hash_default.pseudonyms) == (route == "default")
    assert made["bsn"].to_list() == wanted
    for column in manifest.columns:
        assert made[f"v_{column.name}"].dtype == pl.Int64
        assert made[f"v_{column.name}"].to_list() == [n % 5 for n in range(ROWS)]


def test_what_is_loaded_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its start is what a small package would not be worth."""
    monkeypatch.setattr(room, "_is_loaded", lambda: True)
    assert room._hash(1, "k" * 64) is not hash_default.pseudonyms
    monkeypatch.setattr(room, "_is_loaded", lambda: False)
    assert room._hash(1, "k" * 64) is hash_default.pseudonyms


def test_without_numba_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "find_spec", lambda name: None)
    assert room._hash(10**9, "k" * 64) is hash_default.pseudonyms


def test_a_hash_that_is_wrong_stops_it(manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = hash_default.pseudonyms
    monkeypatch.setattr(hash_default, "pseudonyms", lambda column, key: real(column, key).shift(1))
    monkeypatch.setattr(room, "_is_loaded", lambda: False)
    path, manifest, _ = checked(manifest, tmp_path)
    with pytest.raises(SelfCheckFailed):
        next(room.rekeyed(path, manifest, LINKER, SCHEME))


def test_a_key_that_is_not_whole() -> None:
    with pytest.raises(SelfCheckFailed, match="reservekopie"):
        room._hash(0, "k" * 63)
