"""The form of registry events and who must have signed them: uptime proof, sections 5 and 9.2.

In: one event as strict JSON. Out: nothing, or an error that names the member. The fold itself is in
``registry.py``.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import pairwise

from .canonical import DECIMAL, JSON_LIMIT, InputError, canonical, from_hex
from .keys import PublicKey, parse_did_key

COMMON = frozenset(("seq", "type", "recorded_ms", "effective_ms", "prev_hash", "sigs"))
UNSIGNED = ("seq", "recorded_ms", "effective_ms", "prev_hash", "sigs")

_CELL = re.compile(r"[0-9a-f]{15,16}")
_PAYEE = re.compile(r"0x[0-9a-fA-F]{40}")


def _hex(low: int, high: int):
    return lambda value: type(value) is str and from_hex(value) is not None and low <= len(value) // 2 <= high


def _int(low: int, high: int):
    return lambda value: type(value) is int and low <= value <= high


def _text(low: int, high: int):
    return lambda value: type(value) is str and low <= len(value.encode()) <= high


def _or_null(rule):
    return lambda value: value is None or rule(value)


def _is_key(value: object) -> bool:
    try:
        parse_did_key(value)
    except InputError:
        return False
    return True


def _is_owner(value: object) -> bool:
    return _text(1, 128)(value) and (not value.startswith("did:key:") or _is_key(value))


def _matches(pattern: re.Pattern):
    return lambda value: type(value) is str and pattern.fullmatch(value) is not None


def _chain(value: object) -> bool:
    return type(value) is list and all(type(item) is str for item in value)


_ID = _hex(1, 255)
_HASH = _hex(32, 32)
_MS = _int(0, JSON_LIMIT)
_PLACE = {
    "lat_e7": _or_null(_int(-900_000_000, 900_000_000)),
    "lon_e7": _or_null(_int(-1_800_000_000, 1_800_000_000)),
}
_CELL_PLACE = {"cell": _or_null(_matches(_CELL)), **_PLACE, "radius_m": _or_null(_int(0, JSON_LIMIT))}
_PAY = _or_null(_matches(_PAYEE))
_KID = _or_null(_hex(1, 64))
_EITHER = {"device": _or_null(_ID), "validator": _or_null(_ID)}

MEMBERS = {
    "enroll": {
        "device": _ID,
        "key": _is_key,
        "kid": _KID,
        "owner": _is_owner,
        "payee": _PAY,
        **_CELL_PLACE,
        "hwmodel": _or_null(_hex(0, 4096)),
        "oemid": _or_null(_hex(0, 4096)),
        "capacity": lambda value: value is None or type(value) in (int, str),
        "nonce": _HASH,
    },
    "enroll_validator": {
        "validator": _ID,
        "key": _is_key,
        "kid": _KID,
        "owner": _is_owner,
        "payee": _PAY,
        **_PLACE,
    },
    "commit_challenge": {"validator": _ID, "epoch": _MS, "commitment": _HASH},
    "declare_conflict": {"validator": _ID, "device": _or_null(_ID), "owner": _or_null(_is_owner)},
    "rotate": {**_EITHER, "old_kid": _hex(1, 64), "key": _is_key, "kid": _KID, "overlap_ms": _MS},
    "revoke": {**_EITHER, "kid": _hex(1, 64)},
    "relocate": {"device": _ID, **_CELL_PLACE},
    "transfer": {"device": _ID, "owner": _is_owner},
    "set_payee": {"device": _ID, "payee": _PAY},
    "set_weight": {"device": _ID, "weight": _matches(DECIMAL)},
    "set_class": {"device": _ID, "class": _or_null(_text(0, 4096))},
    "certify": {"device": _ID, "chain": _chain},
    "retire": {"device": _ID},
    "retire_validator": {"validator": _ID},
}
_ONE_NULL = {
    "rotate": ("device", "validator"),
    "revoke": ("device", "validator"),
    "declare_conflict": ("device", "owner"),
}


def check_form(event: object, place: str) -> None:  # noqa: C901, PLR0912
    """Exactly the members of its type, each of its kind."""
    if type(event) is not dict or type(event.get("type")) is not str or event["type"] not in MEMBERS:
        raise InputError(f"{place}: unknown type of event")
    kind = event["type"]
    members = MEMBERS[kind]
    if event.keys() != COMMON | members.keys():
        raise InputError(
            f"{place}: {kind} has the members {sorted(event.keys() ^ (COMMON | members.keys()))} wrong"
        )
    for name in ("seq", "recorded_ms", "effective_ms"):
        if not _MS(event[name]):
            raise InputError(f"{place}: {name} is no integer from 0")
    if not _HASH(event["prev_hash"]):
        raise InputError(f"{place}: prev_hash is not 64 hex")
    for name, rule in members.items():
        if not rule(event[name]):
            raise InputError(f"{place}: {kind}.{name} is {event[name]!r}")
    if kind in _ONE_NULL:
        first, second = _ONE_NULL[kind]
        if (event[first] is None) == (event[second] is None):
            raise InputError(f"{place}: exactly one of {first} and {second} is null")
    if "lat_e7" in members:
        parts = [event["lat_e7"], event["lon_e7"]] + ([event["radius_m"]] if "radius_m" in members else [])
        if len({part is None for part in parts}) != 1:
            raise InputError(f"{place}: a place is whole or null")
    sigs = event["sigs"]
    if type(sigs) is not list:
        raise InputError(f"{place}: sigs is no array")
    for sig in sigs:
        if type(sig) is not dict or sig.keys() != {"kid", "sig"} or not _hex(1, 64)(sig["kid"]):
            raise InputError(f"{place}: a signature is {{kid, sig}}")
        if not _hex(0, 4096)(sig["sig"]):
            raise InputError(f"{place}: sig is no hex")
    kids = [sig["kid"] for sig in sigs]
    if any(first >= second for first, second in pairwise(kids)):
        raise InputError(f"{place}: sigs do not ascend by kid")


def signed_roles(event: dict, allowed: list[tuple[str, bytes, PublicKey]], place: str) -> set[str]:
    """Which of the ``allowed`` (role, kid, key) signed; every signature must be a good one of one of them."""
    message = sha256(
        canonical({name: value for name, value in event.items() if name not in UNSIGNED})
    ).digest()
    roles: set[str] = set()
    for sig in event["sigs"]:
        kid, signature = bytes.fromhex(sig["kid"]), bytes.fromhex(sig["sig"])
        good: dict[tuple, bool] = {}
        found = set()
        for role, known, key in allowed:
            if known != kid:
                continue
            which = (key.scheme, key.raw)
            if which not in good:
                good[which] = key.verifies(signature, message)
            if good[which]:
                found.add(role)
        if not found:
            raise InputError(
                f"{place}: the signature of {sig['kid']} is bad or of somebody who has no say in this"
            )
        roles |= found
    return roles
