"""The linker's whole way: inbox -> accepted packages -> re-keyed bodies -> plan -> household research file.

Fails closed: one refused package stops the run, and nothing is written before everything was accepted and linked.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from linkage.codebook import codebook, populations
from linkage.engine.base import Engine, Frame
from linkage.engine.cluster import Cluster, check
from linkage.engine.polars import PolarsEngine
from linkage.errors import DeliveryMissing, OutputError, PackageError, WrongKey
from linkage.files import cannot_write, held, make_folder, remove_dead_folders, replacing, write_text
from linkage.keys import LinkerIdentity
from linkage.linker import ledger
from linkage.linker.accept import Accepted, accept, no_doubles, shown
from linkage.linker.agree import agreements
from linkage.linker.count import report
from linkage.linker.household import by_number, finished, flags, metadata
from linkage.linker.members import Earlier, Numbered, earlier_wave, numbered
from linkage.linker.members import write as write_members
from linkage.linker.parse import parse
from linkage.linker.plan import Planned, plan
from linkage.linker.rekey import rekeyed, study_numbers
from linkage.place import allowed_folder
from linkage.study import Study
from linkage.transfer.package import open_body

Say = Callable[[str], None]
TEMPORARY = ".linkage-"


def _silent(_text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Request:
    """All that a linking needs; the date is passed in. Without a cluster it is done here, with Polars."""

    study: Study
    identity: LinkerIdentity
    inbox: Path
    output: Path
    today: dt.date
    ledger: Path | None = None
    say: Say = _silent
    cluster: Cluster | None = None
    previous: Path | None = None


@dataclass(frozen=True)
class Result:
    """What was written, and the numbers of `linkage.json`."""

    households: Path
    flagged: Path
    numbers: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The two files before they are written."""

    households: pl.DataFrame
    flagged: pl.DataFrame
    numbers: dict[str, Any]
    members: pl.DataFrame | None = None


def run(request: Request) -> Result:
    """Link an inbox.

    Raises PackageError, LinkError, SecretError, PlaceNotAllowed, ExtraMissing, OutputError; writes nothing then.
    """
    if request.identity.public != request.study.linker.public_key:
        raise WrongKey("deze identiteit is niet die van de koppelaar in de studie; neem het goede bestand")
    allowed_folder(request.output, folders=request.study.linker.secured_folders)
    if request.cluster is not None:
        check(request.cluster, request.study.linker.secured_folders)
    earlier = earlier_wave(request.previous, request.output, request.study, request.identity)
    book = request.ledger or request.output / "ledger.jsonl"
    entries = ledger.read(book)
    packages = accept_all(request, entries)
    make_folder(request.output)
    with opened_inbox(request, packages) as (engine, frames):
        outcome = _link(request, packages, frames, engine, earlier)
    result = _write(request, packages, outcome)
    ledger.append(book, entries, [package.entry for package in packages if package.is_new])
    return result


# --- accepting ----------------------------------------------------------------------------------


def accept_all(request: Request, entries: tuple[ledger.Entry, ...]) -> list[Accepted]:
    """Every package of the inbox, in an order of their own. Raises the first refusal after saying them all."""
    refusals: list[PackageError] = []
    accepted: list[Accepted] = []
    for path in _inbox(request.inbox):
        try:
            accepted.append(accept(path, request.study, entries, request.today))
            request.say(f"aanvaard   {shown(path)}")
        except PackageError as refusal:
            request.say(f"geweigerd  {shown(path)}: {refusal}")
            refusals.append(type(refusal)(f"{shown(path)}: {refusal}"))
    if refusals:
        raise refusals[0]
    no_doubles(accepted)
    _all_there(request.study, accepted)
    return sorted(accepted, key=lambda package: (package.manifest.delivery, package.manifest.holder))


def _inbox(inbox: Path) -> list[Path]:
    try:
        return sorted(path for path in inbox.iterdir() if path.suffix == ".package" and path.is_file())
    except OSError:
        raise DeliveryMissing(f"de inbox {inbox.name} is niet te lezen; controleer het pad en de rechten") from None


def _all_there(study: Study, accepted: list[Accepted]) -> None:
    there = {(package.manifest.delivery, package.manifest.holder) for package in accepted}
    missing = [
        f"{holder.delivery} van {holder.id}"
        for holder in study.holder
        if study.protocol.delivery(holder.delivery).required and (holder.delivery, holder.id) not in there
    ]
    if missing:
        raise DeliveryMissing(f"er ontbreekt: {', '.join(missing)}; wacht op dit pakket of zet het in de inbox")


def not_received(study: Study, accepted: list[Accepted]) -> list[str]:
    """Deliveries that the study asks for and that are not there."""
    there = {(package.manifest.delivery, package.manifest.holder) for package in accepted}
    lacking = [f"{h.delivery} van {h.id}" for h in study.holder if (h.delivery, h.id) not in there]
    return sorted(lacking) + sorted(study.study.without)


def as_delivered(study: Study, accepted: list[Accepted]) -> Study:
    """The study in which a complete delivery counts as partial while one of its holders did not deliver.

    Absent can only mean no when everybody answered.
    """
    there = {(package.manifest.delivery, package.manifest.holder) for package in accepted}
    lacking = {holder.delivery for holder in study.holder if (holder.delivery, holder.id) not in there}
    deliveries = tuple(
        delivery.model_copy(update={"completeness": "partial"}) if delivery.name in lacking else delivery
        for delivery in study.protocol.deliveries
    )
    return study.model_copy().bound_to(study.protocol.model_copy(update={"deliveries": deliveries}))


@contextmanager
def _workplace(output: Path) -> Iterator[Path]:
    """A folder for this run alone, in the secured environment, gone afterwards; those of killed runs go first."""
    remove_dead_folders(output, TEMPORARY)
    try:
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=output))
    except OSError as error:
        raise cannot_write(output, error) from None
    try:
        with held(folder):
            yield folder
    finally:
        gone = _removed(folder)
    if not gone:
        raise OutputError(
            f"de tijdelijke map {folder.name} kan niet worden weggehaald; er staan gegevens in: haal haar zelf weg, en "
            "begin opnieuw"
        )


@contextmanager
def _engine(request: Request, packages: list[Accepted], folder: Path) -> Iterator[Engine]:
    """What joins: Polars here, or Spark, with a folder of this run in the one that its machines share."""
    if request.cluster is None:
        yield PolarsEngine(folder)
        return
    from linkage.engine.spark import spark_engine

    request.say("starten    Spark")
    size = sum(package.path.stat().st_size for package in packages)
    shared = request.cluster.shared
    with (
        nullcontext(folder) if shared is None else _workplace(shared) as place,
        spark_engine(request.cluster, folder, place, size) as engine,
    ):
        yield engine


def _removed(folder: Path) -> bool:
    """Whether the folder is gone; what fails once may go the second time. A signal to end waits until it is."""
    stopped: KeyboardInterrupt | None = None
    gone = False
    for _ in range(3):
        try:
            shutil.rmtree(folder, ignore_errors=True)
            gone = _absent(folder)
        except KeyboardInterrupt as signal:
            stopped = signal
        except MemoryError:
            gone = False  # the next time there may be room
        if gone:
            break
    if stopped is not None:
        raise stopped
    return gone


def _absent(folder: Path) -> bool:
    try:
        folder.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


# --- opening ------------------------------------------------------------------------------------


def _opened(request: Request, package: Accepted, folder: Path, number: int, engine: Engine) -> list[Path]:
    """Decrypt, parse in a child, re-key into the engine's files; body and holder's pseudonyms are gone afterwards."""
    body, checked = (folder / f"{number}.{step}" for step in ("body", "checked"))
    try:
        with package.path.open("rb") as file, replacing(body) as plain:
            for chunk in open_body(file, package.header, request.identity.private_key()):
                plain.write(chunk)
        parse(body, checked, package.manifest)
        body.unlink()
        rows = rekeyed(checked, package.manifest, request.identity, request.study.protocol.scheme)
        return _saved(engine, rows, str(number))
    except PackageError as refusal:
        request.say(f"geweigerd  {shown(package.path)}: {refusal}")
        raise type(refusal)(f"{shown(package.path)}: {refusal}") from None
    except OSError as error:
        raise cannot_write(engine.folder, error) from None
    finally:
        body.unlink(missing_ok=True)
        checked.unlink(missing_ok=True)


def _saved(engine: Engine, rows: Iterable[pl.DataFrame], name: str) -> list[Path]:
    try:
        return engine.save(rows, name)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise OutputError("de pakketten kunnen niet worden omgezet; is er ruimte op de schijf?") from None


@contextmanager
def opened_inbox(request: Request, packages: list[Accepted]) -> Iterator[tuple[Engine, dict[str, Frame]]]:
    """An engine, and the rows of each delivery, re-keyed; all of it is gone when the block ends.

    Raises PackageError, EngineUnusable, OutputError.
    """
    with _workplace(request.output) as folder, _engine(request, packages, folder) as engine:
        files: dict[str, list[Frame]] = {}
        for number, package in enumerate(packages):
            request.say(f"openen     {shown(package.path)}")
            rows = engine.scan(_opened(request, package, folder, number, engine))
            numbered = rows.with_columns(nw.lit(number).cast(nw.Int64).alias("holder"))
            files.setdefault(package.manifest.delivery, []).append(numbered)
        yield engine, {name: nw.concat(found, how="vertical") for name, found in files.items()}


# --- linking ------------------------------------------------------------------------------------


def _link(
    request: Request, packages: list[Accepted], frames: dict[str, Frame], engine: Engine, earlier: Earlier | None
) -> Outcome:
    try:
        planned = plan(engine, frames, as_delivered(request.study, packages), request.say)
        return _outcome(request, packages, planned, earlier)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # The library's message may hold values and the plan.
        raise OutputError("het koppelen is afgebroken; is er ruimte op de schijf en geheugen genoeg?") from None


def _numbered(request: Request, planned: Planned, earlier: Earlier | None) -> Numbered:
    """A study number for each household: of this wave alone, or going on from an earlier one."""
    study, table = request.study, planned.table
    if planned.people is not None:
        kept = table.select(flags(study.protocol)).to_series().is_null()
        return numbered(table, planned.people, kept, study, request.identity, earlier)
    numbers = study_numbers(table["household"], request.identity, study.protocol.scheme, study.study.id)
    return Numbered(table.with_columns(numbers))


def _outcome(request: Request, packages: list[Accepted], planned: Planned, earlier: Earlier | None) -> Outcome:
    study, protocol = request.study, request.study.protocol
    done = _numbered(request, planned, earlier)
    table = done.table
    whole = finished(table, table["study_number"], study.study.areas, protocol)
    marks = table.select(flags(protocol)).to_series()
    order = by_number(table["study_number"])
    is_kept = marks.is_null().gather(order)
    counted = [report(package, planned, number) for number, package in enumerate(packages)]
    aside = order.filter(~is_kept)
    kept, flagged = whole[order.filter(is_kept)], whole[aside].with_columns(marks.gather(aside))
    numbers_of = {
        **_numbers(request, planned, kept, marks),
        "not_received": not_received(study, packages),
        "deliveries": counted,
        **({"agreement": agreements(planned.agreements, protocol)} if planned.agreements else {}),
        **({"follow": done.account} if done.members is not None else {}),
    }
    return Outcome(kept, flagged, numbers_of, done.members)


def _numbers(request: Request, planned: Planned, kept: pl.DataFrame, marks: pl.Series) -> dict[str, Any]:
    protocol, table = request.study.protocol, planned.table
    parts = (*protocol.domains, *protocol.definitions, *protocol.selections)
    return {
        "format": "household-linkage/linkage/v1",
        **about_study(request),
        "code": code(),
        "persons": int(table["size"].sum()),
        "persons_without_household": planned.without_household,
        "households": kept.height,
        "families": int(kept["has_child_lt18"].sum()),
        "flagged": {reason: int(n) for reason, n in sorted(marks.drop_nulls().value_counts().iter_rows())},
        "households_in_two_areas": int((table["area"] != table["area_last"]).sum()),
        "true": {part.name: int(kept[part.name].sum()) for part in parts},
        "unknown": {part.name: _unknown(kept, part.name, populations(protocol)) for part in parts},
    }


def _unknown(kept: pl.DataFrame, name: str, population: dict[str, str]) -> int:
    """Households of the population of which it is not known; outside the population nothing is asked."""
    inside = pl.lit(True) if population[name] == "households" else pl.col("has_child_lt18").fill_null(True)
    return int(kept.select((inside & pl.col(name).is_null()).sum()).item())


def about_study(request: Request) -> dict[str, str]:
    """What a file says of the study that it belongs to."""
    about = request.study.study
    return {
        "study": str(about.id),
        "title": about.title,
        "municipality": about.municipality_code,
        "reference_date": about.reference_date.isoformat(),
        "wave": str(about.wave),
        "protocol": request.study.protocol.name,
        "protocol_digest": about.protocol_digest,
    }


def code() -> str:
    """The program and its version."""
    return f"household-linkage {version('household-linkage')}"


# --- writing ------------------------------------------------------------------------------------


def _write(request: Request, packages: list[Accepted], outcome: Outcome) -> Result:
    """Write all files whole; the household file last, so that it never stands without its codebook."""
    digests = {f"{p.manifest.delivery}/{p.manifest.holder}": p.digest for p in packages}
    meta = metadata(request.study.protocol, about_study(request), digests, code())
    folder, numbers = request.output, outcome.numbers
    if outcome.members is not None:
        kept = write_members(outcome.members, folder, request.study, request.identity)
        numbers = {**numbers, "follow": {**numbers["follow"], **kept}}
    write_text(folder / "codebook.csv", codebook(request.study.protocol))
    write_text(folder / "linkage.json", json.dumps(numbers, indent=2, ensure_ascii=False) + "\n")
    for name, frame in (("flagged.parquet", outcome.flagged), ("households.parquet", outcome.households)):
        with replacing(folder / name) as file:
            _write_parquet(frame, file, meta)
    return Result(folder / "households.parquet", folder / "flagged.parquet", numbers)


def _write_parquet(frame: pl.DataFrame, file: Any, meta: dict[str, str]) -> None:
    try:
        frame.write_parquet(file, compression="zstd", statistics=False, row_group_size=131_072, metadata=meta)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise OutputError("het onderzoeksbestand kan niet worden geschreven; maak ruimte op de schijf") from None
