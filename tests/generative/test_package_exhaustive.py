"""One package, altered in every way there is: nothing altered is accepted, and nothing ends but in a refusal by name.

The package is the vector `good`. What an attacker on the way can do is tried on the whole file; what the holder itself
can do is tried behind the signature: each bit of the sealed key and of the body, each manifest properly signed.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from vectors.packages import maker, reader
from vectors.packages.scene import Scene

from linkage import errors
from linkage.linker.accept import accept
from linkage.transfer.package import Header, open_body, read_header

GOOD = reader.read("good")
TODAY = GOOD.today
HEADER = 30 + len(maker.parts_of(GOOD.package).manifest) + maker.SEALED


@dataclass
class Tried:
    """A file that is altered in place, and what came of it: accepted, or which refusal."""

    path: Path
    came: Counter[str] = field(default_factory=Counter)

    def write(self, package: bytes) -> None:
        """Over what is there: a file that is emptied first goes to the disk each time."""
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(package)
            file.truncate()

    def ask(self) -> None:
        """The linker's checks; anything but a PackageError is a crash, and goes through."""
        try:
            accept(self.path, reader.study(), (), TODAY)
        except errors.PackageError as refusal:
            self.came[type(refusal).__name__] += 1
        else:
            self.came["accepted"] += 1

    def open(self, header: Header) -> None:
        """Decryption, which must refuse too."""
        with self.path.open("rb") as file:
            try:
                hashed = hashlib.sha256(b"".join(open_body(file, header, KEY))).hexdigest()
            except errors.PackageError as refusal:
                self.came[type(refusal).__name__] += 1
            else:
                self.came["accepted" if hashed == GOOD.said["body"] else "plaintext"] += 1


KEY = reader.linker_identity().private_key()


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    found = Tried(tmp_path / "a.package")
    found.write(GOOD.package)
    return found


def header_of(path: Path) -> Header:
    with path.open("rb") as file:
        return read_header(file)


def test_unaltered_is_accepted(tried: Tried) -> None:
    """So that what follows is refused for its own fault."""
    tried.ask()
    tried.open(header_of(tried.path))
    assert tried.came == {"accepted": 2}


# --- on the way: bits and lengths -------------------------------------------------------------------


def flip(tried: Tried, places: range) -> None:
    """Each bit of each of these bytes, alone."""
    descriptor = os.open(tried.path, os.O_RDWR)
    try:
        for place, bit in itertools.product(places, range(8)):
            os.pwrite(descriptor, bytes([GOOD.package[place] ^ 1 << bit]), place)
            tried.ask()
            os.pwrite(descriptor, GOOD.package[place : place + 1], place)
    finally:
        os.close(descriptor)


def test_every_bit_of_every_seventh_byte(tried: Tried) -> None:
    places = range(0, len(GOOD.package), 7)
    flip(tried, places)
    assert tried.came.total() == 8 * len(places)
    assert set(tried.came) <= {"PackageDamaged", "SignatureInvalid", "HolderUnknown", "HolderWrong", "FormatUnknown"}
    assert tried.path.read_bytes() == GOOD.package


@pytest.mark.slow
def test_every_bit(tried: Tried) -> None:
    flip(tried, range(len(GOOD.package)))
    assert tried.came.total() == 8 * len(GOOD.package)
    assert set(tried.came) == {"PackageDamaged", "SignatureInvalid", "HolderUnknown", "HolderWrong", "FormatUnknown"}


def test_cut_at_every_byte(tried: Tried) -> None:
    for length in range(len(GOOD.package) - 1, -1, -1):
        os.truncate(tried.path, length)
        tried.ask()
    assert tried.came.total() == len(GOOD.package)
    assert set(tried.came) == {"PackageDamaged", "SignatureInvalid"}
    assert tried.came["SignatureInvalid"] == len(GOOD.package) - HEADER - maker.SIGNATURE - maker.TAG


def test_longer_by_one_byte_anywhere(tried: Tried) -> None:
    """A zero put in at every place, the end too."""
    for place in range(len(GOOD.package) + 1):
        tried.write(GOOD.package[:place] + b"\0" + GOOD.package[place:])
        tried.ask()
    assert tried.came.total() == len(GOOD.package) + 1
    assert "accepted" not in tried.came


# --- behind the signature: the sealed key and the body ----------------------------------------------


def test_every_bit_of_the_sealed_key(tried: Tried) -> None:
    header = header_of(tried.path)
    for place, bit in itertools.product(range(maker.SEALED), range(8)):
        changed = header.sealed[:place] + bytes([header.sealed[place] ^ 1 << bit]) + header.sealed[place + 1 :]
        tried.open(replace(header, sealed=changed))
    assert tried.came == {"RecipientWrong": 8 * maker.SEALED}


def test_every_bit_of_the_body(tried: Tried) -> None:
    header = header_of(tried.path)
    for place, bit in itertools.product(range(header.body_start, header.size), range(8)):
        tried.write(GOOD.package[:place] + bytes([GOOD.package[place] ^ 1 << bit]) + GOOD.package[place + 1 :])
        tried.open(header)
    assert tried.came == {"PackageDamaged": 8 * (header.size - header.body_start)}


# --- behind the signature: chunks -------------------------------------------------------------------

Chunks = list[bytes]


def swapped(chunks: Chunks) -> Iterator[Chunks]:
    for i, j in itertools.combinations(range(len(chunks)), 2):
        changed = list(chunks)
        changed[i], changed[j] = chunks[j], chunks[i]
        yield changed


def overwritten(chunks: Chunks) -> Iterator[Chunks]:
    for i, j in itertools.permutations(range(len(chunks)), 2):
        yield [*chunks[:j], chunks[i], *chunks[j + 1 :]]


def doubled(chunks: Chunks) -> Iterator[Chunks]:
    for i, j in itertools.product(range(len(chunks)), range(len(chunks) + 1)):
        yield [*chunks[:j], chunks[i], *chunks[j:]]


def dropped(chunks: Chunks) -> Iterator[Chunks]:
    for size in range(1, len(chunks)):
        for gone in itertools.combinations(range(len(chunks)), size):
            yield [chunk for n, chunk in enumerate(chunks) if n not in gone]


def spliced(chunks: Chunks) -> Iterator[Chunks]:
    """Chunks of another package, under another file key, in the place of these and between them."""
    other = maker.chunks(maker.seed("another file key"), plain(len(chunks), "other"))
    for mine in itertools.product((True, False), repeat=len(chunks)):
        if not all(mine):
            yield [chunks[n] if own else other[n] for n, own in enumerate(mine)]


def plain(count: int, name: str) -> bytes:
    """A body of that many chunks, the last of 100 bytes."""
    return maker.seed(name, (count - 1) * maker.CHUNK + 100)


def test_every_pair_of_chunks(tried: Tried) -> None:
    """Swapped, written over, doubled, dropped and spliced; all properly signed by the holder."""
    scene, count = Scene(), 4
    chunks = maker.chunks(scene.file_key, plain(count, "body"))
    ways = [*swapped(chunks), *overwritten(chunks), *doubled(chunks), *dropped(chunks), *spliced(chunks)]
    altered = [way for way in ways if way != chunks]
    for way in altered:
        tried.write(scene.sealed(body=way).encoded())
        tried.open(accept(tried.path, reader.study(), (), TODAY).header)
    assert len(altered) == 6 + 12 + 20 + 14 + 15
    assert tried.came == {"PackageDamaged": len(altered)}


def test_every_cut_of_chunks_in_two(tried: Tried) -> None:
    """A body of one chunk cut anywhere in two, each half sealed as a chunk: chunks are whole but for the last."""
    scene = Scene()
    body = scene.body()
    for place in range(len(body) + 1):
        halves = [body[:place], body[place:]]
        chunks = [maker.chunk(scene.file_key, n, n == 1, half) for n, half in enumerate(halves)]
        tried.write(scene.sealed(body=chunks).encoded())
        tried.open(accept(tried.path, reader.study(), (), TODAY).header)
    assert tried.came == {"PackageDamaged": len(body) + 1}


# --- the manifest, properly signed ------------------------------------------------------------------

MAY_DIFFER = {
    ("sequence",),
    ("rows",),  # the body tells
    ("encoder",),
    ("created",),
    ("expires",),
    ("source", "rows"),
    ("source", "not_selected"),
    ("source", "rejected"),
    ("source", "rejected", "bsn-missing"),
}
Path_ = tuple[Any, ...]
NAMES = [
    "h\u043eulp",
    "\u202eplh",
    "hulp\u200b",
    "hulp ",
    " hulp",
    "HULP",
    "hulp\n",
    "hu\u006cp\u0301",
    "\uff48ulp",
    "",
    "a" * 65,
    "a" * 5000,
    "../../x",
    "\0",
    "\x1b[2J",
    "%s%n",
    "$(x)",
    "null",
    "\U0001f600",
]
OTHERS: list[Any] = [None, True, False, 0, 1, -1, 2, 2**31, 2**63, 2**200, 1.5, [], {}, [[]], {"": ""}, *NAMES]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every place in the manifest, leaves and branches."""
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in pairs:
        yield from places(part, (*path, key))


def at(manifest: dict[str, Any], path: Path_) -> tuple[Any, Any]:
    """What holds that place, and the key there."""
    holding: Any = manifest
    for step in path[:-1]:
        holding = holding[step]
    return holding, path[-1]


def values(value: Any) -> Iterator[Any]:
    """Other values for a place: changed, extended, doubled, reordered, emptied."""
    yield from OTHERS
    if isinstance(value, str):
        yield from (value + "x", value[:-1], value + value, value[::-1], value.upper(), f"{value}\u202e", value + "\n")
        yield from (value.replace("a", "\u0430"), value.replace("o", "\u043e"), value.replace("1", "\uff11"))
        yield from (value[:n] + chr(ord(value[n]) ^ 1) + value[n + 1 :] for n in range(len(value)))
    if isinstance(value, list):
        yield from ([*value, *value], value[::-1], value[1:], value[:-1], [*value, None], [*value, 0], [value])
    if isinstance(value, dict):
        yield from ({**value, name: 1} for name in NAMES)
        yield from ({k: v for k, v in value.items() if k != gone} for gone in value)
    if isinstance(value, int):
        yield from (value + 1, value - 1, str(value), [value], -value)


def manifests(scene: Scene) -> Iterator[tuple[Path_, dict[str, Any]]]:
    """Every other manifest."""
    before = scene.manifest
    for path in places(before):
        holding, key = at(before, path)
        for value in values(holding[key]):
            manifest = copy.deepcopy(before)
            inside, last = at(manifest, path)
            inside[last] = value
            if maker.canonical(manifest) != scene.encoded:
                yield path, manifest


def refused_or_free(tried: Tried, scene: Scene, path: Path_, manifest: dict[str, Any]) -> bool:
    """Whether it was refused, or is of a kind that a holder may say as it likes."""
    tried.write(scene.sealed(maker.canonical(manifest)).encoded())
    accepted = tried.came["accepted"]
    tried.ask()
    return tried.came["accepted"] == accepted or path in MAY_DIFFER


def test_every_field_of_the_manifest(tried: Tried) -> None:
    scene, count = Scene(), 0
    for path, manifest in manifests(scene):
        assert refused_or_free(tried, scene, path, manifest), path
        count += 1
    assert count > 3000
    assert tried.came.total() == count


def test_what_a_holder_may_say_as_it_likes(tried: Tried) -> None:
    """The exceptions above are used, and by forms that the specification allows alone."""
    scene = Scene()
    for change in ({"sequence": 7}, {"encoder": "other 2.0"}, {"rows": 9}, {"expires": "2016-03-02"}):
        tried.write(scene.said(**change))
        tried.ask()
    assert tried.came == {"accepted": 4}


def test_every_place_of_the_manifest_in_another_order(tried: Tried) -> None:
    """Each two neighbouring keys changed about, and each key twice."""
    scene = Scene()
    pieces = [maker.canonical({key: value})[1:-1] for key, value in sorted(scene.manifest.items())]
    ways = [[*pieces[:n], pieces[n + 1], pieces[n], *pieces[n + 2 :]] for n in range(len(pieces) - 1)]
    ways += [[*pieces[: n + 1], *pieces[n:]] for n in range(len(pieces))]
    for way in ways:
        tried.write(scene.sealed(b"{" + b",".join(way) + b"}").encoded())
        tried.ask()
    assert tried.came == {"PackageDamaged": len(ways)}
