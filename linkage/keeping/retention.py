"""What of a study still exists, by the formats that files say they have (docs/spec/keys-v1.md, section 10).

A file is recognised by its first bytes and its study, never by its name alone. What cannot be read is told too: a
folder that hides something may not look empty.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.errors import PackageError
from linkage.keeping.destroyed import KIND_WORDS
from linkage.study import Study
from linkage.transfer.package import MAGIC, read_header

WARN_DAYS = 30
HEAD = 1024 * 1024
MEMBERS = "household-linkage/members/v1"
UNREADABLE = "niet te lezen; kijk zelf na"
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.part")


@dataclass(frozen=True)
class Found:
    """A file of the study: what it is, and where under the folder."""

    kind: str
    place: Path


@dataclass(frozen=True)
class Retention:
    """What was found, and how many days are left; negative when the date is past."""

    found: tuple[Found, ...]
    days_left: int

    @property
    def passed(self) -> bool:
        """Whether the retention date is past."""
        return self.days_left < 0

    @property
    def soon(self) -> bool:
        """Whether the date comes within 30 days."""
        return 0 <= self.days_left <= WARN_DAYS


def look(study: Study, folder: Path, today: dt.date) -> Retention:
    """Everything of the study under a folder. Symbolic links are told and not followed."""
    files = sorted(_walk(folder), key=lambda found: str(found.place))
    kept = [found for path in files if (found := _named(path, folder, study))]
    return Retention(tuple(kept), (study.study.retention_until - today).days)


@dataclass(frozen=True)
class _Path:
    place: Path
    kind: str | None = None


def _walk(folder: Path) -> Iterator[_Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield _Path(folder, UNREADABLE)
        return
    for path in entries:
        if path.is_symlink():
            yield _Path(path, "verwijzing, niet gevolgd; kijk zelf na")
        elif path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield _Path(path)


def _named(entry: _Path, top: Path, study: Study) -> Found | None:
    place = entry.place.relative_to(top)
    kind = entry.kind or _leftover(place) or _recognised(entry.place, study)
    return Found(kind, place) if kind else None


def _leftover(place: Path) -> str | None:
    if any(part.startswith(".linkage-") for part in place.parts[:-1]):
        return "rest van een afgebroken koppeling"
    if _TEMPORARY.fullmatch(place.name):
        return "half geschreven bestand"
    return None


def _recognised(path: Path, study: Study) -> str | None:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
        for recogniser in RECOGNISERS:
            if kind := recogniser(path, head, study):
                return kind
    except OSError:
        return UNREADABLE
    return None


# --- a recogniser per format --------------------------------------------------------------------


def _secret(_path: Path, head: bytes, study: Study) -> str | None:
    document = _json(head)
    if document.get("format") != "household-linkage/secret/v1":
        return None
    kind = KIND_WORDS.get(str(document.get("kind")), "sleutelbestand")
    ours = {str(study.study.id), study.linker.public_key, study.linker.signing_key}
    ours |= {key for holder in study.holder for key in (holder.public_key, holder.id)}
    said = {document.get(name) for name in ("study", "public", "holder") if isinstance(document.get(name), str)}
    return kind if not said or said & ours else None


def _reveal(_path: Path, head: bytes, study: Study) -> str | None:
    body = _json(head).get("body")
    if not isinstance(body, dict) or body.get("format") != "household-linkage/key-agreement-reveal/v1":
        return None
    return "onthulling van de hoofdsleutel (ronde 2)" if body.get("holder") in {h.id for h in study.holder} else None


def _json(head: bytes) -> dict[str, Any]:
    try:
        found = json.loads(head) if head[:1] == b"{" else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _package(path: Path, head: bytes, study: Study) -> str | None:
    if not head.startswith(MAGIC):
        return None
    try:
        with path.open("rb") as file:
            return "pakket" if read_header(file).manifest.study == str(study.study.id) else None
    except PackageError:
        return "pakket, beschadigd"


def _share(_path: Path, head: bytes, study: Study) -> str | None:
    text = head[:4096].decode("utf-8", errors="replace")
    ours = f"Nummer:       {study.study.id}" in text
    return "aandeel in de hoofdsleutel" if ours and "IN DE HOOFDSLEUTEL" in text else None


def _parquet(path: Path, head: bytes, study: Study) -> str | None:
    if not head.startswith(b"PAR1"):
        return None
    import polars as pl

    try:
        about = _json(pl.read_parquet_metadata(path).get("household-linkage", "").encode("utf-8"))
        names = list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return UNREADABLE
    if about:
        kind = "ledenbestand van de koppelaar" if about.get("format") == MEMBERS else "onderzoeksbestand"
        return kind if about.get("study") == str(study.study.id) else None
    return _export_of(names, study)


def _excel(path: Path, head: bytes, study: Study) -> str | None:
    if not head.startswith(b"PK\x03\x04") or path.suffix.lower() not in (".xlsx", ".xlsm"):
        return None
    import fastexcel

    try:
        book = fastexcel.read_excel(str(path))
        names = [name for sheet in book.sheet_names for row in _top(book, sheet) for name in row]
    except fastexcel.FastExcelError:
        return UNREADABLE
    return _export_of(names, study)


def _top(book: Any, sheet: str) -> list[list[str]]:
    """The first rows of a sheet as text: the header row may stand below titles."""
    frame = book.load_sheet(sheet, header_row=None, n_rows=20, dtypes="string").to_polars()
    return [[str(cell) for cell in row if cell is not None] for row in frame.iter_rows()]


def _text(path: Path, head: bytes, study: Study) -> str | None:
    if path.name.endswith(".afgewezen.csv"):
        return "lijst van afgewezen rijen"
    if b"study_number" in head.lower() and path.suffix.lower() in (".csv", ".sav", ".dta"):
        return "onderzoeksbestand, omgezet"
    top = head[:65_536] if len(head) <= 65_536 else head[:65_536].rpartition(b"\n")[0]
    lines = _decoded(top).splitlines()[:20]
    return next((kind for line in lines if (kind := _export_of(re.split(r"[;,\t|]", line), study))), None)


def _decoded(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")


def _export_of(names: list[str], study: Study) -> str | None:
    """An export with all columns that a holder of the study maps; at least two, so that a word is no export."""
    there = {" ".join(name.strip().strip('"').split()).casefold() for name in names}
    for holder in study.holder:
        mapped = {" ".join(name.split()).casefold() for name in holder.columns.values()}
        if len(mapped) > 1 and mapped <= there:
            return f"export voor {holder.delivery}"
    return None


Recogniser = Callable[[Path, bytes, Study], str | None]
RECOGNISERS: tuple[Recogniser, ...] = (_secret, _reveal, _package, _share, _parquet, _excel, _text)
