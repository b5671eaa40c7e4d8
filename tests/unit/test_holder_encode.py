"""The whole way at the holder: what is counted, what is written and when, and what an error leaves behind."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from simulator import Cast, Row, bsn, inhabitant

from linkage import files, keys
from linkage.errors import (
    HolderUnknown,
    InputUnreadable,
    NothingToDeliver,
    OutputError,
    StudyIncomplete,
    TooManyRejected,
    WrongKey,
)
from linkage.holder import encode as room
from linkage.holder import records, spool
from linkage.holder.encode import Request, Sealed, Summary
from linkage.transfer.manifest import Manifest
from linkage.transfer.package import open_body, read_header

BANK = "stadsbank"


def silent(done: int, total: int) -> None:
    """No progress."""


def unseen(summary: Summary) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("encode"))


@pytest.fixture
def own_cast(tmp_path: Path) -> Cast:
    """For a test that writes another study."""
    return Cast(tmp_path)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "bank.package"


def rows(count: int, bad: int = 0) -> list[Row]:
    """Clients of the bank, of whom some have an impossible number."""
    good: list[Row] = [{"bsn": bsn(n), "debt_counselling": "ja", "debt": f"{n},00"} for n in range(count - bad)]
    return good + [{"bsn": "123456789", "debt_counselling": "nee"}] * bad


def request(cast: Cast, exported: list[Row]) -> Request:
    cast.exports[BANK] = exported
    return cast.request(BANK)


def encoded(cast: Cast, exported: list[Row], target: Path) -> Sealed:
    return room.encode(request(cast, exported), target, silent, unseen)


def opened(cast: Cast, package: Path) -> tuple[Manifest, pl.DataFrame]:
    with package.open("rb") as file:
        header = read_header(file)
        body = b"".join(open_body(file, header, cast.linker.private_key()))
    return header.manifest, pl.read_parquet(io.BytesIO(body))


def left(target: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in target.parent.iterdir()}


# --- what is counted ----------------------------------------------------------------------------


def test_the_summary_counts_rows_reasons_and_unknowns(cast: Cast) -> None:
    exported = [*rows(20, bad=2), {"bsn": bsn(50), "debt": "n.v.t."}, {}, {"postcode": "7607AB", "house_number": "1"}]
    summary = room.preview(request(cast, exported), silent)
    tally = summary.tally
    assert (tally.rows, tally.kept) == (22, 19), "a row without a single cell is no row"
    assert summary.rejected == {"bsn-check-digit": 2, "number-unreadable": 1}
    assert summary.rows_of("bsn-check-digit") == [20, 21]
    assert summary.rows_of("bsn-check-digit", most=1) == [20]
    assert tally.unknown["debt"] == 1
    assert tally.unknown["bsn"] == 1
    assert tally.classes[("bsn", "check-digit")] == 2
    assert tally.examples is not None
    assert tally.examples.height == 5


def test_the_counts_do_not_depend_on_the_size_of_a_batch(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(cast, rows(60, bad=7))
    whole = room.preview(asked, silent)
    monkeypatch.setattr(records, "BLOCK_BYTES", 100)
    pieces = room.preview(asked, silent)
    assert len(pieces.tally.refused) > 1
    assert (pieces.tally.rows, pieces.tally.kept, pieces.rejected) == (
        whole.tally.rows,
        whole.tally.kept,
        whole.rejected,
    )
    assert pieces.rows_of("bsn-check-digit") == whole.rows_of("bsn-check-digit") == list(range(55, 62))
    assert (pieces.tally.unknown, pieces.tally.classes) == (whole.tally.unknown, whole.tally.classes)


def test_rows_that_were_not_meant_are_no_rejects(cast: Cast, target: Path) -> None:
    cast.exports["gemeente"] = [inhabitant(n, n) | {"departed": "01-01-2014" if n < 8 else ""} for n in range(10)]
    seen: list[Summary] = []
    sealed = room.encode(cast.request("gemeente"), target, silent, seen.append)
    assert (seen[0].not_selected, seen[0].rejected, seen[0].tally.kept) == (8, {}, 2)
    assert sealed.rejects is None
    manifest, _ = opened(cast, target)
    assert (manifest.source.rows, manifest.source.not_selected, manifest.source.rejected, manifest.rows) == (
        10,
        8,
        {},
        2,
    )


@pytest.mark.parametrize(("bad", "allowed"), [(5, True), (6, False)])
def test_the_threshold_of_the_protocol(cast: Cast, target: Path, bad: int, allowed: bool) -> None:
    """The bank may have a quarter refused: 5 of 20."""
    asked = request(cast, rows(20, bad=bad))
    if allowed:
        assert room.encode(asked, target, silent, unseen).package == target
        return
    with pytest.raises(TooManyRejected) as caught:
        room.encode(asked, target, silent, unseen)
    said = str(caught.value)
    assert "6 van 20 rijen zijn onbruikbaar (6 x BSN bestaat niet (het controlecijfer klopt niet))" in said
    assert "staat 25% toe" in said
    assert left(target) == {}


def test_rows_not_meant_do_not_make_room_for_rejects(cast: Cast, target: Path) -> None:
    departed = [inhabitant(n, n) | {"departed": "01-01-2014"} for n in range(90)]
    cast.exports["gemeente"] = [*departed, *(inhabitant(n, n) for n in range(90, 97)), *[{"moves": 1}] * 3]
    with pytest.raises(TooManyRejected, match="3 van 10 rijen"):
        room.encode(cast.request("gemeente"), target, silent, unseen)


@pytest.mark.parametrize("exported", [[], rows(3, bad=3)])
def test_nothing_to_deliver(cast: Cast, target: Path, exported: list[Row]) -> None:
    with pytest.raises(NothingToDeliver, match="geen enkele rij kan mee"):
        encoded(cast, exported, target)
    assert left(target) == {}


def test_the_summary_is_shown_before_anything_is_written_and_before_a_refusal(cast: Cast, target: Path) -> None:
    seen: list[dict[str, bytes]] = []
    for exported in (rows(4), rows(4, bad=3)):
        with suppress(TooManyRejected):
            room.encode(request(cast, exported), target, silent, lambda summary: seen.append(left(target)))
        target.unlink(missing_ok=True)
    assert seen == [{}, {}]


def test_a_preview_writes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BUDGET_BYTES", 0)
    asked = request(cast, rows(50, bad=2))
    before = {path: path.stat().st_mtime_ns for path in cast.folder.rglob("*")}
    room.preview(asked, silent)
    assert {path: path.stat().st_mtime_ns for path in cast.folder.rglob("*")} == before


# --- what leaves --------------------------------------------------------------------------------


def test_nothing_of_the_order_of_the_export_leaves(cast: Cast, target: Path) -> None:
    exported = rows(60)
    encoded(cast, exported, target)
    first = opened(cast, target)
    encoded(cast, exported[::-1], target)
    assert first[1].equals(opened(cast, target)[1])
    assert first[1]["bsn"].to_list() == sorted(first[1]["bsn"].to_list())


def test_through_the_disk_or_not_the_body_is_the_same(
    cast: Cast, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded(cast, rows(60), target)
    memory = opened(cast, target)[1]
    monkeypatch.setattr(spool, "BUDGET_BYTES", 0)
    encoded(cast, rows(60), target)
    assert memory.equals(opened(cast, target)[1])
    assert list(left(target)) == [target.name]


def test_both_implementations_make_the_same_body(cast: Cast, target: Path) -> None:
    asked = request(cast, rows(80))
    bodies = []
    for implementation in ("reference", "polars-hash"):
        room.encode(replace(asked, implementation=implementation), target, silent, unseen)
        bodies.append(opened(cast, target)[1])
    assert bodies[0].equals(bodies[1])


def test_the_manifest_tells_what_the_body_is(cast: Cast, target: Path) -> None:
    encoded(cast, rows(20, bad=3), target)
    manifest, body = opened(cast, target)
    assert manifest.rows == body.height == 17
    assert manifest.source.rejected == {"bsn-check-digit": 3}
    assert body.columns == [*manifest.pseudonyms, *(column.name for column in manifest.columns)]
    assert body.schema["debt"] == pl.Int32
    assert pl.String not in body.dtypes


# --- the reject report --------------------------------------------------------------------------


def test_the_reject_report_has_rows_and_reasons_in_words(cast: Cast, target: Path) -> None:
    sealed = encoded(cast, rows(12, bad=2), target)
    assert sealed.rejects == target.with_name("bank.package.afgewezen.csv")
    assert sealed.rejects.read_text(encoding="utf-8-sig").splitlines() == [
        "rij;reden",
        "12;BSN bestaat niet (het controlecijfer klopt niet)",
        "13;BSN bestaat niet (het controlecijfer klopt niet)",
    ]
    assert sealed.rejects.stat().st_mode & 0o777 == 0o600
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_report_of_an_earlier_run_goes_when_nothing_is_rejected(cast: Cast, target: Path) -> None:
    encoded(cast, rows(12, bad=2), target)
    sealed = encoded(cast, rows(12), target)
    assert sealed.rejects is None
    assert list(left(target)) == [target.name]


# --- errors leave nothing, and what was there -----------------------------------------------------


def test_an_existing_package_is_replaced_as_a_whole(cast: Cast, target: Path) -> None:
    encoded(cast, rows(5), target)
    old = target.read_bytes()
    encoded(cast, rows(9), target)
    assert target.read_bytes() != old
    assert opened(cast, target)[0].rows == 9


class Stop(Exception):
    """Something unforeseen."""


def _stops(*_args: object, **_named: object) -> Any:
    raise Stop


def _no_room(*_args: object, **_named: object) -> Any:
    raise OSError(28, "geheim")


@pytest.mark.parametrize(
    ("place", "name", "failure", "error"),
    [
        (room, "write_body", _stops, Stop),
        (room, "write_body", _no_room, OutputError),
        (room, "_write_rejects", _stops, Stop),
        (files.os, "fsync", _no_room, OutputError),
        (Path, "replace", _no_room, OutputError),
    ],
)
def test_a_failing_run_leaves_the_old_package_and_the_old_report(
    cast: Cast,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: Any,
    name: str,
    failure: Callable[..., Any],
    error: type[Exception],
) -> None:
    encoded(cast, rows(12, bad=1), target)
    old = left(target)
    monkeypatch.setattr(place, name, failure)
    with pytest.raises(error) as caught:
        encoded(cast, rows(20, bad=2), target)
    assert left(target) == old
    assert "geheim" not in str(caught.value)


def test_an_interrupted_run_leaves_nothing(cast: Cast, target: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.encode(request(cast, rows(5)), target, interrupt, unseen)
    assert left(target) == {}


def test_saying_no_at_the_summary_leaves_nothing(cast: Cast, target: Path) -> None:
    with pytest.raises(Stop):
        room.encode(request(cast, rows(5)), target, silent, _stops)
    assert left(target) == {}


def test_a_folder_that_is_not_there(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"x\.package kan niet worden geschreven"):
        encoded(cast, rows(5), tmp_path / "weg" / "x.package")


def test_an_error_of_polars_tells_no_cell(cast: Cast, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object) -> Any:
        raise pl.exceptions.ComputeError("cell 111222333")

    monkeypatch.setattr(room, "normalise", fails)
    with pytest.raises(InputUnreadable, match="rij 2 t/m 6 zijn niet te verwerken") as caught:
        encoded(cast, rows(5), target)
    assert "111222333" not in str(caught.value)
    assert caught.value.__suppress_context__


# --- keys ---------------------------------------------------------------------------------------


def test_wrong_identity_wrong_root_and_no_root(own_cast: Cast, target: Path) -> None:
    asked = request(own_cast, rows(3))
    with pytest.raises(WrongKey, match="identiteit is niet die van stadsbank"):
        room.encode(replace(asked, identity=own_cast.holder_keys["politie"]), target, silent, unseen)
    with pytest.raises(WrongKey, match="hoofdsleutel is niet die van de studie"):
        room.encode(replace(asked, root=keys.RootKey(own_cast.root.study, b"x" * 32)), target, silent, unseen)
    own_cast.write_study("")
    with pytest.raises(StudyIncomplete, match=r"ontbreekt \[root\]"):
        room.encode(own_cast.request(BANK), target, silent, unseen)
    assert left(target) == {}


def test_wrong_canaries(own_cast: Cast, target: Path) -> None:
    """The key has the right id, but this program makes other pseudonyms of the reserved identifiers."""
    block = room.root_block(own_cast.study(), own_cast.root)
    address = next(line for line in block.splitlines() if line.startswith("address ="))
    own_cast.write_study(block.replace(address, f'address = "{"0" * 32}"'))
    with pytest.raises(WrongKey):
        encoded(own_cast, rows(3), target)


def test_an_entry_that_the_study_does_not_have(cast: Cast) -> None:
    with pytest.raises(HolderUnknown, match="geen houder stadsbank met levering politie"):
        room.job_of(cast.study(), BANK, "politie")


def test_no_secret_has_a_repr(cast: Cast) -> None:
    asked = request(cast, rows(1))
    assert "WWWW" not in repr(asked)
    assert cast.root.secret.hex() not in repr(asked)
    assert repr(asked.identity.seed) not in repr(asked)


def test_owner_only_also_with_a_generous_mask(cast: Cast, target: Path) -> None:
    old = os.umask(0)
    try:
        encoded(cast, rows(12, bad=1), target)
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in target.parent.iterdir()} == {0o600}
