"""The researcher's verbs for notebooks: open a household file, count, tabulate, cost, release, report. Polars out.

What `tables` and `costs` give is not suppressed and stays in the secured environment; only a `release` may leave.
The examples run on the household file of `linkage demo`; `study` and `households` are its paths.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linkage.errors import ExtraMissing, ResearchError

if TYPE_CHECKING:
    import polars as pl

    from linkage.research.disclosure import Release
    from linkage.research.run import Research as Opened


class Research:
    """A study and its household file.

    >>> import linkage
    >>> research = linkage.open_research(study, households)
    >>> research.households.height
    31392
    """

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    @property
    def households(self) -> pl.DataFrame:
        """One row per household, null where unknown (docs/spec/household-file-v1.md); with a column `kostengroep` and
        measures in cents where the protocol has costs.
        """
        return self._opened.file.frame

    def evaluate(self, name: str, *, by_area: bool = False) -> pl.DataFrame:
        """How many households have an indicator, domain, definition or selection: yes, no, unknown. Not suppressed.

        Columns: wijk (with `by_area`), yes, no, unknown (Int64). Of families where the name is about families. Raises
        ResearchError for a name that the protocol does not have.

        >>> research = linkage.open_research(study, households)
        >>> research.evaluate("mpg").rows()
        [(174, 8381, 0)]
        >>> research.evaluate("mpg", by_area=True).sort("yes").tail(1).rows()
        [('Ossenkoppelerhoek', 42, 898, 0)]
        """
        import polars as pl

        file = self._opened.file
        frame = file.population(self._population(name))
        value = pl.col(name)
        counted = [
            value.fill_null(value=False).sum().cast(pl.Int64).alias("yes"),
            (~value.fill_null(value=True)).sum().cast(pl.Int64).alias("no"),
            value.is_null().sum().cast(pl.Int64).alias("unknown"),
        ]
        if not by_area:
            return frame.select(counted)
        areas = pl.DataFrame({"wijk": list(file.areas)})
        found = frame.group_by("wijk").agg(counted)
        return areas.join(found, on="wijk", how="left", maintain_order="left").with_columns(
            pl.col("yes", "no", "unknown").fill_null(0)
        )

    def tables(self, names: Collection[str] = (), *, others: Path | str | None = None) -> dict[str, pl.DataFrame]:
        """The declared tables, cost tables and linkage quality by name, or those of `names`. Not suppressed.

        Columns: rij, and one per column of the table; amounts in euros. `others` is a CSV with figures of other
        municipalities. Raises ResearchError for an unknown name.

        >>> research = linkage.open_research(study, households)
        >>> research.tables(["kaart"])["kaart"].filter(pl.col("mpg_pct") > 1).select("rij", "mpg", "mpg_pct").rows()
        [('Nieuwstraat-Kwartier', 23, 1.56), ('Ossenkoppelerhoek', 42, 1.41)]
        """
        from linkage.research import run as room

        made = room.tables_of(self._opened, names=names, others=_others(others))
        return {sheet.name: _wide(sheet) for sheet in room.unreleased(self._opened, made)}

    def costs(self) -> pl.DataFrame:
        """Euros per household: study_number, group, a column per price, total (Decimal). Not suppressed.

        Null where the use is unknown. Raises CostsIncomplete where the protocol has no costs.

        >>> research = linkage.open_research(study, households)
        >>> round(research.costs().filter(pl.col("group") == "mpg")["total"].mean())
        52607
        """
        from linkage.errors import CostsIncomplete
        from linkage.research.costs import per_household

        if self._opened.costs is None:
            raise CostsIncomplete("dit onderzoek is zonder kosten geopend, of het protocol heeft ze niet")
        return per_household(self._opened.file, self._opened.costs.used.without)

    def release(
        self,
        names: Collection[str] = (),
        *,
        ledger: Path | str | None = None,
        others: Path | str | None = None,
        on: dt.date | None = None,
        accept_wave_changes: bool = False,
    ) -> Released:
        """Let tables out together through the disclosure gate, and write them in the ledger.

        `ledger` is `release.jsonl` beside the household file unless told otherwise, `on` is today. Raises
        DisclosureRefused, ReleaseLedgerBroken, OutputError.

        >>> research = linkage.open_research(study, households)
        >>> released = research.release(["kaart", "tabel5"], ledger=ledger)
        >>> released.tables["kaart"].filter(pl.col("mpg").is_null())["rij"].to_list()
        ['Binnenstad', 'Noorderkwartier', 'Hofkamp', 'Aadorp', 'Bornerbroek']
        """
        from linkage.research import run as room

        made = room.tables_of(self._opened, names=names, others=_others(others))
        book = Path(ledger) if ledger is not None else self._opened.ledger
        done = room.release(
            self._opened, made, on=on or dt.date.today(), ledger=book, accept_wave_changes=accept_wave_changes
        )
        return Released(done, self._opened, book)

    def _population(self, name: str) -> str:
        protocol = self._opened.file.protocol
        for indicator in protocol.indicators:
            if indicator.name == name:
                return indicator.population
        if name in {item.name for item in (*protocol.domains, *protocol.definitions)}:
            return "families"
        if name in {item.name for item in protocol.selections}:
            return "households"
        raise ResearchError(f"er is geen indicator, domein, definitie of selectie met die naam in {protocol.name}")


class Released:
    """What passed the gate: the only thing that a reader may see."""

    def __init__(self, release: Release, opened: Opened, ledger: Path) -> None:
        self._release, self._opened, self._ledger = release, opened, ledger

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The released tables by name; null where a number is hidden or there is none."""
        from linkage.research.release import sheets_of

        return {sheet.name: _wide(sheet) for sheet in sheets_of(self._release)}

    @property
    def hidden(self) -> int:
        """How many cells are hidden."""
        return sum(cell.hidden for table in self._release.tables for row in table.rows for cell in row.cells)

    def write(self, folder: Path | str) -> tuple[Path, ...]:
        """Write tabellen.csv, .parquet, .xlsx and release.json, and the checker's review beside the ledger."""
        from linkage.research import run as room

        return room.write_release(self._release, Path(folder), self._ledger)

    def report(
        self, path: Path | str, *, language: Literal["nl", "en"] = "nl", areas: Path | str | None = None
    ) -> None:
        """Write the report, one HTML file; `areas` is a GeoJSON or GeoPackage. Raises ResearchError, OutputError."""
        from linkage.research import report

        outlines = None if areas is None else Path(areas)
        report.write(self._release, self._opened.file.study, Path(path), language=language, areas=outlines)


def open_research(
    study: Path | str, households: Path | str, *, without: Collection[str] = (), costs: bool = True
) -> Research:
    """Open a study and its household file. `without` leaves out prices or sections by name.

    Raises StudyFault, HouseholdFileWrong, CostsIncomplete.
    """
    from linkage.research.run import open_research as opened
    from linkage.study import load_study

    return Research(opened(Path(households), load_study(Path(study)), without=without, costs=costs))


def to_pandas(frame: pl.DataFrame) -> Any:
    """A pandas frame of a Polars one. Raises ExtraMissing where pandas is not installed.

    >>> research = linkage.open_research(study, households)
    >>> linkage.to_pandas(research.evaluate("three_or_more_provisions")).loc[0, "yes"].item()
    375
    """
    try:
        return frame.to_pandas()
    except ModuleNotFoundError:
        raise ExtraMissing('pandas ontbreekt; installeer het met: pip install "household-linkage[pandas]"') from None


def _others(path: Path | str | None) -> Any:
    from linkage.research.others import read_others

    return () if path is None else read_others(Path(path))


def _wide(sheet: Any) -> pl.DataFrame:
    """A row per line of the table, a column per column."""
    import polars as pl

    data: dict[str, list[Any]] = {"rij": [line.title for line in sheet.lines]}
    for place, column in enumerate(sheet.columns):
        values = [line.cells[place] for line in sheet.lines]
        data[column.name] = [None if isinstance(value, str) or value is None else float(value) for value in values]
    frame = pl.DataFrame(data, schema={name: pl.String if name == "rij" else pl.Float64 for name in data})
    whole = [c.name for c in sheet.columns if not c.decimals]
    return frame.with_columns(pl.col(whole).cast(pl.Int64))
