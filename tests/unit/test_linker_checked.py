"""What lies between the child that parses and the linker (package-v1, section 5.1): every type, every wrong byte."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsed import put, rows_of
from vectors.packages import maker, reader

from linkage.errors import ContentWrong
from linkage.linker import checked as room
from linkage.transfer.manifest import Manifest, decode

MANIFEST = decode(maker.parts_of(reader.read("good").package).manifest)
COLUMNS = [column.model_dump() for column in MANIFEST.columns]
MOST = {column.name: column.maximum for column in MANIFEST.columns}
KINDS = {"boolean": pl.Boolean, "integer": pl.Int32, "category": pl.Int32}
SCHEMA = dict.fromkeys(MANIFEST.pseudonyms, pl.Binary) | {c.name: KINDS[c.type] for c in MANIFEST.columns}


def values(name: str) -> st.SearchStrategy[object]:
    if SCHEMA[name] == pl.Binary:
        return st.none() | st.binary(min_size=16, max_size=16)
    return st.none() | (st.booleans() if SCHEMA[name] == pl.Boolean else st.integers(0, MOST[name]))


ROWS = st.lists(st.fixed_dictionaries({name: values(name) for name in SCHEMA}), max_size=20)


def frame(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


def some(count: int, seed: int = 0) -> pl.DataFrame:
    rng = random.Random(seed)
    made = {
        name: [
            None if rng.random() < 0.2 else rng.randbytes(16) if kind == pl.Binary else rng.randrange(MOST[name] + 1)
            for _ in range(count)
        ]
        for name, kind in SCHEMA.items()
    }
    return pl.DataFrame(
        made, schema=dict.fromkeys(SCHEMA, pl.Int32) | dict.fromkeys(MANIFEST.pseudonyms, pl.Binary)
    ).cast(
        SCHEMA  # type: ignore[arg-type]
    )


def written(path: Path, batches: list[pl.DataFrame]) -> Manifest:
    """By the child's own code."""
    rows = sum(batch.height for batch in batches)
    fields, there = room.layout(rows, MANIFEST.pseudonyms, COLUMNS), 0
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for batch in batches:
            room.write(target, there, batch, fields)
            there += batch.height
    finally:
        os.close(target)
    return MANIFEST.model_copy(update={"rows": rows})


@given(ROWS, st.integers(1, 7))
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], cut: int
) -> None:
    path, given_rows = tmp_path_factory.mktemp("checked") / "checked", frame(rows)
    manifest = written(path, [given_rows[first : first + cut] for first in range(0, len(rows), cut)])
    assert rows_of(path, manifest) == given_rows.cast(dict.fromkeys(MOST, pl.Int32)).to_dict(as_series=False)
    assert pl.concat(room.batches(path, manifest)).equals(given_rows)


@pytest.mark.parametrize("count", [0, 1, room.BATCH - 1, room.BATCH, room.BATCH + 1])
def test_several_batches(tmp_path: Path, count: int) -> None:
    body = some(count)
    put(tmp_path / "by hand", body, MANIFEST)
    manifest = written(tmp_path / "checked", [body])
    assert (tmp_path / "checked").read_bytes() == (tmp_path / "by hand").read_bytes()
    read = list(room.batches(tmp_path / "checked", manifest))
    assert [batch.height for batch in read][:1] == [min(count, room.BATCH)]
    assert pl.concat(read).equals(body)


@pytest.mark.parametrize("way", ["chunks", "out of order", "one for all", "short"])
def test_pseudonyms_as_a_reader_may_leave_them(tmp_path: Path, way: str) -> None:
    """In chunks, in any order in their buffers, one text for many rows; and texts of another width are refused."""
    body = some(500)
    if way == "chunks":
        body = pl.concat([body[:200], body[200:]], rechunk=False)
    elif way == "out of order":
        body = body.reverse()
    elif way == "one for all":
        body = body.with_columns(pl.lit(b"0123456789abcdef").alias("bsn"))
    else:
        with pytest.raises(ValueError, match="width"):
            written(tmp_path / "checked", [body.with_columns(pl.lit(b"0123456789abcde").alias("bsn"))])
        return
    manifest = written(tmp_path / "checked", [body])
    assert pl.concat(room.batches(tmp_path / "checked", manifest)).equals(body)


def at(name: str, *, mark: bool, row: int = 0) -> int:
    field = {field.name: field for field in room.layout(3, MANIFEST.pseudonyms, COLUMNS)}[name]
    return field.marks + row if mark else field.at + row * field.width


CHANGES: dict[str, Callable[[bytearray], None]] = {
    "a byte less": lambda raw: raw.pop() and None,
    "a byte more": lambda raw: raw.append(0),
    "nothing": lambda raw: raw.clear(),
    "a mark of two": lambda raw: raw.__setitem__(at("bsn", mark=True), 2),
    "a mark of 255": lambda raw: raw.__setitem__(at("wijk", mark=True, row=2), 255),
    "a boolean of two": lambda raw: raw.__setitem__(at("hulp", mark=False, row=1), 2),
    "a number above its range": lambda raw: raw.__setitem__(at("maanden", mark=False), 13),
    "a number below nought": lambda raw: raw.__setitem__(at("maanden", mark=False) + 3, 128),
    "a category that is not there": lambda raw: raw.__setitem__(at("wijk", mark=False, row=2), 2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_child_may_not_write(tmp_path: Path, name: str) -> None:
    """The linker finds it by itself, whatever the child said."""
    known = pl.DataFrame(
        [[bytes(16)] * 3 if kind == pl.Binary else [0] * 3 for kind in SCHEMA.values()],
        schema={name: pl.Int32 if kind == pl.Boolean else kind for name, kind in SCHEMA.items()},
    ).cast(SCHEMA)  # type: ignore[arg-type]
    manifest = written(tmp_path / "checked", [known])
    assert pl.concat(room.batches(tmp_path / "checked", manifest)).equals(known)
    raw = bytearray((tmp_path / "checked").read_bytes())
    CHANGES[name](raw)
    (tmp_path / "checked").write_bytes(raw)
    with pytest.raises(ContentWrong):
        list(room.batches(tmp_path / "checked", manifest))


def test_what_is_under_a_mark_of_nought_is_not_read(tmp_path: Path) -> None:
    manifest = written(tmp_path / "checked", [some(3).clear(), frame([dict.fromkeys(SCHEMA)] * 3)])
    raw = bytearray((tmp_path / "checked").read_bytes())
    raw[at("maanden", mark=False)] = 99
    (tmp_path / "checked").write_bytes(raw)
    assert pl.concat(room.batches(tmp_path / "checked", manifest))["maanden"].to_list() == [None] * 3


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    manifest = written(tmp_path / "checked", [some(3)])
    (tmp_path / "link").symlink_to(tmp_path / "checked")
    with pytest.raises(OSError):  # noqa: PT011 -- the system's own words
        list(room.batches(tmp_path / "link", manifest))
