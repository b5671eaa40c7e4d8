"""How cost groups hang together with domains and definitions: who knows the one, knows something of the other.

A cost group is the first that a household fits (docs/spec/costs-v1.md, section 4.1). So the number in a group of
families is a sum of cells of the cross table of the domains that decide it, and all others are what is left.
"""

from __future__ import annotations

from collections.abc import Iterator

from linkage.research.cells import NO, YES, Condition, Linear, Part, Structure, condition_of
from linkage.research.households import Grouping
from protocols import StudyProtocol
from protocols.model import CostGroup


def groups_of(protocol: StudyProtocol) -> tuple[CostGroup, ...]:
    """The cost groups of families that stand before any group of all households."""
    found: list[CostGroup] = []
    for group in protocol.costs.groups if protocol.costs else ():
        if group.population != "families":
            break
        found.append(group)
    return tuple(found)


def deciding(protocol: StudyProtocol, groups: tuple[CostGroup, ...]) -> tuple[str, ...]:
    """The domains and definitions that decide who is in which group."""
    named = {name for group in groups for part in group.any_of for name, _ in condition_of(protocol, part)}
    return tuple(sorted(named))


def group_facts(protocol: StudyProtocol, structure: Structure, grouping: Grouping) -> Iterator[Linear]:
    """Each group of families as a sum of cells; and families and the last group together are all households.

    Where somebody's group is unknown, a group is at most that sum.
    """
    groups = groups_of(protocol)
    exact = set(structure.values["households", grouping.variable]) == set(grouping.values)
    cells: dict[str, list[Part]] = {group.name: [] for group in groups}
    for atom in structure.crossing("families", deciding(protocol, groups)):
        home = _home(protocol, groups, atom)
        if home is not None:
            cells[home].append(("families", atom))
    for name, parts in cells.items():
        own: Part = ("households", ((grouping.variable, name),))
        yield Linear(((1.0, own), *((-1.0, part) for part in parts)), exact)
    names = [group.name for group in groups]
    if len(grouping.values) == len(names) + 1 and not groups[-1].any_of:
        last: Part = ("households", ((grouping.variable, grouping.values[-1]),))
        yield Linear(((1.0, last), (1.0, ("families", ())), (-1.0, ("households", ()))), exact)


def _home(protocol: StudyProtocol, groups: tuple[CostGroup, ...], atom: Condition) -> str | None:
    """The first group that these values fit; None where that is unknown, or in none."""
    values = dict(atom)
    for group in groups:
        member = _any([_meets(protocol, name, values) for name in group.any_of]) if group.any_of else True
        if member is not False:
            return group.name if member else None
    return None


def _meets(protocol: StudyProtocol, name: str, values: dict[str, str]) -> bool | None:
    """Whether all parts of a domain or definition have the value that it asks for (Kleene logic)."""
    found = [
        values[part] == value if values[part] in (YES, NO) else None for part, value in condition_of(protocol, name)
    ]
    return False if False in found else None if None in found else True


def _any(found: list[bool | None]) -> bool | None:
    return True if True in found else None if None in found else False
