"""Builders of registry events: members in, an event that waits for its signatures out.

``enroll(...)`` and its sisters make the event, :func:`sign` adds signatures, ``Registry.append`` gives it its
place in the chain. What is signed stands in the uptime proof, section 9.2: the event without the members that
the registry adds.

Example:
    >>> nonce = registry.issue_nonce()
    >>> event = enroll(device="01" + "00" * 16, key=signer.public, owner="alice", nonce=nonce)
    >>> registry.append(sign(event, signer))
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from depinverify.exceptions import InputError
from depinverify.payee import is_payee
from depinverify.registry.keys import PublicKey, Signer
from depinverify.registry.lines import Event, event_message
from depinverify.registry.members import EVENT_TYPES, check_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.registry.keys import PrivateKey

__all__ = [
    "DEFAULT_OVERLAP_MS",
    "cell_members",
    "certify",
    "commit_challenge",
    "declare_conflict",
    "enroll",
    "enroll_validator",
    "relocate",
    "retire",
    "retire_validator",
    "revoke",
    "rotate",
    "set_class",
    "set_payee",
    "set_weight",
    "sign",
    "transfer",
]

#: How long the old key stays valid after a rotation, if nothing else is said: one hour.
DEFAULT_OVERLAP_MS = 3_600_000

Identifier = str | bytes
Key = PublicKey | str


def sign(event: Event, *signers: Signer | PrivateKey) -> Event:
    """The event with one more signature per signer.

    Args:
        event: From a builder, or signed by others already.
        signers: Private keys; a :class:`Signer` where the registry knows the key by a kid of its own.
    """
    message = event_message(event)
    sigs = {sig["kid"]: sig["sig"] for sig in event.get("sigs", ())}
    for signer in signers:
        by = signer if isinstance(signer, Signer) else Signer(signer)
        sigs[by.kid.hex()] = by.sign(message).hex()
    return {**event, "sigs": [{"kid": kid, "sig": sigs[kid]} for kid in sorted(sigs)]}


def cell_members(cell: str | None) -> dict[str, str | int | None]:
    """The four members that say where a device stands: cell, centre and radius, or four nulls.

    Raises:
        InputError: No cell, or a resolution outside 5 to 12.
    """
    if cell is None:
        return {"cell": None, "lat_e7": None, "lon_e7": None, "radius_m": None}
    from depinverify._native import cell_place  # noqa: PLC0415 -- events without a cell need no native module

    try:
        lat_e7, lon_e7, radius_m = cell_place(cell)
    except ValueError as error:
        raise InputError(f"cell: {error}") from None
    return {"cell": cell, "lat_e7": lat_e7, "lon_e7": lon_e7, "radius_m": radius_m}


def enroll(
    *,
    device: Identifier,
    key: Key,
    owner: str,
    nonce: Identifier,
    payee: str | None = None,
    cell: str | None = None,
    hwmodel: Identifier | None = None,
    oemid: Identifier | None = None,
    capacity: str | int | None = None,
    kid: Identifier | None = None,
) -> Event:
    """A device enters. Signed by its key; by the owner too, if the owner's key is to count in the assignment.

    Args:
        device: The device id, which is its UEID.
        key: Its public key.
        owner: Any text, or the owner's did:key.
        nonce: 32 bytes that the registry issued.
        payee: ``0x`` and 40 or 64 hex digits.
        cell: H3 cell of resolution 5 to 12.
        hwmodel: Claim of the proofs.
        oemid: Claim of the proofs.
        capacity: Decimal number; information only.
        kid: If the key is not to be known by its usual kid.
    """
    public = _key(key)
    return _made(
        "enroll",
        device=_hex(device),
        key=public.did,
        kid=public.kid.hex() if kid is None else _hex(kid),
        owner=owner,
        payee=_payee(payee),
        **cell_members(cell),
        hwmodel=_hex(hwmodel),
        oemid=_hex(oemid),
        capacity=None if capacity is None else str(capacity),
        nonce=_hex(nonce),
    )


def enroll_validator(
    *,
    validator: Identifier,
    key: Key,
    owner: str,
    payee: str | None = None,
    lat_e7: int | None = None,
    lon_e7: int | None = None,
    kid: Identifier | None = None,
) -> Event:
    """A validator enters. Signed by its key; by the owner too, if its key is to count in the assignment."""
    public = _key(key)
    return _made(
        "enroll_validator",
        validator=_hex(validator),
        key=public.did,
        kid=public.kid.hex() if kid is None else _hex(kid),
        owner=owner,
        payee=_payee(payee),
        lat_e7=lat_e7,
        lon_e7=lon_e7,
    )


def commit_challenge(*, validator: Identifier, epoch: int, commitment: Identifier) -> Event:
    """A validator commits to its secret of an epoch by the secret's SHA-256. Signed by the validator."""
    return _made("commit_challenge", validator=_hex(validator), epoch=epoch, commitment=_hex(commitment))


def declare_conflict(
    *, validator: Identifier, device: Identifier | None = None, owner: str | None = None
) -> Event:
    """A validator will not probe this device, or the devices of this owner. Signed by the validator."""
    return _made("declare_conflict", validator=_hex(validator), device=_hex(device), owner=owner)


def rotate(
    *,
    old_kid: Identifier,
    key: Key,
    device: Identifier | None = None,
    validator: Identifier | None = None,
    kid: Identifier | None = None,
    overlap_ms: int = DEFAULT_OVERLAP_MS,
) -> Event:
    """A new key takes over; the old one ends when the overlap is over. Signed by the old key and the new."""
    public = _key(key)
    return _made(
        "rotate",
        device=_hex(device),
        validator=_hex(validator),
        old_kid=_hex(old_kid),
        key=public.did,
        kid=public.kid.hex() if kid is None else _hex(kid),
        overlap_ms=overlap_ms,
    )


def revoke(
    *, kid: Identifier, device: Identifier | None = None, validator: Identifier | None = None
) -> Event:
    """A key ends. Signed by the owner or the registry authority; proofs from before stay valid."""
    return _made("revoke", device=_hex(device), validator=_hex(validator), kid=_hex(kid))


def relocate(*, device: Identifier, cell: str | None) -> Event:
    """A device stands elsewhere. Signed by the owner."""
    return _made("relocate", device=_hex(device), **cell_members(cell))


def transfer(*, device: Identifier, owner: str) -> Event:
    """A device changes hands. Signed by the old owner and the new."""
    return _made("transfer", device=_hex(device), owner=owner)


def set_payee(*, device: Identifier, payee: str | None) -> Event:
    """The device's pay goes elsewhere. Signed by the owner."""
    return _made("set_payee", device=_hex(device), payee=_payee(payee))


def set_weight(*, device: Identifier, weight: str | int) -> Event:
    """The device's base weight, 1 before. Signed by the registry authority."""
    return _made("set_weight", device=_hex(device), weight=str(weight))


def set_class(*, device: Identifier, device_class: str | None) -> Event:
    """The device's class, none before. Signed by the registry authority."""
    return _made("set_class", device=_hex(device), **{"class": device_class})


def certify(*, device: Identifier, chain: Sequence[bytes]) -> Event:
    """The device's X.509 chain in DER, leaf first. Signed by the registry authority."""
    return _made("certify", device=_hex(device), chain=[base64.b64encode(der).decode() for der in chain])


def retire(*, device: Identifier) -> Event:
    """No more challenges for the device. Signed by the owner or the registry authority."""
    return _made("retire", device=_hex(device))


def retire_validator(*, validator: Identifier) -> Event:
    """The validator leaves. Signed by its owner or the registry authority."""
    return _made("retire_validator", validator=_hex(validator))


def _made(kind: str, **members: object) -> Event:
    for name in EVENT_TYPES[kind]:
        wrong = check_value(kind, name, members[name])
        if wrong is not None:
            raise InputError(wrong)
    return {"type": kind, **members}


def _key(key: Key) -> PublicKey:
    return key if isinstance(key, PublicKey) else PublicKey.parse(key)


def _hex(value: Identifier | None) -> str | None:
    return value.hex() if isinstance(value, bytes) else value


def _payee(payee: str | None) -> str | None:
    lower = payee.lower() if payee is not None and payee.startswith("0x") else None
    return lower if is_payee(lower) else payee
