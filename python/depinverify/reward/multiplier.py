"""One factor of a weight, and why it costs something.

Invariant: a factor below one has a reason beside it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from depinverify.ruleset import ONE

__all__ = ["PAYOUT", "Multiplier", "reasoned"]

#: The factor that the payout curve gives.
PAYOUT: Final = "payout"


class Multiplier(NamedTuple):
    """One factor of a weight.

    Attributes:
        name: Which rule it comes from.
        value: In fixed point; ``ONE`` changes nothing.
        reason: Why it costs something, ``None`` where it does not.
    """

    name: str
    value: int
    reason: str | None


def reasoned(name: str, value: int, reason: str) -> Multiplier:
    """A factor whose reason holds only where it is below one."""
    return Multiplier(name, value, reason if value < ONE else None)
