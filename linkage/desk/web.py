"""What the pages of both faces share: forms, answers, one place where every error becomes a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from linkage.desk.advice import advice
from linkage.desk.page import LANGUAGES, STATIC, Language, render, static, text
from linkage.desk.picker import inside, listing
from linkage.desk.session import Session
from linkage.desk.work import Work, give_back
from linkage.errors import LinkageError, unforeseen

if TYPE_CHECKING:
    from linkage.desk.memory import Held

MOST_FORM_BYTES = 64 * 1024
MOST_FIELDS = 400
FORM = "application/x-www-form-urlencoded"
TOKEN_FIELD, TOKEN_HEADER = "token", "x-desk-token"
Form = dict[str, str]
Handler = Callable[[Request], Awaitable[Response]]


def _nothing() -> None:
    """Until there is a server, there is nothing to stop."""


@dataclass
class Desk:
    """All that a desk knows, in memory alone: where the clerk is, what was dragged in, and what is being done."""

    session: Session
    root: Path
    start: Path
    language: Language = "nl"
    stage: Any = None
    work: Work | None = None
    held: Held | None = None
    locked: Path | None = None
    typed: Any = None
    fault: LinkageError | None = None
    notice: str | None = None
    stop: Callable[[], None] = field(default=_nothing)

    @property
    def busy(self) -> bool:
        """Whether work goes on."""
        return self.work is not None and self.work.state == "running"

    def clear(self) -> None:
        """Forget everything."""
        if self.work is not None:
            self.work.cancel(wait_seconds=10)
        self.stage = self.work = self.fault = self.notice = None
        self.let_go()

    def let_go(self) -> None:
        """Give back the memory of a file that was dragged in; forget what waits for a password, and what was typed."""
        self.locked = self.typed = None
        if self.held is not None:
            self.held.close()
            self.held = None
        give_back()


class Pages:
    """The routes that both faces have; a face says where the clerk is."""

    home = "/"
    suffixes: tuple[str, ...] = ()

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    # --- answers ------------------------------------------------------------------------------------

    def page(self, template: str, **values: Any) -> Response:
        """A whole page; what was to be said is said once."""
        fault, notice = self.desk.fault, self.desk.notice
        self.desk.fault = self.desk.notice = None
        about = advice(fault) if fault is not None else None
        token = self.desk.session.form_token
        message, language = self.told(fault)
        values |= {"message": message, "message_language": language, "advice": about, "notice": notice}
        values |= {"token": token, "place": self.place}
        found = render(template, self.desk.language, **values)
        return HTMLResponse(found)

    def told(self, fault: LinkageError | None) -> tuple[str, Language]:
        """What an error says, and in which language that is; a face that knows its English says it."""
        return str(fault or ""), "nl"

    def place(self, path: Path) -> str:
        """Where a file is, as the list of files shows it."""
        root = self.desk.root
        return " / ".join((root.name, *path.relative_to(root).parts)) if path.is_relative_to(root) else path.name

    def part(self, template: str, **values: Any) -> Response:
        """A part of a page, for htmx."""
        return HTMLResponse(render(template, self.desk.language, token=self.desk.session.form_token, **values))

    def go(self, path: str) -> Response:
        """To another page, by GET."""
        return RedirectResponse(path, status_code=303)

    def say(self, key: str) -> str:
        """A text in the clerk's language."""
        return text(key, self.desk.language)

    # --- requests -----------------------------------------------------------------------------------

    async def form(self, request: Request) -> Form:
        """The fields of one of our own forms. Raises HTTPException for any other: 403, 413, 415, 400."""
        if request.headers.get("content-type", "").split(";")[0].strip() != FORM:
            raise HTTPException(415)
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > MOST_FORM_BYTES:
                raise HTTPException(413)
        try:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        except ValueError:
            raise HTTPException(400) from None
        found = dict(pairs)
        if not self.desk.session.made(found.get(TOKEN_FIELD, "")):
            raise HTTPException(403)
        return found

    def check_header(self, request: Request) -> None:
        """The same for what our own script sends. Raises HTTPException (403)."""
        if not self.desk.session.made(request.headers.get(TOKEN_HEADER, "")):
            raise HTTPException(403)

    def safely(self, handler: Handler) -> Handler:
        """A handler of which every error becomes a sentence on the page where the clerk is."""

        async def handled(request: Request) -> Response:
            try:
                return await handler(request)
            except HTTPException:
                raise
            except LinkageError as error:
                self.desk.fault = error
            except Exception as error:  # noqa: BLE001  -- the edge of a room: a traceback quotes values
                self.desk.fault = LinkageError(unforeseen(error))
            return self.failed(request)

        return handled

    def failed(self, request: Request) -> Response:
        """Back to where the clerk was; a page that cannot be shown at all says why by itself."""
        return self.page("error.html") if request.method == "GET" else self.go(self.home)

    # --- routes that both have ------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """All routes."""
        gets = {"/static/{name}": self._static, "/open": self._open, "/favicon.ico": self._no_icon, **self.gets()}
        posts = {
            "/leef": self._alive,
            "/taal": self._language,
            "/bladeren": self._browse,
            "/wissen": self._clear,
            "/sluiten": self._close,
            **self.posts(),
        }
        made = [Route(path, self.safely(handler), methods=["GET"]) for path, handler in gets.items()]
        return made + [Route(path, self.safely(handler), methods=["POST"]) for path, handler in posts.items()]

    def gets(self) -> dict[str, Handler]:
        """The pages of a face."""
        raise NotImplementedError

    def posts(self) -> dict[str, Handler]:
        """The forms of a face."""
        raise NotImplementedError

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404)
        return Response(static(name), media_type=STATIC[name])

    async def _no_icon(self, _request: Request) -> Response:
        """A browser that leaves a page before it has read all of it asks for its icon all the same."""
        return Response(status_code=204)

    async def _open(self, request: Request) -> Response:
        """The one-time token for the cookie; a page of ours then goes on, since a strict cookie needs that."""
        session = self.desk.session
        if not session.redeem(request.query_params.get("token", "")):
            raise HTTPException(403)
        answer = self.part("open.html", home=self.home)
        answer.set_cookie(session.cookie_name, session.cookie, httponly=True, samesite="strict", path="/")
        return answer

    async def _alive(self, request: Request) -> Response:
        self.check_header(request)
        return Response(status_code=204)

    async def _language(self, request: Request) -> Response:
        form = await self.form(request)
        if form.get("language") in LANGUAGES:
            self.desk.language = "en" if form["language"] == "en" else "nl"
        paths = {path for path in self.gets() if path != "/voortgang"}
        return self.go(form["back"] if form.get("back") in paths else self.home)

    async def _browse(self, request: Request) -> Response:
        form = await self.form(request)
        return self.part("picker_list.html", **self.picker(form.get("action", ""), form.get("folder", "")))

    def picker(self, action: str, folder: str = "") -> dict[str, Any]:
        """What the list of files needs; `action` is the form that gets the choice, one of `posts`."""
        if action not in self.posts():
            raise HTTPException(400)
        suffixes = (".toml",) if action == "/studie" else self.suffixes
        try:
            shown = listing(self.desk.root, inside(self.desk.root, folder or str(self.desk.start)), suffixes)
        except LinkageError:
            shown = listing(self.desk.root, self.desk.root, suffixes)
        self.desk.start = Path(shown.folder)
        return {"action": action, "listing": shown}

    async def _clear(self, request: Request) -> Response:
        await self.form(request)
        self.desk.clear()
        self.desk.notice = self.say("cleared")
        return self.go(self.home)

    async def _close(self, request: Request) -> Response:
        await self.form(request)
        self.desk.clear()
        answer = self.part("bye.html")
        answer.background = BackgroundTask(self.desk.stop)
        return answer
