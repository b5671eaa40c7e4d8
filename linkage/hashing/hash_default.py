"""HMAC-SHA256 of a Polars column by `polars-hash`, which gives hexadecimal text; that text to sixteen bytes.

`polars-hash` carries its key in the query plan, so a plan is never printed. Polars' own reader of hexadecimal takes
nearly half as long as the hash; eight characters at a time takes a twelfth.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import polars_hash  # noqa: F401  -- registers the `chash` namespace on expressions
from numpy.typing import NDArray

from linkage.hashing.columns import VALUE_BYTES, Strings, joined, strings, values

HEX_CHARACTERS = 64
STEP = 8_192  # rows of which the numbers stay in the processor's cache


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
    return joined(column.name, [part for part in parts if part is not None])


def _chunk(name: str, chunk: Strings) -> pl.Series | None:
    """None where the texts do not stand one behind the other, as `polars-hash` puts them."""
    views = chunk.views[chunk.valid] if len(chunk.valid) else chunk.views
    if (views[:, 0] != HEX_CHARACTERS).any():
        return None
    made, at = np.empty((len(views), VALUE_BYTES), np.uint8), 0
    for number, buffer in enumerate(chunk.buffers):
        texts = _texts(buffer)
        here = slice(at, at + len(texts))
        places = np.arange(len(texts), dtype=np.uint32) * np.uint32(HEX_CHARACTERS)
        if not ((views[here, 2] == number).all() and np.array_equal(views[here, 3], places)):
            return None
        _decode(texts, made[here])
        at += len(texts)
    return values(name, _spread(made, chunk.valid), chunk.valid) if at == len(views) else None


def _texts(buffer: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(texts, 4): the first 32 characters of each, eight to a number."""
    whole = buffer[: buffer.size // HEX_CHARACTERS * HEX_CHARACTERS]
    return whole.view("<u8").reshape(-1, HEX_CHARACTERS // 8)[:, : VALUE_BYTES // 4]


def _decode(texts: NDArray[np.uint64], out: NDArray[np.uint8]) -> None:
    """Eight characters at a time: `0` to `9` end in their value, `a` to `f` in nine less and have the bit of 64."""
    low, one, six, four, eight = (np.uint64(n) for n in (0x0F0F0F0F0F0F0F0F, 0x0101010101010101, 6, 4, 8))
    for first in range(0, len(texts), STEP):
        digits = texts[first : first + STEP].copy()
        letters = (digits >> six) & one
        letters *= np.uint64(9)
        digits &= low
        digits += letters
        # The first of two characters is the high half of the byte, which is then the low byte of each pair.
        letters = digits >> eight
        digits <<= four
        digits |= letters
        out[first : first + STEP] = digits.view("<u2").astype(np.uint8).reshape(-1, VALUE_BYTES)


def _spread(made: NDArray[np.uint8], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """With a row of zeros where there is no text."""
    if not len(valid):
        return made
    raw = np.zeros((len(valid), VALUE_BYTES), np.uint8)
    raw[valid] = made
    return raw
