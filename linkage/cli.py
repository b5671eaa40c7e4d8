"""The command `linkage`: every command is in `linkage.commands`, a file per party."""

from __future__ import annotations

import click

from linkage.commands import everybody, holder, keys, linker, research, retention
from linkage.commands.assess import assess
from linkage.commands.desk import desk
from linkage.commands.evidence import evidence
from linkage.commands.export import export
from linkage.commands.follow import follow
from linkage.commands.quality import quality
from linkage.commands.terminal import Quiet


@click.group(cls=Quiet, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="household-linkage", prog_name="linkage")
def main() -> None:
    """Huishoudens koppelen zonder een enkel nummer of adres uit handen te geven.

    Zonder terminal: desk. Houder: keys, check, encode. Koppelaar: keys, link, quality. Onderzoeker: tabulate, costs,
    release, report, follow, export, business-case. Iedereen: check, inspect, retention, assess, evidence, demo.
    """


_COMMANDS = (
    *(everybody.check, everybody.inspect, everybody.demo, keys.keys, holder.encode, linker.link, quality),
    *(desk, retention.retention, assess, evidence),
    *(research.tabulate, research.costs, research.release, research.report, research.business_case, export, follow),
)
for _command in _COMMANDS:
    main.add_command(_command)
