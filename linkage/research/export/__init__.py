"""The household file for SPSS, Stata, spreadsheets and catalogues (docs/spec/export-v1.md).

Default deny: without a recipient, within the retention date, inside the study's secured folders, or nothing is written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Literal

from linkage.chain import START
from linkage.errors import OutputError, ResearchError
from linkage.files import cannot_write, replacing
from linkage.place import allowed_file
from linkage.research.export import ddi, log, plain, readstat
from linkage.research.export.labels import Limits, Variable, as_doubles, checked, codebook, coded, variables
from linkage.research.households import HouseholdFile

Kind = Literal["sav", "dta", "csv", "parquet", "ddi"]
SUFFIXES: dict[str, Kind] = {".sav": "sav", ".dta": "dta", ".csv": "csv", ".parquet": "parquet", ".xml": "ddi"}
LIMITS: dict[Kind, Limits] = {"sav": readstat.SPSS, "dta": readstat.STATA}
CHUNK = 1 << 20
MOST_CHARACTERS = 80
PUNCTUATION = " .,-&()"


@dataclass(frozen=True)
class Request:
    """All that an export needs; `source` is where `file` was read from. Clock and account are passed in."""

    file: HouseholdFile
    source: Path
    target: Path
    kind: Kind
    recipient: str
    account: str
    now: dt.datetime


@dataclass(frozen=True)
class Exported:
    """What was written: the export, its codebook (none for DDI, which is one), and the line in the book of exports."""

    target: Path
    codebook: Path | None
    entry: log.Entry
    renamed: tuple[str, ...]


def kind_of(target: Path) -> Kind:
    """The format that a file's name asks for. Raises ResearchError."""
    kind = SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise ResearchError(f"aan de naam is het formaat niet te zien; laat hem eindigen op {', '.join(SUFFIXES)}")
    return kind


def export(request: Request) -> Exported:
    """Write the household file in another format, and write down for whom.

    Raises PlaceNotAllowed, OutputError, HouseholdFileWrong, ExtraMissing, ResearchError; leaves no export then.
    """
    _permitted(request)
    study = request.file.study
    source = request.source
    target = allowed_file(request.target, folders=study.linker.secured_folders, source=source)
    beside = None if request.kind == "ddi" else target.with_name(f"{target.name}.codeboek.csv")
    made = variables(study, LIMITS.get(request.kind, Limits()))
    book = source.parent / log.NAME
    log.read(book)
    # The line goes into the book before the export gets its name: an export that is not in the book must not exist.
    with _workplace(target) as folder, _codebook(beside) as write, replacing(target, exclusive=True) as file:
        _WRITERS[request.kind](request, made, folder / target.name)
        entry = _entry(request, target, _copy(folder / target.name, file, target))
        write(codebook(made, codes=request.kind in ("sav", "dta")))
        written = log.append(book, entry)
    return Exported(target, beside, written, tuple(v.field.name for v in made if v.renamed))


def _permitted(request: Request) -> None:
    recipient = request.recipient
    allowed = all(character.isalnum() or character in PUNCTUATION for character in recipient)
    if not recipient.strip() or len(recipient) > MOST_CHARACTERS or not allowed:
        raise ResearchError(
            f"noem de ontvanger met letters, cijfers, spaties en {PUNCTUATION.strip()}, "
            f"hoogstens {MOST_CHARACTERS} tekens"
        )
    if request.now.date() > request.file.study.study.retention_until:
        raise ResearchError(
            "de bewaartermijn van deze studie is voorbij; voer niets meer uit, en vernietig de gegevens"
        )


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """A folder for this export alone, beside the target and so inside the secured folder; gone afterwards."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".linkage-", dir=target.parent))
    except OSError as error:
        raise cannot_write(target, error) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _codebook(path: Path | None) -> Iterator[Callable[[bytes], None]]:
    """Writes the codebook beside the export, and takes it away again where the export fails."""
    if path is None:
        yield lambda _: None
        return
    if path.exists():
        raise OutputError(f"{path.name} bestaat al; kies een andere naam of haal het bestand zelf weg")

    def write(content: bytes) -> None:
        with replacing(path) as file:
            file.write(content)

    try:
        yield write
    except BaseException:  # also on a signal to end: a codebook without its export says what is not there
        path.unlink(missing_ok=True)
        raise


def _copy(path: Path, file: BinaryIO, target: Path) -> str:
    """Copy what a library wrote; its SHA-256."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as made:
            while chunk := made.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
    except OSError as error:
        raise cannot_write(target, error) from None
    return digest.hexdigest()


def _entry(request: Request, target: Path, digest: str) -> log.Entry:
    about = request.file.study.study
    return log.Entry(
        previous=START,
        study=str(about.id),
        recipient=request.recipient,
        legal_basis=about.legal_basis,
        kind=request.kind,
        file=target.name,
        sha256=digest,
        account=request.account,
        exported=request.now.isoformat(timespec="seconds"),
    )


# --- one writer per format ------------------------------------------------------------------------------

Writer = Callable[[Request, tuple[Variable, ...], Path], None]


def _coded(request: Request, made: tuple[Variable, ...]) -> readstat.Coded:
    about = request.file.study.study
    frame = as_doubles(coded(checked(request.file), request.file.study), made)
    notes = (
        f"{about.title}, meting {about.wave}, peildatum {about.reference_date.isoformat()}.",
        ddi.MISSING,
        f"Protocol {about.protocol_digest}. Gepseudonimiseerd, niet anoniem.",
    )
    return readstat.Coded(frame, made, about.title, notes, about.reference_date)


def _sav(request: Request, made: tuple[Variable, ...], path: Path) -> None:
    readstat.write_sav(_coded(request, made), path)


def _dta(request: Request, made: tuple[Variable, ...], path: Path) -> None:
    readstat.write_dta(_coded(request, made), path)


def _csv(request: Request, _made: tuple[Variable, ...], path: Path) -> None:
    plain.write_csv(coded(checked(request.file), request.file.study), path)


def _parquet(request: Request, _made: tuple[Variable, ...], path: Path) -> None:
    plain.write_parquet(checked(request.file), request.file.about, path)


def _ddi(request: Request, made: tuple[Variable, ...], path: Path) -> None:
    code = f"household-linkage {version('household-linkage')}"
    path.write_bytes(ddi.document(request.file.study, made, code, request.now.date()))


_WRITERS: dict[Kind, Writer] = {"sav": _sav, "dta": _dta, "csv": _csv, "parquet": _parquet, "ddi": _ddi}
