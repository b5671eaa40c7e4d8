"""Vectors of package-v1, sections 1, 3 and 6.1 to 6.3: layout and manifest; what is not cut is properly signed."""

from __future__ import annotations

import json
import struct
from typing import Any

from vectors.packages.case import Case, Make, raw, rewritten, said, spelled
from vectors.packages.maker import SEALED, SIGNATURE
from vectors.packages.scene import COLUMNS, Scene

DAMAGED = "PackageDamaged"
RTL, CYRILLIC_O, WIDE_1, ZERO_WIDTH = "\u202e", "\u043e", "\uff11", "\u200b"


def _cut(keep: int, *, after_manifest: bool = False) -> Make:
    def make(scene: Scene) -> bytes:
        start = 30 + len(scene.encoded) if after_manifest else 0
        return scene.sealed().encoded()[: start + keep]

    return make


def _length(change: int | bytes) -> Make:
    def make(scene: Scene) -> bytes:
        right = len(scene.encoded)
        length = change if isinstance(change, bytes) else struct.pack(">I", right + change)
        package = scene.sealed().encoded()
        return package[:26] + length + package[30:]

    return make


def _reordered(encoded: bytes) -> bytes:
    found = json.loads(encoded)
    return json.dumps({"wave": found.pop("wave"), **found}, separators=(",", ":")).encode()


def _reordered_inside(encoded: bytes) -> bytes:
    found = json.loads(encoded)
    found["source"] = dict(reversed(found["source"].items()))
    return json.dumps(dict(sorted(found.items())), separators=(",", ":")).encode()


def _column(**change: Any) -> Make:
    return said(columns=[*COLUMNS[:2], {**COLUMNS[2], **change}, COLUMNS[3]])


def _behind(more: bytes) -> Make:
    return spelled(lambda encoded: encoded[:-1] + more + b"}")


LAYOUT: list[tuple[str, str, Make]] = [
    ("no-bytes", "an empty file", lambda s: b""),
    ("magic-cut", "the file ends in the magic", _cut(20)),
    ("magic-other", "one bit of the magic is another", raw(lambda p: b"i" + p[1:])),
    ("magic-crlf", "a mail program made CRLF of the magic's LF", raw(lambda p: p[:25] + b"\r\n" + p[26:])),
    ("magic-upper", "the magic in capitals", raw(lambda p: p[:26].upper() + p[26:])),
    ("magic-behind-bom", "a byte-order mark before the magic", raw(lambda p: b"\xef\xbb\xbf" + p)),
    ("length-cut", "the file ends in the length", _cut(28)),
    ("length-zero", "the manifest has no bytes", _length(bytes(4))),
    ("length-65537", "the length is above the cap", _length(struct.pack(">I", 65_537))),
    ("length-all-ones", "the length is 2^32-1; nothing of that size may be allocated", _length(b"\xff" * 4)),
    (
        "length-beyond-file",
        "the length is within the cap, and longer than the file",
        _length(struct.pack(">I", 65_536)),
    ),
    ("length-little-endian", "the length with its bytes the other way round", _length(b"\x00\x05\x00\x00")),
    ("length-one-short", "the length is one too small, so the brace falls out of the manifest", _length(-1)),
    ("length-one-long", "the length is one too large, so a byte of the sealed key falls in", _length(1)),
    ("manifest-cut", "the file ends in the manifest", _cut(200)),
    ("sealed-cut", "the file ends in the sealed key", _cut(100, after_manifest=True)),
    ("signature-missing", "the file ends after the sealed key", _cut(SEALED, after_manifest=True)),
    (
        "signature-cut",
        "the file ends one byte before the end of the signature",
        _cut(SEALED + SIGNATURE - 1, after_manifest=True),
    ),
    ("body-missing", "no chunk; even an empty body has one", _cut(SEALED + SIGNATURE, after_manifest=True)),
    ("body-below-tag", "15 bytes of chunk; a tag has 16", _cut(SEALED + SIGNATURE + 15, after_manifest=True)),
]

TEXT: list[tuple[str, str, Make]] = [
    ("json-none", "no JSON", spelled(lambda m: b"hello")),
    ("json-list", "a list for an object", spelled(lambda m: b"[" + m + b"]")),
    ("json-null", "null for an object", spelled(lambda m: b"null")),
    ("json-empty-object", "no keys, so no format either", spelled(lambda m: b"{}")),
    ("json-comma-behind", "a comma before the last brace", _behind(b",")),
    ("json-comment", "a comment", rewritten(b'"wave":1', b'"wave":1/**/')),
    ("json-single-quotes", "single quotes", rewritten(b'"wave"', b"'wave'")),
    ("json-twice", "a second object behind the first", spelled(lambda m: m + b"{}")),
    ("space-before", "white space before", spelled(lambda m: b" " + m)),
    ("space-inside", "white space inside", rewritten(b'"wave":1', b'"wave": 1')),
    ("line-end-behind", "a line feed behind", spelled(lambda m: m + b"\n")),
    ("nul-behind", "a NUL behind", spelled(lambda m: m + b"\0")),
    ("bom", "a byte-order mark", spelled(lambda m: b"\xef\xbb\xbf" + m)),
    (
        "utf-16",
        "UTF-16, which some JSON readers find out by themselves",
        spelled(lambda m: m.decode().encode("utf-16")),
    ),
    ("utf-8-broken", "a byte that is not UTF-8", rewritten(b'"vectors 1.0"', b'"vectors \xff"')),
    ("utf-8-overlong", "a slash in two bytes: overlong UTF-8", rewritten(b'"bsn/1"', b'"bsn\xc0\xaf1"')),
    ("utf-8-surrogate", "half a surrogate pair in UTF-8", rewritten(b'"vectors 1.0"', b'"vectors \xed\xa0\x80"')),
    ("escaped-surrogate", "half a surrogate pair, escaped", rewritten(b'"vectors 1.0"', b'"vectors \\ud800"')),
    ("escaped-surrogate-key", "half a surrogate pair in an unknown key", _behind(b',"\\udc00":1')),
    ("escaped-letter", "a letter escaped that needs no escape", rewritten(b'"wave"', b'"\\u0077ave"')),
    ("escaped-slash", "a slash escaped", rewritten(b'"bsn/1"', b'"bsn\\/1"')),
    ("escaped-nul", "U+0000 in the encoder", rewritten(b'"vectors 1.0"', b'"vectors \\u0000"')),
    ("control-unescaped", "a tab inside a string", rewritten(b'"vectors 1.0"', b'"vectors\t1.0"')),
    ("keys-reordered", "a key in another place", spelled(_reordered)),
    ("keys-reordered-inside", "keys of `source` in another order", spelled(_reordered_inside)),
    ("key-twice-same", "a key twice with the same value", _behind(b',"wave":1')),
    (
        "key-twice-other",
        "a key twice: readers take the first or the last",
        rewritten(b'"wave":1', b'"wave":2,"wave":1'),
    ),
    (
        "key-twice-inside",
        "a key of `source` twice",
        rewritten(b'"not_selected":1', b'"not_selected":1,"not_selected":2'),
    ),
    ("key-unknown", "an unknown key", _behind(b',"zeta":1')),
    ("key-unknown-inside", "an unknown key in `source`", rewritten(b'"rows":5', b'"rows":5,"zeta":1')),
    ("key-missing", "`wave` is missing", rewritten(b',"wave":1', b"")),
    (
        "key-look-alike",
        "`holder` with a Cyrillic o beside the right one",
        _behind(f',"h{CYRILLIC_O}lder":"houder-b"'.encode()),
    ),
    ("key-look-alike-instead", "`wave` with a Cyrillic a, and no other", rewritten(b'"wave"', '"w\u0430ve"'.encode())),
    ("key-in-capitals", "`Wave` for `wave`", rewritten(b'"wave"', b'"Wave"')),
    ("null", "null for a value", said(wave=None)),
    ("float", "1.0 for 1", rewritten(b'"wave":1', b'"wave":1.0')),
    ("exponent", "1e0 for 1", rewritten(b'"wave":1', b'"wave":1e0')),
    ("nan", "NaN", rewritten(b'"wave":1', b'"wave":NaN')),
    ("infinity", "-Infinity", rewritten(b'"wave":1', b'"wave":-Infinity')),
    ("minus-zero", "-0 for 0", rewritten(b'"not_selected":1', b'"not_selected":-0')),
    ("leading-zero", "01 for 1", rewritten(b'"wave":1', b'"wave":01')),
    (
        "number-of-5000-digits",
        "a number that some readers take a second for",
        rewritten(b'"wave":1', b'"wave":' + b"1" * 5000),
    ),
    ("number-2-to-the-64", "a number that wraps to 1 in 64 bits", said(wave=2**64 + 1)),
    ("number-as-text", "a number in quotes", said(wave="1")),
    ("truth-for-a-number", "true for 1", rewritten(b'"wave":1', b'"wave":true')),
    ("text-as-number", "a number for text", said(encoder=1)),
    (
        "nested-600",
        "lists in lists, deep enough for a reader that calls itself twice a level",
        _behind(b',"zeta":' + b"[" * 600 + b"]" * 600),
    ),
    ("nested-5000", "lists in lists, never closed", spelled(lambda m: b"[" * 5_000)),
]

VALUES: list[tuple[str, str, Make]] = [
    ("format-of-something-else", "another kind of file", said(format="age-encryption.org/v1")),
    ("holder-right-to-left", "a right-to-left mark in the holder's name", said(holder=f"houder{RTL}-a")),
    ("holder-look-alike", "a Cyrillic o in the holder's name", said(holder=f"h{CYRILLIC_O}uder-a")),
    ("holder-line-end", "a line feed behind the holder's name", said(holder="houder-a\n")),
    ("holder-capitals", "the holder in capitals", said(holder="HOUDER-A")),
    ("delivery-zero-width", "a zero-width space in the delivery", said(delivery=f"hulp{ZERO_WIDTH}")),
    ("delivery-path", "a path for a delivery", said(delivery="../hulp")),
    ("encoder-right-to-left", "a right-to-left mark in the encoder", said(encoder=f"vectors {RTL}0.1")),
    ("encoder-escape", "a terminal's escape sequence in the encoder", said(encoder="\x1b[2J")),
    ("encoder-empty", "an encoder without a name", said(encoder="")),
    ("encoder-long", "an encoder of 65 characters", said(encoder="a" * 65)),
    ("study-capitals", "hexadecimal digits in capitals", said(study="0F1E2D3C-4B5A-4978-8C6D-102132435465")),
    ("digest-short", "63 digits", said(agreement="sha256:" + "0" * 63)),
    ("digest-other-hash", "another hash", said(protocol_digest="sha512:" + "0" * 64)),
    ("date-wide-digits", "a date with a full-width digit", said(created=f"20{WIDE_1}6-03-01")),
    ("date-with-time", "a date with a time", said(created="2016-03-01T00:00:00Z")),
    ("wave-zero", "wave 0", said(wave=0)),
    ("wave-1001", "wave 1001", said(wave=1001)),
    ("sequence-zero", "sequence 0", said(sequence=0)),
    ("sequence-above", "sequence 1,000,001", said(sequence=1_000_001)),
    ("rows-below-zero", "-1 rows", said(rows=-1)),
    ("rows-above", "100,000,001 rows", said(rows=100_000_001)),
    ("pseudonyms-none", "no pseudonym", said(pseudonyms=[])),
    ("pseudonyms-nine", "nine pseudonyms", said(pseudonyms=[f"p{n}" for n in range(9)])),
    ("columns-129", "129 columns", said(columns=[{**COLUMNS[1], "name": f"c{n}"} for n in range(129)])),
    ("column-type-unknown", "a column of text", _column(type="text")),
    ("column-maximum-above", "a maximum of 2^31", _column(maximum=2**31)),
    ("column-minimum-below", "a minimum below 0", _column(minimum=-1)),
    ("column-key-unknown", "an unknown key in a column", _column(unit="months")),
    ("column-name-look-alike", "a Cyrillic a in the name of a column", _column(name="m\u0430anden")),
    (
        "category-right-to-left",
        "a right-to-left mark in a category",
        said(columns=[*COLUMNS[:3], {**COLUMNS[3], "categories": ["Noord", RTL]}]),
    ),
    ("canaries-none", "no canaries", said(canaries={})),
    ("linker-short", "63 digits for the linker", said(linker="0" * 63)),
    ("source-is-a-list", "a list for `source`", said(source=[5, 1])),
    (
        "reason-with-a-space",
        "a reason of rejection that is no token",
        said(source={"rows": 5, "not_selected": 1, "rejected": {"no bsn": 1}}),
    ),
]

FORMATS: list[tuple[str, str, Make]] = [
    ("format-2", "the next version of the format", said(format="household-linkage/package/v2")),
    ("format-10", "a version that begins with this one's digit", said(format="household-linkage/package/v10")),
    ("format-space", "a space behind the version", said(format="household-linkage/package/v1 ")),
    (
        "format-2-new-key",
        "another version with a key that this one does not know",
        spelled(lambda m: m[:-1].replace(b"package/v1", b"package/v2") + b',"zeta":1}'),
    ),
]

CASES = [
    *(Case(name, DAMAGED, "6.1", why, make) for name, why, make in LAYOUT),
    *(Case(name, DAMAGED, "3.1", why, make) for name, why, make in TEXT),
    *(Case(name, DAMAGED, "3.2", why, make) for name, why, make in VALUES),
    *(Case(name, "FormatUnknown", "6.2", why, make) for name, why, make in FORMATS),
]
