"""Requests to a desk without a browser, so that a test can send what no browser would; and a desk in this process."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import uvicorn

from linkage.desk.holder import HolderPages
from linkage.desk.peer import is_same_user
from linkage.desk.serve import application, configured, listen
from linkage.desk.session import Session
from linkage.desk.web import Desk, Pages


@dataclass(frozen=True)
class Answer:
    """Status, headers in small letters, and text."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Wire:
    """A client at one port; `headers` go with every request, unless a request says otherwise."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, method: str, path: str, body: object = None, **headers: str | None) -> Answer:
        """One request. A header named None is left out; `sec_fetch_site` is written with hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in {**self.headers, **named}.items() if value is not None}
        link = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            chunked = "transfer-encoding" in sent
            link.request(method, path, body=body, headers=sent, encode_chunked=chunked)  # type: ignore[arg-type]
            got = link.getresponse()
            found = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, found, got.read().decode("utf-8", "replace"))
        finally:
            link.close()

    def get(self, path: str, **headers: str | None) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str | None) -> Answer:
        """Send a form, with the token of our own pages."""
        body = urlencode({"token": self.token, **(fields or {})})
        return self.ask("POST", path, body, **{"content-type": "application/x-www-form-urlencoded", **headers})

    def drop(self, body: object, **headers: str | None) -> Answer:
        """Send a file as the page does."""
        kind = {"content-type": "application/octet-stream", "x-desk-token": self.token, "x-file-name": "klanten.csv"}
        return self.ask("POST", "/export/sleep", body, **{**kind, **headers})


def admitted(address: str) -> Wire:
    """A client that redeemed the token, as the first browser does."""
    parts = urlsplit(address)
    assert parts.port is not None
    wire = Wire(parts.port)
    first = wire.get(f"{parts.path}?{parts.query}")
    assert first.status == 200
    cookie = first.headers["set-cookie"].split(";")[0]
    wire.headers = {"cookie": cookie, "origin": f"http://127.0.0.1:{parts.port}", "sec-fetch-site": "same-origin"}
    found = re.search(r'data-token="([^"]+)"', wire.get("/studie").text)
    assert found
    wire.token = found.group(1)
    return wire


@dataclass(frozen=True)
class Opened:
    """A desk in this process: its address, and what it knows."""

    address: str
    desk: Desk

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.desk.session.host}"


@contextmanager
def opened(root: Path) -> Iterator[Opened]:
    """A holder's desk in this process for a browser: the same pages as the command's, a second sooner."""
    with served(root) as (address, desk, _thread):
        yield Opened(address, desk)


@contextmanager
def served(
    root: Path,
    idle_seconds: float = 3600.0,
    same_user: Callable[[int, int], bool] = is_same_user,
    face: Callable[[Desk], Pages] = HolderPages,
) -> Iterator[tuple[str, Desk, threading.Thread]]:
    """A desk in this process, a holder's else: its address, what it knows, and the thread that it runs in."""
    listener = listen()
    session = Session(listener.getsockname()[1], time.monotonic(), idle_seconds)
    desk = Desk(session, root.resolve(), root.resolve())
    server = uvicorn.Server(configured(application(face(desk), session, same_user)))

    def stop() -> None:
        server.should_exit = True

    desk.stop = stop
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://{session.host}/open?token={session.token}", desk, thread
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
