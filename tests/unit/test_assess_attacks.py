"""Each attack of the self-test succeeds where it must, and fails where a measure stands in its way."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulator import HOLDERS, TODAY, Cast, a_number, bsn, inhabitant, minimal

from linkage.assess import (
    coalitions,
    dictionary,
    drawing,
    holder_page,
    linker,
    linker_page,
    officer,
    officer_page,
    order,
)
from linkage.assess import holder as holder_room
from linkage.assess.page import Page, machine, render
from linkage.assess.result import Attack
from linkage.assess.structure import fingerprint
from linkage.assess.town import MARKER, Town, load
from linkage.errors import InputUnreadable, RecipientWrong, WrongKey
from linkage.files import make_folder, write_text
from linkage.holder import encode as encode_room
from linkage.holder.packed import behind, unpack
from linkage.keys import new_linker, save

PEOPLE = 60


def street(folder: Path) -> Cast:
    """Sixty people in thirty households, and every holder knows some of them; the register lies in order of address."""
    cast = minimal(folder)
    cast.exports["gemeente"] = [
        inhabitant(place, place // 2, place="alleenstaand", moves=place % 3) for place in range(PEOPLE)
    ]
    cast.exports["sociale-dienst"] = [{"bsn": bsn(place), "bijstand": place % 13} for place in range(PEOPLE)]
    cast.exports["corporatie-a"] = [
        {"postcode": "7607AB", "house_number": str(1 + place), "nuisance": place % 2} for place in range(PEOPLE // 2)
    ]
    return cast


def as_demo(cast: Cast, folder: Path) -> Path:
    """The folder that `linkage demo` would have left: each party's own things in a folder of its own."""
    make_folder(folder)
    write_text(folder / MARKER, "x\n")
    delivering = [name for name in HOLDERS if cast.exports.get(name)]
    text = (cast.folder / "study.toml").read_text("utf-8")
    head, *entries = text.split("[[holder]]")
    *entries, last = entries
    last, root = last.split("\n[root]")
    kept = [one for one in (*entries, last) if re.search(r'^id = "(.*)"$', one, re.MULTILINE)[1] in delivering]  # type: ignore[index]
    write_text(folder / "study.toml", "[[holder]]".join([head, *kept]) + "\n[root]" + root)
    for name in delivering:
        home = make_folder(folder / "holders" / name)
        save(home / f"{name}.identity", cast.holder_keys[name], None)
        save(home / "study.root", cast.root, None)
        (home / "export.csv").write_bytes(cast.export(name).read_bytes())
    institute = make_folder(folder / "institute")
    save(institute / "institute.identity", cast.linker, None)
    (institute / "inbox").symlink_to(cast.folder / "inbox")
    (institute / "research").symlink_to(cast.folder / "research")
    return folder


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("officer")
    cast = street(base / "cast")
    cast.encode_all()
    cast.link()
    return as_demo(cast, base / "town")


@pytest.fixture(scope="module")
def town(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Town:
    return load(demo_folder, TODAY, tmp_path_factory.mktemp("work"))


def by_name(attacks: tuple[Attack, ...]) -> dict[str, Attack]:
    return {one.name: one for one in attacks}


def run(town: Town, folder: Path) -> dict[str, Attack]:
    return by_name(tuple(coalitions.matrix(town, folder)))


# --- who can do what ------------------------------------------------------------------------------


def test_only_linker_and_holder_together_recover_anything(town: Town, tmp_path: Path) -> None:
    found = run(town, tmp_path)
    assert {name for name, one in found.items() if one.recovered} == {"linker-and-holder"}
    together = found["linker-and-holder"]
    assert together.recovered == together.targets > PEOPLE
    assert all(one.as_claimed and one.targets > 0 for one in found.values())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_not_rekeyed_falls_to_the_holders_keys(town: Town, tmp_path: Path) -> None:
    """The same household file, its study numbers made of the holders' pseudonyms: the attack finds every one."""
    known = dictionary.household_pseudonyms(town.bodies["gemeente"])
    plain = dictionary.plain_numbers({"household-number": known["pseudonym"].unique()})
    bad = replace(town, households=town.households.with_columns(plain.alias("study_number")))
    found = run(bad, tmp_path)
    assert found["researcher-and-holders"].recovered == town.households.height
    assert not found["researcher-and-holders"].as_claimed
    assert found["researcher"].recovered == 0


def test_a_package_that_was_not_sealed_falls_to_who_has_the_root(town: Town, tmp_path: Path) -> None:
    raw = tmp_path / "open.package"
    raw.write_bytes(b"xyz" + b"".join(town.bodies["sociale-dienst"]["bsn"].to_list()))
    found = run(replace(town, packages={**town.packages, "sociale-dienst": raw}), tmp_path)
    assert found["holder"].recovered >= PEOPLE
    assert not found["holder"].as_claimed
    assert found["courier"].recovered == 0


def test_a_linker_that_was_given_the_root_recovers_all(town: Town, tmp_path: Path) -> None:
    loot = coalitions.Loot(
        (town.root.secret, town.linker.rekey), {"linker": town.linker.private_key()}, households=True
    )
    found = coalitions.Attacker(town, tmp_path).run(loot)
    assert (found.rows_found, found.households_found) == (found.rows, found.households)
    assert found.households == PEOPLE // 2


def test_the_root_does_not_open_a_package(town: Town, tmp_path: Path) -> None:
    from linkage.assess.bodies import opened

    with pytest.raises(RecipientWrong):
        opened(town.packages["gemeente"], town.holders["gemeente"].private_key(), tmp_path)


# --- dictionaries ---------------------------------------------------------------------------------


def test_dictionaries_succeed_with_the_root_alone(town: Town) -> None:
    found = by_name(officer._dictionaries(town))
    assert {name: one.share for name, one in found.items()} == {
        "dictionary-with-root": 1.0,
        "dictionary-without-root": 0.0,
        "dictionary-unkeyed": 0.0,
        "if-unkeyed": 1.0,
    }
    assert found["dictionary-with-root"].targets == 2 * PEOPLE + PEOPLE // 2
    assert found["dictionary-without-root"].tries == officer.GUESSED_KEYS * found["dictionary-with-root"].tries


def test_holders_that_hash_without_a_key_would_be_noticed(town: Town) -> None:
    """A plain hash in place of the pseudonyms: anybody undoes it, and the claim does not hold."""
    made = dictionary.unkeyed({"bsn": town.identifiers["sociale-dienst"]["bsn"]}).made["bsn"]
    body = town.bodies["sociale-dienst"].with_columns(made.alias("bsn"))
    found = by_name(officer._dictionaries(replace(town, bodies={"sociale-dienst": body})))
    assert found["dictionary-unkeyed"].share == 1.0
    assert not found["dictionary-unkeyed"].as_claimed


def test_the_file_without_rekeying_for_comparison(town: Town) -> None:
    (found,) = officer._stolen(town)
    assert (found.recovered, found.targets) == (PEOPLE // 2, PEOPLE // 2)


# --- order ----------------------------------------------------------------------------------------


def test_the_order_of_a_sealed_package_tells_nothing_and_that_of_the_export_all(town: Town) -> None:
    found = officer._order(town, "gemeente")
    assert found.rows == PEOPLE
    assert found.left_in_order == 1.0
    assert found.sealed < 0.25
    assert abs(found.correlation) < 0.6


def test_rows_that_were_not_shuffled_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that keeps the order of the export: the attack on the order recovers everything."""

    class Unsorted(encode_room.Spool):
        def sorted(self) -> Iterator[pl.DataFrame]:
            yield unpack(behind(self._held), self._schema)

    monkeypatch.setattr(encode_room, "Spool", Unsorted)
    cast = street(tmp_path / "cast")
    cast.exports["gemeente"].sort(key=lambda row: f"7607AB|{row['house_number']}|")
    cast.encode_all()
    cast.link()
    town = load(as_demo(cast, tmp_path / "town"), TODAY, tmp_path)
    found = officer._order(town, "gemeente")
    assert found.sealed == 1.0
    assert found.correlation > 0.99  # couples share an address
    attacks = by_name(officer._order_attacks((found,)))
    assert not attacks["order-as-sealed"].as_claimed
    seen = linker.assess(
        cast.study(), cast.folder / "research" / "households.parquet", TODAY, cast.folder / "inbox", cast.linker
    )
    assert [one.holder for one in seen.bodies if not one.ordered]
    assert not linker_page.page(seen).good


def test_neighbours_in_a_street_are_alike() -> None:
    frame = pl.DataFrame({"wijk": [place // 50 for place in range(500)]})
    alike, chance = order.neighbours(frame)
    assert alike > 0.95
    assert chance == pytest.approx(0.098, abs=0.01)
    shuffled, _ = order.neighbours(frame.sample(fraction=1, shuffle=True, seed=1))
    assert shuffled < 0.2
    assert order.neighbours(frame.head(1)) == (0.0, 0.0)


def test_rows_of_one_person_are_no_neighbours() -> None:
    frame = pl.DataFrame({"ground": [place for place in range(40) for _ in range(3)]})
    who = pl.Series([place for place in range(40) for _ in range(3)])
    assert order.neighbours(frame)[0] > 0.6
    assert order.neighbours(frame, who)[0] == 0.0


# --- structure ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 4))), min_size=1, max_size=80))
def test_structure_is_counted_as_a_slow_reference_does(rows: list[tuple[int, int | None]]) -> None:
    frame = pl.DataFrame(rows, {"a": pl.Int64, "b": pl.Int64}, orient="row")
    found = fingerprint(frame, ["a", "b"], ("a", "b"), 10)
    sizes = Counter(rows)
    assert found.expected == pytest.approx(sum(1 / sizes[row] for row in rows) / len(rows))
    assert found.unique == pytest.approx(sum(sizes[row] == 1 for row in rows) / len(rows))
    assert found.small == pytest.approx(sum(sizes[row] < 10 for row in rows) / len(rows))


# --- the pages ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def attacked(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> officer.OfficerFindings:
    """Everything that the officer runs, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(officer, "SPEED_TRIES", 20_000)
        return officer.assess(demo_folder, TODAY, tmp_path_factory.mktemp("attacked"), lambda _text: None)


@pytest.fixture(scope="module")
def pages(
    demo_folder: Path, town: Town, attacked: officer.OfficerFindings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Page]:
    export = demo_folder / "holders" / "sociale-dienst" / "export.csv"
    job = encode_room.job_of(town.study, "sociale-dienst", "uitkeringen")
    own = holder_room.assess(job, export, tmp_path_factory.mktemp("pages"), lambda _done, _total: None)
    file = demo_folder / "institute" / "research" / "households.parquet"
    return {
        "holder": holder_page.page(own),
        "linker": linker_page.page(linker.assess(town.study, file, TODAY)),
        "officer": officer_page.page(attacked),
    }


@pytest.mark.parametrize("role", ["holder", "linker", "officer"])
def test_a_page_stands_alone_and_holds_no_value(pages: dict[str, Page], town: Town, role: str) -> None:
    text, numbers = render(pages[role], TODAY), machine(pages[role], TODAY)
    assert pages[role].good
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=\"(?!data:image/svg|#)", text)
    shown = text + numbers
    for place in range(PEOPLE):
        assert bsn(place) not in shown
        assert a_number(place) not in shown
    assert "7607" not in shown
    for secret in (town.root.secret, town.linker.seed, town.linker.rekey):
        assert secret.hex() not in shown
    for number in town.households["study_number"]:
        assert number not in shown
    assert json.loads(numbers)["role"] == role
    assert render(pages[role], TODAY) == text


def test_every_figure_says_in_words_what_it_shows_and_has_its_table(pages: dict[str, Page]) -> None:
    for page in pages.values():
        tables = {table.id for section in page.sections for table in section.tables if table.rows}
        for figure in (figure for section in page.sections for figure in section.figures):
            assert figure.table in tables
            assert "%" in figure.alt or "alles" in figure.alt


def test_every_key_of_the_numbers_is_in_the_specification(pages: dict[str, Page]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "spec" / "assess-v1.md").read_text("utf-8")
    words = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    for page in pages.values():
        content: dict[str, Any] = json.loads(machine(page, TODAY))
        assert set(content) <= words
        for attack in (*content.get("attacks", ()), *content.get("coalitions", ())):
            assert {*attack, attack["name"], attack["claim"]} <= words
        for known in content["known"]:
            assert set(known) <= words


def test_a_claim_that_does_not_hold_is_said(attacked: officer.OfficerFindings) -> None:
    assert all(one.as_claimed for one in attacked.coalitions)
    broken = replace(attacked.coalitions[0], recovered=1)
    page = officer_page.page(replace(attacked, coalitions=(broken, *attacked.coalitions[1:])))
    assert not page.good
    assert "klopt niet" in page.verdict
    assert "NEE" in render(page, TODAY)


def test_an_attack_without_a_target_shows_nothing() -> None:
    assert not Attack("x", "x", "x", 0, 0, "none").as_claimed
    assert not Attack("x", "x", "x", 0, 0, "all").as_claimed
    assert Attack("x", "x", "x", 1000, 9, "little", by_chance=1).as_claimed
    assert not Attack("x", "x", "x", 1000, 11, "little", by_chance=1).as_claimed


def test_chance_is_that_of_random_orders() -> None:
    """Over many shuffles as many rows lie right as is said to be expected, with identifiers that occur more often."""
    rows = pl.Series([1, 1, 1, 2, 2, *range(3, 30)])
    found = [order.aligned(rows.sample(fraction=1, shuffle=True, seed=seed), rows) for seed in range(2_000)]
    assert sum(found) / len(found) == pytest.approx(order.by_chance(rows), rel=0.1)


def test_a_percentage_never_hides_a_few() -> None:
    shown = [drawing.percent(share) for share in (0, 0.00001, 0.0003, 0.104, 0.9999, 1)]
    assert shown == ["0,0%", "< 0,01%", "0,03%", "10,4%", "> 99,9%", "100,0%"]


def test_only_the_folder_of_a_demo_is_attacked(tmp_path: Path) -> None:
    with pytest.raises(InputUnreadable, match="geen map van"):
        load(tmp_path, TODAY, tmp_path)


def test_the_linker_needs_its_own_identity(demo_folder: Path, town: Town) -> None:
    institute = demo_folder / "institute"
    with pytest.raises(WrongKey):
        linker.assess(
            town.study,
            institute / "research" / "households.parquet",
            TODAY,
            institute / "inbox",
            new_linker("institute"),
        )
