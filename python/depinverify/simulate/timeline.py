"""When a device is down, and since when it has been up: link failures, reboots and the death of devices.

In: a fleet and a device. Out: its :class:`Timeline` over one epoch, in Unix milliseconds. Reboots of the
epochs before are replayed, so that counters continue from epoch to epoch.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from depinverify.simulate.behaviours import Behaviour

if TYPE_CHECKING:
    from depinverify.simulate.chance import Chance
    from depinverify.simulate.fleet import Device, Fleet

__all__ = ["CHANGING", "Boot", "Timeline", "timeline"]

#: Behaviours whose devices are ever out of reach; all others run through.
CHANGING = frozenset({Behaviour.FLAKY, Behaviour.REBOOTS, Behaviour.DEAD})

_MINUTE_MS = 60_000


class Boot(NamedTuple):
    """Since when a device has been running, in seconds, and how often it had started by then."""

    since_s: int
    starts: int


class Timeline:
    """One device over one epoch."""

    __slots__ = ("_begins", "_boot_times", "_boots", "_ends")

    def __init__(self, boot: Boot) -> None:
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._boots = [boot]
        self._boot_times = [0]

    def is_down(self, at_ms: int) -> bool:
        """Whether nobody can reach the device at this moment."""
        before = bisect_right(self._begins, at_ms)
        return before > 0 and at_ms < self._ends[before - 1]

    def boot(self, at_ms: int) -> Boot:
        """The start that the device counts its uptime from at this moment."""
        return self._boots[bisect_right(self._boot_times, at_ms) - 1]

    def silences(self) -> list[tuple[int, int]]:
        """Begin and end of each time of silence."""
        return list(zip(self._begins, self._ends, strict=True))

    def down(self, begin_ms: int, end_ms: int, *, reboots: bool) -> None:
        """Add a time of silence after all earlier ones; the device may start anew at its end."""
        self._begins.append(begin_ms)
        self._ends.append(end_ms)
        if reboots:
            self._boots.append(Boot(end_ms // 1000, self._boots[-1].starts + 1))
            self._boot_times.append(end_ms)


def timeline(fleet: Fleet, device: Device) -> Timeline:
    """The timeline of a device in the fleet's epoch."""
    settings = fleet.settings
    boot = Boot(device.booted_s, device.bootcount)
    if device.behaviour not in CHANGING:
        return Timeline(boot)
    length_ms = settings.hours * 3_600_000
    for epoch in range(settings.index - settings.first_index + 1):
        lived = Timeline(boot)
        start_ms = settings.world_start * 1000 + epoch * length_ms
        chance = fleet.seed.chance("timeline", device.index, epoch)
        if device.behaviour is Behaviour.DEAD and epoch > 0:
            lived.down(start_ms, start_ms + 1, reboots=True)
        _live(lived, device, chance, start_ms, start_ms + length_ms)
        boot = lived.boot(start_ms + length_ms)
    return lived


def _live(lived: Timeline, device: Device, chance: Chance, start_ms: int, end_ms: int) -> None:
    """Fill one epoch with what the behaviour brings; a silence ends with the epoch."""
    if device.behaviour is Behaviour.DEAD:
        last = end_ms - start_ms
        for _ in range(device.pace + 1):
            last = last * 3 // 5
        lived.down(end_ms - last, end_ms, reboots=False)
        return
    spans = {
        Behaviour.FLAKY: ((40, 300), (5, 35)),
        Behaviour.REBOOTS: ((40, 300), (2, 15)),
    }.get(device.behaviour)
    if spans is None:
        return
    (shortest, longest), (quickest, slowest) = spans
    at = start_ms
    while True:
        at += chance.between(shortest * _MINUTE_MS, longest * _MINUTE_MS)
        if at >= end_ms:
            return
        back = min(at + chance.between(quickest * _MINUTE_MS, slowest * _MINUTE_MS), end_ms)
        lived.down(at, back, reboots=device.behaviour is Behaviour.REBOOTS)
        at = back
