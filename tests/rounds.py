"""Three holders that agree on a root in memory, and a courier who may change what it carries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulator import HOLDERS, Cast

from linkage import keys
from linkage.agreement import rounds
from linkage.agreement.charter import Charter, CharterSigned, agreed_charter, charter_of
from linkage.keys.signed import Body, Signed, SignedBody, parse_signed, signed_file
from linkage.study import Study

TODAY = dt.date(2016, 3, 1)
COMMIT_UNTIL, REVEAL_UNTIL = dt.date(2016, 3, 8), dt.date(2016, 3, 15)
NAMES = tuple(sorted(HOLDERS)[:3])


@dataclass
class Table:
    """The holders of one attempt with their identities and secret parts; a test changes one thing."""

    study: Study
    charter: Charter
    identities: dict[str, keys.HolderIdentity]
    parts: dict[str, keys.Contribution]
    today: dt.date = TODAY
    seen: dict[str, bytes] = field(default_factory=dict)

    def file(self, name: str, body: SignedBody, signer: keys.HolderIdentity | None = None) -> bytes:
        """What the courier carries for a holder."""
        return signed_file(body, signer or self.identities[name]).encode("utf-8")

    def charters(self) -> list[Signed[CharterSigned]]:
        """Everybody's assent."""
        return [self.read(name, self.file(name, self.assent(name)), CharterSigned) for name in self.charter.names]

    def assent(self, name: str, made: str = "2016-03-01") -> CharterSigned:
        """One holder's assent."""
        return CharterSigned(format="household-linkage/charter/v1", made=made, holder=name, charter=self.charter)

    def commit(self, name: str) -> rounds.Commit:
        """One holder's body of round 1."""
        return rounds.commit(self.charter, self.identities[name], self.parts[name], self.today)

    def commits(self, **instead: bytes) -> list[Signed[rounds.Commit]]:
        """The files of round 1 as a holder has them; `instead` are the courier's."""
        made = {name: self.file(name, self.commit(name)) for name in self.charter.names} | instead
        return [self.read(name, raw, rounds.Commit) for name, raw in made.items()]

    def round_one(self, **instead: bytes) -> rounds.Committed:
        """Round 1 as a holder checks it."""
        return rounds.committed(self.commits(**instead), self.charter)

    def reveal(self, name: str, round_one: rounds.Committed | None = None) -> rounds.Reveal:
        """One holder's body of round 2."""
        return rounds.reveal(round_one or self.round_one(), self.identities[name], self.parts[name], self.today)

    def reveals(self, **instead: bytes) -> list[Signed[rounds.Reveal]]:
        """The files of round 2 as a holder has them."""
        made = {name: self.file(name, self.reveal(name)) for name in self.charter.names} | instead
        return [self.read(name, raw, rounds.Reveal) for name, raw in made.items()]

    def agree(self, name: str, files: list[Signed[rounds.Reveal]] | None = None) -> rounds.AgreedRoot:
        """What a holder gets in the end."""
        agreed_charter(self.charters(), self.study)
        reveals = self.reveals() if files is None else files
        return rounds.agree(reveals, self.round_one(), self.identities[name], self.parts[name], self.study, self.today)

    def with_part(self, name: str, part: keys.Contribution) -> Table:
        """The same table with another part of one holder."""
        return replace(self, parts=self.parts | {name: part})

    @staticmethod
    def read(name: str, raw: bytes, model: type[Body]) -> Signed[Body]:
        """A file as a holder reads it."""
        return parse_signed(raw, model, name)


def study_of(cast: Cast) -> Study:
    """The cast's study with three holders and no root yet."""
    study = cast.study()
    few = tuple(holder for holder in study.holder if holder.id in NAMES)
    return study.model_copy(update={"holder": few, "root": None})


def table(folder: Path, number: str = "0" * 32) -> Table:
    """A fresh attempt of the cast's first three holders."""
    cast = Cast(folder)
    study = study_of(cast)
    charter = charter_of(study, number, COMMIT_UNTIL, REVEAL_UNTIL)
    parts = {name: keys.new_contribution(charter.digest, name) for name in NAMES}
    return Table(study, charter, {name: cast.holder_keys[name] for name in NAMES}, parts)
