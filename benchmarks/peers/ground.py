"""Where `benchmarks/peers.py` does its work: a virtual environment for each program, and files of each size."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from entrants import LINK, Entrant
from measure import NotDone, Spent, measured

SCRIPTS = Path(__file__).parent
LIMIT_SECONDS = 300.0
OTHER_SHARE = 0.8
Order = tuple[str, str, str]


@dataclass(frozen=True)
class Ground:
    """A folder that holds the environments, and beside them the files of so many persons, a folder to a size."""

    folder: Path

    def python(self, packages: Sequence[str]) -> str:
        """The interpreter with these packages; made when it is not there yet. Raises NotDone where pip cannot."""
        if not packages:
            return sys.executable
        where = self.folder / ("venv-" + "-".join(package.split("==")[0] for package in packages))
        mark, wanted = where / "installed", "\n".join(packages)
        if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
            venv.create(where, clear=True, with_pip=True)
            order = [str(where / "bin" / "python"), "-m", "pip", "install", "-qq", "--no-input", *packages]
            if subprocess.run(order, check=False, stdout=subprocess.DEVNULL).returncode:
                raise NotDone(f"pip could not install {', '.join(packages)}")
            mark.write_text(wanted, encoding="utf-8")
        return str(where / "bin" / "python")

    def files(self, persons: int) -> Path:
        """The files of so many persons, made when they are not there yet."""
        where = self.folder / f"persons-{persons}"
        if not where.exists():
            for step, argument in (("make", str(persons)), ("encode", "polars-hash"), ("plain", "-")):
                self._run((), where, ("ours.py", step, argument))
        return where

    def prepare(self, one: Entrant, persons: int) -> None:
        """All that it needs beside the files. Raises NotDone."""
        self.python(one.packages)
        self.files(persons)
        if one.at_most:
            self._run(one.packages, self.files(persons), ("clkhash_csv.py", "files", str(one.rows(persons))))

    def cpu(self, one: Entrant, persons: int) -> float:
        """Seconds of CPU of its work on the files of so many. Raises NotDone where it fails, or found other rows."""
        spent = self._run(one.packages, self.files(persons), one.order)
        expected = int(one.rows(persons) * OTHER_SHARE) if one.work == LINK else persons
        if spent.rows != expected:
            raise NotDone(f"found {spent.rows:,} rows of {expected:,}")
        return spent.cpu

    def count(self, packages: Sequence[str], persons: int, order: Order) -> int:
        """What a script counts in the files of so many. Raises NotDone."""
        return self._run(packages, self.files(persons), order).rows

    def _run(self, packages: Sequence[str], folder: Path, order: Order) -> Spent:
        script, step, argument = order
        return measured([self.python(packages), str(SCRIPTS / script), step, str(folder), argument], LIMIT_SECONDS)


def rows_in(one: Entrant, persons: int) -> int:
    """Rows that go in: those of the register, or of both files that are linked."""
    register = one.rows(persons)
    return register + int(register * OTHER_SHARE) if one.work == LINK else register
