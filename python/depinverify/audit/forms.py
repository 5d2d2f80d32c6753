"""Values of files that strangers wrote, taken only in the form that they must have.

In: a value of parsed JSON and where it stands. Out: the value, with its type known. Rule: scoring specification,
sections 11.1 and 11.9. Invariant: whatever the value is, the only exception is :class:`MalformedError`, which says
where it stands, what was expected and what was found.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from depinverify.exceptions import SettlementError
from depinverify.payee import DIGITS, is_payee

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

__all__ = [
    "MalformedError",
    "amount",
    "array",
    "count",
    "hash_hex",
    "hex_bytes",
    "load",
    "members",
    "text",
]

#: Largest integer of canonical JSON.
_MOST: Final = 2**53 - 1
_SHOWN: Final = 120
_SURROGATE = re.compile("[\ud800-\udfff]")
_AMOUNT = re.compile(r"0|[1-9][0-9]{0,154}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class MalformedError(SettlementError):
    """A result is not of its form.

    Attributes:
        file: Name of the file.
        where: Place in it.
        expected: What should stand there.
        found: What stands there, shortened.
    """

    def __init__(self, file: str, where: str, expected: str, found: object) -> None:
        shown = found if isinstance(found, str) else repr(found)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        where, shown = (text.encode("utf-8", "backslashreplace").decode() for text in (where, shown))
        super().__init__(f"{file}: {where}: expected {expected}, found {shown}")
        self.file, self.where, self.expected, self.found = file, where, expected, shown


def load(path: Path) -> tuple[bytes, Any]:
    """Bytes and content of a JSON file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MalformedError(path.name, "file", "a file that can be read", str(error.strerror)) from None
    try:
        return content, json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedError(path.name, "file", "JSON", str(error)) from None


def members(value: Any, file: str, where: str, names: Collection[str]) -> dict[str, Any]:  # noqa: ANN401
    """An object with exactly these members."""
    if not isinstance(value, dict):
        raise MalformedError(file, where, "an object", value)
    if value.keys() != set(names):
        differing = sorted(value.keys() ^ set(names))
        expected = "no such member" if differing[0] in value else "this member"
        raise MalformedError(
            file, f"{where}.{differing[0]}", expected, "it is there" if differing[0] in value else "none"
        )
    return value


def array(value: Any, file: str, where: str) -> list[Any]:  # noqa: ANN401
    """An array."""
    if not isinstance(value, list):
        raise MalformedError(file, where, "an array", value)
    return value


def text(value: Any, file: str, where: str) -> str:  # noqa: ANN401
    """A text; one with a lone surrogate has no bytes and is none."""
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise MalformedError(file, where, "text", value)
    return value


def count(value: Any, file: str, where: str, most: int = _MOST) -> int:  # noqa: ANN401
    """An integer from 0 to ``most``; a boolean is none."""
    if type(value) is not int or not 0 <= value <= most:
        raise MalformedError(file, where, f"an integer from 0 to {most}", value)
    return value


def amount(value: Any, file: str, where: str, *, is_signed: bool = False) -> int:  # noqa: ANN401
    """An amount or weight as a decimal string."""
    if isinstance(value, str):
        digits = value[1:] if is_signed and value.startswith("-") and value != "-0" else value
        if _AMOUNT.fullmatch(digits):
            return int(value)
    raise MalformedError(file, where, "a decimal string", value)


def hash_hex(value: Any, file: str, where: str) -> str:  # noqa: ANN401
    """A hash as 64 lower-case hex digits."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise MalformedError(file, where, "64 lower-case hex digits", value)
    return value


def hex_bytes(value: Any, file: str, where: str) -> str:  # noqa: ANN401
    """Bytes as lower-case hex."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise MalformedError(file, where, "bytes as lower-case hex", value)
    return value


def payee(value: Any, file: str, where: str) -> str:  # noqa: ANN401
    """A payee as files write it."""
    if not isinstance(value, str) or not is_payee(value):
        raise MalformedError(file, where, f"{DIGITS}, in lower case", value)
    return value
