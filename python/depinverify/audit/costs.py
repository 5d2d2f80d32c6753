"""What each multiplier cost a device, in tokens.

In: a reward file, the place of one entry, its base weight. Out: a :class:`Cost` per multiplier. Rule: scoring
specification, section 12.1: the amount with the multiplier at ONE less the amount, both from a whole division of the
pool in which nothing else is changed. Invariant: weights come from the file and are parsed once; each question is one
change of one weight and one division.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from depinverify import _native
from depinverify.exceptions import SettlementError
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.reward.weights import Multiplier

__all__ = ["Cost", "Division", "costs_of", "product"]


class Cost(NamedTuple):
    """One multiplier and what it cost.

    Attributes:
        multiplier: Name, value and reason.
        cost: Amount with it at ONE, less the amount; below 0 for a multiplier above ONE.
    """

    multiplier: Multiplier
    cost: int


@dataclass(frozen=True)
class Division:
    """The division of an epoch's pool, to be made again with one weight changed.

    Attributes:
        divided: What is divided.
        devices: Who takes part, ascending.
        weights: Their weights.
        mode: What happens to the units that are left.
    """

    divided: int
    devices: Sequence[bytes]
    weights: Sequence[int]
    mode: str
    _known: dict[tuple[int, int], int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rewards: Mapping[str, Any]) -> Self:
        """Read the division of a reward file.

        Raises:
            SettlementError: The file has not the members of one.
        """
        try:
            entries = rewards["entries"]
            return cls(
                divided=sum(int(rewards[name]) for name in ("pool", "carried_in", "missed_pools")),
                devices=[bytes.fromhex(entry["device"]) for entry in entries],
                weights=[int(entry["weight"]) for entry in entries],
                mode=rewards["params"]["allocation"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SettlementError(f"rewards.json: expected depinverify-rewards-v1; {error!r}") from None

    def amount(self, position: int, weight: int) -> int:
        """What the device at a position gets if this were its weight."""
        if weight == 0:
            return 0
        if (position, weight) not in self._known:
            weights = [*self.weights[:position], weight, *self.weights[position + 1 :]]
            amounts, _ = _native.allocate(self.divided, list(self.devices), weights, mode=self.mode)
            self._known[position, weight] = amounts[position]
        return self._known[position, weight]


def product(base: int, values: Sequence[int]) -> int:
    """The base weight times each value, rounded down at every step (section 8)."""
    weight = base * ONE
    for value in values:
        weight = weight * value // ONE
    return weight


def costs_of(division: Division, position: int, base: int, multipliers: Sequence[Multiplier]) -> list[Cost]:
    """What each multiplier of a device cost it.

    Args:
        division: The division of the pool.
        position: Where the device stands in it.
        base: Its base weight.
        multipliers: Its multipliers, in their order.
    """
    values = [one.value for one in multipliers]
    amount = division.amount(position, product(base, values))
    costs = []
    for place, one in enumerate(multipliers):
        changed = product(base, [*values[:place], ONE, *values[place + 1 :]])
        costs.append(Cost(one, division.amount(position, changed) - amount))
    return costs
