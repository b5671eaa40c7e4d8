"""Pages from templates: the texts in the clerk's language, and nothing that is not escaped."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import jinja2

from linkage.words import number

Language = Literal["nl", "en"]
LANGUAGES: tuple[Language, ...] = ("nl", "en")
STATIC = {
    "htmx.min.js": "text/javascript; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "desk.css": "text/css; charset=utf-8",
}


@cache
def texts() -> dict[str, list[str]]:
    """Every text of the pages: Dutch, English."""
    return tomllib.loads(files("linkage.desk").joinpath("texts.toml").read_text(encoding="utf-8"))


def text(key: str, language: Language) -> str:
    """A text of the pages; an unknown key raises KeyError."""
    return texts()[key][LANGUAGES.index(language)]


def static(name: str) -> bytes:
    """A file that the pages use; only those of `STATIC` are ever asked for."""
    return files("linkage.desk").joinpath("static", name).read_bytes()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("linkage.desk"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment


def render(template: str, language: Language, **values: Any) -> str:
    """A page or a part of one."""
    return _environment().get_template(template).render(t=lambda key: text(key, language), language=language, **values)
