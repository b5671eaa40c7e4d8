"""Choosing a file without a terminal: a list of folders and files, inside one folder of the clerk's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from linkage.errors import InputUnreadable

MOST = 500
OWN = ".afgewezen.csv"


@dataclass(frozen=True)
class Entry:
    """A line of the list."""

    name: str
    path: str
    is_folder: bool
    size: int


@dataclass(frozen=True)
class Listing:
    """A folder as it is shown: the way to it, what is in it, and whether there is more than is shown."""

    folder: str
    trail: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    more: bool


def inside(root: Path, text: str) -> Path:
    """The real path of what was chosen or typed, in `root` or below it. Raises InputUnreadable."""
    given = text.strip().strip('"')
    try:
        real = (root / Path(given).expanduser()).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise InputUnreadable("dat bestand is er niet; kies het in de lijst") from None
    if not real.is_relative_to(root.resolve()):
        raise InputUnreadable("dat bestand staat buiten uw eigen map; zet het in uw eigen map, en kies het dan")
    return real


def listing(root: Path, folder: Path, suffixes: tuple[str, ...]) -> Listing:
    """What is in a folder: folders, and files with one of the suffixes. Raises InputUnreadable."""
    if not folder.is_dir():
        folder = folder.parent
    try:
        found = [entry for path in folder.iterdir() if (entry := _entry(root, path, suffixes)) is not None]
    except OSError:
        raise InputUnreadable("die map is niet te openen; kies een andere map") from None
    found.sort(key=lambda entry: (not entry.is_folder, entry.name.casefold()))
    return Listing(str(folder), _trail(root, folder), tuple(found[:MOST]), len(found) > MOST)


def _entry(root: Path, path: Path, suffixes: tuple[str, ...]) -> Entry | None:
    if path.name.startswith(".") or path.name.endswith(OWN):
        return None
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve()):
            return None
        if real.is_dir():
            return Entry(path.name, str(path), is_folder=True, size=0)
        fits = real.is_file() and path.suffix.lower() in suffixes
        return Entry(path.name, str(path), is_folder=False, size=real.stat().st_size) if fits else None
    except (OSError, RuntimeError):
        return None


def _trail(root: Path, folder: Path) -> tuple[tuple[str, str], ...]:
    parts = folder.relative_to(root.resolve()).parts
    steps = [(root.resolve().name or "/", str(root.resolve()))]
    for part in parts:
        steps.append((part, str(Path(steps[-1][1]) / part)))
    return tuple(steps)
