"""What each multiplier cost a device, in tokens.

In: a reward file, the place of one entry, its base weight. Out: a :class:`Cost` per multiplier. Rule: scoring
specification, section 12.1: the amount with the multiplier at ONE less the amount, both from a whole division of the
pool in which nothing else is changed. Invariant: weights come from the file and are parsed once; each question is one
change of one weight and one division.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from depinverify.exceptions import SettlementError
from depinverify.reward.division import divide_pool
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.reward.weights import Multiplier
    from depinverify.ruleset import Ruleset

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
        divided: What is divided among devices.
        devices: Who takes part, ascending.
        weights: Their weights.
        class_names: Their classes, where the ruleset has levels.
        rules: The ruleset.
    """

    divided: int
    devices: Sequence[bytes]
    weights: Sequence[int]
    class_names: Sequence[str | None]
    rules: Ruleset
    _known: dict[tuple[int, int], int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rewards: Mapping[str, Any], rules: Ruleset) -> Self:
        """Read the division of a reward file.

        Args:
            rewards: The reward file.
            rules: Its ruleset.

        Raises:
            SettlementError: The file has not the members of one.
        """
        try:
            entries = rewards["entries"]
            return cls(
                divided=sum(int(rewards[name]) for name in ("pool", "carried_in", "missed_pools"))
                - int(rewards.get("to_validators", "0")),
                devices=[bytes.fromhex(entry["device"]) for entry in entries],
                weights=[int(entry["weight"]) for entry in entries],
                class_names=[entry.get("class") for entry in entries],
                rules=rules,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SettlementError(f"rewards.json: expected depinverify-rewards-v1; {error!r}") from None

    def amount(self, position: int, weight: int) -> int:
        """What the device at a position gets if this were its weight."""
        if weight == 0:
            return 0
        if (position, weight) not in self._known:
            weights = [*self.weights[:position], weight, *self.weights[position + 1 :]]
            found = divide_pool(self.divided, self.devices, weights, self.class_names, self.rules)
            self._known[position, weight] = found.amounts[position]
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
