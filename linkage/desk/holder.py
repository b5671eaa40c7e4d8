"""The holder's face: from the choice of a study to a sealed package, a page per step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from linkage.desk import draft
from linkage.desk.draft import Agreed, Answers, Chosen, Mapped, Opened, Seen, Task
from linkage.desk.english import in_english
from linkage.desk.incoming import MOST_BYTES, Typed, asked, can_ask, declared, fill
from linkage.desk.match import titles
from linkage.desk.memory import Held, can_hold
from linkage.desk.page import Language
from linkage.desk.picker import inside
from linkage.desk.sides import Sides, sides
from linkage.desk.web import Form, Handler, Pages
from linkage.desk.work import Work
from linkage.errors import InputError, LinkageError, PassphraseNeeded, WrongKey, WrongPassphrase
from linkage.holder.encode import Sealed
from linkage.holder.reasons import KINDS
from linkage.holder.source import source
from linkage.keys import fingerprint
from linkage.study import IDENTIFIER_COLUMNS
from linkage.words import shown

MOST_SEQUENCE = 1_000_000
PARENTS = {"seen", "mapped", "opened", "task", "chosen"}
CANCEL_SECONDS = 5.0
Stage = TypeVar("Stage")
PART_NAMES = {
    "household_number": "Huishoudnummer",
    "postcode": "Postcode",
    "house_number": "Huisnummer",
    "house_letter": "Huisletter",
    "house_addition": "Toevoeging",
    "year": "Jaar",
}


@dataclass(frozen=True)
class Done:
    """A package that was made, and what the clerk may print of it; nothing of the export."""

    task: Task
    sealed: Sealed
    sides: Sides
    file: str
    sequence: int
    made: dt.date


def part_of(stage: Any, kind: type[Stage]) -> Stage | None:
    """The step of that kind on the way to where the clerk is."""
    while stage is not None and not isinstance(stage, kind):
        stage = next((getattr(stage, name) for name in PARENTS if hasattr(stage, name)), None)
    return stage


class HolderPages(Pages):
    """The pages of a holder."""

    suffixes = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".xlsb", ".parquet", ".sav", ".zsav")

    def gets(self) -> dict[str, Handler]:
        """A page per step."""
        return {
            "/": self._here,
            "/studie": self._study,
            "/export": self._export,
            "/kolommen": self._columns,
            "/controle": self._check,
            "/verzegelen": self._seal,
            "/klaar": self._done,
            "/voortgang": self._progress,
        }

    def posts(self) -> dict[str, Handler]:
        """A form per decision."""
        return {
            "/studie": self._choose_study,
            "/levering": self._choose_delivery,
            "/export": self._choose_export,
            "/export/sleep": self._drop,
            "/export/wachtwoord": self._unlock,
            "/export/database": self._choose_database,
            "/kolommen/opnieuw": self._look_again,
            "/kolommen": self._choose_columns,
            "/akkoord": self._agree,
            "/verzegelen": self._make,
            "/annuleer": self._cancel,
        }

    # --- where the clerk is ---------------------------------------------------------------------------

    def where(self) -> str:
        """The page of the last step that was reached, or of the work that goes on."""
        paths = {Task: "/export", Opened: "/kolommen", Mapped: "/kolommen", Seen: "/controle", Agreed: "/verzegelen"}
        if self.desk.busy:
            return "/verzegelen" if isinstance(self.desk.stage, Agreed) else "/controle"
        return "/klaar" if isinstance(self.desk.stage, Done) else paths.get(type(self.desk.stage), "/studie")

    def told(self, fault: LinkageError | None) -> tuple[str, Language]:
        """In the language of the clerk where it is known."""
        message = str(fault or "")
        english = in_english(message) if self.desk.language == "en" else None
        return (message, "nl") if english is None else (english, "en")

    def failed(self, request: Request) -> Response:
        """Back to the page from which the form came."""
        if request.method == "GET":
            return self.page("error.html", step=0)
        path = request.url.path
        back = {"/studie": "/studie", "/levering": "/studie"}
        return self.go("/export" if path.startswith("/export") else back.get(path, self.where()))

    async def _here(self, _request: Request) -> Response:
        self._settle()
        return self.go(self.where())

    def _settle(self) -> None:
        """Take over what finished work has made."""
        work = self.desk.work
        if work is None or work.state == "running":
            return
        self.desk.work = None
        if work.state == "done":
            self.desk.stage = work.result
            if isinstance(work.result, Done):
                self.desk.let_go()
        elif work.state == "cancelled":
            self.desk.notice = self.say("cancelled")
        else:
            self.desk.fault = work.error

    def _need(self, kind: type[Stage]) -> Stage | None:
        self._settle()
        return part_of(self.desk.stage, kind)

    def _forget_from(self, stage: Any) -> None:
        """Go on from an earlier step: what came after it is forgotten. Raises InputError while work goes on."""
        if self.desk.busy:
            raise InputError("de balie is nog bezig met uw export; wacht tot dat klaar is, of breek het af")
        self.desk.stage = stage

    # --- study ----------------------------------------------------------------------------------------

    async def _study(self, _request: Request) -> Response:
        chosen = self._need(Chosen)
        if chosen is None:
            return self.page("study.html", step=1, chosen=None, picker=self.picker("/studie"))
        mark = fingerprint(chosen.study.linker.public_key)[:16]
        faults = [self.told(fault) for fault in chosen.chest.faults]
        deliveries = self._deliveries(chosen)
        return self.page("study.html", step=1, chosen=chosen, mark=mark, deliveries=deliveries, faults=faults)

    def _deliveries(self, chosen: Chosen) -> list[tuple[str, str, str]]:
        find = chosen.study.protocol.delivery
        return [(one.delivery, find(one.delivery).title, one.organisation) for one in chosen.mine]

    async def _choose_study(self, request: Request) -> Response:
        form = await self.form(request)
        self._forget_from(None)
        self.desk.let_go()
        if form.get("path", "").strip():
            self.desk.stage = draft.choose(inside(self.desk.root, form["path"]))
        return self.go("/studie")

    async def _choose_delivery(self, request: Request) -> Response:
        form, chosen = await self.form(request), self._need(Chosen)
        mine = {} if chosen is None else {one.delivery: one for one in chosen.mine}
        if chosen is None or form.get("delivery") not in mine or chosen.chest.root is None:
            return self.go("/studie")
        self._forget_from(Task(chosen, mine[form["delivery"]]))
        self.desk.start = chosen.file.parent
        return self.go("/export")

    # --- export ---------------------------------------------------------------------------------------

    async def _export(self, _request: Request) -> Response:
        task = self._need(Task)
        if task is None:
            return self.go(self.where())
        locked = self.desk.locked
        return self.page(
            "export.html",
            step=2,
            locked=shown(locked.name) if locked else "",
            can_drop=can_hold(),
            can_ask=can_ask(),
            asked=self.desk.typed or Typed(),
            picker=self.picker("/export"),
        )

    async def _choose_export(self, request: Request) -> Response:
        form, task = await self.form(request), self._need(Task)
        if task is None:
            return self.go(self.where())
        self._forget_from(task)
        self.desk.let_go()
        return await self._opened(task, inside(self.desk.root, form.get("path", "")))

    async def _opened(self, task: Task, export: Path) -> Response:
        """To its columns; a workbook that needs a password waits for it. Raises InputError."""
        try:
            self.desk.stage = await run_in_threadpool(draft.open_export, task, export)
        except (PassphraseNeeded, WrongPassphrase) as error:
            self.desk.locked, self.desk.fault = export, error
            return self.go("/export")
        self.desk.locked = None
        return self.go("/kolommen")

    async def _unlock(self, request: Request) -> Response:
        """The password of the workbook that waits for it."""
        form, task = await self.form(request), self._need(Task)
        if task is None or self.desk.locked is None:
            return self.go(self.where())
        self._forget_from(task)
        return await self._opened(task, source(self.desk.locked, password=form.get("password", "")))

    async def _choose_database(self, request: Request) -> Response:
        form, task = await self.form(request), self._need(Task)
        if task is None:
            return self.go(self.where())
        self._forget_from(task)
        self.desk.let_go()
        self.desk.typed = Typed(form.get("connection", ""), form.get("query", ""), form.get("user", ""))
        return await self._opened(task, asked(self.desk.root, form))

    async def _drop(self, request: Request) -> Response:
        """A file that was dragged in: block by block into memory, never to disk."""
        self.check_header(request)
        task = self._need(Task)
        if task is None or declared(request) > MOST_BYTES:
            return PlainTextResponse(self.say("too_large"), 413)
        try:
            self._forget_from(task)
            self.desk.let_go()
            self.desk.held = held = Held(_file_name(request))
            await fill(held, request, MOST_BYTES)
            return PlainTextResponse((await self._opened(task, held.path)).headers["location"])
        except (LinkageError, HTTPException, ClientDisconnect) as error:
            if not self.desk.busy:
                self.desk.let_go()
            said = self.told(error)[0] if isinstance(error, LinkageError) else self.say("export_failed")
            return PlainTextResponse(said, 400)

    # --- columns --------------------------------------------------------------------------------------

    async def _columns(self, _request: Request) -> Response:
        opened = self._need(Opened)
        if opened is None:
            return self.go(self.where())
        plan = part_of(self.desk.stage, Mapped)
        delivery = opened.task.chosen.study.protocol.delivery(opened.task.holder.delivery)
        names = {
            **PART_NAMES,
            **{parts[0]: KINDS[kind] for kind, parts in IDENTIFIER_COLUMNS.items() if len(parts) < 2},
        }
        return self.page(
            "columns.html",
            step=3,
            opened=opened,
            look=opened.look,
            titles={**names, **{select.name: select.name for select in delivery.select}, **titles(delivery)},
            chosen={want.key: want.chosen for want in opened.wanted} if plan is None else plan.holder.columns,
            forms=dict(zip(opened.look.header, opened.look.forms, strict=True)),
            decimal=(opened.look.format if plan is None else plan.holder.format).decimal,
            shown=shown,
        )

    async def _look_again(self, request: Request) -> Response:
        form, opened = await self.form(request), self._need(Opened)
        if opened is None:
            return self.go(self.where())
        sheet = form.get("sheet") or None
        row = int(form["row"]) if form.get("row", "").isdecimal() and 1 <= int(form["row"]) <= 20 else None
        if sheet is not None and sheet not in opened.look.sheets:
            raise HTTPException(400)
        if sheet != opened.look.format.sheet:
            row = None  # on another sheet the column names are looked for again
        again = partial(draft.open_export, opened.task, opened.export, sheet, row)
        self._forget_from(await run_in_threadpool(again))
        return self.go("/kolommen")

    async def _choose_columns(self, request: Request) -> Response:
        form, opened = await self.form(request), self._need(Opened)
        if opened is None:
            return self.go(self.where())
        self._forget_from(opened)
        chosen = {want.key: form.get(f"column.{want.key}", "") for want in opened.wanted}
        self.desk.stage = plan = draft.mapped(opened, chosen, form.get("decimal", ""))
        self.desk.work = Work(partial(draft.rehearse, plan, dt.date.today()))
        return self.go("/controle")

    # --- check ----------------------------------------------------------------------------------------

    async def _check(self, _request: Request) -> Response:
        seen = self._need(Seen)
        if self.desk.busy:
            return self._busy("/controle")
        if seen is None:
            return self.go(self.where())
        return self.page("check.html", step=4, seen=seen, sides=sides(seen.summary, self.desk.language))

    def _busy(self, path: str) -> Response:
        """How far the work is; from the page of other work, to its own page."""
        assert self.desk.work is not None
        if path != self.where():
            return self.go(self.where())
        title, step = ("busy_seal", 5) if path == "/verzegelen" else ("busy_check", 4)
        return self.page("busy.html", step=step, title_key=title, work=self.desk.work)

    async def _progress(self, request: Request) -> Response:
        """How far it is, asked again and again by the page; then to the next page."""
        if self.desk.busy:
            return self.part("progress.html", work=self.desk.work)
        self._settle()
        path = self.where()
        return Response(headers={"HX-Redirect": path}) if "hx-request" in request.headers else self.go(path)

    async def _cancel(self, request: Request) -> Response:
        await self.form(request)
        work = self.desk.work
        if work is not None:
            await run_in_threadpool(work.cancel, CANCEL_SECONDS)
        if self.desk.busy and self.desk.work is work:
            # It waits for somebody else, such as a database; it ends at its next step, and nobody takes what it made.
            self.desk.work, self.desk.notice = None, self.say("cancelled")
        self._settle()
        return self.go(self.where())

    async def _agree(self, request: Request) -> Response:
        await self.form(request)
        seen = self._need(Seen)
        if seen is not None and not self.desk.busy and not sides(seen.summary).blocked:
            self.desk.stage = Agreed(seen)
        return self.go(self.where())

    # --- seal -----------------------------------------------------------------------------------------

    async def _seal(self, _request: Request) -> Response:
        agreed = self._need(Agreed)
        if self.desk.busy:
            return self._busy("/verzegelen")
        if agreed is None:
            return self.go(self.where())
        task = agreed.seen.mapped.opened.task
        return self.page("seal.html", step=5, task=task, chest=task.chosen.chest, exists=task.target.exists())

    async def _make(self, request: Request) -> Response:
        form, agreed = await self.form(request), self._need(Agreed)
        if agreed is None or self.desk.busy:
            return self.go(self.where())
        answers = _answers(form)
        self.desk.work = Work(partial(_sealed, agreed, answers, dt.date.today(), self.desk.language))
        return self.go("/verzegelen")

    async def _done(self, _request: Request) -> Response:
        done = self._need(Done)
        if done is None:
            return self.go(self.where())
        study = done.task.chosen.study
        return self.page(
            "done.html",
            step=6,
            done=done,
            study=study,
            delivery=study.protocol.delivery(done.task.holder.delivery),
            mark=fingerprint(study.linker.public_key)[:16],
            until=done.made + dt.timedelta(days=study.protocol.package_days),
        )


def _sealed(agreed: Agreed, answers: Answers, today: dt.date, language: Language, progress: Any) -> Done:
    try:
        sealed = draft.seal(agreed, answers, today, progress)
    except WrongKey:
        raise WrongKey(
            "een van uw sleutels hoort niet bij deze studie; vraag de goede hoofdsleutel aan een andere houder"
        ) from None
    seen, plan = agreed.seen, agreed.seen.mapped
    return Done(
        plan.opened.task, sealed, sides(seen.summary, language), plan.opened.export.name, answers.sequence, today
    )


def _answers(form: Form) -> Answers:
    identity, root = form.get("identity") or None, form.get("root") or None
    number = form.get("sequence", "1")
    sequence = int(number) if number.isdecimal() and 1 <= int(number) <= MOST_SEQUENCE else 1
    return Answers(identity, root or identity, sequence)


def _file_name(request: Request) -> str:
    """What the clerk's file is called, on one line and not too long."""
    name = Path(unquote(request.headers.get("x-file-name", ""))).name
    return "".join(character for character in name if character.isprintable())[:120] or "export"
