"""What a person reads on the screen, in Dutch: a study explained, a summary before anything leaves, a manifest."""

from __future__ import annotations

from collections.abc import Iterator

from linkage.holder.encode import Summary
from linkage.study import Study, WireColumn
from linkage.transfer.manifest import Manifest
from protocols.model import (
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

KINDS = {"a-number": "A-nummer", "bsn": "BSN", "address": "adres", "household-number": "huishoudnummer"}
REASONS = {
    "year-not-asked": "jaar wordt niet gevraagd",
    "date-unreadable": "datum is niet te lezen",
    "number-unreadable": "bedrag of aantal is niet te lezen",
    "number-out-of-range": "aantal is kleiner dan nul",
    "no-identifier": "geen enkel nummer of adres",
}
CLASSES = {
    "empty": "ontbreekt",
    "format": "heeft niet de goede vorm",
    "check-digit": "bestaat niet (controlegetal)",
    "filler": "is een opvulnummer",
    "reserved": "is een gereserveerd proefnummer",
    "no-postcode": "heeft geen postcode",
    "postcode-format": "heeft een postcode die niet bestaat",
    "no-number": "heeft geen huisnummer (ong., t/o)",
    "range-or-addition": "is een reeks of een toevoeging (12-14)",
    "date": "heeft een huisnummer dat door Excel een datum werd",
    "zero": "heeft huisnummer nul",
    "too-long": "heeft een te lang nummer of te lange toevoeging",
}


def number(value: int) -> str:
    """A number in Dutch notation."""
    return f"{value:,}".replace(",", ".")


def reason(code: str) -> str:
    """A reason for refusing a row, in words."""
    if code in REASONS:
        return REASONS[code]
    kind = next((kind for kind in KINDS if code.startswith(f"{kind}-")), "")
    return f"{KINDS.get(kind, kind)} {CLASSES.get(code.removeprefix(f'{kind}-'), code)}"


def form(column: Column, protocol: StudyProtocol) -> str:
    """In which form a column leaves the house."""
    match column:
        case Minor():
            return "alleen: minderjarig ja/nee (de geboortedatum blijft)"
        case AgeBand():
            return f"alleen: leeftijdsklasse ({', '.join(column.categories)})"
        case Below():
            return f"alleen: onder {protocol.parameters.income_limit} euro ja/nee (het bedrag blijft)"
        case AmountBand():
            return f"alleen: klasse ({', '.join(column.categories)})"
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
    yield f"  protocol          {protocol.title} ({protocol.name})"
    yield f"  koppelaar         {study.linker.organisation}: ziet pseudoniemen, nooit een nummer of adres"
    yield f"  hoofdsleutel      {_root(study)}"
    yield f"  publicatie        aantallen onder {protocol.release.threshold} worden niet getoond"
    for delivery in protocol.deliveries:
        yield from _explain_delivery(study, delivery)


def _root(study: Study) -> str:
    if study.root is None:
        return "nog niet in de studie (linkage keys root)"
    return f"{study.root.key_id}; alleen de houders hebben hem"


def _explain_delivery(study: Study, delivery: Delivery) -> Iterator[str]:
    holders = [holder.organisation for holder in study.holder if holder.delivery == delivery.name]
    yield ""
    yield f"{delivery.title} ({delivery.name})"
    yield f"  levert            {', '.join(holders) or 'niemand in deze studie'}"
    yield f"  waarvoor          {delivery.purpose}"
    unit = "persoon" if delivery.unit == "person" else "adres"
    kinds = ", ".join(KINDS[kind] for kind in delivery.kinds)
    yield f"  per               {unit}; herkend aan {kinds}, dat alleen als pseudoniem het huis verlaat"
    absent = "nee" if delivery.completeness == "complete" else "onbekend"
    yield f"  wie ontbreekt     telt als {absent}"
    if delivery.years:
        yield f"  jaren             {', '.join(str(year) for year in delivery.years)}"
    for column in delivery.columns:
        yield f"  {column.name:<17} {column.title}: {form(column, study.protocol)}"


# --- linkage encode -----------------------------------------------------------------------------


def summarise(summary: Summary) -> Iterator[str]:
    """What leaves and what stays, before it leaves."""
    tally, job = summary.tally, summary.job
    yield f"Levering {job.delivery.name} van {job.holder.organisation}; export gelezen als {summary.kind}"
    yield ""
    yield f"  rijen in de export     {number(tally.rows):>10}"
    yield f"  gaan mee               {number(tally.kept):>10}"
    yield f"  vallen buiten de vraag {number(summary.not_selected):>10}"
    yield f"  afgewezen              {number(sum(summary.rejected.values())):>10}"
    for code, count in summary.rejected.items():
        rows = ", ".join(str(row) for row in summary.rows_of(code))
        more = ", …" if count > len(summary.rows_of(code)) else ""
        yield f"    {reason(code)}: {number(count)} (rij {rows}{more})"
    yield ""
    yield from _what_leaves(summary)
    yield ""
    yield from _what_stays(summary)
    yield ""
    yield from _examples(summary)


def _what_leaves(summary: Summary) -> Iterator[str]:
    yield "Dit gaat mee:"
    for field in summary.job.delivery.kinds:
        yield f"  {KINDS[field]:<20} als pseudoniem (16 bytes, niet terug te rekenen zonder de hoofdsleutel)"
    agreed = {column.name: column for column in summary.job.delivery.columns}
    for wire in summary.job.wire:
        text = form(agreed[wire.name], summary.job.study.protocol) if wire.name in agreed else _structural(wire)
        unknown = summary.tally.unknown[wire.name]
        yield f"  {wire.name:<20} {text}" + (f"; onbekend: {number(unknown)}" if unknown else "")


def _structural(wire: WireColumn) -> str:
    return "het jaar" if wire.name == "year" else "of het adres een toevoeging heeft: ja/nee"


def _what_stays(summary: Summary) -> Iterator[str]:
    yield "Dit blijft bij u:"
    yield "  alle nummers, adressen, datums en bedragen zelf; de volgorde van de rijen; het rapport van afgewezen rijen"
    if summary.stays:
        yield f"  {len(summary.stays)} kolommen die niet worden gevraagd: {', '.join(summary.stays)}"


def _examples(summary: Summary) -> Iterator[str]:
    yield "Vijf rijen zoals ze meegaan:"
    if summary.tally.examples is None:
        yield "  (geen)"
        return
    for row in summary.tally.examples.iter_rows(named=True):
        told = {name: value for name, value in row.items() if value not in (None, 0, False)}
        yield "  " + "  ".join(f"{name}={_cell(value, name, summary)}" for name, value in told.items())


def _cell(value: object, name: str, summary: Summary) -> str:
    if isinstance(value, bytes):
        return f"{value.hex()[:8]}…"
    wire = next((column for column in summary.job.wire if column.name == name), None)
    if wire is not None and wire.categories and isinstance(value, int):
        return wire.categories[value]
    return "ja" if value is True else str(value)


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
        yield f"    afgewezen    {number(count)}: {reason(code)}"
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
    for name, count in true.items():
        yield f"  {name:<26} {number(count):>7}"
    for name, count in flagged.items():
        yield f"  buiten de tabellen         {number(count):>7} ({name})"
