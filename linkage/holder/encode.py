"""The holder's whole way: export -> batches -> pseudonyms -> sealed package; a summary before anything is written."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import polars as pl

from linkage.errors import (
    HolderUnknown,
    InputUnreadable,
    OutputError,
    PackageExpired,
    StudyIncomplete,
    ValueUnknown,
    WrongKey,
)
from linkage.files import cannot_write, replacing
from linkage.holder.body import body_schema, write_body
from linkage.holder.fingerprint import Measurement
from linkage.holder.fingerprint import check as check_fingerprints
from linkage.holder.hash_route import choose
from linkage.holder.leaks import Gate
from linkage.holder.minimise import minimise
from linkage.holder.normalise import Job, normalise
from linkage.holder.pseudonymise import canaries, derived_canaries, pseudonymiser
from linkage.holder.read import Progress, RawBatch, read
from linkage.holder.reasons import in_words
from linkage.holder.spool import Spool
from linkage.holder.tally import Summary, Tally
from linkage.holder.validate import validate
from linkage.keys import HolderIdentity, RootKey, fingerprint, linker_public_key
from linkage.study import Root, Study, pseudonym_fields
from linkage.transfer.manifest import Manifest, Source, day, manifest_columns
from linkage.transfer.package import MAGIC, seal

__all__ = [
    "Request",
    "Sealed",
    "Summary",
    "encode",
    "job_of",
    "manifest_of",
    "preview",
    "root_block",
    "root_canaries",
]


@dataclass(frozen=True)
class Request:
    """All that an encoding needs; the date is passed in."""

    job: Job
    root: RootKey
    identity: HolderIdentity
    export: Path
    today: dt.date
    sequence: int = 1
    implementation: str = "auto"
    keep: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Sealed:
    """A package that was written, the reject report beside it (None where nothing was refused), and its digest."""

    package: Path
    rejects: Path | None
    digest: str


def job_of(study: Study, holder: str, delivery: str) -> Job:
    """The holder's entry. Raises HolderUnknown where the study has none."""
    entry = study.holder_of(holder, delivery)
    if entry is None:
        raise HolderUnknown(
            f"de studie kent geen houder {holder} met levering {delivery}; kijk in de studie onder [[holder]]"
        )
    return Job(study, entry, study.protocol.delivery(delivery))


def preview(request: Request, progress: Progress) -> Summary:
    """Do everything but write: the summary of a whole export. Raises InputError, SecretError."""
    return _through(request, progress, _forget)


def _forget(_frame: pl.DataFrame) -> None:
    """Keep nothing."""


def encode(request: Request, target: Path, progress: Progress, before: Callable[[Summary], None]) -> Sealed:
    """Encode an export into a sealed package; `before` is called with the summary before anything is written.

    How far the rows single people out is measured while they are sealed, under a temporary name: where it is too far,
    nothing was signed, and the file is gone. Raises InputError, SecretError, OutputError; leaves no half package and no
    plain copy.
    """
    _check_target(request, target)
    with Spool(target.parent) as spool:
        summary = _through(request, progress, spool.add)
        before(summary)
        summary.check()
        with replacing(target) as file:
            digest = _seal(request, summary, spool, file, target)
            # Inside: where the report cannot be written, the package does not appear either.
            rejects = _write_rejects(summary, target)
    return Sealed(target, rejects, digest)


def _check_target(request: Request, target: Path) -> None:
    """Nothing but an earlier package may be written over: least of all the export or a key."""
    for path in (target, rejects_of(target)):
        if any(_same(path, source) for source in (request.export, *request.keep)):
            raise OutputError(f"--output {target.name} is een van uw eigen bestanden; kies een andere naam")
    if target.exists() and not _is_package(target):
        raise OutputError(f"{target.name} bestaat al en is geen pakket; kies een andere naam")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_package(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def rejects_of(target: Path) -> Path:
    """Where the report of refused rows goes: beside the package; it stays at the holder."""
    return target.with_name(f"{target.name}.afgewezen.csv")


def _through(request: Request, progress: Progress, keep: Callable[[pl.DataFrame], None]) -> Summary:
    _check_keys(request)
    job, tally, gate = request.job, Tally(), Gate(request.job)
    route = choose(request.export) if request.implementation == "auto" else request.implementation
    scheme = pseudonymiser(job, request.root, route)
    export = read(request.export, job.holder, progress)
    for batch in export.batches:
        with _no_cell_told(request.export, batch), _worst_first(gate, request.export):
            gate.add(batch)
            valid = validate(normalise(batch, job), job)
            made = scheme.apply(minimise(valid, job))
            tally.add(valid, made)
        keep(made.frame)
    gate.check(request.export.name)
    return Summary(job, request.export.name, export.kind, export.stays, tally, route)


@contextmanager
def _worst_first(gate: Gate, export: Path) -> Iterator[None]:
    """A column full of identifiers is told as such, and not as words that were not agreed."""
    try:
        yield
    except ValueUnknown:
        gate.check(export.name)
        raise


@contextmanager
def _no_cell_told(export: Path, batch: RawBatch) -> Iterator[None]:
    """Messages of Polars quote cells; whatever it may meet here, nothing of it goes on."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        rows = batch.frame["row"]
        raise InputUnreadable(
            f"{export.name}: rij {rows[0]} t/m {rows[-1]} zijn niet te verwerken; meld dit aan wie de studie beheert"
        ) from None


def _check_keys(request: Request) -> None:
    study, holder = request.job.study, request.job.holder
    if request.identity.public != holder.public_key:
        raise WrongKey(
            f"deze identiteit is niet die van {holder.id} in de studie; neem het goede bestand of de goede studie"
        )
    if request.today < study.study.reference_date:
        raise PackageExpired(
            "volgens de klok is het nog voor de peildatum van de studie; zet de klok van uw computer goed"
        )
    if request.today > study.study.retention_until:
        raise PackageExpired("de bewaartermijn van de studie is voorbij; er mag niets meer worden geleverd")
    if study.root is None:
        raise StudyIncomplete("in de studie ontbreekt [root]; vraag de studie met de gegevens van de hoofdsleutel")
    if request.root.key_id != study.root.key_id or not _same_canaries(request, study.root):
        raise WrongKey("deze hoofdsleutel is niet die van de studie; vraag de goede hoofdsleutel aan de andere houders")


def _same_canaries(request: Request, root: Root) -> bool:
    return root_canaries(request.job.study, request.root) == dict(root.canaries)


def root_canaries(study: Study, root: RootKey) -> dict[str, str]:
    """The pseudonyms of the reserved identifiers for every field of the protocol."""
    protocol = study.protocol
    fields = sorted({name for delivery in protocol.deliveries for name in pseudonym_fields(delivery)})
    keys = {name: root.field_key(protocol.scheme, name, protocol.version(name)) for name in fields}
    made = canaries(protocol.version, keys)
    return made if protocol.numberless is None else made | derived_canaries(protocol.numberless.fields, keys)


def root_block(study: Study, root: RootKey) -> str:
    """The `[root]` block for study.toml: what anyone may know of the root."""
    made = root_canaries(study, root)
    lines = ["[root]", f'key_id = "{root.key_id}"', "", "[root.canaries]"]
    return "\n".join([*lines, *(f'{name} = "{value}"' for name, value in made.items())])


def _write_rejects(summary: Summary, target: Path) -> Path | None:
    """Row numbers and reasons; no values. It stays at the holder."""
    path = rejects_of(target)
    frames = summary.tally.refused
    if not frames:
        path.unlink(missing_ok=True)
        return None
    words = {reason: in_words(reason) for reason in summary.rejected}
    report = (
        pl.concat(frames)
        .sort("row")
        .select(pl.col("row").alias("rij"), pl.col("reason").replace_strict(words).alias("reden"))
    )
    with replacing(path) as file:
        # With a byte-order mark, so that Excel reads it as UTF-8.
        file.write(report.write_csv(separator=";", include_bom=True).encode("utf-8"))
    return path


def _seal(request: Request, summary: Summary, spool: Spool, file: BinaryIO, target: Path) -> str:
    job = request.job
    schema = body_schema(pseudonym_fields(job.delivery), job.wire)
    manifest, linker = manifest_of(request, summary), linker_public_key(job.study.linker.public_key)

    def write(body: io.RawIOBase) -> None:
        measured = Measurement(job)
        write_body(body, spool.sorted(), schema, measured.add)
        check_fingerprints(measured.profiles(), job)

    try:
        return seal(file, manifest, linker, request.identity.sign, write)
    except OSError as error:
        raise cannot_write(target, error) from None


def manifest_of(request: Request, summary: Summary) -> Manifest:
    """What the package will say of itself."""
    job, study = request.job, request.job.study
    protocol, about = study.protocol, study.study
    fields = pseudonym_fields(job.delivery)
    assert study.root is not None  # its canaries are those of this root: `_check_keys` made them
    return Manifest(
        format="household-linkage/package/v1",
        study=str(about.id),
        protocol_digest=about.protocol_digest,
        agreement=study.agreement,
        reference_date=day(about.reference_date),
        delivery=job.delivery.name,
        holder=job.holder.id,
        wave=about.wave,
        sequence=request.sequence,
        scheme=protocol.scheme,
        normalisation={name: protocol.version(name) for name in fields},
        root_key_id=request.root.key_id,
        canaries={name: study.root.canaries[name] for name in fields},
        linker=fingerprint(study.linker.public_key),
        created=day(request.today),
        expires=day(request.today + dt.timedelta(days=protocol.package_days)),
        pseudonyms=fields,
        columns=manifest_columns(job.wire),
        rows=summary.tally.kept,
        source=Source(rows=summary.tally.rows, not_selected=summary.not_selected, rejected=summary.rejected),
        encoder=f"household-linkage {version('household-linkage')}",
    )
