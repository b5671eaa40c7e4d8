"""Rows per second and core from a Dutch CSV with BSN, A-nummer and an address in columns to the sealed package.

Run it with: POLARS_MAX_THREADS=1 python benchmarks/encode.py [most rows]; it writes its section of RESULTS.md. Beside
it pandas with `hmac`: it reads the same file, normalises the same identifiers by the same rules for plain cells,
hashes them and writes Parquet, with none of the checks, the selection, the summary and the sealing that the encoder
does besides.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from simulator import HOLDERS, TODAY, Cast
from timing import machine, write_section

from linkage.holder import encode as room
from linkage.holder.normalise import Job
from linkage.limits import LARGE
from linkage.study import pseudonym_fields

SIZES = (100_000, 300_000, 1_000_000, 2_000_000)
COMPARED = 300_000
ROUNDS = 5
ROUTES = ("polars-hash", "fast")
PANDAS = "pandas + hmac"
COLUMNS = ("a_number", "bsn", "postcode", "house_number", "house_letter", "house_addition", "moves")
HOLDER = "gemeente"


def main(most: int = max(SIZES)) -> None:
    """Measure and write, up to so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        spent = {rows: _measured(Path(folder), rows) for rows in SIZES if rows <= most}
    versions = machine("polars", "polars-hash", "numba", "pandas")
    lines = [f"{versions}; {ROUNDS} rounds, each file encoded once by a process that has loaded what it needs.", ""]
    lines += ["| rows | route | rows/s and core | x pandas + hmac |", "|---|---|---|---|"]
    for rows, seconds in spent.items():
        for name, took in seconds.items():
            ratio = f"{seconds[PANDAS] / took:.1f}" if PANDAS in seconds else ""
            lines.append(f"| {rows:,} | {name} | {rows / took:,.0f} | {ratio} |")
    few, many = min(spent), max(spent)
    for name in ROUTES:
        exponent = math.log(spent[many][name] / spent[few][name]) / math.log(many / few)
        lines += ["", f"Cost of `{name}` grows as rows^{exponent:.2f} from {few:,} to {many:,} rows."]
    write_section("Encoding", lines)


def _measured(folder: Path, rows: int) -> dict[str, float]:
    export = folder / "rows.csv"
    _write(export, rows)
    spent: dict[str, list[float]] = {name: [] for name in (*ROUTES, *([PANDAS] if rows <= COMPARED else []))}
    for _ in range(ROUNDS):
        for name, seconds in spent.items():
            seconds.append(_apart(name, export))
    return {name: median(seconds) for name, seconds in spent.items()}


def _apart(name: str, export: Path) -> float:
    """In a process of its own, as a holder has it: with the settings of `linkage encode` before Polars is loaded."""
    order = [sys.executable, __file__, "--one", name, str(export)]
    return float(subprocess.run(order, env={**os.environ, **LARGE}, stdout=subprocess.PIPE, check=True).stdout)


def one(name: str, export: Path) -> None:
    """Tell the seconds of CPU that this file takes, once everything is loaded and compiled."""
    with tempfile.TemporaryDirectory() as folder:
        cast = Cast(Path(folder))
        _work(cast, _small(cast, export), name)()
        work = _work(cast, export, name)
        gc.freeze()  # what is loaded is not looked through again: `linkage.limits.loading` does the same
        started = process_time()
        work()
        sys.stdout.write(str(process_time() - started))


def _work(cast: Cast, export: Path, name: str) -> Callable[[], object]:
    if name == PANDAS:
        return lambda: _pandas(cast, export, cast.folder / "pandas.parquet")
    return _encoding(cast, export, name)


def _small(cast: Cast, export: Path) -> Path:
    """The first rows, so that nothing is loaded or compiled while it is measured."""
    path = cast.folder / "small.csv"
    with export.open(encoding="utf-8") as file:
        path.write_text("".join(line for line, _ in zip(file, range(2_000), strict=False)), encoding="utf-8")
    return path


def _encoding(cast: Cast, export: Path, route: str) -> Callable[[], object]:
    """The register of nji_2016 with its three national identifiers and one other column, and nothing more."""
    study = cast.study()
    whole = room.job_of(study, HOLDER, HOLDERS[HOLDER][0])
    delivery = whole.delivery.model_copy(
        update={
            "identifiers": tuple(i for i in whole.delivery.identifiers if i.kind != "household-number"),
            "select": (),
            "columns": tuple(column for column in whole.delivery.columns if column.name == "moves"),
        }
    )
    holder = whole.holder.model_copy(update={"columns": {name: name for name in COLUMNS}})
    request = room.Request(
        job=Job(study, holder, delivery),
        root=cast.root,
        identity=cast.holder_keys[HOLDER],
        export=export,
        today=TODAY,
        implementation=route,
    )
    return lambda: room.encode(request, cast.folder / f"{route}.package", lambda *_: None, lambda _: None)


# --- the rows ----------------------------------------------------------------------------------------


def _write(path: Path, rows: int) -> None:
    """Inhabitants with numbers that pass the tests, two to a home, in no order; plain and less plain spellings."""
    chance = np.random.default_rng(2016)
    homes = chance.integers(0, max(rows // 2, 1), rows)
    street, home = chance.integers(0, 9_000, rows), np.random.default_rng(1)
    number, letter = home.integers(1, 400, rows)[homes], home.choice(["", "", "", "A", "b"], rows)[homes]
    addition = home.choice(["", "", "", "", "2", "hs", "BIS"], rows)[homes]
    street = street[homes]
    codes = [f"{7000 + n // 10} {'ABCDEFGHKL'[n % 10]}{'MNPRTV'[n % 6]}" for n in street.tolist()]
    cells = [_a_numbers(rows), _bsns(rows), codes, number, letter, addition, chance.choice([0] * 97 + [1, 2, 3], rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(";".join(COLUMNS) + "\r\n")
        file.writelines(f"{';'.join(map(str, row))}\r\n" for row in zip(*cells, strict=True))


def _digits(low: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    values = np.arange(low, low + count)
    length = len(str(low))
    return values, np.stack([values // 10 ** (length - 1 - place) % 10 for place in range(length)])


def _bsns(rows: int) -> np.ndarray:
    values, digits = _digits(200_000_000, rows * 12)
    passing = np.tensordot(np.array([9, 8, 7, 6, 5, 4, 3, 2, -1]), digits, 1) % 11 == 0
    return np.random.default_rng(3).permutation(values[passing][:rows])


def _a_numbers(rows: int) -> np.ndarray:
    found: list[np.ndarray] = []
    low = 2_010_000_000
    while sum(map(len, found)) < rows:
        values, digits = _digits(low, 5_000_000)
        passing = np.isin(digits.sum(0) % 11, (0, 5)) & (np.tensordot(2 ** np.arange(10), digits, 1) % 11 == 0)
        found.append(values[passing & (digits[1:] != digits[:-1]).all(0)])
        low += 5_000_000
    return np.random.default_rng(4).permutation(np.concatenate(found)[:rows])


# --- pandas ------------------------------------------------------------------------------------------

_POSTCODE = re.compile(r"[1-9][0-9]{3}([A-RT-Z][A-Z]|S[BCE-RT-Z])")


def _pandas(cast: Cast, export: Path, target: Path) -> None:
    """What a careful analyst writes: text columns, a function per identifier, `hmac` per cell."""
    frame = pd.read_csv(export, sep=";", dtype=str, keep_default_na=False)
    study = cast.study()
    texts = {
        "a-number": frame["a_number"].map(_plain_a_number),
        "bsn": frame["bsn"].map(_plain_bsn),
        "address": [_plain_address(*row) for row in zip(*(frame[name] for name in COLUMNS[2:6]), strict=True)],
    }
    texts["address-number"] = [text and text.rsplit("|", 1)[0] for text in texts["address"]]
    made = pd.DataFrame({"moves": frame["moves"].astype("int32")})
    for field in pseudonym_fields(_encoding_fields(study)):
        version = study.protocol.normalisation.version(field)
        key = cast.root.field_key(study.protocol.scheme, field, version).encode()
        made[field] = [text and hmac.digest(key, text.encode(), hashlib.sha256)[:16] for text in texts[field]]
    made.sort_values("a-number").to_parquet(target, compression="zstd", index=False)


def _encoding_fields(study: object) -> object:
    whole = room.job_of(study, HOLDER, HOLDERS[HOLDER][0]).delivery  # type: ignore[arg-type]
    kept = tuple(i for i in whole.identifiers if i.kind != "household-number")
    return whole.model_copy(update={"identifiers": kept})


def _plain_bsn(cell: str) -> str | None:
    text = cell.strip()
    if not re.fullmatch(r"[0-9]{8,9}", text):
        return None
    text = text.zfill(9)
    total = sum(int(digit) * weight for digit, weight in zip(text, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
    return text if total % 11 == 0 and len(set(text[:8])) > 1 else None


def _plain_a_number(cell: str) -> str | None:
    text = cell.strip()
    if not re.fullmatch(r"[1-9][0-9]{9}", text):
        return None
    digits = [int(digit) for digit in text]
    apart = all(one != other for one, other in pairwise(digits))
    weighted = sum(digit * 2**place for place, digit in enumerate(digits))
    return text if apart and sum(digits) % 11 in (0, 5) and weighted % 11 == 0 else None


def _plain_address(postcode: str, number: str, letter: str, addition: str) -> str | None:
    code = postcode.strip().upper().replace(" ", "")
    found = re.fullmatch(r"0*([1-9][0-9]{0,4})(.*)", number.strip().upper())
    if not _POSTCODE.fullmatch(code) or not found:
        return None
    suffix = re.sub(r"[\s\-/.,'+]+", "", found.group(2) + letter.upper() + addition.upper())
    return f"{code}|{found.group(1)}|{suffix}" if re.fullmatch(r"[0-9A-Z]{0,5}", suffix) else None


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        main(*(int(argument) for argument in sys.argv[1:2]))
