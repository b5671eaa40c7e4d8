"""The path of an export, with what opening it takes besides: a password, a database, or the clerk's own name for it.

Whatever takes a path takes this. It travels to the child that reads over a pipe: a password or a connection is never an
argument of a program, never in its environment, and never in a file.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

if sys.platform == "win32":
    from pathlib import WindowsPath as _Native
else:
    from pathlib import PosixPath as _Native


@dataclass(frozen=True)
class Database:
    """How the holder's own database is reached by ODBC: a connection string, and a user with a password or neither."""

    connection: str = field(repr=False)
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


class Source(_Native):
    """A path; `called` is what messages call it, `descriptor` an open file in memory that it points to.

    With `database` it is the path of a query.
    """

    called: str | None = None
    password: str | None = None
    database: Database | None = None
    descriptor: int | None = None

    @property
    def name(self) -> str:
        """What the holder's own file is called."""
        return self.called or super().name


def source(
    path: Path, *, password: str | None = None, database: Database | None = None, called: str | None = None
) -> Source:
    """That path with more to it; what it had already stays."""
    made = Source(path)
    before = path if isinstance(path, Source) else Source()
    made.called = called or before.called
    made.password = password if password is not None else before.password
    made.database = database or before.database
    made.descriptor = before.descriptor
    return made


def order_of(path: Path) -> dict[str, Any]:
    """What a child needs to open it."""
    made = source(path)
    return {
        "path": str(path.absolute()),
        "called": path.name,
        "password": made.password,
        "database": asdict(made.database) if made.database else None,
    }


def ordered(order: dict[str, Any]) -> Source:
    """The path of an order, in the child."""
    database = Database(**order["database"]) if order["database"] else None
    return source(Path(order["path"]), password=order["password"], database=database, called=order["called"])


def descriptors(path: Path) -> tuple[int, ...]:
    """The files in memory that a child must have to read it."""
    return (path.descriptor,) if isinstance(path, Source) and path.descriptor is not None else ()
