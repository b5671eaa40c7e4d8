"""The same household over the waves of a study: who continues which number, by the rule of the protocol.

Two households of two waves are tied by the persons who are in both. A household of the earlier wave and one of now are
one and the same when each is the other's best choice, in one total order over all such pairs; so no order of rows
decides, and nobody inherits a number by moving into somebody's old house. Normative: docs/spec/follow-v1.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from protocols.model import Follow

PERSON_KEYS = ("a_number", "bsn")
FIRST: dict[str, tuple[str, ...]] = {
    "most-members": ("shared", "minors", "reference", "same_home"),
    "reference-person": ("reference", "shared", "minors", "same_home"),
    "minors-stay-with": ("minors", "shared", "reference", "same_home"),
}
EARLIER = ("whole", "split", "dissolved", "flagged", "gone")
NOW = ("followed", "merged", "formed", "new")


@dataclass(frozen=True)
class Members:
    """Who is in which household: a row per person.

    `frame` has the keys that the register delivers (`a_number`, `bsn`: text, null where unknown), `home` (text: the
    household's own key of that wave), `study_number`, `since_wave` (integer) and `reference` (boolean, null: unknown).
    Of now it has `minor` and `kept` (booleans) too, and neither number nor wave yet.
    """

    frame: pl.DataFrame
    wave: int


@dataclass(frozen=True)
class Followed:
    """`homes` (home, study_number, since_wave) of the households that continue one, and what became of all."""

    homes: pl.DataFrame
    counted: dict[str, Any]


def follow(earlier: Members, now: Members, rule: Follow) -> Followed:
    """Which households of now continue which of the earlier wave."""
    persons, conflicts = _same_persons(earlier.frame, now.frame)
    edges = _edges(persons, earlier.frame)
    pairs = _best(_eligible(edges, rule), FIRST[rule.same_when])
    homes = pairs.join(earlier.frame.select("study_number", "since_wave").unique(), on="study_number")
    counted = {
        "rule": rule.same_when,
        "previous_wave": earlier.wave,
        "persons": {"in_both": persons.height, "conflict": conflicts},
        "earlier": _of_earlier(earlier.frame, edges, pairs),
        "now": _of_now(now.frame, edges, pairs),
    }
    return Followed(homes.select("home", "study_number", "since_wave"), counted)


# --- persons ------------------------------------------------------------------------------------


def _same_persons(earlier: pl.DataFrame, now: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Each person who is in both waves: number of then, home of now; and how many point to two persons at once.

    A number counts where exactly one person of the wave has it, as in linkage-v1, section 3.
    """
    old, new = earlier.with_row_index("old"), now.with_row_index("new")
    keys = [key for key in PERSON_KEYS if key in earlier.columns and key in now.columns]
    found = old.select("old")
    for key in keys:
        alone = [frame.filter(pl.col(key).is_not_null() & pl.col(key).is_unique()) for frame in (old, new)]
        hits = alone[0].select("old", key).join(alone[1].select("new", key), on=key)
        found = found.join(hits.select("old", pl.col("new").alias(f"by_{key}")), on="old", how="left")
    by = [pl.col(f"by_{key}") for key in keys]
    found = found.with_columns(pl.coalesce(*by).alias("new")).drop_nulls("new")
    one = pl.all_horizontal(column.is_null() | (column == pl.col("new")) for column in by) & pl.col("new").is_unique()
    same = found.filter(one).select("old", "new")
    then = old.select("old", "study_number", "reference", pl.col("home").alias("old_home"))
    return same.join(then, on="old").join(
        new.select("new", "home", "minor", "kept"), on="new"
    ), found.height - same.height


def _edges(persons: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Each pair of a household of then and one of now that have somebody in common, with what they have in common."""
    sizes = earlier.group_by("study_number").agg(pl.len().cast(pl.Int64).alias("size"))
    tied = persons.group_by("study_number", "home", "old_home", "kept").agg(
        pl.len().cast(pl.Int64).alias("shared"),
        pl.col("minor").fill_null(value=False).cast(pl.Int64).sum().alias("minors"),
        pl.col("reference").fill_null(value=False).cast(pl.Int64).max().alias("reference"),
    )
    same_home = (pl.col("home") == pl.col("old_home")).cast(pl.Int64).alias("same_home")
    return tied.with_columns(same_home).join(sizes, on="study_number").drop("old_home")


# --- households ---------------------------------------------------------------------------------


def _eligible(edges: pl.DataFrame, rule: Follow) -> pl.DataFrame:
    """Pairs that may be one household: none that is left out of the tables, and enough of the members of then."""
    places = -int(rule.least_share.as_tuple().exponent)
    whole = int(rule.least_share.scaleb(places))
    enough = pl.col("shared") * 10**places >= whole * pl.col("size")
    meant = pl.col("reference") == 1 if rule.same_when == "reference-person" else pl.lit(value=True)
    return edges.filter(pl.col("kept") & enough & meant)


def _best(edges: pl.DataFrame, first: tuple[str, ...]) -> pl.DataFrame:
    """The pairs in which each is the other's best; what is left equal is decided by the linker's own keys."""
    ordered = edges.sort([*first, "home", "study_number"], descending=[*(True for _ in first), False, False])
    chosen = [ordered.unique(subset=[side], keep="first", maintain_order=True) for side in ("study_number", "home")]
    return chosen[0].join(chosen[1], on=["study_number", "home"], how="semi").select("study_number", "home")


def _of_earlier(earlier: pl.DataFrame, edges: pl.DataFrame, pairs: pl.DataFrame) -> dict[str, int]:
    """What became of each household of then: exactly one outcome."""
    there = edges.group_by("study_number").agg(pl.len().alias("parts"), pl.col("kept").any().alias("any_kept"))
    frame = earlier.select("study_number").unique().join(there, on="study_number", how="left")
    frame = frame.join(pairs.with_columns(followed=pl.lit(value=True)), on="study_number", how="left")
    outcome = (
        pl.when(pl.col("followed").is_not_null())
        .then(pl.when(pl.col("parts") == 1).then(pl.lit("whole")).otherwise(pl.lit("split")))
        .when(pl.col("parts").is_null())
        .then(pl.lit("gone"))
        .when(pl.col("any_kept"))
        .then(pl.lit("dissolved"))
        .otherwise(pl.lit("flagged"))
    )
    return _counted(frame.select(outcome.alias("outcome"))["outcome"], EARLIER)


def _of_now(now: pl.DataFrame, edges: pl.DataFrame, pairs: pl.DataFrame) -> dict[str, int]:
    """Where each household of now comes from: exactly one outcome; those left out of the tables are not counted."""
    came = edges.group_by("home").agg(pl.len().alias("parts"))
    frame = now.filter("kept").select("home").unique().join(came, on="home", how="left")
    frame = frame.join(pairs.with_columns(followed=pl.lit(value=True)), on="home", how="left")
    outcome = (
        pl.when(pl.col("followed").is_not_null())
        .then(pl.when(pl.col("parts") == 1).then(pl.lit("followed")).otherwise(pl.lit("merged")))
        .when(pl.col("parts").is_null())
        .then(pl.lit("new"))
        .otherwise(pl.lit("formed"))
    )
    return _counted(frame.select(outcome.alias("outcome"))["outcome"], NOW)


def _counted(outcomes: pl.Series, names: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = dict(outcomes.value_counts().iter_rows())
    return {name: int(found.get(name, 0)) for name in names}
