"""What the report finds in tables, its four answers, and its figures; hidden and absent under any protocol."""

from __future__ import annotations

import base64
import re

import pytest
import released
import simulator

from linkage.errors import ResearchError
from linkage.research.disclosure import ReleasedCell
from linkage.research.report.answers import answers, lower
from linkage.research.report.figures import stacked
from linkage.research.report.figures.base import COLOURS, SEQUENCE, Figure, Pen, ink_on
from linkage.research.report.figures.breakdown import breakdown
from linkage.research.report.figures.choropleth import area_map, classes_of, domain_maps
from linkage.research.report.figures.per_area import area_bars
from linkage.research.report.figures.quality import linked
from linkage.research.report.figures.stacking import having, stacking
from linkage.research.report.figures.tornado import tornado
from linkage.research.report.grid import grid
from linkage.research.report.maps import Shapes
from linkage.research.report.numbers import Language, Numbers
from linkage.research.report.pick import Facts, cell
from linkage.research.report.texts import Words
from linkage.study import Study
from protocols.model import Definition

PEN = Pen(Words("nl"), Numbers("nl"))
SHAPES = Shapes(
    {
        "Noord": (((((0.0, 0.0), (3.0, 0.0), (3.0, 1.0), (0.0, 1.0), (0.0, 0.0)),)),),
        "Zuid": (((((0.0, -2.0), (3.0, -2.0), (3.0, -0.1), (0.0, -0.1), (0.0, -2.0)),)),),
    },
    (),
    1.0,
)


@pytest.fixture
def study(cast: simulator.Cast) -> Study:
    return cast.study()


@pytest.fixture
def facts(study: Study) -> Facts:
    return Facts(released.release_of(study), study)


def told(facts: Facts, language: Language = "nl") -> list[str]:
    pen = Pen(Words(language), Numbers(language))
    return [re.sub(r"<[^>]+>", "", f"{one.big} | {one.sentence}") for one in answers(facts, pen)]


def drawn(figure: Figure) -> str:
    return base64.b64decode(figure.image.removeprefix("data:image/svg+xml;base64,")).decode()


# --- the four answers -----------------------------------------------------------------------------------


def test_the_four_answers(facts: Facts) -> None:
    families, where, problems, costs = told(facts)
    assert families.startswith("20 | Van de 400 gezinnen met kinderen voldoen er 20 (5,0\u00a0%)")
    assert where == (
        "Zuid | Van de wijken die mogen worden getoond, heeft Zuid er de meeste (25) en Noord het hoogste aandeel "
        "(5,00\u00a0% van de huishoudens daar)."
    )
    assert (
        problems
        == "45,0\u00a0% | van de gezinnen heeft sociaaleconomische problemen. Het meest komen voor: armoede (120)."
    )
    assert costs == (
        "€\u00a050.000 | per huishouden per jaar, in de groep multiprobleemgezinnen: 4,0 keer zoveel als in de groep "
        "alle andere (D25) (€\u00a012.500)."
    )


def test_the_four_answers_in_english(facts: Facts) -> None:
    families, *_, costs = told(facts, "en")
    assert families.startswith("20 | Of the 400 families with children, 20 (5.0%) meet the definition")
    assert "€50,000" in costs
    assert "4.0 times" in costs
    assert '<span lang="nl">' in answers(facts, Pen(Words("en"), Numbers("en")))[0].sentence


def test_answers_without_tables(study: Study) -> None:
    said = told(Facts(released.release_of(study, names=["koppeling"]), study))
    assert said == ["– | Hierover is geen tabel uitgegeven."] * 4


def test_answers_when_all_is_hidden(study: Study) -> None:
    stars = [released.hidden(one) for one in released.tables()]
    said = told(Facts(released.release_of(study, *stars), study))
    assert said == ["mag niet worden getoond | Dit mag niet worden getoond."] * 4


def test_a_hidden_definition_leaves_the_families(study: Study) -> None:
    own = [one if one.name == "tabel1" else released.hidden(one) for one in released.tables()]
    families, *_ = told(Facts(released.release_of(study, *own), study))
    assert families.startswith("mag niet worden getoond | Er zijn 400 gezinnen met kinderen.")


def test_areas_that_are_equal_are_named_together(study: Study) -> None:
    rows: released.Rows = {"gemeente": [900, 60, "6.67"], "Noord": [300, 30, "10.00"], "Zuid": [300, 30, "10.00"]}
    even = released.table("kaart", "by-area", released.counted("mpg", decimals=2), rows)
    where = told(Facts(released.release_of(study, even), study))[1]
    assert where.startswith("Noord en Zuid | ")
    assert "ook het hoogste aandeel" in where


def test_a_hidden_group_to_compare_with_gives_no_times(study: Study) -> None:
    columns = [released.Column("households", "h"), *released.euros("total", "mean")]
    rows: released.Rows = {"mpg": [40, 2_000, 50], "other-families-with-problems": [9, "*", "*"]}
    costs = told(Facts(released.release_of(study, released.table("kosten", "costs", columns, rows)), study))[3]
    assert costs.endswith("Een bedrag om mee te vergelijken mag niet worden getoond.")


@pytest.mark.parametrize(("title", "inside"), [("WW-uitkering", "WW-uitkering"), ("Armoede", "armoede"), ("x", "x")])
def test_a_title_inside_a_sentence(title: str, inside: str) -> None:
    assert lower(title) == inside


# --- finding --------------------------------------------------------------------------------------------


def test_the_strictest_definition_whatever_its_place(study: Study) -> None:
    loose = Definition(name="los", title="Los", all_of=("S",))
    strict = Definition(name="streng", title="Streng", all_of=("los", "A", "C", "support_2012", "support_2013"))
    other = released.with_protocol(study, definitions=(loose, strict, Definition(name="na", title="Na", all_of=("A",))))
    definition = Facts(released.release_of(other), other).definition
    assert definition is not None
    assert definition.name == "streng"


def test_tables_of_another_study_are_refused(study: Study) -> None:
    release = released.release_of(study)
    other = study.model_copy(update={"study": study.study.model_copy(update={"wave": 2})}).bound_to(study.protocol)
    with pytest.raises(ResearchError, match="andere studie of meting"):
        Facts(release, other)


def test_a_table_that_is_not_there_has_empty_cells(facts: Facts) -> None:
    assert cell(None, "a", "b") == ReleasedCell(None)
    assert cell(facts.named["tabel1"], "Noord", "geen kolom") == ReleasedCell(None)
    assert cell(facts.named["tabel1"], "geen rij", "S") == ReleasedCell(None)


def test_a_protocol_without_costs_or_definitions(study: Study) -> None:
    bare = released.with_protocol(study, definitions=(), costs=None)
    found = Facts(released.release_of(bare, names=["tabel1"]), bare)
    assert (found.definition, found.main_map, found.compared) == (None, None, ())


# --- tables ---------------------------------------------------------------------------------------------


def test_a_count_and_its_percentage_under_one_heading(facts: Facts) -> None:
    made = grid(facts.named["tabel1"], PEN)
    assert [(head.title, head.parts, head.span) for head in made.heads][:2] == [
        ("Aantal", (), 1),
        ("Titel S", ("aantal", "%"), 2),
    ]
    assert [one.text for one in made.lines[1].cells] == ["100", "80", "80,0", "70", "70,0", "*", "*"]
    assert made.lines[0].total
    assert made.stars


def test_a_payer_called_gemeente_is_no_total(study: Study) -> None:
    rows: released.Rows = {"gemeente": [1], "all": [2]}
    made = grid(released.table("kosten_betalers", "cost-parts", released.euros("mpg"), rows), PEN)
    assert [line.total for line in made.lines] == [False, True]


@pytest.mark.parametrize(
    ("name", "corner"), [("koppeling", "Levering"), ("dekking-wijk", "Wijk"), ("gevoeligheid", "Bij deze keuze")]
)
def test_the_corner_says_what_a_row_is(name: str, corner: str) -> None:
    made = grid(released.table(name, "quality", released.counted("x"), {"Noord": [1, 1, "1.0"]}), PEN)
    assert made.corner == corner


# --- figures --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0], [0.1, 0.2, 0.9], [0.0, 100.0], [22.7, 69.0], [1e-9, 1e9]])
def test_five_classes_at_most(values: list[float]) -> None:
    found = classes_of(values)
    assert len(found.limits) < 5
    assert list(found.limits) == sorted(set(found.limits))
    assert len(found.colours) == len(found.limits) + 1
    if values and max(values) > min(values):
        assert found.colour(min(values)) != found.colour(max(values))


@pytest.mark.parametrize("colour", [*SEQUENCE, *COLOURS])
def test_words_on_a_colour_have_enough_contrast(colour: str) -> None:
    """WCAG AA: 4.5 to 1."""

    def luminance(code: str) -> float:
        parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(colour), luminance(ink_on(colour))), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_a_map_tells_in_words_what_it_shows(facts: Facts) -> None:
    assert facts.main_map is not None
    figure = area_map("kaart", facts.main_map, SHAPES, PEN)
    assert (
        figure.alt == "Kaart per wijk, % van de huishoudens. Hoogst: Noord (5,00\u00a0%). Laagst: Zuid (3,57\u00a0%)."
    )
    assert "Noord" in drawn(figure)
    assert "onderdrukt" not in drawn(figure)


def test_a_hidden_area_is_hatched_and_said(study: Study) -> None:
    rows: released.Rows = {"gemeente": [900, 60, "6.67"], "Noord": [300, "*", "*"], "Zuid": [300, 30, "10.00"]}
    one = released.table("kaart", "by-area", released.counted("mpg", decimals=2), rows)
    facts = Facts(released.release_of(study, one), study)
    assert facts.main_map is not None
    figure = area_map("kaart", facts.main_map, SHAPES, PEN)
    assert "Onderdrukt: 1 van 2." in figure.alt
    assert "<pattern" in drawn(figure)
    assert "onderdrukt" in drawn(figure)
    bars = area_bars("kaart", facts.main_map, PEN)
    assert "Onderdrukt: 1 van 2." in bars.alt
    assert "<pattern" in drawn(bars)


def test_an_area_that_is_not_on_the_map_is_named(facts: Facts) -> None:
    assert facts.main_map is not None
    part = Shapes({"Noord": SHAPES.polygons["Noord"]}, ("Zuid",), 1.0)
    assert "Niet op de kaart, wel in de tabel: Zuid." in area_map("kaart", facts.main_map, part, PEN).alt
    assert "Niet op de kaart" in domain_maps("gebieden", facts.domain_maps, part, PEN).alt


def test_an_area_without_numbers_is_grey(study: Study) -> None:
    rows: released.Rows = {"gemeente": [900, 60, "6.67"], "Zuid": [300, 30, "10.00"]}
    one = released.table("kaart", "by-area", released.counted("mpg", decimals=2), rows)
    facts = Facts(released.release_of(study, one), study)
    assert facts.main_map is not None
    assert "geen gegevens" in drawn(area_map("kaart", facts.main_map, SHAPES, PEN))


def test_nothing_to_show_is_said(study: Study) -> None:
    one = released.hidden(next(one for one in released.tables() if one.name == "kaart"))
    facts = Facts(released.release_of(study, one), study)
    assert facts.main_map is not None
    assert area_map("kaart", facts.main_map, SHAPES, PEN).alt == "Geen enkele wijk mag worden getoond."


def test_hidden_pieces_are_drawn_together(facts: Facts) -> None:
    """100 families have a problem of A; how they are divided is hidden, and only their sum is drawn."""
    table = facts.named["stapeling"]
    assert (having(table, "S"), having(table, "A")) == (180, 100)
    figure = stacking("stapeling", table, PEN)
    assert "onderdrukt" in figure.alt
    assert "<pattern" in drawn(figure)
    assert having(released.hidden(table), "S") is None


def test_hidden_costs_are_one_hatched_piece(facts: Facts) -> None:
    table = facts.named["kosten_onderdelen"]
    figure = breakdown("kosten", table, [("mpg", "Mpg"), ("families_with_problems", "Andere")], PEN)
    assert "Mpg: €\u00a050.000. Andere: €\u00a010.000. Onderdrukt: 2 van 4." in figure.alt
    assert "niet apart te tonen" in drawn(figure)
    groups = [("mpg", "Mpg")]
    assert "<pattern" not in drawn(breakdown("kosten", table, groups, PEN))


def test_a_hidden_piece_never_has_a_length_of_its_own() -> None:
    one = stacked.Stack("a", (stacked.Piece("#000000", None), stacked.Piece("#000000", 5)), None, "*")
    other = stacked.Stack("a", (stacked.Piece("#ffffff", None), stacked.Piece("#000000", 5)), None, "*")
    pictures = {stacked.draw([s], [], str, str, "x") for s in (one, other)}
    assert len(pictures) == 1


def test_the_widest_scenario_comes_first(facts: Facts) -> None:
    base = facts.cost("mpg", "total")
    figure = tornado("tornado", facts.named["scenarios"], ("mpg", "Mpg"), base, PEN)
    assert (
        figure.alt
        == "Tornado. Basis €\u00a02.000.000. Grootste verschil: Met leed (+€\u00a0500.000). Onderdrukt: 1 van 3."
    )
    picture = drawn(figure)
    assert picture.index("Met leed") < picture.index("Prijs lager") < picture.index("Minder")


def test_linked_by_any_way(facts: Facts) -> None:
    figure = linked("koppeling", facts.named["koppeling"], PEN)
    assert figure is not None
    assert "Politie (Twente): 91\u00a0%. Bank (Twente): *." in figure.alt
    other = released.table("k", "quality", [released.Column("rows", "Rijen")], {"a": [10]})
    assert linked("koppeling", other, PEN) is None


def test_a_figure_is_the_same_twice_and_names_no_address(facts: Facts) -> None:
    assert facts.main_map is not None
    first, second = (area_map("kaart", facts.main_map, SHAPES, PEN) for _ in range(2))
    assert first == second
    svg = drawn(first)
    assert set(re.findall(r"https?://[^\"'<> ]+", svg)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.search(r"<(script|metadata|image|foreignObject|a)\b|url\((?!#)|[0-9]{4}-[0-9]{2}-[0-9]{2}", svg)


def test_a_mean_is_never_made_negative_by_rounding(study: Study) -> None:
    rows: released.Rows = {"a": [9, 10], "b": [9, 10], "all": [18, 18]}
    table = released.table("k", "cost-parts", released.euros("mpg", "mpg_mean"), rows)
    figure = breakdown("kosten", table, [("mpg", "Mpg")], PEN)
    assert "Mpg: €\u00a018." in figure.alt
    assert "-" not in re.findall(r">([^<]*)</text>", drawn(figure))
