"""How a device enters a registry: the signed ``enroll`` event (uptime proof, section 9.2).

In: the device's key, what the registry is to know, and a nonce that it gave. Out: the event with the device's
signature and, where its key is to count in the assignment, the owner's. The registry adds the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depinverify.registry import events

if TYPE_CHECKING:
    from depinverify.device.key import DeviceKey
    from depinverify.registry.lines import Event

__all__ = ["default_device", "enrolment"]

_RANDOM_UEID = b"\x01"


def default_device(key: DeviceKey) -> bytes:
    """A device id for those who have none: the UEID of the random kind that ends in the key's kid."""
    return _RANDOM_UEID + key.kid


def enrolment(
    key: DeviceKey,
    *,
    nonce: bytes,
    owner: str | None = None,
    device: bytes | None = None,
    payee: str | None = None,
    cell: str | None = None,
    hwmodel: bytes | None = None,
    oemid: bytes | None = None,
    capacity: int | None = None,
    owner_key: DeviceKey | None = None,
) -> Event:
    """The signed ``enroll`` event of a device.

    Args:
        key: The device's key.
        nonce: 32 bytes that the registry gave, used once.
        owner: Whose it is: any text of 1 to 128 bytes; left out, the ``did:key`` of the owner's key.
        device: Its id; left out, :func:`default_device`.
        payee: ``0x`` and 40 or 64 hex digits.
        cell: H3 index of the place, resolution 5 to 12.
        hwmodel: Hardware model as the proofs will state it.
        oemid: Manufacturer as the proofs will state it.
        capacity: Information only.
        owner_key: Signs too, where the owner is this key.

    Raises:
        InputError: A member is not what the registry takes.
    """
    if owner is None:
        owner = (owner_key or key).public.did
    event = events.enroll(
        device=default_device(key) if device is None else device,
        key=key.public,
        owner=owner,
        nonce=nonce,
        payee=payee,
        cell=cell,
        hwmodel=hwmodel,
        oemid=oemid,
        capacity=capacity,
    )
    signers = (key,) if owner_key is None else (key, owner_key)
    return events.sign(event, *(signer.signer for signer in signers))
