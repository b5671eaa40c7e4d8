"""A workbook as bytes, decrypted in memory where Excel asks a password for it. Runs in the child process alone.

An encrypted workbook is an old container (OLE), as every .xls is. Nothing that was decrypted is written anywhere: the
child may not write files (`apart`), and the one place where the library would is given memory instead.
"""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import Any

from linkage.errors import ExtraMissing, InputUnreadable, PassphraseNeeded, WrongPassphrase
from linkage.holder.source import Source

OLE = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Excel encrypts with this word, and opens without asking, where a workbook is only protected from changes.
NO_PASSWORD = "VelvetSweatshop"  # noqa: S105  -- a constant of the file format [MS-OFFCRYPTO, 2.4.2.3]


class _Memory:
    """Stands where the library expects the module `tempfile`: its temporary file is memory."""

    TemporaryFile = io.BytesIO


def workbook(path: Path) -> bytes:
    """The bytes of a workbook that any reader of Excel reads.

    Raises PassphraseNeeded, WrongPassphrase, InputUnreadable, ExtraMissing.
    """
    try:
        raw = path.read_bytes()
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te openen; sluit het in andere programma's") from None
    if not raw.startswith(OLE):
        return raw
    locked = _locked(path, raw)
    return raw if locked is None else _opened(path, locked)


def _locked(path: Path, raw: bytes) -> Any:
    """The library's own file where this is an encrypted workbook, else None."""
    library = _library(path, needed=ENCRYPTED in raw)
    if library is None:
        return None
    try:
        file = library.OfficeFile(io.BytesIO(raw))
        return file if file.is_encrypted() else None
    except Exception:  # noqa: BLE001  -- the edge of a room: its errors share no base, and may quote what it read
        if ENCRYPTED in raw:
            raise _damaged(path) from None
        return None


def _library(path: Path, *, needed: bool) -> Any:
    try:
        import_module("msoffcrypto.format.xls97").tempfile = _Memory  # type: ignore[attr-defined]
        return import_module("msoffcrypto")
    except ModuleNotFoundError:
        if not needed:
            return None
        raise ExtraMissing(
            f'{path.name} heeft een wachtwoord; haal het er in Excel af, of installeer: pip install "household-linkage'
            '[excel]"'
        ) from None


def _opened(path: Path, locked: Any) -> bytes:
    password = path.password if isinstance(path, Source) else None
    opened = _try(path, locked, NO_PASSWORD)
    if opened is None and not password:
        raise PassphraseNeeded(f"{path.name} heeft een wachtwoord; geef het wachtwoord waarmee u het in Excel opent")
    opened = opened or _try(path, locked, str(password))
    if opened is None:
        raise WrongPassphrase(f"het wachtwoord van {path.name} past niet; let op hoofdletters, en probeer het opnieuw")
    return opened


def _try(path: Path, locked: Any, password: str) -> bytes | None:
    """The workbook under that password; None where it does not fit."""
    made = io.BytesIO()
    try:
        # The older kinds verify by themselves, and do not know the word.
        locked.load_key(password=password, **({"verify_password": True} if locked.format == "ooxml" else {}))
        locked.decrypt(made)
    except Exception as error:  # noqa: BLE001  -- as above
        if type(error).__name__ == "InvalidKeyError":
            return None
        raise _damaged(path) from None
    return made.getvalue()


def _damaged(path: Path) -> InputUnreadable:
    return InputUnreadable(
        f"{path.name} heeft een wachtwoord en is beschadigd; bewaar het opnieuw vanuit Excel, zonder wachtwoord"
    )
