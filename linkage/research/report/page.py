"""The page: sections of sentences, figures and tables, put into the template. Nothing here reads anything but Facts."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING

from markupsafe import Markup

from linkage.research.business_case import calculate
from linkage.research.disclosure import ReleasedTable
from linkage.research.report.answers import answers, times
from linkage.research.report.figures.base import Figure, Pen
from linkage.research.report.figures.breakdown import breakdown
from linkage.research.report.figures.choropleth import area_map, domain_maps
from linkage.research.report.figures.per_area import area_bars
from linkage.research.report.figures.problems import problem_bars
from linkage.research.report.figures.quality import linked
from linkage.research.report.figures.stacking import stacking
from linkage.research.report.figures.tornado import tornado
from linkage.research.report.figures.upset import upset
from linkage.research.report.grid import Cell, Grid, Head, Line, anchor, grid, overlap_grid
from linkage.research.report.maps import Shapes
from linkage.research.report.method import method
from linkage.research.report.numbers import Language, Numbers
from linkage.research.report.overlap import overlap_of
from linkage.research.report.pick import Facts
from linkage.research.report.texts import Words

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_COST_FIGURES = 2


@dataclass(frozen=True)
class Section:
    """A part of the page; `left_out` where its table was not released."""

    id: str
    title: str
    lead: tuple[Markup, ...] = ()
    figures: tuple[Figure, ...] = ()
    grids: tuple[Grid, ...] = ()
    left_out: bool = False


@dataclass
class _Shown:
    """Which tables stand in a section already: the others come at the end."""

    facts: Facts
    pen: Pen
    names: set[str] = field(default_factory=set)

    def grid(self, table: ReleasedTable) -> Grid:
        """The table for here, and not at the end again."""
        self.names.add(table.name)
        return grid(table, self.pen)


def render(facts: Facts, language: Language, shapes: Shapes | None) -> str:
    """The whole page as text. The same facts give the same text."""
    pen = Pen(Words(language), Numbers(language))
    shown = _Shown(facts, pen)
    style = _source("style.css")
    sections = [*_sections(shown, shapes)]
    rest = tuple(grid(table, pen) for table in facts.release.tables if table.name not in shown.names)
    tables = Section("tabellen", pen.words.plain("s_tables"), grids=rest)
    about = facts.study.study
    return (
        _environment()
        .get_template("template.html.j2")
        .render(
            language=language,
            say=pen.words,
            own=pen.words.own,
            anchor=anchor,
            style=Markup(style),  # noqa: S704 -- our own file
            style_hash=base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
            about=about,
            kicker=pen.words(
                "kicker",
                town=pen.words.own(about.municipality),
                date=pen.numbers.date(about.reference_date),
                wave=about.wave,
            ),
            answers=answers(facts, pen),
            question=_question(facts, pen),
            sections=[*sections, *([tables] if rest else [])],
            method=method(facts, pen),
            rule=facts.release.rule,
            account=_account(facts, pen),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("linkage.research.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(name: str) -> str:
    return (resources.files("linkage.research.report") / name).read_text(encoding="utf-8")


def _sections(shown: _Shown, shapes: Shapes | None) -> Iterator[Section]:
    yield _where(shown, shapes)
    yield _problems(shown)
    yield _costs(shown)
    case = _case(shown)
    if case is not None:
        yield case
    elsewhere = shown.facts.of_kind("municipalities")
    if elsewhere:
        words = shown.pen.words
        grids = tuple(shown.grid(table) for table in elsewhere)
        yield Section("elders", words.plain("s_elsewhere"), (words("elsewhere_lead"),), grids=grids)
    yield _quality(shown)


def _question(facts: Facts, pen: Pen) -> tuple[Markup, ...]:
    adult = pen.words("with_adult") if facts.protocol.parameters.family_rule == "minor-and-adult" else ""
    linker = pen.words.own(facts.study.linker.organisation)
    return (
        pen.words("question_lead"),
        Markup("<q>{}</q>").format(pen.words.own(facts.study.study.purpose)),
        pen.words("question_how", linker=linker, adult=adult),
    )


def _where(shown: _Shown, shapes: Shapes | None) -> Section:
    facts, pen = shown.facts, shown.pen
    title = pen.words.plain("s_where")
    main, domains = facts.main_map, facts.domain_maps
    if main is None and not domains:
        return Section("waar", title, left_out=True)
    figures: list[Figure] = []
    if main is not None:
        figures.append(area_bars("kaart", main, pen) if shapes is None else area_map("kaart", main, shapes, pen))
    if domains and shapes is not None:
        figures.append(domain_maps("gebieden", domains, shapes, pen))
    elif domains and main is None:
        figures += [area_bars(f"gebied-{place}", one, pen) for place, one in enumerate(domains, start=1)]
    return Section("waar", title, figures=tuple(figures), grids=(shown.grid(main.table),) if main else ())


def _problems(shown: _Shown) -> Section:
    facts, pen = shown.facts, shown.pen
    figures: list[Figure] = []
    grids: list[Grid] = []
    lead: list[Markup] = []
    if facts.problems:
        figures.append(problem_bars("problemen-per-soort", facts.problems, pen))
    table = facts.any_of_kind("overlap")
    overlap = overlap_of(facts)
    if overlap is not None and table is not None:
        figures.append(upset("overlap", overlap, pen))
        grids.append(overlap_grid(overlap, anchor(f"{table.name}-precies"), pen))
    elif table is not None:
        lead.append(pen.words("upset_none"))
    stacks = facts.any_of_kind("stacking")
    if stacks is not None:
        figures.append(stacking("stapeling", stacks, pen))
        grids.append(shown.grid(stacks))
    title = pen.words.plain("s_problems")
    return Section("problemen", title, tuple(lead), tuple(figures), tuple(grids), left_out=not (figures or lead))


def _costs(shown: _Shown) -> Section:
    facts, pen = shown.facts, shown.pen
    title, table = pen.words.plain("s_costs"), facts.any_of_kind("costs")
    if table is None:
        return Section("kosten", title, left_out=True)
    figures = [*_breakdowns(facts, pen), *_tornado(facts, pen)]
    lead = (pen.words("costs_lead"), *_compared(facts, pen))
    return Section("kosten", title, lead, tuple(figures), (shown.grid(table),))


def _compared(facts: Facts, pen: Pen) -> Iterator[Markup]:
    (group, title), *others = facts.compared
    mean = facts.cost(group, "mean").value
    for other, other_title in others:
        less = facts.cost(other, "mean").value
        factor = times(mean, less) if mean is not None and less is not None else None
        if mean is not None and less is not None and factor is not None:
            yield pen.words(
                "costs_compared",
                group=Markup("<i>{}</i>").format(pen.words.own(title)),
                mean=pen.numbers.euros(mean),
                other=Markup("<i>{}</i>").format(pen.words.own(other_title)),
                less=pen.numbers.euros(less),
                times=pen.numbers.number(factor, 1),
            )


def _breakdowns(facts: Facts, pen: Pen) -> Iterator[Figure]:
    groups = list(facts.cost_groups)
    for place, table in enumerate(facts.of_kind("cost-parts")[:MOST_COST_FIGURES]):
        own = [(name, title) for name, title in groups if any(c.name == f"{name}_mean" for c in table.columns)]
        if own:
            yield breakdown(f"kosten-{place + 1}", table, own, pen)


def _tornado(facts: Facts, pen: Pen) -> Iterator[Figure]:
    table = facts.any_of_kind("scenarios")
    for group in facts.cost_groups[:1]:
        if table is not None and table.rows and any(one.name == group[0] for one in table.columns):
            yield tornado("tornado", table, group, facts.cost(group[0], "total"), pen)


def _case(shown: _Shown) -> Section | None:
    costs, pen = shown.facts.protocol.costs, shown.pen
    case = costs.business_case if costs else None
    if case is None:
        return None
    outcome, words, numbers = calculate(case), pen.words, pen.numbers
    heads = tuple(Head(words(f"case_{key}")) for key in ("started", "outlay", "interest", "saving"))
    lines = [
        Line(Markup("{}").format(year.year), _case_line(pen, year.started, year.outlay, year.interest, year.saving))
        for year in outcome.years
    ]
    everything = _case_line(pen, case.households, outcome.outlay, outcome.interest, outcome.saving)
    lines.append(Line(words("all"), everything, total=True))
    lead = words(
        "case_lead",
        households=numbers.number(case.households),
        cost=numbers.euros(case.cost_per_household),
        saving=numbers.euros(case.net_saving),
        interest=numbers.percent(case.interest * 100),
    )
    table = Grid("tabel-investering", words("case_caption"), words("case_year"), heads, tuple(lines))
    return Section("investering", words.plain("s_case"), (lead,), grids=(table,))


def _case_line(pen: Pen, started: int, *euros: Decimal) -> tuple[Cell, ...]:
    return (Cell(pen.numbers.number(started)), *(Cell(pen.numbers.euros(amount)) for amount in euros))


def _quality(shown: _Shown) -> Section:
    facts, pen = shown.facts, shown.pen
    title, tables = pen.words.plain("s_quality"), facts.of_kind("quality")
    if not tables:
        return Section("koppeling", title, left_out=True)
    found = linked("gekoppeld", tables[0], pen)
    figures = () if found is None else (found,)
    return Section("koppeling", title, (pen.words("quality_lead"),), figures, tuple(shown.grid(one) for one in tables))


def _account(facts: Facts, pen: Pen) -> tuple[tuple[str, Markup], ...]:
    about, words = facts.study.study, pen.words
    plain = Markup("{}").format
    return (
        (words.plain("legal_basis"), words.own(about.legal_basis)),
        (words.plain("retention"), plain(pen.numbers.date(about.retention_until))),
        (words.plain("account_protocol"), words.own(facts.protocol.title)),
        (words.plain("account_source"), words.own(facts.protocol.source)),
        (words.plain("account_released"), plain(pen.numbers.date(dt.date.fromisoformat(facts.release.about.released)))),
        (words.plain("account_tables"), words.own(", ".join(table.name for table in facts.release.tables))),
        (words.plain("account_digest"), Markup("<code>{}</code>").format(about.protocol_digest)),
        (words.plain("account_ledger"), Markup("<code>{}</code>").format(facts.release.ledger)),
    )
