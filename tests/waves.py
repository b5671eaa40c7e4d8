"""A study over several waves, in one folder: the cast of `simulator.py` with a protocol of its own that follows.

The register of this protocol has an address history: a row per person and address, with the days from and until which
it held. All people are invented.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import simulator
from simulator import Cast, Row, a_number, bsn

from linkage import keys
from linkage.holder import encode as holder_room
from linkage.linker import run as linker_room
from protocols import digest, load_protocol

DATES = ("address_from", "address_until")
SELECT = """  { name = "address_from", title = "Begin van het adres", rule = "on-or-before-reference-date" },
  { name = "address_until", title = "Einde van het adres", rule = "empty-or-after-reference-date" },
"""
RULE = {"same_when": '"most-members"', "least_share": '"0.34"'}


def protocol_text(year: int, follow: Mapping[str, str] | None) -> str:
    """The protocol of NJi for a year, with an address history, and with a rule where one is given."""
    text = (resources.files("protocols") / "nji_2016" / "protocol.toml").read_text("utf-8")
    departed = text.index('{ name = "departed"')
    start = text.index("\n", departed) + 1
    text = text[:start] + SELECT + text[start:]
    for old, new in (('name = "nji_2016"', 'name = "eigen"'), ("reference_year = 2014", f"reference_year = {year}")):
        assert old in text
        text = text.replace(old, new, 1)
    table = "\n[follow]\n" + "".join(f"{key} = {value}\n" for key, value in (follow or {}).items())
    return text + (table if follow is not None else "")


@dataclass
class WaveCast(Cast):
    """The parties in one wave; every wave has a folder, and all have the same keys and study id."""

    follow: Mapping[str, str] | None = None
    previous: Path | None = None

    @property
    def year(self) -> int:
        """Wave 1 is 2014."""
        return 2013 + self.wave

    @property
    def today(self) -> dt.date:
        """Some weeks after the reference date."""
        return dt.date(self.year + 1, 3, 1)

    def write_study(self, root: str, change: Mapping[str, str] | None = None) -> None:
        """Write study.toml and its protocol."""
        (self.folder / "eigen.toml").write_text(protocol_text(self.year, self.follow), "utf-8")
        (self.folder / "tariffs.csv").write_bytes(
            (resources.files("protocols") / "nji_2016" / "tariffs.csv").read_bytes()
        )
        own = load_protocol("eigen.toml", self.folder)
        super().write_study(
            root,
            {
                'protocol = "nji_2016"': 'protocol = "eigen.toml"',
                digest(load_protocol("nji_2016")): digest(own),
                "reference_date = 2014-12-31": f"reference_date = {self.year}-12-31",
                'departed = "departed"': 'departed = "departed"\n' + "\n".join(f'{n} = "{n}"' for n in DATES),
                **(change or {}),
            },
        )

    def export(self, holder: str) -> Path:
        """Write the holder's rows, the register with its dates."""
        path = self.folder / "exports" / f"{holder}.csv"
        columns = [*simulator.columns_of(simulator.HOLDERS[holder][0]), *(DATES if holder == "gemeente" else ())]
        path.write_text(simulator.csv_text(self.exports.get(holder, []), columns), encoding="utf-8")
        return path

    def request(self, holder: str) -> holder_room.Request:
        """As in the cast, on a day of this wave."""
        return replace(super().request(holder), today=self.today)

    def link_request(self) -> linker_room.Request:
        """As in the cast, on a day of this wave, after the wave before."""
        return replace(super().link_request(), today=self.today, previous=self.previous)


def wave(
    folder: Path,
    number: int,
    register: Sequence[Row],
    *,
    follow: Mapping[str, str] | None = RULE,
    previous: Path | None = None,
    **more: Any,
) -> WaveCast:
    """A wave in which all holders delivered; the others than the register say little, of people 0 and 2."""
    made = WaveCast(folder / f"wave-{number}", wave=number, follow=follow, previous=previous, **more)
    made.exports |= simulator.minimal(folder / f"wave-{number}" / "rows").exports
    made.exports["gemeente"] = list(register)
    made.encode_all()
    return made


def lives(person: int, house: int, **more: object) -> dict[str, object]:
    """A row of the register: who lives where, without a household number."""
    row: dict[str, object] = {
        "a_number": a_number(person),
        "bsn": bsn(person),
        "postcode": "7607 AB",
        "house_number": str(house),
        "minor": "01-01-1980",
        "wijk": simulator.AREAS[house % 2],
        "place": "overig",
        "moves": 0,
    }
    return row | more


def family(house: int, adults: Sequence[int], children: Sequence[int] = (), **more: object) -> list[dict[str, object]]:
    """The rows of people in one house; the first adult is the reference person."""
    places = ["ouder", *("overig" for _ in adults[1:])]
    rows = [lives(person, house, place=place, **more) for person, place in zip(adults, places, strict=True)]
    return rows + [lives(child, house, place="kind", minor="01-06-2010", **more) for child in children]


OTHER_ROOT = keys.RootKey(uuid.UUID(simulator.STUDY_ID), b"X" * 32)
