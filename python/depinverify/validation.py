"""What a model refuses, said as every other message says it.

In: an error of pydantic. Out: one sentence: the key's path, what was expected, what was found. Rule: uptime proof, 9.1:
unknown keys and wrong types are errors that name the key's path. Invariant: whatever stands in a file, the sentence is
short and names the first finding; texts and keys of the file are printable in it.
"""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["explain"]

#: How types that a key must have are called.
_TYPES: Final = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "int_type": "an integer",
    "list_type": "an array",
    "model_type": "a table",
    "string_type": "a string",
    "string_unicode": "text in Unicode",
    "tuple_type": "an array",
}

#: A value or key that nobody wants to read whole is cut here.
_LONGEST: Final = 100

#: A key that TOML has without quotes.
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
#: A sentence about one key of a table opens with the key.
_OPENS_WITH_KEY: Final = re.compile(r"[a-z0-9_]+: ", re.ASCII)


def explain(error: ValidationError, path: str = "") -> str:
    """The first finding of a model as one sentence with the key's path.

    Args:
        error: What the model raised.
        path: Path of the table that it was given; empty for a whole file.
    """
    finding = error.errors(include_url=False)[0]
    where = path
    for step in finding["loc"]:
        where += f"[{step}]" if isinstance(step, int) else f"{'.' if where else ''}{_key(step)}"
    match finding["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key"
        case "missing":
            return f"{where}: expected a value, found none"
        case "value_error":
            return _joined(where, _reason(finding))
        case kind:
            expected = _expected(kind, finding.get("ctx", {}), finding["msg"])
            return _joined(where, f"expected {expected}, found {_shown(finding['input'])}")


def _joined(where: str, reason: str) -> str:
    """A reason behind its path, which goes on with the key that the reason opens with."""
    if not where:
        return reason
    return f"{where}.{reason}" if _OPENS_WITH_KEY.match(reason) else f"{where}: {reason}"


def _reason(finding: ErrorDetails) -> str:
    """What a check of our own says, and what it found unless it says that itself or is about a whole table."""
    reason, found = str(finding["ctx"]["error"]), finding["input"]
    return reason if isinstance(found, dict) or ", found " in reason else f"{reason}, found {_shown(found)}"


def _key(step: str) -> str:
    return step if _BARE.fullmatch(step) and len(step) <= _LONGEST else _cut(ascii(step))


def _shown(value: object) -> str:
    """A value as somebody wrote it."""
    try:
        return _cut(repr(_as_written(value)))
    except ValueError:
        # Python writes no integer of thousands of digits, which a file can hold in hexadecimal.
        return "an integer that is too long to be shown"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _as_written(value: object) -> object:
    """Tuples as the lists that somebody wrote, however deep, and times as text."""
    if isinstance(value, tuple | list):
        return list(map(_as_written, value))
    if isinstance(value, date | time):
        return value.isoformat()
    return {key: _as_written(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _expected(kind: str, terms: Mapping[str, Any], otherwise: str) -> str:
    """What a finding of the model asks for, in the words of all other messages."""
    match kind:
        case "greater_than_equal":
            return f"at least {terms['ge']}"
        case "less_than_equal":
            return f"at most {terms['le']}"
        case "literal_error":
            return str(terms["expected"])
        case "too_short" | "string_too_short":
            return f"at least {_counted(terms['min_length'], kind)}"
        case "too_long" | "string_too_long":
            return f"at most {_counted(terms['max_length'], kind)}"
        case _:
            return _TYPES.get(kind, otherwise.removeprefix("Input should be "))


def _counted(count: int, kind: str) -> str:
    noun = "character" if kind.startswith("string") else "item"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
