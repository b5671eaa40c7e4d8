"""Released tables for tests of the report: a small town of two wijken, with every kind of table.

The numbers are made up and agree with each other; `"*"` is hidden. The seal is taken from the gate, as only tests may.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from linkage.research import book
from linkage.research.disclosure import _SEAL, Release, ReleasedCell, ReleasedRow, ReleasedTable
from linkage.research.tables import Column, TableKind
from linkage.study import Study
from protocols.model import StudyProtocol

Shown = int | str | None
Rows = Mapping[str, Sequence[Shown]]
ALL = ("tabel1", "kaart", "tabel5", "stapeling", "tabel5b", "kosten", "kosten_onderdelen", "scenarios", "koppeling")


def cell(value: Shown) -> ReleasedCell:
    """A whole number, a decimal as text, a star, or nothing."""
    if value == "*":
        return ReleasedCell(None, hidden=True)
    return ReleasedCell(Decimal(value) if isinstance(value, str) else value)


def table(name: str, kind: TableKind, columns: Sequence[Column], rows: Rows, title: str = "") -> ReleasedTable:
    """A released table; rows by `name` or `name|title`."""
    made = []
    for key, values in rows.items():
        own, _, words = key.partition("|")
        made.append(ReleasedRow(own, words or own, tuple(cell(value) for value in values)))
    return ReleasedTable(name, title or name, kind, tuple(columns), tuple(made), "*", seal=_SEAL)


def counted(*names: str, decimals: int = 1) -> list[Column]:
    """N, and per name a count and its percentage."""
    columns = [Column("N", "Aantal")]
    for name in names:
        columns += [Column(name, f"Titel {name}"), Column(f"{name}_pct", f"Titel {name} (%)", decimals)]
    return columns


def euros(*names: str) -> list[Column]:
    """Columns of amounts."""
    return [Column(name, name, unit="euro") for name in names]


def overlap(domains: Sequence[str], rows: Rows) -> ReleasedTable:
    """An overlap table with these domains, everybody, and `mvp`."""
    columns = [*(Column(name, name) for name in domains), Column("all", "Alle gezinnen"), Column("mvp", "Waarvan mvp")]
    return table("tabel5", "overlap", columns, rows)


def tables() -> tuple[ReleasedTable, ...]:
    """Every kind of table."""
    return (
        table(
            "tabel1",
            "by-area",
            counted("S", "S_poverty", "S_ww"),
            {
                "gemeente|Stad": [400, 180, "45.0", 120, "30.0", "*", "*"],
                "Noord": [100, 80, "80.0", 70, "70.0", "*", "*"],
                "Zuid": [300, 100, "33.3", 50, "16.7", 30, "10.0"],
            },
        ),
        table(
            "kaart",
            "by-area",
            counted("mpg", decimals=2),
            {
                "gemeente|Stad": [1000, 40, "4.00"],
                "Noord": [300, 15, "5.00"],
                "Zuid": [700, 25, "3.57"],
            },
        ),
        overlap(
            "SAC",
            {
                "not_in_domain": [220, 300, 320, None, None],
                "in_domain": [180, 100, 80, None, None],
                "only_this_domain": [100, 40, 30, None, None],
                "and_S": [None, 60, 50, None, None],
                "and_A": [60, None, 30, None, None],
                "and_C": [50, 30, None, None, None],
                "all": [None, None, None, 400, 30],
                "mpg": [None, None, None, 20, None],
            },
        ),
        table(
            "stapeling",
            "stacking",
            counted("S", "A")[1:],
            {
                "0": [220, "55.0", 300, "75.0"],
                "1": [150, "37.5", "*", "*"],
                "2|2 of meer": [30, "7.5", "*", "*"],
                "all|Allen": [400, None, 400, None],
            },
        ),
        table(
            "tabel5b",
            "municipalities",
            [Column("n", "n"), Column("households", "Alle huishoudens"), Column("per_100", "Per 100", 2)],
            {"gemeente|Stad": [40, 1000, "4.00"], "gemeente:Borne|Borne": [22, 9104, "0.24"]},
        ),
        table(
            "kosten",
            "costs",
            [Column("households", "Huishoudens"), *euros("total", "mean")],
            {
                "mpg|Multiprobleemgezinnen": [40, 2_000_000, 50_000],
                "families_with_problems|Andere": [160, 1_600_000, 10_000],
                "other_households|Overige": [800, "*", "*"],
                "other-families-with-problems|Alle andere (D25)": [160, 1_600_000, 12_500],
            },
        ),
        table(
            "kosten_onderdelen",
            "cost-parts",
            euros("mpg", "mpg_mean", "families_with_problems", "families_with_problems_mean"),
            {
                "zorg|Zorg": [1_200_000, 30_000, "*", "*"],
                "uitkering|Uitkering": [800_000, 20_000, "*", "*"],
                "all|Alles": [2_000_000, 50_000, 1_600_000, 10_000],
            },
        ),
        table(
            "scenarios",
            "scenarios",
            euros("mpg", "families_with_problems"),
            {"a|Prijs lager": [-300_000, 0], "b|Met leed": [500_000, 10], "c|Minder": ["*", "*"]},
        ),
        table(
            "koppeling",
            "quality",
            [Column("delivered", "Rijen"), Column("person_pct", "Persoon (%)"), Column("address_pct", "Adres (%)")],
            {"a|Politie (Twente)": [1000, 87, 4], "b|Bank (Twente)": [500, 90, "*"]},
        ),
    )


def release_of(study: Study, *chosen: ReleasedTable, names: Sequence[str] = ALL) -> Release:
    """A release of these tables, or of those of `tables()` with a name among `names`."""
    about = study.study
    entry = book.Entry(
        previous="0" * 64,
        study=str(about.id),
        wave=about.wave,
        reference_date=about.reference_date.isoformat(),
        protocol_digest=about.protocol_digest,
        released=dt.date(2016, 6, 1).isoformat(),
        tables=(),
        shown=(),
        hidden=(),
    )
    found = chosen or tuple(one for one in tables() if one.name in names)
    return Release(found, study.protocol.release, entry, (), 0, None, waves_accepted=False)


def hidden(one: ReleasedTable) -> ReleasedTable:
    """The same table with every number hidden."""
    rows = tuple(
        replace(row, cells=tuple(ReleasedCell(None, hidden=own.value is not None) for own in row.cells))
        for row in one.rows
    )
    return ReleasedTable(one.name, one.title, one.kind, one.columns, rows, one.star, seal=_SEAL)


def with_protocol(study: Study, **changes: object) -> Study:
    """The study with another protocol; the digest is not looked at here."""
    protocol: StudyProtocol = study.protocol.model_copy(update=changes)
    return study.model_copy().bound_to(protocol)
