"""Rows on their way: one order in memory and through the disk; nothing legible on the disk, and nothing left there."""

from __future__ import annotations

import gc
import io
import os
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import OutputError
from linkage.holder import spool as room
from linkage.holder.spool import Spool

ROWS = 5_000


def rows(count: int = ROWS, seed: int = 1) -> pl.DataFrame:
    """Pseudonyms, some absent, and two attributes."""
    rng = random.Random(seed)
    first = [rng.randbytes(16) if rng.random() < 0.7 else None for _ in range(count)]
    second = [rng.randbytes(16) if rng.random() < 0.8 else None for _ in range(count)]
    data = {"a": first, "b": second, "n": [rng.randrange(9) for _ in range(count)], "y": [None] * count}
    return pl.DataFrame(data, {"a": pl.Binary, "b": pl.Binary, "n": pl.Int32, "y": pl.Boolean})


def through(folder: Path, frame: pl.DataFrame, budget: int, batch: int = 137) -> pl.DataFrame:
    with Spool(folder, budget) as spool:
        for start in range(0, frame.height, batch):
            spool.add(frame.slice(start, batch))
        return pl.concat([frame.clear(), *spool.sorted()])


@pytest.mark.parametrize("budget", [0, 10_000, 2**30])
def test_the_order_is_that_of_the_content(tmp_path: Path, budget: int) -> None:
    frame = rows()
    found = through(tmp_path, frame, budget)
    assert found.equals(frame.sort(frame.columns, nulls_last=False))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(0, 300), budget=st.integers(0, 20_000), batch=st.integers(1, 90))
def test_nothing_of_the_input_order_is_left(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, budget: int, batch: int
) -> None:
    frame, folder = rows(count, seed), tmp_path_factory.getbasetemp()
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    assert through(folder, shuffled, budget, batch).equals(through(folder, frame, 2**30))


def test_equal_pseudonyms_are_ordered_by_their_attributes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [b"x" * 16] * 40, "n": pl.Series(range(40), dtype=pl.Int32)})
    for budget in (0, 2**30):
        found = through(tmp_path, frame.reverse(), budget, 7)
        assert found["n"].to_list() == list(range(40))


def test_buckets_stay_small_when_a_pseudonym_is_missing(tmp_path: Path) -> None:
    """An export without BSN: the address spreads the rows, or the last step would hold them all."""
    frame = rows().with_columns(pl.lit(None, pl.Binary).alias("a")).filter(pl.col("b").is_not_null())
    with Spool(tmp_path, 0) as spool:
        spool.add(frame)
        heights = [part.height for part in spool.sorted()]
    assert sum(heights) == frame.height
    assert len(heights) > 200


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> list[IO[bytes]]:
    """The files that a spool opens."""
    opened: list[IO[bytes]] = []
    make: Callable[..., IO[bytes]] = room.tempfile.TemporaryFile

    def watched(**how: Any) -> IO[bytes]:
        opened.append(make(**how))
        return opened[-1]

    monkeypatch.setattr(room.tempfile, "TemporaryFile", watched)
    return opened


def test_the_disk_shows_nothing(tmp_path: Path, on_disk: list[IO[bytes]]) -> None:
    frame = rows(2_000)
    with Spool(tmp_path, 0) as spool:
        spool.add(frame)
        (file,) = on_disk
        file.flush()
        file.seek(0)
        raw = file.read()
        assert os.fstat(file.fileno()).st_nlink == 0, "the file has a name"
        assert list(tmp_path.iterdir()) == []
    assert len(raw) > 2_000 * 16
    assert b"PAR1" not in raw
    for value in frame["a"].drop_nulls().to_list() + frame["b"].drop_nulls().to_list():
        assert value not in raw
        assert value[:6] not in raw
    assert len({raw.count(bytes([byte])) // (len(raw) // 100) for byte in range(256)}) == 1, "not as even as noise"
    assert file.closed


def test_the_test_would_see_a_plain_file() -> None:
    frame, plain = rows(2_000), io.BytesIO()
    frame.write_parquet(plain, compression="uncompressed", statistics=False)
    assert any(value[:6] in plain.getvalue() for value in frame["a"].drop_nulls().to_list())


def test_each_spool_has_its_own_key(tmp_path: Path, on_disk: list[IO[bytes]]) -> None:
    seen = []
    for _ in range(2):
        with Spool(tmp_path, 0) as spool:
            spool.add(rows(50))
            on_disk[-1].seek(0)
            seen.append(on_disk[-1].read())
    assert seen[0] != seen[1]


def test_closed_after_an_error(tmp_path: Path, on_disk: list[IO[bytes]]) -> None:
    def fails_on_the_way(spool: Spool) -> None:
        spool.add(rows(50))
        raise KeyError

    with pytest.raises(KeyError), Spool(tmp_path, 0) as spool:
        fails_on_the_way(spool)
    assert on_disk[0].closed


def test_an_altered_file_is_noticed(tmp_path: Path, on_disk: list[IO[bytes]]) -> None:
    with Spool(tmp_path, 0) as spool:
        spool.add(rows(50))
        on_disk[0].seek(20)
        on_disk[0].write(b"\x00\x01\x02\x03")
        with pytest.raises(OutputError, match="tussenbestand is op de schijf beschadigd"):
            list(spool.sorted())


class FullDisk(io.BytesIO):
    """A file that takes nothing."""

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.tempfile, "TemporaryFile", lambda **how: FullDisk())
    with pytest.raises(OutputError, match="tussenbestand kan niet worden geschreven"), Spool(tmp_path, 0) as spool:
        spool.add(rows(10))


def test_no_folder_to_write_in(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="tussenbestand kan niet worden geschreven"),
        Spool(tmp_path / "weg", 0) as spool,
    ):
        spool.add(rows(10))


def test_nothing_is_opened_within_the_budget(tmp_path: Path, on_disk: list[IO[bytes]]) -> None:
    through(tmp_path, rows(), 2**30)
    assert on_disk == []


def test_no_file_is_left_to_the_garbage_collector(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        through(tmp_path, rows(200), 0)
        gc.collect()
    assert caught == []
