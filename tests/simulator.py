"""An in-memory cast for tests: holders, a linker and a courier of one small study, in a folder of their own.

A test reads: change one thing, expect one error. All people are invented; the numbers pass the tests of the
registers and belong to nobody.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from linkage import keys
from linkage.holder import encode as holder_room
from linkage.linker import run as linker_room
from linkage.study import Study, load_study, mappable
from protocols import digest, load_protocol

TODAY = dt.date(2016, 3, 1)
STUDY_ID = "6f1d2c3b-0a1b-4c2d-8e3f-001122334455"
AREAS = ("Noord", "Zuid")
Row = Mapping[str, object]

HOLDERS = {
    "gemeente": ("bevolking", "gemeente"),
    "sociale-dienst": ("uitkeringen", "uitkeringsinstantie"),
    "inkomens": ("inkomen", "inkomensregister"),
    "verzekeraar": ("ggz", "zorgverzekeraar"),
    "indicatie": ("awbz", "indicatieorgaan"),
    "jeugd": ("jeugdhulp", "jeugdhulp"),
    "bemoeizorg": ("verslavingszorg_bemoeizorg", "maatschappelijke-zorg"),
    "politie": ("politie", "politie"),
    "stadsbank": ("stadsbank", "stadsbank"),
    "corporatie-a": ("woningcorporatie", "woningcorporatie"),
    "corporatie-b": ("woningcorporatie", "woningcorporatie"),
}


_BSNS: list[str] = []


def bsn(number: int) -> str:
    """The `number`-th BSN from 100000000 that passes the eleven test and is no filler."""
    value = int(_BSNS[-1]) + 1 if _BSNS else 100_000_000
    while len(_BSNS) <= number:
        text = f"{value:09d}"
        total = sum(int(digit) * weight for digit, weight in zip(text, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
        if total % 11 == 0 and len(set(text[:8])) > 1 and text != "123456782":
            _BSNS.append(text)
        value += 1
    return _BSNS[number]


_A_NUMBERS: list[str] = []


def a_number(number: int) -> str:
    """The `number`-th A-nummer from 2010000000, by the rules of the register."""
    value = int(_A_NUMBERS[-1]) + 1 if _A_NUMBERS else 2_010_000_000
    while len(_A_NUMBERS) <= number:
        digits = [int(digit) for digit in str(value)]
        apart = all(a != b for a, b in pairwise(digits))
        if apart and sum(digits) % 11 in (0, 5) and sum(d * 2**i for i, d in enumerate(digits)) % 11 == 0:
            _A_NUMBERS.append(str(value))
        value += 1
    return _A_NUMBERS[number]


def columns_of(delivery: str) -> list[str]:
    """Every column that a holder may deliver, in a fixed order; the tests use the protocol's own names."""
    must, may = mappable(load_protocol("nji_2016").delivery(delivery))
    return sorted(must | may)


def csv_text(rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A Dutch CSV."""
    lines = [";".join(columns)]
    lines += [";".join("" if row.get(name) is None else str(row.get(name)) for name in columns) for row in rows]
    return "\r\n".join(lines) + "\r\n"


@dataclass
class Cast:
    """The parties of one study; `exports` holds the rows of each holder."""

    folder: Path
    exports: dict[str, list[Row]] = field(default_factory=dict)
    wave: int = 1
    shuffle_columns: random.Random | None = None
    holder_keys: dict[str, keys.HolderIdentity] = field(default_factory=dict)
    linker: keys.LinkerIdentity = field(default_factory=lambda: keys.LinkerIdentity("institute", b"L" * 32, b"R" * 32))
    root: keys.RootKey = field(default_factory=lambda: keys.RootKey(uuid.UUID(STUDY_ID), b"W" * 32))

    def __post_init__(self) -> None:
        """Give every party its keys and folders, and write the study."""
        for number, name in enumerate(HOLDERS):
            self.holder_keys[name] = keys.HolderIdentity(name, bytes([number + 1]) * 96)
        for part in ("inbox", "exports", "research"):
            (self.folder / part).mkdir(exist_ok=True, parents=True)
        self.write_study("")
        self.write_study(holder_room.root_block(self.study(), self.root))

    def study(self) -> Study:
        """The study as every party reads it."""
        return load_study(self.folder / "study.toml")

    def write_study(self, root: str, change: Mapping[str, str] | None = None) -> None:
        """Write study.toml; `change` replaces pieces of its text."""
        text = study_text(root, self.wave, self.linker.public, {n: k.public for n, k in self.holder_keys.items()})
        for old, new in (change or {}).items():
            assert old in text
            text = text.replace(old, new)
        (self.folder / "study.toml").write_text(text, encoding="utf-8")

    def export(self, holder: str) -> Path:
        """Write the holder's rows as it would export them."""
        path = self.folder / "exports" / f"{holder}.csv"
        columns = columns_of(HOLDERS[holder][0])
        if self.shuffle_columns:
            self.shuffle_columns.shuffle(columns)
        path.write_text(csv_text(self.exports.get(holder, []), columns), encoding="utf-8")
        return path

    def request(self, holder: str) -> holder_room.Request:
        """What the holder asks of the encoder."""
        return holder_room.Request(
            job=holder_room.job_of(self.study(), holder, HOLDERS[holder][0]),
            root=self.root,
            identity=self.holder_keys[holder],
            export=self.export(holder),
            today=TODAY,
        )

    def encode(self, holder: str, request: holder_room.Request | None = None, name: str | None = None) -> Path:
        """Encode the holder's rows and have the courier bring the package."""
        target = self.folder / "inbox" / f"{name or holder}.package"
        holder_room.encode(request or self.request(holder), target, lambda done, total: None, lambda summary: None)
        (target.with_name(f"{target.name}.afgewezen.csv")).unlink(missing_ok=True)
        return target

    def encode_all(self) -> None:
        """Every holder that has rows delivers."""
        for holder in HOLDERS:
            if self.exports.get(holder):
                self.encode(holder)

    def link_request(self) -> linker_room.Request:
        """What the linker asks."""
        folder = self.folder
        return linker_room.Request(self.study(), self.linker, folder / "inbox", folder / "research", TODAY)

    def link(self, **change: object) -> linker_room.Result:
        """Link the inbox."""
        return linker_room.run(replace(self.link_request(), **change))  # type: ignore[arg-type]


def study_text(root: str, wave: int, linker: str, holders: Mapping[str, str]) -> str:
    """A study.toml for the cast."""
    about = f'''format = "household-linkage/study/v1"
[study]
id = "{STUDY_ID}"
title = "Proefstudie"
protocol = "nji_2016"
protocol_digest = "{digest(load_protocol("nji_2016"))}"
municipality = "Proefstad"
municipality_code = "GM9999"
reference_date = 2014-12-31
wave = {wave}
purpose = "Onderzoek"
legal_basis = "AVG art. 6 lid 1 onder e"
retention_until = 2030-12-31
areas = [{", ".join(f'"{area}"' for area in AREAS)}]
[linker]
id = "institute"
organisation = "Instituut"
public_key = "{linker}"
'''
    return about + "".join(_holder_text(name, holders[name]) for name in HOLDERS) + "\n" + root + "\n"


def _holder_text(name: str, public: str) -> str:
    columns = "\n".join(f'{column} = "{column}"' for column in columns_of(HOLDERS[name][0]))
    return f'''[[holder]]
id = "{name}"
organisation = "{name}"
delivery = "{HOLDERS[name][0]}"
public_key = "{public}"
[holder.columns]
{columns}
'''


def inhabitant(
    number: int, household: int, *, born: str = "01-01-1980", place: str = "alleenstaand", **more: object
) -> dict[str, object]:
    """One row of the register."""
    row: dict[str, object] = {
        "a_number": a_number(number),
        "bsn": bsn(number),
        "household_number": str(1000 + household),
        "postcode": "7607 AB",
        "house_number": str(household + 1),
        "minor": born,
        "wijk": AREAS[household % 2],
        "place": place,
        "moves": 0,
    }
    return row | more


def minimal(folder: Path) -> Cast:
    """A study in which every required holder delivers: one family of two and one single person."""
    cast = Cast(folder)
    cast.exports["gemeente"] = [
        inhabitant(0, 0, place="ouder", moves=2),
        inhabitant(1, 0, born="01-06-2005", place="kind"),
        inhabitant(2, 1),
    ]
    cast.exports["sociale-dienst"] = [{"bsn": bsn(0), "bijstand": 12}, {"bsn": bsn(2), "ww": 3}]
    cast.exports["inkomens"] = [{"bsn": bsn(0), "low_income": "9.249,99"}, {"bsn": bsn(2), "low_income": "9250,00"}]
    cast.exports["verzekeraar"] = [{"bsn": bsn(0), "year": 2014, "basic_cost": "12,40"}]
    cast.exports["indicatie"] = [
        {"bsn": bsn(0), "year": 2012, "ground": "2"},
        {"bsn": bsn(2), "year": 2013, "ground": "9"},
    ]
    cast.exports["jeugd"] = [{"a_number": a_number(1), "year": 2014, "ambulant": 1}]
    cast.exports["bemoeizorg"] = [{"bsn": bsn(0), "year": 2013, "addiction_care": "ja"}]
    cast.exports["politie"] = [{"bsn": bsn(2), "minor": "01-01-1980", "vd1111": 2}]
    cast.exports["stadsbank"] = [
        {"bsn": bsn(0), "debt_counselling": "ja", "budget_management": "nee", "debt": "12.345,67"}
    ]
    cast.exports["corporatie-a"] = [
        {"postcode": "7607AB", "house_number": "1", "arrears": "100,00", "nuisance": 1, "eviction_notice": "nee"}
    ]
    return cast
