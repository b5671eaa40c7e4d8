"""`linkage quality`: accept and open the packages again, look at them, write `quality.json` beside the household file.

It refuses whatever `link` refuses, adds nothing to the ledger, and leaves the household file as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from linkage.errors import HouseholdFileWrong, OutputError, WrongKey
from linkage.files import write_text
from linkage.linker import ledger
from linkage.linker.accept import Accepted
from linkage.linker.quality.gather import Gathered, gather
from linkage.linker.quality.sensitivity import AS_AGREED
from linkage.linker.run import Request, about_study, accept_all, as_delivered, code, not_received, opened_inbox
from linkage.place import allowed_folder

FORMAT = "household-linkage/quality/v1"
NAME = "quality.json"


@dataclass(frozen=True)
class Quality:
    """Where the report stands, and what it says."""

    path: Path
    report: dict[str, Any]


def run(request: Request) -> Quality:
    """Look at an inbox that was linked to `request.output`.

    Raises PackageError, LinkError, SecretError, PlaceNotAllowed, HouseholdFileWrong, OutputError; writes nothing then.
    """
    if request.identity.public != request.study.linker.public_key:
        raise WrongKey("deze identiteit is niet die van de koppelaar in de studie; neem het goede bestand")
    allowed_folder(request.output, folders=request.study.linker.secured_folders)
    households = request.output / "households.parquet"
    own = _digest(households)
    entries = ledger.read(request.ledger or request.output / "ledger.jsonl")
    packages = accept_all(request, entries)
    digests = {f"{p.manifest.delivery}/{p.manifest.holder}": p.digest for p in packages}
    _same_packages(households, digests)
    with opened_inbox(request, packages) as (engine, frames):
        try:
            found = gather(engine, frames, as_delivered(request.study, packages), packages, request.say)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            # The library's message may hold values and the plan.
            raise OutputError("het nazien is afgebroken; is er ruimte op de schijf en geheugen genoeg?") from None
    _same_results(households, found)
    report = _report(request, packages, digests, found, own)
    target = request.output / NAME
    write_text(target, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return Quality(target, report)


# --- the household file that it is about ----------------------------------------------------------


def _digest(households: Path) -> str:
    try:
        with households.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        raise HouseholdFileWrong(
            "in de map van --output is geen households.parquet te lezen; koppel eerst: linkage link"
        ) from None


def _same_packages(households: Path, digests: Mapping[str, str]) -> None:
    try:
        packages = json.loads(pl.read_parquet_metadata(households)["household-linkage"])["packages"]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, KeyError, ValueError, TypeError):
        raise _no_household_file(households) from None
    if packages != digests:
        raise HouseholdFileWrong(
            f"{households.name} is uit andere pakketten gemaakt dan er in de inbox staan; zet de goede pakketten "
            "terug, of koppel opnieuw: linkage link"
        )


def _no_household_file(households: Path) -> HouseholdFileWrong:
    return HouseholdFileWrong(f"{households.name} is geen onderzoeksbestand; koppel opnieuw: linkage link")


def _same_results(households: Path, found: Gathered) -> None:
    """What was linked here is what stands in the file: else the report would be about something else."""
    base = next(line for line in found.whole["sensitivity"] if line["variant"] == AS_AGREED)
    outputs = base["outputs"]
    try:
        sums = pl.read_parquet(households, columns=list(outputs), glob=False, hive_partitioning=False)
        counted = {name: int(sums[name].cast(pl.Int64).sum()) for name in outputs}
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise _no_household_file(households) from None
    if sums.height != base["households"] or counted != {name: yes for name, (yes, _) in outputs.items()}:
        raise HouseholdFileWrong(
            f"{households.name} is met een andere versie van het programma gemaakt, of veranderd: de aantallen zijn "
            "anders; koppel opnieuw: linkage link"
        )


# --- the report -----------------------------------------------------------------------------------


def _report(
    request: Request, packages: list[Accepted], digests: Mapping[str, str], found: Gathered, own: str
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        **about_study(request),
        "code": code(),
        "packages": dict(digests),
        "households_file": own,
        "not_received": not_received(request.study, packages),
        "deliveries": [_package(package, found.packages.get(n, {})) for n, package in enumerate(packages)],
        **found.whole,
    }


def _package(package: Accepted, found: dict[str, Any]) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "delivery": manifest.delivery,
        "holder": manifest.holder,
        "export_rows": manifest.source.rows,
        "not_selected": manifest.source.not_selected,
        "rejected": dict(manifest.source.rejected),
        "rows": manifest.rows,
        **found,
    }
