"""What all commands share: the group whose messages repeat nothing, passphrases, lines and progress on a terminal."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from linkage.errors import LinkageError, OutputError, PassphraseNeeded, unforeseen
from linkage.limits import no_core_dumps

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
BAR_AFTER_SECONDS = 1.0


class Quiet(click.Group):
    """A group whose messages never repeat what was typed: an option value may be an identifier by mistake."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and end with the error's own exit code and message."""
        kwargs["standalone_mode"] = False
        os.umask(0o077)  # whatever is made is for its owner alone
        no_core_dumps()
        _print_anything()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _end_cleanly)
        try:
            code = super().main(*args, **kwargs)
        except LinkageError as error:
            _fail(str(error), error.exit_code)
        except click.UsageError as error:
            _fail(_usage(error), 2)
        except (click.Abort, KeyboardInterrupt):
            _fail("afgebroken; er is niets half geschreven; begin opnieuw", 130)
        except SystemExit:
            raise
        except OSError:
            # An operating system error quotes a path, which may be a personal one.
            _fail(
                "een bestand kan niet worden gelezen of geschreven; controleer de paden en de rechten",
                OutputError.exit_code,
            )
        except BaseException as error:  # noqa: BLE001  -- a traceback quotes values; a library's panic is no Exception
            _fail(unforeseen(error), LinkageError.exit_code)
        sys.exit(code if isinstance(code, int) else 0)


def _end_cleanly(_signal: int, _frame: object) -> None:
    """End as on Ctrl-C, so that temporary files are removed on the way out."""
    raise KeyboardInterrupt


def _usage(error: click.UsageError) -> str:
    param = error.param if isinstance(error, click.BadParameter) else None
    place = f" bij {param.opts[0]}" if param is not None and param.opts[0].startswith("-") else ""
    command = error.ctx.command_path if error.ctx else "linkage"
    return f"de opdracht klopt niet{place}; een naam met spaties staat tussen aanhalingstekens; zie: {command} --help"


def _fail(message: str, code: int) -> None:
    try:
        click.echo(f"Fout: {message}", err=True)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _stop_printing()
    sys.exit(code)


def _print_anything() -> None:
    """A terminal without é or … gets a question mark for it, and not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError):  # it flushes first; what cannot be printed is told when it is printed
                stream.reconfigure(errors="replace")


def _stop_printing() -> None:
    """Send the rest nowhere: the interpreter would complain at its end of what it cannot flush."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def say_all(lines: Iterable[str]) -> None:
    """Print line by line."""
    for line in lines:
        click.echo(line)


def asker(passphrase_file: Path | None) -> Callable[[str], str | None]:
    """How a passphrase is got: from a file, or asked without echo; never from the command line or environment."""

    def ask(name: str) -> str | None:
        if passphrase_file is not None:
            return passphrase_from(passphrase_file)
        if not sys.stdin.isatty():
            return None
        answer: str = click.prompt(f"Wachtwoord van {name}", hide_input=True, err=True)
        return answer

    return ask


def passphrase_from(path: Path) -> str:
    """The passphrase in a file. Raises PassphraseNeeded."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise PassphraseNeeded(
            f"{path.name} is niet te lezen; zet het wachtwoord erin, in UTF-8, op een regel"
        ) from None


class Bar:
    """A progress bar on a terminal, for work that takes longer than a moment; nothing elsewhere."""

    def __init__(self, quiet: bool) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._start = time.monotonic()
        self._wanted = not quiet and sys.stderr.isatty()

    def __enter__(self) -> Callable[[int, int], None]:
        return self._advance

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.stop()
        self._wanted = False

    def _advance(self, done: int, total: int) -> None:
        if not self._wanted or (self._bar is None and time.monotonic() - self._start < BAR_AFTER_SECONDS):
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("coderen", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)
