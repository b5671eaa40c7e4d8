"""Vectors of package-v1, sections 6.4 to 6.11: a package that is whole and signed, and does not belong here."""

from __future__ import annotations

import hashlib
from typing import Any

from vectors.packages.case import Case, Make, said
from vectors.packages.maker import canonical
from vectors.packages.scene import CANARIES, COLUMNS, VERSIONS, Scene

OTHER_STUDY = "00000000-0000-4000-8000-000000000000"


def _canaries(change: dict[str, str]) -> Make:
    return lambda scene: scene.said(canaries=scene.manifest["canaries"] | change)


def _swapped_canaries(scene: Scene) -> bytes:
    known = scene.manifest["canaries"]
    return scene.said(canaries={**known, "bsn": known["address"], "address": known["bsn"]})


def _without(field: str, name: str) -> Make:
    def make(scene: Scene) -> bytes:
        return scene.said(**{field: {key: value for key, value in scene.manifest[field].items() if key != name}})

    return make


def _column(**change: Any) -> Make:
    return said(columns=[*COLUMNS[:2], {**COLUMNS[2], **change}, COLUMNS[3]])


def _category(names: list[str]) -> Make:
    return said(columns=[*COLUMNS[:3], {**COLUMNS[3], "categories": names, "maximum": len(names) - 1}])


def _by(signer: str, /, **change: object) -> Make:
    """Signed by that holder."""
    return lambda scene: scene.sealed(canonical(scene.manifest | change), signer=signer).encoded()


Row = tuple[str, str, str, str, Make]

WHO: list[Row] = [
    ("holder-unknown", "HolderUnknown", "6.4", "a holder that the study does not have", said(holder="niemand")),
    (
        "holder-of-another-delivery",
        "HolderWrong",
        "6.4",
        "another holder's name, who makes another delivery",
        _by("gemeente", holder="gemeente"),
    ),
    (
        "delivery-of-another-holder",
        "HolderWrong",
        "6.4",
        "a delivery that another holder makes",
        said(delivery="meldingen"),
    ),
    ("delivery-unknown", "HolderWrong", "6.4", "a delivery that nobody makes", said(delivery="kerk")),
    (
        "holder-swapped",
        "SignatureInvalid",
        "6.5",
        "the name of another holder of the same delivery, signed by this one",
        said(holder="houder-b"),
    ),
    (
        "holder-swapped-back",
        "SignatureInvalid",
        "6.5",
        "another holder of the same delivery signs in this one's name",
        _by("houder-b"),
    ),
    ("linker-other", "RecipientWrong", "6.6", "made for another linker", said(linker="0" * 64)),
    (
        "study-other",
        "StudyWrong",
        "6.7",
        "replay from another study with the same parties and keys",
        said(study=OTHER_STUDY),
    ),
    ("wave-other", "StudyWrong", "6.7", "replay from another wave", said(wave=2)),
    ("reference-date-other", "StudyWrong", "6.7", "another reference date", said(reference_date="2013-12-31")),
    (
        "reference-date-impossible",
        "StudyWrong",
        "6.7",
        "a reference date that does not exist",
        said(reference_date="2014-13-31"),
    ),
    (
        "agreement-other",
        "StudyWrong",
        "6.7",
        "another purpose, date, area or recipient than the holder agreed to",
        said(agreement="sha256:" + "0" * 64),
    ),
    ("protocol-other", "ProtocolWrong", "6.8", "another protocol", said(protocol_digest="sha256:" + "0" * 64)),
]

HOW: list[Row] = [
    ("scheme-other", "NormalisationWrong", "6.8", "another way to make pseudonyms", said(scheme="hmac-sha256-128/2")),
    (
        "normalisation-other",
        "NormalisationWrong",
        "6.8",
        "another version of one rule",
        said(normalisation={**VERSIONS, "bsn": "bsn/2"}),
    ),
    ("normalisation-missing", "NormalisationWrong", "6.8", "a rule is not told", _without("normalisation", "bsn")),
    (
        "normalisation-extra",
        "NormalisationWrong",
        "6.8",
        "a rule of a field that is not delivered",
        said(normalisation={**VERSIONS, "a-number": "a-number/1"}),
    ),
    (
        "normalisation-swapped",
        "NormalisationWrong",
        "6.8",
        "the rules of two fields changed about",
        said(normalisation={**VERSIONS, "bsn": "address/1", "address": "bsn/1"}),
    ),
    ("root-other", "RootWrong", "6.9", "another root key", said(root_key_id="0" * 32)),
    (
        "canary-other",
        "NormalisationWrong",
        "6.9",
        "the right root, and an encoder that computes otherwise",
        _canaries({"bsn": "0" * 32}),
    ),
    ("canary-missing", "NormalisationWrong", "6.9", "one canary is not told", _without("canaries", "address-number")),
    (
        "canary-extra",
        "NormalisationWrong",
        "6.9",
        "a canary of a field that is not delivered",
        _canaries({"a-number": "0" * 32}),
    ),
    ("canaries-swapped", "NormalisationWrong", "6.9", "the canaries of two fields changed about", _swapped_canaries),
]

WHEN: list[Row] = [
    ("created-in-the-future", "PackageExpired", "6.10", "made two days ahead", said(created="2016-03-03")),
    ("created-impossible", "PackageExpired", "6.10", "a day that does not exist", said(created="2016-02-30")),
    ("created-year-zero", "PackageExpired", "6.10", "a year that does not exist", said(created="0000-01-01")),
    (
        "created-long-ago",
        "PackageExpired",
        "6.10",
        "valid for longer than the protocol allows",
        said(created="2016-02-29"),
    ),
    (
        "expired-yesterday",
        "PackageExpired",
        "6.10",
        "valid until yesterday",
        said(created="2016-02-01", expires="2016-02-29"),
    ),
    (
        "expires-before-created",
        "PackageExpired",
        "6.10",
        "expires before it was made",
        said(created="2016-03-02", expires="2016-02-29"),
    ),
    (
        "expires-one-day-too-late",
        "PackageExpired",
        "6.10",
        "91 days of validity; 90 are allowed",
        said(expires="2016-05-31"),
    ),
    ("expires-never", "PackageExpired", "6.10", "the last day that a calendar knows", said(expires="9999-12-31")),
]

WHAT: list[Row] = [
    (
        "pseudonyms-reordered",
        "ContentWrong",
        "6.11",
        "the pseudonyms in another order",
        said(pseudonyms=["address", "bsn", "address-number"]),
    ),
    (
        "pseudonym-missing",
        "ContentWrong",
        "6.11",
        "one pseudonym is not announced",
        said(pseudonyms=list(CANARIES)[:2]),
    ),
    ("pseudonym-twice", "ContentWrong", "6.11", "one pseudonym twice", said(pseudonyms=[*CANARIES, "bsn"])),
    (
        "pseudonym-extra",
        "ContentWrong",
        "6.11",
        "a pseudonym that was not agreed",
        said(pseudonyms=[*CANARIES, "a-number"]),
    ),
    (
        "columns-reordered",
        "ContentWrong",
        "6.11",
        "the columns in another order",
        said(columns=[COLUMNS[1], COLUMNS[0], *COLUMNS[2:]]),
    ),
    ("column-missing", "ContentWrong", "6.11", "one column fewer", said(columns=COLUMNS[:-1])),
    ("column-twice", "ContentWrong", "6.11", "one column twice", said(columns=[*COLUMNS, COLUMNS[3]])),
    (
        "column-extra",
        "ContentWrong",
        "6.11",
        "a column that was not agreed",
        said(columns=[*COLUMNS, {**COLUMNS[1], "name": "naam"}]),
    ),
    ("columns-none", "ContentWrong", "6.11", "no columns", said(columns=[])),
    (
        "column-renamed",
        "ContentWrong",
        "6.11",
        "a look-alike in ASCII: capital i for l",
        said(columns=[COLUMNS[0], {**COLUMNS[1], "name": "huIp"}, *COLUMNS[2:]]),
    ),
    ("column-wider", "ContentWrong", "6.11", "a wider range than was agreed", _column(maximum=13)),
    ("column-narrower", "ContentWrong", "6.11", "a narrower range than was agreed", _column(minimum=1)),
    ("column-other-type", "ContentWrong", "6.11", "a boolean for an integer", _column(type="boolean", maximum=1)),
    (
        "categories-swapped",
        "ContentWrong",
        "6.11",
        "two areas changed about, which would swap their figures",
        _category(["Zuid", "Noord"]),
    ),
    ("category-extra", "ContentWrong", "6.11", "one area more", _category(["Noord", "Zuid", "Oost"])),
]


def _accepted_before(sequence: int) -> str:
    """A line of the ledger: another package in the same place."""
    return f"{sequence} {hashlib.sha256(b'another package').hexdigest()}"


def _again(scene: Scene) -> bytes:
    return scene.sealed().encoded()


LEDGER = [
    Case(
        "ledger-older",
        "PackageReplayed",
        "6.11",
        "rollback: a higher sequence was accepted",
        _again,
        ledger=_accepted_before(4),
    ),
    Case(
        "ledger-same-sequence",
        "PackageReplayed",
        "6.11",
        "another package with this sequence was accepted",
        _again,
        ledger=_accepted_before(3),
    ),
    Case(
        "ledger-far-older",
        "PackageReplayed",
        "6.11",
        "rollback behind the highest sequence there is",
        _again,
        ledger=_accepted_before(1_000_000),
    ),
    Case(
        "ledger-newer",
        "ok",
        "6.11",
        "a lower sequence was accepted: this is a better delivery",
        _again,
        ledger=_accepted_before(2),
        body="good",
    ),
]

_LATER = {"created": "2031-01-01", "expires": "2031-02-01"}

FINE = [
    Case("good", "ok", "6", "every column type, both ends of every range, null in every column", _again, body="good"),
    Case(
        "created-tomorrow", "ok", "6.10", "the holder's clock is a day ahead", said(created="2016-03-02"), body="good"
    ),
    Case(
        "expires-today",
        "ok",
        "6.10",
        "valid until the end of the day",
        said(created="2016-02-01", expires="2016-03-01"),
        body="good",
    ),
    Case("sequence-highest", "ok", "3.2", "the highest sequence there is", said(sequence=1_000_000), body="good"),
    Case(
        "nothing-rejected",
        "ok",
        "3.2",
        "an empty object of reasons",
        said(source={"rows": 3, "not_selected": 0, "rejected": {}}),
        body="good",
    ),
    Case(
        "retention-past",
        "PackageExpired",
        "6.10",
        "the study's data may no longer be kept",
        said(**_LATER),
        today="2031-01-01",
    ),
]

CASES = [*FINE, *(Case(*row) for row in [*WHO, *HOW, *WHEN, *WHAT]), *LEDGER]
