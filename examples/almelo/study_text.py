"""The study.toml of the town: who delivers, how their exports are read, and what the study is for."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .layout import LAYOUTS, Layout
from .truth import wijken

PURPOSE = (
    "Vaststellen hoeveel huishoudens in Almelo met meervoudige problemen te maken hebben, in welke wijken, hoe lang, "
    "en wat dat kost, om de ondersteuning van deze gezinnen te verbeteren."
)
LEGAL_BASIS = (
    "Voorbeeld, laat een jurist oordelen: AVG artikel 6 lid 1 onder e en artikel 89; UAVG artikel 24: "
    "wetenschappelijk en statistisch onderzoek in het algemeen belang, met pseudonimisering bij de bron."
)


def render(
    *,
    study_id: str,
    holder_keys: Mapping[str, str],
    linker_key: str,
    root_table: str,
    protocol_digest: str,
    retention_until: str = "2026-12-31",
    wave: int = 1,
) -> str:
    """The text of study.toml. `root_table` is put in as it is: a whole [root] table, or nothing."""
    about = _about(study_id, protocol_digest, retention_until, wave)
    institute = ("[linker]", 'id = "institute"', 'organisation = "Onderzoeksinstituut Twente"')
    linker = [*institute, f"public_key = {_text(linker_key)}"]
    holders = [_holder(layout, holder_keys[layout.holder]) for layout in LAYOUTS]
    parts = ["\n".join(about), "\n".join(linker), root_table.strip(), *("\n".join(lines) for lines in holders)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(value: str) -> str:
    """A TOML string; JSON's escapes are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isascii() and bare.isalnum() else _text(name)


def _about(study_id: str, protocol_digest: str, retention_until: str, wave: int) -> list[str]:
    return [
        "# De synthetische stad: alle personen, adressen en nummers zijn verzonnen.",
        'format = "household-linkage/study/v1"',
        "",
        "[study]",
        f"id = {_text(study_id)}",
        'title = "Multiprobleemgezinnen in Almelo (synthetisch voorbeeld)"',
        'protocol = "nji_2016"',
        f"protocol_digest = {_text(protocol_digest)}",
        'municipality = "Almelo"',
        'municipality_code = "GM0141"',
        "reference_date = 2014-12-31",
        f"wave = {wave}",
        f"purpose = {_text(PURPOSE)}",
        f"legal_basis = {_text(LEGAL_BASIS)}",
        f"retention_until = {retention_until}",
        "areas = [",
        *(f"  {_text(wijk)}," for wijk in wijken()),
        "]",
    ]


def _holder(layout: Layout, public_key: str) -> list[str]:
    lines = [
        "[[holder]]",
        f"id = {_text(layout.holder)}",
        f"organisation = {_text(layout.organisation)}",
        f"delivery = {_text(layout.delivery)}",
        f"public_key = {_text(public_key)}",
    ]
    if layout.not_available:
        lines.append(f"not_available = [{', '.join(map(_text, layout.not_available))}]")
    lines += _format(layout)
    lines += ["", "[holder.columns]", *(f"{c.key} = {_text(c.heading)}" for c in layout.columns if c.key)]
    for column, words in layout.values.items():
        lines += ["", f"[holder.values.{column}]", *(f"{_key(word)} = {_text(name)}" for word, name in words.items())]
    return lines


def _format(layout: Layout) -> list[str]:
    """Only what cannot be found out from the file itself: a byte-order mark tells the encoding."""
    found = {"separator": layout.separator} if layout.kind == "csv" else {}
    if layout.encoding == "cp1252":
        found["encoding"] = layout.encoding
    if layout.sheet:
        found["sheet"] = layout.sheet
    lines = [f"{key} = {_text(value)}" for key, value in found.items()]
    if layout.title_rows:
        lines.append(f"header_row = {len(layout.title_rows) + 1}")
    return ["", "[holder.format]", *lines] if lines else []
