"""Writing without halves: a temporary name beside the target, fsync, rename. Owner-only by default."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from linkage.errors import OutputError

_REASONS = {
    errno.ENOSPC: "de schijf is vol",
    errno.EDQUOT: "uw schijfruimte is op",
    errno.EACCES: "u hebt daar geen schrijfrechten",
    errno.EPERM: "u hebt daar geen schrijfrechten",
    errno.EROFS: "de schijf is alleen te lezen",
    errno.ENOENT: "de map bestaat niet",
    errno.ENOTDIR: "de map bestaat niet",
    errno.EISDIR: "daar staat een map met die naam",
}


@contextmanager
def replacing(target: Path, *, exclusive: bool = False) -> Iterator[BinaryIO]:
    """A binary file, mode 0600, that becomes `target` only when the block ends well.

    With `exclusive` an existing target is refused. Raises OutputError; leaves nothing behind on any error.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    if exclusive and target.exists():
        raise OutputError(f"{target.name} bestaat al; kies een andere naam of haal het bestand zelf weg")
    try:
        with _opened(temporary, target) as file:
            yield file
            _sync(file, target)
        _rename(temporary, target)
    finally:
        with suppress(OSError):  # the error that brought us here matters more
            temporary.unlink(missing_ok=True)


@contextmanager
def _opened(temporary: Path, target: Path) -> Iterator[BinaryIO]:
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise cannot_write(target, error) from None
    with os.fdopen(descriptor, "w+b") as file:
        yield file


def _sync(file: BinaryIO, target: Path) -> None:
    try:
        file.flush()
        os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(target, error) from None


def _rename(temporary: Path, target: Path) -> None:
    try:
        temporary.replace(target)
        if os.name == "posix":  # elsewhere a folder cannot be opened, and the rename is durable by itself
            _sync_folder(target.parent)
    except OSError as error:
        raise cannot_write(target, error) from None


def _sync_folder(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def cannot_write(target: Path, error: OSError) -> OutputError:
    """The error for a file that cannot be written, with the system's own reason and no content."""
    reason = _REASONS.get(error.errno or 0, "het besturingssysteem weigert")
    return OutputError(f"{target.name} kan niet worden geschreven ({reason}); maak ruimte of controleer de rechten")


def write_text(target: Path, text: str, *, exclusive: bool = False) -> None:
    """Write UTF-8 text whole or not at all."""
    with replacing(target, exclusive=exclusive) as file:
        file.write(text.encode("utf-8"))


def make_folder(path: Path) -> Path:
    """A folder for the owner only, made where it is missing. Raises OutputError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None
    return path
