"""The charter: between whom, for what and until when a root is agreed; signed by every holder (key-agreement-v1, 3).

Decisions alone: values in, value out, or an exception.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from linkage.errors import PartyMissing, PartyWrong, RoundLate, RoundMixed
from linkage.keys import fingerprint
from linkage.keys.signed import Signed, SignedBody, verified
from linkage.study import Hex16, HolderId, Study
from protocols.digest import canonical
from protocols.model import Frozen

Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
HolderKey = Annotated[str, StringConstraints(pattern=r"^holder1:[A-Za-z0-9+/]{43}=$")]
MOST_HOLDERS = 64


def _real_day(value: str) -> str:
    if dt.date.fromisoformat(value).isoformat() != value:
        raise ValueError("no day")
    return value


class Dated(SignedBody):
    """A signed body with the day on which its signer made it."""

    made: str

    @field_validator("made")
    @classmethod
    def _day(cls, value: str) -> str:
        return _real_day(value)


class Party(Frozen):
    """A holder, with the line of its public keys in the study."""

    id: HolderId
    key: HolderKey


class Charter(Frozen):
    """What is agreed before anything is drawn; `number` is fresh for each attempt."""

    number: Hex16
    study: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    wave: Annotated[int, Field(ge=1, le=1000)]
    protocol_digest: Digest
    agreement: Digest
    linker: Hex32
    holders: tuple[Party, ...] = Field(min_length=2, max_length=MOST_HOLDERS)
    commit_until: str
    reveal_until: str

    @field_validator("commit_until", "reveal_until")
    @classmethod
    def _days(cls, value: str) -> str:
        return _real_day(value)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form, 64 hexadecimal digits: in every later file."""
        return hashlib.sha256(canonical(self)).hexdigest()

    def line_of(self, holder: str, name: str) -> str:
        """The public line of a holder that the file `name` is of. Raises PartyWrong."""
        for party in self.holders:
            if party.id == holder:
                return party.key
        raise PartyWrong(
            f"{name} is van een partij die niet in de afspraak staat; haal het weg en vraag waar het van is"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The holders, in the order in which everything is joined."""
        return tuple(party.id for party in self.holders)


class CharterSigned(Dated):
    """A holder's assent to a charter."""

    format: Literal["household-linkage/charter/v1"]
    holder: HolderId
    charter: Charter


def charter_of(study: Study, number: str, commit_until: dt.date, reveal_until: dt.date) -> Charter:
    """The charter that a study asks for. Raises PartyMissing with fewer than two holders, RoundMixed with too many."""
    keys = {holder.id: holder.public_key for holder in study.holder}
    if len(keys) < 2:
        raise PartyMissing("een afspraak heeft ten minste twee houders nodig; maak de sleutel met: linkage keys root")
    if len(keys) > MOST_HOLDERS:
        raise RoundMixed(
            f"een afspraak kan met hoogstens {MOST_HOLDERS} houders; maak de sleutel met: linkage keys root"
        )
    return Charter(
        number=number,
        study=str(study.study.id),
        wave=study.study.wave,
        protocol_digest=study.study.protocol_digest,
        agreement=study.agreement,
        linker=fingerprint(study.linker.public_key),
        holders=tuple(Party(id=name, key=keys[name]) for name in sorted(keys)),
        commit_until=commit_until.isoformat(),
        reveal_until=reveal_until.isoformat(),
    )


def check_days(charter: Charter, today: dt.date) -> None:
    """Whether a charter may still be signed. Raises RoundLate."""
    if charter.commit_until > charter.reveal_until:
        raise RoundLate("de laatste dag van ronde 2 ligt voor die van ronde 1; kies andere dagen")
    if today.isoformat() > charter.commit_until:
        raise RoundLate("de laatste dag van ronde 1 is al voorbij; spreek nieuwe dagen af")


def check_charter(charter: Charter, study: Study) -> None:
    """Whether a charter is what one's own study says. Raises RoundMixed."""
    days = (dt.date.fromisoformat(charter.commit_until), dt.date.fromisoformat(charter.reveal_until))
    if charter != charter_of(study, charter.number, *days):
        raise RoundMixed(
            "de afspraak hoort bij een andere studie, of houders, sleutels, doel, termijn of koppelaar zijn anders; "
            "vergelijk study.toml met de andere houders (sha256sum) en neem de laatste"
        )


def only_charter(files: Sequence[Signed[CharterSigned]], study: Study) -> Charter:
    """The one charter that all files hold, each signed by its holder. Raises PartyWrong, RoundMixed, PartyMissing."""
    if not files:
        raise PartyMissing("er is nog geen afspraak (*.charter) in de map; zet de bestanden van de anderen erin")
    charter = files[0].body.charter
    if any(file.body.charter != charter for file in files):
        raise RoundMixed("in de map liggen verschillende afspraken (*.charter); houd die van een poging over")
    check_charter(charter, study)
    for file in files:
        verified(file, charter.line_of(file.body.holder, file.name))
    return charter


def agreed_charter(files: Sequence[Signed[CharterSigned]], study: Study) -> Charter:
    """A charter that every holder signed. Raises as `only_charter`; PartyMissing where a holder did not."""
    charter = only_charter(files, study)
    all_in([(file.body.holder, file.name) for file in files], charter, "charter")
    for file in files:
        not_late(file.body.made, charter.commit_until, file.name)
    return charter


def all_in(found: Sequence[tuple[str, str]], charter: Charter, kind: str) -> None:
    """One file of each holder; `found` is (holder, file name). Raises PartyWrong, PartyMissing."""
    seen: dict[str, str] = {}
    for holder, name in found:
        charter.line_of(holder, name)
        if holder in seen:
            raise PartyWrong(
                f"{seen[holder]} en {name} zijn beide van {holder}; vraag {holder} aan de telefoon welke de echte is"
            )
        seen[holder] = name
    missing = [name for name in charter.names if name not in seen]
    if missing:
        raise PartyMissing(f"er ontbreekt nog een .{kind} van {', '.join(missing)}; wacht daarop")


def not_late(made: str, until: str, name: str) -> None:
    """Whether a file was made in time, by its own words. Raises RoundLate."""
    if made > until:
        raise RoundLate(f"{name} is te laat gemaakt; begin opnieuw met een nieuwe afspraak (linkage keys charter)")
