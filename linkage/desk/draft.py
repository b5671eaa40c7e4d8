"""What the clerk has chosen so far, one frozen value per step; the next step takes only the one before it."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linkage import keys
from linkage.desk.match import Wanted, recognise
from linkage.desk.peek import Look, look
from linkage.desk.work import Progress
from linkage.errors import ColumnMissing, HolderUnknown, InputUnreadable, SecretError, StudyIncomplete
from linkage.holder import encode as room
from linkage.keys.secret_file import read_document
from linkage.study import Holder, Root, Study, load_study

IDENTITY, ROOT = ".identity", ".root"


@dataclass(frozen=True)
class Chest:
    """The clerk's two secret files beside the study, whether each has a passphrase, and what is wrong with others."""

    identity: Path | None
    identity_locked: bool
    root: Path | None
    root_locked: bool
    faults: tuple[SecretError, ...]


@dataclass(frozen=True)
class Chosen:
    """A study that was read; `mine` are the entries of the holder whose identity lies beside it."""

    file: Path
    study: Study
    chest: Chest
    mine: tuple[Holder, ...]


@dataclass(frozen=True)
class Task:
    """The study, and the entry for which the clerk delivers."""

    chosen: Chosen
    holder: Holder

    @property
    def target(self) -> Path:
        """Where the package will be: beside the study."""
        return self.chosen.file.with_name(f"{self.holder.id}-{self.holder.delivery}.package")


@dataclass(frozen=True)
class Opened:
    """An export of which the columns are known."""

    task: Task
    export: Path
    state: tuple[int, int]
    look: Look
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True)
class Mapped:
    """An export with the column for each key, as the clerk decided."""

    opened: Opened
    study: Study
    holder: Holder


@dataclass(frozen=True)
class Seen:
    """What would leave: the summary of a whole export, counted with throwaway keys."""

    mapped: Mapped
    summary: room.Summary


@dataclass(frozen=True)
class Agreed:
    """What would leave, after the clerk saw it and said that it is right; only from here is there a way to sealing."""

    seen: Seen


# --- study and keys --------------------------------------------------------------------------------


def choose(file: Path) -> Chosen:
    """Read a study and look for the clerk's keys beside it. Raises StudyFault, StudyIncomplete, HolderUnknown."""
    study = load_study(file)
    if study.root is None:
        raise StudyIncomplete(
            "de studie is nog niet af: de hoofdsleutel ontbreekt erin. Vraag de laatste versie aan de studieleider"
        )
    chest = _chest(file.parent, study)
    public = _public(chest.identity)
    mine = tuple(holder for holder in study.holder if holder.public_key == public)
    if chest.identity is not None and not mine:
        raise HolderUnknown(
            f"{chest.identity.name} is niet de sleutel van een houder in deze studie; zet uw eigen sleutel naast de "
            "studie"
        )
    return Chosen(file, study, chest, mine)


def _chest(folder: Path, study: Study) -> Chest:
    public = {holder.public_key for holder in study.holder}
    faults: list[SecretError] = []
    identity = _found(folder, IDENTITY, "public", public, faults)
    root = _found(folder, ROOT, "study", {str(study.study.id)}, faults)
    return Chest(identity, _locked(identity), root, _locked(root), tuple(faults))


def _found(folder: Path, suffix: str, field: str, wanted: set[str], faults: list[SecretError]) -> Path | None:
    """The first secret file that is the clerk's; another study's is passed over."""
    for path in sorted(folder.glob(f"*{suffix}")):
        try:
            if read_document(path).get(field) in wanted:
                return path
        except SecretError as error:
            faults.append(error)
    return None


def _locked(path: Path | None) -> bool:
    return path is not None and read_document(path)["protection"] is not None


def _public(identity: Path | None) -> str:
    return "" if identity is None else str(read_document(identity)["public"])


# --- the export ------------------------------------------------------------------------------------


def open_export(task: Task, export: Path, sheet: str | None = None, header_row: int | None = None) -> Opened:
    """Look at an export. Raises InputUnreadable."""
    agreed = task.holder.format
    form = agreed.model_copy(update={"sheet": sheet}) if sheet else agreed
    found = look(export, form, tuple(task.holder.columns.values()), header_row)
    return Opened(task, export, state_of(export), found, recognise(found, task.holder))


def state_of(path: Path) -> tuple[int, int]:
    """By which a file that was changed meanwhile is known: size and time of change. Raises InputUnreadable."""
    try:
        about = path.stat()
    except OSError:
        raise InputUnreadable(f"{path.name} is er niet meer; kies de export opnieuw") from None
    return about.st_size, about.st_mtime_ns


def mapped(opened: Opened, chosen: Mapping[str, str], decimal: str) -> Mapped:
    """The clerk's columns. Raises ColumnMissing where one lacks, or stands for two."""
    header = set(opened.look.header)
    columns = {want.key: name for want in opened.wanted if (name := chosen.get(want.key, "")) in header and name}
    lacking = [want for want in opened.wanted if want.key not in columns and not want.optional]
    if lacking:
        names = ", ".join(f"`{want.agreed}`" for want in lacking)
        raise ColumnMissing(
            f"kies nog een kolom voor {names}. Staat die niet in uw export? Maak dan een nieuwe export, of meld het de "
            "studieleider"
        )
    double = next((name for name in columns.values() if list(columns.values()).count(name) > 1), None)
    if double is not None:
        raise ColumnMissing("u koos een kolom voor twee dingen; geef elk zijn eigen kolom")
    form = opened.look.format.model_copy(update={"decimal": "point" if decimal == "point" else "comma"})
    holder = opened.task.holder.model_copy(update={"columns": columns, "format": form})
    return Mapped(opened, _with(opened.task.chosen.study, holder), holder)


def _with(study: Study, holder: Holder, root: Root | None = None) -> Study:
    """The study with another entry for this holder; the protocol stays bound."""
    entries = tuple(holder if (one.id, one.delivery) == (holder.id, holder.delivery) else one for one in study.holder)
    changed = study.model_copy(update={"holder": entries, "root": root or study.root})
    return changed.bound_to(study.protocol)


# --- rehearsal and sealing --------------------------------------------------------------------------


def rehearse(plan: Mapped, today: dt.date, progress: Progress) -> Seen:
    """Do everything but write, before any passphrase is asked: with keys that are thrown away.

    The counts are those of the package; only the pseudonyms are others. Raises InputError, SelfCheckFailed.
    """
    root = keys.RootKey(plan.study.study.id, secrets.token_bytes(32))
    identity = keys.new_holder(plan.holder.id)
    about = Root(key_id=root.key_id, canaries=room.root_canaries(plan.study, root))
    stand_in = plan.holder.model_copy(update={"public_key": identity.public})
    study = _with(plan.study, stand_in, about)
    request = room.Request(
        room.job_of(study, stand_in.id, stand_in.delivery), root, identity, plan.opened.export, today
    )
    return Seen(plan, room.preview(request, progress))


@dataclass(frozen=True)
class Answers:
    """What is needed to seal, and is not kept: the passphrases, and the number of the delivery."""

    identity: str | None
    root: str | None
    sequence: int

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Answers()"


@dataclass(frozen=True)
class _Willing(keys.HolderIdentity):
    """The clerk's identity, which signs nothing more after the clerk cancelled: what is not signed never appears."""

    ask: Callable[[], None] = field(repr=False)

    def sign(self, purpose: str, message: bytes) -> bytes:
        """As the identity itself. Raises CancelledError."""
        self.ask()
        return super().sign(purpose, message)


def seal(agreed: Agreed, answers: Answers, today: dt.date, progress: Progress) -> room.Sealed:
    """Make the package. Raises SecretError, InputError (also where the export changed), OutputError."""
    seen = agreed.seen
    plan, chosen = seen.mapped, seen.mapped.opened.task.chosen
    chest, export = chosen.chest, plan.opened.export
    assert chest.identity is not None
    assert chest.root is not None
    if state_of(export) != plan.opened.state:
        raise InputUnreadable(_changed(export))
    own = keys.load_holder(chest.identity, lambda _name: answers.identity)
    request = room.Request(
        job=room.job_of(plan.study, plan.holder.id, plan.holder.delivery),
        root=keys.load_root(chest.root, plan.study.study.id, lambda _name: answers.root),
        identity=_Willing(own.name, own.seed, lambda: progress(1, 1)),
        export=export,
        today=today,
        sequence=answers.sequence,
        keep=(chosen.file, chest.root, chest.identity),
    )

    def same(summary: room.Summary) -> None:
        if _counts(summary) != _counts(seen.summary):
            raise InputUnreadable(_changed(export))

    return room.encode(request, plan.opened.task.target, progress, same)


def _changed(export: Path) -> str:
    return f"{export.name} is veranderd nadat u het overzicht zag; kies de export opnieuw"


def _counts(summary: room.Summary) -> tuple[object, ...]:
    tally = summary.tally
    return tally.rows, tally.kept, dict(tally.reasons), dict(tally.unknown)
