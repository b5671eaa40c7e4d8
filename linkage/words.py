"""What a person reads on the screen, in Dutch: a study explained, a summary before anything leaves, a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from linkage.holder.hash_route import IN_WORDS as ROUTES
from linkage.holder.reasons import KINDS, in_words
from linkage.keys import fingerprint
from linkage.study import IDENTIFIER_COLUMNS, Study, WireColumn, pseudonym_fields
from protocols.load import BUILT_IN
from protocols.model import (
    PART_COLUMNS,
    AgeBand,
    AmountBand,
    AmountRounded,
    Below,
    CategoryColumn,
    Column,
    Count,
    Delivery,
    Minor,
    StudyProtocol,
)

if TYPE_CHECKING:
    # Not at run time: the linker reads manifests and results here, and has no use for the holder's room.
    from linkage.holder.tally import Summary
    from linkage.transfer.manifest import Manifest

WIDTH = 100
FLAGS = {"institution": "instelling", "too-many-persons": "meer personen dan het protocol toelaat"}
INDENT = 26
MOST_ALIKE = 3
MOST_NAMES = 30
MOST_CHARACTERS = 40
PSEUDONYM = "alleen als pseudoniem"


def number(value: int) -> str:
    """A number in Dutch notation."""
    return f"{value:,}".replace(",", ".")


def form(column: Column, protocol: StudyProtocol) -> str:
    """In which form a column leaves the house."""
    match column:
        case Minor():
            return "alleen minderjarig ja/nee (de geboortedatum blijft)"
        case AgeBand():
            return f"alleen een leeftijdsklasse ({', '.join(column.categories)})"
        case Below():
            return f"alleen onder {protocol.parameters.income_limit} euro ja/nee (het bedrag blijft)"
        case AmountBand():
            return f"alleen een klasse ({', '.join(column.categories)})"
        case AmountRounded():
            return f"afgerond op {column.step} euro, hoogstens {number(column.at_most)}"
        case Count():
            return f"aantal, hoogstens {column.at_most}"
        case CategoryColumn():
            return (
                f"een van {len(column.categories)} vaste waarden"
                if column.categories
                else "de wijk, uit de lijst van de studie"
            )
        case _:
            return "ja/nee"


# --- linkage check ------------------------------------------------------------------------------


def explain(study: Study) -> Iterator[str]:
    """A study in words: for a privacy officer."""
    about, protocol = study.study, study.protocol
    yield f"{about.title} ({about.municipality})"
    yield f"  doel              {about.purpose}"
    yield f"  grondslag         {about.legal_basis}"
    yield f"  peildatum         {about.reference_date:%d-%m-%Y}, meting {about.wave}"
    yield f"  bewaren tot       {about.retention_until:%d-%m-%Y}"
    yield f"  protocol          {protocol.title} ({_which(study)})"
    yield f"  digest ervan      {about.protocol_digest}"
    yield f"  koppelaar         {study.linker.organisation}: ziet pseudoniemen, nooit een nummer of adres"
    yield f"  zijn vingerafdruk {fingerprint(study.linker.public_key)[:16]} (vergelijk die aan de telefoon)"
    yield f"  waar het staat    {', '.join(study.linker.secured_folders) or 'in de map van het onderzoeksbestand'}"
    yield f"  hoofdsleutel      {_root(study)}"
    yield f"  publicatie        afgesproken: 1 tot en met {protocol.release.threshold - 1} wordt niet getoond"
    if protocol.follow is not None:
        yield f"  volgen            een gezin houdt over metingen zijn nummer ({protocol.follow.same_when});"
        yield "                    de koppelaar bewaart daarvoor, onder een eigen sleutel, wie bij wie woonde"
    if study.study.without:
        yield f"  zonder            {', '.join(study.study.without)}: wat daaruit zou blijken, is onbekend"
    for delivery in protocol.deliveries:
        yield from _explain_delivery(study, delivery)


def _which(study: Study) -> str:
    name = study.study.protocol
    return f"{name}, ingebouwd" if name in BUILT_IN else f"eigen bestand {name}; lees het na"


def _root(study: Study) -> str:
    if study.root is None:
        return "nog niet in de studie (linkage keys charter)"
    return f"{study.root.key_id}; alleen de houders hebben hem"


def _explain_delivery(study: Study, delivery: Delivery) -> Iterator[str]:
    holders = [holder for holder in study.holder if holder.delivery == delivery.name]
    yield ""
    yield f"{delivery.title} ({delivery.name})"
    if not holders:
        yield "  levert            niemand in deze studie: wat hieruit zou blijken, is onbekend"
        return
    yield f"  levert            {', '.join(holder.organisation for holder in holders)}"
    yield f"  waarvoor          {delivery.purpose}"
    unit = "persoon" if delivery.unit == "person" else "adres"
    mapped = {key for holder in holders for key in holder.columns}
    kinds = ", ".join(KINDS[kind] for kind in delivery.kinds if IDENTIFIER_COLUMNS[kind][0] in mapped)
    yield f"  per               {unit}; herkend aan {kinds}, die alleen als pseudoniem het huis verlaten"
    for field in study.protocol.derived(delivery):
        yield f"  zonder nummer     {field.name}: {PSEUDONYM}, van {', '.join(field.of)}"
    yield f"  wie ontbreekt     {_absent(delivery)}"
    if delivery.years:
        yield f"  jaren             {', '.join(str(year) for year in delivery.years)}"
    for column in delivery.columns:
        lacking = [holder.organisation for holder in holders if column.name in holder.not_available]
        if len(lacking) < len(holders):
            but = f" (niet van {', '.join(lacking)})" if lacking else ""
            yield f"  {column.name:<17} {column.title}: {form(column, study.protocol)}{but}"


def _absent(delivery: Delivery) -> str:
    if delivery.spine:
        return "woont niet in de gemeente en doet niet mee"
    return "telt als nee" if delivery.completeness == "complete" else "is onbekend"


# --- linkage encode -----------------------------------------------------------------------------


def summarise(summary: Summary) -> Iterator[str]:
    """What leaves and what stays, before it leaves."""
    job = summary.job
    yield f"Levering {job.delivery.name} van {job.holder.organisation}: {job.delivery.title}"
    yield f"Export {shown(summary.file)}, gelezen als {summary.kind}; rekenwijze: {ROUTES[summary.route]}"
    yield ""
    yield from _counts(summary)
    yield ""
    yield "Dit gaat mee, per rij:"
    yield from _what_leaves(summary)
    yield ""
    yield "Dit blijft bij u:"
    yield from _what_stays(summary)
    yield ""
    yield from _examples(summary)


def _counts(summary: Summary) -> Iterator[str]:
    tally, rejected = summary.tally, sum(summary.rejected.values())
    yield f"  rijen in de export  {number(tally.rows):>12}"
    yield f"  gaan mee            {number(tally.kept):>12}" + ("" if tally.kept else "  (zo komt er geen pakket)")
    if summary.job.delivery.select:
        yield f"  niet gevraagd       {number(summary.not_selected):>12}  (hoort niet bij de peildatum)"
    yield f"  afgewezen           {number(rejected):>12}{_share(summary) if rejected else ''}"
    for code, count in summary.rejected.items():
        rows = summary.rows_of(code)
        more = ", …" if count > len(rows) else ""
        yield f"    {number(count)} x {in_words(code)}"
        yield f"        rij {', '.join(str(row) for row in rows)}{more}"


def _share(summary: Summary) -> str:
    found = f"{100 * float(summary.rejected_share):.1f}%".replace(".", ",")
    allowed = f"{100 * summary.job.delivery.max_rejected_share:.0f}%"
    verdict = f"te veel: hoogstens {allowed} mag" if summary.too_many_rejected else f"hoogstens {allowed} mag"
    return f"  ({found}; {verdict})"


def _what_leaves(summary: Summary) -> Iterator[str]:
    """Per column of the holder: in which form it leaves. Columns that leave alike stand together."""
    job = summary.job
    for kind in job.delivery.kinds:
        own = [shown(job.holder.columns[part]) for part in IDENTIFIER_COLUMNS[kind] if part in job.holder.columns]
        if own:
            more = "; en of het een toevoeging heeft: ja/nee" if kind == "address" else ""
            yield from _entry(", ".join(own), f"{KINDS[kind]}: {PSEUDONYM}{more}")
    for source, fields in person_fields(job.study.protocol, job.delivery).items():
        if source in job.holder.columns:
            yield from _entry(shown(job.holder.columns[source]), f"{PSEUDONYM} (velden: {', '.join(fields)})")
    if job.delivery.years:
        yield from _entry(shown(job.holder.columns.get("year", "-")), "year: het jaar")
    for text, columns in groupby(job.delivery.columns, lambda column: _form_here(column, summary)):
        alike = list(columns)
        if len(alike) > MOST_ALIKE:
            yield from _entry(f"{len(alike)} kolommen", f"{text}: {' '.join(column.name for column in alike)}")
            continue
        for column in alike:
            yield from _entry(shown(job.holder.columns.get(column.name, "-")), f"{column.name}: {text}")


def person_fields(protocol: StudyProtocol, delivery: Delivery) -> dict[str, list[str]]:
    """By column of persons: the derived fields that are made of it (names-v1)."""
    found: dict[str, list[str]] = {}
    for field in protocol.derived(delivery):
        for column in dict.fromkeys(column for part in field.of for column in PART_COLUMNS[part]):
            found.setdefault(column, []).append(field.name)
    return found


def _form_here(column: Column, summary: Summary) -> str:
    if column.name not in summary.job.holder.columns:
        return "onbekend, want u hebt deze kolom niet"
    unknown = summary.tally.unknown[column.name]
    rows = "1 rij" if unknown == 1 else f"{number(unknown)} rijen"
    return form(column, summary.job.study.protocol) + (f"; bij {rows} onbekend" if unknown else "")


def _entry(name: str, text: str) -> Iterator[str]:
    """A name in the left column and a text, wrapped, in the right one."""
    lines = wrap(text, WIDTH - INDENT, break_on_hyphens=False)
    if len(name) > INDENT - 4:
        yield from _wrapped(name, 2)
        name = ""
    yield f"  {name:<{INDENT - 2}}{lines[0]}"
    for line in lines[1:]:
        yield " " * INDENT + line


def _wrapped(text: str, indent: int) -> Iterator[str]:
    for line in wrap(text, WIDTH - indent, break_on_hyphens=False):
        yield " " * indent + line


def _what_stays(summary: Summary) -> Iterator[str]:
    yield "  alle nummers, namen, adressen, datums en bedragen zelf, en de volgorde van de rijen"
    yield "  de lijst van afgewezen rijen: alleen rijnummers en redenen"
    names = [shown(name) or "(zonder naam)" for name in summary.stays]
    if names:
        told = names[:MOST_NAMES] + (["…"] if len(names) > MOST_NAMES else [])
        what = (
            "1 kolom die niet wordt gevraagd" if len(names) == 1 else f"{len(names)} kolommen die niet worden gevraagd"
        )
        yield from _wrapped(f"{what}: {', '.join(told)}", 2)


def shown(name: str) -> str:
    """A name from a file, fit for a terminal: on one line, without control characters, not too long."""
    line = "".join(character if character.isprintable() else " " for character in name)
    line = " ".join(line.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"


def _examples(summary: Summary) -> Iterator[str]:
    """A row as it leaves: pseudonyms abbreviated; what is nul, nee or unknown is left out, since most cells are."""
    if summary.tally.examples is None:
        return
    fields = pseudonym_fields(summary.job.delivery)
    yield f"{summary.tally.examples.height} rijen zoals ze meegaan (wat nul, nee of onbekend is, staat er niet bij):"
    for row in summary.tally.examples.iter_rows(named=True):
        told = [f"{name} {row[name].hex()[:6]}…" for name in fields if row[name] is not None]
        told += [_cell(wire, row[wire.name]) for wire in summary.job.wire if _worth_showing(wire, row[wire.name])]
        first, *rest = wrap(" | ".join(told), WIDTH - 4, break_on_hyphens=False)
        yield f"  - {first}"
        for line in rest:
            yield f"    {line}"


def _worth_showing(wire: WireColumn, value: bool | int | None) -> bool:
    """A category also where it is the first of its list, whose position is 0."""
    return value is not None if wire.type == "category" else bool(value)


def _cell(wire: WireColumn, value: bool | int) -> str:
    if wire.type == "boolean":
        return f"{wire.name} ja"
    return f"{wire.name} {wire.categories[value] if wire.categories else value}"


# --- linkage inspect ----------------------------------------------------------------------------


def inspect(manifest: Manifest) -> Iterator[str]:
    """A manifest in words. Nothing of it was verified: anyone can write one."""
    yield "Niet geverifieerd: dit is wat het pakket van zichzelf zegt."
    yield f"  levering       {manifest.delivery} van {manifest.holder}"
    yield f"  meting         {manifest.wave}, levering nummer {manifest.sequence}"
    yield f"  studie         {manifest.study}, peildatum {manifest.reference_date}"
    yield f"  protocol       {manifest.protocol_digest}"
    yield f"  gemaakt        {manifest.created}, geldig tot en met {manifest.expires}, met {manifest.encoder}"
    yield f"  rijen          {number(manifest.rows)} (export {number(manifest.source.rows)})"
    for code, count in manifest.source.rejected.items():
        yield f"    afgewezen    {number(count)}: {in_words(code)}"
    yield f"  pseudoniemen   {', '.join(manifest.pseudonyms)} ({manifest.scheme})"
    yield f"  hoofdsleutel   {manifest.root_key_id}"
    yield f"  voor koppelaar {manifest.linker}"
    for column in manifest.columns:
        kind = ", ".join(column.categories) if column.categories else f"{column.minimum} t/m {column.maximum}"
        yield f"  {column.name:<14} {column.type}" + ("" if column.type == "boolean" else f" ({kind})")


def linked(numbers: dict[str, object]) -> Iterator[str]:
    """The outcome of a linking."""
    yield f"  personen                {number(int(str(numbers['persons']))):>10}"
    yield f"  huishoudens             {number(int(str(numbers['households']))):>10}"
    yield f"  waarvan gezinnen        {number(int(str(numbers['families']))):>10}"
    true, flagged = numbers["true"], numbers["flagged"]
    assert isinstance(true, dict)
    assert isinstance(flagged, dict)
    unknown = numbers["unknown"]
    assert isinstance(unknown, dict)
    for name, count in true.items():
        more = f"  (onbekend: {number(unknown[name])})" if unknown[name] else ""
        yield f"  {name:<26} {number(count):>7}{more}"
    for name, count in flagged.items():
        yield f"  buiten de tabellen         {number(count):>7} ({FLAGS[name]})"
    yield from _followed(numbers.get("follow"))
    missing = numbers["not_received"]
    assert isinstance(missing, list)
    for line in missing:
        yield f"  niet ontvangen: {line}; wat daaruit zou blijken, is onbekend"


FOLLOWED = {
    "earlier": {
        "whole": "gaan heel verder",
        "split": "gaan verder, een deel woont elders",
        "dissolved": "houden op, de leden wonen elders",
        "flagged": "gaan naar een instelling of te groot huishouden",
        "gone": "niemand meer hier",
    },
    "now": {
        "followed": "gaan verder met hun nummer",
        "merged": "gaan verder, en namen iemand van een ander op",
        "formed": "nieuw nummer, met iemand van een eerder huishouden",
        "new": "nieuw nummer, niemand was er eerder",
    },
}


def _followed(found: object) -> Iterator[str]:
    """What became of the households of the wave before, where the protocol follows them."""
    if not isinstance(found, dict) or "earlier" not in found:
        return
    heads = {
        "earlier": f"  van de huishoudens van meting {found['previous_wave']}",
        "now": "  van de huishoudens van nu",
    }
    for side, names in FOLLOWED.items():
        yield heads[side]
        for name, title in names.items():
            yield f"    {title:<52} {number(found[side][name]):>7}"
