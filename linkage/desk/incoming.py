"""How an export comes in at the desk: dragged into memory, opened with a password, or asked of a database."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from linkage.desk.memory import Held
from linkage.desk.picker import inside
from linkage.errors import InputUnreadable
from linkage.holder.database import asking, by_file, by_name
from linkage.holder.source import Source

MOST_BYTES = 256 * 1024 * 1024
Form = dict[str, str]


def can_ask() -> bool:
    """Whether databases can be asked: the extra is there."""
    return find_spec("arrow_odbc") is not None


def declared(request: Request) -> int:
    """How many bytes a request says that it has; what it says is not trusted."""
    length = request.headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdecimal() else MOST_BYTES + 1


async def fill(held: Held, request: Request, most: int) -> None:
    """The body into memory. Raises HTTPException above the limit, whatever the request said of its length."""
    async for block in request.stream():
        if held.size + len(block) > most:
            raise HTTPException(413)
        await run_in_threadpool(held.write, block)


@dataclass(frozen=True)
class Typed:
    """What a clerk typed of a database, to be mended after a mistake; never the password."""

    connection: str = ""
    query: str = ""
    user: str = ""

    def __bool__(self) -> bool:
        """Whether anything was typed."""
        return bool(self.connection or self.query)


def asked(root: Path, form: Form) -> Source:
    """The query and database of a form; files are in the clerk's own folder. Raises InputUnreadable, SecretExposed."""
    query = inside(root, form.get("query", ""))
    connection = form.get("connection", "").strip()
    user, password = form.get("user") or None, form.get("password") or None
    try:
        file = inside(root, connection) if connection else None
    except InputUnreadable:
        file = None
    if file is None or not file.is_file():
        return asking(query, by_name(connection, user, password))
    return asking(query, by_file(file, user, password))
