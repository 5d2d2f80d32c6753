"""Division over several levels: a pool over classes, a class's amount over its devices, a device's over its payees.

In: a pool and a tree of shares. Out: what each share gets, and what each level leaves over. Rule: scoring
specification, sections 9.2 and 9.6: every level is divided on its own, and the parent's amount is the child's pool.
Invariant: the amounts that are kept and all remainders are the pool; the order of the shares changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from depinverify import _native
from depinverify.exceptions import InputError, SettlementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Division", "LevelLine", "Share", "divide_levels"]


class Share(NamedTuple):
    """Who takes part in the division of its parent's amount.

    Attributes:
        id: Distinct among the shares of one parent; ties go to the smaller one.
        weight: Its weight among them.
        parts: Who divides what it gets; without any it keeps it.
    """

    id: bytes
    weight: int
    parts: Sequence[Share] = ()


class LevelLine(NamedTuple):
    """What one share gets.

    Attributes:
        path: The ids from the top level down to the share's own.
        amount: What it gets of its parent's amount.
        is_kept: Whether it keeps the amount; otherwise its parts divide it.
        remainder: What its parts leave over; 0 where it keeps the amount.
    """

    path: tuple[bytes, ...]
    amount: int
    is_kept: bool
    remainder: int


@dataclass(frozen=True, slots=True)
class Division:
    """A pool, divided to the last level.

    Attributes:
        pool: What was divided.
        remainder: What the top level left over.
        lines: One per share, ascending by path, so that a parent stands before its parts.
    """

    pool: int
    remainder: int
    lines: tuple[LevelLine, ...]

    @property
    def remainders(self) -> int:
        """What all levels left over together."""
        return self.remainder + sum(line.remainder for line in self.lines)

    @property
    def kept(self) -> Mapping[bytes, int]:
        """What is kept, in sum per id, ascending: a payee of several devices has one amount."""
        sums: dict[bytes, int] = defaultdict(int)
        for line in self.lines:
            if line.is_kept:
                sums[line.path[-1]] += line.amount
        return dict(sorted(sums.items()))


def divide_levels(pool: int, shares: Sequence[Share], *, mode: str = "largest_remainder") -> Division:
    """Divide a pool over several levels.

    A level whose weights are all 0 leaves its whole amount over; so does one that ``mode`` floors, in part.

    Args:
        pool: What is divided.
        shares: The top level, such as classes; their parts are devices, and theirs payees.
        mode: ``largest_remainder``, ``floor_to_sink`` or ``carry``, at every level.

    Raises:
        InputError: An id twice under one parent, a number out of its range or an unknown mode; the message names the
            parent.

    Example:
        >>> devices = [Share(b"d1", 1, [Share(b"alice", 1)]), Share(b"d2", 1, [Share(b"alice", 1), Share(b"bob", 1)])]
        >>> divide_levels(101, [Share(b"gold", 1, devices)]).kept
        {b'alice': 76, b'bob': 25}
    """
    remainder, lines = _divide(pool, shares, (), mode)
    division = Division(pool, remainder, tuple(sorted(lines)))
    if sum(line.amount for line in division.lines if line.is_kept) + division.remainders != pool:
        raise SettlementError(f"the division of {pool} over its levels does not balance")
    return division


def _divide(
    pool: int, shares: Sequence[Share], path: tuple[bytes, ...], mode: str
) -> tuple[int, list[LevelLine]]:
    """What one level leaves over, and the lines of its shares and all below them."""
    try:
        amounts, remainder = _native.allocate(
            pool, [share.id for share in shares], [share.weight for share in shares], mode=mode
        )
    except InputError as error:
        where = "/".join(name.hex() for name in path) or "top level"
        raise InputError(f"{where}: {error}") from None
    return remainder, [
        line
        for share, amount in zip(shares, amounts, strict=True)
        for line in _lines(share, amount, (*path, share.id), mode)
    ]


def _lines(share: Share, amount: int, path: tuple[bytes, ...], mode: str) -> Iterator[LevelLine]:
    """A share's own line, and those of its parts."""
    if not share.parts:
        yield LevelLine(path, amount, is_kept=True, remainder=0)
        return
    remainder, below = _divide(amount, share.parts, path, mode)
    yield LevelLine(path, amount, is_kept=False, remainder=remainder)
    yield from below
