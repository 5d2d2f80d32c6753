"""What one epoch hands to the next about the models: ``models.jsonl``.

In: the lines of the epoch before. Out: one record for each device that is eligible now, and this epoch's lines.
Invariant: reading back what was written gives the same records; a model that the ruleset does not use leaves nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from depinverify.canonical import LARGEST_INTEGER, canonical_json
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["DeviceState", "StandingRow", "read", "write"]

StandingRow: TypeAlias = "tuple[bool, int | None, bool, bool, bool, tuple[bool, bool, bool]]"

_WARNINGS = 3
_AMOUNT = re.compile(r"0|[1-9][0-9]{0,99}", re.ASCII)


@dataclass(slots=True)
class DeviceState:
    """State of all models about one device.

    Attributes:
        observations: Observations so far.
        correctness: Alpha and beta, in fixed point.
        unknown: The same for errors that cannot be pinned on it.
        standing: Its standing, as :func:`depinverify._native.standing_after` has it.
        strikes: Strikes of the last epochs, newest first; empty where there are none.
        streak: Good epochs, and missed ones in a row.
        withheld: What has been kept back of its pay so far.
    """

    observations: int = 0
    correctness: tuple[int, int] | None = None
    unknown: tuple[int, int] | None = None
    standing: StandingRow | None = None
    strikes: list[int] = field(default_factory=list)
    streak: tuple[int, int] = (0, 0)
    withheld: int = 0


def read(lines: bytes) -> dict[bytes, DeviceState]:
    """Read ``models.jsonl``; empty for a first epoch.

    Raises:
        InputError: A line is none of it.
    """
    states: dict[bytes, DeviceState] = {}
    for number, line in enumerate(lines.splitlines(), 1):
        try:
            record = json.loads(line)
            states[bytes.fromhex(record["device"])] = DeviceState(
                _number(record["observations"]),
                _pair(record["correctness"]),
                _pair(record["unknown"]),
                _standing(record["standing"]),
                [_number(count) for count in record["strikes"]],
                _pair(record["streak"]) or (0, 0),
                _amount(record["withheld"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"models.jsonl line {number}: expected the state of a device; {error}") from None
    return states


def write(states: Mapping[bytes, DeviceState]) -> Iterator[bytes]:
    """The lines, ascending by device."""
    for device, state in sorted(states.items()):
        yield (
            canonical_json({"device": device.hex(), **asdict(state), "withheld": str(state.withheld)}) + b"\n"
        )


def _number(value: Any) -> int:  # noqa: ANN401 - a value of foreign JSON
    if type(value) is not int or not 0 <= value <= LARGEST_INTEGER:
        raise ValueError(f"expected an integer from 0 to {LARGEST_INTEGER}, found {str(value)[:50]!r}")
    return value


def _amount(value: Any) -> int:  # noqa: ANN401 - a value of foreign JSON
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError(f"expected a decimal string, found {str(value)[:50]!r}")
    return int(value)


def _pair(value: Any) -> tuple[int, int] | None:  # noqa: ANN401 - a value of foreign JSON
    if value is None:
        return None
    first, second = value
    return _number(first), _number(second)


def _flag(value: Any) -> bool:  # noqa: ANN401 - a value of foreign JSON
    if type(value) is not bool:
        raise ValueError(f"expected true or false, found {str(value)[:50]!r}")
    return value


def _standing(value: Any) -> StandingRow | None:  # noqa: ANN401 - a value of foreign JSON
    if value is None:
        return None
    active, since, offline, unknown, disqualified, warned = value
    if len(warned) != _WARNINGS:
        raise ValueError("expected three warnings")
    first, second, third = map(_flag, warned)
    return (
        _flag(active),
        None if since is None else _number(since),
        _flag(offline),
        _flag(unknown),
        _flag(disqualified),
        (first, second, third),
    )
