"""The server: one socket on 127.0.0.1, one session, and a private file that opens the browser (desk-v1, section 4)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from linkage.desk.guard import OPEN, Guard
from linkage.desk.page import render
from linkage.desk.peer import is_same_user
from linkage.desk.session import Session
from linkage.desk.web import Desk, Pages
from linkage.errors import OutputError
from linkage.files import write_text

ADDRESS = "127.0.0.1"
LOOK_SECONDS = 1.0
Say = Callable[[str], None]
Show = Callable[[str], bool]


def listen() -> socket.socket:
    """A socket on a port that the system chooses, on the loopback alone. Raises OutputError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.bind((ADDRESS, 0))
        made.listen()  # before the address is told: a browser may be faster than the server
    except OSError:
        made.close()
        raise OutputError(
            "de balie kan niet worden geopend; start de computer opnieuw, en probeer het nog eens"
        ) from None
    return made


def application(
    pages: Pages, session: Session, is_same: Callable[[int, int], bool] = is_same_user, watch: bool = True
) -> ASGIApp:
    """The pages behind the guard; with `watch` they stop by themselves."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(_watch(pages.desk)) if watch else None
        yield
        if task is not None:
            task.cancel()
        pages.desk.clear()

    app = Starlette(routes=pages.routes(), lifespan=lifespan)
    return _WithLifespan(app, Guard(app, session, is_same))


class _WithLifespan:
    """Start and stop go to the application itself, requests through the guard; there is nothing else."""

    def __init__(self, app: ASGIApp, guard: ASGIApp) -> None:
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        await (self._app if scope["type"] == "lifespan" else self._guard)(scope, receive, send)


async def _watch(desk: Desk) -> None:
    while not desk.session.over(time.monotonic(), busy=desk.busy):
        await asyncio.sleep(LOOK_SECONDS)
    desk.stop()


def configured(app: ASGIApp) -> uvicorn.Config:
    """A server that says and logs nothing: paths and errors of a request may hold a name or a value."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=16 * 1024,
    )


def serve(make: Callable[[Session], Pages], idle_seconds: float, show: Show | None, say: Say) -> None:
    """Open the desk, and return when it is closed. Without `show` the address is said, for the clerk to open."""
    listener = listen()
    session = Session(listener.getsockname()[1], time.monotonic(), idle_seconds)
    pages = make(session)
    server = uvicorn.Server(configured(application(pages, session)))

    def stop() -> None:
        server.should_exit = True

    pages.desk.stop = stop
    address = f"http://{session.host}{OPEN}?token={session.token}"
    with listener, _opened(address, show, say):
        server.run(sockets=[listener])


@contextlib.contextmanager
def _opened(address: str, show: Show | None, say: Say) -> Iterator[None]:
    """Show the page by a private file: the address of a page stands in the list of processes, for all to see."""
    if show is None:
        say(f"Open deze pagina in uw browser (het adres werkt een keer):\n{address}")
        yield
        return
    with tempfile.TemporaryDirectory(prefix="linkage-desk-", dir=_private()) as folder:
        file = Path(folder) / f"{secrets.token_hex(8)}.html"
        write_text(file, render("launch.html", "nl", address=address))
        if not show(file.as_uri()):
            say(f"Open dit bestand in uw browser: {file}")
        yield


def _private() -> Path | None:
    """A folder of this user alone that a browser may read."""
    found = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(found) if found and Path(found).is_dir() else None


def show_in_browser(address: str) -> bool:
    """Open the clerk's own browser; false where there is none."""
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
