"""Accept or refuse a package: every decision in one place, values in, verified value out, or an exception.

Order (docs/spec/package-v1.md, section 6): size and header, holder, signature, recipient, study, protocol,
normalisation, root, dates, content, ledger. Nothing is decrypted before all of them hold.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from linkage.chain import START
from linkage.errors import (
    ContentWrong,
    HolderUnknown,
    HolderWrong,
    NormalisationWrong,
    PackageDamaged,
    PackageExpired,
    PackageReplayed,
    ProtocolWrong,
    RecipientWrong,
    RootWrong,
    StudyIncomplete,
    StudyWrong,
)
from linkage.keys import fingerprint
from linkage.linker.ledger import Entry, check
from linkage.study import Holder, Study, pseudonym_fields, wire_columns
from linkage.transfer.manifest import Manifest, day, manifest_columns
from linkage.transfer.package import Header, package_digest, read_header, verify


@dataclass(frozen=True)
class Accepted:
    """A package of which everything but the body was checked, and the body's hash signed."""

    path: Path
    header: Header
    digest: str
    entry: Entry
    is_new: bool

    @property
    def manifest(self) -> Manifest:
        """The verified manifest."""
        return self.header.manifest


def accept(path: Path, study: Study, entries: tuple[Entry, ...], today: dt.date) -> Accepted:
    """Check one package against the study and the ledger. Raises PackageError, one class for each reason."""
    try:
        with path.open("rb") as file:
            header = read_header(file)
            holder = holder_entry(header.manifest, study)
            verify(file, header, holder.public_key)
            digest = package_digest(file)
    except OSError:
        raise PackageDamaged("het pakket is niet te lezen; controleer het bestand en de rechten") from None
    check_manifest(header.manifest, study, today)
    entry = ledger_entry(header.manifest, digest, today)
    return Accepted(path, header, digest, entry, check(entries, entry))


def holder_entry(manifest: Manifest, study: Study) -> Holder:
    """The study's entry for the holder that the manifest names. Raises HolderUnknown, HolderWrong."""
    entries = [holder for holder in study.holder if holder.id == manifest.holder]
    if not entries:
        raise HolderUnknown(
            "de houder die het pakket noemt, staat niet in de studie; gebruik dezelfde studie als de houder"
        )
    for holder in entries:
        if holder.delivery == manifest.delivery:
            return holder
    raise HolderWrong(
        f"{entries[0].id} levert volgens de studie iets anders dan dit pakket zegt; vraag het goede pakket"
    )


def check_manifest(manifest: Manifest, study: Study, today: dt.date) -> None:
    """Whether a signed manifest fits this study, linker and day. Raises PackageError."""
    if manifest.linker != fingerprint(study.linker.public_key):
        raise RecipientWrong(
            "het pakket is voor een andere koppelaar gemaakt; vraag het met de sleutel uit deze studie"
        )
    _check_study(manifest, study)
    _check_scheme(manifest, study)
    _check_root(manifest, study)
    _check_dates(manifest, study, today)
    _check_content(manifest, study)


def _check_study(manifest: Manifest, study: Study) -> None:
    about = study.study
    if manifest.study != str(about.id):
        raise StudyWrong("het pakket hoort bij een andere studie; vraag het pakket van deze studie")
    if (manifest.wave, manifest.reference_date) != (about.wave, day(about.reference_date)):
        raise StudyWrong("het pakket hoort bij een andere meting of peildatum; vraag het pakket van deze meting")
    if manifest.agreement != study.agreement:
        raise StudyWrong(
            "doel, grondslag, bewaartermijn, wijken of koppelaar van de studie zijn sinds dit pakket veranderd; "
            "gebruik de studie van toen, of laat de houder opnieuw coderen"
        )
    if manifest.protocol_digest != about.protocol_digest:
        raise ProtocolWrong("het pakket is onder een ander protocol gemaakt; laat de houder opnieuw coderen")


def _check_scheme(manifest: Manifest, study: Study) -> None:
    protocol = study.protocol
    expected = {name: protocol.version(name) for name in _fields(manifest, study)}
    if manifest.scheme != protocol.scheme or manifest.normalisation != expected:
        raise NormalisationWrong(
            "het pakket is met andere regels voor nummers en adressen gemaakt; "
            "laat de houder coderen met de afgesproken versie"
        )


def _check_root(manifest: Manifest, study: Study) -> None:
    if study.root is None:
        raise StudyIncomplete("in de studie ontbreekt [root]; zonder kan geen pakket worden aanvaard")
    if manifest.root_key_id != study.root.key_id:
        raise RootWrong(
            "het pakket is met een andere hoofdsleutel gemaakt; laat de houder coderen met die van de studie"
        )
    known: dict[str, str] = {str(name): value for name, value in study.root.canaries.items()}
    if manifest.canaries != {name: known.get(name) for name in _fields(manifest, study)}:
        raise NormalisationWrong(
            "de proefnummers van het pakket kloppen niet: de encoder rekent anders; "
            "laat de houder het programma vernieuwen"
        )


def _fields(manifest: Manifest, study: Study) -> tuple[str, ...]:
    return pseudonym_fields(study.protocol.delivery(manifest.delivery))


def _check_dates(manifest: Manifest, study: Study, today: dt.date) -> None:
    try:
        created, expires = dt.date.fromisoformat(manifest.created), dt.date.fromisoformat(manifest.expires)
    except ValueError:
        raise PackageExpired("het pakket heeft een datum die niet bestaat; laat de houder opnieuw coderen") from None
    if created < study.study.reference_date:
        raise PackageExpired(
            "het pakket is volgens zijn datum voor de peildatum gemaakt; controleer de klok bij de houder"
        )
    if created > today + dt.timedelta(days=1):
        raise PackageExpired("het pakket is in de toekomst gemaakt; controleer de klok van beide computers")
    if expires < today or (expires - created).days > study.protocol.package_days:
        raise PackageExpired("het pakket is verlopen; laat de houder opnieuw coderen")
    if today > study.study.retention_until:
        raise PackageExpired("de bewaartermijn van de studie is voorbij; er mag niet meer worden gekoppeld")


def _check_content(manifest: Manifest, study: Study) -> None:
    delivery = study.protocol.delivery(manifest.delivery)
    columns = manifest_columns(wire_columns(study, delivery))
    if manifest.pseudonyms != pseudonym_fields(delivery) or manifest.columns != columns:
        raise ContentWrong("het pakket heeft andere kolommen dan afgesproken; laat de houder coderen met deze studie")


def ledger_entry(manifest: Manifest, digest: str, today: dt.date) -> Entry:
    """The line that this package would get in the ledger."""
    return Entry(
        previous=START,
        study=manifest.study,
        wave=manifest.wave,
        delivery=manifest.delivery,
        holder=manifest.holder,
        sequence=manifest.sequence,
        package=digest,
        rows=manifest.rows,
        accepted=day(today),
    )


def no_doubles(packages: list[Accepted]) -> None:
    """One package per holder and delivery. Raises PackageReplayed."""
    seen: dict[tuple[str, str], str] = {}
    for package in packages:
        key = (package.manifest.delivery, package.manifest.holder)
        if key in seen:
            raise PackageReplayed(
                f"{shown(package.path)} en {seen[key]} zijn beide levering {key[0]} van {key[1]}; "
                "laat er een in de inbox"
            )
        seen[key] = shown(package.path)


def shown(path: Path) -> str:
    """A file's name as it may be printed: the courier chose it, and a line end in it could pose as a line of ours."""
    return "".join(character if character.isprintable() else "?" for character in path.name)
