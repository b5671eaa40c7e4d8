"""Where files with a row per household or person may be written (docs/spec/study-v1.md, section 3).

Every path is followed to its real place first, so that a symbolic link leads nowhere else. For linker and researcher.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linkage.errors import PlaceNotAllowed
from linkage.files import cannot_write

OTHERS = 0o007


def allowed_file(target: Path, *, folders: Sequence[str], source: Path) -> Path:
    """The real path of a file that may be written: in one of `folders`, or without those where `source` stands.

    `folders` are the study's `secured_folders`, `source` is the household file. Raises PlaceNotAllowed outside them, in
    a folder that is open to others, on a folder and on `source` itself; OutputError where the folder does not exist.
    """
    real = _real(target.parent, target.name) / target.name
    roots = [_real(Path(folder), target.name) for folder in folders or (str(source.parent),)]
    if not any(real.parent.is_relative_to(root) for root in roots):
        raise PlaceNotAllowed(_outside(target.name, named=bool(folders)))
    _closed(real.parent, target)
    if real.is_dir():
        raise PlaceNotAllowed("de uitvoer is een map; geef de naam van een bestand")
    if real.exists() and source.exists() and real.samefile(source):
        raise PlaceNotAllowed(f"{target.name} is het onderzoeksbestand zelf; kies een andere naam")
    return real


def allowed_folder(target: Path, *, folders: Sequence[str]) -> None:
    """Check a folder for micro-data, which may not exist yet; without `folders` the study leaves it to the linker.

    Raises PlaceNotAllowed.
    """
    if not folders:
        return
    real = _real(target, target.name)
    if not any(real.is_relative_to(_real(Path(folder), target.name)) for folder in folders):
        raise PlaceNotAllowed(_outside(target.name, named=True))
    if real.exists():
        _closed(real, target)


def _real(folder: Path, name: str) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no system can have
        raise PlaceNotAllowed(
            f"de map van {name} is niet te volgen; geef het volledige pad, zonder koppelingen"
        ) from None


def _closed(folder: Path, target: Path) -> None:
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise cannot_write(target, error) from None
    if mode & OTHERS:
        raise PlaceNotAllowed(
            f"in de map van {target.name} kunnen ook anderen lezen of schrijven; sluit de map eerst af (chmod 700)"
        )


def _outside(name: str, *, named: bool) -> str:
    if named:
        return (
            f"{name} mag daar niet staan: gegevens over huishoudens blijven in de mappen van `secured_folders`, onder "
            "[linker] in de studie; kies een plek daarin. Een map erbij is een nieuwe afspraak met de houders"
        )
    return (
        f"{name} mag daar niet staan: gegevens over huishoudens blijven in de map van het onderzoeksbestand en de "
        "mappen daaronder; kies een plek daarin. Een andere map moet in de studie staan: `secured_folders`, onder "
        "[linker]"
    )
