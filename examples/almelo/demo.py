"""The demo: make the town, play every holder and the linker in a folder of its own, and say what came of it.

Each party gets only what it would have: the holders their export, identity, study and root; the linker its identity,
the study and the packages. The root never enters the linker's folder.
"""

from __future__ import annotations

import datetime as dt
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Literal

from linkage import keys
from linkage.errors import OutputError
from linkage.files import make_folder, write_text
from linkage.holder import encode as holder_room
from linkage.linker import run as linker_room
from linkage.linker.quality import run as quality_room
from linkage.research import report
from linkage.research import run as room
from linkage.research.others import read_others
from linkage.study import load_study
from linkage.words import linked, number
from protocols import digest, load_protocol

from . import exports, root, study_text, town

MARKER = ".linkage-demo"
STUDY_ID = uuid.UUID("0b5f6b1e-6f0e-4d0a-9a53-2014a1e10076")
PROTOCOL = "nji_2016"
REPORTS: dict[Literal["nl", "en"], str] = {"nl": "verslag.html", "en": "report.html"}
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
    def public(self) -> Path:
        """What everybody may see."""
        return self.folder / "openbaar"

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
    say("2. De houders maken samen de hoofdsleutel; de koppelaar is daar niet bij")
    parties, phrase = _parties(folder, sorted(files))
    say(f"   bij elk van hen dezelfde woorden: {' '.join(phrase)}")
    _hand_out(parties)
    say("3. Elke houder zet zijn eigen export om, in zijn eigen huis")
    for holder, export in sorted(files.items()):
        say(_encode(parties, holder, export))
    say("4. De koppelaar opent de pakketten en koppelt ze; nummers of adressen ziet hij niet")
    result = _link(parties)
    say(_quality(parties))
    say("5. De onderzoeker telt, laat de uitvoerpoort beslissen wat er weg mag, en maakt het verslag")
    for line in _research(parties, result):
        say(line)
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


def _parties(folder: Path, holders: Iterable[str]) -> tuple[Parties, tuple[str, ...]]:
    """Everybody's keys, the root that the holders agreed on, and the words that they read to each other."""
    identities, linker = {name: keys.new_holder(name) for name in holders}, keys.new_linker("institute")
    draft = folder / "study.toml"
    write_text(draft, _render(identities, linker, ""))
    made = root.agree(load_study(draft), identities, dt.date.today())
    (key,), (phrase,) = {agreed.root for agreed in made.values()}, {agreed.phrase for agreed in made.values()}
    return Parties(folder, identities, linker, key), phrase


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


def _render(holders: Mapping[str, keys.HolderIdentity], linker: keys.LinkerIdentity, root_table: str) -> str:
    return study_text.render(
        study_id=str(STUDY_ID),
        holder_keys={name: identity.public for name, identity in holders.items()},
        linker_key=linker.public,
        root_table=root_table,
        protocol_digest=digest(load_protocol(PROTOCOL)),
        retention_until=f"{dt.date.today().year + 5}-12-31",
    )


def _study_text(parties: Parties) -> str:
    """The study with the block of the root, in place of the draft without."""
    path = parties.folder / "study.toml"
    final = _render(parties.holders, parties.linker, holder_room.root_block(load_study(path), parties.root))
    write_text(path, final)
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


def _request(parties: Parties) -> linker_room.Request:
    home = parties.institute
    return linker_room.Request(
        study=load_study(home / "study.toml"),
        identity=keys.load_linker(home / "institute.identity", lambda name: None),
        inbox=home / "inbox",
        output=home / "research",
        today=dt.date.today(),
    )


def _link(parties: Parties) -> linker_room.Result:
    return linker_room.run(_request(parties))


def _quality(parties: Parties) -> str:
    """How good the linkage is, beside the household file."""
    made = quality_room.run(_request(parties))
    by_two = sum(line["agreement"]["rows"] for line in made.report["deliveries"] if line.get("agreement"))
    return f"   en kijkt na hoe goed dat ging: {number(by_two)} rijen hadden twee herkenningsnummers"


def _research(parties: Parties, result: linker_room.Result) -> Iterable[str]:
    """Tables, costs and linkage quality through the gate; released files and the report in `openbaar`."""
    study, example = load_study(parties.institute / "study.toml"), Path(__file__).parent
    research = room.open_research(result.households, study)
    tables = room.tables_of(research, others=read_others(example / "gemeenten.csv"))
    made = room.release(research, tables, on=dt.date.today())
    room.write_release(made, parties.public, research.ledger)
    for language, name in REPORTS.items():
        target = parties.public / name
        report.write(made, study, target, language=language, areas=example / "wijken.geojson")
    hidden = sum(len(verdict.primary) + len(verdict.secondary) for verdict in made.verdicts)
    yield f"   {len(made.tables)} tabellen, {hidden} aantallen en bedragen onderdrukt, geen te nauw af te leiden"
    yield ""
    for question, answer, sentence in report.first_screen(made, study):
        yield f"{question:<18}{answer}"
        yield from wrap(sentence, 100, initial_indent=" " * 18, subsequent_indent=" " * 18)


def _closing(parties: Parties, result: linker_room.Result, seconds: float) -> Iterable[str]:
    yield ""
    yield f"Klaar in {seconds:.0f} seconden. Wat er in het onderzoeksbestand van de verzonnen stad staat:"
    yield from linked(result.numbers)
    yield ""
    yield "Waar u kunt kijken:"
    yield f"  {parties.public / REPORTS['nl']}   het verslag voor de gemeenteraad: open het in een browser"
    yield f"  {parties.public / 'tabellen.xlsx'}   de vrijgegeven tabellen"
    yield f"  {parties.folder / 'holders' / 'politie-twente'}   wat een houder heeft: export, sleutels, pakket, rapport"
    yield f"  {parties.institute / 'inbox'}   de verzegelde pakketten; bekijk er een met: linkage inspect BESTAND"
    yield f"  {result.households}   een rij per huishouden, met codebook.csv ernaast"
    yield f"  {result.households.with_name('linkage.json')}   hoe er is gekoppeld, per levering en houder"
    yield f"  {result.households.with_name('quality.json')}   hoe goed dat ging, en wat andere keuzes zouden doen"
    yield f"  {parties.folder / 'study.toml'}   de afspraken; lees ze met: linkage check BESTAND"
