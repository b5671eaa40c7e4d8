"""HMAC-SHA256 of a Polars column by `polars-hash`, which gives hexadecimal text; that text to sixteen bytes.

`polars-hash` carries its key in the query plan, so a plan is never printed. Polars' own reader of hexadecimal takes
nearly half as long as the hash; a table of two characters to one byte takes a tenth.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
import polars_hash  # noqa: F401  -- registers the `chash` namespace on expressions
from numpy.typing import NDArray

from linkage.holder.columns import VALUE_BYTES, Strings, strings, values

HEX_CHARACTERS = 64


def pseudonyms(column: pl.Series, key: str) -> pl.Series:
    """The first 16 bytes of HMAC-SHA256 of each text, as Binary; null stays null. Raises what Polars raises."""
    text = pl.col(column.name).chash.hmac_sha256(key=key)  # type: ignore[attr-defined]
    made = column.to_frame().select(text).to_series()
    return from_hex(made)


def from_hex(column: pl.Series) -> pl.Series:
    """Sixteen bytes of the first 32 of 64 hexadecimal characters."""
    parts = [_chunk(column.name, chunk) for chunk in strings(column)]
    if any(part is None for part in parts):
        return column.str.head(2 * VALUE_BYTES).str.decode("hex")
    return pl.concat([part for part in parts if part is not None] or [pl.Series(column.name, [], pl.Binary)])


def _chunk(name: str, chunk: Strings) -> pl.Series | None:
    """None where the texts do not stand one behind the other, as `polars-hash` puts them."""
    views = chunk.views[chunk.valid] if len(chunk.valid) else chunk.views
    texts = [_pairs(buffer) for buffer in chunk.buffers]
    buffer, place = views[:, 2], views[:, 3]
    behind = np.concatenate([np.arange(len(text), dtype=np.uint32) for text in texts]) if texts else place
    numbers = np.repeat(np.arange(len(texts), dtype=np.uint32), [len(text) for text in texts])
    if (views[:, 0] != HEX_CHARACTERS).any() or len(behind) != len(views):
        return None
    if not (np.array_equal(buffer, numbers) and np.array_equal(place, behind * np.uint32(HEX_CHARACTERS))):
        return None
    raw = np.zeros((len(chunk), VALUE_BYTES), np.uint8)
    made = [_bytes_of_pairs()[text[:, :VALUE_BYTES]] for text in texts]
    if made:
        raw[chunk.valid if len(chunk.valid) else slice(None)] = np.concatenate(made)
    return values(name, raw, chunk.valid)


def _pairs(buffer: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """(texts, 32): each two characters as one number."""
    return buffer[: buffer.size // HEX_CHARACTERS * HEX_CHARACTERS].view(np.uint16).reshape(-1, HEX_CHARACTERS // 2)


@cache
def _bytes_of_pairs() -> NDArray[np.uint8]:
    """From two hexadecimal characters, as they stand in memory, to their byte."""
    table = np.zeros(65_536, np.uint8)
    for value in range(256):
        table[np.frombuffer(f"{value:02x}".encode(), np.uint16)[0]] = value
    return table
