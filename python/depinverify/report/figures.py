"""Numbers, times and names as people read them.

In: exact integers. Out: text. Invariant: a share is rounded down, so that 100 % stands only where nothing is missing,
and what is above nothing never reads as 0; no binary fraction is computed on the way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from depinverify.catalogue import CATALOGUE
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from depinverify.catalogue import Entry

__all__ = [
    "ABSENT",
    "angle",
    "bytes_text",
    "decimal",
    "duration",
    "knows",
    "number",
    "percent",
    "place",
    "plural",
    "score",
    "short",
    "utc",
]

#: What stands where there is nothing to say.
ABSENT: Final = "\u2013"

_SHORT: Final = 14
_HEAD, _TAIL = 8, 4
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_E7: Final = 10**7
_HALF_TURN: Final = 180 * _E7
_BY_NAME: Final[dict[tuple[str, str], Entry]] = {
    (found.family, found.name): found for found in CATALOGUE if found.network in {"", "generic"}
}


def knows(name: str, family: str) -> Entry | None:
    """The catalogue's entry of a word, ``None`` where it has none."""
    return _BY_NAME.get((family, name))


def number(value: int) -> str:
    """An integer with its thousands set apart."""
    return f"{value:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 device``, ``2 devices``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(part: int, whole: int, digits: int = 2) -> str:
    """A share in percent, rounded down.

    Args:
        part: Not below 0; may be above ``whole``.
        whole: What it is a share of; 0 gives a dash.
        digits: Digits after the point, at least 1.
    """
    if whole == 0:
        return ABSENT
    if part in {0, whole}:
        return "100\u00a0%" if part else "0\u00a0%"
    scale = 10**digits
    units = part * 100 * scale // whole
    if units == 0:
        return f"< 0.{1:0{digits}d}\u00a0%"
    return f"{units // scale:,}.{units % scale:0{digits}d}\u00a0%"


def score(value_e12: int, digits: int = 4) -> str:
    """A score in percent."""
    return percent(value_e12, ONE, digits)


def decimal(value: int, scale: int, digits: int) -> str:
    """``value / scale`` with a fixed number of digits, rounded towards nothing."""
    unit = 10**digits
    units = abs(value) * unit // scale
    sign = "\u2212" if value < 0 and units else ""
    return f"{sign}{units // unit:,}.{units % unit:0{digits}d}" if digits else f"{sign}{units:,}"


def short(text: str) -> str:
    """An id short enough for the side of a chart."""
    return text if len(text) <= _SHORT else f"{text[:_HEAD]}…{text[-_TAIL:]}"


def bytes_text(value: bytes | None) -> str:
    """A claim's bytes: as text where they are printable ASCII, otherwise as hex."""
    if value is None:
        return "not stated"
    text = value.decode("ascii", "replace")
    is_text = bool(text) and text.isascii() and text.isprintable()
    return text if is_text else f"0x{value.hex()}"


def utc(seconds: int, *, with_time: bool = True) -> str:
    """A moment in UTC; one that no calendar holds as seconds."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"
    return moment.strftime("%Y-%m-%d %H:%M" if with_time else "%Y-%m-%d")


def clock(seconds: int) -> str:
    """Hour and minute of a moment in UTC."""
    in_day = seconds % _DAY
    return f"{in_day // _HOUR:02d}:{in_day % _HOUR // _MINUTE:02d}"


def duration(seconds: int) -> str:
    """A length of time in its largest whole units."""
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size and seconds % size == 0:
            return plural(seconds // size, name)
    return plural(seconds, "second")


def angle(value_e7: int, digits: int, letters: str) -> str:
    """A coordinate: degrees with the letter of its half of the globe, where it is in one."""
    degrees = f"{decimal(abs(value_e7), _E7, digits)}°"
    if abs(value_e7) in {0, _HALF_TURN}:
        return degrees
    return f"{degrees}\u00a0{letters[0] if value_e7 > 0 else letters[1]}"


def place(lat_e7: int, lon_e7: int, digits: int = 2) -> str:
    """A place by its coordinates."""
    return f"{angle(lat_e7, digits, 'NS')}, {angle(lon_e7, digits, 'EW')}"
