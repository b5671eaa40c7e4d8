"""How the commands on keys get a passphrase: for a new secret file, or for files that share one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from linkage.commands.terminal import FILE, asker, passphrase_from
from linkage.errors import PassphraseNeeded


def protection(function: Callable[..., None]) -> Callable[..., None]:
    """The options that say how a new secret file is protected."""

    @click.option("--passphrase-file", type=FILE, help="Bestand met het wachtwoord, op een regel.")
    @click.option("--no-passphrase", is_flag=True, help="Zonder wachtwoord (alleen op een beveiligde schijf).")
    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapped


def new_passphrase(passphrase_file: Path | None, no_passphrase: bool) -> str | None:
    """A new passphrase, None where none is wanted in so many words. Raises PassphraseNeeded."""
    if no_passphrase:
        return None
    if passphrase_file is not None:
        return passphrase_from(passphrase_file)
    if not sys.stdin.isatty():
        raise PassphraseNeeded("geef een wachtwoord met --passphrase-file, of kies uitdrukkelijk --no-passphrase")
    first: str = click.prompt("Nieuw wachtwoord, ten minste 12 tekens", hide_input=True, err=True)
    second: str = click.prompt("Nog een keer", hide_input=True, err=True)
    if first != second:
        raise PassphraseNeeded("de twee wachtwoorden zijn niet gelijk; begin opnieuw")
    return first


class OneAnswer:
    """Asks once for a passphrase that several files share; `given` is None where nothing was protected."""

    def __init__(self, passphrase_file: Path | None) -> None:
        self._ask = asker(passphrase_file)
        self.given: str | None = None

    def __call__(self, name: str) -> str | None:
        """The passphrase of that file: the one that was given before."""
        if self.given is None:
            self.given = self._ask(name)
        return self.given
