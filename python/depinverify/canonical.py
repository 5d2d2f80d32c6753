"""Canonical JSON: the one text of a value that hashes are taken over.

In: values made of ``dict``, ``list``, ``tuple``, ``str``, ``int``, ``bool`` and ``None``. Out: UTF-8 bytes.
Rule: scoring specification, section 11.1: members sorted by code point, no whitespace, only the escapes
that are needed, integers within +-(2^53-1), no floats. Invariant: equal values give equal bytes, and no
value is written that a reader could round.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final, TypeAlias

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LARGEST_INTEGER", "Json", "canonical_json", "canonical_sha256"]

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | bool | None"

#: The largest integer that every JSON reader keeps exactly; larger ones are written as decimal strings.
LARGEST_INTEGER: Final = 2**53 - 1


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
