"""The keyed hash: two implementations that agree, keys that are checked, and sabotage that is noticed."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import Cast, bsn

from linkage.errors import LinkageError, SelfCheckFailed
from linkage.holder import encode as room
from linkage.holder import pseudonymise as scheme_room
from linkage.holder.minimise import MinimalBatch
from linkage.holder.normalise import Job
from linkage.holder.pseudonymise import IMPLEMENTATIONS, KNOWN, KNOWN_KEY, Pseudonymiser, pseudonymiser, self_check

KEY = hashlib.sha256(b"a key of tests").hexdigest()
canonical = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=55)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("pseudonyms"))


def job(cast: Cast, holder: str = "stadsbank") -> Job:
    return room.job_of(cast.study(), holder, holder)


def column(*cells: str | None) -> pl.Series:
    return pl.Series("x", cells, dtype=pl.String)


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@settings(max_examples=60, deadline=None)
@given(cells=st.lists(st.none() | canonical, max_size=40))
def test_implementations_agree_with_hmac(name: str, cells: list[str | None]) -> None:
    found = IMPLEMENTATIONS[name](column(*cells), KEY).to_list()
    plain = [None if c is None else hmac.new(KEY.encode(), c.encode(), hashlib.sha256).digest()[:16] for c in cells]
    assert found == plain


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_null_has_no_pseudonym_and_length_is_sixteen(name: str) -> None:
    made = IMPLEMENTATIONS[name](column(None, "", "a"), KEY)
    assert made.dtype == pl.Binary
    assert [value and len(value) for value in made.to_list()] == [None, 16, 16]


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_a_column_that_is_all_null(name: str) -> None:
    assert IMPLEMENTATIONS[name](column(None, None), KEY).to_list() == [None, None]


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_other_keys_give_other_pseudonyms(name: str) -> None:
    assert IMPLEMENTATIONS[name](column("a"), KEY).to_list() != IMPLEMENTATIONS[name](column("a"), KNOWN_KEY).to_list()


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
@pytest.mark.parametrize("key", ["", "0", KEY[:-1], KEY + "0", KEY * 2])
def test_keys_of_another_length_are_refused(name: str, key: str) -> None:
    with pytest.raises(SelfCheckFailed) as caught:
        IMPLEMENTATIONS[name](column("a"), key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("name", sorted(IMPLEMENTATIONS))
def test_known_answers(name: str) -> None:
    self_check(name)
    assert {
        name: value.hex() for name, value in zip(KNOWN, IMPLEMENTATIONS[name](column(*KNOWN), KNOWN_KEY), strict=True)
    } == KNOWN


def test_an_unknown_implementation(cast: Cast) -> None:
    with pytest.raises(KeyError):
        pseudonymiser(job(cast), cast.root, "fastest")


def unkeyed(cells: pl.Series, key: str) -> pl.Series:
    """A hash that forgot its key: the sabotage that matters."""
    made = [None if c is None else hashlib.sha256(c.encode()).digest()[:16] for c in cells]
    return pl.Series(cells.name, made, dtype=pl.Binary)


def wrong_for_real_keys_only(cells: pl.Series, key: str) -> pl.Series:
    """One that passes the known answers."""
    return IMPLEMENTATIONS["reference"](cells, key) if key == KNOWN_KEY else unkeyed(cells, key)


def one_row_too_few(cells: pl.Series, key: str) -> pl.Series:
    return IMPLEMENTATIONS["reference"](cells, key).head(max(cells.len() - 1, 0))


def shifted(cells: pl.Series, key: str) -> pl.Series:
    return IMPLEMENTATIONS["reference"](cells, key).shift(1)


def test_the_self_check_at_the_start(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(IMPLEMENTATIONS, "sabotaged", unkeyed)
    with pytest.raises(SelfCheckFailed, match="rekent pseudoniemen niet goed uit"):
        pseudonymiser(job(cast), cast.root, "sabotaged")


@pytest.mark.parametrize("sabotage", [wrong_for_real_keys_only, one_row_too_few, shifted])
def test_the_sample_of_every_batch(monkeypatch: pytest.MonkeyPatch, sabotage: scheme_room.Hash) -> None:
    monkeypatch.setitem(IMPLEMENTATIONS, "sabotaged", sabotage)
    batch = MinimalBatch(pl.DataFrame({"id:bsn": [bsn(1), None, bsn(2)], "n": [1, 2, 3]}))
    with pytest.raises(SelfCheckFailed):
        Pseudonymiser({"bsn": KEY}, "sabotaged").apply(batch)


def test_sabotage_ends_an_encoding_without_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = Cast(tmp_path)
    cast.exports["stadsbank"] = [{"bsn": bsn(1), "debt": "1,00"}]
    monkeypatch.setitem(IMPLEMENTATIONS, "polars-hash", wrong_for_real_keys_only)
    with pytest.raises(SelfCheckFailed):
        cast.encode("stadsbank")
    assert list((tmp_path / "inbox").iterdir()) == []


def test_the_library_never_tells_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its errors may hold the query plan, and the plan holds the key."""

    def fails(*what: object) -> None:
        raise pl.exceptions.ComputeError(f"plan with {KEY}")

    monkeypatch.setattr(pl.DataFrame, "select", fails)
    with pytest.raises(SelfCheckFailed) as caught:
        IMPLEMENTATIONS["polars-hash"](column("a"), KEY)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_no_identifier_is_left_in_a_batch(cast: Cast) -> None:
    scheme = pseudonymiser(job(cast), cast.root)
    data = {
        "id:bsn": [bsn(1), None],
        "id:address": [None, "7607AB|1|"],
        "id:address-number": [None, "7607AB|1"],
        "n": [1, 2],
    }
    made = scheme.apply(MinimalBatch(pl.DataFrame(data))).frame
    assert made.schema == {"bsn": pl.Binary, "address": pl.Binary, "address-number": pl.Binary, "n": pl.Int64}
    assert made["address"][1] != made["address-number"][1]
    assert not any(key in repr(scheme) for key in scheme.keys.values())


def test_fields_have_keys_of_their_own(cast: Cast) -> None:
    keys = pseudonymiser(job(cast, "stadsbank"), cast.root).keys
    assert len(set(keys.values())) == len(keys) == 3


def test_every_implementation_gives_the_same_package_body(cast: Cast) -> None:
    rows = pl.DataFrame({"id:bsn": [bsn(n) for n in range(200)], "n": range(200)})
    made = [Pseudonymiser({"bsn": KEY}, name).apply(MinimalBatch(rows)).frame for name in IMPLEMENTATIONS]
    assert all(frame.equals(made[0]) for frame in made)


def test_the_tree_has_an_exit_code_for_it() -> None:
    assert issubclass(SelfCheckFailed, LinkageError)
    assert SelfCheckFailed.exit_code == 80
