"""Our side of `benchmarks/peers.py`, a step to a process: make the files, encode, open for the peers, link, compare.

A folder holds all of one size: `exports/` (Dutch CSV), `inbox/` (sealed packages), what the peers read, and `out/`.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from linkage.limits import for_large_files, loading

for_large_files()  # as the commands do, before Polars is loaded; and no step loads what it does not need
with loading():
    from national import HOLDERS, LINKER, ROOT, TODAY, write_study

    from linkage.study import load_study, pseudonym_fields

HERE = Path(__file__).parent
REGISTER, OTHER = "bevolking", "inkomen"
PLAIN = ("a_number", "bsn", "postcode", "house_number", "house_letter", "house_addition", "household_number")


def make(folder: Path, persons: str) -> int:
    """The study, both exports, and what a peer needs to begin: keys, and the same rows as its reader wants them."""
    import polars as pl
    from country import country, write_exports
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    for part in ("exports", "inbox", "bodies", "out"):
        (folder / part).mkdir(parents=True)
    write_study(folder, HERE / "peers.toml", "Twee bestanden", (REGISTER, OTHER))
    rows = write_exports(country(int(persons)), folder / "exports")
    study = load_study(folder / "study.toml")
    versions = study.protocol.normalisation
    fields = pseudonym_fields(study.protocol.delivery(REGISTER))
    keys = {name: ROOT.field_key(study.protocol.scheme, name, versions.version(name)) for name in fields}
    keys["areas"] = "|".join(study.study.areas)
    (folder / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "rsa.pem").write_bytes(pem)
    cells = pl.read_csv(folder / "exports" / f"{REGISTER}.csv", separator=";", infer_schema=False)
    cells.select(PLAIN).write_csv(folder / "comma.csv")
    return rows[REGISTER]


def encode(folder: Path, route: str, name: str = REGISTER) -> int:
    """An export to its sealed package; how many rows."""
    with loading():
        from linkage.holder import encode as holder_room
    study = load_study(folder / "study.toml")
    request = holder_room.Request(
        job=holder_room.job_of(study, name, name),
        root=ROOT,
        identity=HOLDERS[name],
        export=folder / "exports" / f"{name}.csv",
        today=TODAY,
        implementation=route,
    )
    counted: list[int] = []
    target = folder / "inbox" / f"{name}.package"
    holder_room.encode(request, target, lambda *_: None, lambda summary: counted.append(summary.tally.rows))
    return counted[0]


def plain(folder: Path, _argument: str) -> int:
    """Both packages opened, and two files for the peers that link: pseudonyms as text, and a number for each row."""
    import polars as pl

    from linkage.transfer.package import open_body, read_header

    encode(folder, "polars-hash", OTHER)
    for name in (REGISTER, OTHER):
        with (folder / "inbox" / f"{name}.package").open("rb") as file, _body(folder, name).open("wb") as whole:
            for chunk in open_body(file, read_header(file), LINKER.private_key()):
                whole.write(chunk)
        body = pl.read_parquet(_body(folder, name)).with_columns(pl.col(pl.Binary).bin.encode("hex"))
        kept = [column for column in ("bsn", "household-number", "minor", "moves", "low_income") if column in body]
        body.select(kept).with_row_index("unique_id").write_parquet(folder / f"{name}.parquet", statistics=False)
    return body.height


def link(folder: Path, _argument: str) -> int:
    """The inbox to the household file; how many rows of the second file were found in the register."""
    with loading():
        from linkage.linker import run as linker_room
    shutil.rmtree(folder / "research", ignore_errors=True)
    request = linker_room.Request(
        load_study(folder / "study.toml"), LINKER, folder / "inbox", folder / "research", TODAY
    )
    deliveries = linker_room.run(request).numbers["deliveries"]
    return sum(one["linked"]["person"] for one in deliveries if one["delivery"] == OTHER)


def same(folder: Path, other: str) -> int:
    """How many rows of the register another program pseudonymised exactly as the package has them, column by column."""
    import polars as pl

    ours, theirs = pl.read_parquet(_body(folder, REGISTER)), pl.read_parquet(folder / "out" / other)
    return ours.join(theirs.cast(ours.schema), on=ours.columns, nulls_equal=True).height


def blank(folder: Path, column: str) -> int:
    """How many rows of the register have no token in that column of spindle-token's file."""
    import polars as pl

    return int(pl.read_parquet(folder / "out" / "spindle.parquet" / "*.parquet")[column].null_count())


def _body(folder: Path, name: str) -> Path:
    return folder / "bodies" / f"{name}.parquet"


STEPS: dict[str, Callable[[Path, str], int]] = {
    "make": make,
    "encode": encode,
    "plain": plain,
    "link": link,
    "same": same,
    "blank": blank,
}

if __name__ == "__main__":
    step, where, given = sys.argv[1:4]
    sys.stdout.write(json.dumps({"rows": STEPS[step](Path(where), given)}) + "\n")
