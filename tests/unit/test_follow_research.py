"""Follow-up tables: what becomes of a group, what may leave, and what an attacker makes of it."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.optimize import linprog
from waves import WaveCast

from linkage.cli import main
from linkage.codebook import fields
from linkage.errors import DisclosureRefused, HouseholdFileWrong, ResearchError
from linkage.research.follow import FollowUp, Waves, follow_up, release, said, tables, write
from linkage.research.households import FORMAT, HouseholdFile, open_households
from linkage.study import Study

DAY = dt.date(2020, 1, 1)
RULE = {"same_when": '"most-members"', "least_share": '"0.34"'}
TYPES = {"text": pl.String(), "integer": pl.Int64(), "boolean": pl.Boolean()}
Family = dict[str, Any]


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> list[Study]:
    folder = tmp_path_factory.mktemp("studies")
    return [WaveCast(folder / str(wave), wave=wave, follow=RULE).study() for wave in (1, 2, 3)]


def file_of(study: Study, families: list[Family]) -> HouseholdFile:
    """A household file of which only a few columns say something."""
    columns = {field.name: TYPES[field.type] for field in fields(study.protocol)}
    rows = [{"has_child_lt18": True, "adults": 1, "minors": 1, **family} for family in families]
    return HouseholdFile(pl.DataFrame(rows, schema=columns), study, {})


def town(seed: int, size: int = 40, comparison: int = 160, waves: int = 3, others: int = 30) -> list[list[Family]]:
    """The same families over the waves: `mpg` is the group, `S` the outcome."""
    draw = random.Random(seed)
    people = [(f"{n:016x}", n < size) for n in range(size + comparison)]
    first = [{"study_number": n, "mpg": mpg, "S": draw.random() < (0.7 if mpg else 0.2)} for n, mpg in people]
    made, here = [first], first
    for wave in range(1, waves):
        here = [{**f, "S": f["S"] ^ (draw.random() < 0.3)} for f in here if draw.random() < 0.9]
        fresh = [{"study_number": f"{wave:08x}{n:08x}", "mpg": False, "S": n < others} for n in range(50)]
        made.append([*here, *fresh])
    return made


def joined(studies: list[Study], made: list[list[Family]]) -> Waves:
    return follow_up([file_of(s, families) for s, families in zip(studies, made, strict=False)], "mpg", "S")


def printed(made: FollowUp) -> list[dict[str, int | None]]:
    """Per wave and group: column -> number, None where it is a star."""
    return [
        {column.name: out.value for column, out in zip(proposal.table.columns, line, strict=True)}  # type: ignore[misc]
        for proposal in made.proposals
        for line in proposal.printed
    ]


# --- counting -----------------------------------------------------------------------------------


def test_who_stays_enters_leaves_and_is_lost(studies: list[Study]) -> None:
    yes, no = {"mpg": True, "S": True}, {"mpg": True, "S": False}
    first = [{"study_number": name, **value} for name, value in zip("abcdef", (yes, yes, yes, no, no, no), strict=True)]
    first += [{"study_number": "x", "mpg": False, "S": True}, {"study_number": "y", "mpg": None, "S": True}]
    first += [{"study_number": "z", "mpg": None, "S": True, "has_child_lt18": False}]
    later = [{"study_number": "a", "S": True}, {"study_number": "b", "S": None}, {"study_number": "d", "S": True}]
    later += [{"study_number": "e", "S": False, "has_child_lt18": None}, {"study_number": "z", "S": True}]
    waves = joined(studies, [first, later])
    (table,) = tables(waves)
    counts = {row.name: [waves_count(waves, cell.key) for cell in row.cells] for row in table.rows}
    # size, start, stays, leaves, enters, without, with, lost
    assert counts == {"onderzoeksgroep": [6, 3, 1, 1, 1, 1, 2, 2], "vergelijkingsgroep": [2, 2, 0, 0, 0, 0, 0, 2]}
    assert waves.others == (1,)


def waves_count(waves: Waves, key: Any) -> int:
    rows = waves.frame.filter(pl.col("groep") == key.population)
    for name, value in key.condition:
        rows = rows.filter(pl.col(name) == value)
    return rows.height


# --- what may leave -----------------------------------------------------------------------------


def attack(waves: Waves, rows: list[dict[str, int | None]], group: int) -> list[tuple[int, float]]:
    """For each cell of a group: (true number, the highest that agrees with all that is printed), by a plain program.

    A variable per start and whole course; whoever was lost stays lost.
    """
    names = [f"meting {wave}" for wave in waves.later]
    courses = [
        (start, *course)
        for start, *course in product(("ja", "nee"), *(("ja", "nee", "weg") for _ in names))
        if all(b == "weg" for a, b in pairwise(course) if a == "weg")
    ]
    table_rows = [(number, table.rows[group]) for number, table in enumerate(tables(waves))]
    every = []
    for number, row in table_rows:
        for column, cell in zip(tables(waves)[number].columns, row.cells, strict=True):
            asked = dict(cell.key.condition) if cell.key else {}
            fits = np.array(
                [all(dict(zip(("begin", *names), c, strict=True))[k] == v for k, v in asked.items()) for c in courses]
            )
            every.append((fits.astype(float), rows[number * 2 + group][column.name], waves_count(waves, cell.key)))
    known = [(fits, value) for fits, value, _ in every if value is not None]
    if not known:
        return []
    found = []
    for fits, _, true in every:
        best = linprog(-fits, A_eq=np.array([f for f, _ in known]), b_eq=[v for _, v in known])
        assert best.status == 0
        found.append((true, -best.fun))
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("others", [0, 4, 30])
def test_nothing_below_the_threshold_is_shown_or_can_be_computed(
    seed: int, others: int, studies: list[Study], tmp_path: Path
) -> None:
    waves = joined(studies, town(seed, others=others))
    made = release(waves, tmp_path / "vervolg.jsonl", DAY)
    rows = printed(made)
    shown = [value for row in rows for value in row.values() if value is not None]
    assert len(shown) > 4
    assert not any(0 < value < 10 for value in shown)
    for group in range(2):
        for true, highest in attack(waves, rows, group):
            assert not 0 < true < 10 or highest >= 10
    if 0 < others < 10:
        assert all(row["with"] is None for row in rows[1::2])


def test_a_group_that_is_too_small_is_stars_alone_and_the_page_says_so(studies: list[Study], tmp_path: Path) -> None:
    made = release(joined(studies, town(1, size=9)), tmp_path / "vervolg.jsonl", DAY)
    assert all(value is None for row in printed(made)[0::2] for value in row.values())
    assert "De meeste cellen zijn onderdrukt" in said(made)
    for file in write(made, tmp_path / "uit"):
        assert file.stat().st_size > 0
    assert said(made) in (tmp_path / "uit" / "vervolg.txt").read_text("utf-8")


def test_the_same_again_is_the_same_and_another_question_is_refused(studies: list[Study], tmp_path: Path) -> None:
    book, made = tmp_path / "vervolg.jsonl", town(2)
    waves = joined(studies, made)
    first = printed(release(waves, book, DAY))
    before = book.read_bytes()
    assert printed(release(waves, book, DAY)) == first
    assert book.read_bytes() == before
    for other in (replace(waves, group="S"), replace(waves, outcome="mpg")):
        with pytest.raises(DisclosureRefused):
            release(other, book, DAY)
    fewer = joined(studies, [made[0][1:], *made[1:]])
    with pytest.raises(DisclosureRefused):
        release(fewer, book, DAY)


def test_a_later_wave_is_added_to_what_was_released(studies: list[Study], tmp_path: Path) -> None:
    book, made = tmp_path / "vervolg.jsonl", town(3)
    first = printed(release(joined(studies, made[:2]), book, DAY))
    both = printed(release(joined(studies, made), book, DAY))
    assert both[:2] == first
    assert len(both) == 4


# --- refusals -----------------------------------------------------------------------------------


def test_what_cannot_be_compared(studies: list[Study], tmp_path: Path) -> None:
    one, two = (file_of(study, families) for study, families in zip(studies, town(1, waves=2), strict=False))
    with pytest.raises(ResearchError):
        follow_up([one], "mpg", "S")
    with pytest.raises(ResearchError):
        follow_up([one, one], "mpg", "S")
    for name in ("adults", "followed", "wijk", "nothing"):
        with pytest.raises(ResearchError):
            follow_up([one, two], "mpg", name)
    plain = WaveCast(tmp_path / "plain", wave=2, follow=None).study()
    with pytest.raises(HouseholdFileWrong, match="niet gevolgd"):
        follow_up([one, file_of(plain, town(1)[1])], "mpg", "S")


def test_the_command(studies: list[Study], tmp_path: Path) -> None:
    arguments: list[str] = []
    for number, families in enumerate(town(5, waves=2), start=1):
        cast = WaveCast(tmp_path / str(number), wave=number, follow=RULE)
        made = file_of(cast.study(), families)
        about = {
            "format": FORMAT,
            "study": str(made.study.study.id),
            "protocol_digest": made.study.study.protocol_digest,
        }
        path = cast.folder / "research" / "households.parquet"
        made.frame.write_parquet(path, metadata={"household-linkage": json.dumps(about)})
        assert open_households(path, made.study).frame.equals(made.frame)
        arguments += ["--study", str(cast.folder / "study.toml"), "--input", str(path)]
    rest = ["--group", "mpg", "--outcome", "S", "--output", str(tmp_path / "uit")]
    done = CliRunner().invoke(main, ["follow", *arguments, *rest])
    assert done.exit_code == 0, done.output
    assert "cellen zijn onderdrukt" in done.output
    assert (tmp_path / "uit" / "vervolg.csv").exists()
    assert (tmp_path / "1" / "research" / "vervolg.jsonl").exists()
    assert CliRunner().invoke(main, ["follow", *arguments[:6], *rest]).exit_code == ResearchError.exit_code
