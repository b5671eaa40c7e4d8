"""Vectors of package-v1, sections 5 and 6.13: what is inside a package that is whole, signed and sealed."""

from __future__ import annotations

from vectors.packages.case import Case, Make
from vectors.packages.maker import canonical
from vectors.packages.scene import Scene

WRONG = {
    "text-column": "text where an integer was agreed",
    "wider-integer": "INT64 for INT32",
    "narrow-integer": "an integer marked as one of 8 bits",
    "unsigned-integer": "an integer marked as unsigned",
    "float": "a float for an integer",
    "date": "INT32 marked as a date",
    "list": "a list for an integer",
    "nested": "a structure for an integer",
    "integer-for-boolean": "INT32 for BOOLEAN",
    "category-as-text": "the word of a category for its number",
    "pseudonym-as-text": "16 bytes marked as text",
    "short-pseudonym": "pseudonyms of 15 bytes",
    "long-pseudonym": "pseudonyms of 17 bytes",
    "one-long-pseudonym": "one pseudonym of 17 bytes among others of 16",
    "one-empty-pseudonym": "one pseudonym without a byte",
    "above-the-maximum": "one value above its maximum",
    "below-the-minimum": "one value below its minimum",
    "least-integer": "the lowest value of 32 bits",
    "category-unknown": "a category that is not there",
    "extra-column": "a column that was not announced",
    "missing-column": "a column is missing",
    "columns-in-another-order": "columns in another order",
    "name-with-a-space": "a space behind the name of a column",
    "name-look-alike": "a Cyrillic letter in the name of a column",
    "name-twice": "two columns with one name",
    "many-columns": "forty columns more",
    "one-row-fewer": "a row fewer than announced",
    "one-row-more": "a row more than announced",
    "empty": "a body without a byte",
    "magic-alone": "four bytes of Parquet",
    "no-footer": "Parquet's magic at both ends of nothing",
    "footer-longer-than-file": "a footer that says it has 2^31-1 bytes",
    "footer-of-nothing": "a footer that says it has no bytes",
    "footer-counts-fewer": "sixty rows under a footer that counts three, as announced",
    "footer-counts-more": "one row under a footer that counts three, as announced",
    "encrypted-footer": "the magic of an encrypted footer",
    "cut": "Parquet without its last byte",
    "trailing-byte": "a byte behind Parquet's end",
    "page-damaged": "zeros in a page",
    "csv": "no Parquet but CSV",
}


def holding(body: str, **change: object) -> Make:
    """A package with that body."""
    return lambda scene: scene.sealed(canonical(scene.manifest | change), scene.body(body)).encoded()


def _no_rows_said(scene: Scene) -> bytes:
    return scene.sealed(canonical(scene.manifest | {"rows": 0})).encoded()


CASES = [
    Case(
        "body-other-writer",
        "ok",
        "5",
        "another writer: no compression, statistics, no dictionary",
        holding("other-writer"),
        "other-writer",
    ),
    Case(
        "body-byte-array", "ok", "5", "a pseudonym as BYTE_ARRAY, each of 16 bytes", holding("byte-array"), "byte-array"
    ),
    Case("body-all-null", "ok", "5", "null in every place", holding("all-null"), "all-null"),
    Case("body-no-rows", "ok", "5", "no rows, as announced", holding("no-rows", rows=0), "no-rows"),
    Case("body-large", "ok", "4.3", "two chunks", holding("large", rows=1500), "large"),
    Case("body-rows-not-said", "ContentWrong", "6.13", "three rows where none were announced", _no_rows_said, "good"),
    *(Case(f"body-{name}", "ContentWrong", "6.13", why, holding(name), name) for name, why in WRONG.items()),
]
