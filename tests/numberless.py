"""A small town without a common number for the police: register and police rows with the mistakes that names have."""

from __future__ import annotations

import random
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator import AREAS, STUDY_ID, TODAY, a_number, bsn, csv_text

from linkage import keys
from linkage.holder import encode as holder_room
from linkage.linker import run as linker_room
from linkage.study import Study, load_study, mappable, person_columns
from protocols import digest, load_protocol

EXAMPLE = Path(__file__).parents[1] / "examples" / "numberless" / "protocol.toml"
SURNAMES = (
    "de Vries", "Jansen", "van den Berg", "Bakker", "van Dijk", "Visser", "Smit", "Meijer", "de Boer", "Mulder",
    "de Groot", "Bos", "Vos", "Peters", "Hendriks", "van Leeuwen", "Dekker", "Brouwer", "de Wit", "Dijkstra",
    "Kok", "Jacobs", "van der Meer", "Schouten", "Willems", "Hoekstra", "Koster", "Prins", "El Amrani", "Yılmaz",
)  # fmt: skip
FIRST = {
    "m": ("Jan", "Piet", "Henk", "Mohammed", "Bram", "Sem", "Youssef", "Thijs", "Lucas", "Daan"),
    "v": ("Anna", "Emma", "Sanne", "Fatima", "Julia", "Lotte", "Eva", "Zoë", "Noor", "Fleur"),
}
Row = dict[str, object]


def person(number: int, rng: random.Random) -> Row:
    """One row of the register; three persons in a row share a household and a surname."""
    home = random.Random(number // 3)
    sex = rng.choice("mv")
    year = rng.randrange(1940, 1996) if number % 3 < 2 else rng.randrange(1997, 2014)
    born = f"{rng.randrange(1, 29):02d}-{rng.randrange(1, 13):02d}-{year}"
    return {
        "a_number": a_number(number),
        "bsn": bsn(number),
        "household_number": str(1000 + number // 3),
        "postcode": f"76{home.randrange(10, 30)} {home.choice(('AB', 'CD', 'EF'))}",
        "house_number": str(number // 3 + 1),
        "surname": home.choice(SURNAMES),
        "first_name": rng.choice(FIRST[sex]),
        "birth_date": born,
        "sex": sex,
        "minor": born,
        "wijk": AREAS[number // 3 % 2],
        "position": ("ouder", "partner", "kind")[number % 3],
    }


def seen(row: Mapping[str, object], **change: object) -> Row:
    """The same person as the police have it: no number."""
    kept = ("surname", "first_name", "birth_date", "sex", "postcode")
    return {"delicts": 1, **{name: row[name] for name in kept}, **change}


@dataclass
class Town:
    """Two holders and a linker of the example protocol."""

    folder: Path
    register: Sequence[Mapping[str, object]]
    police: Sequence[Mapping[str, object]]
    change: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write protocol and study."""
        self.folder.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE, self.folder / "protocol.toml")
        text = (self.folder / "protocol.toml").read_text("utf-8")
        for old, new in self.change.items():
            assert old in text
            text = text.replace(old, new)
        (self.folder / "protocol.toml").write_text(text, "utf-8")
        self.root = keys.RootKey(uuid.UUID(STUDY_ID), b"W" * 32)
        self.linker = keys.LinkerIdentity("institute", b"L" * 32, b"R" * 32)
        self.holders = {name: keys.HolderIdentity(name, bytes([n]) * 96) for n, name in enumerate(ROLES, 1)}
        self.write("")
        self.write(holder_room.root_block(self.study(), self.root))

    def study(self) -> Study:
        """The study as every party reads it."""
        return load_study(self.folder / "study.toml")

    def columns(self, delivery: str) -> list[str]:
        """Every column that a holder may deliver."""
        protocol = load_protocol("protocol.toml", self.folder)
        must, may = mappable(protocol.delivery(delivery))
        return sorted(must | may | person_columns(protocol, protocol.delivery(delivery)))

    def write(self, root: str) -> None:
        """Write study.toml."""
        about = f'''format = "household-linkage/study/v1"
[study]
id = "{STUDY_ID}"
title = "Proefstudie"
protocol = "protocol.toml"
protocol_digest = "{digest(load_protocol("protocol.toml", self.folder))}"
municipality = "Proefstad"
municipality_code = "GM9999"
reference_date = 2014-12-31
wave = 1
purpose = "Onderzoek"
legal_basis = "AVG art. 6 lid 1 onder e"
retention_until = 2030-12-31
areas = [{", ".join(f'"{area}"' for area in AREAS)}]
[linker]
id = "institute"
organisation = "Instituut"
public_key = "{self.linker.public}"
'''
        parts = [about]
        for name, delivery in ROLES.items():
            mapped = "\n".join(f'{column} = "{_source(column)}"' for column in self.columns(delivery))
            parts.append(
                f'[[holder]]\nid = "{name}"\norganisation = "{name}"\ndelivery = "{delivery}"\n'
                f'public_key = "{self.holders[name].public}"\n[holder.columns]\n{mapped}\n'
            )
        (self.folder / "study.toml").write_text("".join([*parts, root]), "utf-8")

    def export(self, holder: str) -> Path:
        """Write the holder's rows as a Dutch CSV."""
        rows = self.register if holder == "gemeente" else self.police
        columns = sorted({_source(column) for column in self.columns(ROLES[holder])})
        path = self.folder / f"{holder}.csv"
        path.write_text(csv_text(rows, columns), "utf-8")
        return path

    def encode(self, holder: str) -> Path:
        """Encode the holder's rows into the inbox."""
        inbox = self.folder / "inbox"
        inbox.mkdir(exist_ok=True)
        request = holder_room.Request(
            holder_room.job_of(self.study(), holder, ROLES[holder]),
            self.root,
            self.holders[holder],
            self.export(holder),
            TODAY,
        )
        target = inbox / f"{holder}.package"
        holder_room.encode(request, target, lambda done, total: None, lambda summary: None)
        return target

    def link(self) -> linker_room.Result:
        """Both deliver, and the linker links."""
        for holder in ROLES:
            self.encode(holder)
        research = self.folder / "research"
        research.mkdir(exist_ok=True)
        return linker_room.run(linker_room.Request(self.study(), self.linker, self.folder / "inbox", research, TODAY))


ROLES = {"gemeente": "bevolking", "politie": "politie"}


def _source(column: str) -> str:
    """`minor` and `birth_date` are one column of the export, as they are in practice."""
    return "birth_date" if column == "minor" else column
