"""HMAC-SHA256 of sixteen identifiers at a time, compiled by Numba from vector instructions (extra `[fast]`).

One lane of a vector is one identifier. A key text is one block of SHA-256 and a canonical identifier with its padding
another (55 bytes at most), so a pseudonym takes two compressions, begun from the two states that the key gives. Numba
compiles plain code of SHA-256 for minutes, into something slow; only the compression is therefore written as LLVM
vectors. FIPS 180-4, section 6.2, and RFC 2104; the constants are of FIPS 180-4, section 4.2.2.

Kernel and vectors stand in one file: Numba compiles anew when this file changes, and knows of no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
_AT_ONCE = 12  # bytes of a text that stand in its view
# Words of a block that are always the same: where its text has no more bytes than that, where it is a pseudonym (of
# which the linker makes new keys), and where it is a hash, of which the padding is that of 96 bytes.
_SHORT = dict.fromkeys(range(4, 15), 0)
_SIXTEEN = {4: 0x80000000, **dict.fromkeys(range(5, 15), 0), 15: 8 * (64 + VALUE_BYTES)}
_HASHED = {8: 0x80000000, **dict.fromkeys(range(9, 15), 0), 15: 8 * 96}

# --- vectors: what is the same in every lane is computed once, in one word, for as long as it is the same --------

_WORD, _BYTE = ir.IntType(32), ir.IntType(8)
_VECTOR = ir.VectorType(_WORD, LANES)
_LOOKED_UP = "llvm.x86.avx512.pternlog.d.512"  # any function of three bits
_MAJORITY = 0b11101000


def _lanes(build: Any, word: Any) -> Any:
    """A word as a vector with that word in every lane."""
    if word.type == _VECTOR:
        return word
    if isinstance(word, ir.Constant):
        return ir.Constant(_VECTOR, [word.constant] * LANES)
    one = build.insert_element(ir.Constant(_VECTOR, ir.Undefined), word, _WORD(0))
    return build.shuffle_vector(one, one, _VECTOR([0] * LANES))


def _both(build: Any, name: str, left: Any, right: Any) -> Any:
    """An operation on two words, two vectors, or one of each."""
    right = _WORD(right) if isinstance(right, int) else right
    if left.type != right.type:
        left, right = _lanes(build, left), _lanes(build, right)
    return getattr(build, name)(left, right)


def _all(build: Any, name: str, values: Sequence[Any]) -> Any:
    """Words before vectors, in their order."""
    first, *others = sorted(values, key=lambda value: bool(value.type == _VECTOR))
    for other in others:
        first = _both(build, name, first, other)
    return first


def _xor(build: Any, *values: Any) -> Any:
    return _all(build, "xor", values)


def _sum(build: Any, *values: Any) -> Any:
    return _all(build, "add", values)


def _rotated(build: Any, x: Any, *places: int) -> Any:
    """The exclusive or of `x` rotated right by each of these places."""
    turned = [build.or_(_both(build, "lshr", x, n), _both(build, "shl", x, 32 - n)) for n in places]
    return _xor(build, *turned)


def _choice(build: Any, e: Any, f: Any, g: Any) -> Any:
    return _both(build, "xor", g, _both(build, "and_", e, _both(build, "xor", f, g)))


def _majority(build: Any, a: Any, b: Any, c: Any) -> Any:
    """Compilers take two instructions for it, where processors with vectors of 512 bits have one."""
    if LANES == 16 and a.type == _VECTOR:
        kind = ir.FunctionType(_VECTOR, [_VECTOR, _VECTOR, _VECTOR, _WORD])
        looked_up = build.module.globals.get(_LOOKED_UP) or ir.Function(build.module, kind, _LOOKED_UP)
        return build.call(looked_up, [a, _lanes(build, b), _lanes(build, c), _WORD(_MAJORITY)])
    either, each = _both(build, "or_", a, b), _both(build, "and_", a, b)
    return _both(build, "or_", each, _both(build, "and_", c, either))


def _turned(build: Any, vector: Any) -> Any:
    """Every word with its bytes in the other order."""
    count = vector.type.count
    places = [4 * (at // 4) + 3 - at % 4 for at in range(4 * count)]
    text = build.bitcast(vector, ir.VectorType(_BYTE, 4 * count))
    return build.bitcast(_picked(build, text, text, places), vector.type)


def _picked(build: Any, left: Any, right: Any, places: Sequence[int]) -> Any:
    return build.shuffle_vector(left, right, ir.VectorType(_WORD, len(places))(list(places)))


# --- the compression -------------------------------------------------------------------------------


def _scheduled(build: Any, words: list[Any], step: int) -> Any:
    """The word of a round; from the sixteenth on it is made of the sixteen before it."""
    if step >= 16:
        early, late = words[(step - 15) % 16], words[(step - 2) % 16]
        small_0 = _xor(build, _rotated(build, early, 7, 18), _both(build, "lshr", early, 3))
        small_1 = _xor(build, _rotated(build, late, 17, 19), _both(build, "lshr", late, 10))
        words[step % 16] = _sum(build, words[step % 16], small_0, words[(step - 7) % 16], small_1)
    return words[step % 16]


def _rounds(build: Any, state: list[Any], words: list[Any]) -> list[Any]:
    a, b, c, d, e, f, g, h = state
    for step in range(64):
        word = _scheduled(build, words, step)
        first = _sum(build, h, _WORD(_K[step]), word, _choice(build, e, f, g), _rotated(build, e, 6, 11, 25))
        second = _sum(build, first, _majority(build, a, b, c), _rotated(build, a, 2, 13, 22))
        a, b, c, d, e, f, g, h = second, a, b, c, _sum(build, d, first), e, f, g
    return [_sum(build, before, after) for before, after in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _compression(module: Any, known: dict[int, int], kind: str) -> Any:
    """The function (start, words, state), once in a module; each in line would be more to compile.

    `known` are the words of a block that are the same for all: much of the schedule is then computed here.
    """
    name = f"linkage_sha256_{LANES}_{kind}"
    if name in module.globals:
        return module.globals[name]
    word, vector = _WORD.as_pointer(), _VECTOR.as_pointer()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [word, vector, vector]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    build = ir.IRBuilder(function.append_basic_block())
    start, words, state = ([build.gep(given, [_WORD(at)]) for at in range(16)] for given in function.args)
    block = [_WORD(known[at]) if at in known else build.load(place, align=4) for at, place in enumerate(words)]
    for place, value in zip(state, _rounds(build, [build.load(place) for place in start[:8]], block), strict=False):
        build.store(value, place, align=4)
    build.ret_void()
    return function


def _data(context: Any, build: Any, signature: Any, arguments: Any) -> list[Any]:
    """The arguments, and for arrays where their values begin."""
    kinds = zip(signature.args, arguments, strict=True)
    return [context.make_array(k)(context, build, v).data if isinstance(k, types.Array) else v for k, v in kinds]


def _call(known: dict[int, int], kind: str) -> Callable[..., Any]:
    """What Numba puts in the place of a call of the compression."""

    def generate(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        function = _compression(build.module, known, kind)
        given = zip(_data(context, build, signature, arguments), function.args, strict=True)
        build.call(function, [build.bitcast(data, place.type) for data, place in given])
        return context.get_dummy_value()

    return generate


@intrinsic  # type: ignore[untyped-decorator]
def _compress(_typing: Any, start: Any, words: Any, state: Any) -> tuple[Any, Callable[..., Any]]:
    """`state` (8, LANES) becomes the compression of `words` (16, LANES) begun from `start` (8), in every lane."""
    return types.void(start, words, state), _call({}, "any")


@intrinsic  # type: ignore[untyped-decorator]
def _compress_short(_typing: Any, start: Any, words: Any, state: Any) -> tuple[Any, Callable[..., Any]]:
    """As `_compress`, of texts of at most twelve bytes: only the words 0 to 3 and 15 are read."""
    return types.void(start, words, state), _call(_SHORT, "short")


@intrinsic  # type: ignore[untyped-decorator]
def _compress_sixteen(_typing: Any, start: Any, words: Any, state: Any) -> tuple[Any, Callable[..., Any]]:
    """As `_compress`, of texts of sixteen bytes: only the words 0 to 3 are read."""
    return types.void(start, words, state), _call(_SIXTEEN, "sixteen")


@intrinsic  # type: ignore[untyped-decorator]
def _compress_hash(_typing: Any, start: Any, words: Any, state: Any) -> tuple[Any, Callable[..., Any]]:
    """As `_compress`, with `words` (8, LANES): the block of the inner hash, which ends with the same padding always."""
    return types.void(start, words, state), _call(_HASHED, "hash")


# --- rows to lanes, and back ------------------------------------------------------------------------

_FIT, _LONG, _RUN, _FAULT = 0, 1, 2, 3


def _rows(build: Any, start: Any, first: Any) -> Any:
    """Where LANES rows of four words begin, as one long vector."""
    place = build.gep(start, [build.mul(first, first.type(4))])
    return build.bitcast(place, ir.VectorType(_WORD, 4 * LANES).as_pointer())


def _block(build: Any, length: Any, parts: list[Any]) -> list[Any]:
    """The words 0 to 3 and 15: the text, one bit behind it, and how many bits were hashed."""
    whole, rest = _both(build, "lshr", length, 2), _both(build, "and_", length, 3)
    end = build.lshr(_lanes(build, _WORD(0x80000000)), _both(build, "shl", rest, 3))
    none, block = _lanes(build, _WORD(0)), []
    for at, part in enumerate([*parts, none]):
        here = build.icmp_unsigned("==", whole, _lanes(build, _WORD(at)))
        block.append(build.or_(part, build.select(here, end, none)))
    return [*block, _both(build, "shl", _both(build, "add", length, 64), 3)]


@intrinsic  # type: ignore[untyped-decorator]
def _lay(_typing: Any, views: Any, first: Any, words: Any) -> tuple[Any, Callable[..., Any]]:
    """The texts of LANES views from `first` on into `words` (16, LANES), of which 4 to 14 stay as they are.

    Returns whether each has twelve bytes at most; if not, the words 0 to 3 of the longer ones mean nothing.
    """

    def generate(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        start, at, into = _data(context, build, signature, arguments)
        rows = build.load(_rows(build, start, at), align=4)
        length, *parts = (_picked(build, rows, rows, range(column, 4 * LANES, 4)) for column in range(4))
        block = _block(build, length, [_turned(build, part) for part in parts])
        place = build.bitcast(into, _VECTOR.as_pointer())
        for number, word in zip((0, 1, 2, 3, 15), block, strict=True):
            build.store(word, build.gep(place, [_WORD(number)]), align=4)
        fits = build.icmp_unsigned("<=", length, _lanes(build, _WORD(_AT_ONCE)))
        every = ir.IntType(LANES)
        return build.icmp_unsigned("==", build.bitcast(fits, every), every(-1))

    return types.boolean(views, first, words), generate


@intrinsic  # type: ignore[untyped-decorator]
def _lay_run(_typing: Any, address: Any, words: Any) -> tuple[Any, Callable[..., Any]]:
    """LANES texts of sixteen bytes that stand one behind the other from `address` on, into the words 0 to 3."""

    def generate(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        address, into = _data(context, build, signature, arguments)
        rows = build.load(build.inttoptr(address, ir.VectorType(_WORD, 4 * LANES).as_pointer()), align=1)
        place = build.bitcast(into, _VECTOR.as_pointer())
        for column in range(4):
            word = _turned(build, _picked(build, rows, rows, range(column, 4 * LANES, 4)))
            build.store(word, build.gep(place, [_WORD(column)]), align=4)
        return context.get_dummy_value()

    return types.void(address, words), generate


@intrinsic  # type: ignore[untyped-decorator]
def _take(_typing: Any, state: Any, out: Any, first: Any) -> tuple[Any, Callable[..., Any]]:
    """The first four words of each lane of `state`, highest byte first, into the rows of `out` from `first` on."""

    def generate(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
        start, into, at = _data(context, build, signature, arguments)
        place = build.bitcast(start, _VECTOR.as_pointer())
        columns = [_turned(build, build.load(build.gep(place, [_WORD(word)]), align=4)) for word in range(4)]
        behind = range(2 * LANES)
        left, right = (_picked(build, columns[at], columns[at + 1], behind) for at in (0, 2))
        by_row = [LANES * column + lane for lane in range(LANES) for column in range(4)]
        build.store(_picked(build, left, right, by_row), _rows(build, into, at), align=4)
        return context.get_dummy_value()

    return types.void(state, out, first), generate


@intrinsic  # type: ignore[untyped-decorator]
def _byte_at(_typing: Any, _address: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_context: Any, build: Any, _signature: Any, arguments: Any) -> Any:
        return build.zext(build.load(build.inttoptr(arguments[0], _BYTE.as_pointer())), _WORD)

    return types.uint32(types.uint64), generate


@intrinsic  # type: ignore[untyped-decorator]
def _word_at(_typing: Any, _address: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_context: Any, build: Any, _signature: Any, arguments: Any) -> Any:
        return build.bswap(build.load(build.inttoptr(arguments[0], _WORD.as_pointer()), align=1))

    return types.uint32(types.uint64), generate


@njit(nogil=True)
def _lay_longer(views, first, addresses, sizes, words):  # type: ignore[no-untyped-def]
    """The texts of more than twelve bytes; _LONG, or _FAULT where one is too long or lies outside its buffer."""
    words[4:15] = 0
    for lane in range(LANES):
        length = np.int64(views[first + lane, 0])
        if length <= _AT_ONCE:
            continue
        buffer, place = views[first + lane, 2], np.int64(views[first + lane, 3])
        if length > MAX_BYTES or buffer >= addresses.size or place + length > sizes[buffer]:
            return _FAULT
        start = addresses[buffer] + np.uint64(place)
        words[3, lane] = 0
        for at in range(length // 4):
            words[at, lane] = _word_at(start + np.uint64(4 * at))
        for at in range(length // 4 * 4, length):
            words[at // 4, lane] |= _byte_at(start + np.uint64(at)) << np.uint32(24 - 8 * (at % 4))
        words[length // 4, lane] |= np.uint32(0x80) << np.uint32(24 - 8 * (length % 4))
    return _LONG


@njit(nogil=True)
def _gather(views, valid, first, lanes, some):  # type: ignore[no-untyped-def]
    """The views of rows with a text into `some` (LANES, 4); no text, of no bytes, for the others."""
    some[:] = 0
    for lane in range(lanes):
        if not valid.size or valid[first + lane]:
            for at in range(4):  # one word at a time: for a whole row Numba compiles seconds longer
                some[lane, at] = views[first + lane, at]


@njit(nogil=True)
def _put_back(made, valid, first, lanes, out):  # type: ignore[no-untyped-def]
    """The rows with a text from `made` (LANES, 4)."""
    for lane in range(lanes):
        if not valid.size or valid[first + lane]:
            for at in range(4):
                out[first + lane, at] = made[lane, at]


@njit(nogil=True)
def _every(valid, first):  # type: ignore[no-untyped-def]
    """Whether each of LANES rows has a text."""
    found = True
    for lane in range(min(LANES, valid.size)):
        found &= valid[first + lane]
    return found


@njit(nogil=True, inline="always")
def _key_states(key, words, state, inner, outer):  # type: ignore[no-untyped-def]
    """The states behind the two pads: both in one compression, in two lanes."""
    for at in range(8):
        inner[at] = np.uint32(_START[at])
    for at in range(16):
        words[at, 0], words[at, 1] = key[at] ^ np.uint32(_INNER), key[at] ^ np.uint32(_OUTER)
    _compress(inner, words, state)
    for at in range(8):
        inner[at], outer[at] = state[at, 0], state[at, 1]


@njit(nogil=True)
def _is_run(views, first, sizes):  # type: ignore[no-untyped-def]
    """Whether LANES texts of sixteen bytes stand one behind the other in a buffer."""
    buffer, place = views[first, 2], np.int64(views[first, 3])
    found = buffer < sizes.size and place + VALUE_BYTES * LANES <= sizes[buffer]
    for lane in range(LANES):
        found &= views[first + lane, 0] == VALUE_BYTES and views[first + lane, 2] == buffer
        found &= np.int64(views[first + lane, 3]) == place + VALUE_BYTES * lane
    return found


@njit(nogil=True)
def _texts(views, first, addresses, sizes, words):  # type: ignore[no-untyped-def]
    """The texts of LANES views into `words`; _FIT where each has twelve bytes at most, _RUN, _LONG, or _FAULT."""
    if views[first, 0] == VALUE_BYTES and _is_run(views, first, sizes):
        _lay_run(addresses[views[first, 2]] + np.uint64(views[first, 3]), words)
        return _RUN
    if _lay(views, first, words):
        return _FIT
    return _lay_longer(views, first, addresses, sizes, words)


@njit(nogil=True)
def _hash(views, addresses, sizes, valid, key, out):  # type: ignore[no-untyped-def]
    """Pseudonyms into `out` (rows, 4) UInt32; whether every text could be hashed.

    Rows that are not valid stay as they are, and their views are not looked at.
    """
    words, state = np.zeros((16, LANES), np.uint32), np.zeros((8, LANES), np.uint32)
    some, made = np.zeros((LANES, 4), np.uint32), np.zeros((LANES, 4), np.uint32)
    inner, outer, found = np.empty(8, np.uint32), np.empty(8, np.uint32), _FIT
    _key_states(key, words, state, inner, outer)
    for first in range(0, len(views), LANES):
        lanes = min(LANES, len(views) - first)
        whole = lanes == LANES and _every(valid, first)
        if whole:
            found = _texts(views, first, addresses, sizes, words)
        else:
            _gather(views, valid, first, lanes, some)
            found = _texts(some, 0, addresses, sizes, words)
        if found == _FIT:
            _compress_short(inner, words, state)
        elif found == _RUN:
            _compress_sixteen(inner, words, state)
        elif found == _LONG:
            _compress(inner, words, state)
        else:
            break
        _compress_hash(outer, state, state)
        if whole:
            _take(state, out, first)
        else:
            _take(state, made, 0)
            _put_back(made, valid, first, lanes, out)
    # Nothing of the key or of the last identifiers is left in memory that others get next.
    words[:], state[:], inner[:], outer[:], some[:], made[:] = 0, 0, 0, 0, 0, 0
    return found != _FAULT


_U32, _I64 = types.uint32, types.int64
_VIEWS = types.Array(_U32, 2, "C", readonly=True)
_SIGNATURE = types.boolean(_VIEWS, types.uint64[::1], _I64[::1], types.boolean[::1], _U32[::1], _U32[:, ::1])


@cache
def kernel() -> Callable[..., bool]:
    """The compiled `_hash`: from its cache, or compiled now, which takes seconds."""
    cached(_hash)
    _hash.compile(_SIGNATURE)
    made: Callable[..., bool] = _hash
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
    if not kernel()(chunk.views, chunk.addresses, chunk.sizes, chunk.valid, key, out):
        raise ValueError(f"a text of more than {MAX_BYTES} bytes")
    return values(name, out.view(np.uint8), chunk.valid)
