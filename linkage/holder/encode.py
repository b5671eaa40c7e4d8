"""The holder's whole way: export -> batches -> pseudonyms -> sealed package; a summary before anything is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import polars as pl

from linkage.errors import HolderUnknown, NothingToDeliver, StudyIncomplete, TooManyRejected, WrongKey
from linkage.files import replacing
from linkage.holder.body import body_schema, write_body
from linkage.holder.minimise import minimise
from linkage.holder.normalise import Job, normalise
from linkage.holder.pseudonymise import Pseudonymiser, canaries, pseudonymiser
from linkage.holder.read import Export, Progress, RawBatch, read
from linkage.holder.spool import Spool
from linkage.holder.validate import NOT_SELECTED, validate
from linkage.keys import HolderIdentity, RootKey, fingerprint, linker_public_key
from linkage.study import Root, Study, pseudonym_fields
from linkage.transfer.manifest import Manifest, Source, day, manifest_columns
from linkage.transfer.package import seal

EXAMPLE_ROWS = 5
NAMED_ROWS = 10


@dataclass
class Tally:
    """What was counted on the way; no value, only numbers of rows."""

    rows: int = 0
    kept: int = 0
    refused: list[pl.DataFrame] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    examples: pl.DataFrame | None = None


@dataclass(frozen=True)
class Summary:
    """What leaves and what stays, before it leaves."""

    job: Job
    kind: str
    stays: tuple[str, ...]
    tally: Tally

    @property
    def rejected(self) -> dict[str, int]:
        """Refused rows by reason, without those that were not meant at all."""
        return {reason: n for reason, n in sorted(self.tally.reasons.items()) if reason != NOT_SELECTED}

    @property
    def not_selected(self) -> int:
        """Rows outside the selection of the protocol, such as people who left."""
        return self.tally.reasons[NOT_SELECTED]

    def rows_of(self, reason: str, most: int = NAMED_ROWS) -> list[int]:
        """The first row numbers refused for that reason."""
        rows = [row for frame in self.tally.refused for row in frame.filter(pl.col("reason") == reason)["row"]]
        return sorted(rows)[:most]


@dataclass(frozen=True)
class Request:
    """All that an encoding needs; the date is passed in."""

    job: Job
    root: RootKey
    identity: HolderIdentity
    export: Path
    today: dt.date
    sequence: int = 1
    implementation: str = "polars-hash"


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
    with Spool(Path(), budget=2**62) as spool:
        return _through(request, spool, progress, keep=False)


def encode(request: Request, target: Path, progress: Progress, before: Callable[[Summary], None]) -> Sealed:
    """Encode an export into a sealed package; `before` is called with the summary before anything is written.

    Raises InputError, SecretError, OutputError; leaves no half package and no plain copy.
    """
    with Spool(target.parent) as spool:
        summary = _through(request, spool, progress, keep=True)
        _check_tally(request, summary.tally)
        before(summary)
        rejects = _write_rejects(summary, target)
        with replacing(target) as file:
            digest = _seal(request, summary, spool, file)
    return Sealed(target, rejects, digest)


def _through(request: Request, spool: Spool, progress: Progress, *, keep: bool) -> Summary:
    _check_keys(request)
    scheme = pseudonymiser(request.job, request.root, request.implementation)
    export = read(request.export, request.job.holder, progress)
    tally = Tally()
    for batch in export.batches:
        frame = _one(request.job, scheme, export, batch, tally)
        if keep:
            spool.add(frame)
    return Summary(request.job, export.kind, export.stays, tally)


def _one(job: Job, scheme: Pseudonymiser, export: Export, batch: RawBatch, tally: Tally) -> pl.DataFrame:
    decimal = job.decimal if export.kind.startswith("CSV") else "point"
    valid = validate(normalise(batch, job, decimal), job)
    made = scheme.apply(minimise(valid, job)).frame
    tally.rows += batch.frame.height
    tally.kept += made.height
    tally.classes.update(valid.classes)
    if valid.refused.height:
        tally.refused.append(valid.refused)
        tally.reasons.update(dict(valid.refused["reason"].value_counts().iter_rows()))
    nulls = made.null_count().row(0)
    tally.unknown.update(dict(zip(made.columns, nulls, strict=True)))
    if tally.examples is None and made.height:
        tally.examples = made.sort(made.columns).head(EXAMPLE_ROWS)
    return made


def _check_keys(request: Request) -> None:
    study, holder = request.job.study, request.job.holder
    if request.identity.public != holder.public_key:
        raise WrongKey(
            f"deze identiteit is niet die van {holder.id} in de studie; neem het goede bestand of de goede studie"
        )
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
    version = protocol.normalisation.version
    return canaries(version, {name: root.field_key(protocol.scheme, name, version(name)) for name in fields})


def root_block(study: Study, root: RootKey) -> str:
    """The `[root]` block for study.toml: what anyone may know of the root."""
    made = root_canaries(study, root)
    lines = ["[root]", f'key_id = "{root.key_id}"', "", "[root.canaries]"]
    return "\n".join([*lines, *(f'{name} = "{value}"' for name, value in made.items())])


def _check_tally(request: Request, tally: Tally) -> None:
    delivery = request.job.delivery
    if not tally.kept:
        raise NothingToDeliver(f"{request.export.name}: geen enkele rij kan worden geleverd; kijk met --preview waarom")
    rejected = sum(n for reason, n in tally.reasons.items() if reason != NOT_SELECTED)
    selected = tally.rows - tally.reasons[NOT_SELECTED]
    if rejected > delivery.max_rejected_share * selected:
        reasons = ", ".join(f"{n} x {reason}" for reason, n in tally.reasons.most_common(4) if reason != NOT_SELECTED)
        raise TooManyRejected(
            f"{request.export.name}: {rejected} van {selected} rijen zijn onbruikbaar ({reasons}); het protocol staat "
            f"{delivery.max_rejected_share:%} toe. Kloppen de kolommen? Kijk met --preview"
        )


def _write_rejects(summary: Summary, target: Path) -> Path | None:
    """Row numbers and reasons; no values. It stays at the holder."""
    path = target.with_name(f"{target.name}.afgewezen.csv")
    frames = summary.tally.refused
    if not frames:
        path.unlink(missing_ok=True)
        return None
    report = pl.concat(frames).sort("row").rename({"row": "rij", "reason": "reden"})
    with replacing(path) as file:
        file.write(report.write_csv(separator=";").encode("utf-8"))
    return path


def _seal(request: Request, summary: Summary, spool: Spool, file: BinaryIO) -> str:
    job = request.job
    schema = body_schema(pseudonym_fields(job.delivery), job.wire)
    return seal(
        file,
        manifest_of(request, summary),
        linker_public_key(job.study.linker.public_key),
        request.identity.sign,
        lambda body: write_body(body, spool.sorted(), schema),
    )


def manifest_of(request: Request, summary: Summary) -> Manifest:
    """What the package will say of itself."""
    job, study = request.job, request.job.study
    protocol, about = study.protocol, study.study
    fields = pseudonym_fields(job.delivery)
    made = root_canaries(study, request.root)
    return Manifest(
        format="household-linkage/package/v1",
        study=str(about.id),
        protocol_digest=about.protocol_digest,
        reference_date=day(about.reference_date),
        delivery=job.delivery.name,
        holder=job.holder.id,
        wave=about.wave,
        sequence=request.sequence,
        scheme=protocol.scheme,
        normalisation={name: protocol.normalisation.version(name) for name in fields},
        root_key_id=request.root.key_id,
        canaries={name: made[name] for name in fields},
        linker=fingerprint(study.linker.public_key),
        created=day(request.today),
        expires=day(request.today + dt.timedelta(days=protocol.package_days)),
        pseudonyms=fields,
        columns=manifest_columns(job.wire),
        rows=summary.tally.kept,
        source=Source(rows=summary.tally.rows, not_selected=summary.not_selected, rejected=summary.rejected),
        encoder=f"household-linkage {version('household-linkage')}",
    )
