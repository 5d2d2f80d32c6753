"""What simulated devices and validators do, and what must come of it (uptime proof, section 7).

Each behaviour names its share, the verdicts of its rows, the indicators against the device and what happens
to its pay. ``truth.json`` carries this table, and the tests compare settlements with it row by row.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BEHAVIOURS", "Behaviour", "Expectation", "ValidatorBehaviour", "count_devices"]


class Behaviour(StrEnum):
    """What a device does."""

    HONEST = "honest"
    FLAKY = "flaky"
    REBOOTS = "reboots"
    SLOW = "slow"
    DEAD = "dead"
    WRONG_KEY = "wrong-key"
    REPLAY = "replay"
    BORROWED_TOKEN = "borrowed-token"  # noqa: S105
    CLONED_KEY = "cloned-key"
    FALSE_LOCATION = "false-location"
    FAST_COUNTER = "fast-counter"
    SYBIL = "sybil"
    TWO_STORIES = "two-stories"


class ValidatorBehaviour(StrEnum):
    """What a validator does."""

    HONEST = "honest"
    NO_UPLINK = "no-uplink"
    INVENTS_OFFLINE = "invents-offline"
    HIDES_DOWNTIME = "hides-downtime"


class Expectation(NamedTuple):
    """One row of the table.

    Attributes:
        share: Default share of the fleet in tenths of a per cent.
        group: Fewest devices that show the behaviour.
        verdicts: Codes of its own rows, beside ``VALID`` rows before it begins.
        indicators: Indicators with the device as subject.
        pay: ``full``, ``availability``, ``silent``, ``zero``, ``fail`` or ``capped``.
    """

    share: int
    group: int
    verdicts: tuple[str, ...]
    indicators: tuple[str, ...]
    pay: str


BEHAVIOURS = {
    Behaviour.HONEST: Expectation(860, 0, ("VALID",), (), "full"),
    Behaviour.FLAKY: Expectation(40, 1, ("VALID", "NO_ANSWER", "LATE"), (), "availability"),
    Behaviour.REBOOTS: Expectation(20, 1, ("VALID", "NO_ANSWER"), (), "availability"),
    Behaviour.SLOW: Expectation(10, 1, ("VALID", "LATE"), (), "availability"),
    Behaviour.DEAD: Expectation(10, 1, ("VALID", "NO_ANSWER"), (), "availability"),
    Behaviour.WRONG_KEY: Expectation(5, 1, ("BAD_SIGNATURE", "UNKNOWN_KEY"), (), "silent"),
    Behaviour.REPLAY: Expectation(5, 1, ("NONCE_MISMATCH",), ("REPLAY",), "silent"),
    Behaviour.BORROWED_TOKEN: Expectation(5, 1, ("DEVICE_MISMATCH",), ("REPLAY",), "silent"),
    Behaviour.CLONED_KEY: Expectation(5, 2, ("VALID",), ("KEY_REUSE", "KEY_SHARED"), "zero"),
    Behaviour.FALSE_LOCATION: Expectation(5, 1, ("LOCATION_MISMATCH",), (), "fail"),
    Behaviour.FAST_COUNTER: Expectation(5, 1, ("COUNTER_REGRESSION",), ("COUNTER_AHEAD",), "fail"),
    Behaviour.SYBIL: Expectation(20, 3, ("VALID",), (), "capped"),
    Behaviour.TWO_STORIES: Expectation(5, 1, ("VALID",), ("EQUIVOCATION",), "zero"),
}


def _share(name: str, value: float | str | Fraction) -> tuple[Behaviour, Fraction]:
    try:
        behaviour, share = Behaviour(name), Fraction(str(value))
    except ValueError as error:
        expected = ", ".join(BEHAVIOURS)
        raise InputError(f"share {name}={value}: expected one of {expected} and a number") from error
    if not 0 <= share <= 1:
        raise InputError(f"share {name}={value}: expected a number from 0 to 1")
    return behaviour, share


def count_devices(devices: int, shares: Mapping[str, float | str | Fraction]) -> dict[Behaviour, int]:
    """How many devices show each behaviour.

    A behaviour with a share has at least as many devices as it needs to show; in a small fleet those of the
    table's end are left out, so that half of it stays honest, unless the caller's shares say otherwise.

    Args:
        devices: Size of the fleet.
        shares: Shares other than the default ones; what they leave is honest.
    """
    given = dict(_share(name, value) for name, value in shares.items())
    if Behaviour.HONEST in given:
        raise InputError("share honest: is what the other behaviours leave")
    counts: dict[Behaviour, int] = {}
    left = devices
    for behaviour, row in BEHAVIOURS.items():
        if behaviour is Behaviour.HONEST:
            continue
        share = given.get(behaviour, Fraction(row.share, 1000))
        count = max(row.group, int(devices * share + Fraction(1, 2))) if share else 0
        if behaviour is Behaviour.CLONED_KEY:
            count += count % 2
        spare = left if behaviour in given else left - (devices + 1) // 2
        if count > max(spare, 0):
            if behaviour in given:
                raise InputError(f"shares: {behaviour} needs {count} devices, {left} of {devices} are left")
            count = 0
        counts[behaviour] = count
        left -= count
    counts[Behaviour.HONEST] = left
    return counts
