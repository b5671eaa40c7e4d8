"""Writing without halves: a temporary name beside the target, fsync, rename. Owner-only by default.

Who writes holds a lock on its temporary file or folder. A process that is killed cannot clean up, but its lock goes
with it: the next run knows what is left of a dead one, and removes that alone.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
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
# Also as Japanese keyboards write them; an empty text is in neither.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CONTROL = ("\t", "\r", "\n")


@contextmanager
def replacing(target: Path, *, exclusive: bool = False) -> Iterator[BinaryIO]:
    """A binary file, mode 0600, that becomes `target` only when the block ends well.

    With `exclusive` an existing target is refused. Raises OutputError; leaves nothing behind on any error.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    if exclusive and _exists(target):
        raise OutputError(f"{target.name} bestaat al; kies een andere naam of haal het bestand zelf weg")
    _remove_dead(target.parent, re.escape(f".{target.name}.") + r"[0-9a-f]{8}\.part")
    try:
        with _opened(temporary, target) as file:
            yield file
            _sync(file, target)
        _rename(temporary, target)
    except OSError as error:  # from the block: a full disk shows at any write
        raise cannot_write(target, error) from None
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
        _lock(descriptor)
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


def _exists(target: Path) -> bool:
    try:
        return target.exists()
    except OSError as error:
        raise cannot_write(target, error) from None


def cannot_write(target: Path, error: OSError) -> OutputError:
    """The error for a file that cannot be written, with the system's own reason and no content."""
    reason = _REASONS.get(error.errno or 0, "het besturingssysteem weigert")
    return OutputError(f"{target.name} kan niet worden geschreven ({reason}); maak ruimte of controleer de rechten")


def write_text(target: Path, text: str, *, exclusive: bool = False) -> None:
    """Write UTF-8 text whole or not at all."""
    with replacing(target, exclusive=exclusive) as file:
        file.write(text.encode("utf-8"))


def harmless(text: str) -> str:
    """A cell of a CSV that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{text}" if text.lstrip()[:1] in _FORMULA or text[:1] in _CONTROL else text


def make_folder(path: Path) -> Path:
    """A folder for the owner only, made where it is missing. Raises OutputError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from None
    return path


# --- what dead processes left --------------------------------------------------------------------------


def remove_dead_folders(beside: Path, prefix: str) -> None:
    """Remove the temporary folders, named `prefix` and eight characters, of runs that were killed."""
    _remove_dead(beside, re.escape(prefix) + r"\w{8}")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a lock on a temporary folder, by which others see that its run is alive."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # where folders cannot be opened, none is ever taken for dead
        yield
        return
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock for as long as the file is open; false where another holds it, or where there are no locks."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is ever taken for dead there
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_dead(folder: Path, name: str) -> None:
    """Remove what has such a name, is ours and has no living writer; what cannot be removed stops nobody."""
    for path in _named(folder, name):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                if _lock(descriptor) and os.fstat(descriptor).st_uid == os.geteuid():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            finally:
                os.close(descriptor)


def _named(folder: Path, name: str) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if re.fullmatch(name, path.name)]
    except OSError:
        return []
