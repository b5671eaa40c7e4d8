"""The dictionary attack: make the pseudonym of every possible identifier, and look which of them occur.

Addresses and BSNs are so few that all of them are tried in minutes; whether that gives anything depends on the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import polars_hash  # noqa: F401  -- registers the `chash` namespace on expressions

from linkage.errors import SelfCheckFailed
from linkage.keys import LinkerIdentity, RootKey
from linkage.linker.rekey import study_numbers
from linkage.study import Study
from protocols.model import StudyProtocol

# Fields by which a row is about somebody; a household number or a postcode with number alone names nobody.
NAMING = ("a-number", "bsn", "address")
HOUSEHOLD = ("household-number", "address")
CHARACTERS = 32  # the hexadecimal characters of the 16 bytes that a pseudonym has


@dataclass(frozen=True)
class Dictionary:
    """Pseudonyms (16 bytes) of every candidate, per field, and how many were made for it."""

    made: Mapping[str, pl.Series] = field(repr=False)

    @property
    def tries(self) -> int:
        """How many pseudonyms were made."""
        return sum(column.len() for column in self.made.values())


def keyed(candidates: Mapping[str, pl.Series], secret: bytes, study: UUID, protocol: StudyProtocol) -> Dictionary:
    """With this secret as the root key, whether it is or not."""
    root = RootKey(study, secret)
    version = protocol.version
    return Dictionary(
        {
            name: hmac(column, root.field_key(protocol.scheme, name, version(name)))
            for name, column in candidates.items()
        }
    )


def unkeyed(candidates: Mapping[str, pl.Series]) -> Dictionary:
    """As if pseudonyms were plain SHA-256, which anyone can make."""
    hashed = pl.col("c").chash.sha2_256()  # type: ignore[attr-defined]
    return Dictionary({name: _first_half(column, hashed) for name, column in candidates.items()})


def hmac(column: pl.Series, key: str) -> pl.Series:
    """HMAC-SHA256 of text or bytes, the first 16 bytes."""
    return _first_half(column, pl.col("c").chash.hmac_sha256(key=key))  # type: ignore[attr-defined]


def _first_half(column: pl.Series, text: pl.Expr) -> pl.Series:
    try:
        made = column.alias("c").to_frame().select(text.str.head(CHARACTERS).str.decode("hex"))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # The library's message may hold the plan, and the plan holds the key.
        raise SelfCheckFailed("deze installatie rekent niet goed; installeer het programma opnieuw") from None
    return made.to_series()


def hits(body: pl.DataFrame, dictionary: Dictionary) -> pl.Series:
    """Per row of a body whether one of its naming pseudonyms is in the dictionary."""
    fields = [name for name in NAMING if name in body.columns and name in dictionary.made]
    found = [body[name].is_in(dictionary.made[name].implode()).fill_null(False) for name in fields]
    return (
        pl.DataFrame({str(place): one for place, one in enumerate(found)})
        .select(pl.any_horizontal(pl.all()))
        .to_series()
    )


def named(body: pl.DataFrame) -> int:
    """Rows that have a naming pseudonym at all: nothing else can be recovered."""
    return body.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in NAMING if name in body.columns)).height


def windows(raw: bytes) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Eight bytes from every place in these bytes, sorted."""
    parts = [np.frombuffer(raw[shift : shift + (len(raw) - shift) // 8 * 8], "<u8") for shift in range(8)]
    return np.unique(np.concatenate(parts))


def in_windows(places: np.ndarray[Any, np.dtype[np.uint64]], dictionary: Dictionary) -> int:
    """How many pseudonyms of the dictionary begin at any place: 8 bytes alike by chance once in 2^64."""
    begins = [column.bin.head(8).to_list() for column in dictionary.made.values()]
    wanted = np.frombuffer(b"".join(begin for part in begins for begin in part), "<u8")
    if not places.size:
        return 0
    at = np.minimum(np.searchsorted(places, wanted), places.size - 1)
    return int((places[at] == wanted).sum())


def household_pseudonyms(register: pl.DataFrame) -> pl.DataFrame:
    """`field` and `pseudonym` of the household of each row: its number, or else its address (linkage-v1, section 1)."""
    number, address = (pl.col(name) if name in register.columns else pl.lit(None, pl.Binary) for name in HOUSEHOLD)
    return register.select(
        pl.when(number.is_not_null()).then(pl.lit(HOUSEHOLD[0])).otherwise(pl.lit(HOUSEHOLD[1])).alias("field"),
        pl.coalesce(number, address).alias("pseudonym"),
    )


def numbers(pseudonyms: Mapping[str, pl.Series], secret: bytes, study: Study) -> list[pl.Series]:
    """Study numbers of households with these pseudonyms, with this secret as the linker's; a list of as many per try.

    Where the protocol follows households, the wave in which a number was given is in it (follow-v1, section 5): each
    wave up to that of the study is tried. Of who moved since, the number is that of the older house.
    """
    linker, scheme = LinkerIdentity("assess", bytes(32), secret), study.protocol.scheme
    own = [
        hmac(column, linker.field_key(scheme, study.study.id, name))
        for name, column in pseudonyms.items()
        if column.len()
    ]
    whole = pl.concat([column.alias("own") for column in own]).bin.reinterpret(dtype=pl.UInt128, endianness="big")
    waves = [""] if study.protocol.follow is None else [f"{wave}|" for wave in range(1, study.study.wave + 1)]
    texts = whole.cast(pl.String)
    return [study_numbers(wave + texts, linker, scheme, study.study.id) for wave in waves]


def plain_numbers(pseudonyms: Mapping[str, pl.Series]) -> pl.Series:
    """Study numbers as they would be without a key of the linker: the first half of the holders' pseudonym."""
    made = [column.bin.head(8).bin.encode("hex").alias("study_number") for column in pseudonyms.values()]
    return pl.concat(made)


def self_check() -> None:
    """That plain SHA-256 is what it should be. Raises SelfCheckFailed."""
    (made,) = unkeyed({"c": pl.Series(["abc"])}).made["c"].to_list()
    if made != hashlib.sha256(b"abc").digest()[:16]:
        raise SelfCheckFailed("deze installatie rekent niet goed; installeer het programma opnieuw")
