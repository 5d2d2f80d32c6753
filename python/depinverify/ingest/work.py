"""The file ``work.jsonl`` of an epoch folder: what each device could have done, and did for pay.

In: lines of anybody, ``{"capacity": .., "device": hex, "paid": ..}``, numbers as decimal strings or integers. Out: the
work of each device, and the hash of what was read. Invariant: every line is of its form and speaks of a device of the
epoch, each of one once; the hash is that of the content, whatever the order of the lines and the spelling of numbers.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.models.economy import LARGEST_AMOUNT
from depinverify.registry.lines import read_event as read_object
from depinverify.reward.utilisation import Work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["WORK_FILE", "read_work", "work_lines", "work_sha256"]

WORK_FILE: Final = "work.jsonl"

_MEMBERS: Final = frozenset({"capacity", "device", "paid"})
_LONGEST_LINE: Final = 4096
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)


def read_work(content: bytes, devices: Collection[bytes] | None = None) -> dict[bytes, Work]:
    """Read the lines.

    Args:
        content: The bytes of the file.
        devices: Devices of the epoch; ``None`` takes any.

    Raises:
        InputError: A line is none of it, or speaks of an unknown device or of one that stands above; the message
            has its number.
    """
    known = None if devices is None else frozenset(devices)
    work: dict[bytes, Work] = {}
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n") if content else (), 1):
        try:
            device, found = _line(line)
            _refuse_stranger(device, work, known)
        except InputError as error:
            raise InputError(
                f"{WORK_FILE} line {number}: {error}",
                hint='A line is {"capacity":"100","device":"01ab..","paid":"60"}, one for each device at most.',
            ) from None
        work[device] = found
    return work


def work_lines(work: Mapping[bytes, Work]) -> Iterator[bytes]:
    """The canonical lines, ascending by device."""
    for device, (paid, capacity) in sorted(work.items()):
        line = {"capacity": str(capacity), "device": device.hex(), "paid": str(paid)}
        yield canonical_json(line) + b"\n"


def work_sha256(work: Mapping[bytes, Work]) -> str:
    """``inputs.work`` of reward file and manifest: SHA-256 of the canonical lines, 64 hex digits."""
    digest = hashlib.sha256()
    for line in work_lines(work):
        digest.update(line)
    return digest.hexdigest()


def _refuse_stranger(device: bytes, work: Mapping[bytes, Work], known: Collection[bytes] | None) -> None:
    if device in work:
        raise InputError(f"expected each device once, found {device.hex()} again")
    if known is not None and device not in known:
        raise InputError(f"expected a device of this epoch, found {device.hex()}")


def _line(line: bytes) -> tuple[bytes, Work]:
    if len(line) > _LONGEST_LINE:
        raise InputError(f"expected at most {_LONGEST_LINE} bytes, found {len(line)}")
    given = read_object(line)
    if given.keys() != _MEMBERS:
        differing = min(given.keys() ^ _MEMBERS)
        found = "one more" if differing in given else "none"
        raise InputError(
            f"expected the members capacity, device and paid, found {found} called {differing[:100]!r}"
        )
    device = given["device"]
    if not isinstance(device, str) or not _HEX.fullmatch(device):
        raise InputError(f"device: expected lower-case hex, found {str(device)[:100]!r}")
    return bytes.fromhex(device), Work(_number(given, "paid"), _number(given, "capacity"))


def _number(given: Mapping[str, Any], name: str) -> int:
    value = given[name]
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text) or int(text) > LARGEST_AMOUNT:
        raise InputError(f"{name}: expected an integer from 0 to 2^256-1, found {str(value)[:100]!r}")
    return int(text)
