"""What adds up in every settlement of Filecoin evidence.

In: the totals of a manifest. Out: sentences about those that do not add up. Rule: Filecoin, A7 and C6; scoring and
rewards, 9.2. Invariant: all of it is whole numbers as decimal text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["CONSERVED", "imbalances"]

#: By kind of total: what is divided, and the parts that it consists of.
CONSERVED: Final[dict[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "payments": (("amount", ("paid", "withheld", "left")),),
    "retrievals": (("whole", ("scores", "burnt")), ("due_attofil", ("rewards_attofil", "unpaid_attofil"))),
    "pool": (("amount", ("allocated", "remainder")),),
}


def imbalances(totals: Mapping[str, Any]) -> Iterator[str]:
    """Sentences about totals that do not add up; a settlement without a pool has none of it."""
    for kind, balances in CONSERVED.items():
        line = totals.get(kind)
        if line is None:
            continue
        for whole, parts in balances:
            found = sum(int(line[part]) for part in parts)
            if int(line[whole]) != found:
                yield f"{kind}: expected {' + '.join(parts)} = {line[whole]}, found {found}"
