"""The exact members of every event type, and the form of each value.

In: an event as a mapping. Out: nothing, or an error that names the member, what was expected and what was
found. The table is that of the uptime proof, section 9.2. Invariant: an event that passes can be written as
one canonical line and read back unchanged; whether it is *allowed* is the business of ``rules``.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from depinverify.canonical import LARGEST_INTEGER
from depinverify.exceptions import InputError, RegistryError
from depinverify.payee import DIGITS, is_payee
from depinverify.registry.keys import PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["EVENT_TYPES", "Member", "check_members", "check_value"]

LONGEST_OWNER = 128
LONGEST_CHAIN = 8
LONGEST_CERTIFICATE = 16384
_SHOWN = 60
_HEX = re.compile(r"(?:[0-9a-f]{2})+\Z")
_CELL = re.compile(r"[0-9a-f]{15,16}\Z")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]*)\Z")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_UEID_TYPES = ("01", "02", "03")


class Member(NamedTuple):
    """Form of one member: a sentence about what is expected, and the check."""

    expected: str
    accepts: Callable[[object], bool]


def _hex(shortest: int, longest: int) -> Callable[[object], bool]:
    def accepts(value: object) -> bool:
        return (
            isinstance(value, str)
            and 2 * shortest <= len(value) <= 2 * longest
            and _HEX.match(value) is not None
        )

    return accepts


def _text(longest: int) -> Callable[[object], bool]:
    def accepts(value: object) -> bool:
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            return False
        try:
            return len(value.encode()) <= longest
        except UnicodeEncodeError:
            return False

    return accepts


def _integer(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _matches(pattern: re.Pattern[str], longest: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and len(value) <= longest and pattern.match(value) is not None


def _or_null(member: Member) -> Member:
    return Member(f"{member.expected}, or null", lambda value: value is None or member.accepts(value))


def _is_device(value: object) -> bool:
    return _hex(7, 33)(value) and isinstance(value, str) and value[:2] in _UEID_TYPES


def _is_key(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        PublicKey.from_did(value)
    except InputError:
        return False
    return True


def _is_owner(value: object) -> bool:
    return _text(LONGEST_OWNER)(value) and (not str(value).startswith("did:key:") or _is_key(value))


def _is_chain(value: object) -> bool:
    certificate = _matches(_BASE64, LONGEST_CERTIFICATE * 4 // 3 + 4)
    return isinstance(value, list) and 1 <= len(value) <= LONGEST_CHAIN and all(map(certificate, value))


def _is_amount(value: object) -> bool:
    return _matches(_DECIMAL, 78)(value) and int(str(value)) < 2**256


_DEVICE = Member("a device id: 7 to 33 bytes in lower-case hex, the first 01, 02 or 03", _is_device)
_VALIDATOR = Member("a validator id: 1 to 64 bytes in lower-case hex", _hex(1, 64))
_KEY = Member("a did:key of Ed25519, P-256 or secp256k1", _is_key)
_KID = Member("a kid: 1 to 64 bytes in lower-case hex", _hex(1, 64))
_OWNER = Member("an owner: text of 1 to 128 bytes, and a usable key if it is a did:key", _is_owner)
_PAYEE_MEMBER = _or_null(Member(f"{DIGITS}, in lower case", is_payee))
_HASH = Member("32 bytes in lower-case hex", _hex(32, 32))
_BYTES = _or_null(Member("1 to 256 bytes in lower-case hex", _hex(1, 256)))
_AMOUNT = Member("a decimal string below 2^256", _is_amount)
_LAT = _or_null(Member("10^-7 degrees of latitude", _integer(-900_000_000, 900_000_000)))
_LON = _or_null(Member("10^-7 degrees of longitude", _integer(-1_800_000_000, 1_800_000_000)))
_RADIUS = _or_null(Member("metres", _integer(0, 2**32 - 1)))
_CELL_MEMBER = _or_null(Member("an H3 index of 15 or 16 lower-case hex digits", _matches(_CELL, 16)))
_MILLISECONDS = Member("milliseconds, 0 to 2^53 - 1", _integer(0, LARGEST_INTEGER))


_PLACE = {"cell": _CELL_MEMBER, "lat_e7": _LAT, "lon_e7": _LON, "radius_m": _RADIUS}

#: Event type -> its members beyond the common ones.
EVENT_TYPES: dict[str, dict[str, Member]] = {
    "enroll": {
        "device": _DEVICE,
        "key": _KEY,
        "kid": _KID,
        "owner": _OWNER,
        "payee": _PAYEE_MEMBER,
        **_PLACE,
        "hwmodel": _BYTES,
        "oemid": _BYTES,
        "capacity": _or_null(_AMOUNT),
        "nonce": _HASH,
    },
    "enroll_validator": {
        "validator": _VALIDATOR,
        "key": _KEY,
        "kid": _KID,
        "owner": _OWNER,
        "payee": _PAYEE_MEMBER,
        "lat_e7": _LAT,
        "lon_e7": _LON,
    },
    "commit_challenge": {
        "validator": _VALIDATOR,
        "epoch": Member("the index of an epoch", _integer(0, LARGEST_INTEGER)),
        "commitment": _HASH,
    },
    "declare_conflict": {
        "validator": _VALIDATOR,
        "device": _or_null(_DEVICE),
        "owner": _or_null(_OWNER),
    },
    "rotate": {
        "device": _or_null(_DEVICE),
        "validator": _or_null(_VALIDATOR),
        "old_kid": _KID,
        "key": _KEY,
        "kid": _KID,
        "overlap_ms": _MILLISECONDS,
    },
    "revoke": {"device": _or_null(_DEVICE), "validator": _or_null(_VALIDATOR), "kid": _KID},
    "relocate": {"device": _DEVICE, **_PLACE},
    "transfer": {"device": _DEVICE, "owner": _OWNER},
    "set_payee": {"device": _DEVICE, "payee": _PAYEE_MEMBER},
    "set_weight": {"device": _DEVICE, "weight": _AMOUNT},
    "set_class": {"device": _DEVICE, "class": _or_null(Member("text of 1 to 128 bytes", _text(128)))},
    "certify": {
        "device": _DEVICE,
        "chain": Member("1 to 8 certificates as base64 of DER, leaf first", _is_chain),
    },
    "retire": {"device": _DEVICE},
    "retire_validator": {"validator": _VALIDATOR},
}

_COMMON = {"type", "sigs"}
_CHAINED = {"seq", "recorded_ms", "effective_ms", "prev_hash"}
#: Types of which exactly one of two members is null.
_EITHER = {
    "rotate": ("device", "validator"),
    "revoke": ("device", "validator"),
    "declare_conflict": ("device", "owner"),
}
_SIGNATURE = _hex(64, 64)
_MOST_SIGNATURES = 8


def check_members(event: Mapping[str, Any], *, chained: bool) -> None:
    """Refuse an event whose members are not exactly those of its type.

    Args:
        event: A signed event.
        chained: Whether it has its place in the chain already (``seq``, times, ``prev_hash``).

    Raises:
        RegistryError: With the member, what was expected and what was found.
    """
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in EVENT_TYPES:
        raise RegistryError(f"type: expected one of {', '.join(EVENT_TYPES)}; found {_shown(kind)}")
    members = EVENT_TYPES[kind]
    expected = members.keys() | _COMMON | (_CHAINED if chained else set())
    if event.keys() != expected:
        missing, unknown = sorted(expected - event.keys()), sorted(map(str, event.keys() - expected))
        parts = [
            f"{what} {', '.join(names)}"
            for what, names in (("missing", missing), ("unknown", unknown))
            if names
        ]
        raise RegistryError(
            f"members of {kind}: {'; '.join(parts)}"[:400],
            hint="absent values are written as null, never left out",
        )
    for name, member in members.items():
        if not member.accepts(event[name]):
            raise RegistryError(f"{name}: expected {member.expected}; found {_shown(event[name])}")
    if kind in _EITHER:
        first, second = _EITHER[kind]
        if (event[first] is None) == (event[second] is None):
            raise RegistryError(f"{kind}: expected exactly one of {first} and {second}, the other null")
    _check_place(event)
    _check_signatures(event["sigs"])
    if chained:
        _check_chained(event)


def check_value(kind: str, name: str, value: object) -> str | None:
    """What is wrong with one value of an event type, or ``None``."""
    member = EVENT_TYPES[kind][name]
    return None if member.accepts(value) else f"{name}: expected {member.expected}; found {_shown(value)}"


def _check_place(event: Mapping[str, Any]) -> None:
    names = [name for name in ("cell", "lat_e7", "lon_e7", "radius_m") if name in event]
    if len({event[name] is None for name in names}) > 1:
        raise RegistryError(f"{', '.join(names)}: expected all of them or none")


def _check_signatures(sigs: object) -> None:
    if not isinstance(sigs, list) or not 1 <= len(sigs) <= _MOST_SIGNATURES:
        raise RegistryError(f"sigs: expected an array of 1 to {_MOST_SIGNATURES} signatures")
    for sig in sigs:
        if not isinstance(sig, dict) or sig.keys() != {"kid", "sig"} or not _KID.accepts(sig["kid"]):
            raise RegistryError('sigs: expected objects {"kid": hex, "sig": hex}')
        if not _SIGNATURE(sig["sig"]):
            raise RegistryError(
                f"sigs: the signature of kid {sig['kid']}: expected 64 bytes in lower-case hex"
            )
    kids = [sig["kid"] for sig in sigs]
    if any(a >= b for a, b in pairwise(kids)):
        raise RegistryError("sigs: expected ascending kids, each once")


def _check_chained(event: Mapping[str, Any]) -> None:
    for name in ("seq", "recorded_ms", "effective_ms"):
        if not _MILLISECONDS.accepts(event[name]):
            raise RegistryError(f"{name}: expected an integer of 0 to 2^53 - 1; found {_shown(event[name])}")
    if not _HASH.accepts(event["prev_hash"]):
        raise RegistryError(f"prev_hash: expected {_HASH.expected}; found {_shown(event['prev_hash'])}")
    if event["effective_ms"] < event["recorded_ms"]:
        raise RegistryError(
            f"effective_ms {event['effective_ms']} is before recorded_ms {event['recorded_ms']}"
        )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
