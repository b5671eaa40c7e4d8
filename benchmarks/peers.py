"""Ours against what a user would otherwise write, and against the programs that do the same work, in one run.

Run it with: python benchmarks/peers.py [--rows 100000] [--rounds 5] [--only NAME ...] [--work FOLDER]; it writes its
section of RESULTS.md and figures/peers.csv and .png (not with `--only`, which prints). Every program has a virtual
environment of its own, filled by pip with the versions in `peers/entrants.py`, and is a process of its own on one
core, on the same invented people. The rounds are interleaved: what else the machine does weighs on all alike. What is
measured is CPU time, of the process and all that it starts; and, to know what is start-up, of the same command on a
hundred people. spindle-token needs Java 17. Without `--work` all is made in a temporary folder of some 3 GB, which is
removed at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from entrants import ENTRANTS, LARGER, Entrant
from ground import Ground, Order, rows_in
from measure import NotDone, adopt_orphans
from outcome import Outcome, print_tables, report

Spent = dict[tuple[Entrant, int], list[float]]
TINY = 100
# What is counted beside the clock: the program that must be there, its packages, and the script.
FACTS: dict[str, tuple[str, tuple[str, ...], Order]] = {
    "same": ("pandas + hmac", (), ("ours.py", "same", "pandas.parquet")),
    "refused": ("OpenLinkToken", ("openlinktoken==2.2.1",), ("openlinktoken_csv.py", "refused", "1000")),
    "blank": ("spindle-token", (), ("ours.py", "blank", "token_bsn")),
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="words in the names of those that take part, beside our own")
    parser.add_argument("--work", type=Path, help="a folder for environments and files, that stays")
    asked = parser.parse_args()
    adopt_orphans()
    chosen = [one for one in ENTRANTS if _takes_part(one, asked.only)]
    with _folder(asked.work) as folder:
        ground = Ground(Path(folder).resolve())
        outcomes = _measure(ground, chosen, asked.rows, asked.rounds)
        facts = _facts(ground, outcomes, asked.rows)
    if asked.only:
        print_tables(outcomes, facts)
    else:
        report(outcomes, facts, asked.rounds)


def _takes_part(entrant: Entrant, only: Iterable[str] | None) -> bool:
    return only is None or entrant.ours or any(word in entrant.name.lower() for word in only)


def _folder(work: Path | None) -> AbstractContextManager[str]:
    if work is None:
        return tempfile.TemporaryDirectory(prefix="peers-")
    work.mkdir(parents=True, exist_ok=True)
    return nullcontext(str(work))


def _measure(ground: Ground, chosen: Sequence[Entrant], rows: int, rounds: int) -> list[Outcome]:
    failed: dict[Entrant, str] = {}
    for one in chosen:
        try:
            for persons in (TINY, one.size(rows)):
                ground.prepare(one, persons)
        except NotDone as reason:
            failed[one] = str(reason)
        _say(f"{one.name}: {failed.get(one, 'ready')}")
    # The larger files need no run on few people: the same program has one already.
    sizes = {one: (one.size(rows),) if one.work == LARGER else (TINY, rows) for one in chosen}
    spent: Spent = {(one, size): [] for one in chosen for size in sizes[one]}
    for number in range(rounds):
        for one, size in spent:
            if one not in failed:
                try:
                    spent[one, size].append(ground.cpu(one, size))
                except NotDone as reason:
                    failed[one] = str(reason)
        _say(f"round {number + 1} of {rounds} done")
    return [_outcome(one, spent, rows, failed.get(one)) for one in chosen]


def _outcome(one: Entrant, spent: Spent, rows: int, failed: str | None) -> Outcome:
    persons = one.size(rows)
    start = next(seconds for (other, size), seconds in spent.items() if other.order == one.order and size == TINY)
    return Outcome(one, rows_in(one, persons), rows_in(one, TINY), spent[one, persons], start, failed)


def _facts(ground: Ground, outcomes: Sequence[Outcome], rows: int) -> dict[str, int]:
    there = {one.entrant.name for one in outcomes if one.failed is None}
    found = {key: ground.count(how[1], rows, how[2]) for key, how in FACTS.items() if how[0] in there}
    if found.get("same", rows) != rows:
        raise SystemExit("pandas + hmac made other pseudonyms than we do: the comparison is not of the same work")
    return {"rows": rows, **found}


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
