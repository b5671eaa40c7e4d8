"""For the officer: every attack that SECURITY.md speaks of, run on the invented town (assess-v1, section 6)."""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from linkage.assess import dictionary, order, structure
from linkage.assess.coalitions import KEY_BYTES, matrix
from linkage.assess.dictionary import Dictionary
from linkage.assess.result import Attack, Claim, Known
from linkage.assess.town import Town, load
from linkage.files import cannot_write
from linkage.study import Study

Say = Callable[[str], None]
GUESSED_KEYS = 10
LISTS = "lijst van alle adressen en nummers"
SPEED_TRIES = 2_000_000
# A list of the size of all Dutch addresses, and all nine-digit numbers that pass the eleven test (10^9 / 11).
ADDRESSES, NUMBERS = 9_000_000, 90_909_091


@dataclass(frozen=True)
class OrderFindings:
    """Of one package: who lays a list in the order of addresses beside it names so many rows rightly."""

    holder: str
    rows: int
    sealed: float
    by_chance: float
    left_in_order: float
    correlation: float


@dataclass(frozen=True)
class OfficerFindings:
    """All attacks on one town; rates are tries a second on this machine, on one run."""

    study: Study
    attacks: tuple[Attack, ...]
    coalitions: tuple[Attack, ...]
    orders: tuple[OrderFindings, ...]
    structure: tuple[Known, ...]
    rate_keyed: float
    rate_unkeyed: float

    @property
    def as_claimed(self) -> bool:
        """Whether every attack came out as SECURITY.md says."""
        return all(attack.as_claimed for attack in (*self.attacks, *self.coalitions))


def assess(folder: Path, today: dt.date, beside: Path, say: Say) -> OfficerFindings:
    """Run every attack on the folder of a demo. Raises InputUnreadable, PackageError, OutputError."""
    dictionary.self_check()
    try:
        work = tempfile.TemporaryDirectory(prefix=".linkage-", dir=beside)
    except OSError as error:
        raise cannot_write(beside, error) from None
    with work as place:
        say("de stad lezen, en de pakketten openen")
        town = load(folder, today, Path(place))
        say("woordenboekaanvallen, met en zonder de hoofdsleutel")
        attacks = (*_dictionaries(town), *_stolen(town))
        say("volgorde van de rijen")
        orders = tuple(_order(town, name) for name in sorted(town.packages))
        attacks = (*attacks, *_order_attacks(orders))
        say("alle partijen, alleen en samen")
        coalitions = tuple(matrix(town, Path(place)))
    say("snelheid en samenstelling van huishoudens")
    known = (
        *structure.of_addresses(town.bodies[town.register], town.study),
        *structure.of_households(town.households, town.study.protocol),
    )
    return OfficerFindings(town.study, attacks, coalitions, orders, known, *_speed())


def _dictionaries(town: Town) -> tuple[Attack, ...]:
    """On all pseudonyms of addresses and of numbers that the linker has."""
    study, protocol, has = town.study.study.id, town.study.protocol, f"pseudoniemen, {LISTS}"
    lists = _lists(town, dictionary.NAMING)
    guesses = [secrets.token_bytes(KEY_BYTES) for _ in range(GUESSED_KEYS)]
    guessed = f"Woordenboek zonder de hoofdsleutel ({GUESSED_KEYS} geraden sleutels)"
    plain = "Woordenboek van gewone hashes, tegen onze pseudoniemen"

    def keyed(secret: bytes) -> Dictionary:
        return dictionary.keyed(lists, secret, study, protocol)

    def run(name: str, title: str, own: str, claim: Claim, make: Sequence[Callable[[], Dictionary]]) -> Attack:
        start, found, targets, tries = time.monotonic(), 0, 0, 0
        for made in (one() for one in make):
            hit, targets = _recovered(town, made)
            found, tries = found + hit, tries + made.tries
        return Attack(name, title, own, targets, found, claim, tries, time.monotonic() - start)

    return (
        run(
            "dictionary-with-root",
            "Woordenboek mét de hoofdsleutel",
            f"hoofdsleutel, {has}",
            "all",
            [partial(keyed, town.root.secret)],
        ),
        run("dictionary-without-root", guessed, has, "none", [partial(keyed, guess) for guess in guesses]),
        run("dictionary-unkeyed", plain, has, "none", [partial(dictionary.unkeyed, lists)]),
        _if_unkeyed(town),
    )


def _lists(town: Town, fields: Sequence[str]) -> dict[str, pl.Series]:
    return {name: town.candidates[name] for name in fields if name in town.candidates}


def _recovered(town: Town, made: Dictionary) -> tuple[int, int]:
    """How many different pseudonyms of all bodies are in the dictionary, and how many there are."""
    found = targets = 0
    for name, column in made.made.items():
        seen = [body[name].drop_nulls() for body in town.bodies.values() if name in body.columns]
        different = pl.concat(seen).unique() if seen else pl.Series(dtype=pl.Binary)
        found, targets = found + int(different.is_in(column.implode()).sum()), targets + different.len()
    return found, targets


def _if_unkeyed(town: Town) -> Attack:
    """What it would be if holders made a plain hash: the same identifiers, hashed so, attacked so."""
    lists = _lists(town, dictionary.NAMING)
    delivered = {
        name: [frame[name].drop_nulls() for frame in town.identifiers.values() if name in frame.columns]
        for name in lists
    }
    targets = dictionary.unkeyed({name: pl.concat(parts).unique() for name, parts in delivered.items()}).made
    start = time.monotonic()
    made = dictionary.unkeyed(lists)
    found = sum(int(column.is_in(made.made[name].implode()).sum()) for name, column in targets.items())
    total, seconds = sum(column.len() for column in targets.values()), time.monotonic() - start
    title = "Ter vergelijking: als pseudoniemen een gewone hash waren"
    return Attack("if-unkeyed", title, f"zulke hashes, {LISTS}", total, found, "all", made.tries, seconds)


def _stolen(town: Town) -> tuple[Attack, ...]:
    """For comparison: the household file if the linker did not re-key, with the holders' keys."""
    study, protocol = town.study.study.id, town.study.protocol
    register = dictionary.household_pseudonyms(town.bodies[town.register])
    true = {name: register.filter(pl.col("field") == name)["pseudonym"].unique() for name in dictionary.HOUSEHOLD}
    there = town.households["study_number"].implode()
    ours = [numbers.is_in(there) for numbers in dictionary.numbers(true, town.linker.rekey, town.study)]
    inside = pl.DataFrame({str(place): one for place, one in enumerate(ours)}).select(pl.any_horizontal(pl.all()))
    without = dictionary.plain_numbers(true).filter(inside.to_series())
    start = time.monotonic()
    made = dictionary.keyed(_lists(town, dictionary.HOUSEHOLD), town.root.secret, study, protocol)
    found = int(without.is_in(dictionary.plain_numbers(made.made).implode()).sum())
    title = "Ter vergelijking: het gestolen bestand als de koppelaar niet omsleutelde"
    has = "zo'n bestand, hoofdsleutel, lijst van alle adressen en huishoudnummers"
    seconds = time.monotonic() - start
    return (Attack("if-not-rekeyed", title, has, without.len(), found, "all", made.tries, seconds),)


def _order(town: Town, holder: str) -> OrderFindings:
    """Who has a list in the order of addresses (or numbers) of the same rows lays it beside them."""
    rows = town.identifiers[holder]
    name: str = next(field for field in ("address", "bsn", "a-number") if field in rows.columns)
    lists = {name: town.candidates[name]}
    made = dictionary.keyed(lists, town.root.secret, town.study.study.id, town.study.protocol).made[name]
    rank = pl.DataFrame({"pseudonym": made, "rank": pl.int_range(made.len(), eager=True)})

    def true_ranks(pseudonyms: pl.Series) -> pl.Series:
        there = pseudonyms.alias("pseudonym").to_frame()
        return there.join(rank, on="pseudonym", how="left", maintain_order="left")["rank"].drop_nulls()

    sealed = true_ranks(town.bodies[holder][name])
    # A register's export lies in the order of addresses; if nothing changed that, it would arrive so.
    hashed = dictionary.keyed(
        {name: rows[name].drop_nulls().sort()}, town.root.secret, town.study.study.id, town.study.protocol
    )
    left = true_ranks(hashed.made[name])
    count = max(sealed.len(), 1)
    return OrderFindings(
        holder,
        sealed.len(),
        order.aligned(sealed, sealed.sort()) / count,
        order.by_chance(sealed) / count,
        order.aligned(left, sealed.sort()) / count,
        order.rank_correlation(sealed),
    )


def _order_attacks(orders: tuple[OrderFindings, ...]) -> tuple[Attack, ...]:
    rows = sum(one.rows for one in orders)
    has = "de rijen, een lijst van dezelfde mensen of adressen op volgorde"
    sealed = sum(one.sealed * one.rows for one in orders)
    chance = sum(one.by_chance * one.rows for one in orders)
    left = sum(one.left_in_order * one.rows for one in orders)
    as_sealed = "Volgorde van de rijen, zoals verzegeld"
    title = "Ter vergelijking: als de rijen op adres of nummer bleven staan"
    return (
        Attack("order-as-sealed", as_sealed, has, rows, round(sealed), "little", by_chance=chance),
        Attack("if-left-in-order", title, has, rows, round(left), "all"),
    )


def _speed() -> tuple[float, float]:
    """Tries a second with a key and without, over invented texts of nine digits."""
    texts = {"c": pl.int_range(SPEED_TRIES, eager=True).cast(pl.String).str.zfill(9)}
    start = time.monotonic()
    dictionary.hmac(texts["c"], secrets.token_hex(KEY_BYTES))
    middle = time.monotonic()
    dictionary.unkeyed(texts)
    end = time.monotonic()
    return SPEED_TRIES / (middle - start), SPEED_TRIES / (end - middle)
