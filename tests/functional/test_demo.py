"""The demo as its user runs it: every cell of the published patterns, and every planted piece of dirt in its place."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from linkage.almelo import check, dirt, exports, town, truth

from linkage import keys
from linkage.transfer.package import open_body, read_header

LINKAGE = Path(sys.executable).with_name("linkage")
Demo = tuple[Path, str]


@pytest.fixture(scope="session")
def households(demo: Demo) -> pl.DataFrame:
    return pl.read_parquet(demo[0] / "institute" / "research" / "households.parquet")


@pytest.fixture(scope="session")
def numbers(demo: Demo) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((demo[0] / "institute" / "research" / "linkage.json").read_text())
    return loaded


@pytest.fixture(scope="session")
def built() -> town.Town:
    return town.build()


# --- exactly right ----------------------------------------------------------------------------------


def test_every_cell_of_the_patterns(households: pl.DataFrame) -> None:
    """Every wijk x pattern of the published tables has exactly its households, blanks as null."""
    columns = [name for name in truth.patterns()[0] if name != "n_households"]
    as_text = [pl.col(c) if c == "wijk" else pl.col(c).cast(pl.Int8).cast(pl.String).fill_null("") for c in columns]
    wanted: Counter[tuple[str, ...]] = Counter()
    for row in truth.patterns():
        wanted[tuple(row[c] for c in columns)] += int(row["n_households"])
    assert Counter(households.select(as_text).iter_rows()) == wanted
    assert len(wanted) == 1898


def test_every_count_per_wijk_and_indicator(households: pl.DataFrame) -> None:
    indicators = [name for name in truth.patterns()[0] if name not in ("wijk", "n_households")]
    counted = households.group_by("wijk").agg(pl.col(name).cast(pl.Int64).sum() for name in indicators)
    cells = {(row["wijk"], name): row[name] for row in counted.iter_rows(named=True) for name in indicators}
    wanted: Counter[tuple[str, str]] = Counter()
    for row in truth.patterns():
        for name in indicators:
            wanted[(row["wijk"], name)] += int(row[name] or 0) * int(row["n_households"])
    assert cells == dict(wanted)
    assert len(cells) == 12 * 29


def test_the_headline_numbers(numbers: dict[str, Any]) -> None:
    assert numbers["households"] == 31_392
    assert numbers["families"] == 8_555
    assert numbers["true"] == {"S": 3719, "A": 1289, "C": 1139, "mvp": 229, "mpg": 174, "three_or_more_provisions": 375}
    assert numbers["flagged"] == {"institution": 1, "too-many-persons": 1}
    assert numbers["persons_without_household"] == 0


def test_every_piece_of_dirt_led_where_it_should(numbers: dict[str, Any], built: town.Town) -> None:
    expected = dirt.expected(built)
    assert {line["holder"] for line in numbers["deliveries"]} == set(expected)
    for line in numbers["deliveries"]:
        wanted = expected[line["holder"]]
        assert line["export_rows"] == wanted["rows"]
        assert line["not_selected"] == wanted["not_selected"]
        assert line["rejected"] == wanted["rejected"]
        assert line["rows"] == wanted["delivered"]
        assert {way: n for way, n in line["linked"].items() if n} == {w: n for w, n in wanted["linked"].items() if n}


def test_households_that_cannot_be_are_in_a_file_of_their_own(demo: Demo) -> None:
    flagged = pl.read_parquet(demo[0] / "institute" / "research" / "flagged.parquet")
    sizes = flagged.select(pl.col("adults") + pl.col("minors")).to_series().to_list()
    assert dict(zip(flagged["flag"].to_list(), sizes, strict=True)) == {"institution": 140, "too-many-persons": 13}


def test_another_seed_gives_other_people_and_the_same_patterns(built: town.Town) -> None:
    other = town.build(7)
    check.verify(other)
    assert other.files != built.files


# --- what the parties have --------------------------------------------------------------------------


def test_the_linker_never_has_the_root(demo: Demo) -> None:
    institute = demo[0] / "institute"
    secrets = {keys.load_root(demo[0] / "holders" / "politie-twente" / "study.root", demo_id(demo), no_one).secret}
    names = {path.name for path in institute.rglob("*")}
    assert not [name for name in names if name.endswith(".root")]
    for path in institute.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not any(secret in raw or secret.hex().encode() in raw for secret in secrets)


def test_secrets_are_for_their_owner_alone(demo: Demo) -> None:
    secret = [path for path in demo[0].rglob("*") if path.suffix in (".identity", ".root")]
    assert len(secret) == 23
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_nothing_is_left_behind(demo: Demo) -> None:
    research = {path.name for path in (demo[0] / "institute" / "research").iterdir()}
    linked = {"households.parquet", "flagged.parquet", "codebook.csv", "linkage.json", "quality.json", "ledger.jsonl"}
    assert research == linked | {"release.jsonl", "uitvoercontrole.md"}
    assert not [
        path for path in demo[0].rglob("*") if path.name.endswith(".part") or path.name.startswith(".linkage-2")
    ]


def test_the_file_says_what_it_is(demo: Demo, households: pl.DataFrame) -> None:
    path = demo[0] / "institute" / "research" / "households.parquet"
    about = json.loads(pl.read_parquet_metadata(path)["household-linkage"])
    assert about["protocol_digest"].startswith("sha256:")
    assert len(about["packages"]) == 11
    assert [column["name"] for column in about["schema"]] == households.columns
    book = (path.with_name("codebook.csv")).read_text().splitlines()
    assert [line.split(";")[0] for line in book[1:]] == households.columns


def test_it_ends_with_the_report(demo: Demo) -> None:
    """How many families, where, which problems, what do they cost; and nothing in public points to few."""
    folder, said = demo
    for words in ("Hoeveel gezinnen? 174", "Ossenkoppelerhoek", "1,56 %", "Welke problemen?", "Wat kosten ze?"):
        assert words in said
    public = {path.name for path in (folder / "openbaar").iterdir()}
    tables = {f"tabellen.{suffix}" for suffix in ("csv", "parquet", "xlsx")}
    assert public == {*tables, "release.json", "verslag.html", "report.html"}
    released = pl.read_parquet(folder / "openbaar" / "tabellen.parquet")
    counts = released.filter(pl.col("kolom").is_in(["mpg", "N", "households"]) & pl.col("waarde").is_not_null())
    assert counts.height > 40
    assert counts.filter((pl.col("waarde") > 0) & (pl.col("waarde") < 10)).is_empty()
    map_ = released.filter((pl.col("tabel") == "kaart") & ~pl.col("rij").eq("gemeente"))
    best = {name: map_.filter(pl.col("kolom") == name).sort("waarde", nulls_last=True) for name in ("mpg", "mpg_pct")}
    shown = {name: frame.drop_nulls("waarde").row(-1, named=True)["rij"] for name, frame in best.items()}
    assert shown == {"mpg": "Ossenkoppelerhoek", "mpg_pct": "Nieuwstraat-Kwartier"}
    own = released.filter((pl.col("tabel") == "tabel5b") & (pl.col("rij") == "gemeente"))
    assert own.filter(pl.col("kolom") == "per_100")["waarde"].item() == 0.55


def test_every_star_of_the_demo_is_wide_enough(demo: Demo) -> None:
    """By the audit, which is written apart from the suppressor."""
    review = (demo[0] / "institute" / "research" / "uitvoercontrole.md").read_text(encoding="utf-8")
    widths = [float(found) for found in re.findall(r"kleinste ruimte ([\d.]+)", review)]
    assert len(widths) >= 8
    assert min(widths) >= 10


def test_it_ends_with_where_to_look(demo: Demo) -> None:
    assert "Waar u kunt kijken" in demo[1]
    for path in re.findall(r"^  (/\S+)", demo[1], flags=re.MULTILINE):
        assert Path(path).exists()


def test_a_second_demo_replaces_the_first_and_no_other_folder(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run([LINKAGE, "demo", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


# --- no identifier beyond the holders ---------------------------------------------------------------


def no_one(_name: str) -> None:
    return None


def demo_id(demo: Demo) -> Any:
    from linkage.study import load_study

    return load_study(demo[0] / "study.toml").study.id


def raw_numbers(folder: Path) -> set[str]:
    """Every number of 8 to 10 digits in the exports: BSNs and A-nummers, dates and amounts too."""
    found: set[str] = set()
    for path in (folder / "holders").rglob("*"):
        if path.suffix in (".csv", ".txt") and "afgewezen" not in path.name:
            raw = path.read_bytes()
            text = raw.decode("utf-16" if raw[:2] == b"\xff\xfe" else "latin-1")
            found.update(re.findall(r"(?<!\d)\d{8,10}(?!\d)", text))
    return found


def test_no_number_of_the_exports_reaches_the_linker(demo: Demo, households: pl.DataFrame) -> None:
    """All 70 thousand people, in what the linker can see: package files, their plain bodies, and all outputs."""
    known = raw_numbers(demo[0])
    assert len(known) > 100_000
    identity = keys.load_linker(demo[0] / "institute" / "institute.identity", no_one)
    seen: list[bytes] = []
    for path in (demo[0] / "institute" / "inbox").iterdir():
        with path.open("rb") as file:
            header = read_header(file)
            seen += [path.read_bytes(), header.encoded, b"".join(open_body(file, header, identity.private_key()))]
            seen.append(pl.read_parquet(seen[-1]).select(pl.exclude(pl.Binary)).write_csv().encode())
    # Study numbers are 16 random hexadecimal digits: eight decimals in a row say nothing there.
    seen.append(households.drop("study_number").write_csv().encode())
    seen += [(demo[0] / "institute" / "research" / name).read_bytes() for name in ("codebook.csv", "flagged.parquet")]
    seen += [(demo[0] / "institute" / "research" / name).read_bytes() for name in ("linkage.json", "quality.json")]
    for content in seen:
        # Digests, key ids and canaries are random hexadecimal text: eight decimals in a row say nothing there.
        for run in re.findall(rb"\d{8,}", re.sub(rb"[0-9a-f]{16,}", b"", content)):
            text = run.decode()
            windows = {text[i : i + size] for size in (8, 9, 10) for i in range(len(text) - size + 1)}
            assert not windows & known


def test_exports_of_the_town_are_the_same_every_time(tmp_path: Path, built: town.Town) -> None:
    first, again = (exports.write(built, tmp_path / name) for name in ("a", "b"))
    assert {h: p.read_bytes() for h, p in first.items()} == {h: p.read_bytes() for h, p in again.items()}
