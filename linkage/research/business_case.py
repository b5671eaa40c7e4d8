"""The business case of council letter 001: what a programme costs, what the loan costs, and what it saves, per year.

A calculator of the letter's own assumptions, not a finding: no household file is read. Savings are net as the letter
says them, so the programme's cost is not subtracted from them again (docs/spec/costs-v1.md, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from protocols.model import CENT, BusinessCase


@dataclass(frozen=True)
class CaseYear:
    """One year: households that start, household-years of saving in it, and euros."""

    year: int
    started: int
    household_years: Decimal
    outlay: Decimal
    interest: Decimal
    saving: Decimal


@dataclass(frozen=True)
class Outcome:
    """All years, of which the last is the first in which every household saves for the whole year; sums in euros."""

    years: tuple[CaseYear, ...]

    @property
    def outlay(self) -> Decimal:
        """What the programme costs."""
        return sum((year.outlay for year in self.years), Decimal("0.00"))

    @property
    def interest(self) -> Decimal:
        """What the loan costs at most: a loan is repaid only if and when a household has saved."""
        return sum((year.interest for year in self.years), Decimal("0.00"))

    @property
    def saving(self) -> Decimal:
        """What is saved in these years."""
        return sum((year.saving for year in self.years), Decimal("0.00"))


def calculate(case: BusinessCase) -> Outcome:
    """The years of intake and one more.

    Intake is even over the year, so those who start save for half of it; each year's loan carries interest once.
    """
    years = []
    before = 0
    for offset, started in enumerate((*case.inflow, 0)):
        household_years = before + Decimal(started) / 2
        outlay = started * case.cost_per_household
        years.append(
            CaseYear(
                year=case.first_year + offset,
                started=started,
                household_years=household_years,
                outlay=_euros(outlay),
                interest=_euros(outlay * case.interest),
                saving=_euros(household_years * case.net_saving),
            )
        )
        before += started
    return Outcome(tuple(years))


def _euros(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, "ROUND_HALF_UP")
