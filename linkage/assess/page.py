"""The page `dpia-zelftoets.html` and `assess.json`: parts of text, figures and tables, and nothing of a cell."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

from markupsafe import Markup

from linkage.assess.drawing import CHANCE, WIDTH, Bar, bars
from linkage.assess.result import Attack, Known
from linkage.files import make_folder, write_text
from linkage.study import Study

FORMAT = "household-linkage/assess/v1"
PAGE, NUMBERS = "dpia-zelftoets.html", "assess.json"


@dataclass(frozen=True)
class Table:
    """Headings, and rows of which the first cell names the row; `words` where the cells are words, no numbers."""

    id: str
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: bool = False


@dataclass(frozen=True)
class Figure:
    """A drawing, what it says in words, and the table that has its numbers."""

    id: str
    title: str
    alt: str
    bars: tuple[Bar, ...]
    table: str
    axis: str = CHANCE


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    id: str
    title: str
    text: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Page:
    """All that the page says; `numbers` is what a machine reads of it."""

    study: Study
    role: str
    tested: tuple[tuple[str, str], ...]
    verdict: str
    good: bool
    reasons: tuple[str, ...]
    sections: tuple[Section, ...]
    not_shown: tuple[str, ...]
    numbers: dict[str, Any] = field(default_factory=dict)


def write(page: Page, folder: Path, today: dt.date) -> tuple[Path, Path]:
    """Write both files, each whole or not at all. Raises OutputError."""
    numbers, text = machine(page, today), render(page, today)
    make_folder(folder)
    write_text(folder / NUMBERS, numbers)
    write_text(folder / PAGE, text)
    return folder / PAGE, folder / NUMBERS


def machine(page: Page, today: dt.date) -> str:
    """`assess.json` (assess-v1, section 8)."""
    about = page.study.study
    content = {
        "format": FORMAT,
        "study": str(about.id),
        "wave": about.wave,
        "protocol_digest": about.protocol_digest,
        "agreement": page.study.agreement,
        "made": today.isoformat(),
        "code": f"household-linkage {version('household-linkage')}",
        "role": page.role,
        "passed": page.good,
        **page.numbers,
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def render(page: Page, today: dt.date) -> str:
    """The page as text; the same findings give the same text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    style = (resources.files("linkage.assess") / "style.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("linkage.assess", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html.j2").render(
        page=page,
        about=page.study.study,
        today=today,
        width=WIDTH,
        draw=bars,
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
        version=version("household-linkage"),
    )


def known_numbers(known: Sequence[Known]) -> list[dict[str, Any]]:
    """Combinations of facts for the machine."""
    return [dataclasses.asdict(one) for one in known]


def attack_numbers(attacks: Sequence[Attack]) -> list[dict[str, Any]]:
    """Attacks for the machine."""
    keys = ("name", "targets", "recovered", "claim", "share", "as_claimed")
    return [{key: getattr(one, key) for key in keys} | ({"tries": one.tries} if one.tries else {}) for one in attacks]
