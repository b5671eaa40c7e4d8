"""The leak gate: a column that is agreed to leave, but is full of identifiers, stops the encoding.

The agreement says which column leaves, not what a holder has put in it. An amount column that was mapped to the wrong
source would leave as bands of BSNs. So the raw cells of every column that leaves are counted by what they look like,
before any transform. Normative: docs/spec/leak-gate-v1.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from linkage.errors import IdentifiersInColumn
from linkage.holder import identifiers
from linkage.holder.export import RawBatch
from linkage.holder.normalise import Job
from protocols.model import AgeBand, CategoryColumn, Column, Minor, YesNo

# docs/spec/leak-gate-v1.md, section 3: how much of a kind stops an encoding.
LEAST_DIFFERENT = 10
LEAST_SHARE = Fraction(1, 10)
LEAST_PASSING = Fraction(1, 2)
SHORTEST = 6
LONG_TEXT = 30

_AMOUNT = r"^-?([0-9]{1,7}|[0-9]{1,3}[.,][0-9]{3}|[0-9][.,][0-9]{3}[.,][0-9]{3})([.,][0-9]{1,2})?$"
_DAY, _MONTH, _YEAR = r"(0?[0-9]|[12][0-9]|3[01])", r"(0?[0-9]|1[0-2])", r"(18[5-9][0-9]|19[0-9]{2}|20[0-9]{2})"
_TIME = r"([ T][0-9:.]*)?"
_SEPARATED = (
    rf"{_DAY}[-/.]{_MONTH}[-/.]{_YEAR}{_TIME}|{_YEAR}[-/]{_MONTH}[-/]{_DAY}{_TIME}|{_DAY}[-/]{_MONTH}[-/][0-9]{{2}}"
)
_PACKED = rf"{_YEAR}(0[0-9]|1[0-2])([012][0-9]|3[01])"
_DATE = rf"^({_SEPARATED}|{_PACKED})$"

KINDS = {
    "bsn": "BSN's",
    "a-number": "A-nummers",
    "postcode": "postcodes",
    "iban": "rekeningnummers (IBAN)",
    "phone": "telefoonnummers",
    "e-mail": "e-mailadressen",
    "date": "datums",
    "separated-date": "datums",
    "text": "vrije tekst",
}


# --- what a cell looks like -----------------------------------------------------------------------

Look = Callable[[pl.Series], tuple[pl.Series, pl.Series]]


def _digits(text: pl.Series) -> pl.Series:
    """Without the `,00` of an amount, and without what people write between digits."""
    return text.str.replace(r"[.,]0{1,2}$", "").str.replace_all(r"[\s.\-]", "")


def _bsn(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    outcome = identifiers.bsn(_digits(text).alias("bsn").to_frame())["class"]
    return ~outcome.is_in(["empty", "format"]), outcome == identifiers.OK


def _a_number(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    outcome = identifiers.a_number(_digits(text).alias("a_number").to_frame())["class"]
    return ~outcome.is_in(["empty", "format"]), outcome == identifiers.OK


def _iban(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    squeezed = text.str.replace_all(r"\s", "").str.to_uppercase()
    formed = squeezed.str.contains(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")
    passing = [bool(fits) and _mod_97(account) for account, fits in zip(squeezed, formed, strict=True)]
    return formed, pl.Series(passing, dtype=pl.Boolean)


def _mod_97(account: str) -> bool:
    """ISO 13616: the first four characters behind the others, letters as 10 to 35, is 1 modulo 97."""
    return int("".join(str(int(character, 36)) for character in account[4:] + account[:4])) % 97 == 1


def _matching(pattern: str) -> Look:
    def look(text: pl.Series) -> tuple[pl.Series, pl.Series]:
        found = text.str.contains(pattern)
        return found, found

    return look


def _phone(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    bare = text.str.replace_all(r"[\s().\-]", "")
    return _matching(r"^((\+|00)?31|0)[1-9][0-9]{8}$")(bare)


def _text(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    long = (text.str.len_chars() >= LONG_TEXT) & text.str.contains(r"\S\s+\S+\s+\S+\s+\S")
    return long, long


# Each look gives, per cell: whether it has the form, and whether it passes the test of that form.
LOOKS: dict[str, Look] = {
    "bsn": _bsn,
    "a-number": _a_number,
    "postcode": _matching(r"(?i)^(NL[- ]?)?[1-9][0-9]{3}\s?[A-Z]{2}$"),
    "iban": _iban,
    "phone": _phone,
    "e-mail": _matching(r"^[^\s@]+@[^\s@]+\.[A-Za-z]{2,}$"),
    "date": _matching(_DATE),
    "separated-date": _matching(rf"^({_SEPARATED})$"),
    "text": _text,
}
_ALWAYS = ("bsn", "a-number", "postcode", "iban", "phone", "e-mail", "text")


# --- counting -------------------------------------------------------------------------------------


@dataclass
class Watched:
    """What was seen of one column: filled cells, and per kind the cells of its form, those that pass, and how many
    different ones (as hashes, no more than are needed).
    """

    key: str
    source: str
    kinds: tuple[str, ...]
    harmless: str | None
    agreed_words: int = 0
    cells: int = 0
    formed: Counter[str] = field(default_factory=Counter)
    passing: Counter[str] = field(default_factory=Counter)
    different: dict[str, set[int]] = field(default_factory=dict)

    def add(self, text: pl.Series) -> None:
        """Count the cells of a batch."""
        bare, length = pl.col("text").str.strip_chars(identifiers.SPACES), pl.col("text").str.len_bytes()
        counted = text.alias("text").value_counts(name="count").with_columns(bare).filter(length > 0)
        self.cells += int(counted["count"].sum())
        # The shortest kind, a postcode, has six characters: columns of counts and of ja/nee end here.
        long = counted.filter(length >= SHORTEST)
        if long.height:
            self._look(long)

    def _look(self, long: pl.DataFrame) -> None:
        if self.harmless is not None:
            long = long.filter(~pl.col("text").str.contains(self.harmless))
        if not long.height:
            return
        # Cells that differ in the white space around them alone are alike.
        counted = long.group_by("text").agg(pl.col("count").sum())
        text, count = counted["text"], counted["count"]
        for kind in self.kinds:
            formed, passing = LOOKS[kind](text)
            self.formed[kind] += int(count.filter(formed).sum())
            found = count.filter(passing)
            if found.len():
                self.passing[kind] += int(found.sum())
                self._note(kind, text.filter(passing))

    def _note(self, kind: str, text: pl.Series) -> None:
        seen = self.different.setdefault(kind, set())
        if len(seen) < self.needed(kind):
            seen.update(text.head(self.needed(kind)).hash().to_list())

    def needed(self, kind: str) -> int:
        """How many different ones stop: of a closed list of long names, more than the list has."""
        return max(LEAST_DIFFERENT, self.agreed_words + 1) if kind == "text" else LEAST_DIFFERENT

    def fault(self) -> str | None:
        """The kind of which there is too much, the most frequent first; None where there is none."""
        for kind, passing in self.passing.most_common():
            enough = len(self.different[kind]) >= self.needed(kind)
            if enough and passing >= LEAST_SHARE * self.cells and passing >= LEAST_PASSING * self.formed[kind]:
                return kind
        return None

    def in_words(self, kind: str) -> str:
        """Kind, count and share; never a value."""
        share = 100 * self.passing[kind] // self.cells
        cells = f"{self.passing[kind]} van {self.cells} gevulde cellen, {share}%"
        return f"kolom `{self.source}` ({self.key}) bevat {KINDS[kind]} ({cells})"


class Gate:
    """Watches the columns of one delivery; memory does not grow with the export."""

    def __init__(self, job: Job) -> None:
        """Watch what the holder has. Raises IdentifiersInColumn where the study's own words are identifiers."""
        self._columns = [_watched(column, job) for column in job.delivery.columns if column.name in job.holder.columns]
        if job.delivery.years and "year" in job.holder.columns:
            self._columns.append(Watched("year", job.holder.columns["year"], (*_ALWAYS, "date"), _AMOUNT))
        _check_words(job)

    def add(self, batch: RawBatch) -> None:
        """Count a batch of raw cells."""
        for watched in self._columns:
            watched.add(batch.frame[watched.key])

    def check(self, export: str) -> None:
        """Raises IdentifiersInColumn with every column that holds too many identifiers."""
        faults = [watched.in_words(kind) for watched in self._columns if (kind := watched.fault()) is not None]
        if faults:
            raise IdentifiersInColumn(
                f"{export}: {'; '.join(faults)}. Er is niets geschreven; controleer in de studie welke kolom is "
                "gekoppeld, en overleg met wie de studie beheert"
            )


def _watched(column: Column, job: Job) -> Watched:
    source = job.holder.columns[column.name]
    if isinstance(column, CategoryColumn | YesNo):
        # In a list of words eight digits may be a code of a neighbourhood, such as 19801010: no date.
        return Watched(column.name, source, (*_ALWAYS, "separated-date"), None, len(_words(column, job)))
    if isinstance(column, Minor | AgeBand):
        return Watched(column.name, source, _ALWAYS, _DATE)
    return Watched(column.name, source, (*_ALWAYS, "date"), _AMOUNT)


def _words(column: CategoryColumn | YesNo, job: Job) -> tuple[str, ...]:
    """The names that the protocol or the study gives, and the holder's own words."""
    own = tuple(job.holder.values.get(column.name, {}))
    return own if isinstance(column, YesNo) else (*(column.categories or job.study.study.areas), *own)


def _check_words(job: Job) -> None:
    """A study can agree to identifiers too: as names of areas, or as words of a holder."""
    for column in job.delivery.columns:
        if isinstance(column, CategoryColumn | YesNo):
            words = _words(column, job)
            watched = Watched(column.name, column.name, (*_ALWAYS, "separated-date"), None, len(words))
            watched.add(pl.Series(words, dtype=pl.String))
            kind = watched.fault()
            if kind is not None:
                raise IdentifiersInColumn(
                    f"de studie: de afgesproken woorden van {column.name} zijn {KINDS[kind]} ({watched.passing[kind]} "
                    f"van {watched.cells}); overleg met wie de studie beheert, en lever niets"
                )
