"""Why a proof or a signature is not good.

In: what the core found. Out: a :class:`Reason`. Rule: the network's catalogue. Invariant: a code is a name of the
catalogue, which never changes; the text may.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Reason", "reason_of", "reasons_of"]


class Reason(NamedTuple):
    """Why something is not good.

    Attributes:
        code: Name of a code of the network, such as ``PROOF_INVALID``.
        text: What was expected and what was found.
    """

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def reason_of(found: tuple[str, str] | None) -> Reason | None:
    """The reason that the core gave, if it gave one."""
    return None if found is None else Reason(*found)


def reasons_of(found: list[tuple[str, str] | None]) -> list[Reason | None]:
    """The answers of the core, in their order."""
    return [reason_of(one) for one in found]
