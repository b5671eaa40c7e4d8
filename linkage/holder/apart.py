"""Workbooks, Parquet, SPSS and databases are read in a child process, with limits on memory, time and files.

Their readers are native code. A file of a few kilobytes can make them abort, crash, or take all memory there is, and
what they print then may quote a cell. So a child reads, and hands over its batches; when it dies, the export is
refused as one that cannot be read. Run as `python -m linkage.holder.apart`; the order, with a password where there is
one, comes on standard input. A child that reads a file cannot write one: what it decrypts stays in memory.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any

import polars as pl

from linkage import errors, limits
from linkage.holder.export import MOST_BATCH_BYTES, Export, Progress, RawBatch
from linkage.holder.read_database import read_database
from linkage.holder.read_excel import read_excel
from linkage.holder.read_parquet import read_parquet
from linkage.holder.read_spss import read_spss
from linkage.holder.source import descriptors, order_of, ordered
from linkage.study import Holder

MEMORY_BYTES = 4 * 1024**3
SECONDS = 300.0
DATABASE_SECONDS = 3600.0  # a query may think for a long time before its first row
MOST_MESSAGE = 2 * MOST_BATCH_BYTES
READERS: dict[str, Callable[[Path, Holder, Progress], Export]] = {
    "excel": read_excel,
    "parquet": read_parquet,
    "spss": read_spss,
    "database": read_database,
}
TOLD: dict[str, type[errors.LinkageError]] = {
    kind.__name__: kind
    for kind in (
        errors.InputUnreadable,
        errors.ColumnMissing,
        errors.ExtraMissing,
        errors.PassphraseNeeded,
        errors.WrongPassphrase,
    )
}
_LENGTH = 8


def read_apart(reader: str, path: Path, holder: Holder, progress: Progress) -> Export:
    """As the reader of that name, in a child process.

    Raises InputUnreadable, ColumnMissing, ExtraMissing, PassphraseNeeded, WrongPassphrase.
    """
    messages = _messages(reader, path, holder)
    about = json.loads(next(messages))
    return Export(about["kind"], tuple(about["stays"]), _batches(messages, progress))


def _batches(messages: Iterator[bytes], progress: Progress) -> Iterator[RawBatch]:
    for message in messages:
        yield RawBatch(pl.read_ipc(io.BytesIO(message)))
        progress(*json.loads(next(messages)))


def _messages(reader: str, path: Path, holder: Holder) -> Iterator[bytes]:
    """What the child says until it says that it is ready. Raises what the child raised; InputUnreadable if it died."""
    order = {**order_of(path), "reader": reader, "holder": holder.model_dump_json(), "memory": MEMORY_BYTES}
    seconds = DATABASE_SECONDS if reader == "database" else SECONDS
    with _child(path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(BrokenPipeError), closing(process.stdin) as stdin:
                stdin.write(json.dumps(order).encode("utf-8"))
            while message := _in_time(process, process.stdout, seconds):
                yield message
            said = _in_time(process, process.stdout, seconds)
        finally:
            process.kill()
    if said != b"ready":
        raise _error(said, path)


def _child(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-m", "linkage.holder.apart"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=descriptors(path),
    )


def _in_time(process: subprocess.Popen[bytes], stdout: IO[bytes], seconds: float) -> bytes:
    """One message, empty at the end or where the child died; a child that says nothing for so long is ended."""
    clock = threading.Timer(seconds, process.kill)
    clock.start()
    try:
        length = int.from_bytes(stdout.read(_LENGTH), "big")
        message = stdout.read(length) if length <= MOST_MESSAGE else b""
    finally:
        clock.cancel()
    return message if len(message) == length else b""


def _error(said: bytes, path: Path) -> errors.LinkageError:
    """The child's own error, or that it died."""
    with suppress(ValueError, KeyError):
        told = json.loads(said)
        return TOLD[told["error"]](told["message"])
    return died(path)


def died(path: Path) -> errors.InputUnreadable:
    """What is said of an export of which the reader crashed, or was ended."""
    return errors.InputUnreadable(
        f"{path.name} is niet te lezen: het bestand is beschadigd, of veel te groot; maak de export opnieuw, of bewaar "
        "hem als CSV UTF-8"
    )


# --- in the child -----------------------------------------------------------------------------------


def limit(reader: str, memory: int) -> None:
    """What the child may take; it writes no file, but for the driver of a database, which may need to."""
    limits.limit(memory, file_bytes=None if reader == "database" else 0)


def _serve(order: dict[str, Any], say: Callable[[bytes], None]) -> None:
    """The export as messages: what it is, and of each batch its rows and how far it is; an empty one; how it ended."""
    place = [0, 0]

    def progress(done: int, total: int) -> None:
        place[:] = done, total

    try:
        holder = Holder.model_validate_json(order["holder"])
        export = READERS[order["reader"]](ordered(order), holder, progress)
        say(json.dumps({"kind": export.kind, "stays": export.stays}).encode("utf-8"))
        for batch in export.batches:
            rows = io.BytesIO()
            batch.frame.write_ipc(rows)
            say(rows.getvalue())
            say(json.dumps(place).encode("ascii"))
    except tuple(TOLD.values()) as error:
        say(b"")
        say(json.dumps({"error": type(error).__name__, "message": str(error)}).encode("utf-8"))
    else:
        say(b"")
        say(b"ready")


def _main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    limit(order["reader"], order["memory"])

    def say(message: bytes) -> None:
        sys.stdout.buffer.write(len(message).to_bytes(_LENGTH, "big") + message)
        sys.stdout.buffer.flush()

    _serve(order, say)


if __name__ == "__main__":
    _main()
