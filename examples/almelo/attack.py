"""What a reader who can compute makes of stars: in the report's own way of suppressing, and in ours.

The report stars counts of 1 to 9 and prints all totals beside them. On the invented town, whose tables are those of the
report, the audit bounds each star from all that is printed. Run `linkage demo` first, then:
python -m linkage.almelo.attack linkage-demo. What it prints is kept in attack.md beside this file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from linkage.research.audit import Interval, Percentage, Printed, audit
from linkage.research.cells import Counts, Key
from linkage.research.households import HouseholdFile, open_households
from linkage.research.structure import structure_of
from linkage.research.suppress import Question, suppress
from linkage.research.tables import Table, tabulate
from linkage.study import load_study

TABLES = ("tabel1", "tabel2", "tabel3", "tabel4")


def as_the_report(file: HouseholdFile, tables: Iterable[Table]) -> dict[Key, Interval]:
    """What an attacker finds for each star when counts of 1 to 9 are hidden, and nothing else."""
    counts = Counts(file)
    keys = {key for table in tables for key in table.counts()}
    stars = frozenset(key for key in keys if 1 <= counts[key].value < file.protocol.release.threshold)
    most = Decimal(file.protocol.release.threshold - 1)
    told = tuple(  # "a star is 1 to 9" is a fact that the report gives its readers
        Percentage(key, (base,), Decimal(0), most / counts[base].value)
        for key in stars
        for base in [Key(key.population, key.area)]
    )
    printed = Printed({key: counts[key].value for key in keys - stars}, stars, told)
    return _of_stars(file, printed, counts)


def as_we_do(file: HouseholdFile, tables: Iterable[Table]) -> dict[Key, Interval]:
    """The same for the stars that the suppressor sets."""
    counts = Counts(file)
    keys = {key for table in tables for key in table.counts()}
    structure = structure_of(counts, file.protocol, keys)
    chosen = {key: counts[key] for key in sorted(keys)}
    pattern = suppress(Question(structure, chosen, counts.__getitem__, file.protocol.release))
    stars = pattern.primary | pattern.secondary
    printed = Printed({key: counts[key].value for key in keys - stars}, frozenset(stars))
    return _of_stars(file, printed, counts)


def _of_stars(file: HouseholdFile, printed: Printed, counts: Counts) -> dict[Key, Interval]:
    structure = structure_of(counts, file.protocol, {*printed.shown, *printed.stars})
    found = audit(printed, counts.__getitem__, structure, file.protocol.release)
    return {i.blame[0]: i for i in found if i.what == str(i.blame[0]) and i.blame[0] in printed.stars}


def page(file: HouseholdFile) -> Iterator[str]:
    """The comparison, line by line."""
    tables = [table for table in tabulate(file) if table.name in TABLES]
    theirs, ours = as_the_report(file, tables), as_we_do(file, tables)
    yield "# What a reader can compute from the stars of tables 1 to 4"
    yield ""
    yield "| way of suppressing | stars | known exactly | under 10 wide | cannot be 10 | narrowest | median width |"
    yield "|---|---|---|---|---|---|---|"
    yield _summary("the report's: counts of 1 to 9 starred", theirs)
    yield _summary("ours: what gives those away starred too", ours)
    yield ""
    yield "The width is the highest less the lowest value that agrees with everything printed. The protocol asks"
    yield "for at least 10, and 10 among the values."
    for title, found in (("The report's way", theirs), ("Our way", ours)):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| star | lowest | highest |"
        yield "|---|---|---|"
        for key in sorted(found):
            where = key.area or "the municipality"
            yield f"| {where}, {key.condition[0][0]} | {found[key].low:g} | {found[key].high:g} |"


def _summary(title: str, found: dict[Key, Interval]) -> str:
    widths = sorted(interval.high - interval.low for interval in found.values())
    exact, narrow = sum(width == 0 for width in widths), sum(width < 10 for width in widths)
    below = sum(interval.high < 10 for interval in found.values())
    return f"| {title} | {len(found)} | {exact} | {narrow} | {below} | {widths[0]:g} | {widths[len(widths) // 2]:g} |"


def main(folder: Path) -> None:
    """Print the comparison for the household file of the demo in `folder`."""
    path = folder / "institute" / "research" / "households.parquet"
    print("\n".join(page(open_households(path, load_study(folder / "study.toml")))))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "linkage-demo"))
