"""``truth.json``: what each party of a simulated epoch did, and what a settlement must make of it.

In: a fleet and the codes of the rows as they were made. Out: one object with the table of behaviours, the
devices and the validators; byte values in hex, ascending by id.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from depinverify.simulate.behaviours import BEHAVIOURS, Behaviour, ValidatorBehaviour
from depinverify.simulate.probes import outage_slots
from depinverify.simulate.timeline import CHANGING, timeline

if TYPE_CHECKING:
    from depinverify.simulate.fleet import Device, Fleet, Validator

__all__ = ["FORMAT", "Tally", "truth"]

FORMAT = "depinverify-truth-v1"
_MAX_PER_CLUSTER = 2


class Tally(NamedTuple):
    """Rows by device and code, and probes that a validator kept to itself."""

    codes: dict[int, Counter[str]]
    hidden: Counter[int]


def truth(fleet: Fleet, tally: Tally) -> dict[str, Any]:
    """The content of ``truth.json``."""
    settings = fleet.settings
    earning = _earning_sybils(fleet)
    devices = [_device(fleet, d, tally.codes.get(d.index, Counter()), earning) for d in fleet.devices]
    return {
        "format": FORMAT,
        "world": {
            "devices": settings.devices,
            "hours": settings.hours,
            "seed": settings.seed,
            "validators": settings.validators,
            "index": settings.index,
            "first_index": settings.first_index,
            "start": settings.start,
            "end": settings.end,
            "slot_seconds": settings.slot_seconds,
            "shares": dict(settings.shares),
            "outage_rows": settings.outage_rows,
            "schemes": list(settings.schemes),
        },
        "behaviours": {
            behaviour: {
                "devices": fleet.counts[behaviour],
                "verdicts": list(row.verdicts),
                "indicators": list(row.indicators),
                "pay": row.pay,
            }
            for behaviour, row in BEHAVIOURS.items()
        },
        "devices": sorted(devices, key=lambda device: device["device"]),
        "validators": [_validator(fleet, v, tally.hidden[v.index]) for v in fleet.validators],
    }


def _earning_sybils(fleet: Fleet) -> set[int]:
    """Who of each sybil group is paid: all score alike, so the earliest enrolled are."""
    groups: dict[int, list[int]] = {}
    for device in fleet.devices:
        if device.group is not None:
            groups.setdefault(device.group, []).append(device.index)
    return {index for members in groups.values() for index in sorted(members)[:_MAX_PER_CLUSTER]}


def _device(fleet: Fleet, device: Device, codes: Counter[str], earning: set[int]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "device": device.id.hex(),
        "behaviour": device.behaviour,
        "algorithm": device.scheme,
        "envelope": device.envelope,
        "owner": device.owner.name,
        "payee": device.owner.payee,
        "codes": dict(sorted(codes.items())),
    }
    if device.behaviour in CHANGING:
        known["down_ms"] = timeline(fleet, device).silences()
    if device.partner is not None:
        known["partner"] = fleet.devices[device.partner].id.hex()
    if device.behaviour is Behaviour.FAST_COUNTER:
        known["gains_in_1000_s"] = device.pace
    if device.behaviour is Behaviour.SYBIL:
        known |= {"group": device.group, "is_paid": device.index in earning}
    if device.rotates:
        known["rotates_ms"] = fleet.settings.rotation_ms
    return known


def _validator(fleet: Fleet, validator: Validator, hidden: int) -> dict[str, Any]:
    known: dict[str, Any] = {
        "validator": validator.id.hex(),
        "behaviour": validator.behaviour,
        "owner": validator.owner.name,
    }
    if validator.behaviour is ValidatorBehaviour.NO_UPLINK:
        known["outage_slots"] = list(outage_slots(fleet))
    if validator.behaviour is ValidatorBehaviour.INVENTS_OFFLINE and fleet.rival is not None:
        known["rival"] = fleet.rival.name
    if validator.behaviour is ValidatorBehaviour.HIDES_DOWNTIME and fleet.friend is not None:
        known |= {"friend": fleet.friend.name, "hidden": hidden}
    return known
