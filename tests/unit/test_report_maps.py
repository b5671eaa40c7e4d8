"""Outlines of areas: found by name, and refused where the file is not what it should be."""

from __future__ import annotations

import json
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from linkage.almelo.truth import wijken

from linkage.errors import ExtraMissing, ResearchError
from linkage.research.report import maps
from linkage.research.report.maps import load_areas

SQUARE = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]
SECRET = "geheim-4711"


def feature(name: Any, coordinates: Any = SQUARE, kind: str = "Polygon", key: str = "name") -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {key: name, "code": SECRET},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def written(folder: Path, content: object) -> Path:
    path = folder / "wijken.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_example_has_the_twelve_wijken() -> None:
    path = Path(__file__).parents[2] / "examples" / "almelo" / "wijken.geojson"
    shapes = load_areas(path, wijken())
    assert set(shapes.polygons) == set(wijken())
    assert (shapes.missing, round(shapes.stretch, 2)) == ((), 1.0)


@pytest.mark.parametrize("key", ["name", "naam", "statnaam", "iets anders"])
@pytest.mark.parametrize("name", ["Noord", " NOORD ", "Wijk 10 Noord", "buurt 3 noord"])
def test_an_area_is_found_by_its_name(tmp_path: Path, key: str, name: str) -> None:
    shapes = load_areas(written(tmp_path, collection(feature(name, key=key))), ["Noord", "Zuid"])
    assert list(shapes.polygons) == ["Noord"]
    assert shapes.missing == ("Zuid",)


def test_the_property_that_names_most(tmp_path: Path) -> None:
    one, two = feature("Noord"), feature("elders")
    one["properties"]["label"], two["properties"]["label"] = "Noord", "Zuid"
    assert set(load_areas(written(tmp_path, collection(one, two)), ["Noord", "Zuid"]).polygons) == {"Noord", "Zuid"}


def test_parts_of_an_area_are_taken_together(tmp_path: Path) -> None:
    islands = feature("Noord", [SQUARE, [[[5, 5], [6, 5], [6, 6], [5, 5]]]], "MultiPolygon")
    shapes = load_areas(written(tmp_path, collection(islands, feature("Noord"))), ["Noord"])
    assert len(shapes.polygons["Noord"]) == 3


def test_degrees_are_stretched_and_metres_are_not(tmp_path: Path) -> None:
    def at(x: float, y: float) -> dict[str, Any]:
        return feature("Noord", [[[x, y], [x + 0.1, y], [x + 0.1, y + 0.1], [x, y]]])

    assert load_areas(written(tmp_path, collection(at(6.6, 52.3))), ["Noord"]).stretch == pytest.approx(1.637, abs=0.01)
    assert load_areas(written(tmp_path, collection(at(240_000, 485_000))), ["Noord"]).stretch == 1.0


def test_detail_that_nobody_sees_is_left_out(tmp_path: Path) -> None:
    ring = [[x / 100_000, 0] for x in range(100_000)] + [[1, 1], [0, 1], [0, 0]]
    shapes = load_areas(written(tmp_path, collection(feature("Noord", [ring]))), ["Noord"])
    assert 1000 < len(shapes.polygons["Noord"][0][0]) < 2000


HOSTILE: dict[str, object] = {
    "not json": "{",
    "not text": '{"a": "\\ud800' + SECRET,
    "nested": "[" * 100_000,
    "nested inside": '{"type": "FeatureCollection", "features": ' + "[" * 100_000,
    "nan": json.dumps(collection(feature("Noord"))).replace("[1, 0]", "[NaN, 0]"),
    "infinity": json.dumps(collection(feature("Noord"))).replace("[1, 0]", "[1e999, 0]"),
    "a number of ten thousand digits": json.dumps(collection(feature("Noord"))).replace(
        "[1, 0]", f"[{'9' * 10_000}, 0]"
    ),
    "far away": collection(feature("Noord", [[[0, 0], [1e12, 0], [1, 1], [0, 0]]])),
    "a list": [feature("Noord")],
    "features is no list": {"type": "FeatureCollection", "features": {"a": feature("Noord")}},
    "a feature is no object": collection("Noord"),
    "no properties": collection({"type": "Feature", "properties": None, "geometry": None}),
    "geometry is text": collection({"type": "Feature", "properties": {"name": "Noord"}, "geometry": SECRET}),
    "a point": collection(feature("Noord", [0, 0], "Point")),
    "no coordinates": collection(feature("Noord", None)),
    "an empty polygon": collection(feature("Noord", [])),
    "an empty multipolygon": collection(feature("Noord", [], "MultiPolygon")),
    "a ring of three": collection(feature("Noord", [[[0, 0], [1, 1], [0, 0]]])),
    "a ring is text": collection(feature("Noord", [SECRET * 5])),
    "a point is text": collection(feature("Noord", [[["0", "0"]] * 4])),
    "a point is true": collection(feature("Noord", [[[True, False]] * 4])),
    "a point of one": collection(feature("Noord", [[[1]] * 4])),
    "nobody": collection(feature(SECRET)),
    "names are numbers": collection(feature(12)),
    "no geometry": collection({"type": "Feature", "properties": {"name": "Noord"}, "geometry": None}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refused(tmp_path: Path, name: str) -> None:
    """With a message that says what to do and quotes nothing of the file."""
    with pytest.raises(ResearchError) as caught:
        load_areas(written(tmp_path, HOSTILE[name]), ["Noord"])
    assert type(caught.value) is ResearchError
    assert SECRET not in str(caught.value)
    assert "wijken.geojson" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ResearchError, match="niet te lezen"):
        load_areas(tmp_path / "geen.geojson", ["Noord"])


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 100), ("MOST_FEATURES", 1), ("MOST_POINTS", 8)])
def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    path = written(tmp_path, collection(feature("Noord"), feature("Zuid")))
    assert load_areas(path, ["Noord", "Zuid"]).missing == ()
    monkeypatch.setattr(maps, limit, value)
    with pytest.raises(ResearchError):
        load_areas(path, ["Noord", "Zuid"])


# --- GeoPackage -----------------------------------------------------------------------------------------


def package(folder: Path) -> Path:
    path = folder / "wijken.gpkg"
    path.write_bytes(b"SQLite format 3\0" + bytes(100))
    return path


def stand_in(read_file: Callable[[Path], Any]) -> types.ModuleType:
    module = types.ModuleType("geopandas")
    module.read_file = read_file  # type: ignore[attr-defined]
    return module


def test_a_geopackage_needs_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "geopandas", None)
    with pytest.raises(ExtraMissing, match=re.escape("pip install 'household-linkage[maps]'")):
        load_areas(package(tmp_path), ["Noord"])


def test_a_geopackage_passes_the_same_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reads(content: object) -> types.ModuleType:
        frame = types.SimpleNamespace(to_json=lambda: json.dumps(content))
        return stand_in(lambda _: frame)

    monkeypatch.setitem(sys.modules, "geopandas", reads(collection(feature("Noord"))))
    assert list(load_areas(package(tmp_path), ["Noord"]).polygons) == ["Noord"]
    monkeypatch.setitem(sys.modules, "geopandas", reads(HOSTILE["a point is true"]))
    with pytest.raises(ResearchError, match=r"wijken\.gpkg"):
        load_areas(package(tmp_path), ["Noord"])


def test_a_damaged_geopackage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Path) -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setitem(sys.modules, "geopandas", stand_in(fails))
    with pytest.raises(ResearchError, match="niet als GeoPackage") as caught:
        load_areas(package(tmp_path), ["Noord"])
    assert SECRET not in str(caught.value)
