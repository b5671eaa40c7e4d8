"""The files of an agreement in one folder: read by kind, written once (key-agreement-v1, section 2)."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from linkage.agreement.charter import CharterSigned
from linkage.agreement.rounds import Commit, Committed, Reveal
from linkage.errors import OutputError, PartyMissing, RoundMixed
from linkage.files import write_text
from linkage.keys import HolderIdentity
from linkage.keys.signed import Signed, SignedBody, read_signed, signed_file

MOST_FILES = 256
Body = TypeVar("Body", bound=SignedBody)


def charters(folder: Path) -> list[Signed[CharterSigned]]:
    """The signed charters in a folder. Raises SignedFileDamaged, PartyMissing."""
    return _read(folder, "charter", CharterSigned)


def commits(folder: Path) -> list[Signed[Commit]]:
    """The commitments in a folder. Raises SignedFileDamaged, PartyMissing."""
    return _read(folder, "commit", Commit)


def reveals(folder: Path) -> list[Signed[Reveal]]:
    """The reveals in a folder. Raises SignedFileDamaged, PartyMissing."""
    return _read(folder, "reveal", Reveal)


def _read(folder: Path, suffix: str, model: type[Body]) -> list[Signed[Body]]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == f".{suffix}" and path.is_file())
    except OSError:
        raise PartyMissing(f"de map {folder.name} is niet te lezen; controleer het pad en de rechten") from None
    if len(paths) > MOST_FILES:
        raise RoundMixed(f"er liggen te veel .{suffix}-bestanden in de map; houd die van een poging over")
    return [read_signed(path, model) for path in paths]


def write_signed(folder: Path, suffix: str, holder: str, body: SignedBody, identity: HolderIdentity) -> Path:
    """Write `HOLDER.SUFFIX`, never over another. Raises OutputError."""
    target = free_path(folder, suffix, holder)
    write_text(target, signed_file(body, identity), exclusive=True)
    return target


def free_path(folder: Path, suffix: str, holder: str) -> Path:
    """Where `HOLDER.SUFFIX` goes. Raises OutputError where it stands already."""
    target = folder / f"{holder}.{suffix}"
    if target.exists():
        raise OutputError(f"{target.name} staat al in de map; bij een nieuwe poging hoort een nieuwe, lege map")
    return target


def mark_revealed(contribution: Path, round_one: Committed) -> None:
    """Note beside a contribution for which commitments it is revealed; never for others. Raises RoundMixed.

    Who revealed for one set and then for another would let somebody change his part after seeing this one.
    """
    mark = contribution.with_name(f"{contribution.name}.revealed")
    wanted = round_one.transcript.hex() + "\n"
    if not mark.exists():
        write_text(mark, wanted, exclusive=True)
    try:
        found = mark.read_bytes()[:100]
    except OSError:
        found = b""
    if found != wanted.encode("ascii"):
        raise RoundMixed(
            "uw bijdrage is al onthuld voor andere bestanden van ronde 1; er is een bestand verwisseld: "
            "bel de andere houders, en begin opnieuw met een nieuwe afspraak"
        )
