"""`members.parquet`: who was in which household in a wave, so that a later wave can go on with its numbers.

A row per person, under keys that the linker makes for this file alone; no identifier, no pseudonym of a holder, no
attribute. It stays with the linker. `linkage.json` beside it holds its hash under a seal that only the linker's
identity makes, so that another file in its place is refused. Normative: docs/spec/follow-v1.md, sections 4 to 6.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import polars_hash  # noqa: F401  -- registers the `chash` namespace on expressions

from linkage.errors import OutputError, PreviousWrong, SpineUnusable
from linkage.files import replacing
from linkage.keys import LinkerIdentity
from linkage.linker.follow import PERSON_KEYS, Followed, Members, follow
from linkage.study import Study

FORMAT = "household-linkage/members/v1"
FILE, ACCOUNT = "members.parquet", "linkage.json"
COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys((*PERSON_KEYS, "home", "study_number"), pl.String()),
    "since_wave": pl.Int64(),
    "reference": pl.Boolean(),
}
_KINDS = {"a_number": "a-number", "bsn": "bsn"}
BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Earlier:
    """The members of an earlier wave, and the hash of the file that they stand in."""

    members: Members
    digest: str


@dataclass(frozen=True)
class Numbered:
    """The table of the plan with `study_number`; and with `follow` the members to keep, and the account of it."""

    table: pl.DataFrame
    members: pl.DataFrame | None = None
    account: dict[str, Any] = field(default_factory=dict)


# --- the earlier wave ---------------------------------------------------------------------------


def earlier_wave(folder: Path | None, output: Path, study: Study, identity: LinkerIdentity) -> Earlier | None:
    """The earlier wave in that folder; None where nothing is to be followed.

    Raises PreviousWrong: no folder, or one too many; another study, linker or root; a later wave; an altered file.
    """
    rule, wave = study.protocol.follow, study.study.wave
    if rule is None or wave <= rule.from_wave:
        if folder is not None:
            raise PreviousWrong("deze meting volgt geen eerdere, volgens het protocol; laat --previous weg")
        return None
    if folder is None:
        raise PreviousWrong(
            f"meting {wave} gaat verder met de huishoudens van meting {wave - 1}; geef met --previous de map waarin "
            "die is gekoppeld"
        )
    if folder.resolve() == output.resolve():
        raise PreviousWrong("--previous en --output zijn dezelfde map; geef elke meting een map van haar eigen")
    written = _account(folder)
    digest = _sealed(folder / FILE, written, study, identity)
    return Earlier(Members(_read(folder / FILE, study, identity, written["wave"]), written["wave"]), digest)


def _account(folder: Path) -> dict[str, Any]:
    """The wave, hash and seal as that linking wrote them down."""
    try:
        said = json.loads((folder / ACCOUNT).read_text("utf-8"))
        found = {"wave": int(said["wave"]), **{name: str(said["follow"][name]) for name in ("members", "seal")}}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise PreviousWrong(
            f"in {folder.name} staat geen koppeling waarmee een latere meting verder kan; neem de map van --output van "
            "de eerdere meting"
        ) from None
    return found


def _sealed(path: Path, written: dict[str, Any], study: Study, identity: LinkerIdentity) -> str:
    try:
        digest = sha256(path)
    except OSError:
        raise PreviousWrong(f"{path.name} van de eerdere meting is niet te lezen; zet de reservekopie terug") from None
    seal = seal_of(digest, written["wave"], study, identity)
    if digest != written["members"] or not hmac.compare_digest(seal, written["seal"]):
        raise PreviousWrong(
            f"{path.name} is niet het bestand dat deze koppelaar bij die meting van deze studie maakte; zet de "
            "reservekopie van de hele map terug"
        )
    return digest


def _read(path: Path, study: Study, identity: LinkerIdentity, wave: int) -> pl.DataFrame:
    try:
        about = json.loads(pl.read_parquet_metadata(path)["household-linkage"])
        frame = pl.read_parquet(path, glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, KeyError, ValueError):
        raise PreviousWrong(f"{path.name} van de eerdere meting is beschadigd; zet de reservekopie terug") from None
    if wave != study.study.wave - 1:
        raise PreviousWrong(f"in die map staat meting {wave}; neem de map van meting {study.study.wave - 1}")
    if about["root"] != _bound(study, identity)["root"]:
        raise PreviousWrong(
            "de eerdere meting had een andere hoofdsleutel: niemand zou worden herkend. Overleg met de houders"
        )
    if about != {**_about(study, identity), "wave": wave}:
        raise PreviousWrong("de eerdere meting had andere regels voor nummers; zo wordt niemand goed herkend")
    return frame


# --- this wave ----------------------------------------------------------------------------------


def numbered(
    table: pl.DataFrame,
    people: pl.DataFrame,
    kept: pl.Series,
    study: Study,
    identity: LinkerIdentity,
    earlier: Earlier | None,
) -> Numbered:
    """The table with `study_number`, `followed` and `since_wave`, who is in which, and what became of whom.

    `kept` says of each row of the table whether it gets into the tables. Raises SpineUnusable.
    """
    rule, wave = study.protocol.follow, study.study.wave
    assert rule is not None
    homes = table.select("household", _hashed("household", "home", study, identity), kept.alias("kept"))
    now = _now(people, homes, study, identity)
    done = Followed(_nobody(), {"rule": rule.same_when})
    if earlier is not None:
        done = follow(earlier.members, Members(now, wave), rule)
    named = homes.join(done.homes, on="home", how="left", maintain_order="left").select(
        pl.coalesce("study_number", _new_number(wave, study, identity)).alias("study_number"),
        (pl.col("study_number").is_not_null() if earlier else pl.lit(None, pl.Boolean)).alias("followed"),
        pl.col("since_wave").fill_null(wave),
        "home",
    )
    _no_doubles(named, earlier)
    account = {**done.counted, **({"previous": earlier.digest} if earlier else {})}
    return Numbered(table.hstack(named.drop("home")), _members(now, named), account)


def _members(now: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Who is kept for a later wave: nobody of a household that is left out of the tables."""
    every = now.filter("kept").join(named, on="home")
    return every.select(name for name in COLUMNS if name in every.columns)


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema={name: COLUMNS[name] for name in ("home", "study_number", "since_wave")})


def _now(people: pl.DataFrame, homes: pl.DataFrame, study: Study, identity: LinkerIdentity) -> pl.DataFrame:
    keys = [_hashed(key, key, study, identity) for key in PERSON_KEYS if key in people.columns]
    rows = people.join(homes, on="household").with_columns(*keys)
    flags = (pl.col("minor").cast(pl.Boolean), pl.col("is_reference").cast(pl.Boolean).alias("reference"))
    return rows.select(*(key for key in PERSON_KEYS if key in rows.columns), "home", "kept", *flags)


def _hashed(column: str, name: str, study: Study, identity: LinkerIdentity) -> pl.Expr:
    """A join key of the plan under a key of this file's own: it fits no other file, and nothing of another wave."""
    return _keyed(pl.col(column).cast(pl.String), f"members/{name}", study, identity).str.head(32).alias(name)


def _new_number(wave: int, study: Study, identity: LinkerIdentity) -> pl.Expr:
    """The wave is in it: who moves into the house of an earlier household does not get its number."""
    text = pl.concat_str(pl.lit(f"{wave}|"), pl.col("household").cast(pl.String))
    return _keyed(text, "study-number", study, identity).str.head(16)


def _keyed(text: pl.Expr, field: str, study: Study, identity: LinkerIdentity) -> pl.Expr:
    key = identity.field_key(study.protocol.scheme, study.study.id, field)
    made: pl.Expr = text.chash.hmac_sha256(key=key)  # type: ignore[attr-defined]
    return made


def _no_doubles(named: pl.DataFrame, earlier: Earlier | None) -> None:
    fresh = named.filter(~pl.col("followed").fill_null(value=False))["study_number"]
    used = earlier is not None and fresh.is_in(earlier.members.frame["study_number"].implode()).any()
    if used or named["study_number"].n_unique() != named.height:
        raise SpineUnusable("twee huishoudens kregen hetzelfde studienummer; maak een nieuwe koppelaar-identiteit")


def write(members: pl.DataFrame, folder: Path, study: Study, identity: LinkerIdentity) -> dict[str, str]:
    """Write the file, in an order that says nothing, mode 0600; and give what `linkage.json` says of it."""
    about = json.dumps(_about(study, identity), sort_keys=True)
    ordered = members.sort(members.columns)
    try:
        with replacing(folder / FILE) as file:
            ordered.write_parquet(file, compression="zstd", statistics=False, metadata={"household-linkage": about})
        digest = sha256(folder / FILE)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        raise OutputError(f"{FILE} kan niet worden geschreven; maak ruimte op de schijf") from None
    return {"members": digest, "seal": seal_of(digest, study.study.wave, study, identity)}


def _about(study: Study, identity: LinkerIdentity) -> dict[str, Any]:
    return {"format": FORMAT, "study": str(study.study.id), "wave": study.study.wave, **_bound(study, identity)}


def _bound(study: Study, identity: LinkerIdentity) -> dict[str, Any]:
    """What must be the same in two waves, or nobody is recognised."""
    protocol = study.protocol
    kinds = [kind for kind in _KINDS.values() if kind in protocol.spine.kinds]
    return {
        "root": study.root.key_id if study.root else None,
        "linker": identity.rekey_id,
        "scheme": protocol.scheme,
        "normalisation": {kind: protocol.version(kind) for kind in kinds},
    }


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def seal_of(digest: str, wave: int, study: Study, identity: LinkerIdentity) -> str:
    """What only the linker can make of a file's hash and wave: 64 hexadecimal digits."""
    key = identity.field_key(study.protocol.scheme, study.study.id, "members/seal")
    return hmac.new(key.encode("ascii"), f"{wave}|{digest}".encode("ascii"), "sha256").hexdigest()
