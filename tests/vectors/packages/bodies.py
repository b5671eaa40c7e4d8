"""The bodies of the vectors, made once with pyarrow: `python -m vectors.packages.bodies` in `tests/`.

They are committed, since another version of pyarrow writes other bytes.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from vectors.packages.maker import seed
from vectors.packages.scene import pseudonym

FOLDER = Path(__file__).parent / "bodies"
UUID = pa.binary(16)
TYPES = {
    "bsn": UUID,
    "address": UUID,
    "address-number": UUID,
    "address_suffix": pa.bool_(),
    "hulp": pa.bool_(),
    "maanden": pa.int32(),
    "wijk": pa.int32(),
}
ROWS: dict[str, list[Any]] = {
    "bsn": [None, pseudonym("bsn", "100000009"), pseudonym("bsn", "100000010")],
    "address": [pseudonym("address", "7607AB|1|"), None, pseudonym("address", "7607AB|2|")],
    "address-number": [pseudonym("address-number", "7607AB|1|"), None, pseudonym("address-number", "7607AB|2|")],
    "address_suffix": [False, None, False],
    "hulp": [True, False, None],
    "maanden": [12, 0, None],
    "wijk": [0, 1, None],
}
Table = dict[str, tuple[pa.DataType, list[Any]]]


def good() -> Table:
    """What is accepted: every type, every end of a range, and null in every column."""
    return {name: (kind, ROWS[name]) for name, kind in TYPES.items()}


def other(name: str, kind: pa.DataType, values: list[Any]) -> Table:
    """One column otherwise."""
    return {**good(), name: (kind, values)}


def repeated(rows: list[int]) -> Table:
    """Some of the rows, once or more."""
    return {name: (kind, [ROWS[name][row] for row in rows]) for name, kind in TYPES.items()}


def large() -> Table:
    """More than one chunk: 1,500 rows with pseudonyms of their own."""
    fresh = [seed(f"row {n}", 16) for n in range(1500)]
    table = repeated([n % 3 for n in range(1500)])
    return {**table, **dict.fromkeys(("bsn", "address"), (UUID, fresh))}


def written(table: Table, **options: Any) -> bytes:
    """The table as Parquet."""
    arrays = [pa.array(values, kind) for kind, values in table.values()]
    target = io.BytesIO()
    settings = {"compression": "zstd", "write_statistics": False, "store_schema": False} | options
    pq.write_table(pa.table(arrays, names=list(table)), target, **settings)
    return target.getvalue()


def _kinds() -> dict[str, Table]:
    text, ids = ["a", "b", "c"], [b"1" * 16, b"2" * 16, b"3" * 16]
    nested = pa.struct([("a", pa.int32())])
    return {
        "text-column": other("maanden", pa.string(), text),
        "wider-integer": other("maanden", pa.int64(), [1, 2, 3]),
        "narrow-integer": other("maanden", pa.int8(), [1, 2, 3]),
        "unsigned-integer": other("maanden", pa.uint32(), [1, 2, 3]),
        "float": other("maanden", pa.float32(), [1.0, 2.0, 3.0]),
        "date": other("maanden", pa.date32(), [1, 2, 3]),
        "list": other("maanden", pa.list_(pa.int32()), [[1], [2], [3]]),
        "nested": other("maanden", nested, [{"a": 1}, {"a": 2}, {"a": 3}]),
        "integer-for-boolean": other("hulp", pa.int32(), [0, 1, 0]),
        "category-as-text": other("wijk", pa.string(), ["Noord", "Zuid", "Noord"]),
        "pseudonym-as-text": other("bsn", pa.string(), ["1" * 16, "2" * 16, "3" * 16]),
        "short-pseudonym": other("bsn", pa.binary(15), [b"1" * 15, b"2" * 15, b"3" * 15]),
        "long-pseudonym": other("bsn", pa.binary(17), [b"1" * 17, b"2" * 17, b"3" * 17]),
        "one-long-pseudonym": other("bsn", pa.binary(), [*ids[:2], b"3" * 17]),
        "one-empty-pseudonym": other("bsn", pa.binary(), [b"", *ids[1:]]),
        "above-the-maximum": other("maanden", pa.int32(), [0, 1, 13]),
        "below-the-minimum": other("maanden", pa.int32(), [-1, 1, 2]),
        "least-integer": other("maanden", pa.int32(), [-(2**31), 1, 2]),
        "category-unknown": other("wijk", pa.int32(), [0, 1, 2]),
    }


def _forms() -> dict[str, Table]:
    table = good()
    names = list(table)
    swapped = {name: table[name] for name in [names[1], names[0], *names[2:]]}
    renamed = {("maanden " if name == "maanden" else name): column for name, column in table.items()}
    cyrillic = {("hul\u0440" if name == "hulp" else name): column for name, column in table.items()}
    return {
        "extra-column": {**table, "naam": (pa.int32(), [1, 2, 3])},
        "missing-column": {name: column for name, column in table.items() if name != "wijk"},
        "columns-in-another-order": swapped,
        "name-with-a-space": renamed,
        "name-look-alike": cyrillic,
        "no-rows": repeated([]),
        "one-row-fewer": repeated([0, 1]),
        "one-row-more": repeated([0, 1, 2, 2]),
        "many-columns": {**table, **{f"x{n}": (pa.int32(), [1, 2, 3]) for n in range(40)}},
    }


def miscounted(rows: list[int], said: int) -> bytes:
    """Rows whose footer says another number: the first I64 of the footer is that of all rows."""
    body = written(repeated(rows))
    start = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    place = body.index(bytes([0x16, 2 * len(rows)]), start)  # a field of I64, and the number in zigzag
    return body[: place + 1] + bytes([2 * said]) + body[place + 2 :]


def made() -> dict[str, bytes]:
    """Every body by its name."""
    whole = written(good())
    found = {name: written(table) for name, table in (_kinds() | _forms()).items()}
    doubled = pa.Table.from_arrays([pa.array(ROWS["wijk"], pa.int32())] * 2, names=["wijk", "wijk"])
    target = io.BytesIO()
    pq.write_table(doubled, target)
    return found | {
        "good": whole,
        "other-writer": written(good(), compression="none", write_statistics=True, version="1.0", use_dictionary=False),
        "all-null": written({name: (kind, [None] * 3) for name, kind in TYPES.items()}),
        "large": written(large(), compression="none", use_dictionary=False),
        "name-twice": target.getvalue(),
        "empty": b"",
        "magic-alone": b"PAR1",
        "no-footer": b"PAR1" + bytes(100) + b"PAR1",
        "footer-longer-than-file": whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        "footer-of-nothing": whole[:-8] + b"\x00\x00\x00\x00PAR1",
        "encrypted-footer": whole[:-4] + b"PARE",
        "footer-counts-fewer": miscounted([0, 1, 2] * 20, 3),
        "footer-counts-more": miscounted([0], 3),
        "byte-array": written(other("bsn", pa.binary(), [b"1" * 16, b"2" * 16, b"3" * 16])),
        "cut": whole[:-1],
        "trailing-byte": whole + b"\x00",
        "page-damaged": whole[:60] + bytes(len(whole[60:100])) + whole[100:],
        "csv": b"bsn;hulp\r\n100000009;ja\r\n",
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, body in made().items():
        (FOLDER / f"{name}.parquet").write_bytes(body)
