"""The multiplier ``utilisation``: a device that could have done more paid work is paid less.

In: the work of each device as ``work.jsonl`` states it, and the ruleset's table. Out: a multiplier per device. Rule:
:func:`~depinverify.reward.economics.utilisation_multiplier`. Invariant: a device is never paid less than ``floor_e12``
for it, and never more than ``ONE``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from depinverify.reward.economics import utilisation_multiplier
from depinverify.reward.multiplier import Multiplier, reasoned
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.models.economy import Utilisation

__all__ = ["Work", "utilisation_of"]


class Work(NamedTuple):
    """What a device did in an epoch.

    Attributes:
        paid: Paid work, in any unit.
        capacity: What it could have done, in the same unit.
    """

    paid: int
    capacity: int


def utilisation_of(
    rules: Utilisation, work: Mapping[bytes, Work], devices: Sequence[bytes]
) -> list[Multiplier]:
    """The multiplier of each device.

    Args:
        rules: The ruleset's table.
        work: By device; one that is not listed counts as the table says.
        devices: The devices.
    """
    unlisted = ONE if rules.unlisted == "busy" else rules.floor_e12
    values = (
        utilisation_multiplier(work[device].paid, work[device].capacity, rules.floor_e12)
        if device in work
        else unlisted
        for device in devices
    )
    return [reasoned("utilisation", value, "UTILISATION") for value in values]
