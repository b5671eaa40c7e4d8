"""Write the vectors: `python -m vectors.packages.generate` in `tests/`. The same bytes come out each time."""

from __future__ import annotations

import json
from pathlib import Path

from vectors.packages import cases_body, cases_crypto, cases_fields, cases_form
from vectors.packages.case import Case
from vectors.packages.maker import KEYS, SEALED, SIGNATURE
from vectors.packages.scene import Scene, facts

HERE = Path(__file__).parent
CASES: tuple[Case, ...] = (*cases_fields.CASES, *cases_form.CASES, *cases_crypto.CASES, *cases_body.CASES)


def path_of(case: Case) -> Path:
    """Where the vector stands."""
    return HERE / f"{case.name}.package"


def kept(names: tuple[str, ...]) -> tuple[bytes, ...]:
    """The signatures by ML-DSA in the committed vectors of these names, wherever they may still hold."""
    found = []
    for name in names:
        path = HERE / f"{name}.package"
        package = path.read_bytes().partition(b"\n\n")[2] if path.exists() else b""
        start = 30 + int.from_bytes(package[26:30], "big") + SEALED
        found.append(package[start + KEYS + 64 : start + SIGNATURE])
    return tuple(signature for signature in found if len(signature) == 3309)


def made(case: Case) -> bytes:
    """Header and package; the signatures that are kept are those of the vector itself and of the good package."""
    scene = Scene(kept((case.name, "good")))
    return case.header(scene).encode("ascii") + case.make(scene)


def study_text() -> str:
    """`study.json`."""
    return json.dumps(facts(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all, the good package first, since others keep its signature; remove what is no vector any more."""
    assert len({case.name for case in CASES}) == len(CASES)
    for path in HERE.glob("*.package"):
        if path.stem not in {case.name for case in CASES}:
            path.unlink()
    (HERE / "study.json").write_text(study_text(), encoding="utf-8")
    for case in CASES:
        path_of(case).write_bytes(made(case))


if __name__ == "__main__":
    main()
