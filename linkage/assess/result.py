"""What every part of the self-test hands to the page: attacks with their outcome, and combinations of facts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from linkage.errors import InputUnreadable

Claim = Literal["all", "none", "little"]


@dataclass(frozen=True)
class Attack:
    """One attack that was run: `recovered` of `targets` rows or households, in so many tries and seconds.

    `claim` is what should come out: all is recovered, none, or a little (what lies right by chance).
    """

    name: str
    title: str
    has: str
    targets: int
    recovered: float
    claim: Claim
    tries: int = 0
    seconds: float = 0.0
    by_chance: float = 0.0

    @property
    def share(self) -> float:
        """The part of the targets that was recovered."""
        return self.recovered / self.targets if self.targets else 0.0

    @property
    def as_claimed(self) -> bool:
        """Whether the outcome is what SECURITY.md says; an attack without a target shows nothing."""
        # Six standard deviations of a Poisson number, and a few where hardly any is expected.
        by_chance = self.by_chance
        outcome = {
            "all": self.recovered == self.targets,
            "none": self.recovered == 0,
            "little": self.recovered <= by_chance + 6 * by_chance**0.5 + 3,
        }
        return self.targets > 0 and outcome[self.claim]


@dataclass(frozen=True)
class Known:
    """What who knows some facts picks right, on average over `persons`; `unique` and `small` are shares of them."""

    facts: tuple[str, ...]
    persons: int
    expected: float
    unique: float
    small: float
    limit: float | None = None
    over: bool = False
    deviating: float | None = None


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises InputUnreadable."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise InputUnreadable(f"{path.name} is niet te openen; controleer het pad en de rechten") from None
