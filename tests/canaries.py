"""A small study whose people can be found anywhere: in their own form, and in every disguise that is thought of.

The encodings are those of `functional/test_taint.py`; here come other spellings of the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from functional.test_taint import address, encodings, unpacked, values
from simulator import HOLDERS, TODAY, Cast, a_number, bsn, inhabitant

from linkage.keys import save
from linkage.transfer.package import open_body, read_header, verify

__all__ = ["PEOPLE", "Town", "body_of", "clean", "needles", "town", "unpacked"]

PEOPLE = 4
DELIVERING = ("gemeente", "politie")
Town = Cast


def born(number: int) -> str:
    """A birth date that occurs nowhere by chance."""
    return f"{1 + number:02d}-11-19{50 + number}"


def town(folder: Path) -> Cast:
    """A register and a list of suspects, of which one row is refused; the study does without the others."""
    cast = Cast(folder)
    people = range(PEOPLE)
    cast.exports["gemeente"] = [
        inhabitant(n, n, born=born(n), **address(n)) | {"household_number": f"88{n:04d}77{n:04d}"} for n in people
    ]
    cast.exports["politie"] = [{"bsn": bsn(n), **address(n), **values("politie", born(n))} for n in people]
    cast.exports["politie"] += [{"bsn": bsn(0), "minor": born(0), "vd1111": "x"}]
    _without_the_others(cast.folder / "study.toml")
    for name in DELIVERING:
        save(cast.folder / f"{name}.identity", cast.holder_keys[name], None)
    save(cast.folder / "study.root", cast.root, None)
    save(cast.folder / "institute.identity", cast.linker, None)
    return cast


def _without_the_others(study: Path) -> None:
    text = study.read_text("utf-8")
    parts = re.split(r"(?=\[\[holder\]\]|\[root\])", text)
    kept = [part for part in parts if "[[holder]]" not in part or any(f'id = "{n}"' in part for n in DELIVERING)]
    names = ", ".join(f'"{delivery}"' for name, (delivery, _) in sorted(HOLDERS.items()) if name not in DELIVERING)
    study.write_text("".join(kept).replace("areas = ", f"without = [{names}]\nareas = "), "utf-8")


def _words() -> set[str]:
    found: set[str] = set()
    for n in range(PEOPLE):
        home = address(n)
        code, house = str(home["postcode"]), str(home["house_number"])
        day, month, year = born(n).split("-")
        bare = code.replace(" ", "")
        found |= {bsn(n), a_number(n), f"88{n:04d}77{n:04d}", code, bare, f"{house}B", f"{bare}|{house}|B"}
        found |= {born(n), f"{year}{month}{day}", f"{year}-{month}-{day}", f"{day}/{month}/{year}", f"{bare}|{house}"}
    return found


def _spellings(word: str) -> Iterator[str]:
    """As it is, in small letters, backwards, and with what people put between digits."""
    yield from (word, word.lower(), word[::-1])
    if word.isdigit():
        for mark in ". -":
            yield mark.join((word[:3], word[3:6], word[6:]))
            yield mark.join((word[:4], word[4:6], word[6:]))


def needles() -> frozenset[bytes]:
    """Every identifier in every spelling and encoding."""
    return frozenset(made for word in _words() for spelling in _spellings(word) for made in encodings(spelling))


def clean(found: dict[str, bytes], secret: frozenset[bytes]) -> None:
    """No needle in any of these; a failure names the place, never the needle."""
    for place, content in found.items():
        assert not any(needle in content for needle in secret), place


def body_of(package: Path, cast: Cast, holder: str) -> bytes:
    """The plain body of a package that is whole and signed."""
    with package.open("rb") as file:
        header = read_header(file)
        verify(file, header, cast.holder_keys[holder].public)
        assert header.manifest.created == TODAY.isoformat()
        return b"".join(open_body(file, header, cast.linker.private_key()))
