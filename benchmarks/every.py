"""Every benchmark of RESULTS.md, one after another, each in a process of its own.

Run it with: python benchmarks/every.py [--without national,spark,peers]. The whole country takes an hour and 20 GB, the
others some 35 minutes on two quiet cores. A benchmark that fails is named at the end; the others are still run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ONE_CORE = {"POLARS_MAX_THREADS": "1"}
ORDER: dict[str, tuple[dict[str, str], tuple[tuple[str, ...], ...]]] = {
    "hashing": (ONE_CORE, (("hashing.py",),)),
    "limits": (ONE_CORE, (("limits.py",),)),
    "encode": (ONE_CORE, (("encode.py",),)),
    "peers": ({}, (("peers.py",),)),
    "spark": ({}, (("spark.py",),)),
    "national": (
        {},
        (
            *(("national.py", "--persons", persons, "--rounds", "5") for persons in ("100000", "1000000")),
            ("national.py", "--persons", "17000000", "--rounds", "1"),
            ("national.py", "--report"),
        ),
    ),
}


def run(name: str) -> bool:
    """Whether all commands of a benchmark ended well."""
    variables, commands = ORDER[name]
    return all(
        subprocess.run([sys.executable, HERE / script, *more], env={**os.environ, **variables}, check=False).returncode
        == 0
        for script, *more in commands
    )


def main() -> None:
    """Run what was not left out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", default="", help=f"of: {', '.join(ORDER)}")
    left = parser.parse_args().without.split(",")
    failed = [name for name in ORDER if name not in left and not run(name)]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
