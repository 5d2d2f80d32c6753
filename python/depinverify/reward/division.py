"""The division of what devices get: at once, or over their classes first.

In: a pool, the devices' weights and classes, the rules. Out: an amount per device, a line per class, and what is left.
Rule: scoring and rewards, 9.2, 9.3 and 9.6. Invariant: the amounts and what is left are the pool, and the amounts of
one class and what it leaves are the amount of the class.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from depinverify import _native
from depinverify.reward.levels import Share, divide_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.models.economy import Levels
    from depinverify.ruleset import Ruleset

__all__ = ["ClassLine", "PoolDivision", "divide_pool"]

#: Path of a device among the lines of a division: its class, itself.
_DEVICE_DEPTH = 2


class ClassLine(NamedTuple):
    """What a class of devices gets.

    Attributes:
        name: The class; ``None`` stands for all devices whose class has no share of its own.
        share: Its weight among the classes.
        amount: What it gets.
        remainder: What its devices leave of it.
    """

    name: str | None
    share: int
    amount: int
    remainder: int


class PoolDivision(NamedTuple):
    """A pool, divided among devices.

    Attributes:
        amounts: Of the devices, in their order.
        remainder: What is left, by all classes together.
        classes: A line per class, ascending; none where the ruleset has no levels.
    """

    amounts: list[int]
    remainder: int
    classes: tuple[ClassLine, ...]


def divide_pool(
    pool: int,
    devices: Sequence[bytes],
    weights: Sequence[int],
    class_names: Sequence[str | None],
    rules: Ruleset,
) -> PoolDivision:
    """Divide a pool among devices.

    Args:
        pool: What is divided.
        devices: Who takes part, each once.
        weights: Their weights.
        class_names: Their classes; without levels nobody looks at them.
        rules: The ruleset: its levels, and what happens to the units that are left.

    Raises:
        InputError: A device stands twice in a class, or a number is out of its range.
    """
    if rules.levels is None:
        amounts, left = _native.allocate(pool, list(devices), list(weights), mode=rules.allocation)
        return PoolDivision(amounts, left, ())
    levels = rules.levels
    members: defaultdict[str | None, list[Share]] = defaultdict(list)
    for device, weight, name in zip(devices, weights, class_names, strict=True):
        members[name if name in levels.class_shares else None].append(Share(device, weight))
    shares = _shares(levels)
    division = divide_levels(
        pool,
        [Share(_id(name), share, members[name]) for name, share in shares.items()],
        mode=rules.allocation,
    )
    amount_of: dict[bytes, int] = {}
    classes: dict[bytes, list[int]] = {}
    for line in division.lines:
        if len(line.path) == _DEVICE_DEPTH:
            amount_of[line.path[1]] = line.amount
        else:
            # A class without any device keeps its amount there, and here nobody is left to keep it.
            classes[line.path[0]] = [line.amount, line.amount if line.is_kept else line.remainder]
    lines = tuple(ClassLine(name, share, *classes[_id(name)]) for name, share in shares.items())
    remainder = division.remainder + sum(line.remainder for line in lines)
    return PoolDivision([amount_of.get(device, 0) for device in devices], remainder, lines)


def _shares(levels: Levels) -> dict[str | None, int]:
    """The classes with their shares, ascending; those without one of their own come first, where they have any."""
    shares: dict[str | None, int] = {} if levels.others == 0 else {None: levels.others}
    for name in sorted(levels.class_shares):
        shares[name] = levels.class_shares[name]
    return shares


def _id(name: str | None) -> bytes:
    """What a class is called in the division; ascending as its line is."""
    return b"" if name is None else b"\x01" + name.encode()
