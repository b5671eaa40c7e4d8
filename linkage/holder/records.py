"""The text of a CSV in blocks of whole records, whatever its encoding, without holding more than a block.

Libraries that detect an encoding guess wrong, so the order is: byte-order mark, strict UTF-8, cp1252. A record ends at
a line end outside quotes. What is not well-formed is refused with the number of its row: a reader that goes on after a
loose quote gives cells to the wrong person.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from linkage.errors import InputUnreadable
from linkage.holder.export import Progress

BLOCK_BYTES = 8 * 1024 * 1024
LOOK_BYTES = 256 * 1024
MAX_RECORD_BYTES = 8 * 1024 * 1024
MOST_CELLS = 40_000_000
QUOTE = b'"'
QUOTES = np.frombuffer(QUOTE, np.uint8)
NEW_LINE, RETURN = 10, 13


@dataclass(frozen=True)
class Block:
    """Whole records in UTF-8; `outside` is the same text with each stretch inside quotes replaced by one quote."""

    row: int
    text: bytes
    outside: bytes

    @cached_property
    def rows(self) -> int:
        """How many records there are, empty lines included."""
        return count(self.outside, NEW_LINE) + (not self.outside.endswith(b"\n"))

    def without(self, rows: int) -> Block:
        """The block after its first records."""
        return Block(self.row + rows, _after(self.text, rows), self.outside.split(b"\n", rows)[-1])


def count(text: bytes, byte: int) -> int:
    """How often a byte occurs; of a byte in every record some six times as fast as `bytes.count`."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == byte))


def _after(text: bytes, rows: int) -> bytes:
    place = 0
    for _ in range(rows):
        place = _end(text, place) + 1
    return text[place:]


def _end(text: bytes, place: int) -> int:
    """Where the record that begins at `place` has its line end: the first one outside quotes."""
    while True:
        end = text.find(b"\n", place)
        opened = text.find(QUOTE, place, end)
        if opened < 0:
            return end
        place = text.index(QUOTE, opened + 1) + 1


def encoding_of(path: Path, agreed: str | None) -> str:
    """A byte-order mark decides; else what the study says; else UTF-8 if the whole file is, and cp1252 if not."""
    with path.open("rb") as file:
        start = file.read(3)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if start == codecs.BOM_UTF8:
            return "utf-8"
        return agreed or ("utf-8" if _is_utf8(path) else "cp1252")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        with path.open("rb") as file:
            while block := file.read(LOOK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def blocks(path: Path, encoding: str, progress: Progress) -> Iterator[Block]:
    """The records of a file, a block at a time. Raises InputUnreadable."""
    row, carry = 1, b""
    for text in _utf8(path, encoding, progress):
        whole, carry = _cut(carry + text)
        if len(carry) > MAX_RECORD_BYTES:
            raise InputUnreadable(_endless(path, row) if carry.count(QUOTE) % 2 else _long(path, row))
        if whole:
            block = Block(row, whole, _outside(whole))
            yield block
            row += block.rows
    if carry.count(QUOTE) % 2:
        raise InputUnreadable(_endless(path, row))
    if carry:
        yield _last(path, Block(row, carry, _outside(carry)))


def _utf8(path: Path, encoding: str, progress: Progress) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    total, is_utf8 = path.stat().st_size, encoding == "utf-8"
    try:
        with path.open("rb") as file:
            if is_utf8 and file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
                file.seek(0)  # no byte-order mark to pass over
            while block := file.read(BLOCK_BYTES):
                text = decoder.decode(block)
                yield block if is_utf8 else text.encode("utf-8")
                progress(file.tell(), total)
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError:
        raise InputUnreadable(
            f"{path.name} is geen {encoding}; bewaar de export als CSV UTF-8, of als Excel (.xlsx)"
        ) from None
    except OSError:
        raise InputUnreadable(f"{path.name} kon niet verder worden gelezen; probeer het opnieuw") from None


def _cut(text: bytes) -> tuple[bytes, bytes]:
    """Up to the last line end outside quotes, and the rest."""
    if QUOTE not in text:
        end = text.rfind(b"\n") + 1
        return text[:end], text[end:]
    before, end = count(text, QUOTE[0]), len(text)
    while (position := text.rfind(b"\n", 0, end)) >= 0:
        before -= text.count(QUOTE, position, end)
        if before % 2 == 0:
            return text[: position + 1], text[position + 1 :]
        end = position
    return b"", text


def _outside(text: bytes) -> bytes:
    return text if QUOTE not in text else QUOTE.join(text.split(QUOTE)[::2])


def _last(path: Path, block: Block) -> Block:
    if block.row == 1 and b"\r" in block.outside.strip(b"\r"):
        raise InputUnreadable(
            f"{path.name} heeft de regeleinden van een oude Mac; bewaar de export als CSV UTF-8, of als Excel (.xlsx)"
        )
    return block


def _endless(path: Path, row: int) -> str:
    return (
        f"{path.name}, rij {row}: een aanhalingsteken wordt niet gesloten; herstel die rij, of bewaar de export als "
        "Excel (.xlsx)"
    )


def _long(path: Path, row: int) -> str:
    return (
        f"{path.name}, rij {row}: deze rij heeft meer dan {MAX_RECORD_BYTES // 1024**2} miljoen tekens; maak de export "
        "opnieuw"
    )


def check_size(path: Path, block: Block, width: int) -> None:
    """Raises InputUnreadable for rows that are empty for the most part: each would be filled up with empty cells."""
    if block.rows * width > MOST_CELLS:
        raise InputUnreadable(
            f"{path.name}, rij {block.row} t/m {block.row + block.rows - 1}: bijna alles is leeg; haal de lege rijen "
            "en kolommen weg"
        )


def check_quotes(path: Path, block: Block, separator: str) -> None:
    """Each quoted cell fills its whole cell. Raises InputUnreadable with the row of a loose quote."""
    if QUOTE not in block.text:
        return
    if _quotes_are_whole(np.frombuffer(block.text, np.uint8), ord(separator)):
        return
    opens, closes = (separator.encode(), b"\n"), (separator.encode(), b"\n", b"\r\n")
    raise InputUnreadable(
        f"{path.name}, rij {_loose(block, opens, closes)}: er staat een los aanhalingsteken in een cel; herstel die "
        "rij, of bewaar de export als Excel (.xlsx)"
    )


def _quotes_are_whole(text: NDArray[np.uint8], mark: int) -> bool:
    """Before each quote that opens stands the end of a field, and behind each that closes; or another quote."""
    quotes = np.flatnonzero(text == QUOTE[0])
    opens, closes = quotes[::2], quotes[1::2]
    wide = np.concatenate([QUOTES, text, QUOTES, QUOTES])  # the ends of the text are as good as a quote
    before, after, second = wide[opens], wide[closes + 2], wide[closes + 3]
    ends_before = (before == mark) | (before == NEW_LINE) | (before == QUOTE[0])
    ends_after = (after == mark) | (after == NEW_LINE) | (after == QUOTE[0])
    return bool(ends_before.all() and (ends_after | ((after == RETURN) & (second == NEW_LINE))).all())


def _loose(block: Block, opens: tuple[bytes, ...], closes: tuple[bytes, ...]) -> int:
    """The row of the first loose quote."""
    parts = block.text.split(QUOTE)[::2]
    row = block.row
    for number, part in enumerate(parts):
        if number and part and not part.startswith(closes):
            return row
        row += part.count(b"\n")
        if number < len(parts) - 1 and part and not part.endswith(opens):
            return row
    return row


def may_be_even(block: Block, separator: str, width: int) -> bool:
    """Whether there are as many separators as when each record has `width` fields; not so after an empty line."""
    return count(block.outside, ord(separator)) == block.rows * (width - 1)


def check_fields(path: Path, block: Block, separator: str, width: int, needed: int) -> None:
    """Each record has its mapped columns, and no more than the header. Raises InputUnreadable with the row.

    A spreadsheet leaves out empty fields at the end of a row, or adds some; more than that is a broken record.
    """
    mark = separator.encode()
    for row, record in enumerate(block.outside.removesuffix(b"\n").split(b"\n"), block.row):
        fields, bare = record.count(mark) + 1, record.rstrip(b"\r")
        surplus = fields - width
        if surplus > 0 and not bare.endswith(mark * surplus):
            raise InputUnreadable(_ragged(path, row, fields, width))
        if fields < needed and bare.strip(mark + b" \t"):
            raise InputUnreadable(_ragged(path, row, fields, width))


def _ragged(path: Path, row: int, fields: int, width: int) -> str:
    count = "1 veld" if fields == 1 else f"{fields} velden"
    return (
        f"{path.name}, rij {row}: {count} waar de kopregel er {width} heeft; herstel die rij, of bewaar de export als "
        "Excel (.xlsx)"
    )
