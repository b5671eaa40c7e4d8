"""Splink on DuckDB: an exact link of two pseudonymised files on the pseudonym of the BSN, and its pairs written.

Run as: python splink_exact.py link FOLDER -
"""

import json
import sys
from pathlib import Path

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def link(folder: Path) -> int:
    """Pairs found."""
    base = duckdb.connect(config={"threads": 1})
    engine = DuckDBAPI(connection=base)
    tables = []
    for name in ("bevolking", "inkomen"):
        file = base.read_parquet(str(folder / f"{name}.parquet")).select("unique_id, bsn")
        tables.append(engine.register(file, dataset_display_name=name))
    settings = SettingsCreator(link_type="link_only", blocking_rules_to_generate_predictions=[block_on("bsn")])
    linked = Linker(tables, settings).inference.deterministic_link()
    target = folder / "out" / "splink.parquet"
    base.sql(f"copy (select * from {linked.physical_name}) to '{target}' (format parquet)")  # noqa: S608
    return base.sql(f"select count(*) from {linked.physical_name}").fetchall()[0][0]  # noqa: S608


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"rows": link(Path(sys.argv[2]))}) + "\n")
