"""What the benchmarks share: CPU time on one core, medians, and the section of RESULTS.md that a benchmark owns."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time

from linkage.files import write_text

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "# Results\n\nCPU time of one core, medians within one run; on a shared machine only the ratios say much.\n"


def rounds(works: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Seconds of CPU for each, the median of so many rounds in which all take their turn."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            started = process_time()
            work()
            spent[name].append(process_time() - started)
    return {name: median(seconds) for name, seconds in spent.items()}


def machine(*packages: str) -> str:
    """Processor, Python and the versions that matter."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="ascii"))
    named = model.group(1) if model else platform.processor()
    return ", ".join([named, f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])


def write_section(title: str, lines: list[str]) -> None:
    """Replace one section of RESULTS.md where it stands, or add it."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else TITLE
    parts, made = re.split(r"(?m)^(?=## )", text), "\n".join([f"## {title}", "", *lines])
    found = [at for at, part in enumerate(parts) if part.startswith(f"## {title}\n")] or [len(parts)]
    parts[found[0] : found[0] + 1] = [made]
    write_text(RESULTS, "\n\n".join(part.strip() for part in parts) + "\n")
