"""Who takes part in `benchmarks/peers.py`, with the versions that are installed, and what each does less or more."""

from __future__ import annotations

from dataclasses import dataclass, replace

ENCODE, LARGER, LINK = "encode", "larger", "link"
LARGER_TIMES = 5
QUADRATIC_ROWS = 50_000


@dataclass(frozen=True)
class Entrant:
    """One program at one work. `order`: script, step and argument; `packages`: what is installed in its own
    environment, the first being the one named; none is our own environment. `at_most` persons, for what grows with
    their square.
    """

    name: str
    work: str
    order: tuple[str, str, str]
    less: str
    more: str
    packages: tuple[str, ...] = ()
    at_most: int | None = None

    @property
    def ours(self) -> bool:
        """Whether it is this project."""
        return self.name.startswith("linkage")

    def version(self, project: str, polars: str) -> str:
        """As pinned, or as in our own environment."""
        if self.packages:
            return ", ".join(self.packages[:2]).replace("==", " ")
        return project if self.ours else polars

    def size(self, asked: int) -> int:
        """The persons in the files that it gets, where so many are asked for."""
        return asked * LARGER_TIMES if self.work == LARGER else asked

    def rows(self, persons: int) -> int:
        """How many rows of the register it takes of those files."""
        return min(persons, self.at_most or persons)


PANDAS = ("pandas==3.1.1", "pyarrow==26.0.1", "numpy==2.4.6")
CLKHASH = ("clkhash==0.18.3", "anonlink==0.15.3", "numpy==2.4.6", "bitarray==2.9.3")
RECORDLINKAGE = ("recordlinkage==0.16", "pandas==2.3.3", "pyarrow==26.0.1", "numpy==2.4.6")
SPLINK = ("splink==5.0.0", "duckdb==2.0.0", "pyarrow==26.0.1")
ENCODE_MORE = (
    "Looks for identifiers in the other columns, tallies what is refused, measures how far rows single people out, "
    "seals and signs"
)
LINK_MORE = (
    "Opens and verifies the packages, checks every row, re-keys, groups to households with indicators, flags and a "
    "codebook"
)
NO_RULES = "No rules for BSN, A-nummer or Dutch addresses, no second address without suffix, no other columns"
PANDAS_LESS = (
    "The same pseudonyms and columns, as plain Parquet: no search for identifiers, no report of what was refused, no "
    "measure of singling out, no seal; one notation of dates; the whole file in memory"
)
CLKHASH_LESS = f"{NO_RULES}, not even spaces; one filter a row for all identifiers together"
OPENLINKTOKEN_LESS = (
    f"{NO_RULES}. It refuses Dutch postcodes ({{refused}} of the first 1,000): measured with the four digits, taken "
    "for a ZIP code; BSN as a social security number, without eleven test. Its own rules T1 to T5 all ask for a name, "
    "a sex or a date of birth, so it got rules of one identifier each"
)
SPINDLE_LESS = (
    f"{NO_RULES}. BSN as a social security number: {{blank}} of {{rows}} get no token. Spark has one core "
    "for the work, and its Java uses more; its start is start-up"
)

SMALL = (
    Entrant("linkage, default route", ENCODE, ("ours.py", "encode", "polars-hash"), "", ENCODE_MORE),
    Entrant("linkage, fast route", ENCODE, ("ours.py", "encode", "fast"), "", ENCODE_MORE),
    Entrant("pandas + hmac", ENCODE, ("pandas_hmac.py", "encode", "-"), PANDAS_LESS, "", PANDAS),
)
ENTRANTS = (
    *SMALL,
    Entrant(
        "clkhash",
        ENCODE,
        ("clkhash_csv.py", "encode", "-"),
        CLKHASH_LESS,
        "Filters that can be compared for likeness (here each field is exact)",
        CLKHASH,
    ),
    Entrant(
        "OpenLinkToken",
        ENCODE,
        ("openlinktoken_csv.py", "encode", "-"),
        OPENLINKTOKEN_LESS,
        "Two hashes a token; normalises names, sexes and dates of birth; can encrypt the tokens",
        ("openlinktoken==2.2.1",),
    ),
    Entrant(
        "spindle-token",
        ENCODE,
        ("spindle_spark.py", "encode", "-"),
        SPINDLE_LESS,
        "Encrypts each token (AES) and can re-encrypt it for a recipient; runs on a cluster",
        ("spindle-token==2.4.2", "pyspark==4.1.0"),
    ),
    *(replace(one, work=LARGER) for one in SMALL),
    Entrant("linkage link", LINK, ("ours.py", "link", "-"), "", LINK_MORE),
    Entrant("Polars join", LINK, ("polars_join.py", "link", "-"), "One join, written; plain files", ""),
    Entrant("pandas merge", LINK, ("pandas_hmac.py", "link", "-"), "One join, written; plain files", "", PANDAS),
    Entrant(
        "recordlinkage, block",
        LINK,
        ("recordlinkage_block.py", "link", "-"),
        "Pairs of row numbers; plain files",
        "Compares and classifies pairs that are not exact",
        RECORDLINKAGE,
    ),
    Entrant(
        "Splink on DuckDB",
        LINK,
        ("splink_exact.py", "link", "-"),
        "Pairs of row numbers; plain files",
        "Estimates probabilities for pairs that are not exact",
        SPLINK,
    ),
    Entrant(
        "anonlink",
        LINK,
        ("clkhash_csv.py", "link", "-"),
        "Pairs of row numbers; plain filters of clkhash, of the BSN alone",
        "Compares every row with every other, so it finds what is merely alike; its time grows with the square",
        CLKHASH,
        QUADRATIC_ROWS,
    ),
)
