"""A file larger than memory encodes: what the encoder takes does not grow with the export."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from simulator import Cast, bsn

from linkage.keys import save

# Small blocks, row groups and a small budget, so that a small file goes the way of a large one.
CHILD = """
import json, resource, sys
from pathlib import Path
from linkage.holder import body, records, spool
if sys.argv[2] == "small":
    records.BLOCK_BYTES, spool.BUDGET_BYTES, body.ROW_GROUP_ROWS = 256 * 1024, 6 * 1024 * 1024, 8192
from linkage import api
folder = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sealed = api.encode(
    folder / "study.toml", delivery="politie", holder="politie", export=Path(sys.argv[3]), root=folder / "study.root",
    identity=folder / "politie.identity", output=folder / "x.package",
)
print(json.dumps([before / 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sealed.digest]))
"""
ROWS = 20_000


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    cast = Cast(tmp_path_factory.mktemp("memory"))
    save(cast.folder / "study.root", cast.root, None)
    save(cast.folder / "politie.identity", cast.holder_keys["politie"], None)
    return cast


def export(path: Path, times: int) -> Path:
    """Suspects, some by address alone, each as often as asked."""
    rows = [f"{bsn(n) if n % 5 else ''};;7{n % 900 + 100} AB;{n % 300 + 1};1" for n in range(ROWS)]
    with path.open("w", encoding="utf-8") as file:
        file.write("bsn;minor;postcode;house_number;vd1111;" + ";".join(OTHERS) + "\n")
        for _ in range(times):
            file.writelines(f"{row}{';' * len(OTHERS)}\n" for row in rows)
    return path


OTHERS = ["house_letter", "house_addition"]


def peak(cast: Cast, path: Path, kind: str) -> float:
    """MiB that a child process took on top of its imports."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(cast.folder), kind, str(path)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
        env={"POLARS_MAX_THREADS": "2", "PATH": ""},
    )
    before, after, _ = json.loads(done.stdout)
    return float(after - before)


def prepare(cast: Cast) -> None:
    """The police of this test has only some of its columns."""
    text = (cast.folder / "study.toml").read_text(encoding="utf-8")
    start = text.index('id = "politie"')
    end = text.index("[[holder]]", start)
    part = text[start:end]
    lost = [line.split(" = ")[0] for line in part.splitlines() if line.startswith("vd") and "vd1111" not in line]
    kept = "\n".join(line for line in part.splitlines() if line.split(" = ")[0] not in lost)
    kept = kept.replace("[holder.columns]", f"not_available = {json.dumps(lost)}\n[holder.columns]")
    (cast.folder / "study.toml").write_text(text[:start] + kept + "\n" + text[end:], encoding="utf-8")


@pytest.fixture(scope="module")
def prepared(cast: Cast) -> Cast:
    prepare(cast)
    return cast


def test_memory_does_not_grow_with_the_export(prepared: Cast, tmp_path: Path) -> None:
    """Five times the rows, some 50 MB more of them in memory if they were kept there."""
    once, more = (peak(prepared, export(tmp_path / f"{times}.csv", times), "small") for times in (3, 15))
    assert more < once + 20, f"{once:.0f} MiB became {more:.0f} MiB"


@pytest.mark.slow
def test_memory_at_full_size(prepared: Cast, tmp_path: Path) -> None:
    """A file of hundreds of megabytes, with blocks and budget as they are."""
    path = export(tmp_path / "large.csv", 400)
    assert peak(prepared, path, "full") < 700
