"""Holders' pseudonyms to the linker's own: at once, before anything is joined.

No value behind this step is a function of an identifier that a holder could recompute, so a stolen household file
and every holder's key together give nothing without the linker's key.
"""

from __future__ import annotations

import hmac
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import polars as pl

from linkage.errors import SelfCheckFailed
from linkage.hashing import hash_cache, hash_default
from linkage.keys import LinkerIdentity
from linkage.linker.checked import batches
from linkage.transfer.manifest import Manifest

KEY_COLUMNS = {
    "a-number": "a_number",
    "bsn": "bsn",
    "address": "address",
    "address-number": "address_number",
    "household-number": "household_number",
}
PERSONA = "persona"
KEY_CHARACTERS = 64
# Pseudonyms from which compiled code is worth its start: with its machine code kept, and with compiling it first.
MANY, VERY_MANY = 2_000_000, 20_000_000
_PROBE = bytes(range(16))
_PROBES = [bytes([number]) * 16 for number in range(16)]

Hash = Callable[[pl.Series, str], pl.Series]


def key_column(field: str) -> str:
    """The column of a pseudonym field, in the frames of the plan."""
    return KEY_COLUMNS.get(field, f"d_{field.replace('-', '_')}")


def rekeyed(checked: Path, manifest: Manifest, identity: LinkerIdentity, scheme: str) -> Iterator[pl.DataFrame]:
    """The rows of a body with re-keyed pseudonyms (Binary, 16 bytes) under portable names, every attribute as Int64.

    A batch of rows at a time: memory does not grow with the package. Raises ContentWrong, SelfCheckFailed.
    """
    keys = {name: identity.field_key(scheme, manifest.study_id, name) for name in manifest.pseudonyms}
    derived = [name for name in manifest.pseudonyms if name not in KEY_COLUMNS]
    persona = identity.field_key(scheme, manifest.study_id, PERSONA) if derived else None
    hashed = _hash(manifest.rows * len(keys), next(iter(keys.values())))
    attributes = [pl.col(column.name).cast(pl.Int64).alias(f"v_{column.name}") for column in manifest.columns]

    def made(batch: pl.DataFrame) -> pl.DataFrame:
        pseudonyms = [hashed(batch[name], key).alias(key_column(name)) for name, key in keys.items()]
        if persona is not None:
            pseudonyms.append(_persona(batch.select(derived), persona))
        return pl.DataFrame(pseudonyms).with_columns(batch.select(attributes))

    for batch in batches(checked, manifest):
        try:
            one = made(batch)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            # The library's message may hold the plan, and the plan holds the key.
            raise SelfCheckFailed("het omzetten van de pseudoniemen is mislukt; is er geheugen genoeg?") from None
        yield one


def _hash(values: int, key: str) -> Hash:
    """A column and a key to pseudonyms: compiled where so many values are worth it, and tried on known ones first.

    Raises SelfCheckFailed.
    """
    many = 0 if _is_loaded() else MANY if hash_cache.has_kernel() else VERY_MANY
    hashed = _fast() if values >= many else hash_default.pseudonyms
    if len(key) != KEY_CHARACTERS:
        raise SelfCheckFailed("de sleutel van de koppelaar is niet heel; zet de reservekopie terug")
    made = hashed(pl.Series([_PROBE, None, *_PROBES], dtype=pl.Binary), key).to_list()
    wanted = [hmac.digest(key.encode("ascii"), probe, "sha256")[:16] for probe in (_PROBE, *_PROBES)]
    if made != [wanted[0], None, *wanted[1:]]:
        raise SelfCheckFailed("deze installatie rekent pseudoniemen niet goed uit; installeer het programma opnieuw")
    return hashed


def _is_loaded() -> bool:
    return "linkage.hashing.hash_fast" in sys.modules


def _fast() -> Hash:
    """The compiled way, with the extra `[fast]`; without it, the default, which gives the same."""
    if find_spec("numba") is None:
        return hash_default.pseudonyms
    from linkage.hashing import hash_fast

    return lambda column, key: hash_fast.pseudonyms(column, key.encode("ascii"))


def _persona(fields: pl.DataFrame, key: str) -> pl.Series:
    """One key for all derived fields of a row together; null where it has none of them."""
    every = pl.concat_str([pl.col(field).bin.encode("hex").fill_null("-") for field in fields.columns], separator="|")
    known = pl.any_horizontal(pl.col(field).is_not_null() for field in fields.columns)
    texts = fields.select(pl.when(known).then(every).alias(PERSONA)).to_series()
    return hash_default.pseudonyms(texts, key)


def study_numbers(households: pl.Series, identity: LinkerIdentity, scheme: str, study: UUID) -> pl.Series:
    """16 hexadecimal digits per household: random to anyone without the linker's key, the same on every rerun."""
    key = identity.field_key(scheme, study, "study-number")
    hashed = _hash(households.len(), key)
    return hashed(households.cast(pl.String), key).bin.head(8).bin.encode("hex").alias("study_number")
