"""HMAC-SHA256 of sixteen identifiers at a time, compiled by Numba from vector instructions (extra `[fast]`).

One lane of a vector is one identifier. A key text is one block of SHA-256 and a canonical identifier with its padding
another (55 bytes at most), so a pseudonym takes two compressions, begun from the two states that the key gives. Numba
compiles plain code of SHA-256 for minutes, into something slow; only the compression is therefore written as LLVM
vectors. FIPS 180-4, section 6.2, and RFC 2104; the constants are of FIPS 180-4, section 4.2.2.

Kernel and vectors stand in one file: Numba compiles anew when this file changes, and knows of no other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from llvmlite import binding, ir
from numba import njit as _njit
from numba import types
from numba.extending import intrinsic as _intrinsic
from numpy.typing import NDArray

from linkage.hashing.columns import VALUE_BYTES, Strings, joined, strings, values
from linkage.hashing.hash_cache import cached

# What these make is called by compiled code, with other arguments than a type checker sees.
njit: Any = _njit
intrinsic: Any = _intrinsic

MAX_BYTES = 55
"""The longest text that fits in one block with its padding."""

# Vectors of 512 bits where the processor has them; else of 256, which other processors take in one or two parts.
LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8

_ROUND_CONSTANTS = bytes.fromhex(
    "428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5d807aa9812835b01243185be550c7dc3"
    "72be5d7480deb1fe9bdc06a7c19bf174e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da"
    "983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca63511429296727b70a852e1b21384d2c6dfc53380d13"
    "650a7354766a0abb81c2c92e92722c85a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070"
    "19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3748f82ee78a5636f84c878148cc70208"
    "90befffaa4506cebbef9a3f7c67178f2"
)
_K = [int.from_bytes(_ROUND_CONSTANTS[at : at + 4], "big") for at in range(0, 256, 4)]
_START = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
_INNER, _OUTER = 0x36363636, 0x5C5C5C5C
_LAST = (0x80000000, 0, 0, 0, 0, 0, 0, 8 * 96)  # the padding of 96 bytes: a key block and a hash

# --- the compression, in vectors -------------------------------------------------------------------

_WORD = ir.IntType(32)
_VECTOR = ir.VectorType(_WORD, LANES)


def _all(value: int) -> ir.Constant:
    return ir.Constant(_VECTOR, [value] * LANES)


def _rotated(build: Any, x: Any, *places: int) -> Any:
    """The exclusive or of `x` rotated right by each of these places."""
    turned = [build.or_(build.lshr(x, _all(place)), build.shl(x, _all(32 - place))) for place in places]
    return _xor(build, *turned)


def _xor(build: Any, first: Any, *others: Any) -> Any:
    for other in others:
        first = build.xor(first, other)
    return first


def _sum(build: Any, first: Any, *others: Any) -> Any:
    for other in others:
        first = build.add(first, other)
    return first


def _scheduled(build: Any, words: list[Any], step: int) -> Any:
    """The word of a round; from the sixteenth on it is made of the sixteen before it."""
    if step >= 16:
        early, late = words[(step - 15) % 16], words[(step - 2) % 16]
        small_0 = _xor(build, _rotated(build, early, 7, 18), build.lshr(early, _all(3)))
        small_1 = _xor(build, _rotated(build, late, 17, 19), build.lshr(late, _all(10)))
        words[step % 16] = _sum(build, words[step % 16], small_0, words[(step - 7) % 16], small_1)
    return words[step % 16]


def _rounds(build: Any, state: list[Any], words: list[Any]) -> list[Any]:
    a, b, c, d, e, f, g, h = state
    for step in range(64):
        word = _scheduled(build, words, step)
        choice = build.xor(g, build.and_(e, build.xor(f, g)))
        first = _sum(build, h, _rotated(build, e, 6, 11, 25), choice, _all(_K[step]), word)
        majority = build.or_(build.and_(a, b), build.and_(c, build.or_(a, b)))
        second = _sum(build, _rotated(build, a, 2, 13, 22), majority)
        a, b, c, d, e, f, g, h = build.add(first, second), a, b, c, build.add(d, first), e, f, g
    return [build.add(before, after) for before, after in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _compression(module: Any, known: tuple[int, ...]) -> Any:
    """The function, once in a module; twice in line would double what there is to compile.

    `known` are the last words of a block that are the same for all: much of the schedule is then computed here.
    """
    name = f"linkage_sha256_{LANES}_{len(known)}"
    if name in module.globals:
        return module.globals[name]
    pointer = _VECTOR.as_pointer()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    build = ir.IRBuilder(function.append_basic_block())
    places = [[build.gep(start, [ir.Constant(_WORD, at)]) for at in range(16)] for start in function.args]
    state = [build.load(place, align=4) for place in places[0][:8]]
    words = [build.load(place, align=4) for place in places[1][: 16 - len(known)]] + [_all(word) for word in known]
    for place, value in zip(places[0], _rounds(build, state, words), strict=False):
        build.store(value, place, align=4)
    build.ret_void()
    return function


def _call(known: tuple[int, ...]) -> Callable[..., Any]:
    """What Numba puts in the place of a call of the compression."""

    def generate(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        arrays = [
            context.make_array(kind)(context, build, value)
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        build.call(_compression(build.module, known), [build.bitcast(a.data, _VECTOR.as_pointer()) for a in arrays])
        return context.get_dummy_value()

    return generate


@intrinsic  # type: ignore[untyped-decorator]
def _compress(_typing: Any, state: Any, words: Any) -> tuple[Any, Callable[..., Any]]:
    """`state` (8, LANES) and `words` (16, LANES), UInt32: one compression in every lane, into `state`."""
    return types.void(state, words), _call(())


@intrinsic  # type: ignore[untyped-decorator]
def _compress_last(_typing: Any, state: Any, words: Any) -> tuple[Any, Callable[..., Any]]:
    """As `_compress`, with `words` (8, LANES): the block of the inner hash, which ends with the same padding always."""
    return types.void(state, words), _call(_LAST)


@intrinsic  # type: ignore[untyped-decorator]
def _byte_at(_typing: Any, _address: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_context: Any, build: Any, _signature: Any, arguments: Any) -> Any:
        return build.zext(build.load(build.inttoptr(arguments[0], ir.IntType(8).as_pointer())), _WORD)

    return types.uint32(types.uint64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _word_at(_typing: Any, _address: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_context: Any, build: Any, _signature: Any, arguments: Any) -> Any:
        return build.bswap(build.load(build.inttoptr(arguments[0], _WORD.as_pointer()), align=1))

    return types.uint32(types.uint64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _swapped(_typing: Any, _word: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_context: Any, build: Any, _signature: Any, arguments: Any) -> Any:
        return build.bswap(arguments[0])

    return types.uint32(types.uint32), generate


# --- rows to lanes ---------------------------------------------------------------------------------


@njit(nogil=True)
def _place(words, first, lanes, views, addresses, sizes, valid):  # type: ignore[no-untyped-def]
    """Texts, padded, one in each lane; -1, or the first row whose text is too long or lies outside its buffer.

    All lanes in one call: passing the arrays costs as much as placing a text.
    """
    words[:] = 0
    for lane in range(lanes):
        row = first + lane
        if valid.size and not valid[row]:
            continue
        length = np.int64(views[row, 0])
        if length > MAX_BYTES:
            return row
        if length <= 12:
            for at in range(3):
                words[at, lane] = _swapped(views[row, 1 + at])
        else:
            buffer, place = views[row, 2], np.int64(views[row, 3])
            if buffer >= addresses.size or place + length > sizes[buffer]:
                return row
            start = addresses[buffer] + np.uint64(place)
            for at in range(length // 4):
                words[at, lane] = _word_at(start + np.uint64(4 * at))
            for at in range(length // 4 * 4, length):
                words[at // 4, lane] |= _byte_at(start + np.uint64(at)) << np.uint32(24 - 8 * (at % 4))
        words[length // 4, lane] |= np.uint32(0x80) << np.uint32(24 - 8 * (length % 4))
        words[15, lane] = np.uint32(8 * (64 + length))
    return -1


@njit(nogil=True)
def _key_states(key, state, words):  # type: ignore[no-untyped-def]
    """The states behind the two pads, (8, 2): both in one compression, in two lanes."""
    for at in range(16):
        words[at, :] = np.uint32(0)
        words[at, 0], words[at, 1] = key[at] ^ np.uint32(_INNER), key[at] ^ np.uint32(_OUTER)
    for at in range(8):
        state[at, :] = np.uint32(_START[at])
    _compress(state, words)
    return state[:, :2].copy()


@njit(nogil=True)
def _hash(views, addresses, sizes, valid, key, out):  # type: ignore[no-untyped-def]
    """Pseudonyms into `out` (rows, 4) UInt32; -1, or the first row whose text cannot be hashed.

    Rows that are not valid stay as they are, and their views are not looked at.
    """
    words, state = np.zeros((16, LANES), np.uint32), np.zeros((8, LANES), np.uint32)
    inner = np.zeros((8, LANES), np.uint32)
    pads, fault = _key_states(key, state, words), -1
    for first in range(0, len(views), LANES):
        lanes = min(LANES, len(views) - first)
        fault = _place(words, first, lanes, views, addresses, sizes, valid)
        if fault >= 0:
            break
        for at in range(8):
            for lane in range(LANES):
                inner[at, lane] = pads[at, 0]
                state[at, lane] = pads[at, 1]
        _compress(inner, words)
        _compress_last(state, inner)
        for lane in range(lanes):
            for at in range(4):
                out[first + lane, at] = _swapped(state[at, lane])
    # Nothing of the key or of the last identifiers is left in memory that others get next.
    words[:], inner[:], state[:], pads[:] = 0, 0, 0, 0
    return fault


_U32, _I64 = types.uint32, types.int64
_VIEWS = types.Array(_U32, 2, "C", readonly=True)
_SIGNATURE = _I64(_VIEWS, types.uint64[::1], _I64[::1], types.boolean[::1], _U32[::1], _U32[:, ::1])


@cache
def kernel() -> Callable[..., int]:
    """The compiled `_hash`: from its cache, or compiled now, which takes seconds."""
    cached(_hash)
    _hash.compile(_SIGNATURE)
    made: Callable[..., int] = _hash
    return made


def pseudonyms(column: pl.Series, key: bytes) -> pl.Series:
    """The first 16 bytes of HMAC-SHA256 of each text, as Binary; null stays null.

    `key` is one block, 64 bytes. Raises ValueError, with no content, for a text of more than 55 bytes.
    """
    if len(key) != 64:
        raise ValueError("a key of one block is needed")
    words = np.frombuffer(key, ">u4").astype(np.uint32)
    try:
        parts = [_of_chunk(column.name, chunk, words) for chunk in strings(column)]
    finally:
        words[:] = 0
    return joined(column.name, parts)


def _of_chunk(name: str, chunk: Strings, key: NDArray[np.uint32]) -> pl.Series:
    out = np.empty((len(chunk), VALUE_BYTES // 4), np.uint32)
    if kernel()(chunk.views, chunk.addresses, chunk.sizes, chunk.valid, key, out) >= 0:
        raise ValueError(f"a text of more than {MAX_BYTES} bytes")
    return values(name, out.view(np.uint8), chunk.valid)
