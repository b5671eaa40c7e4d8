"""The fast route: the same pseudonyms from every shape of column, refusal of what it cannot hash, a safe cache."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import ExtraMissing, SelfCheckFailed
from linkage.hashing import hash_cache, hash_default, hash_fast
from linkage.hashing.columns import strings, values
from linkage.holder import hash_route
from linkage.holder.once import once
from linkage.holder.pseudonymise import IMPLEMENTATIONS, Pseudonymiser, self_check

KEY = hashlib.sha256(b"a key of tests").hexdigest()
texts = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=55)


def column(cells: list[str | None]) -> pl.Series:
    return pl.Series("x", cells, dtype=pl.String)


def plain(cells: pl.Series) -> list[bytes | None]:
    return [None if c is None else hmac.digest(KEY.encode(), c.encode(), "sha256")[:16] for c in cells]


@pytest.mark.parametrize("route", ["polars-hash", "fast"])
@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.lists(st.none() | texts, max_size=40), min_size=1, max_size=4), first=st.integers(0, 20))
def test_chunks_and_slices(route: str, parts: list[list[str | None]], first: int) -> None:
    chunked = pl.concat([column(part) for part in parts], rechunk=False)[first:]
    made = IMPLEMENTATIONS[route](chunked, KEY)
    assert made.to_list() == plain(chunked)
    assert (made.dtype, made.name) == (pl.Binary, "x")


@pytest.mark.parametrize("most", [13, 56], ids=["in their views", "of a block"])
@pytest.mark.parametrize("rows", [1, 15, 16, 17, 1000])
def test_every_length_in_every_lane(rows: int, most: int) -> None:
    cells = column(["z" * (row * 7 % most) for row in range(rows)])
    assert IMPLEMENTATIONS["fast"](cells, KEY).to_list() == plain(cells)


@pytest.mark.parametrize("rows", [16, 40])
def test_rows_without_text_keep_what_was_there(rows: int) -> None:
    """Their views are not looked at, and their results not written: it may be anything that stands there."""
    cells = [None if row % 5 == 1 else f"{row:09d}" for row in range(rows)]
    chunk = next(strings(column(cells)))
    views, out = chunk.views.copy(), np.full((rows, 4), 7, np.uint32)
    views[~chunk.valid] = 0xFFFFFFFF
    words = np.frombuffer(KEY.encode(), ">u4").astype(np.uint32)
    views.flags.writeable = False
    assert hash_fast.kernel()(views, chunk.addresses, chunk.sizes, chunk.valid, words, out)
    assert (out[~chunk.valid] == 7).all()
    assert [row.tobytes() for row in out[chunk.valid]] == plain(column([cell for cell in cells if cell]))


@pytest.mark.parametrize("how", ["one behind the other", "in another order", "with others between", "from the third"])
def test_pseudonyms_are_hashed_again(how: str) -> None:
    """What the linker does: sixteen bytes a row, which stand in one run as long as nobody moved them."""
    cells = [hashlib.sha256(bytes([row])).digest()[:16] for row in range(100)]
    made = values("x", np.frombuffer(b"".join(cells), np.uint8).reshape(-1, 16), np.empty(0, np.bool_))
    if how == "in another order":
        made = made.gather(np.random.default_rng(1).permutation(100))
    elif how == "with others between":
        made = pl.Series("x", [b"y" * (row % 56) if row % 20 == 7 else cell for row, cell in enumerate(cells)])
    elif how == "from the third":
        made = made[2:]
    right = [hmac.digest(KEY.encode(), cell, "sha256")[:16] for cell in made]
    assert hash_fast.pseudonyms(made, KEY.encode()).to_list() == right


def test_a_run_that_ends_outside_its_buffer_is_refused() -> None:
    made = values("x", np.zeros((16, 16), np.uint8), np.empty(0, np.bool_))
    chunk, out = next(strings(made)), np.zeros((16, 4), np.uint32)
    words = np.zeros(16, np.uint32)
    whole = chunk.sizes
    assert hash_fast.kernel()(chunk.views, chunk.addresses, whole, chunk.valid, words, out)
    assert not hash_fast.kernel()(chunk.views, chunk.addresses, whole - 1, chunk.valid, words, out)
    assert not hash_fast.kernel()(chunk.views, chunk.addresses[:0], whole[:0], chunk.valid, words, out)


EIGHT = """
import hashlib, hmac
from llvmlite import binding
import numba
import polars as pl
features, binding.get_host_cpu_features = binding.get_host_cpu_features, dict
from linkage.hashing import hash_fast
binding.get_host_cpu_features = features
assert hash_fast.LANES == 8
key = hashlib.sha256(b"a key of tests").hexdigest().encode()
for step in (1, 7):
    cells = [None if row % 11 == 3 else "z" * (row * step % (13 if row < 40 else 56)) for row in range(203)]
    right = [None if c is None else hmac.digest(key, c.encode(), "sha256")[:16] for c in cells]
    assert hash_fast.pseudonyms(pl.Series("x", cells), key).to_list() == right
cells = [hashlib.sha256(bytes([row])).digest()[:16] for row in range(50)]
right = [hmac.digest(key, c, "sha256")[:16] for c in cells]
assert hash_fast.pseudonyms(pl.Series("x", cells), key).to_list() == right
"""


def test_processors_without_vectors_of_512_bits(tmp_path: Path) -> None:
    """Eight at a time, in a process of its own, with a cache of its own."""
    plain_cpu = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    environment = {**os.environ, **plain_cpu, "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", EIGHT], env=environment, check=True)


def test_filtered_columns_share_their_text() -> None:
    """After a filter the texts of a column stand no longer one behind the other."""
    cells = column([f"9999ZZ|{row}|A" for row in range(100)]).filter(pl.Series([row % 3 == 0 for row in range(100)]))
    assert IMPLEMENTATIONS["fast"](cells, KEY).to_list() == plain(cells)


@pytest.mark.parametrize("place", [0, 15, 40])
def test_a_text_of_more_than_a_block_is_refused(place: int) -> None:
    cells: list[str | None] = ["a"] * 50
    cells[place] = "q" * 56
    with pytest.raises(SelfCheckFailed) as caught:
        IMPLEMENTATIONS["fast"](column(cells), KEY)
    assert "qq" not in str(caught.value)


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError):
        list(strings(pl.Series([1, 2])))


@pytest.mark.parametrize("length", [0, 32, 63, 128])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="key"):
        hash_fast.pseudonyms(column(["a"]), b"k" * length)


@pytest.mark.parametrize("fault", ["last bit", "one lane", "nothing"])
def test_a_sabotaged_kernel_is_refused(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    real = hash_fast.kernel()

    def kernel(views, addresses, sizes, valid, key, out):  # type: ignore[no-untyped-def]
        found = real(views, addresses, sizes, valid, key, out)
        out[:, 3] ^= fault == "last bit"
        out[11::16] ^= fault == "one lane"
        out[:] = 0 if fault == "nothing" else out
        return found

    monkeypatch.setattr(hash_fast, "kernel", lambda: kernel)
    if fault != "one lane":  # the known answers are in the first lanes
        with pytest.raises(SelfCheckFailed):
            self_check("fast")
    with pytest.raises(SelfCheckFailed):
        Pseudonymiser({"bsn": KEY}, "fast").column(column([f"{n:09d}" for n in range(64)]), KEY)


def test_a_fault_behind_the_first_rows_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(cells: pl.Series, key: str) -> pl.Series:
        made = IMPLEMENTATIONS["reference"](cells, key)
        return pl.concat([made[:500], made[500:].shift(1)])

    monkeypatch.setitem(IMPLEMENTATIONS, "late", late)
    with pytest.raises(SelfCheckFailed):
        Pseudonymiser({"bsn": KEY}, "late").column(column([f"{n:09d}" for n in range(1000)]), KEY)


def test_hexadecimal_that_does_not_stand_in_order() -> None:
    made = column([hashlib.sha256(bytes([n])).hexdigest() for n in range(40)])
    shuffled = made.gather(list(range(0, 40, 3)))
    assert hash_default.from_hex(shuffled).to_list() == [bytes.fromhex(text)[:16] for text in shuffled]


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "linkage.hashing.hash_fast", None)
    monkeypatch.delattr("linkage.hashing.hash_fast")
    with pytest.raises(ExtraMissing, match="fast"):
        IMPLEMENTATIONS["fast"](column(["a"]), KEY)


# --- choosing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "numba", "kept", "chosen"),
    [
        (hash_route.LARGE_BYTES, True, True, "fast"),
        (hash_route.LARGE_BYTES - 1, True, True, "polars-hash"),
        (hash_route.LARGE_BYTES, True, False, "polars-hash"),
        (hash_route.VERY_LARGE_BYTES, True, False, "fast"),
        (hash_route.VERY_LARGE_BYTES, False, True, "polars-hash"),
    ],
)
def test_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, numba: bool, kept: bool, chosen: str
) -> None:
    export = tmp_path / "export.csv"
    with export.open("wb") as file:
        file.truncate(size)
    monkeypatch.setattr(hash_route, "find_spec", lambda name: object() if numba else None)
    monkeypatch.setattr(hash_cache, "has_kernel", lambda: kept)
    assert hash_route.choose(export) == chosen


def test_every_route_has_a_name_for_people() -> None:
    assert set(hash_route.IN_WORDS) == set(IMPLEMENTATIONS)


# --- the cache --------------------------------------------------------------------------------------


def test_the_cache_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = hash_cache.safe_folder()
    assert folder is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not hash_cache.has_kernel()


@pytest.mark.parametrize(("where", "mode"), [("cache/household-linkage", 0o750), ("cache", 0o777), ("cache", 0o1777)])
def test_a_folder_in_which_others_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, mode: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert hash_cache.safe_folder() is not None
    (tmp_path / where).chmod(mode)
    assert hash_cache.safe_folder() is None


def test_a_link_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "household-linkage").symlink_to(tmp_path / "elsewhere")
    assert hash_cache.safe_folder() is None


def test_a_folder_of_another_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert hash_cache.safe_folder() is None


def test_no_key_in_the_cache() -> None:
    IMPLEMENTATIONS["fast"](column(["a"]), KEY)
    folder = hash_cache.safe_folder()
    assert folder is not None
    for path in folder.rglob("*.nb*"):
        assert KEY.encode() not in path.read_bytes()


# --- once -------------------------------------------------------------------------------------------


@given(cells=st.lists(st.sampled_from([None, "a", "b", "c", ""]), max_size=30))
def test_once_reads_row_for_row(cells: list[str | None]) -> None:
    def read(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select(pl.concat_str(pl.col("x").fill_null("-"), pl.lit("!")).alias("made"))

    frame = column(cells).to_frame()
    assert once(read, frame).equals(read(frame))
