"""The holder's own database by ODBC: which one, with whose name, and a query that only asks (exports-v1, section 5).

A connection is the name of a data source (DSN), or a file for its owner alone. Neither a password nor a whole
connection string is ever typed in a command, where every user of the computer can read it.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from linkage.errors import InputUnreadable, SecretExposed
from linkage.holder.source import Database, Source, source

MOST_BYTES = 65_536
_DSN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")
_SETTING = re.compile(r"\s*[A-Za-z][A-Za-z0-9 _-]*\s*=.*")
# Strings, quoted names and comments: what stands in them is no part of the statement.
_QUIET = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CHANGES = frozenset(
    {
        "insert",
        "update",
        "delete",
        "merge",
        "into",
        "replace",
        "drop",
        "alter",
        "create",
        "truncate",
        "rename",
        "exec",
        "execute",
        "call",
        "grant",
        "revoke",
        "begin",
        "commit",
        "rollback",
        "set",
        "use",
        "attach",
        "detach",
        "pragma",
        "copy",
        "load",
        "lock",
        "vacuum",
    }
)


def database(connection: str, user: str | None = None, password: str | None = None) -> Database:
    """The database of a DSN, or of a file with a connection string. Raises InputUnreadable, SecretExposed."""
    path = Path(connection)
    return by_file(path, user, password) if path.is_file() else by_name(connection, user, password)


def by_file(path: Path, user: str | None = None, password: str | None = None) -> Database:
    """The database of a connection file. Raises InputUnreadable, SecretExposed."""
    return Database(_of_file(path), user, password)


def by_name(connection: str, user: str | None = None, password: str | None = None) -> Database:
    """The database of a data source that the system knows (DSN). Raises InputUnreadable for what is no name."""
    if not _DSN.fullmatch(connection):
        raise InputUnreadable(
            "de database is niet gevonden: geef de naam van een gegevensbron (DSN), of een bestand met de "
            "verbindingsgegevens dat alleen u kunt lezen (chmod 600); typ nooit een wachtwoord in de opdracht"
        )
    return Database(f"DSN={connection}", user, password)


def _of_file(path: Path) -> str:
    """`name=value`, a line each or with `;` between them; a line that begins with # is a remark."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise SecretExposed(f"anderen kunnen {path.name} lezen; voer uit: chmod 600 {path.name}")
            text = file.read(MOST_BYTES).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputUnreadable(f"{path.name} is niet te lezen; zet er de verbindingsgegevens in, in UTF-8") from None
    lines = [line.strip().rstrip(";") for line in text.splitlines()]
    settings = [line for line in lines if line and not line.startswith(("#", "["))]
    if not settings or not all(_SETTING.fullmatch(line) for line in settings):
        raise InputUnreadable(
            f"{path.name}: zet op elke regel een naam, een = en een waarde, zoals Server=gegevens.voorbeeld.nl"
        )
    return ";".join(settings)


def query_of(path: Path) -> str:
    """The query in a file. Raises InputUnreadable where it is not one that only asks.

    This keeps from a mistake, and not from somebody who wants to change the database: for that the database has rights.
    """
    try:
        raw = path.read_bytes()[: MOST_BYTES + 1]
        text = raw.decode("utf-8-sig").strip().rstrip(";").strip()
    except (OSError, UnicodeDecodeError):
        raise InputUnreadable(f"{path.name} is niet te lezen; zet de query erin als tekst, in UTF-8") from None
    bare = _QUIET.sub(" ", text)
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", bare.casefold())
    if not words or words[0] not in ("select", "with") or len(raw) > MOST_BYTES:
        raise InputUnreadable(
            f"{path.name}: de query begint met SELECT of WITH, en is niet langer dan 64 kB; pas dat aan"
        )
    if ";" in bare or _CHANGES & set(words):
        raise InputUnreadable(
            f"{path.name}: de query mag alleen vragen, in een opdracht; haal weg wat gegevens verandert (zet een "
            "kolom die zo heet tussen aanhalingstekens)"
        )
    return text


def asking(query: Path, found: Database) -> Source:
    """The export that the query gives. Raises InputUnreadable."""
    query_of(query)
    return source(query, database=found)
