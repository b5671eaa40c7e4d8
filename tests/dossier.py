"""A study near its end, with the records of every kind that its parties have; for tests of the evidence pack."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from simulator import HOLDERS, Cast, minimal

from linkage import chain, keys
from linkage.agreement.charter import CharterSigned, charter_of
from linkage.agreement.files import write_signed
from linkage.agreement.rounds import commit
from linkage.evidence.pack import Pack, Request, assemble, make
from linkage.keeping.destroyed import Destroyed, Item
from linkage.keys.signed import signed_file

TODAY = dt.date(2016, 5, 1)
PAGE = "<!DOCTYPE html><html lang=nl><title>Zelftoets</title></html>"


@dataclass
class Dossier:
    """The parties, and one folder with what they hand over."""

    cast: Cast
    folder: Path

    @property
    def study_file(self) -> Path:
        """The study as every party has it."""
        return self.cast.folder / "study.toml"

    def request(self, party: str = "gemeente", *more: Path) -> Request:
        """What a party asks; `more` are other folders."""
        return Request(self.study_file, self.cast.holder_keys[party], (self.folder, *more), TODAY)

    def assemble(self, party: str = "gemeente", *more: Path) -> Pack:
        """A pack in memory."""
        return assemble(self.request(party, *more))

    def make(self, name: str = "bewijs", party: str = "gemeente") -> Path:
        """A pack on the disk."""
        target = self.cast.folder / name
        make(self.request(party), target)
        return target

    def agree(self, *parties: str) -> None:
        """These parties sign the charter and commit."""
        study = self.cast.study()
        charter = charter_of(study, "0" * 32, dt.date(2016, 3, 8), dt.date(2016, 3, 15))
        day = dt.date(2016, 3, 1)
        for name in parties:
            body = CharterSigned(
                format="household-linkage/charter/v1", made=day.isoformat(), holder=name, charter=charter
            )
            identity = self.cast.holder_keys[name]
            write_signed(self.folder, "charter", name, body, identity)
            part = keys.Contribution(charter.digest, name, bytes([len(name)]) * 64)
            write_signed(self.folder, "commit", name, commit(charter, identity, part, day), identity)

    def destroyed(self, *parties: str) -> None:
        """These holders say that they destroyed the root."""
        study = self.cast.study()
        for name in parties:
            body = Destroyed(
                format="household-linkage/destroyed/v1",
                study=str(study.study.id),
                wave=study.study.wave,
                agreement=study.agreement,
                party=name,
                destroyed="2016-05-01",
                items=(Item(kind="root", id=self.cast.root.key_id),),
            )
            text = signed_file(body, self.cast.holder_keys[name])
            (self.folder / f"{name}.destroyed").write_text(text, encoding="utf-8")

    def book(self, name: str, *lines: dict[str, object]) -> None:
        """A chained book."""
        previous, out = chain.START, b""
        for line in lines:
            raw = chain.encoded({**line, "previous": previous})
            previous, out = _sha(raw), out + raw
        (self.folder / name).write_bytes(out)

    def accepted(self, rows: int, **more: object) -> dict[str, object]:
        """A line of the ledger."""
        study = self.cast.study().study
        line: dict[str, object] = {"study": str(study.id), "wave": study.wave, "delivery": "politie", "sequence": 1}
        return {**line, "holder": "politie", "package": "3c" * 32, "rows": rows, "accepted": "2016-03-01", **more}

    def exported(self) -> dict[str, object]:
        """A line of the book of exports."""
        line: dict[str, object] = {"study": str(self.cast.study().study.id), "recipient": "Afdeling Onderzoek"}
        return {
            **line,
            "legal_basis": "AVG art. 6",
            "kind": "sav",
            "file": "x.sav",
            "sha256": "0" * 64,
            "account": "jdevries",
            "exported": "2016-04-01T10:00:00Z",
        }

    def released(self) -> dict[str, object]:
        """A line of the release ledger."""
        study = self.cast.study().study
        line: dict[str, object] = {"study": str(study.id), "wave": 1, "reference_date": "2014-12-31"}
        return {
            **line,
            "protocol_digest": study.protocol_digest,
            "released": "2016-04-02",
            "tables": ["tabel1"],
            "shown": [],
            "hidden": [],
        }

    def assessed(self, page: str = PAGE, **change: object) -> None:
        """Both files of the self-test."""
        said: dict[str, object] = {"format": "household-linkage/assess/v1", "study": str(self.cast.study().study.id)}
        said |= {"role": "officer", "made": "2016-04-03", "passed": True, **change}
        (self.folder / "assess.json").write_text(json.dumps(said), encoding="utf-8")
        (self.folder / "dpia-zelftoets.html").write_text(page, encoding="utf-8")


def _sha(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def dossier(base: Path) -> Dossier:
    """A study with every kind of record; of eleven holders two destroyed their root."""
    cast = minimal(base)
    cast.holder_keys["signer"] = keys.HolderIdentity("institute", b"S" * 96)
    root = (base / "study.toml").read_text(encoding="utf-8").split("\n[root]")[1]
    line = f'public_key = "{cast.linker.public}"'
    cast.write_study("[root]" + root, {line: f'{line}\nsigning_key = "{cast.holder_keys["signer"].public}"'})
    made = Dossier(cast, base / "stukken")
    made.folder.mkdir()
    made.agree(*HOLDERS)
    made.destroyed("gemeente", "politie")
    cast.encode_all()
    cast.link()
    for path in (
        *(base / "inbox").iterdir(),
        base / "research" / "linkage.json",
        base / "research" / "households.parquet",
    ):
        shutil.copy(path, made.folder)
    made.book("ledger.jsonl", made.accepted(120), made.accepted(994, sequence=2))
    made.book("release.jsonl", made.released())
    made.book("exports.jsonl", made.exported())
    made.assessed()
    return made


def copied(ready: Path, base: Path) -> Dossier:
    """A copy of a dossier that a test may change."""
    shutil.copytree(ready, base, dirs_exist_ok=True)
    study = (base / "study.toml").read_bytes()
    cast = Cast(base)
    cast.holder_keys["signer"] = keys.HolderIdentity("institute", b"S" * 96)
    (base / "study.toml").write_bytes(study)
    return Dossier(cast, base / "stukken")
