"""The demo: make the town, play every holder and the linker in a folder of its own, and say what came of it.

Each party gets only what it would have: the holders their export, identity, study and root; the linker its identity,
the study and the packages. The root never enters the linker's folder.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from linkage import keys
from linkage.errors import OutputError
from linkage.files import make_folder, write_text
from linkage.holder import encode as holder_room
from linkage.linker import run as linker_room
from linkage.study import load_study
from linkage.words import linked, number
from protocols import digest, load_protocol

from . import exports, study_text, town

MARKER = ".linkage-demo"
STUDY_ID = uuid.UUID("0b5f6b1e-6f0e-4d0a-9a53-2014a1e10076")
PROTOCOL = "nji_2016"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Parties:
    """The folders of the demo and the keys of its parties."""

    folder: Path
    holders: dict[str, keys.HolderIdentity]
    linker: keys.LinkerIdentity
    root: keys.RootKey

    def of(self, holder: str) -> Path:
        """A holder's own folder."""
        return self.folder / "holders" / holder

    @property
    def institute(self) -> Path:
        """The linker's own folder."""
        return self.folder / "institute"


def run(folder: Path, seed: int, say: Say) -> linker_room.Result:
    """Play the whole study in `folder`. Raises OutputError where the folder holds something else."""
    start = time.monotonic()
    _clear(folder)
    say("1. De stad: verzonnen mensen, en de exports van elf organisaties")
    files = exports.write(town.build(seed), folder / "holders")
    parties = _parties(folder, sorted(files))
    _hand_out(parties)
    say("2. Elke houder zet zijn eigen export om, in zijn eigen huis")
    for holder, export in sorted(files.items()):
        say(_encode(parties, holder, export))
    say("3. De koppelaar opent de pakketten en koppelt ze; nummers of adressen ziet hij niet")
    result = _link(parties)
    for line in _closing(parties, result, time.monotonic() - start):
        say(line)
    return result


def _clear(folder: Path) -> None:
    """Make an empty folder; only what an earlier demo made is removed."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise OutputError(f"de map {folder.name} is niet leeg; geef een andere map: linkage demo ANDERE-MAP")
        shutil.rmtree(folder)
    make_folder(folder)
    write_text(folder / MARKER, "Deze map is door `linkage demo` gemaakt en wordt bij een volgende keer vervangen.\n")


def _parties(folder: Path, holders: Iterable[str]) -> Parties:
    return Parties(
        folder,
        {name: keys.new_holder(name) for name in holders},
        keys.new_linker("institute"),
        keys.new_root(STUDY_ID),
    )


def _hand_out(parties: Parties) -> None:
    """Write the study to every party, and to each party its own secrets."""
    text = _study_text(parties)
    for name, identity in parties.holders.items():
        home = make_folder(parties.of(name))
        write_text(home / "study.toml", text)
        keys.save(home / f"{name}.identity", identity, None)
        keys.save(home / "study.root", parties.root, None)
    make_folder(parties.institute / "inbox")
    write_text(parties.institute / "study.toml", text)
    keys.save(parties.institute / "institute.identity", parties.linker, None)


def _study_text(parties: Parties) -> str:
    def render(root_table: str) -> str:
        return study_text.render(
            study_id=str(STUDY_ID),
            holder_keys={name: identity.public for name, identity in parties.holders.items()},
            linker_key=parties.linker.public,
            root_table=root_table,
            protocol_digest=digest(load_protocol(PROTOCOL)),
            retention_until=f"{dt.date.today().year + 5}-12-31",
        )

    draft = parties.folder / "study.toml"
    write_text(draft, render(""))
    final = render(holder_room.root_block(load_study(draft), parties.root))
    write_text(draft, final)
    return final


def _encode(parties: Parties, holder: str, export: Path) -> str:
    """One holder's step; the courier takes nothing but the package."""
    home = parties.of(holder)
    study = load_study(home / "study.toml")
    delivery = next(entry.delivery for entry in study.holder if entry.id == holder)
    request = holder_room.Request(
        job=holder_room.job_of(study, holder, delivery),
        root=keys.load_root(home / "study.root", study.study.id, lambda name: None),
        identity=keys.load_holder(home / f"{holder}.identity", lambda name: None),
        export=export,
        today=dt.date.today(),
    )
    seen: list[holder_room.Summary] = []
    sealed = holder_room.encode(request, home / f"{holder}.package", lambda done, total: None, seen.append)
    shutil.copy(sealed.package, parties.institute / "inbox")
    tally, refused = seen[0].tally, sum(seen[0].rejected.values())
    counts = f"{number(tally.rows):>7} rijen, {number(tally.kept):>7} gaan mee, {number(refused):>4} afgewezen"
    return f"   {holder:<22} {counts}"


def _link(parties: Parties) -> linker_room.Result:
    home = parties.institute
    return linker_room.run(
        linker_room.Request(
            study=load_study(home / "study.toml"),
            identity=keys.load_linker(home / "institute.identity", lambda name: None),
            inbox=home / "inbox",
            output=home / "research",
            today=dt.date.today(),
        )
    )


def _closing(parties: Parties, result: linker_room.Result, seconds: float) -> Iterable[str]:
    yield ""
    yield f"Klaar in {seconds:.0f} seconden. Het onderzoeksbestand van de verzonnen stad:"
    yield from linked(result.numbers)
    yield ""
    yield "Waar u kunt kijken:"
    yield f"  {parties.folder / 'holders' / 'politie-twente'}   wat een houder heeft: export, sleutels, pakket, rapport"
    yield f"  {parties.institute / 'inbox'}   de verzegelde pakketten; bekijk er een met: linkage inspect BESTAND"
    yield f"  {result.households}   een rij per huishouden, met codebook.csv ernaast"
    yield f"  {result.households.with_name('linkage.json')}   hoe er is gekoppeld, per levering en houder"
    yield f"  {parties.folder / 'study.toml'}   de afspraken; lees ze met: linkage check BESTAND"
