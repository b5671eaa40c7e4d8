"""One vector: a name, what a reader must say, where that is written, why, and how its bytes are made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from vectors.packages.scene import TODAY, Scene, replaced

EXIT = {
    "ok": 0,
    "PackageDamaged": 41,
    "SignatureInvalid": 42,
    "HolderUnknown": 43,
    "HolderWrong": 44,
    "RecipientWrong": 45,
    "StudyWrong": 46,
    "ProtocolWrong": 47,
    "NormalisationWrong": 48,
    "RootWrong": 49,
    "PackageExpired": 50,
    "PackageReplayed": 51,
    "ContentWrong": 52,
    "FormatUnknown": 53,
}
Make = Callable[[Scene], bytes]


@dataclass(frozen=True)
class Case:
    """`body` names the file of `bodies/` that a reader finds inside; `ledger` is what was accepted before."""

    name: str
    expect: str
    section: str
    why: str
    make: Make
    body: str | None = None
    today: str = TODAY
    ledger: str | None = None

    def __post_init__(self) -> None:
        """Only the words of the format."""
        assert self.expect in EXIT
        assert self.why.isascii()

    def header(self, scene: Scene) -> str:
        """The text before the package."""
        lines = [f"expect: {self.expect}", f"exit: {EXIT[self.expect]}", f"spec: package-v1 section {self.section}"]
        lines += [f"why: {self.why}", "study: study.json", f"today: {self.today}"]
        if self.ledger is not None:
            lines.append(f"ledger: {self.ledger}")
        if self.body is not None:
            lines.append(f"body: {hashlib.sha256(scene.body(self.body)).hexdigest()}")
        return "\n".join(lines) + "\n\n"


def rewritten(old: bytes, new: bytes) -> Make:
    """A piece of the manifest's text in another spelling, properly signed."""
    return lambda scene: scene.sealed(replaced(scene.encoded, old, new)).encoded()


def spelled(change: Callable[[bytes], bytes]) -> Make:
    """The whole text of the manifest in another spelling, properly signed."""
    return lambda scene: scene.sealed(change(scene.encoded)).encoded()


def said(**change: object) -> Make:
    """Other words in the manifest, properly signed."""
    return lambda scene: scene.said(**change)


def raw(change: Callable[[bytes], bytes]) -> Make:
    """The bytes of the good package changed on the way."""
    return lambda scene: change(scene.sealed().encoded())
