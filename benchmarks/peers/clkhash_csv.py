"""clkhash and anonlink: Bloom filters from a CSV with comma's, and the pairs of filters that are equal.

Run as: python clkhash_csv.py encode FOLDER - | files FOLDER ROWS | link FOLDER -
"""

import csv
import json
import sys
from itertools import islice
from pathlib import Path

import anonlink
from clkhash.clk import generate_clk_from_csv
from clkhash.schema import from_json_dict
from clkhash.serialization import deserialize_bitarray, serialize_bitarray

PATTERNS = {
    "a_number": "[1-9][0-9]{9}",
    "bsn": "[0-9]{8,9}",
    "postcode": "[1-9][0-9]{3} ?[A-Z]{2}",
    "house_number": "[0-9]{1,5}.*",
    "house_letter": ".*",
    "house_addition": ".*",
    "household_number": "[0-9A-Za-z]{1,20}",
}


def schema(names: tuple[str, ...]) -> object:
    """A field for each column, compared exactly; only the form of a cell is checked."""
    features = [
        {
            "identifier": name,
            "format": {"type": "string", "encoding": "utf-8", "pattern": PATTERNS[name]},
            "hashing": {"comparison": {"type": "exact"}, "strategy": {"bitsPerFeature": 100}},
        }
        for name in names
    ]
    config = {"l": 1024, "kdf": {"type": "HKDF", "hash": "SHA256", "info": "", "salt": "", "keySize": 64}}
    return from_json_dict({"version": 3, "clkConfig": config, "features": features})


def filters(path: Path, target: Path, names: tuple[str, ...]) -> int:
    """A filter for each row, written as a line of base64."""
    with path.open(encoding="utf-8", newline="") as cells:
        made = generate_clk_from_csv(cells, "secret", schema(names), progress_bar=False, max_workers=1)
    target.write_text("\n".join(map(serialize_bitarray, made)), encoding="ascii")
    return len(made)


def encode(folder: Path, _given: str) -> int:
    """The register, all its identifiers in one filter a row."""
    return filters(folder / "comma.csv", folder / "out" / "clks.txt", tuple(PATTERNS))


def files(folder: Path, rows: str) -> int:
    """So many rows of the register, and of these four in five again in another order: filters of the BSN alone."""
    with (folder / "comma.csv").open(encoding="utf-8", newline="") as cells:
        bsns = [row["bsn"] for row in islice(csv.DictReader(cells), int(rows))]
    for name, kept in (("register", bsns), ("other", sorted(bsns, reverse=True)[: len(bsns) * 4 // 5])):
        path = folder / "out" / f"{name}.csv"
        path.write_text("\n".join(["bsn", *kept]) + "\n", encoding="ascii")
        filters(path, folder / "out" / f"{name}.clks", ("bsn",))
    return len(bsns)


def link(folder: Path, _given: str) -> int:
    """Pairs of filters that are equal, one to one."""
    texts = [(folder / "out" / f"{name}.clks").read_text(encoding="ascii") for name in ("register", "other")]
    sets = [[deserialize_bitarray(line) for line in text.splitlines()] for text in texts]
    similar = anonlink.similarities.dice_coefficient
    pairs = anonlink.solving.greedy_solve(anonlink.candidate_generation.find_candidate_pairs(sets, similar, 1.0))
    (folder / "out" / "anonlink.json").write_text(json.dumps([list(pair) for pair in pairs]), encoding="ascii")
    return len(pairs)


if __name__ == "__main__":
    work = {"encode": encode, "files": files, "link": link}[sys.argv[1]]
    sys.stdout.write(json.dumps({"rows": work(Path(sys.argv[2]), sys.argv[3])}) + "\n")
