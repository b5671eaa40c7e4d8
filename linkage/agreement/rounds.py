"""The two rounds: everybody commits, then everybody reveals to the holders alone (key-agreement-v1, sections 4 and 5).

Decisions alone: files in, value out, or an exception. A reveal is bound to all commitments at once, so nobody reveals
before everybody committed, and nobody is told two different stories.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field, StringConstraints

from linkage.agreement.charter import MOST_HOLDERS, Charter, Dated, Hex32, all_in, not_late
from linkage.agreement.phrase import check_phrase
from linkage.derive import KEY_BYTES, pae
from linkage.errors import PartyWrong, RevealWrong, RoundLate, RoundMixed, WrongKey
from linkage.keys import Contribution, HolderIdentity, RootKey, xwing_public_key
from linkage.keys.signed import Signed, verified
from linkage.study import HolderId, Study
from protocols.digest import canonical
from protocols.model import Frozen

_TRANSCRIPT = b"household-linkage/key-agreement/transcript/v1"
_SEAL = b"household-linkage/key-agreement/reveal/v1"
_ROOT = b"household-linkage/key-agreement/root/v1"

SealingKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{1622}==$")]  # 1,216 bytes
Sealed = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{1600}$")]  # 1,120 + 64 + 16 bytes


class Commit(Dated):
    """Round 1: a holder fixes its part without telling it, and gives the key to which others seal theirs."""

    format: Literal["household-linkage/key-agreement-commit/v1"]
    charter: Hex32
    holder: HolderId
    commitment: Hex32
    sealing_key: SealingKey


class SealedPart(Frozen):
    """A part, sealed to one other holder."""

    holder: HolderId
    sealed: Sealed


class Reveal(Dated):
    """Round 2: a holder's part, sealed to each other holder by itself."""

    format: Literal["household-linkage/key-agreement-reveal/v1"]
    charter: Hex32
    transcript: Hex32
    holder: HolderId
    sealed: tuple[SealedPart, ...] = Field(min_length=1, max_length=MOST_HOLDERS - 1)


@dataclass(frozen=True)
class Committed:
    """All commitments of a charter, each verified, in the charter's order; and the one hash over them."""

    charter: Charter
    commits: tuple[Commit, ...]
    transcript: bytes

    def of(self, holder: str) -> Commit:
        """The commitment of a holder of the charter."""
        return next(commit for commit in self.commits if commit.holder == holder)


@dataclass(frozen=True)
class AgreedRoot:
    """The root that followed from everybody's part, and the words to read to each other."""

    root: RootKey
    phrase: tuple[str, ...]


def commit(charter: Charter, identity: HolderIdentity, mine: Contribution, today: dt.date) -> Commit:
    """A holder's commitment. Raises RoundLate; PartyWrong where the identity is not in the charter."""
    _own(charter, identity, mine.holder)
    if today.isoformat() > charter.commit_until:
        raise RoundLate("de laatste dag van ronde 1 is voorbij; begin opnieuw met een nieuwe afspraak")
    return Commit(
        format="household-linkage/key-agreement-commit/v1",
        made=today.isoformat(),
        charter=charter.digest,
        holder=mine.holder,
        commitment=mine.commitment,
        sealing_key=base64.b64encode(identity.sealing_key).decode("ascii"),
    )


def _own(charter: Charter, identity: HolderIdentity, holder: str) -> None:
    if charter.line_of(holder, "de identiteit") != identity.public:
        raise WrongKey(f"deze identiteit is niet die van {holder} in de afspraak; neem het goede bestand")


def committed(files: Sequence[Signed[Commit]], charter: Charter) -> Committed:
    """All commitments, checked. Raises PartyWrong, PartyMissing, RoundMixed, RoundLate."""
    for file in files:
        _check_commit(file, charter)
    all_in([(file.body.holder, file.name) for file in files], charter, "commit")
    commits = tuple(sorted((file.body for file in files), key=lambda body: charter.names.index(body.holder)))
    parts = (charter.digest.encode("ascii"), *(canonical(body) for body in commits))
    return Committed(charter, commits, hashlib.sha256(pae(_TRANSCRIPT, *parts)).digest())


def _check_commit(file: Signed[Commit], charter: Charter) -> None:
    body = file.body
    signer = verified(file, charter.line_of(body.holder, file.name))
    if body.charter != charter.digest:
        raise RoundMixed(f"{file.name} hoort bij een andere afspraak; vraag het bestand van deze poging")
    not_late(body.made, charter.commit_until, file.name)
    sealing = hashlib.sha256(base64.b64decode(body.sealing_key))
    if sealing.digest() != signer.sealing:
        raise PartyWrong(f"{file.name}: de sleutel om te verzegelen is niet die van {body.holder}; vraag het opnieuw")
    if sealing.hexdigest() == charter.linker:
        raise PartyWrong(
            f"{file.name} heeft de sleutel van de koppelaar; stop, en bel de andere houders: "
            "de koppelaar mag de hoofdsleutel niet hebben"
        )


# --- round 2 ------------------------------------------------------------------------------------


def _suite() -> Suite:
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def _info(round_one: Committed, sender: str, receiver: str) -> bytes:
    return pae(_SEAL, round_one.transcript, sender.encode("ascii"), receiver.encode("ascii"))


def reveal(round_one: Committed, identity: HolderIdentity, mine: Contribution, today: dt.date) -> Reveal:
    """A holder's part, sealed to each other holder. Raises RoundLate, RoundMixed, WrongKey."""
    _own(round_one.charter, identity, mine.holder)
    _in_time(round_one.charter, today)
    _mine_is_there(round_one, mine)
    return Reveal(
        format="household-linkage/key-agreement-reveal/v1",
        made=today.isoformat(),
        charter=round_one.charter.digest,
        transcript=round_one.transcript.hex(),
        holder=mine.holder,
        sealed=tuple(_seal(round_one, mine, other) for other in round_one.commits if other.holder != mine.holder),
    )


def _in_time(charter: Charter, today: dt.date) -> None:
    if today.isoformat() > charter.reveal_until:
        raise RoundLate("de laatste dag van ronde 2 is voorbij; begin opnieuw met een nieuwe afspraak")


def _mine_is_there(round_one: Committed, mine: Contribution) -> None:
    if round_one.of(mine.holder).commitment != mine.commitment:
        raise RoundMixed(
            f"de .commit van {mine.holder} in de map is niet die van u; iemand kan hem hebben verwisseld: "
            "leg uw eigen bestand terug, en bel de andere houders als het vaker gebeurt"
        )


def _seal(round_one: Committed, mine: Contribution, other: Commit) -> SealedPart:
    try:
        key = xwing_public_key(base64.b64decode(other.sealing_key))
        sealed = _suite().encrypt(mine.secret, key, info=_info(round_one, mine.holder, other.holder))
    except ValueError:
        raise PartyWrong(f"de sleutel om te verzegelen van {other.holder} deugt niet; bel die houder") from None
    return SealedPart(holder=other.holder, sealed=base64.b64encode(sealed).decode("ascii"))


def agree(
    files: Sequence[Signed[Reveal]],
    round_one: Committed,
    identity: HolderIdentity,
    mine: Contribution,
    study: Study,
    today: dt.date,
) -> AgreedRoot:
    """The root of everybody's parts. Raises RoundLate, RoundMixed, PartyWrong, PartyMissing, RevealWrong."""
    _own(round_one.charter, identity, mine.holder)
    _in_time(round_one.charter, today)
    _mine_is_there(round_one, mine)
    for file in files:
        _check_reveal(file, round_one)
    all_in([(file.body.holder, file.name) for file in files], round_one.charter, "reveal")
    parts = {file.body.holder: _opened(file, round_one, identity, mine) for file in files}
    root = RootKey(study.study.id, _joined([parts[name] for name in round_one.charter.names], round_one.transcript))
    return AgreedRoot(root, check_phrase(root, round_one.transcript))


def _joined(parts: Sequence[bytes], transcript: bytes) -> bytes:
    """One secret of all parts: unknown and unchosen as long as one of them is."""
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=transcript, info=_ROOT).derive(pae(*parts))


def _check_reveal(file: Signed[Reveal], round_one: Committed) -> None:
    charter, body = round_one.charter, file.body
    verified(file, charter.line_of(body.holder, file.name))
    if body.charter != charter.digest:
        raise RoundMixed(f"{file.name} hoort bij een andere afspraak; vraag het bestand van deze poging")
    if body.transcript != round_one.transcript.hex():
        raise RoundMixed(
            f"{body.holder} zag andere bestanden van ronde 1 dan u; vergelijk de .commit-bestanden met elkaar "
            "(sha256sum, aan de telefoon), en begin opnieuw met een nieuwe afspraak"
        )
    not_late(body.made, charter.reveal_until, file.name)
    if tuple(part.holder for part in body.sealed) != tuple(name for name in charter.names if name != body.holder):
        raise RevealWrong(f"{file.name} is niet voor alle houders gemaakt; vraag het opnieuw")


def _opened(file: Signed[Reveal], round_one: Committed, identity: HolderIdentity, mine: Contribution) -> bytes:
    sender = file.body.holder
    if sender == mine.holder:
        return mine.part
    sealed = next(part.sealed for part in file.body.sealed if part.holder == mine.holder)
    try:
        info = _info(round_one, sender, mine.holder)
        secret = _suite().decrypt(base64.b64decode(sealed), identity.private_key(), info=info)
    except (InvalidTag, ValueError):
        raise RevealWrong(f"{file.name} is niet met uw sleutel te openen; bel {sender}") from None
    revealed = Contribution(round_one.charter.digest, sender, secret)
    if not hmac.compare_digest(revealed.commitment, round_one.of(sender).commitment):
        raise RevealWrong(
            f"{file.name}: wat {sender} onthult, is niet wat in ronde 1 is vastgelegd; "
            "stop, bel de andere houders, en begin opnieuw met een nieuwe afspraak"
        )
    return revealed.part
