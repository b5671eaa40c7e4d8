"""The command `linkage`: every command is in `linkage.commands`, a file per party."""

from __future__ import annotations

import click

from linkage.commands import everybody, holder, keys, linker
from linkage.commands.terminal import Quiet


@click.group(cls=Quiet, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="household-linkage", prog_name="linkage")
def main() -> None:
    """Huishoudens koppelen zonder een enkel nummer of adres uit handen te geven.

    Houder: keys identity, check, encode. Koppelaar: keys identity, link. Iedereen: check, inspect, demo.
    """


for _command in (everybody.check, everybody.inspect, everybody.demo, keys.keys, holder.encode, linker.link):
    main.add_command(_command)
