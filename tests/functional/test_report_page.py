"""The page as a browser, a screen reader and a privacy officer take it: structure, safety, and any protocol."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
import released
import simulator

from linkage.errors import ResearchError
from linkage.research import report
from linkage.research.disclosure import Release, ReleasedCell, ReleasedRow, ReleasedTable
from linkage.research.report.numbers import Language
from linkage.study import Study
from protocols.model import AreaTable, Definition, Domain, OverlapTable, StackingTable

VOID = {"meta", "img", "br", "link", "input", "hr"}
EVIL = "<script>alert(1)</script>\"'&amp;{{ 7*7 }}$x^2$"
OUTLINES = """{"type": "FeatureCollection", "features": [
  {"type": "Feature", "properties": {"name": "Noord"},
   "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [3, 0], [3, 1], [0, 1], [0, 0]]]}},
  {"type": "Feature", "properties": {"name": "Zuid"},
   "geometry": {"type": "Polygon", "coordinates": [[[0, -2], [3, -2], [3, 0], [0, 0], [0, -2]]]}}]}"""


class Page(HTMLParser):
    """Elements in order with their attributes, and the text; tags must close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = text
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        """What is read, with single spaces."""
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """The attributes of these elements."""
        return [attributes for tag, attributes in self.elements if tag in tags]

    def svgs(self) -> list[str]:
        """The pictures, decoded."""
        prefix = "data:image/svg+xml;base64,"
        sources = [str(one["src"]) for one in self.all("img")]
        assert all(source.startswith(prefix) for source in sources)
        return [base64.b64decode(source.removeprefix(prefix)).decode() for source in sources]


@pytest.fixture
def study(cast: simulator.Cast) -> Study:
    return cast.study()


@pytest.fixture
def outlines(tmp_path: Path) -> Path:
    path = tmp_path / "wijken.geojson"
    path.write_text(OUTLINES, encoding="utf-8")
    return path


def page(release: Release, study: Study, folder: Path, language: Language = "nl", areas: Path | None = None) -> Page:
    path = folder / "verslag.html"
    report.write(release, study, path, language=language, areas=areas)
    return Page(path.read_text(encoding="utf-8"))


def check(found: Page, language: str = "nl") -> None:
    """What holds of every page."""
    assert found.elements[0] == ("html", {"lang": language})
    _headings(found)
    _references(found)
    _tables(found)
    _safe(found)
    landmarks = Counter(tag for tag, _ in found.elements if tag in ("header", "nav", "main", "footer"))
    assert landmarks == {"header": 1, "nav": 1, "main": 1, "footer": 1}


def _headings(found: Page) -> None:
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def _references(found: Page) -> None:
    names = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert [name for name, number in Counter(names).items() if number > 1] == []
    targets = {str(one["href"]) for one in found.all("a")} | {
        f"#{attributes['aria-labelledby']}" for _, attributes in found.elements if "aria-labelledby" in attributes
    }
    assert targets <= {f"#{name}" for name in names}


def _tables(found: Page) -> None:
    tables = found.all("table")
    assert len(found.all("caption")) == len(tables)
    assert {str(one.get("scope")) for one in found.all("th")} <= {"col", "colgroup", "row"}
    regions = [a for _, a in found.elements if a.get("role") == "region"]
    assert len(regions) == len(tables) + len(found.all("img"))
    assert all(one["tabindex"] == "0" and one["aria-label"] for one in regions)
    assert all(one["alt"] and one["width"] and one["height"] for one in found.all("img"))
    assert len(found.all("figcaption")) == len(found.all("img"))


def _safe(found: Page) -> None:
    policy = next(one["content"] for one in found.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    style = re.search(r"<style>(.*?)</style>", found.source, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    tags = {tag for tag, _ in found.elements}
    assert not tags & {"script", "iframe", "object", "embed", "form", "input", "link", "base", "svg", "audio", "video"}
    assert not any(name == "style" or name.startswith("on") for _, one in found.elements for name in one)
    without_pictures = re.sub(r'src="data:[^"]+"', "", found.source)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", without_pictures)
    for svg in found.svgs():
        assert set(re.findall(r"https?://[^\"'<> ]+", svg)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }
        assert not re.search(r"<(script|metadata|image|foreignObject|a)\b|url\((?!#)|\son[a-z]+=", svg)


# --- what is there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_part(study: Study, tmp_path: Path, outlines: Path, language: Language) -> None:
    found = page(released.release_of(study), study, tmp_path, language, outlines)
    check(found, language)
    names = [str(one["id"]) for one in found.all("figure")]
    wanted = ["kaart", "gebieden", "problemen-per-soort", "overlap", "stapeling", "kosten-1", "tornado", "gekoppeld"]
    assert names == [f"figuur-{name}" for name in wanted]
    assert {f"tabel-{name}" for name in released.ALL} <= {str(one.get("id")) for one in found.all("table")}
    assert study.study.purpose in found.text
    assert study.study.legal_basis in found.text
    assert study.study.protocol_digest in found.text
    assert all(reading.adopted in found.text for reading in study.protocol.readings)
    number = "2.000.000" if language == "nl" else "2,000,000"
    assert number in found.text


def test_the_first_screen_has_the_answers(study: Study, tmp_path: Path) -> None:
    found = page(released.release_of(study), study, tmp_path)
    first = found.text[: found.text.index("Inhoud De vraag")]
    order = [
        first.index(words)
        for words in ("Hoeveel gezinnen?", "20 Van de", "Waar?", "Welke problemen?", "Wat kosten ze?")
    ]
    assert order == sorted(order)
    assert "€ 50.000" in first


def test_hidden_is_said_and_hatched(study: Study, tmp_path: Path) -> None:
    found = page(released.release_of(study), study, tmp_path)
    stars = sum(c.hidden for t in released.tables() for row in t.rows for c in row.cells)
    assert stars > 10
    cells = [one for one in found.all("td") if one.get("class") == "hidden"]
    assert len(cells) == stars
    assert len([one for one in found.all("abbr") if one.get("title") == "onderdrukt"]) == len(cells)
    assert re.search(r"td\.hidden \{ background: linear-gradient", found.source)
    assert "* = onderdrukt: een aantal onder 10" in found.text


def test_the_business_case_says_that_it_is_a_sum(study: Study, tmp_path: Path) -> None:
    found = page(released.release_of(study, names=["tabel1"]), study, tmp_path)
    assert "geen bevinding" in found.text
    assert "€ 11.250.000" in found.text


# --- what is not there ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", released.ALL)
def test_one_table_alone(study: Study, tmp_path: Path, outlines: Path, name: str) -> None:
    found = page(released.release_of(study, names=[name]), study, tmp_path, "nl", outlines)
    check(found)
    assert "Dit deel is weggelaten" in found.text


@pytest.mark.parametrize("language", ["nl", "en"])
def test_everything_hidden(study: Study, tmp_path: Path, outlines: Path, language: Language) -> None:
    stars = [released.hidden(one) for one in released.tables()]
    found = page(released.release_of(study, *stars), study, tmp_path, language, outlines)
    check(found, language)
    for svg in found.svgs():
        assert not re.search(r">[^<]*[1-9][0-9.,]*\s?%<", svg)


def test_no_tables_at_all(study: Study, tmp_path: Path) -> None:
    found = page(replace(released.release_of(study), tables=()), study, tmp_path)
    check(found)
    assert found.text.count("Hierover is geen tabel uitgegeven") == 4


# --- any protocol ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 3, 4])
def test_another_protocol(study: Study, tmp_path: Path, number: int) -> None:
    """Other names, other numbers of domains, no costs, a hundred areas."""
    names = tuple(f"gebied_{place}" for place in range(number))
    areas = tuple(f"Buurt {place}" for place in range(100))
    every = study.protocol.indicators
    domains = tuple(Domain(name=n, title=f"Gebied {n}", any_of=(every[p].name,)) for p, n in enumerate(names))
    tables = (
        AreaTable(
            name="per_buurt",
            title="Per buurt",
            kind="by-area",
            population="families",
            columns=("alles",),
            any_problem=names[0],
        ),
        OverlapTable(name="tabel5", title="Overlap", kind="overlap", population="families", domains=names),
        StackingTable(name="stapel", title="Stapel", kind="stacking", population="families", domains=names, at_most=2),
    )
    definition = Definition(name="alles", title="Alles tegelijk", all_of=names)
    words = {"title": "Een ander protocol", "source": "Zelf bedacht", "readings": ()}
    parts = {"domains": domains, "definitions": (definition,), "tables": tables, "costs": None}
    other = released.with_protocol(study, **words, **parts)
    about = study.study.model_copy(update={"areas": areas})
    other = other.model_copy(update={"study": about}).bound_to(other.protocol)
    rows: dict[str, list[released.Shown]] = {"gemeente": [9000, 4000, "44.4", 900, "10.0"]}
    rows |= {area: [90, 40 + place % 7, "44.4", "*", "*"] for place, area in enumerate(areas)}
    area_table = released.table("per_buurt", "by-area", released.counted(names[0], "alles"), rows)
    overlap: dict[str, list[released.Shown]] = {"in_domain": [4000] * number + [None, None]}
    overlap["only_this_domain"] = [1000] * number + [None, None]
    overlap["all"] = [None] * number + [9000, None]
    found = page(released.release_of(other, area_table, released.overlap(names, overlap)), other, tmp_path)
    check(found)
    assert "Alles tegelijk" in found.text
    assert "De rekensom" not in found.text
    assert "ultiprobleem" not in found.text.replace(study.study.title, "")


def test_text_of_a_protocol_is_text(study: Study, tmp_path: Path, outlines: Path) -> None:
    """A title with mark-up, template or formula signs stays what it is, in the page and in pictures."""
    protocol = study.protocol
    evil = released.with_protocol(
        study,
        title=EVIL,
        source=EVIL,
        domains=tuple(one.model_copy(update={"title": f"{EVIL} {one.name}"}) for one in protocol.domains),
        indicators=tuple(one.model_copy(update={"title": EVIL}) for one in protocol.indicators),
        definitions=tuple(one.model_copy(update={"title": EVIL}) for one in protocol.definitions),
    )
    about = study.study.model_copy(update={"title": EVIL, "purpose": EVIL, "legal_basis": EVIL, "municipality": EVIL})
    evil = evil.model_copy(update={"study": about}).bound_to(evil.protocol)
    tables = [_renamed(one) for one in released.tables()]
    for language in ("nl", "en"):
        found = page(released.release_of(evil, *tables), evil, tmp_path, language, outlines)
        check(found, language)
        assert found.text.count(" ".join(EVIL.split())) > 20
        assert any("&lt;script&gt;" in svg for svg in found.svgs())


def _renamed(one: ReleasedTable) -> ReleasedTable:
    rows = tuple(ReleasedRow(row.name, EVIL, row.cells) for row in one.rows)
    columns = tuple(replace(column, title=EVIL) for column in one.columns)
    return ReleasedTable(one.name, EVIL, one.kind, columns, rows, one.star, seal=released._SEAL)


# --- the door -------------------------------------------------------------------------------------------


def test_only_released_tables(study: Study, tmp_path: Path) -> None:
    good = released.tables()[0]
    alike = SimpleNamespace(
        **{name: getattr(good, name) for name in ("name", "title", "kind", "columns", "rows", "star")}
    )

    class Sub(ReleasedTable):
        """A subclass is no ReleasedTable of the gate."""

    sub = Sub(good.name, good.title, good.kind, good.columns, good.rows, good.star, seal=released._SEAL)
    for other in (alike, sub, None, "tabel1"):
        with pytest.raises(TypeError, match="released tables alone"):
            page(replace(released.release_of(study), tables=(good, other)), study, tmp_path)
    assert list(tmp_path.glob("*.html")) == []


def test_another_language_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(ResearchError, match="Nederlands"):
        page(released.release_of(study), study, tmp_path, "de")  # type: ignore[arg-type]


def test_a_file_that_is_no_map_leaves_nothing_behind(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "kaart.geojson"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ResearchError, match=r"kaart\.geojson"):
        page(released.release_of(study), study, tmp_path, "nl", path)
    assert list(tmp_path.glob("*.html")) == []


def test_the_same_again(study: Study, tmp_path: Path, outlines: Path) -> None:
    first, second = (page(released.release_of(study), study, tmp_path, "nl", outlines).source for _ in range(2))
    assert first == second


def test_a_number_that_was_kept_under_its_star_is_refused(study: Study, tmp_path: Path) -> None:
    """The gate empties what it hides; a cell that is hidden and full did not come from it."""
    good = next(one for one in released.tables() if one.name == "kaart")
    full = tuple(replace(row, cells=(*row.cells[:-1], ReleasedCell(3, hidden=True))) for row in good.rows)
    bad = ReleasedTable(good.name, good.title, good.kind, good.columns, full, good.star, seal=released._SEAL)
    with pytest.raises(TypeError, match="released tables alone"):
        page(released.release_of(study, bad), study, tmp_path)
    assert list(tmp_path.glob("*.html")) == []
