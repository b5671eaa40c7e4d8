"""TOML to model. Every mistake is reported with file, line and what to write instead.

A protocol or study holds agreements, no personal data; even so a message quotes only the words of the
closed vocabulary, never the value found.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from protocols.lines import Path as TomlPath
from protocols.lines import frozen, line_map
from protocols.model import StudyProtocol, Tariff

Model = TypeVar("Model", bound=BaseModel)
MAX_BYTES = 4 * 1024 * 1024
MOST_PARTS, MOST_DEPTH, MOST_CONTAINERS = 16, 32, 100_000
MOST_FAULTS = 20
BUILT_IN = ("nji_2016",)


@dataclass(frozen=True)
class Fault:
    """One mistake in an agreement: where it stands and what to write instead."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}, regel {self.line}: {self.what}"


class FaultyAgreement(ValueError):
    """An agreement that cannot be used; `faults` has them all, in the order of the file."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def load_protocol(name: str, beside: Path | None = None) -> StudyProtocol:
    """The protocol of that name: a built-in one, or a TOML file beside the study.

    Raises FaultyAgreement, with file and line, for anything unknown, missing or contradictory.
    """
    if name in BUILT_IN:
        folder = resources.files("protocols") / name
        return _protocol((folder / "protocol.toml").read_bytes(), (folder / "tariffs.csv").read_bytes(), name)
    if beside is None or not re.fullmatch(r"\w[\w .-]{0,99}\.toml", name):
        names = ", ".join(BUILT_IN)
        raise _single(
            "protocol", 1, f"onbekend protocol; schrijf {names} of de naam van een .toml-bestand naast de studie"
        )
    tariffs = beside / "tariffs.csv"
    return _protocol(read_bytes(beside / name), read_bytes(tariffs) if tariffs.exists() else b"", name)


def _protocol(source: bytes, tariffs: bytes, name: str) -> StudyProtocol:
    data = parse_toml(source, name)
    data["tariffs"] = read_tariffs(tariffs)
    return validate(StudyProtocol, data, source, name)


def read_bytes(path: Path) -> bytes:
    """The bytes of an agreement, at most 4 MiB; FaultyAgreement where it cannot be read."""
    try:
        with path.open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    except OSError:
        raise _single(path.name, 1, "het bestand is niet te lezen; controleer het pad en de rechten") from None
    if len(source) > MAX_BYTES:
        raise _single(path.name, 1, "het bestand is groter dan 4 MiB; dit is geen studie of protocol")
    return source


def parse_toml(source: bytes, name: str) -> dict[str, Any]:
    """The data of a TOML text; FaultyAgreement with the line where it is not TOML, or too deep or large to be one."""
    deep = _DEEP_KEY.search(source)  # beforehand: what such a key costs grows with the square of its parts
    if deep is not None:
        raise _single(name, source.count(b"\n", 0, deep.end()) + 1, _TOO_DEEP)
    try:
        data = tomllib.loads(source.decode("utf-8"))
        _check_shape(data, name)
        return data
    except UnicodeDecodeError:
        raise _single(name, 1, "dit is geen UTF-8; bewaar het bestand als UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else source.count(b"\n") + 1
        raise _single(name, line, "dit is geen geldige TOML; let op aanhalingstekens, haken en dubbele namen") from None
    except RecursionError:
        raise _single(name, 1, _TOO_DEEP) from None
    except FaultyAgreement:
        raise
    except ValueError:  # of Python's own reading of numbers
        raise _single(name, 1, "ergens staat een getal met duizenden cijfers; haal het weg") from None


_TOO_DEEP = "de tabellen zijn te diep genest; een studie of protocol gaat hoogstens een paar lagen diep"
_PART = rb"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_DEEP_KEY = re.compile(
    rb"(?:^|[{,])[ \t\[]*+(?:" + _PART + rb"[ \t]*+\.[ \t]*+){" + str(MOST_PARTS).encode() + rb"}", re.MULTILINE
)


def _check_shape(data: dict[str, Any], name: str) -> None:
    """Refuse what no agreement is like, before anything follows it into its depth or counts its mistakes."""
    layer: list[Any] = [data]
    count = depth = 0
    while layer:
        count, depth = count + len(layer), depth + 1
        if depth > MOST_DEPTH:
            raise _single(name, 1, _TOO_DEEP)
        if count > MOST_CONTAINERS:
            raise _single(name, 1, f"er staan meer dan {MOST_CONTAINERS} tabellen en lijsten in; haal er weg")
        inside = (value for each in layer for value in (each.values() if isinstance(each, dict) else each))
        layer = [value for value in inside if isinstance(value, dict | list)]


def validate(model: type[Model], data: dict[str, Any], source: bytes, name: str) -> Model:
    """Data to a frozen model; FaultyAgreement with a line for each mistake."""
    try:
        return model.model_validate(frozen(data))
    except ValidationError as error:
        lines = line_map(source)
        found = error.errors(include_url=False, include_input=False)
        faults = {Fault(name, _line(lines, detail, data), _remedy(detail, model)) for detail in found[:MOST_FAULTS]}
    ordered = sorted(faults, key=lambda fault: (fault.line, fault.what))
    if len(found) > MOST_FAULTS:
        ordered.append(Fault(name, ordered[-1].line, f"en zo zijn er nog {len(found) - MOST_FAULTS}"))
    raise FaultyAgreement(tuple(ordered))


def _single(name: str, line: int, what: str) -> FaultyAgreement:
    return FaultyAgreement((Fault(name, line, what),))


def _toml_path(detail: ErrorDetails, data: Any) -> TomlPath:
    """Pydantic's location without the tags of unions, which are not in the file."""
    path: list[str | int] = []
    for step in detail["loc"]:
        if isinstance(data, dict) and step not in data and step is not detail["loc"][-1]:
            continue
        path.append(step)
        data = _child(data, step)
    return tuple(path)


def _child(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _line(lines: dict[TomlPath, int], detail: ErrorDetails, data: Any) -> int:
    path = _toml_path(detail, data)
    named = _named_line(lines, detail["msg"], data) if len(path) == 0 or detail["type"] == "value_error" else None
    while path and path not in lines:
        path = path[:-1]
    if named is not None and len(path) <= 2:
        return named
    return lines.get(path, 1)


def _named_line(lines: dict[TomlPath, int], message: str, data: Any) -> int | None:
    """The line of the part that a message about the whole names, such as "indicator S_ww"."""
    for kind, name in re.findall(
        r"\b(delivery|indicator|measure|domain|definition|selection|holder) ([\w-]+)", message
    ):
        key = {"delivery": "deliveries", "holder": "holder"}.get(kind, f"{kind}s")
        for index, item in enumerate(data.get(key) or ()):
            if isinstance(item, dict) and name in (item.get("name"), item.get("id")):
                return lines.get((key, index))
    found = re.search(r"\breading (D\d+)", message)
    if found:
        for index, item in enumerate(data.get("readings") or ()):
            if isinstance(item, dict) and item.get("id") == found.group(1):
                return lines.get(("readings", index))
    return None


def _remedy(detail: ErrorDetails, model: type[BaseModel]) -> str:
    key = word(str(detail["loc"][-1])) if detail["loc"] else ""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"`{key}` is hier geen bekend woord{_nearest(key, model)}; haal de regel weg of verbeter het woord"
        case "missing":
            return f"`{key}` ontbreekt; voeg `{key} = …` toe"
        case "literal_error" | "union_tag_invalid" | "enum":
            wanted = context.get("expected") or context.get("expected_tags")
            return f"`{key}`: onbekende waarde; schrijf een van {wanted}"
        case "union_tag_not_found":
            return f"`{key}`: geef `leaves_as`, de vorm waarin de kolom het huis verlaat"
        case "string_pattern_mismatch":
            return f"`{key}`: deze naam past niet; hij moet voldoen aan {context.get('pattern')}"
        case "value_error":
            return str(context.get("error", detail["msg"]))
        case _:
            return f"`{key}`: {detail['msg']}"


def word(found: str) -> str:
    """A name of the file as a message may say it: only what looks like one, since a value may stand in its place."""
    return found if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,47}", found) else "…"


def _nearest(key: str, model: type[BaseModel]) -> str:
    near = difflib.get_close_matches(key, sorted(_vocabulary(model)), n=1)
    return f" (bedoelt u `{near[0]}`?)" if near else ""


def _vocabulary(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[str]:
    """All field names of a model and of the models in it: the closed vocabulary."""
    seen = set() if seen is None else seen
    if model in seen:
        return set()
    seen.add(model)
    words = {field.alias or name for name, field in model.model_fields.items()}
    for field in model.model_fields.values():
        for part in _models_in(field.annotation):
            words |= _vocabulary(part, seen)
    return words


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def read_tariffs(source: bytes) -> list[dict[str, Any]]:
    """The rows of tariffs.csv as data for Tariff; FaultyAgreement with the line of a row that cannot be."""
    try:
        rows = csv.DictReader(io.StringIO(source.decode("utf-8"), newline=""), strict=True)
        return _tariffs(rows, bool(source))
    except UnicodeDecodeError:
        raise _single("tariffs.csv", 1, "dit is geen UTF-8; bewaar het bestand als UTF-8") from None
    except csv.Error:
        raise _single("tariffs.csv", rows.line_num + 1, "dit is geen CSV; let op de aanhalingstekens") from None


def _tariffs(rows: csv.DictReader[str], given: bool) -> list[dict[str, Any]]:
    wanted = list(Tariff.model_fields)
    if given and rows.fieldnames != wanted:
        raise _single("tariffs.csv", 1, f"de eerste regel moet zijn: {','.join(wanted)}")
    data: list[dict[str, Any]] = []
    for row in rows:
        if None in row or None in row.values() or not re.fullmatch(r"[0-9]{4}", row["year"]):
            raise _single("tariffs.csv", rows.line_num, "deze regel heeft geen jaartal, of te weinig of te veel velden")
        filled = {key: value or None for key, value in row.items()}
        days = int(row["at_most"]) if re.fullmatch(r"[0-9]{1,9}", row["at_most"]) else filled["at_most"]
        data.append({**filled, "year": int(row["year"]), "at_most": days})
        try:
            Tariff.model_validate(data[-1])
        except ValidationError as error:
            raise _single("tariffs.csv", rows.line_num, _remedy(error.errors()[0], Tariff)) from None
    return data
