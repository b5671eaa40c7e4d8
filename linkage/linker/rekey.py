"""Holders' pseudonyms to the linker's own: at once, before anything is joined.

No value behind this step is a function of an identifier that a holder could recompute, so a stolen household file
and every holder's key together give nothing without the linker's key.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from uuid import UUID

import polars as pl
import polars_hash  # noqa: F401  -- registers the `chash` namespace on expressions

from linkage.errors import SelfCheckFailed
from linkage.keys import LinkerIdentity
from linkage.study import pseudonym_fields
from linkage.transfer.manifest import Manifest
from protocols.model import Delivery

KEY_COLUMNS = {
    "a-number": "a_number",
    "bsn": "bsn",
    "address": "address",
    "address-number": "address_number",
    "household-number": "household_number",
}
PERSONA = "persona"
_PROBE = bytes(range(16))


def key_column(field: str) -> str:
    """The column of a pseudonym field, in the frames of the plan."""
    return KEY_COLUMNS.get(field, f"d_{field.replace('-', '_')}")


def key_columns(delivery: Delivery) -> list[str]:
    """The key columns of a re-keyed delivery; derived fields together make one more, by which rows are told apart."""
    return [*(key_column(field) for field in pseudonym_fields(delivery)), *([PERSONA] if delivery.derived else [])]


def rekey(checked: Path, target: Path, manifest: Manifest, identity: LinkerIdentity, scheme: str) -> None:
    """Write the body with re-keyed pseudonyms under portable column names, every attribute as Int64."""
    keys = {name: identity.field_key(scheme, manifest.study_id, name) for name in manifest.pseudonyms}
    _self_check(next(iter(keys.values())))
    pseudonyms = [_hashed(pl.col(name), key).alias(key_column(name)) for name, key in keys.items()]
    derived = [name for name in manifest.pseudonyms if name not in KEY_COLUMNS]
    if derived:
        pseudonyms.append(_persona(derived, identity.field_key(scheme, manifest.study_id, PERSONA)))
    attributes = [pl.col(column.name).cast(pl.Int64).alias(f"v_{column.name}") for column in manifest.columns]
    frame = pl.scan_parquet(checked, glob=False, hive_partitioning=False).select(*pseudonyms, *attributes)
    try:
        frame.sink_parquet(target, compression="lz4", statistics=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # The library's message may hold the plan, and the plan holds the key.
        raise SelfCheckFailed("het omzetten van de pseudoniemen is mislukt; is er ruimte op de schijf?") from None


def _hashed(column: pl.Expr, key: str) -> pl.Expr:
    made: pl.Expr = column.chash.hmac_sha256(key=key)  # type: ignore[attr-defined]
    return made.str.head(32).str.decode("hex")


def _persona(fields: list[str], key: str) -> pl.Expr:
    """One key for all derived fields of a row together; null where it has none of them."""
    every = pl.concat_str([pl.col(field).bin.encode("hex").fill_null("-") for field in fields], separator="|")
    known = pl.any_horizontal(pl.col(field).is_not_null() for field in fields)
    return pl.when(known).then(_hashed(every, key)).alias(PERSONA)


def _self_check(key: str) -> None:
    if len(key) != 64:
        raise SelfCheckFailed("de sleutel van de koppelaar is niet heel; zet de reservekopie terug")
    made = pl.DataFrame({"p": [_PROBE]}).select(_hashed(pl.col("p"), key)).item()
    if made != hmac.digest(key.encode("ascii"), _PROBE, "sha256")[:16]:
        raise SelfCheckFailed("deze installatie rekent pseudoniemen niet goed uit; installeer het programma opnieuw")


def study_numbers(households: pl.Series, identity: LinkerIdentity, scheme: str, study: UUID) -> pl.Series:
    """16 hexadecimal digits per household: random to anyone without the linker's key, the same on every rerun."""
    key = identity.field_key(scheme, study, "study-number")
    _self_check(key)
    hashed: pl.Expr = pl.col("h").chash.hmac_sha256(key=key)  # type: ignore[attr-defined]
    numbers = pl.DataFrame({"h": households.cast(pl.String)}).select(hashed.str.head(16).alias("study_number"))
    return numbers.to_series()
