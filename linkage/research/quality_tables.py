"""What readers may know of the linker's quality report (docs/spec/quality-v1.md, section 8).

`quality.json` counts rows and households exactly, so none of its numbers is printed as it is: numbers of rows to the
nearest threshold, intervals outward, differences between choices as "at most". Households are counted again here, from
the household file, and go through the gate like any other count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from linkage.codebook import populations
from linkage.errors import HouseholdFileWrong
from linkage.research.cells import WHOLE, YES, Counts, Key, condition_of
from linkage.research.households import HouseholdFile
from linkage.research.quality import holder_title, quality_table, rounded, share
from linkage.research.tables import Cell, Column, Row, Table, percentage
from protocols.model import Delivery, ReleaseRule

FORMAT = "household-linkage/quality/v1"
FILE = "quality.json"
RATES, REACH, CHOICES = "koppelfouten", "dekking", "gevoeligheid"
BY_AREA, BY_AGE, BY_YEAR = "dekking-wijk", "dekking-leeftijd", "dekking-jaar"
AGES = {"minor": "Minderjarigen", "adult": "Volwassenen"}
AS_AGREED = "as-agreed"
STEPS = (1, 2, 5, 10, 20, 25, 50, 100)
WHOLE_PERCENT = 100
UNKNOWN = "unknown"


# --- reading ------------------------------------------------------------------------------------


def read(path: Path, file: HouseholdFile, households: Path) -> dict[str, Any]:
    """The quality report of the run that made the household file. Raises HouseholdFileWrong for any other."""
    try:
        data = json.loads(path.read_bytes())
        with households.open("rb") as own:
            digest = f"sha256:{hashlib.file_digest(own, 'sha256').hexdigest()}"
        same = (data["format"], data["households_file"], data["packages"]) == (FORMAT, digest, file.about["packages"])
        for line in data["deliveries"]:
            _delivery(line)
        for line in data["sensitivity"]:
            _variant(line)
        complete = data["sensitivity"][0]["variant"] == AS_AGREED
        found: dict[str, Any] = data
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise HouseholdFileWrong(f"{path.name} is niet te lezen; maak het opnieuw met linkage quality") from None
    if not same or not complete:
        raise HouseholdFileWrong(
            f"{path.name} hoort bij een ander onderzoeksbestand; maak het opnieuw met linkage quality, of haal het weg"
        )
    return found


def _delivery(line: Mapping[str, Any]) -> None:
    _counts(line["rows"], *line.get("reasons", {}).values())
    for rate in _rates(line):
        if not (0 <= rate["low"] <= rate["high"] <= 1):
            raise ValueError("no interval")
    for group in line["coverage"]["ages"] if "coverage" in line else ():
        _part(group["reached"], group["persons"])
    for group in line["coverage"]["years"] if "coverage" in line else ():
        _part(group["linked"], group["rows"])


def _part(part: int, whole: int) -> None:
    _counts(part, whole)
    if part > whole:
        raise ValueError("more than there are")


def _rates(line: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in ("missed", "false_address", "false_number", "false_agreement") if "rates" in line else ():
        if line["rates"][name] is not None:
            yield line["rates"][name]


def _variant(line: Mapping[str, Any]) -> None:
    if not isinstance(line["variant"], str):
        raise TypeError("no name")
    for yes, unknown in line["outputs"].values():
        _counts(yes, unknown)


def _counts(*numbers: object) -> None:
    if not all(type(number) is int and 0 <= number < 2**31 for number in numbers):
        raise ValueError("no count")


# --- the tables ---------------------------------------------------------------------------------


def every(file: HouseholdFile) -> tuple[Table, ...]:
    """All tables on the linkage that can be made of what stands beside the household file."""
    return (*((quality_table(file),) if file.linkage is not None else ()), *tables(file))


def tables(file: HouseholdFile) -> tuple[Table, ...]:
    """The tables that a household file with a quality report has; none without."""
    if file.quality is None:
        return ()
    found = (_errors(file, file.quality), _reach(file), _by_area(file), _by_age(file), _by_year(file))
    return (*(table for table in found if table.rows), _choices(file, file.quality))


def _errors(file: HouseholdFile, report: Mapping[str, Any]) -> Table:
    """A row per delivery and holder: how often number and address agree, and between which shares the errors lie."""
    columns: tuple[Column, ...] = (
        Column("both", "Rijen met nummer én adres"),
        Column("agree_pct", "Adres zegt hetzelfde huishouden (%)"),
        Column("missed_low", "Gemist, van (%)"),
        Column("missed_high", "Gemist, tot (%)"),
        Column("address_low", "Onjuist op adres, van (%)"),
        Column("address_high", "Onjuist op adres, tot (%)"),
        Column("number_low", "Onjuist op nummer, van (%)"),
        Column("number_high", "Onjuist op nummer, tot (%)"),
    )
    lines = _lines(report, "rates")
    agreed = any(line["rates"]["false_agreement"] is not None for line in lines)
    if agreed:  # no column of nothing in a study that has numbers throughout
        columns += (
            Column("agreement_low", "Onjuist op overeenkomst, naar verwachting van (%)"),
            Column("agreement_high", "Onjuist op overeenkomst, naar verwachting tot (%)"),
        )
    rows = tuple(_error_row(file, line, agreed=agreed) for line in lines)
    return Table(RATES, "Hoeveel koppelingen worden gemist, en hoeveel zijn onjuist", "quality", columns, rows)


def _lines(report: Mapping[str, Any], what: str) -> list[Mapping[str, Any]]:
    """The packages of which the report has that, in an order that says nothing."""
    lines = [line for line in report["deliveries"] if what in line]
    return sorted(lines, key=lambda line: (str(line["delivery"]), str(line["holder"])))


def _error_row(file: HouseholdFile, line: Mapping[str, Any], *, agreed: bool) -> Row:
    to, agreement = file.protocol.release.threshold, line["agreement"]
    both: tuple[int | None, int | None] = (None, None)
    if agreement is not None:
        same = agreement["address-exact"]["same"] + agreement["address-coarse"]["same"]
        both = rounded(agreement["rows"], to), share(same, agreement["rows"], to)
    rates = line["rates"]
    numbers = [*both, *_outward(rates["missed"], line["rows"], to)]
    numbers += [
        *_outward(rates["false_address"], _by_address(line), to),
        *_outward(rates["false_number"], line["rows"], to),
        *(_outward(rates["false_agreement"], line["reasons"]["agreement"], to) if agreed else ()),
    ]
    return _row(file, line, numbers)


def _row(file: HouseholdFile, line: Mapping[str, Any], numbers: Sequence[int | None]) -> Row:
    """A package with numbers that were made coarse; nothing where there is none."""
    cells = tuple(Cell("empty") if number is None else Cell("given", value=number) for number in numbers)
    return Row(f"{line['delivery']}/{line['holder']}", holder_title(file, line["delivery"], line["holder"]), cells)


def _by_address(line: Mapping[str, Any]) -> int:
    reasons = line["reasons"]
    return int(reasons["address-exact"] + reasons["address-coarse"])


def _outward(rate: Mapping[str, Any] | None, rows: int, to: int) -> tuple[int | None, int | None]:
    """An interval in whole percents, rounded outward to steps of at least `to` rows; nothing where all is possible."""
    if rate is None or (rate["low"], rate["high"]) == (0, 1):
        return None, None
    step = _step(rows, to)
    low, high = (round(1e4 * rate[name]) for name in ("low", "high"))  # hundredths of a percent, whole
    return low // (100 * step) * step, min(100, -(-high // (100 * step)) * step)


def _step(rows: int, to: int) -> int:
    """The first step, in percents, that is at least `to` rows."""
    return next((one for one in STEPS if one * rows >= WHOLE_PERCENT * to), WHOLE_PERCENT)


def _reach(file: HouseholdFile) -> Table:
    """Of all households, how many occur in each delivery but the register; counted from the household file."""
    columns = (
        Column("N", "Huishoudens"),
        Column("reached", "In deze levering"),
        Column("reached_pct", "In deze levering (%)", 1),
    )
    counts, everyone = Counts(file), Key("households", WHOLE)
    rows = []
    for delivery in _counted(file):
        key = Key("households", WHOLE, ((f"coverage_{delivery.name}", YES),))
        value, base = counts[key].value, counts[everyone].value
        cells = (
            Cell("count", everyone, (), base),
            Cell("count", key, (), value),
            Cell("percent", key, (everyone,), percentage(value, base, 1)),
        )
        rows.append(Row(delivery.name, delivery.title, cells))
    return Table(REACH, "Hoeveel huishoudens in elke levering voorkomen", "quality", columns, tuple(rows))


def _counted(file: HouseholdFile) -> list[Delivery]:
    """Deliveries, but the register, of which it is known of every household whether it occurs in them."""
    frame = file.frame
    return [
        delivery
        for delivery in file.protocol.deliveries
        if not delivery.spine
        and (name := f"coverage_{delivery.name}") in frame.columns
        and not frame[name].null_count()
    ]


def _by_area(file: HouseholdFile) -> Table:
    """A row per wijk: how many households of each delivery live there; counted from the household file."""
    counts, deliveries = Counts(file), _counted(file)
    columns = [Column("N", "Huishoudens")]
    for delivery in deliveries:
        columns += [Column(delivery.name, delivery.title), Column(f"{delivery.name}_pct", f"{delivery.title} (%)", 1)]
    rows = []
    for area in counts.areas if deliveries else ():
        base = Key("households", area)
        cells = [Cell("count", base, (), counts[base].value)]
        for delivery in deliveries:
            key = Key("households", area, ((f"coverage_{delivery.name}", YES),))
            share = percentage(counts[key].value, counts[base].value, 1)
            cells += [Cell("count", key, (), counts[key].value), Cell("percent", key, (base,), share)]
        rows.append(Row(area, area, tuple(cells)))
    title = "Hoeveel huishoudens van elke wijk in elke levering voorkomen"
    return Table(BY_AREA, title, "quality", tuple(columns), tuple(rows))


def _by_age(file: HouseholdFile) -> Table:
    """A row per delivery of persons and holder: which share of the minors and of the adults was recognised in it.

    Persons are no households: a step of so many persons that at least a threshold of households must be in it.
    """
    assert file.quality is not None
    to = file.protocol.release.threshold * file.protocol.household.max_size
    columns = tuple(
        Column(f"{group}_{end}", f"{title}, {word} (%)")
        for group, title in AGES.items()
        for end, word in (("low", "van"), ("high", "tot"))
    )
    rows = []
    for line in _lines(file.quality, "coverage"):
        groups = {group["group"]: (group["reached"], group["persons"]) for group in line["coverage"]["ages"]}
        if groups:
            numbers = [number for age in AGES for number in steps(*groups.get(age, (0, 0)), to)]
            rows.append(_row(file, line, numbers))
    return Table(BY_AGE, "Welk deel van de inwoners op persoon is herkend", "quality", columns, tuple(rows))


def steps(part: int, whole: int, to: int) -> tuple[int | None, int | None]:
    """Between which whole percents a share lies, in steps of at least `to`; nothing of fewer than that."""
    share = {"low": part / whole, "high": part / whole} if whole else None
    low, high = _outward(share, whole, to)
    if low is None or high is None or whole < to:
        return None, None
    step = _step(whole, to)
    return (low, high) if high > low else (low - step, high) if high == WHOLE_PERCENT else (low, high + step)


def _by_year(file: HouseholdFile) -> Table:
    """A row per delivery that is per year and holder: rows of each year, and which share of them was linked."""
    assert file.quality is not None
    to, lines = file.protocol.release.threshold, _lines(file.quality, "coverage")
    known = {
        (number, group["group"]): (group["rows"], group["linked"])
        for number, line in enumerate(lines)
        for group in line["coverage"]["years"]
        if group["group"] != UNKNOWN
    }
    years = sorted({year for _, year in known})
    columns = tuple(
        column
        for year in years
        for column in (Column(year, f"Rijen {year}"), Column(f"{year}_pct", f"Gekoppeld {year} (%)"))
    )
    rows = []
    for number, line in enumerate(lines):
        if line["coverage"]["years"]:
            of = [known.get((number, year), (0, 0)) for year in years]
            rows.append(_row(file, line, [n for all_, part in of for n in _of_rows(all_, part, to)]))
    return Table(BY_YEAR, "Hoeveel rijen van elk jaar er zijn, en zijn gekoppeld", "quality", columns, tuple(rows))


def _of_rows(rows: int, part: int, to: int) -> tuple[int | None, int | None]:
    """Rows to the nearest threshold, and a share in whole percents of such numbers; nothing of none."""
    return (rounded(rows, to), share(part, rows, to)) if rows else (None, None)


# --- other choices ------------------------------------------------------------------------------


def _choices(file: HouseholdFile, report: Mapping[str, Any]) -> Table:
    """A column per domain and definition: its number, and by how many it changes at most under each other choice."""
    base, *others = report["sensitivity"]
    named = {part.name: part.title for group in (file.protocol.domains, file.protocol.definitions) for part in group}
    population, counts = populations(file.protocol), Counts(file)
    keys = [Key(population[name], WHOLE, condition_of(file.protocol, name)) for name in named]
    now = Row(AS_AGREED, "Aantal, zoals afgesproken", tuple(Cell("count", key, (), counts[key].value) for key in keys))
    rows = [_changes(file, base, line, tuple(named)) for line in others if line["variant"] != _own_size(file)]
    title = "Hoeveel de aantallen bij andere keuzes hoogstens veranderen; wat dan onbekend is, telt niet mee"
    return Table(CHOICES, title, "quality", tuple(Column(*one) for one in named.items()), (now, *rows))


def _own_size(file: HouseholdFile) -> str:
    return f"max-size:{file.protocol.household.max_size}"


def _changes(file: HouseholdFile, base: Mapping[str, Any], line: Mapping[str, Any], names: tuple[str, ...]) -> Row:
    pairs = ((base["outputs"][name][0], line["outputs"][name][0]) for name in names)
    cells = tuple(Cell("given", value=at_most(now, then, file.protocol.release)) for now, then in pairs)
    return Row(line["variant"], f"{_title(file, line['variant'])}: hoogstens", cells)


def at_most(now: int, then: int, rule: ReleaseRule) -> int:
    """How far `then` is from `now` at most, in steps so wide that few households cannot be told from none.

    A step is twice the threshold or the width of an interval; the last of those below `now` has what is left too, so
    that what remains cannot be told to be few either.
    """
    step = 2 * max(rule.threshold, rule.interval_width)
    steps = max(1, -(-abs(then - now) // step))
    if then <= now and steps >= now // step:
        steps = max(1, -(-now // step))
    return steps * step


def _title(file: HouseholdFile, variant: str) -> str:
    kind, _, value = variant.partition(":")
    match kind:
        case "addresses":
            return {"exact": "Alleen precies hetzelfde adres", "number": "Toevoeging telt niet mee"}[value]
        case "max-size":
            return "Geen grens aan personen" if value == "none" else f"Hoogstens {value} personen"
        case _:
            delivery, _, holder = value.partition("/")
            return f"Zonder {holder_title(file, delivery, holder)}"
