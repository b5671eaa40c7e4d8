"""Raw exports to batches of text: Dutch CSV, Excel and Parquet, without keeping more than a batch.

Only the columns that the study maps are read; the others stay in the file. Every cell is text, so that no
leading zero is lost here. Nothing is written to disk. (`EVIDENCE`: detection libraries guess wrong, so the order is
byte-order mark, strict UTF-8, cp1252.)
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from linkage.errors import ColumnMissing, InputUnreadable
from linkage.study import Format, Holder

BLOCK_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 64 * 1024 * 1024
BATCH_ROWS = 65_536
SEPARATORS = (";", ",", "\t", "|")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RawBatch:
    """Text columns under their protocol keys, and `row`: the row number in the export (the header is row 1)."""

    frame: pl.DataFrame


@dataclass(frozen=True)
class Export:
    """An export whose header was found: its kind, the columns that stay at home, and its batches."""

    kind: str
    stays: tuple[str, ...]
    batches: Iterator[RawBatch]


def read(path: Path, holder: Holder, progress: Progress) -> Export:
    """Open an export as the study describes it. Raises InputUnreadable, ColumnMissing."""
    try:
        with path.open("rb") as file:
            magic = file.read(8)
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te openen; controleer het pad en de rechten") from None
    if not magic:
        raise InputUnreadable(f"{path.name} is leeg; maak de export opnieuw")
    if magic.startswith(b"PAR1"):
        return _parquet(path, holder, progress)
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _excel(path, holder, progress)
    return _csv(path, holder, progress)


# --- columns ------------------------------------------------------------------------------------


def _positions(path: Path, holder: Holder, header: list[str]) -> dict[str, int]:
    """Where each protocol key stands. Messages name agreed columns only: a file without header has data there."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        found.setdefault(_fold(name), []).append(index)
    missing = [source for source in holder.columns.values() if _fold(source) not in found]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise ColumnMissing(
            f"{path.name}: de kolom {names} staat niet in de kopregel ({len(header)} kolommen gelezen); "
            "controleer [holder.columns] en [holder.format] in de studie, of de kopregel van de export"
        )
    double = [source for source in holder.columns.values() if len(found[_fold(source)]) > 1]
    if double:
        raise ColumnMissing(f"{path.name}: de kolom `{double[0]}` staat er meer dan een keer in; hernoem er een")
    return {key: found[_fold(source)][0] for key, source in holder.columns.items()}


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()


def _others(header: list[str], positions: dict[str, int]) -> tuple[str, ...]:
    used = set(positions.values())
    return tuple(name for index, name in enumerate(header) if index not in used)


def _numbered(frame: pl.DataFrame, first: int) -> RawBatch:
    return RawBatch(frame.with_row_index("row", offset=first))


# --- CSV ----------------------------------------------------------------------------------------


def _csv(path: Path, holder: Holder, progress: Progress) -> Export:
    encoding = holder.format.encoding or _encoding(path)
    blocks = _blocks(path, encoding, progress)
    first = next(blocks, b"")
    separator, header = _header(path, first, holder)
    positions = _positions(path, holder, header)
    rest = _skip_records(first, holder.format.header_row)
    batches = _csv_batches(path, rest, blocks, separator, len(header), positions, holder.format.header_row + 1)
    return Export(f"CSV ({encoding}, scheidingsteken {_named(separator)})", _others(header, positions), batches)


def _named(separator: str) -> str:
    return "tab" if separator == "\t" else separator


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        try:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _blocks(path: Path, encoding: str, progress: Progress) -> Iterator[bytes]:
    """UTF-8 blocks of whole records: cut at the last line end outside quotes."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("strict")
    total, done, carry = path.stat().st_size, 0, b""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                done += len(block)
                carry += decoder.decode(block).encode("utf-8")
                whole, carry = _cut(path, carry)
                if whole:
                    yield whole
                progress(done, total)
        carry += decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError:
        raise InputUnreadable(f"{path.name} is geen {encoding}; bewaar de export als CSV UTF-8") from None
    except OSError:
        raise InputUnreadable(f"{path.name} kon niet verder worden gelezen; probeer het opnieuw") from None
    if carry.count(b'"') % 2:
        raise InputUnreadable(f"{path.name}: een aanhalingsteken wordt niet gesloten; maak de export opnieuw")
    if carry.strip():
        yield carry


def _cut(path: Path, text: bytes) -> tuple[bytes, bytes]:
    quotes, end = text.count(b'"'), len(text)
    while (position := text.rfind(b"\n", 0, end)) >= 0:
        quotes_before = quotes - text.count(b'"', position)
        if quotes_before % 2 == 0:
            return text[: position + 1], text[position + 1 :]
        end = position
    if len(text) > MAX_RECORD_BYTES:
        raise InputUnreadable(f"{path.name}: een regel is langer dan 64 MiB; wordt een aanhalingsteken niet gesloten?")
    return b"", text


def _header(path: Path, first: bytes, holder: Holder) -> tuple[str, list[str]]:
    """The separator under which the header has most of the agreed columns, and that header."""
    wanted = {_fold(source) for source in holder.columns.values()}
    candidates = (holder.format.separator,) if holder.format.separator else SEPARATORS
    headers = [(separator, _header_under(first, separator, holder.format)) for separator in candidates]
    separator, header = max(headers, key=lambda item: (len(wanted & {_fold(name) for name in item[1]}), len(item[1])))
    if not header:
        raise InputUnreadable(f"{path.name} heeft geen kopregel; zet de kolomnamen in de eerste regel")
    return separator, header


def _header_under(first: bytes, separator: str, form: Format) -> list[str]:
    text = io.StringIO(first[:1_000_000].decode("utf-8", errors="ignore"), newline="")
    try:
        for number, record in enumerate(csv.reader(text, delimiter=separator), 1):
            if number == form.header_row:
                return record
    except csv.Error:
        return []
    return []


def _skip_records(text: bytes, count: int) -> bytes:
    for _ in range(count):
        end = text.find(b"\n")
        while end >= 0 and text.count(b'"', 0, end) % 2:
            end = text.find(b"\n", end + 1)
        text = text[end + 1 :] if end >= 0 else b""
    return text


def _csv_batches(
    path: Path, first: bytes, blocks: Iterator[bytes], separator: str, width: int, positions: dict[str, int], row: int
) -> Iterator[RawBatch]:
    for block in _chain(first, blocks):
        frame = _parse_block(path, block, separator, width, positions, row)
        if frame.height:
            yield _numbered(frame, row)
        row += frame.height


def _chain(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first.strip():
        yield first
    yield from blocks


def _parse_block(
    path: Path, block: bytes, separator: str, width: int, positions: dict[str, int], row: int
) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {f"c{index}": pl.String() for index in range(width)}
    try:
        frame = pl.read_csv(
            block, has_header=False, separator=separator, schema=schema, infer_schema=False, raise_if_empty=False
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise InputUnreadable(_ragged(path, block, separator, width, row)) from None
    return frame.select(pl.col(f"c{index}").alias(key) for key, index in positions.items())


def _ragged(path: Path, block: bytes, separator: str, width: int, row: int) -> str:
    """Which row has too many fields; found with the slow reader, since the fast one quotes the cell."""
    reader = csv.reader(io.StringIO(block.decode("utf-8"), newline=""), delimiter=separator)
    try:
        for number, record in enumerate(reader, row):
            if len(record) > width:
                fields = f"{len(record)} velden waar de kopregel er {width} heeft"
                return f"{path.name}, rij {number}: {fields}; herstel die rij"
    except csv.Error:
        pass
    return f"{path.name}: tussen rij {row} en het volgende blok klopt de opmaak niet; maak de export opnieuw"


# --- Excel and Parquet --------------------------------------------------------------------------


def _excel(path: Path, holder: Holder, progress: Progress) -> Export:
    try:
        import fastexcel

        book = fastexcel.read_excel(path)
        sheet = book.load_sheet(holder.format.sheet or 0, header_row=None, dtypes="string")
        frame = sheet.to_polars()
    except (ValueError, OSError, LookupError, RuntimeError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        frame = None
    except Exception as error:  # the library's own errors share no base but Exception; they may quote a cell
        if type(error).__module__.split(".")[0] not in ("fastexcel", "_fastexcel"):
            raise
        frame = None
    if frame is None or frame.height < holder.format.header_row:
        raise InputUnreadable(
            f"{path.name} is niet te lezen als Excel; is het bestand beveiligd, of bestaat het blad niet?"
        )
    return _excel_export(path, holder, frame, progress)


def _excel_export(path: Path, holder: Holder, frame: pl.DataFrame, progress: Progress) -> Export:
    top = holder.format.header_row
    header = ["" if name is None else str(name) for name in frame.row(top - 1)]
    positions = _positions(path, holder, header)
    body = frame.slice(top).select(pl.nth(index).alias(key) for key, index in positions.items())

    def batches() -> Iterator[RawBatch]:
        for start in range(0, body.height, BATCH_ROWS):
            yield _numbered(body.slice(start, BATCH_ROWS), top + 1 + start)
            progress(min(start + BATCH_ROWS, body.height), body.height)

    return Export("Excel", _others(header, positions), batches())


def _parquet(path: Path, holder: Holder, progress: Progress) -> Export:
    try:
        lazy = pl.scan_parquet(path)
        header = lazy.collect_schema().names()
        height = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputUnreadable(f"{path.name} is niet te lezen als Parquet; maak de export opnieuw") from None
    positions = _positions(path, holder, header)
    return Export("Parquet", _others(header, positions), _parquet_batches(path, positions, header, height, progress))


def _parquet_batches(
    path: Path, positions: dict[str, int], header: list[str], height: int, progress: Progress
) -> Iterator[RawBatch]:
    chosen = [pl.col(header[index]).cast(pl.String).alias(key) for key, index in positions.items()]
    row = 2
    try:
        for frame in pl.scan_parquet(path).select(chosen).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            yield _numbered(frame, row)
            row += frame.height
            progress(row - 2, height)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise InputUnreadable(f"{path.name} is beschadigd of heeft kolommen die geen tekst of getal zijn") from None
