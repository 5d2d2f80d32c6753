"""Canonical JSON: the one text of a value that hashes are taken over.

In: values made of ``dict``, ``list``, ``tuple``, ``str``, ``int``, ``bool`` and ``None``. Out: UTF-8 bytes.
Rule: scoring specification, section 11.1: members sorted by code point, no whitespace, only the escapes
that are needed, integers within +-(2^53-1), no floats. Invariant: equal values give equal bytes, and no
value is written that a reader could round.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "LARGEST_INTEGER",
    "Json",
    "canonical_json",
    "canonical_sha256",
    "pieces_of_list",
    "pieces_of_numbers",
    "pieces_of_object",
]

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"

#: The largest integer that every JSON reader keeps exactly; larger ones are written as decimal strings.
LARGEST_INTEGER: Final = 2**53 - 1

#: Numbers of a list that are written at once.
_NUMBERS: Final = 4096


def canonical_json(value: Json) -> bytes:
    """Write ``value`` as canonical JSON, without a final line feed.

    Args:
        value: What to write. Amounts and weights belong into decimal strings.

    Raises:
        InputError: A float, an integer beyond +-(2^53-1), a member name that is no text, a lone surrogate
            or a value of another type; the message holds its path.
    """
    _refuse_inexact(value, "$")
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"text with a lone surrogate cannot be written as JSON: {error.object!r}") from None


def canonical_sha256(value: Json) -> bytes:
    """SHA-256 of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical_json(value)).digest()


def pieces_of_object(members: Mapping[str, Json | Iterator[bytes]]) -> Iterator[bytes]:
    """Write an object piece by piece, as it may be too long for memory.

    Args:
        members: Values, or pieces of what is written of them.

    Raises:
        InputError: A value that canonical JSON does not have.
    """
    mark = b"{"
    for is_written, names in groupby(sorted(members), key=lambda name: isinstance(members[name], Iterator)):
        if not is_written:
            yield mark + canonical_json({name: members[name] for name in names})[1:-1]  # type: ignore[misc]
            mark = b","
            continue
        for name in names:
            yield mark + canonical_json(name) + b":"
            yield from members[name]  # type: ignore[misc]
            mark = b","
    yield b"{}" if mark == b"{" else b"}"


def pieces_of_list(elements: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """Write a list piece by piece; each element is given as pieces of what is written of it."""
    mark = b"["
    for element in elements:
        yield mark
        yield from element
        mark = b","
    yield b"[]" if mark == b"[" else b"]"


def pieces_of_numbers(places: Sequence[int]) -> Iterator[bytes]:
    """Write a list of numbers, which may be a long range, piece by piece.

    Raises:
        InputError: A number beyond +-(2^53-1).
    """
    yield b"["
    for start in range(0, len(places), _NUMBERS):
        yield (b"," if start else b"") + canonical_json(list(places[start : start + _NUMBERS]))[1:-1]
    yield b"]"


def _refuse_inexact(value: object, path: str) -> None:
    """Refuse what canonical JSON has no form for, before anything is written."""
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise InputError(
                f"{path}: expected an integer within +-(2^53-1), found {value}",
                hint="Amounts and weights are written as decimal strings.",
            )
    elif isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str):
                raise InputError(f"{path}: expected member names that are text, found {name!r}")
            _refuse_inexact(member, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for position, element in enumerate(value):
            _refuse_inexact(element, f"{path}[{position}]")
    else:
        raise InputError(
            f"{path}: expected a JSON value without floats, found {type(value).__name__} {value!r}"
        )
