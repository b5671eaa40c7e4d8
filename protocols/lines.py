"""Where each value of a TOML file stands: `tomllib` reads the values, tree-sitter tells the lines."""

from __future__ import annotations

import tomllib
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Path = tuple[str | int, ...]
_KEYS = ("bare_key", "quoted_key", "dotted_key")


def line_map(source: bytes) -> dict[Path, int]:
    """The line (from 1) of every key, table and array element, by its path in the data."""
    tree = Parser(Language(tree_sitter_toml.language())).parse(source)
    lines: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    for node in tree.root_node.children:
        if node.type == "pair":
            _pair(node, (), lines)
        elif node.type in ("table", "table_array_element"):
            _table(node, lines, counts)
    return lines


def _table(node: Node, lines: dict[Path, int], counts: dict[Path, int]) -> None:
    keys = next(child for child in node.children if child.type in _KEYS)
    path = _resolve(_key(keys), counts)
    if node.type == "table_array_element":
        counts[path] = counts.get(path, -1) + 1
        path = (*path, counts[path])
    for end in range(1, len(path) + 1):
        lines.setdefault(path[:end], _line(node))
    lines[path] = _line(node)
    for child in node.children:
        if child.type == "pair":
            _pair(child, path, lines)


def _resolve(keys: Path, counts: dict[Path, int]) -> Path:
    """Point each table array on the way at its latest element, as TOML does; the last key stays bare."""
    path: Path = ()
    for key in keys[:-1]:
        path = (*path, key)
        if path in counts:
            path = (*path, counts[path])
    return (*path, keys[-1])


def _pair(node: Node, above: Path, lines: dict[Path, int]) -> None:
    path = (*above, *_key(node.children[0]))
    lines[path] = _line(node)
    _value(node.children[-1], path, lines)


def _value(node: Node, path: Path, lines: dict[Path, int]) -> None:
    lines.setdefault(path, _line(node))
    if node.type == "inline_table":
        for child in node.children:
            if child.type == "pair":
                _pair(child, path, lines)
    elif node.type == "array":
        items = (child for child in node.children if child.is_named and child.type != "comment")
        for index, item in enumerate(items):
            _value(item, (*path, index), lines)


def _key(node: Node) -> Path:
    if node.type == "dotted_key":
        return tuple(step for child in node.children if child.is_named for step in _key(child))
    text = (node.text or b"").decode("utf-8")
    if node.type == "quoted_key":
        return tuple(tomllib.loads(f"{text} = 0"))
    return (text,)


def _line(node: Node) -> int:
    return int(node.start_point.row) + 1


def frozen(value: Any) -> Any:
    """The same data with tuples for lists, as the strict models want it."""
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return value
