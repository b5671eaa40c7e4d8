"""The linker's face: who delivered what, what was refused and why, what is missing, and how good the linkage is.

It looks and does nothing: no key, no body of a package, no household file is opened here.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from linkage.desk.picker import inside
from linkage.desk.released import REPORT, report
from linkage.desk.web import Desk, Handler, Pages
from linkage.errors import LedgerBroken, PackageError
from linkage.linker import ledger
from linkage.linker.accept import Accepted, accept, no_doubles, shown
from linkage.study import Study, load_study


@dataclass(frozen=True)
class Places:
    """The study, and the folders of a linker; a folder that is not there yet has nothing in it."""

    study: Path
    inbox: Path
    output: Path
    report: Path


@dataclass(frozen=True)
class Package:
    """A file of the inbox: what it says of itself where it was accepted, else why it was refused."""

    file: str
    why: str
    holder: str = ""
    delivery: str = ""
    sequence: int = 0
    rows: int = 0
    refused_percent: int = 0
    days: int = 0
    expires: str = ""


@dataclass(frozen=True)
class Lacking:
    """A delivery that the study asks for and that is not among the accepted ones."""

    holder: str
    delivery: str
    required: bool


@dataclass(frozen=True)
class Inbox:
    """The page's whole content."""

    title: str
    accepted: tuple[Package, ...]
    refused: tuple[Package, ...]
    lacking: tuple[Lacking, ...]
    ledger: tuple[ledger.Entry, ...]
    ledger_fault: str
    quality: tuple[dict[str, Any], ...]


def look(places: Places, today: dt.date) -> Inbox:
    """Look at an inbox. Raises StudyFault; a package that is refused is shown as such."""
    study = load_study(places.study)
    entries, fault = _ledger(places.output / "ledger.jsonl")
    accepted, refused = _packages(places.inbox, study, entries, today)
    return Inbox(
        title=study.study.title,
        accepted=tuple(_package(package, study, today) for package in accepted),
        refused=tuple(refused),
        lacking=_lacking(study, accepted),
        ledger=entries[::-1],
        ledger_fault=fault,
        quality=_quality(places.output, study),
    )


def _ledger(path: Path) -> tuple[tuple[ledger.Entry, ...], str]:
    try:
        return ledger.read(path), ""
    except LedgerBroken as error:
        return (), str(error)


def _packages(
    inbox: Path, study: Study, entries: tuple[ledger.Entry, ...], today: dt.date
) -> tuple[list[Accepted], list[Package]]:
    accepted: list[Accepted] = []
    refused: list[Package] = []
    for path in sorted(inbox.glob("*.package")) if inbox.is_dir() else []:
        try:
            package = accept(path, study, entries, today)
            no_doubles([*accepted, package])
            accepted.append(package)
        except PackageError as refusal:
            refused.append(Package(shown(path), str(refusal)))
    return accepted, refused


def _package(package: Accepted, study: Study, today: dt.date) -> Package:
    manifest = package.manifest
    refused = sum(manifest.source.rejected.values())
    meant = manifest.rows + refused
    return Package(
        file=shown(package.path),
        why="",
        holder=_organisation(study, manifest.holder),
        delivery=study.protocol.delivery(manifest.delivery).title,
        sequence=manifest.sequence,
        rows=manifest.rows,
        refused_percent=round(100 * refused / meant) if meant else 0,
        days=(today - dt.date.fromisoformat(manifest.created)).days,
        expires=f"{dt.date.fromisoformat(manifest.expires):%d-%m-%Y}",
    )


def _organisation(study: Study, holder: str) -> str:
    return next((one.organisation for one in study.holder if one.id == holder), holder)


def _lacking(study: Study, accepted: list[Accepted]) -> tuple[Lacking, ...]:
    there = {(package.manifest.delivery, package.manifest.holder) for package in accepted}
    find = study.protocol.delivery
    return tuple(
        Lacking(one.organisation, find(one.delivery).title, find(one.delivery).required)
        for one in study.holder
        if (one.delivery, one.id) not in there
    )


def _quality(output: Path, study: Study) -> tuple[dict[str, Any], ...]:
    """Per delivery the ways in which its rows were linked, in whole percents; none of another study's.

    And between which shares links are missed and false, where `linkage quality` looked at the same packages.
    """
    try:
        data = json.loads((output / "linkage.json").read_bytes())
        if data["study"] != str(study.study.id):
            return ()
        errors = _errors(
            output / "quality.json", {f"{d['delivery']}/{d['holder']}": d["package"] for d in data["deliveries"]}
        )
        nothing = {"missed": "", "false": ""}
        return tuple(
            _ways(line, study) | errors.get(f"{line['delivery']}/{line['holder']}", nothing)
            for line in data["deliveries"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _errors(path: Path, packages: dict[str, str]) -> dict[str, dict[str, str]]:
    """By delivery and holder the intervals of missed links and of false ones by address; none of other packages."""
    try:
        data = json.loads(path.read_bytes())
        if data["packages"] != packages:
            return {}
        return {
            f"{line['delivery']}/{line['holder']}": {
                "missed": _between(line["rates"]["missed"]),
                "false": _between(line["rates"]["false_address"]),
            }
            for line in data["deliveries"]
            if "rates" in line
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _between(rate: dict[str, Any] | None) -> str:
    """An interval in percents; nothing where all is possible."""
    if rate is None or (rate["low"], rate["high"]) == (0, 1):
        return ""
    low, high = (f"{100 * float(rate[name]):.1f}".replace(".", ",") for name in ("low", "high"))
    return f"{low}–{high} %"


def _ways(line: dict[str, Any], study: Study) -> dict[str, Any]:
    linked, rows = line["linked"], max(1, int(line["rows"]))

    def percent(*ways: str) -> int:
        return round(100 * sum(int(linked.get(way, 0)) for way in ways) / rows)

    return {
        "holder": _organisation(study, str(line["holder"])),
        "delivery": study.protocol.delivery(line["delivery"]).title,
        "rows": int(line["rows"]),
        "person": percent("person"),
        "address": percent("address-exact", "address-coarse"),
        "agreement": percent("agreement"),
        "unclear": percent("ambiguous", "conflict"),
        "outside": percent("not-in-population"),
    }


class LinkerPages(Pages):
    """The pages of a linker."""

    suffixes = (".toml",)

    def __init__(self, desk: Desk, places: Places | None) -> None:
        super().__init__(desk)
        self.places = places

    def gets(self) -> dict[str, Handler]:
        """Where everything is, the inbox, the report."""
        return {"/": self._here, "/mappen": self._where, "/inbox": self._inbox, "/verslag": self._report}

    def posts(self) -> dict[str, Handler]:
        """Choosing the study and the folders."""
        return {"/studie": self._choose_study, "/mappen": self._choose}

    async def _here(self, _request: Request) -> Response:
        return self.go("/inbox" if self.places else "/mappen")

    async def _where(self, _request: Request) -> Response:
        return self.page("places.html", step=1, places=self.places, within=self._within, picker=self.picker("/studie"))

    def _within(self, folder: Path) -> str:
        """A folder as it may be typed: from the clerk's own folder; nothing where it is not there."""
        there = folder.is_dir() and folder.is_relative_to(self.desk.root)
        return str(folder.relative_to(self.desk.root)) if there else ""

    async def _choose_study(self, request: Request) -> Response:
        form = await self.form(request)
        self.places = None
        study = inside(self.desk.root, form.get("path", ""))
        load_study(study)
        self.places = beside(study)
        return self.go("/mappen")

    async def _choose(self, request: Request) -> Response:
        form = await self.form(request)
        if self.places is None:
            return self.go("/mappen")
        chosen = {name: inside(self.desk.root, form[name]) for name in ("inbox", "output", "report") if form.get(name)}
        self.places = replace(self.places, **chosen)
        return self.go("/inbox")

    async def _inbox(self, _request: Request) -> Response:
        if self.places is None:
            return self.go("/mappen")
        inbox = await run_in_threadpool(look, self.places, dt.date.today())
        return self.page("inbox.html", step=2, inbox=inbox, has_report=(self.places.report / REPORT).is_file())

    async def _report(self, _request: Request) -> Response:
        if self.places is None:
            return self.go("/mappen")
        return await run_in_threadpool(report, self.places.report)


def beside(study: Path) -> Places:
    """The folders as the demo has them, around the study."""
    folder = study.parent
    public = folder / "openbaar" if (folder / "openbaar").is_dir() else folder.parent / "openbaar"
    return Places(study, folder / "inbox", folder / "research", public)
