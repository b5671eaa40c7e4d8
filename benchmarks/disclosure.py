"""How long the suppressor and the audit take on tables of wijk x indicator with totals.

Run it with: python benchmarks/disclosure.py [areas] [indicators]
The households are invented; most indicators are rare, as in the report, so that about a third of the cells is small.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np

from linkage.research.audit import Printed, audit
from linkage.research.cells import NO, UNKNOWN, WHOLE, YES, Count, Key, Structure
from linkage.research.suppress import Question, suppress
from protocols import load_protocol

POPULATION = "families"


def say(line: str) -> None:
    """To the one who runs it."""
    sys.stdout.write(line + "\n")


def main(areas: int = 57, indicators: int = 30) -> None:
    """Print the seconds of each step, for the indicators alone and with the domains that they make up."""
    names = [f"wijk {number:02d}" for number in range(areas)]
    wijk, has = _households(areas, indicators)
    size = max(indicators // 3, 1)
    domains = {f"D{n}": [str(i) for i in range(n, n + size)] for n in range(0, indicators - size + 1, size)}
    columns = {str(number): has[:, number] for number in range(indicators)}
    _measure("indicators", names, wijk, columns, {})
    columns |= {name: has[:, [int(i) for i in members]].any(axis=1) for name, members in domains.items()}
    _measure("indicators and domains", names, wijk, columns, domains)


def _measure(
    title: str, names: list[str], wijk: np.ndarray, columns: dict[str, np.ndarray], domains: dict[str, list[str]]
) -> None:
    rule = load_protocol("nji_2016").release

    def truth(key: Key) -> Count:
        chosen = np.ones(len(wijk), bool) if key.area == WHOLE else wijk == names.index(key.area)
        for name, value in key.condition:
            chosen = chosen & (columns[name] == (value == YES)) & (value != UNKNOWN)
        number = int(chosen.sum())
        return Count(number, number, min(number, 1))

    def has(name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        return POPULATION, ((name, YES),)

    structure = Structure(
        tuple(names),
        {(POPULATION, name): (YES, NO) for name in columns},
        inside=tuple((has(member), has(domain)) for domain, members in domains.items() for member in members),
        unions=tuple((has(domain), tuple(has(member) for member in members)) for domain, members in domains.items()),
    )
    conditions = ((), *(((name, YES),) for name in columns))
    counts = {key: truth(key) for a in (WHOLE, *names) for c in conditions for key in [Key(POPULATION, a, c)]}
    started = perf_counter()
    pattern = suppress(Question(structure, counts, truth, rule))
    suppressed = perf_counter()
    hidden = pattern.primary | pattern.secondary
    shown = {key: count.value for key, count in counts.items() if key not in hidden}
    intervals = audit(Printed(shown, hidden), truth, structure, rule)
    audited = perf_counter()
    say(f"{title}: {len(counts)} counts, {len(pattern.primary)} hidden, {len(pattern.secondary)} more for those")
    say(f"  suppress {suppressed - started:.1f} s, audit {audited - suppressed:.1f} s")
    say(f"  unsafe {sum(not i.safe for i in intervals)}, smallest width {min(i.high - i.low for i in intervals):g}")


def _households(areas: int, indicators: int) -> tuple[np.ndarray, np.ndarray]:
    """Wijken of unequal size; an indicator's rate differs from wijk to wijk."""
    chance = np.random.default_rng(2016)
    sizes = chance.integers(80, 2500, areas)
    wijk = np.repeat(np.arange(areas), sizes)
    rates = chance.choice([0.002, 0.005, 0.01, 0.03, 0.1, 0.2], indicators)
    here = rates * chance.uniform(0.4, 1.8, (areas, 1))
    return wijk, chance.random((len(wijk), indicators)) < here[wijk]


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
