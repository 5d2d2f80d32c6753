"""The registry of a simulated world: chained and signed event lines up to an epoch's end.

In: a fleet and the validators' secrets. Out: ``registry.jsonl`` and the head before the epoch's start. The
lines of an epoch begin with all lines of the epochs before, byte for byte, because everything that is signed
follows from the seed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from depinverify.device import DeviceKey, canonical_json, enrolment, sign_event
from depinverify.simulate.behaviours import Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.simulate.fleet import Device, Fleet

__all__ = ["EventLog", "registry", "secret"]

NO_EVENT = "0" * 64
_WEEK_MS = 7 * 86_400_000
_COMMIT_AHEAD_MS = 900_000
_OVERLAP_MS = 3_600_000


def secret(fleet: Fleet, validator: int, index: int) -> bytes:
    """The challenge secret of a validator for the epoch of this index."""
    return fleet.seed.derive("challenge secret", validator, index)


class EventLog:
    """Lines of a chain of events; ``heads`` holds the hash of each with the moment it was recorded."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.heads: list[tuple[int, str]] = []

    def append(self, recorded_ms: int, event: dict[str, Any], *signers: DeviceKey) -> None:
        """Sign and chain one event; it takes effect when it is recorded."""
        line = canonical_json(
            event
            | {
                "seq": len(self.lines),
                "recorded_ms": recorded_ms,
                "effective_ms": recorded_ms,
                "prev_hash": self.heads[-1][1] if self.heads else NO_EVENT,
                "sigs": sign_event(event, *signers),
            }
        )
        self.lines.append(line + b"\n")
        self.heads.append((recorded_ms, hashlib.sha256(line).hexdigest()))

    def head_before(self, moment_ms: int) -> str:
        """Hash of the last event recorded before this moment."""
        return next((head for recorded, head in reversed(self.heads) if recorded < moment_ms), NO_EVENT)


def registry(fleet: Fleet) -> EventLog:
    """All events of the world up to the end of the fleet's epoch, in order of their number."""
    log = EventLog()
    for recorded_ms, event, signers in _events(fleet):
        log.append(recorded_ms, event, *signers)
    return log


def _events(fleet: Fleet) -> Iterator[tuple[int, dict[str, Any], tuple[DeviceKey, ...]]]:
    settings = fleet.settings
    start_ms = settings.world_start * 1000
    at_ms = start_ms - _WEEK_MS
    step_ms = max(1, min(1000, _WEEK_MS // 2 // max(1, settings.devices)))
    for device in fleet.devices:
        at_ms += step_ms
        yield at_ms, *_enroll(fleet, device)
    at_ms = start_ms - _WEEK_MS // 3
    for validator in fleet.validators:
        at_ms += 1000
        owner_key = (validator.owner.key,) if validator.owner.key else ()
        yield (
            at_ms,
            {
                "type": "enroll_validator",
                "validator": validator.id.hex(),
                "key": validator.key.did,
                "kid": validator.key.kid.hex(),
                "owner": validator.owner.name,
                "payee": validator.owner.payee,
                "lat_e7": validator.place.lat_e7,
                "lon_e7": validator.place.lon_e7,
            },
            (validator.key, *owner_key),
        )
        if validator.conflict is not None:
            conflict = fleet.devices[validator.conflict].id.hex()
            declared = {"type": "declare_conflict", "validator": validator.id.hex(), "device": conflict}
            yield at_ms, declared | {"owner": None}, (validator.key,)
    for device in fleet.devices:
        kind = fleet.seed.derive("decree", device.index)[0] if device.behaviour is Behaviour.HONEST else 255
        if kind < 6:  # noqa: PLR2004
            at_ms += 1
            yield at_ms, {"type": "set_weight", "device": device.id.hex(), "weight": "2"}, (fleet.authority,)
        elif kind < 12:  # noqa: PLR2004
            at_ms += 1
            yield (
                at_ms,
                {"type": "set_class", "device": device.id.hex(), "class": "indoor"},
                (fleet.authority,),
            )
    yield from _commitments(fleet, settings.first_index, start_ms)
    length_ms = settings.hours * 3_600_000
    for device in (d for d in fleet.devices if d.rotates):
        old, new = fleet.key(device), fleet.key(device, "second")
        event: dict[str, Any] = {
            "type": "rotate",
            "device": device.id.hex(),
            "validator": None,
            "old_kid": old.kid.hex(),
            "key": new.did,
            "kid": new.kid.hex(),
            "overlap_ms": _OVERLAP_MS,
        }
        yield settings.rotation_ms, event, (old, new)
    for index in range(settings.first_index + 1, settings.index + 2):
        start_ms += length_ms
        yield from _commitments(fleet, index, start_ms)


def _commitments(
    fleet: Fleet, index: int, start_ms: int
) -> Iterator[tuple[int, dict[str, Any], tuple[DeviceKey, ...]]]:
    for validator in fleet.validators:
        event = {
            "type": "commit_challenge",
            "validator": validator.id.hex(),
            "epoch": index,
            "commitment": hashlib.sha256(secret(fleet, validator.index, index)).hexdigest(),
        }
        yield start_ms - _COMMIT_AHEAD_MS + validator.index, event, (validator.key,)


def _enroll(fleet: Fleet, device: Device) -> tuple[dict[str, Any], tuple[DeviceKey, ...]]:
    key = fleet.key(device)
    place = device.place
    event = enrolment(
        key,
        device=device.id,
        owner=device.owner.name,
        payee=device.owner.payee,
        nonce=fleet.seed.derive("enrolment nonce", device.index),
        cell=place.cell if device.has_place else None,
        centre=(place.lat_e7, place.lon_e7, place.radius_m) if device.has_place else None,
        hwmodel=device.hwmodel,
        oemid=device.oemid,
        capacity=1 if device.states_metrics else None,
    )
    is_clone = device.behaviour is Behaviour.CLONED_KEY and (device.partner or 0) < device.index
    if is_clone:
        return event, (fleet.authority,)
    return event, (key, device.owner.key) if device.owner.key else (key,)
