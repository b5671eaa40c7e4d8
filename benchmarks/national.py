"""The whole country on one machine: raw exports -> encode all -> seal -> open -> link, by the product's own code.

Run it with: python benchmarks/national.py [--persons 17000000] [--rounds 1] [--folder FOLDER]; it takes some 20 GB of
the folder (the system's temporary one without `--folder`), which is removed at the end. With `--keep FOLDER` it is that
folder and stays, and `--only link` then links its packages again, without making them. Every step is a process of its
own, of which CPU time and the most memory are measured, with that of its children. Beside the linking, in plain Polars,
what nobody can do without: scan the same columns, join and aggregate them, and write. The numbers are added to
benchmarks/figures/growth.csv; `python benchmarks/national.py --report` draws the figure and writes RESULTS.md.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
from country import AREAS, EXPORTS, country, write_exports

from linkage import keys
from linkage.limits import LARGE, loading
from linkage.study import Study, load_study, mappable
from linkage.transfer.package import open_body, read_header
from protocols import digest, load_protocol

HERE = Path(__file__).parent
GROWTH = HERE / "figures" / "growth.csv"
TODAY = dt.date(2015, 2, 1)
STUDY_ID = uuid.UUID("6f1d2c3b-0a1b-4c2d-8e3f-001122334455")
LINKER = keys.LinkerIdentity("institute", b"L" * 32, b"R" * 32)
ROOT = keys.RootKey(STUDY_ID, b"W" * 32)
HOLDERS = {name: keys.HolderIdentity(name, bytes([at + 1]) * 96) for at, name in enumerate(EXPORTS)}


@dataclass(frozen=True)
class Measured:
    """One step of one round: rows in, seconds of CPU and of the clock, and the most memory in MiB."""

    persons: int
    step: str
    round: int
    rows: int
    cpu: float
    clock: float
    memory: int


# --- the agreement ------------------------------------------------------------------------------------


def write_study(folder: Path, protocol: Path, title: str, names: Iterable[str]) -> None:
    """study.toml and its protocol: a delivery of each of these names by a holder of that name."""
    from linkage.holder import encode as holder_room

    shutil.copy(protocol, folder)
    _write_study(folder, protocol, title, names, "")
    _write_study(folder, protocol, title, names, holder_room.root_block(study(folder), ROOT))


def study(folder: Path) -> Study:
    """The study as every party reads it."""
    return load_study(folder / "study.toml")


def _write_study(folder: Path, path: Path, title: str, names: Iterable[str], root: str) -> None:
    protocol = load_protocol(path.name, path.parent)
    parts = [
        f'''format = "household-linkage/study/v1"
[study]
id = "{STUDY_ID}"
title = "{title}"
protocol = "{path.name}"
protocol_digest = "{digest(protocol)}"
municipality = "Nederland"
municipality_code = "GM9999"
reference_date = 2014-12-31
wave = 1
purpose = "Meten hoe lang het duurt"
legal_basis = "geen: verzonnen mensen"
retention_until = 2030-12-31
areas = [{", ".join(f'"{area}"' for area in AREAS)}]
[linker]
id = "institute"
organisation = "Instituut"
public_key = "{LINKER.public}"
''',
        *(_holder(name, sorted(set.union(*map(set, mappable(protocol.delivery(name)))))) for name in names),
        root,
    ]
    (folder / "study.toml").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _holder(name: str, columns: list[str]) -> str:
    named = "\n".join(f'{column} = "{column}"' for column in columns)
    about = f'id = "{name}"\norganisation = "{name}"\ndelivery = "{name}"\npublic_key = "{HOLDERS[name].public}"'
    return f"[[holder]]\n{about}\n[holder.columns]\n{named}"


# --- the steps, each in a process of its own ----------------------------------------------------------


def make(folder: Path, persons: int) -> int:
    """All exports and the study."""
    for part in ("exports", "inbox", "bodies"):
        (folder / part).mkdir()
    write_study(folder, HERE / "national.toml", "Het hele land", EXPORTS)
    return sum(write_exports(country(persons), folder / "exports").values())


def encode(folder: Path, name: str) -> int:
    """One export to its sealed package."""
    with loading():
        from linkage.holder import encode as holder_room

    request = holder_room.Request(
        job=holder_room.job_of(study(folder), name, name),
        root=ROOT,
        identity=HOLDERS[name],
        export=folder / "exports" / f"{name}.csv",
        today=TODAY,
    )
    counted: list[int] = []
    target = folder / "inbox" / f"{name}.package"
    holder_room.encode(request, target, lambda *_: None, lambda summary: counted.append(summary.tally.rows))
    return counted[0]


def link(folder: Path, output: str) -> int:
    """The inbox to the household file."""
    with loading():
        from linkage.linker import run as linker_room

    shutil.rmtree(folder / output, ignore_errors=True)
    request = linker_room.Request(study(folder), LINKER, folder / "inbox", folder / output, TODAY)
    numbers = linker_room.run(request).numbers
    return sum(delivery["rows"] for delivery in numbers["deliveries"])


def bodies(folder: Path) -> int:
    """The packages opened, for `bare`: the same columns as plain Parquet."""
    for name in EXPORTS:
        with (folder / "inbox" / f"{name}.package").open("rb") as file, _body(folder, name).open("wb") as plain:
            for chunk in open_body(file, read_header(file), LINKER.private_key()):
                plain.write(chunk)
    return 0


def _body(folder: Path, name: str) -> Path:
    return folder / "bodies" / f"{name}.parquet"


def bare(folder: Path) -> int:
    """Scan, join, aggregate and write in plain Polars: no check, no re-keying, no unknown, no definition."""
    protocol = load_protocol("national.toml", HERE)
    spine = _scanned(folder, "bevolking")
    persons = spine.select("bsn", household="household-number")
    homes = spine.group_by("address").agg(pl.col("household-number").first().alias("household"))
    households = spine.group_by(household="household-number").agg(pl.len(), pl.col("minor", "wijk", "moves").max())
    for delivery in protocol.deliveries:
        if not delivery.spine:
            key, known = ("bsn", persons) if delivery.unit == "person" else ("address", homes)
            linked = _scanned(folder, delivery.name).join(known, on=key)
            per = linked.group_by("household").agg(pl.col(column.name).max() for column in delivery.columns)
            households = households.join(per, on="household", how="left")
    households.sink_parquet(folder / "bare.parquet", compression="zstd", statistics=False)
    return sum(int(_scanned(folder, name).select(pl.len()).collect().item()) for name in EXPORTS)


def _scanned(folder: Path, name: str) -> pl.LazyFrame:
    """With the keys as numbers, which Polars joins in half the time."""
    frame = pl.scan_parquet(_body(folder, name))
    schema = frame.collect_schema()
    known = [key for key in ("a-number", "bsn", "address", "address-number", "household-number") if key in schema]
    return frame.with_columns(pl.col(key).bin.reinterpret(dtype=pl.UInt128, endianness="big") for key in known)


def work(step: str, folder: Path, argument: str) -> None:
    """One step in this process; its rows are printed."""
    steps = {
        "make": lambda: make(folder, int(argument)),
        "encode": lambda: encode(folder, argument),
        "link": lambda: link(folder, argument),
        "bodies": lambda: bodies(folder),
        "bare": lambda: bare(folder),
        "kept": lambda: bare(folder),
    }
    rows = steps[step]()
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in spent)
    print(json.dumps({"rows": rows, "cpu": cpu, "memory": max(one.ru_maxrss for one in spent) // 1024}))  # noqa: T201


# --- all of it ----------------------------------------------------------------------------------------


def run(persons: int, rounds: int, folder: Path, only: str) -> list[Measured]:
    """Every step so often, or those of one part; the exports are made once."""
    found = []
    if only in ("all", "encode"):
        found.append(_step(persons, 0, folder, "make", str(persons)))
        found += [_step(persons, number, folder, "encode", name) for number in range(rounds) for name in EXPORTS]
    if only in ("all", "link"):
        found.append(_step(persons, 0, folder, "bodies"))
        for number in range(rounds):
            found.append(_step(persons, number, folder, "link", f"research-{number}"))
            found.append(_step(persons, number, folder, "bare"))
            found.append(_step(persons, number, folder, "kept"))
    return found


def _step(persons: int, number: int, folder: Path, step: str, argument: str = "") -> Measured:
    started = time.monotonic()
    order = [sys.executable, __file__, "--work", step, "--folder", str(folder), "--argument", argument]
    # As the commands `linkage encode` and `linkage link` set it; `kept` is `bare` with the same.
    environment = {**os.environ, **(LARGE if step in ("encode", "link", "kept") else {})}
    told: dict[str, Any] = json.loads(subprocess.run(order, check=True, stdout=subprocess.PIPE, env=environment).stdout)
    name = f"{step} {argument}" if step == "encode" else step
    made = Measured(
        persons, name, number, told["rows"], round(told["cpu"], 2), round(time.monotonic() - started, 1), told["memory"]
    )
    sys.stdout.write(f"{made}\n")
    sys.stdout.flush()
    return made


def keep(found: Iterable[Measured]) -> None:
    """Replace the rows of these numbers of persons and steps in growth.csv."""
    added = list(found)
    again = {(one.persons, one.step) for one in added}
    others = [one for one in kept() if (one.persons, one.step) not in again]
    whole = sorted([*others, *added], key=lambda one: one.persons)
    GROWTH.parent.mkdir(exist_ok=True)
    with GROWTH.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Measured)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(one) for one in whole)


def kept() -> list[Measured]:
    """What was measured before."""
    if not GROWTH.exists():
        return []
    with GROWTH.open(encoding="utf-8", newline="") as file:
        return [
            Measured(int(r["persons"]), r["step"], int(r["round"]), int(r["rows"]), float(r["cpu"]), float(r["clock"]),
                     int(r["memory"]))
            for r in csv.DictReader(file)
        ]  # fmt: skip


def middle(found: Iterable[Measured], persons: int, step: str) -> Measured:
    """The medians of a step over the rounds; `encode` is all exports together, with the most memory of any."""
    here = [one for one in found if one.persons == persons and one.step.split()[0] == step]
    rounds = sorted({one.round for one in here})
    sums = [[one for one in here if one.round == number] for number in rounds]
    return Measured(
        persons,
        step,
        len(rounds),
        sum(one.rows for one in sums[0]),
        median(sum(one.cpu for one in each) for each in sums),
        median(sum(one.clock for one in each) for each in sums),
        max(one.memory for one in here),
    )


def main() -> None:
    """Measure and keep, or report what was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=17_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder that is used as it is, and stays")
    parser.add_argument("--only", choices=["all", "encode", "link"], default="all")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--argument", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, asked.folder, asked.argument)
    elif asked.report:
        from growth import report

        report(kept())
    else:
        with _folder(asked) as folder:
            keep(run(asked.persons, asked.rounds, Path(folder), asked.only))


def _folder(asked: argparse.Namespace) -> AbstractContextManager[str]:
    if asked.keep is None:
        return tempfile.TemporaryDirectory(dir=asked.folder, prefix="national-")
    asked.keep.mkdir(parents=True, exist_ok=True)
    return nullcontext(str(asked.keep))


if __name__ == "__main__":
    main()
