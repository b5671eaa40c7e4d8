"""Hostile files for as long as you like, on every reader of files that somebody else made.

Run it with: python benchmarks/fuzz.py [--minutes 10] [--only study,csv] [--keep FOLDER]

Each target runs in a process of its own with a limit on memory; where `atheris` is installed (pip install atheris),
readers that are Python get half of their time with it, so that inputs which reach new lines are built on. Prints
inputs, how they ended, the slowest and the most memory; inputs at fault are kept in the folder. Ends with 1 if any was.

The readers of workbooks and Parquet run here without the child process that they have in the program: their deaths are
counted, and are the reason for that child.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
MEMORY = 4 * 1024**3
SLOW_SECONDS = 20.0
CONTAINED = ("excel", "sheet", "parquet")
SEARCHED = ("linkage", "protocols")


def say(line: str) -> None:
    """To the one who runs it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# --- one target, in a process of its own ------------------------------------------------------------


@dataclass
class Count:
    """What was seen of a target so far."""

    name: str
    keep: Path
    inputs: int = 0
    slowest: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def take(self, target: Any, content: bytes) -> None:
        """Try one input; a fault is counted, and its input kept."""
        from fuzz import Fault, judged

        (self.keep / f"{self.name}.last").write_bytes(content)
        started = monotonic()
        try:
            self.ended[judged(target, content)] += 1
        except Fault as fault:
            self._fault(str(fault), content)
        seconds = monotonic() - started
        self.slowest = max(self.slowest, seconds)
        if seconds > SLOW_SECONDS:
            self._fault(f"{self.name}: took longer than {SLOW_SECONDS:.0f} s", content)
        self.inputs += 1
        if self.inputs % 20 == 0:
            self.write()

    def _fault(self, what: str, content: bytes) -> None:
        self.faults[what] += 1
        if self.faults[what] == 1:
            (self.keep / f"{self.name}.{sha256(content).hexdigest()[:12]}").write_bytes(content)

    def write(self) -> None:
        """Leave the numbers where they are found when this process dies."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        numbers = {"inputs": self.inputs, "slowest": self.slowest, "memory": memory}
        counts = {"ended": dict(self.ended), "faults": dict(self.faults)}
        (self.keep / f"{self.name}.{os.getpid()}.json").write_text(json.dumps(numbers | counts), encoding="utf-8")


def work(name: str, seconds: float, seed: int, keep: Path, engine: str) -> None:
    """Fuzz one target for so long."""
    with tempfile.TemporaryDirectory() as folder:
        if engine == "atheris":
            _searched(name, seconds, keep, Path(folder))
        else:
            _random(name, seconds, seed, keep, Path(folder))


def _random(name: str, seconds: float, seed: int, keep: Path, folder: Path) -> None:
    from fuzz import mutated

    target, count = _target(name, folder), Count(name, keep)
    rng, end = random.Random(seed), monotonic() + seconds  # noqa: S311  -- an input that can be made again is no secret
    for content in target.seeds:
        count.take(target, content)
    while monotonic() < end:
        count.take(target, mutated(rng, target))
    count.write()


def _searched(name: str, seconds: float, keep: Path, folder: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=[*SEARCHED, "tomllib", "json", "csv"], enable_loader_override=False):
        target = _target(name, folder)
    count, corpus = Count(name, keep), folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate(target.seeds):
        (corpus / str(number)).write_bytes(content)
    words = folder / "words"
    words.write_text(
        "".join(f'"{"".join(f"{chr(92)}x{byte:02x}" for byte in token)}"\n' for token in target.tokens if token),
        encoding="ascii",
    )
    options = [
        f"-max_total_time={int(seconds)}",
        "-max_len=100000",
        f"-dict={words}",
        "-verbosity=0",
        "-rss_limit_mb=0",
    ]

    end = monotonic() + seconds

    def one(content: bytes) -> None:
        count.take(target, content)
        if monotonic() > end:  # libFuzzer's own end waits for threads of others
            count.write()
            os._exit(0)

    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def _target(name: str, folder: Path) -> Any:
    from fuzz_targets import Scene

    made = Scene(folder).target(name)
    if name in CONTAINED:
        from linkage.holder import apart

        apart.read_apart = lambda reader, path, holder, progress: apart.READERS[reader](path, holder, progress)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return made


# --- all targets ------------------------------------------------------------------------------------


def fuzz(name: str, seconds: float, seed: int, keep: Path, *, plain: bool) -> bool:
    """One target, again after each death; whether nothing was at fault."""
    engines = ("random", "atheris") if plain and find_spec("atheris") else ("random",)
    deaths = Counter[str]()
    for engine in engines:
        end, lives = monotonic() + seconds / len(engines), 0
        while (left := end - monotonic()) > 2:
            order = ["--worker", name, "--seconds", str(left), "--seed", str(seed + lives), "--engine", engine]
            done = _run([*order, "--keep", str(keep)], left + 120)
            lives += 1
            if done < 0:
                deaths[f"{name}: killed by signal {-done}"] += 1
                (keep / f"{name}.death.{seed + lives}").write_bytes((keep / f"{name}.last").read_bytes())
    return _told(name, keep, deaths)


def _run(order: list[str], timeout: float) -> int:
    with (Path(os.devnull)).open("wb") as nowhere:
        try:
            return subprocess.run(
                [sys.executable, __file__, *order], stdout=nowhere, stderr=nowhere, timeout=timeout, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            return -9


def _told(name: str, keep: Path, deaths: Counter[str]) -> bool:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in keep.glob(f"{name}.*.json")]
    ended, faults = Counter[str](), Counter[str]()
    for one in found:
        ended.update(one["ended"])
        faults.update(one["faults"])
    inputs, slowest = sum(one["inputs"] for one in found), max((one["slowest"] for one in found), default=0)
    memory = max((one["memory"] for one in found), default=0)
    say(f"{name:<11}{inputs:>8} inputs, slowest {slowest:5.2f} s, {memory:>5} MiB  {_listed(ended)}")
    if name not in CONTAINED:
        faults.update(deaths)
    elif deaths:
        say(f"{'':<11}the child of the program would have died {deaths.total()} times")
    for what, times in faults.items():
        say(f"{'':<11}FAULT {times} x {what}")
    return bool(inputs) and not faults


def _listed(ended: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in ended.most_common())


def main() -> int:
    """Every target in turn, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--engine", default="random", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        work(asked.worker, asked.seconds, asked.seed, asked.keep, asked.engine)
        return 0
    from fuzz_targets import MAKERS

    names = asked.only.split(",") if asked.only else list(MAKERS)
    keep = asked.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    keep.mkdir(exist_ok=True, parents=True)
    engine = "with" if find_spec("atheris") else "without"
    say(
        f"{len(names)} targets, {asked.minutes:g} minutes, seed {asked.seed}, {engine} atheris; inputs at fault: {keep}"
    )
    seconds = asked.minutes * 60 / len(names)
    native = ("csv", "households", *CONTAINED)
    good = [fuzz(name, seconds, asked.seed, keep, plain=name not in native) for name in names]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
