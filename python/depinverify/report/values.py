"""Values of a result file, checked one by one.

In: values as JSON has them, from anybody's file. Out: text, integers, amounts. Invariant: what is of another type, or
outside of what its place can hold, is a :class:`ValueError` that says what was found, and never goes on.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["amount", "count", "hex_text", "integer", "text", "unsigned"]

_AMOUNT: Final = re.compile(r"0|-?[1-9][0-9]{0,99}", re.ASCII)
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_LARGEST_COUNT: Final = 2**64 - 1


def text(value: object) -> str:
    """A text, whatever it says."""
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {value!r:.80}")  # noqa: TRY004 - one kind for all strange values
    return value


def hex_text(value: object) -> str:
    """Bytes as lower-case hex."""
    if not _HEX.fullmatch(text(value)):
        raise ValueError(f"expected lower-case hex, found {value!r:.80}")
    return text(value)


def integer(value: object) -> int:
    """An integer of at most 64 bits and a sign."""
    if type(value) is not int or abs(value) > _LARGEST_COUNT:
        raise ValueError(f"expected an integer, found {value!r:.80}")
    return value


def count(value: object) -> int:
    """An integer that counts something."""
    if integer(value) < 0:
        raise ValueError(f"expected an integer of at least 0, found {value!r:.80}")
    return integer(value)


def amount(value: object) -> int:
    """A decimal amount, which may have a minus sign."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError(f"expected a decimal amount, found {value!r:.80}")
    return int(value)


def unsigned(value: object) -> int:
    """A decimal amount that cannot be negative."""
    if amount(value) < 0:
        raise ValueError(f"expected a decimal amount without a sign, found {value!r:.80}")
    return amount(value)
