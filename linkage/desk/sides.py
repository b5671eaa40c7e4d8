"""What stays and what leaves, side by side: the encoder's summary as the page shows it. Numbers of rows, no value."""

from __future__ import annotations

from dataclasses import dataclass

from linkage import words
from linkage.desk.mend import how_to_mend, why
from linkage.desk.page import Language
from linkage.holder import reasons
from linkage.holder.tally import Summary
from linkage.study import IDENTIFIER_COLUMNS
from protocols.model import Column

MUCH_UNKNOWN = 0.5
MANY_REJECTED = 0.5
NAMED_STAYS = 40


@dataclass(frozen=True)
class Leaves:
    """A line of the right side: the clerk's own columns, what the study calls them, and in which form they leave."""

    columns: str
    title: str
    form: str
    unknown: str


@dataclass(frozen=True)
class Rejected:
    """Rows that stay because they cannot be used: why, how many, which, and how to mend them in the source."""

    reason: str
    count: str
    rows: str
    mend: str


@dataclass(frozen=True)
class Warned:
    """Something to look at before sealing; `blocks` where there can be no package."""

    code: str
    value: str
    blocks: bool


@dataclass(frozen=True)
class Sides:
    """The overview."""

    rows: str
    kept: str
    not_selected: str
    refused: str
    leaves: tuple[Leaves, ...]
    stays: tuple[str, ...]
    more_stays: int
    rejected: tuple[Rejected, ...]
    warned: tuple[Warned, ...]

    @property
    def blocked(self) -> bool:
        """Whether there can be no package."""
        return any(warning.blocks for warning in self.warned)


def sides(summary: Summary, language: Language = "nl") -> Sides:
    """A summary for the page; reasons and remedies in the language of the clerk."""
    tally, stays = summary.tally, [words.shown(name) for name in summary.stays if name.strip()]
    return Sides(
        rows=words.number(tally.rows),
        kept=words.number(tally.kept),
        not_selected=words.number(summary.not_selected) if summary.job.delivery.select else "",
        refused=words.number(sum(summary.rejected.values())),
        leaves=tuple(_leaves(summary)),
        stays=tuple(stays[:NAMED_STAYS]),
        more_stays=max(0, len(stays) - NAMED_STAYS),
        rejected=tuple(_rejected(summary, code, count, language) for code, count in summary.rejected.items()),
        warned=tuple(_warnings(summary)),
    )


def _leaves(summary: Summary) -> list[Leaves]:
    job = summary.job
    own = {key: words.shown(name) for key, name in job.holder.columns.items()}
    found = []
    for kind in job.delivery.kinds:
        parts = [own[part] for part in IDENTIFIER_COLUMNS[kind] if part in own]
        if parts:
            more = "; en of het een toevoeging heeft: ja/nee" if kind == "address" else ""
            found.append(Leaves(", ".join(parts), reasons.KINDS[kind], words.PSEUDONYM + more, ""))
    if "year" in own:
        found.append(Leaves(own["year"], "jaar", "het jaar", ""))
    return found + [_leaf(column, own, summary) for column in job.delivery.columns if column.name in own]


def _leaf(column: Column, own: dict[str, str], summary: Summary) -> Leaves:
    unknown = summary.tally.unknown[column.name]
    form = words.form(column, summary.job.study.protocol)
    return Leaves(own[column.name], column.title, form, words.number(unknown) if unknown else "")


def _rejected(summary: Summary, code: str, count: int, language: Language) -> Rejected:
    rows = summary.rows_of(code)
    named = ", ".join(words.number(row) for row in rows) + (", …" if count > len(rows) else "")
    return Rejected(why(code, language), words.number(count), named, how_to_mend(code, language))


def _warnings(summary: Summary) -> list[Warned]:
    """What a clerk should look at; the encoder's own verdict comes first."""
    tally, found = summary.tally, []
    allowed = float(summary.job.delivery.max_rejected_share)
    share = f"{100 * float(summary.rejected_share):.1f}".replace(".", ",")
    if not tally.kept:
        found.append(Warned("nothing", "", blocks=True))
    elif summary.too_many_rejected:
        found.append(Warned("too_many", f"{share} % ({100 * allowed:.0f} %)", blocks=True))
    elif float(summary.rejected_share) > MANY_REJECTED * allowed:
        found.append(Warned("many", f"{share} % ({100 * allowed:.0f} %)", blocks=False))
    own = summary.job.holder.columns
    found += [
        Warned("unknown", f"{words.shown(own[name])}: {words.number(tally.unknown[name])}", blocks=False)
        for name in (column.name for column in summary.job.delivery.columns)
        if name in own and tally.kept and tally.unknown[name] > MUCH_UNKNOWN * tally.kept
    ]
    return found
