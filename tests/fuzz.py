"""Hostile input: what is changed in a file that was good, and what may be said of it.

A target is a file that somebody else made, and the function at a room's edge that reads it. Whatever stands in the
file, that function returns or raises one of its own errors, and nothing of a cell is in what it says.
"""

from __future__ import annotations

import random
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from linkage.errors import LinkageError

# A number, a street and a word that stand in the seeds as values, and may stand in no message.
CANARIES = ("123456782", "CANARYSTREET", "Qx7Kanarie")
# An agreement's own names are told, such as that of a holder; what stands there as text is not.
AGREED_CANARIES = ("Kanarie straat", "123456782 77")

Attempt = Callable[[bytes], object]


@dataclass(frozen=True)
class Target:
    """A file of some kind: examples that are in order, its reader, the errors that fit, and words of its own.

    `plain` is whether the reader is Python, so that a fuzzer can see which lines an input reaches.
    """

    name: str
    seeds: tuple[bytes, ...]
    attempt: Attempt
    errors: tuple[type[LinkageError], ...]
    tokens: tuple[bytes, ...] = ()
    plain: bool = True
    canaries: tuple[str, ...] = CANARIES


class Fault(AssertionError):
    """An input that did something else than it may."""


# --- judging ----------------------------------------------------------------------------------------


def judged(target: Target, content: bytes) -> str:
    """How the reader ended: "read", or the name of its error. Raises Fault."""
    try:
        target.attempt(content)
    except target.errors as error:
        said = told(error)
        if any(canary in said for canary in target.canaries):
            raise Fault(f"{target.name}: {type(error).__name__} quotes a value") from error
        return type(error).__name__
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a library is no Exception
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise Fault(f"{target.name}: {type(error).__name__} at {place.filename}:{place.lineno}") from error
    return "read"


def told(error: BaseException) -> str:
    """All that a traceback of this error would say: its message, and those of the errors behind it."""
    said, seen = [], set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        said.append(str(behind))
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)
    return "\n".join(said)


# --- mutating ---------------------------------------------------------------------------------------

TOKENS = (
    *(b"", b"\0", b"\n", b"\r", b"\r\n", b"\t", b" ", b'"', b"'", b'""', b'"""', b"\\", b"\\u0000", b"\\ud800"),
    *(b"[", b"]", b"{", b"}", b"[[", b"]]", b"[" * 600, b"{" * 600, b":", b",", b";", b";;", b"|", b".", b"=", b"#"),
    *(b"0", b"-1", b"1" * 5000, b"9" * 20, b"0x" + b"f" * 40, b"1e999999", b"-0.0", b"nan", b"inf", b"Infinity"),
    *(b"true", b"null", b"None", b"2014-02-31", b"0000-00-00", b"99999-01-01", b"1E999999999", b"1E-999999999"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    *("İıſ\u212a\u200b\u202e".encode(), "０１２".encode(), "\u2028\u0085".encode(), b"\x1b[2J"),
    *(canary.encode() for canary in (*CANARIES, *AGREED_CANARIES)),
)
NUMBERS = (0, 1, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
LARGEST = 200_000


def mutated(rng: random.Random, target: Target) -> bytes:
    """A seed with one to eight changes."""
    content = bytearray(rng.choice(target.seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4, 8))):
        rng.choice(WAYS)(rng, content, target)
        if len(content) > LARGEST + max(map(len, target.seeds)):
            del content[rng.randrange(len(content)) :]
    return bytes(content)


def _place(rng: random.Random, content: bytearray) -> int:
    """Anywhere, or near an end, where the lengths and the footers are."""
    near = rng.random()
    if near < 0.15:
        return rng.randrange(min(64, len(content) + 1))
    if near < 0.3:
        return max(0, len(content) - rng.randrange(600))
    return rng.randrange(len(content) + 1)


def _flip(rng: random.Random, content: bytearray, target: Target) -> None:
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _byte(rng: random.Random, content: bytearray, target: Target) -> None:
    if content:
        content[rng.randrange(len(content))] = rng.choice((0, 1, 10, 34, 127, 128, 255, rng.randrange(256)))


def _number(rng: random.Random, content: bytearray, target: Target) -> None:
    place, width = _place(rng, content), rng.choice((1, 2, 4, 8))
    raw = (rng.choice(NUMBERS) % 256**width).to_bytes(width, rng.choice(("little", "big")))
    content[place : place + width] = raw


def _insert(rng: random.Random, content: bytearray, target: Target) -> None:
    place = _place(rng, content)
    content[place:place] = rng.choice((*TOKENS, *target.tokens))


def _delete(rng: random.Random, content: bytearray, target: Target) -> None:
    place = _place(rng, content)
    del content[place : place + rng.choice((1, 1, 2, 4, 16, 200))]


def _double(rng: random.Random, content: bytearray, target: Target) -> None:
    place, length = _place(rng, content), rng.choice((1, 4, 16, 200))
    content[place:place] = content[place : place + length] * rng.choice((1, 2, 50))


def _cut(rng: random.Random, content: bytearray, target: Target) -> None:
    if rng.random() < 0.3:
        del content[_place(rng, content) :]


def _splice(rng: random.Random, content: bytearray, target: Target) -> None:
    other = rng.choice(target.seeds)
    start = rng.randrange(len(other) + 1)
    place = _place(rng, content)
    content[place : place + rng.choice((0, 8, 100))] = other[start : start + rng.choice((8, 100, 1000))]


_WORD = re.compile(rb"[A-Za-z0-9_.-]+")


def _word(rng: random.Random, content: bytearray, target: Target) -> None:
    """A whole word for another: of the same file, or a token."""
    words = list(_WORD.finditer(content, 0, 100_000))
    if words:
        found = rng.choice(words)
        other = rng.choice((*TOKENS, *target.tokens, rng.choice(words).group()))
        content[found.start() : found.end()] = other


def _line(rng: random.Random, content: bytearray, target: Target) -> None:
    """A line taken away, doubled, or put elsewhere."""
    lines = bytes(content).splitlines(keepends=True)
    if lines:
        line = lines.pop(rng.randrange(len(lines)))
        for _ in range(rng.choice((0, 1, 2))):
            lines.insert(rng.randrange(len(lines) + 1), line)
        content[:] = b"".join(lines)


WAYS = (_flip, _byte, _number, _insert, _insert, _delete, _double, _cut, _splice, _word, _word, _line)
