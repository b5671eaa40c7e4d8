"""Which software made this: versions, and digests that two parties can compare (evidence-v1, section 6)."""

from __future__ import annotations

import csv
import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from linkage.evidence.model import Hex32
from protocols.model import Frozen

DISTRIBUTION = "household-linkage"
FORMAT = "household-linkage/software/v1"
OWN_PACKAGES = ("linkage", "linkage.almelo", "protocols")
_FOR_TESTS = frozenset({"test"})
_NO_SOURCE = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache"})


class Installed(Frozen):
    """A distribution; `record` is the digest of what its wheel installed, by its own RECORD."""

    name: str
    version: str
    record: Hex32 | None


class Software(Frozen):
    """`software.json`."""

    format: str
    version: str
    own_files: int
    own_digest: Hex32
    python: str
    implementation: str
    system: str
    machine: str
    installed: tuple[Installed, ...]


def software() -> Software:
    """This installation. Raises PackageNotFoundError where the program was not installed at all."""
    files = own_files()
    return Software(
        format=FORMAT,
        version=metadata.version(DISTRIBUTION),
        own_files=len(files),
        own_digest=own_digest(files),
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        system=platform.system(),
        machine=platform.machine(),
        installed=installed(),
    )


@cache
def installed() -> tuple[Installed, ...]:
    """What the program needs or can use, by name; an installation does not change while it runs."""
    return tuple(_installed(name) for name in dependencies())


def own_files() -> dict[str, Path]:
    """The files of this program as they stand on the disk, by their place in its packages."""
    found: dict[str, Path] = {}
    for package in OWN_PACKAGES:
        spec = find_spec(package)
        folders = [] if spec is None else list(spec.submodule_search_locations or ())
        for folder in map(Path, folders):
            for path in folder.rglob("*"):
                if path.is_file() and path.suffix != ".pyc" and not _NO_SOURCE & set(path.parts):
                    found.setdefault(f"{package.replace('.', '/')}/{path.relative_to(folder).as_posix()}", path)
    return dict(sorted(found.items()))


def own_digest(files: dict[str, Path]) -> str:
    """SHA-256 over lines of name and digest, as `sha256sum` prints them, sorted by name."""
    whole = hashlib.sha256()
    for name, path in files.items():
        whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def dependencies() -> tuple[str, ...]:
    """Every installed distribution that the program needs or can use, tests apart, by name."""
    extras = frozenset(metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or ()) - _FOR_TESTS
    seen: set[tuple[str, str]] = set()
    wanted = [(DISTRIBUTION, extra) for extra in ("", *sorted(extras))]
    while wanted:
        name, extra = wanted.pop()
        if (name, extra) in seen or not _is_installed(name):
            continue
        seen.add((name, extra))
        wanted.extend(_needs(name, extra))
    return tuple(sorted({name for name, _ in seen} - {DISTRIBUTION}))


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:  # an extra that is not there
        return False
    return True


def _needs(name: str, extra: str) -> Iterator[tuple[str, str]]:
    for text in metadata.requires(name) or ():
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({"extra": extra}):
            known = canonicalize_name(need.name)
            yield from ((known, part) for part in ("", *sorted(need.extras)))


def _installed(name: str) -> Installed:
    distribution = metadata.distribution(name)
    return Installed(name=name, version=distribution.version, record=_record(distribution.read_text("RECORD")))


def _record(text: str | None) -> str | None:
    """SHA-256 over the sorted lines of RECORD that came with the wheel: the same wherever that wheel is installed."""
    rows = [row for row in csv.reader((text or "").splitlines()) if len(row) == 3 and row[1]]
    own = sorted(",".join(row) for row in rows if not row[0].startswith("..") and ".dist-info/" not in row[0])
    return hashlib.sha256("\n".join(own).encode("utf-8")).hexdigest() if own else None
