"""Who may ask what of the page: every request passes here first (docs/spec/desk-v1.md, sections 2 and 3).

`admit` decides on values and raises; `Guard` is the ASGI layer that gets the values and puts the headers on every
answer, also on a refusal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linkage.desk.session import Session

OPEN = "/open"
ALIVE = "/leef"
METHODS = ("GET", "POST")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Asked:
    """What decides on a request: its head, and whether the program that sent it is of our own user."""

    method: str
    path: str
    hosts: tuple[str, ...]
    origin: str | None
    site: str | None
    cookie: str
    same_user: bool


def admit(asked: Asked, session: Session) -> None:
    """Let a request through. Raises HTTPException (403; 405 for another method)."""
    if not asked.same_user:
        raise HTTPException(403, "another user")
    if asked.hosts != (session.host,):
        raise HTTPException(403, "host")
    if asked.method not in METHODS:
        raise HTTPException(405, "method")
    if asked.path == OPEN and asked.method == "GET":
        return  # from the file that opens the browser; it needs the token, and gives nothing but the cookie
    if not session.knows(asked.cookie):
        raise HTTPException(403, "session")
    if asked.site not in (None, "none", "same-origin"):
        raise HTTPException(403, "site")
    if asked.method == "POST":
        _own_page(asked, session)


def _own_page(asked: Asked, session: Session) -> None:
    """A browser says `Origin: null` for a form under `no-referrer`; then it must say that the site is our own."""
    if asked.origin == f"http://{session.host}" or (asked.origin == "null" and asked.site == "same-origin"):
        return
    raise HTTPException(403, "origin")


class Guard:
    """The layer around the pages."""

    def __init__(self, app: ASGIApp, session: Session, is_same_user: Callable[[int, int], bool]) -> None:
        self._app = app
        self._session = session
        self._is_same_user = is_same_user

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit or refuse; there is nothing but HTTP."""
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            admit(self._asked(scope), self._session)
        except HTTPException as refusal:
            await PlainTextResponse("Geweigerd.\n", refusal.status_code)(scope, receive, guarded)
            return
        self._note(scope["path"])
        await self._app(scope, receive, guarded)

    def _asked(self, scope: Scope) -> Asked:
        headers = Headers(scope=scope)
        _, port = scope["client"] or ("", 0)
        return Asked(
            method=scope["method"],
            path=scope["path"],
            hosts=tuple(headers.getlist("host")),
            origin=_one(headers.getlist("origin")),
            site=_one(headers.getlist("sec-fetch-site")),
            cookie=_cookie(headers.getlist("cookie"), self._session.cookie_name),
            same_user=self._is_same_user(self._session.port, port),
        )

    def _note(self, path: str) -> None:
        now = time.monotonic()
        self._session.seen = now
        if path != ALIVE:
            self._session.acted = now


def _one(values: list[str]) -> str | None:
    """A header that may stand there once; twice is none of ours."""
    return None if not values else values[0] if len(values) == 1 else "twice"


def _cookie(lines: list[str], name: str) -> str:
    try:
        found = SimpleCookie("; ".join(lines)).get(name)
    except CookieError:
        return ""
    return found.value if found else ""
