"""The part of a registry that one device needs, and the same events as a chain of their own.

In: event lines. Out: the lines about the device and about validators, as they stand in the registry; and a chain of
these events alone, which can be folded. Rule: uptime proof, sections 5 and 9.2. Invariant: what its signers signed is
never touched: an event's number and its link to the event before are under no signature, so signatures hold in both.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.registry.lines import GENESIS, Event, event_hash, read_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Links", "chained", "events_for", "head_before", "links_of", "until"]


class Links(NamedTuple):
    """Neighbours in the registry that stand in an extract both.

    Attributes:
        kept: Pairs whose second event holds the hash of the first.
        broken: Numbers of events that hold another hash.
    """

    kept: int
    broken: tuple[int, ...]


def events_for(lines: bytes, device: bytes, *, epoch: int, before_ms: int) -> list[bytes]:
    """The lines that decide about a device: its own events, and those of all validators.

    Args:
        lines: The registry.
        device: The device's id.
        epoch: Commitments for other epochs are left out.
        before_ms: Events recorded at this time or later are left out.
    """
    name = device.hex()
    # Most lines are enrolments of other devices and need not be read.
    marks = (f'"{name}"'.encode(), b'"validator"')
    chosen = []
    for line in lines.split(b"\n"):
        if any(mark in line for mark in marks):
            event = read_event(line)
            if recorded_ms(line) < before_ms and _is_about(event, name, epoch):
                chosen.append(line)
    return chosen


def _is_about(event: Mapping[str, Any], device: str, epoch: int) -> bool:
    if event.get("validator") is None:
        return event.get("device") == device
    if event.get("type") == "commit_challenge":
        return event.get("epoch") == epoch
    # A conflict with another device does not concern this one, and the extract does not know that device.
    return event.get("device") in {None, device}


def until(lines: bytes, before_ms: int) -> bytes:
    """The lines of a registry that were recorded before a moment."""
    end = len(lines)
    while end > 0:
        begin = lines.rfind(b"\n", 0, end - 1) + 1
        line = lines[begin:end].rstrip(b"\n")
        if line and recorded_ms(line) < before_ms:
            break
        end = begin
    return lines[:end]


def chained(lines: Iterable[bytes]) -> list[bytes]:
    """The same events, numbered and chained anew."""
    made: list[bytes] = []
    for line in lines:
        event: Event = read_event(line)
        event["seq"] = len(made)
        event["prev_hash"] = event_hash(made[-1]) if made else GENESIS
        made.append(canonical_json(event))
    return made


def head_before(chain: Sequence[bytes], moment_ms: int) -> str:
    """Hash of the last event that was recorded before this moment."""
    return next((event_hash(line) for line in reversed(chain) if recorded_ms(line) < moment_ms), GENESIS)


def recorded_ms(line: bytes) -> int:
    """When an event was recorded.

    Raises:
        InputError: The line does not say it.
    """
    recorded = read_event(line).get("recorded_ms")
    if not isinstance(recorded, int):
        raise InputError(f"registry: recorded_ms: expected an integer, found {recorded!r}")
    return recorded


def links_of(lines: Sequence[bytes]) -> Links:
    """Hold neighbours of the registry against each other."""
    events = [read_event(line) for line in lines]
    kept, broken = 0, []
    for before, after in pairwise(events):
        if after["seq"] == before["seq"] + 1:
            if after["prev_hash"] == event_hash(canonical_json(before)):
                kept += 1
            else:
                broken.append(after["seq"])
    return Links(kept, tuple(broken))
