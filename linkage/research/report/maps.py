"""Outlines of areas, from a GeoJSON or GeoPackage that anyone may have made (docs/spec/report-v1.md, section 4).

The file is untrusted: what is too large, nested or not a number is refused, and no message quotes it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.errors import ExtraMissing, ResearchError

MOST_BYTES = 20_000_000
MOST_FEATURES = 20_000
MOST_POINTS = 500_000
LIMIT = 1e9
DETAIL = 1500  # points closer than this part of the map are one point on paper
FAVOURITES = ("name", "naam", "wijknaam", "statnaam")

Ring = tuple[tuple[float, float], ...]
Polygon = tuple[Ring, ...]


@dataclass(frozen=True)
class Shapes:
    """Polygons (outer ring, then holes) per area of the study; `missing` areas are not in the file.

    `stretch` is how much longer a unit north is than a unit east: degrees are, metres are not.
    """

    polygons: dict[str, tuple[Polygon, ...]]
    missing: tuple[str, ...]
    stretch: float


def load_areas(path: Path, areas: Iterable[str]) -> Shapes:
    """The outlines of these areas, found by their name in a property of the features.

    Raises ResearchError where the file cannot be used or has none of the areas; ExtraMissing for a GeoPackage without
    geopandas.
    """
    wanted = {_plain(area): area for area in areas}
    features = _features(_document(path), path)
    key = _property(features, set(wanted), path)
    found: dict[str, tuple[Polygon, ...]] = {}
    left = MOST_POINTS
    for feature in features:
        area = wanted.get(_plain(feature["properties"].get(key)))
        if area is not None and feature["geometry"] is not None:
            polygons = tuple(_polygons(feature["geometry"], path))
            left -= sum(len(ring) for polygon in polygons for ring in polygon)
            if left < 0:
                raise _refused(path, f"heeft meer dan {MOST_POINTS} punten; vereenvoudig de grenzen")
            found[area] = (*found.get(area, ()), *polygons)
    if not found:
        raise _refused(path, "heeft van geen enkele wijk van de studie een vlak; neem een bestand met die wijken")
    missing = tuple(area for area in wanted.values() if area not in found)
    return Shapes(_thinned(found), missing, _stretch(found))


def _refused(path: Path, why: str) -> ResearchError:
    return ResearchError(f"{path.name} {why}")


# --- reading ----------------------------------------------------------------------------------------


def _document(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            source = file.read(MOST_BYTES + 1)
    except OSError:
        raise _refused(path, "is niet te lezen; controleer het pad en de rechten") from None
    if len(source) > MOST_BYTES:
        raise _refused(path, f"is groter dan {MOST_BYTES // 1_000_000} MB; vereenvoudig de grenzen")
    if source.startswith(b"SQLite format 3\0"):
        return _geopackage(path)
    try:
        return json.loads(source.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _refused(path, "is geen GeoJSON of GeoPackage; neem een bestand met vlakken van wijken") from None


def _no_number(word: str) -> float:
    raise ValueError(word)


def _geopackage(path: Path) -> Any:
    try:
        import geopandas
    except ImportError:
        raise ExtraMissing(
            f"{path.name} is een GeoPackage; daarvoor is nodig: pip install 'household-linkage[maps]'. "
            "Of sla het op als GeoJSON"
        ) from None
    try:
        return json.loads(geopandas.read_file(path.resolve()).to_json())
    except (ValueError, RecursionError, RuntimeError, OSError):
        raise _refused(path, "is niet als GeoPackage te lezen; sla het op als GeoJSON") from None


def _features(document: Any, path: Path) -> list[dict[str, Any]]:
    wrong = _refused(path, "is geen FeatureCollection met vlakken; neem een GeoJSON-bestand van wijken")
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise wrong
    features = document.get("features")
    if not isinstance(features, list) or len(features) > MOST_FEATURES:
        raise wrong
    for feature in features:
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise wrong
        if "geometry" not in feature or not isinstance(feature["geometry"], dict | None):
            raise wrong
    return features


def _plain(value: object) -> str:
    """A name without case, spaces or the number that Statistics Netherlands puts before it."""
    if not isinstance(value, str):
        return ""
    bare = re.sub(r"^\s*(wijk|buurt)\s+[0-9]{1,4}\s+", "", value[:200], flags=re.IGNORECASE)
    return "".join(bare.split()).casefold()


def _property(features: list[dict[str, Any]], wanted: set[str], path: Path) -> str:
    """The property that names most areas; of equals a usual one."""
    seen: dict[str, set[str]] = {}
    for feature in features:
        for key, value in feature["properties"].items():
            if _plain(value) in wanted:
                seen.setdefault(key, set()).add(_plain(value))
    ordered = sorted(seen, key=lambda key: (-len(seen[key]), *_usual(key), key))
    if not ordered:
        raise _refused(
            path, f"noemt geen enkele wijk van de studie; geef elk vlak een `{FAVOURITES[0]}` met de wijknaam"
        )
    return ordered[0]


def _usual(key: str) -> tuple[int]:
    return (FAVOURITES.index(key) if key in FAVOURITES else len(FAVOURITES),)


# --- geometry ---------------------------------------------------------------------------------------


def _polygons(geometry: dict[str, Any], path: Path) -> Iterator[Polygon]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    parts = [coordinates] if kind == "Polygon" else coordinates
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(parts, list) or not parts:
        raise _refused(path, "heeft een wijk die geen vlak is; neem een bestand met Polygon of MultiPolygon")
    for part in parts:
        if not isinstance(part, list) or not part:
            raise _refused(path, "heeft een vlak zonder grens; herstel het bestand")
        yield tuple(_ring(ring, path) for ring in part)


def _ring(ring: Any, path: Path) -> Ring:
    if not isinstance(ring, list) or len(ring) < 4:
        raise _refused(path, "heeft een grens van minder dan vier punten; herstel het bestand")
    return tuple(_point(point, path) for point in ring)


def _point(point: Any, path: Path) -> tuple[float, float]:
    if isinstance(point, list) and 2 <= len(point) <= 4:
        x, y = point[:2]
        if type(x) in (int, float) and type(y) in (int, float) and abs(x) <= LIMIT and abs(y) <= LIMIT:
            return float(x), float(y)
    raise _refused(path, "heeft een punt dat geen gewone coördinaat is; herstel het bestand")


def _bounds(polygons: Iterable[Polygon]) -> tuple[float, float, float, float]:
    points = [point for polygon in polygons for point in polygon[0]]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _all(found: dict[str, tuple[Polygon, ...]]) -> list[Polygon]:
    return [polygon for polygons in found.values() for polygon in polygons]


def _stretch(found: dict[str, tuple[Polygon, ...]]) -> float:
    """Degrees of longitude shrink towards the poles; anything beyond degrees is metres."""
    west, south, east, north = _bounds(_all(found))
    degrees = west >= -180 and east <= 180 and south >= -85 and north <= 85
    return 1 / math.cos(math.radians((south + north) / 2)) if degrees else 1.0


def _thinned(found: dict[str, tuple[Polygon, ...]]) -> dict[str, tuple[Polygon, ...]]:
    west, south, east, north = _bounds(_all(found))
    step = max(east - west, north - south) / DETAIL
    return {
        area: tuple(tuple(_fewer(ring, step) for ring in polygon) for polygon in polygons)
        for area, polygons in found.items()
    }


def _fewer(ring: Ring, step: float) -> Ring:
    kept = [ring[0]]
    for point in ring[1:-1]:
        if math.dist(point, kept[-1]) >= step:
            kept.append(point)
    return (*kept, ring[-1]) if len(kept) >= 3 else ring
