"""The holders of the town make the root together, as in docs/spec/key-agreement-v1.md: charter, commit, reveal."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping

from linkage.agreement import rounds
from linkage.agreement.charter import Charter, CharterSigned, agreed_charter, charter_of
from linkage.keys import HolderIdentity, new_contribution
from linkage.keys.signed import Body, Signed, SignedBody, parse_signed, signed_file
from linkage.study import Study


def agree(study: Study, holders: Mapping[str, HolderIdentity], today: dt.date) -> dict[str, rounds.AgreedRoot]:
    """What each holder comes to by itself, from the files that all of them sent."""
    week = dt.timedelta(days=7)
    charter = charter_of(study, secrets.token_hex(16), today + week, today + 2 * week)
    assents = {name: _assent(charter, name, today) for name in holders}
    charter = agreed_charter(_sent(assents, holders, CharterSigned), study)
    parts = {name: new_contribution(charter.digest, name) for name in holders}
    commits = {name: rounds.commit(charter, holders[name], parts[name], today) for name in holders}
    round_one = rounds.committed(_sent(commits, holders, rounds.Commit), charter)
    reveals = {name: rounds.reveal(round_one, holders[name], parts[name], today) for name in holders}
    files = _sent(reveals, holders, rounds.Reveal)
    return {name: rounds.agree(files, round_one, holders[name], parts[name], study, today) for name in holders}


def _assent(charter: Charter, name: str, today: dt.date) -> CharterSigned:
    return CharterSigned(format="household-linkage/charter/v1", made=today.isoformat(), holder=name, charter=charter)


def _sent(
    bodies: Mapping[str, SignedBody], holders: Mapping[str, HolderIdentity], model: type[Body]
) -> list[Signed[Body]]:
    """Everybody's signed file, as everybody reads it."""
    return [
        parse_signed(signed_file(body, holders[name]).encode("utf-8"), model, name) for name, body in bodies.items()
    ]
