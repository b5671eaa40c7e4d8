"""Who has what, and what they can do with it: every coalition runs the same attacks with its own loot, and no more."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

from linkage.assess import dictionary
from linkage.assess.bodies import opened
from linkage.assess.dictionary import Dictionary
from linkage.assess.result import Attack, Claim
from linkage.assess.town import Town
from linkage.errors import PackageDamaged, RecipientWrong

KEY_BYTES = 32


@dataclass(frozen=True)
class Loot:
    """What a coalition has: secrets that may be tried as any key, keys that may open packages, packages, the file.

    `names` are its holders: their own packages are no target.
    """

    secrets: tuple[bytes, ...] = field(repr=False)
    opening: Mapping[str, MLKEM768X25519PrivateKey] = field(default_factory=dict, repr=False)
    names: tuple[str, ...] = ()
    packages: bool = True
    households: bool = False


@dataclass(frozen=True)
class Outcome:
    """Rows of other holders' packages and households that were recovered, of how many."""

    rows: int
    rows_found: int
    households: int
    households_found: int


@dataclass
class Attacker:
    """Runs the attacks of all coalitions in one town; what was computed before is kept, what is known is not shared."""

    town: Town
    work: Path
    _made: dict[bytes, Dictionary] = field(default_factory=dict, repr=False)
    _opened: dict[tuple[str, str], pl.DataFrame | None] = field(default_factory=dict, repr=False)
    _hits: dict[tuple[str, bytes], pl.Series] = field(default_factory=dict, repr=False)
    _sealed: dict[tuple[str, bytes], int] = field(default_factory=dict, repr=False)
    _windows: dict[str, np.ndarray[Any, np.dtype[np.uint64]]] = field(default_factory=dict, repr=False)

    def run(self, loot: Loot) -> Outcome:
        """Everything that this loot allows."""
        town = self.town
        # Whoever has no key guesses one.
        tried = loot.secrets or (secrets.token_bytes(KEY_BYTES),)
        targets = [name for name in town.packages if loot.packages and name not in loot.names]
        found = sum(self._rows(name, loot, tried) for name in targets)
        rows = sum(dictionary.named(town.bodies[name]) for name in targets)
        numbers = self._numbers(loot, tried) if loot.households else pl.Series("study_number", [], pl.String)
        recovered = int(town.households["study_number"].is_in(numbers.implode()).sum()) if loot.households else 0
        everyone = town.households.height if loot.households else 0
        return Outcome(rows, found, everyone, recovered)

    def _dictionary(self, secret: bytes) -> Dictionary:
        if secret not in self._made:
            study = self.town.study
            self._made[secret] = dictionary.keyed(self.town.candidates, secret, study.study.id, study.protocol)
        return self._made[secret]

    def _rows(self, name: str, loot: Loot, tried: Iterable[bytes]) -> int:
        """Rows of one package: by its content where a key opens it, else pseudonyms in its sealed bytes."""
        bodies = [body for who, key in loot.opening.items() if (body := self._open(name, who, key)) is not None]
        if not bodies:
            return max(self._in_sealed(name, secret) for secret in tried)
        return max(int(self._row_hits(name, bodies[0], secret).sum()) for secret in tried)

    def _row_hits(self, name: str, body: pl.DataFrame, secret: bytes) -> pl.Series:
        if (name, secret) not in self._hits:
            self._hits[name, secret] = dictionary.hits(body, self._dictionary(secret))
        return self._hits[name, secret]

    def _in_sealed(self, name: str, secret: bytes) -> int:
        if (name, secret) not in self._sealed:
            if name not in self._windows:
                self._windows[name] = dictionary.windows(self.town.packages[name].read_bytes())
            self._sealed[name, secret] = dictionary.in_windows(self._windows[name], self._dictionary(secret))
        return self._sealed[name, secret]

    def _open(self, name: str, who: str, key: MLKEM768X25519PrivateKey) -> pl.DataFrame | None:
        if (name, who) not in self._opened:
            try:
                self._opened[name, who] = opened(self.town.packages[name], key, self.work)
            except (RecipientWrong, PackageDamaged):
                self._opened[name, who] = None
        return self._opened[name, who]

    def _numbers(self, loot: Loot, tried: tuple[bytes, ...]) -> pl.Series:
        """Every study number that they can make of a household that they know by name."""
        study = self.town.study
        parts = [pl.Series("study_number", [], pl.String)]
        # The first is the root where they have it: with that, every other secret as the linker's; and each with itself.
        for secret, other in {*((tried[0], one) for one in tried), *((one, one) for one in tried)}:
            known = self._households(loot, secret)
            if any(column.len() for column in known.values()):
                parts.append(dictionary.plain_numbers(known))
                parts += dictionary.numbers(known, other, study)
        return pl.concat(parts)

    def _households(self, loot: Loot, secret: bytes) -> dict[str, pl.Series]:
        """Pseudonyms of households that they can name under this secret: made from lists, or read beside a name."""
        made = {
            name: self._dictionary(secret).made[name] for name in dictionary.HOUSEHOLD if name in self.town.candidates
        }
        register = self.town.register
        for who, key in loot.opening.items() if loot.packages else ():
            body = self._open(register, who, key)
            if body is not None:
                beside = dictionary.household_pseudonyms(body.filter(self._row_hits(register, body, secret)))
                return {
                    name: beside.filter(pl.col("field") == name)["pseudonym"].drop_nulls().unique()
                    for name in dictionary.HOUSEHOLD
                }
        return made


def matrix(town: Town, work: Path) -> Iterator[Attack]:
    """Every party and every pair of parties that matters; of several alike, the one that recovered most."""
    attacker, holders = Attacker(town, work), sorted(town.packages)
    root, linker = town.root.secret, town.linker

    def of(*names: str, households: bool = False, packages: bool = True, with_linker: bool = False) -> Loot:
        seeds = [town.holders[name].seed[:KEY_BYTES] for name in names]
        opening = {name: town.holders[name].private_key() for name in names}
        if with_linker:
            seeds += [linker.seed, linker.rekey]
            opening["linker"] = linker.private_key()
        known = (*([root] if names else []), *seeds)
        return Loot(known, opening, names, packages, households)

    pairs = list(combinations(holders, 2))
    runs: tuple[tuple[str, str, str, Claim, list[Loot]], ...] = (
        ("courier", "Koerier alleen", "alle pakketten", "none", [Loot(())]),
        (
            "holder",
            f"Eén houder, die alle pakketten onderschept ({len(holders)} keer)",
            "hoofdsleutel, eigen sleutels, pakketten van de anderen",
            "none",
            [of(name) for name in holders],
        ),
        (
            "two-holders",
            f"Twee houders samen, die alle pakketten onderscheppen ({len(pairs)} keer)",
            "hoofdsleutel, beider sleutels, pakketten van de anderen",
            "none",
            [of(*pair) for pair in pairs],
        ),
        (
            "linker",
            "Koppelaar alleen",
            "alle pakketten, zijn sleutels, het onderzoeksbestand",
            "none",
            [of(households=True, with_linker=True)],
        ),
        (
            "linker-and-holder",
            f"Koppelaar en één houder samen ({len(holders)} keer)",
            "hoofdsleutel, sleutels van beide, alle pakketten, het onderzoeksbestand",
            "all",
            [of(name, households=True, with_linker=True) for name in holders],
        ),
        (
            "researcher",
            "Onderzoeker, of dief van het onderzoeksbestand",
            "het onderzoeksbestand",
            "none",
            [Loot((), packages=False, households=True)],
        ),
        (
            "researcher-and-holders",
            "Gestolen onderzoeksbestand met de sleutels van álle houders",
            "het onderzoeksbestand, hoofdsleutel, sleutels van alle houders",
            "none",
            [of(*holders, households=True, packages=False)],
        ),
    )
    for name, title, has, claim, loots in runs:
        outcomes = [attacker.run(loot) for loot in loots]
        yield _attack(name, title, has, claim, outcomes)


def _attack(name: str, title: str, has: str, claim: Claim, outcomes: list[Outcome]) -> Attack:
    """The worst of several for who must recover nothing, the weakest of several for who recovers all."""

    def share(one: Outcome) -> float:
        return (one.rows_found + one.households_found) / max(one.rows + one.households, 1)

    chosen = (min if claim == "all" else max)(outcomes, key=share)
    return Attack(
        name,
        title,
        has,
        chosen.rows + chosen.households,
        chosen.rows_found + chosen.households_found,
        claim,
    )
