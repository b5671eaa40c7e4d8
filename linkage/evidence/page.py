"""`bewijs.html`: the pack in words, for an officer. Nothing here reads anything but values."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from linkage.evidence.model import Evidence
from linkage.evidence.requirements import Requirement
from linkage.evidence.software import Software
from linkage.study import Study

if TYPE_CHECKING:
    from jinja2 import Environment

KIND_NAMES: dict[str, str] = {
    "charter": "afspraak over de hoofdsleutel (charter)",
    "commit": "vastlegging in ronde 1 (commit)",
    "destroyed": "verklaring van vernietiging",
    "package": "pakket van een houder",
    "ledger": "logboek van aanvaarde pakketten",
    "release-ledger": "logboek van uitgegeven tabellen",
    "export-ledger": "logboek van exports",
    "household-file": "onderzoeksbestand",
    "linkage-account": "verantwoording van de koppeling",
    "release": "uitgegeven tabellen",
    "assessment": "zelftoets op herleidbaarheid (gegevens)",
    "assessment-page": "zelftoets op herleidbaarheid (blad)",
    "study": "studie en protocol",
    "software": "programmatuur (software.json)",
}
CHECKED = {"signature": "handtekening en studie", "chain": "ketting van regels", "digest": "niet; alleen controlegetal"}
ABOUT = {
    "party": "van",
    "made": "datum",
    "items": "vernietigd",
    "delivery": "levering",
    "sequence": "volgnummer",
    "encoder": "gemaakt met",
    "lines": "regels van deze studie",
    "lines_of_other_studies": "regels van andere studies",
    "last": "laatste regel",
    "role": "voor",
    "passed": "geslaagd",
    "own_study": "over deze studie",
    "recipients": "voor wie, op welke grond",
}


def render(evidence: Evidence, study: Study, listed: Sequence[Requirement], software: Software) -> str:
    """The whole page. The same pack gives the same text."""
    style = _source("style.css")
    counts = Counter(one.met for one in listed)
    return (
        _environment()
        .get_template("bewijs.html.j2")
        .render(
            evidence=evidence,
            about=study.study,
            organisation=_organisation(evidence.party, study),
            facts=_facts(evidence, study),
            counts={name: counts[name] for name in ("geheel", "deels", "organisatorisch")},
            lines=list(zip(listed, evidence.requirements, strict=True)),
            kinds=KIND_NAMES,
            checked=CHECKED,
            words=ABOUT,
            software=software,
            style=_plain(style),
            style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
        )
    )


def _plain(style: str) -> str:
    from markupsafe import Markup

    return Markup(style)  # noqa: S704 -- our own file


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("linkage.evidence", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(name: str) -> str:
    return (resources.files("linkage.evidence") / name).read_text(encoding="utf-8")


def _organisation(party: str, study: Study) -> str:
    if party == study.linker.id:
        return f"{study.linker.organisation} ({party})"
    return next(f"{holder.organisation} ({party})" for holder in study.holder if holder.id == party)


def _facts(evidence: Evidence, study: Study) -> list[tuple[str, str]]:
    about, holders = study.study, sorted({f"{holder.organisation} ({holder.id})" for holder in study.holder})
    return [
        ("Studie", str(about.id)),
        ("Gemeente", f"{about.municipality} ({about.municipality_code})"),
        ("Peildatum en meting", f"{about.reference_date.isoformat()}, meting {about.wave}"),
        ("Doel", about.purpose),
        ("Grondslag", about.legal_basis),
        ("Bewaren tot en met", about.retention_until.isoformat()),
        ("Koppelaar", f"{study.linker.organisation} ({study.linker.id})"),
        ("Houders", ", ".join(holders)),
        ("Protocol", f"{study.protocol.title} ({about.protocol})"),
        ("Digest van het protocol", evidence.protocol_digest),
        ("Digest van de afspraak", evidence.agreement),
        ("Kenmerk van de hoofdsleutel", evidence.root_key_id or "nog geen hoofdsleutel"),
        ("Getekend door", _organisation(evidence.party, study)),
    ]
