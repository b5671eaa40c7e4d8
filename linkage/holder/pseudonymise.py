"""Canonical identifiers to pseudonyms: the one scheme, behind a closed table of implementations that must agree.

docs/spec/pseudonym-v1.md. The default hashes a whole Polars column (`polars-hash`), `fast` many identifiers at a time
(extra `[fast]`), and the reference is `hmac`. At each start the one that is used is checked against known answers, and
a sample of every batch against the reference. A library may take an empty key without a word, so keys are checked here.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl

from linkage.errors import ExtraMissing, SelfCheckFailed
from linkage.hashing import hash_default
from linkage.holder import identifiers
from linkage.holder.derived import canary_texts
from linkage.holder.minimise import MinimalBatch
from linkage.holder.normalise import Job
from linkage.keys import RootKey
from linkage.study import pseudonym_fields
from protocols.model import Derived

PSEUDONYM_BYTES = 16
KEY_CHARACTERS = 64
SAMPLE_ROWS = 32
Hash = Callable[[pl.Series, str], pl.Series]

# RFC 4231 has no 64-character key; these were made with `openssl` (docs/spec/pseudonym-v1.md, section 5).
KNOWN_KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
KNOWN = {
    "000000012": "e8768e328126e886e5c7b69078875116",
    "9999ZZ|99999|A9Z": "c15e515b1c8e4ffcffc96391964da2b3",
}

# What the reserved identifiers look like in an export: raw, so that the normaliser is checked as well.
CANARIES: dict[str, dict[str, str]] = {
    "bsn": {"bsn": " 00000012.0"},
    "a-number": {"a_number": "1010101010.0 "},
    "address": {"postcode": "nl-9999 zz", "house_number": " 99999 a-9z", "house_letter": "", "house_addition": ""},
    "household-number": {"household_number": "00canary0"},
}


@dataclass(frozen=True)
class PseudonymBatch:
    """Pseudonym columns (16 bytes or null) under their field names, then the attributes; no identifier is left."""

    frame: pl.DataFrame


@dataclass(frozen=True)
class Pseudonymiser:
    """The scheme with the keys of one study; made by `pseudonymiser`, which checks it first."""

    keys: dict[str, str] = field(repr=False)
    implementation: str

    def apply(self, batch: MinimalBatch) -> PseudonymBatch:
        """Replace each `id:FIELD` by its pseudonym. Raises SelfCheckFailed where implementations differ."""
        hashed = []
        for name, key in self.keys.items():
            column = batch.frame[f"id:{name}"]
            hashed.append(self.column(column, key).alias(name))
        rest = [name for name in batch.frame.columns if not name.startswith("id:")]
        return PseudonymBatch(pl.DataFrame(hashed).hstack(batch.frame.select(rest)))

    def column(self, canonical: pl.Series, key: str) -> pl.Series:
        """The pseudonyms of one column; a sample of every batch is recomputed with the reference."""
        made = IMPLEMENTATIONS[self.implementation](canonical, key)
        if made.len() != canonical.len():
            raise SelfCheckFailed(_advice())
        if not _sample(made).equals(_reference(_sample(canonical), key), check_names=False):
            raise SelfCheckFailed(_advice())
        return made


def _sample(column: pl.Series) -> pl.Series:
    """The first rows, and rows from all over the column; the step is odd, so that they come from every lane."""
    return pl.concat([column.head(SAMPLE_ROWS), column.gather_every(column.len() // SAMPLE_ROWS | 1)])


def pseudonymiser(job: Job, root: RootKey, implementation: str = "polars-hash") -> Pseudonymiser:
    """The scheme of the protocol with this root's keys, after the known answers passed. Raises SelfCheckFailed."""
    self_check(implementation)
    protocol = job.study.protocol
    keys = {
        name: root.field_key(protocol.scheme, name, protocol.version(name)) for name in pseudonym_fields(job.delivery)
    }
    return Pseudonymiser(keys, implementation)


def self_check(implementation: str) -> None:
    """Compare an implementation with the known answers. Raises SelfCheckFailed."""
    made = IMPLEMENTATIONS[implementation](pl.Series(list(KNOWN), dtype=pl.String), KNOWN_KEY)
    if [value.hex() for value in made.to_list()] != list(KNOWN.values()):
        raise SelfCheckFailed(_advice())


def canaries(version: Callable[[str], str], keys: dict[str, str]) -> dict[str, str]:
    """The pseudonyms, in hexadecimal, of the reserved identifiers of the fields in `keys`."""
    found: dict[str, str] = {}
    for kind, raw in CANARIES.items():
        canonical = identifiers.NORMALISERS[version(kind)](pl.DataFrame({name: [text] for name, text in raw.items()}))
        for name in canonical.columns:
            if name in keys:
                found[name] = _reference(canonical[name], keys[name]).to_list()[0].hex()
    return found


def derived_canaries(fields: Iterable[Derived], keys: dict[str, str]) -> dict[str, str]:
    """The same of derived fields: the pseudonyms of the person that is nobody (names-v1, section 5.1)."""
    texts = canary_texts(fields)
    return {
        name: _reference(pl.Series([text], dtype=pl.String), keys[name]).to_list()[0].hex()
        for name, text in texts.items()
    }


def _reference(column: pl.Series, key: str) -> pl.Series:
    secret = _key_bytes(key)
    made = [
        None if value is None else hmac.digest(secret, value.encode("ascii"), "sha256")[:PSEUDONYM_BYTES]
        for value in column.to_list()
    ]
    return pl.Series(column.name, made, dtype=pl.Binary)


def _polars_hash(column: pl.Series, key: str) -> pl.Series:
    _key_bytes(key)
    try:
        return hash_default.pseudonyms(column, key)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # The library's message may hold the plan, and the plan holds the key.
        raise SelfCheckFailed(_advice()) from None


def _fast(column: pl.Series, key: str) -> pl.Series:
    secret = _key_bytes(key)
    try:
        from linkage.hashing import hash_fast
    except ImportError:
        raise ExtraMissing("de snelle rekenwijze vraagt numba; doe: pip install 'household-linkage[fast]'") from None
    try:
        return hash_fast.pseudonyms(column, secret)
    except ValueError:  # a text that no normaliser makes
        raise SelfCheckFailed(_advice()) from None


def _key_bytes(key: str) -> bytes:
    if len(key) != KEY_CHARACTERS:
        raise SelfCheckFailed(_advice())
    return key.encode("ascii")


def _advice() -> str:
    return (
        "deze installatie rekent pseudoniemen niet goed uit; installeer het programma opnieuw en meld het de beheerder"
    )


IMPLEMENTATIONS: dict[str, Hash] = {"reference": _reference, "polars-hash": _polars_hash, "fast": _fast}
