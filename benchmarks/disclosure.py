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
    """Print the seconds of each step."""
    rule = load_protocol("nji_2016").release
    names = [f"wijk {number:02d}" for number in range(areas)]
    wijk, has = _households(areas, indicators)

    def truth(key: Key) -> Count:
        chosen = np.ones(len(wijk), bool) if key.area == WHOLE else wijk == names.index(key.area)
        for name, value in key.condition:
            chosen = chosen & (has[:, int(name)] == (value == YES)) & (value != UNKNOWN)
        number = int(chosen.sum())
        return Count(number, number, min(number, 1))

    columns = [((str(number), YES),) for number in range(indicators)]
    keys = [Key(POPULATION, area, condition) for area in (WHOLE, *names) for condition in ((), *columns)]
    structure = Structure(tuple(names), {(POPULATION, str(n)): (YES, NO) for n in range(indicators)})
    counts = {key: truth(key) for key in keys}
    started = perf_counter()
    pattern = suppress(Question(structure, counts, truth, rule))
    suppressed = perf_counter()
    hidden = pattern.primary | pattern.secondary
    shown = {key: count.value for key, count in counts.items() if key not in hidden}
    intervals = audit(Printed(shown, hidden), truth, structure, rule)
    audited = perf_counter()
    say(f"{len(keys)} counts, {len(pattern.primary)} hidden for themselves, {len(pattern.secondary)} for others")
    say(f"suppress {suppressed - started:.1f} s, audit {audited - suppressed:.1f} s")
    say(f"unsafe {sum(not i.safe for i in intervals)}, smallest width {min(i.high - i.low for i in intervals):g}")


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
