"""Small files that are large inside, or take a reader down: workbooks, Parquet, CSV and TOML."""

from __future__ import annotations

import io
import zipfile
from typing import Any


def member(raw: bytes, name: str) -> bytes:
    """One file of a zip."""
    with zipfile.ZipFile(io.BytesIO(raw)) as found:
        return found.read(name)


def zipped(raw: bytes, change: dict[str, bytes]) -> bytes:
    """The same zip with other content under some names."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, old.read(name)))
    return target.getvalue()


# --- workbooks --------------------------------------------------------------------------------------

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def sheets(good: bytes) -> dict[str, bytes]:
    """Workbooks of a few kB that ask for more memory than there is, by name."""
    sheet, strings = member(good, SHEET), member(good, STRINGS)
    end = b"</sheetData>"
    last = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>' + end
    return {
        "a cell in the last corner": zipped(good, {SHEET: sheet.replace(end, last)}),
        "a row that no sheet has": zipped(good, {SHEET: sheet.replace(b'r="A2"', b'r="A4294967295"')}),
        "a column that no sheet has": zipped(good, {SHEET: sheet.replace(b'r="A2"', b'r="ZZZZZZZ2"')}),
        "strings by their number": zipped(good, {STRINGS: strings.replace(b'Count="', b'Count="99999999999" x="')}),
    }


# --- Parquet ----------------------------------------------------------------------------------------


def parquets(columns: list[str]) -> dict[str, bytes]:
    """Parquet of a few kB with a value, a depth or a number of rows that no export has."""
    import pyarrow as pa

    deep = pa.int32()
    for _ in range(1500):
        deep = pa.struct([("a", deep)])
    text = dict.fromkeys(columns, pa.array(["1", "2", "3"]))
    rows = {name: pa.nulls(10**8, pa.string()) for name in columns}
    return {
        "a value of 10 MB": _parquet(pa.table({name: pa.array(["a" * 10_000_000]) for name in columns})),
        "a depth of 1,500": _parquet(pa.table(text | {"deep": pa.nulls(3, deep)})),
        "a hundred million rows at once": _parquet(pa.table(rows)),
    }


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq

    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd", row_group_size=10**9)
    return target.getvalue()


# --- text -------------------------------------------------------------------------------------------


def texts(header: str) -> dict[str, bytes]:
    """CSV that is one record, all quotes, or far wider than a table; each must be refused."""
    top = header.encode() + b"\n"
    wide = b";".join(b"k%d" % number for number in range(100_000))
    return {
        "a record of 10 MB": top + b"a" * 10**7 + b"\n",
        "quotes and nothing else": top + b'"' * 10**7 + b"\n",
        "a quote that is never closed": top + b'"' + b"a;b\n" * 3 * 10**6,
        "a hundred thousand columns": wide + b";" + top + b";" * 100_000 + b"\n",
        "a wide header above nothing": wide[:70_000] + b";" + top + b"\n" * 10**6,
        "line ends of an old Mac": top.replace(b"\n", b"\r") + b"a;b\r" * 10**5,
    }


def agreements(study: str) -> dict[str, bytes]:
    """TOML that is too deep, too many or too long to be an agreement; each must be refused."""
    wave = "wave = 1\n"
    return {
        "a number of 5,000 digits": study.replace(wave, f"wave = {'1' * 5000}\n").encode(),
        "lists in lists": study.replace(wave, f"wave = {'[' * 300}{']' * 300}\n").encode(),
        "a key of 20,000 parts": f"{study}\n[x]\n{'.'.join('a' * 20_000)} = 1\n".encode(),
        "a quoted key of 40 parts": (study + "\n[x]\n" + ".".join(['"a"'] * 40) + " = 1\n").encode(),
        "a table of 40 parts": f"{study}\n[{'.'.join('a' * 40)}]\n".encode(),
        "200,000 holders": (study + "\n" + "[[holder]]\n" * 200_000).encode(),
        "20,000 unknown words": study.replace(wave, wave + "".join(f"k{n} = 1\n" for n in range(20_000))).encode(),
        "ten million bytes": (study + "#" + "x" * 10**7).encode(),
        "a protocol with a NUL in its name": study.replace('"nji_2016"', '"a\\u0000.toml"').encode(),
        "a protocol in another folder": study.replace('"nji_2016"', '"../a.toml"').encode(),
    }
