"""TOML text of tables that hold text, integers, booleans, arrays and small tables, such as ``epoch.toml``.

In: a table as a TOML reader gives it. Out: text that reads back as the same table. Invariant: equal tables give equal
text; members stand in the order of the table.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["toml_text"]


def toml_text(document: Mapping[str, Any]) -> str:
    """The text of a document whose tables hold no further tables but inline ones."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    tables = {name: value for name, value in document.items() if _is_table(value)}
    yield from _members({name: value for name, value in document.items() if name not in tables})
    for name, value in tables.items():
        for table in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{_key(name)}]]" if isinstance(value, list) else f"[{_key(name)}]"
            yield from _members(table)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _members(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield f"{_key(name)} = {_value(value)}"


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "a").replace("-", "a").isalnum() else _value(name)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(name)} = {_value(member)}" for name, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    # JSON's forms of text, integers and booleans are TOML's too, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
