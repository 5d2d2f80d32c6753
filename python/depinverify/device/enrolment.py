"""Registry events as their signers see them (section 9.2 of the uptime proof).

In: the members of an event. Out: the message that every signer signs, and the ``sigs`` member. The registry
adds ``seq``, ``recorded_ms``, ``effective_ms`` and ``prev_hash``, which no signer knows beforehand and none
signs.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.device.key import DeviceKey

__all__ = ["canonical_json", "enrolment", "event_message", "sign_event"]

#: Members that the registry sets.
REGISTRY_MEMBERS = frozenset({"seq", "recorded_ms", "effective_ms", "prev_hash", "sigs"})


def canonical_json(value: object) -> bytes:
    """Canonical JSON of integers, text, lists and mappings (section 11.1 of scoring and rewards)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def event_message(event: Mapping[str, Any]) -> bytes:
    """The 32 bytes that every signer of an event signs."""
    signed = {name: value for name, value in event.items() if name not in REGISTRY_MEMBERS}
    return hashlib.sha256(canonical_json(signed)).digest()


def sign_event(event: Mapping[str, Any], *signers: DeviceKey) -> list[dict[str, str]]:
    """The ``sigs`` member: one signature a signer, ascending by kid."""
    message = event_message(event)
    signatures = [{"kid": key.kid.hex(), "sig": key.sign(message).hex()} for key in signers]
    return sorted(signatures, key=lambda signature: signature["kid"])


def enrolment(
    key: DeviceKey,
    *,
    device: bytes,
    owner: str,
    nonce: bytes,
    payee: str | None = None,
    cell: str | None = None,
    centre: tuple[int, int, int] | None = None,
    hwmodel: bytes | None = None,
    oemid: bytes | None = None,
    capacity: int | None = None,
) -> dict[str, Any]:
    """The unsigned ``enroll`` event of a device.

    Args:
        key: The device's key.
        device: Its id.
        owner: Who owns it: any text of 1 to 128 bytes, or a ``did:key`` that then may sign too.
        nonce: 32 bytes that the registry gave, used once.
        payee: ``0x`` and 40 hex digits, or ``None``.
        cell: H3 index of the place, resolution 5 to 12.
        centre: The cell's latitude and longitude in 10^-7 degrees and its radius in metres.
        hwmodel: Hardware model as the proofs will state it.
        oemid: Manufacturer as the proofs will state it.
        capacity: Information only; it enters no formula.
    """
    latitude, longitude, radius = centre or (None, None, None)
    return {
        "type": "enroll",
        "device": device.hex(),
        "key": key.did,
        "kid": key.kid.hex(),
        "owner": owner,
        "payee": None if payee is None else payee.lower(),
        "cell": cell,
        "lat_e7": latitude,
        "lon_e7": longitude,
        "radius_m": radius,
        "hwmodel": None if hwmodel is None else hwmodel.hex(),
        "oemid": None if oemid is None else oemid.hex(),
        "capacity": capacity,
        "nonce": nonce.hex(),
    }
