"""Who can be paid: an address of 20 bytes, or an account of 32 bytes on a chain that has no such addresses.

In: ``0x`` and hex digits. Out: the bytes, and the text as files have it. Rule: uptime proof, section 9.2
(``payee``), scoring and rewards, section 11.3. Invariant: one payee has one text, in lower-case digits.
"""

from __future__ import annotations

import re
from typing import Final

from depinverify.exceptions import InputError

__all__ = ["BYTES", "DIGITS", "is_payee", "leaf_encoding", "payee_from_text", "payee_of_type", "payee_text"]

#: Bytes of a payee by its type in the leaves of a claim tree.
BYTES: Final = {"address": 20, "bytes32": 32}

#: What messages and help pages say.
DIGITS: Final = "0x and 40 or 64 hex digits"

_ANY_CASE: Final = re.compile(r"0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})", re.ASCII)


def leaf_encoding(name: str) -> list[str]:
    """Types of a leaf of the claim tree whose payees are of this type."""
    return [name, "uint256"]


def payee_text(payee: bytes) -> str:
    """A payee as files write it."""
    return "0x" + payee.hex()


def payee_from_text(text: str) -> bytes:
    """The bytes of a payee, whatever the letter case of its digits.

    Raises:
        InputError: The text names no payee.
    """
    if not _ANY_CASE.fullmatch(text):
        raise InputError(f"payee: expected {DIGITS}, found {text[:100]!r}")
    return bytes.fromhex(text[2:])


def payee_of_type(payee: bytes | None, name: str) -> bytes | None:
    """The payee, if it is of this type."""
    return payee if payee is not None and len(payee) == BYTES[name] else None


def is_payee(text: object) -> bool:
    """Whether this is a payee as files write it."""
    return isinstance(text, str) and _ANY_CASE.fullmatch(text) is not None and text == text.lower()
