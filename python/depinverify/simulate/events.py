"""The registry of a simulated world: chained and signed event lines up to an epoch's end.

In: a fleet. Out: ``registry.jsonl``, the head before the epoch's start, and the validators' secrets.
Invariant: the lines of an epoch begin with all lines of the epochs before, byte for byte, because everything
that is signed follows from the seed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from depinverify.canonical import canonical_json
from depinverify.registry import events
from depinverify.registry.lines import GENESIS, Event, event_hash
from depinverify.simulate.behaviours import Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.device import DeviceKey
    from depinverify.simulate.fleet import Device, Fleet, Validator

__all__ = ["EventLog", "registry", "secret"]

_WEEK_MS = 7 * 86_400_000
_COMMIT_AHEAD_MS = 900_000
#: Of 256 honest devices this many have a base weight of 2, and as many a class.
_DECREES = 6

#: When an event is recorded, the event, and who signs it.
_Signed: TypeAlias = tuple[int, Event, tuple["DeviceKey", ...]]


def secret(fleet: Fleet, validator: int, index: int) -> bytes:
    """The challenge secret of a validator for the epoch of this index."""
    return fleet.seed.derive("challenge secret", validator, index)


class EventLog:
    """Lines of a chain of events, and the hash of each with the moment it was recorded."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self._heads: list[tuple[int, str]] = []

    def append(self, recorded_ms: int, event: Event, *signers: DeviceKey) -> None:
        """Sign and chain one event; it takes effect when it is recorded."""
        signed = events.sign(event, *(key.signer for key in signers))
        placed = {
            "seq": len(self.lines),
            "recorded_ms": recorded_ms,
            "effective_ms": recorded_ms,
            "prev_hash": self._heads[-1][1] if self._heads else GENESIS,
        }
        line = canonical_json(signed | placed)
        self.lines.append(line + b"\n")
        self._heads.append((recorded_ms, event_hash(line)))

    def head_before(self, moment_ms: int) -> str:
        """Hash of the last event recorded before this moment."""
        return next((head for recorded, head in reversed(self._heads) if recorded < moment_ms), GENESIS)


def registry(fleet: Fleet) -> EventLog:
    """All events of the world up to the end of the fleet's epoch, in order of their number."""
    log = EventLog()
    for recorded_ms, event, signers in _events(fleet):
        log.append(recorded_ms, event, *signers)
    return log


def _events(fleet: Fleet) -> Iterator[_Signed]:
    settings = fleet.settings
    start_ms, length_ms = settings.world_start * 1000, settings.hours * 3_600_000
    at_ms = start_ms - _WEEK_MS
    step_ms = max(1, min(1000, _WEEK_MS // 2 // max(1, settings.devices)))
    for device in fleet.devices:
        at_ms += step_ms
        yield at_ms, *_enroll(fleet, device)
    at_ms = start_ms - _WEEK_MS // 3
    for validator in fleet.validators:
        at_ms += 1000
        yield at_ms, *_enroll_validator(validator)
        if validator.conflict is not None:
            conflict = fleet.devices[validator.conflict].id
            yield at_ms, events.declare_conflict(validator=validator.id, device=conflict), (validator.key,)
    for event in _decrees(fleet):
        at_ms += 1
        yield at_ms, event, (fleet.authority,)
    yield from _commitments(fleet, settings.first_index, start_ms)
    for device in fleet.devices:
        if device.rotates:
            old, new = fleet.key(device), fleet.key(device, "second")
            event = events.rotate(old_kid=old.kid, key=new.public, device=device.id)
            yield settings.rotation_ms, event, (old, new)
    for index in range(settings.first_index + 1, settings.index + 2):
        start_ms += length_ms
        yield from _commitments(fleet, index, start_ms)


def _enroll(fleet: Fleet, device: Device) -> tuple[Event, tuple[DeviceKey, ...]]:
    """A device enters by its own key; the second of two clones comes with an import by the authority."""
    key = fleet.key(device)
    event = events.enroll(
        device=device.id,
        key=key.public,
        owner=device.owner.name,
        nonce=fleet.seed.derive("enrolment nonce", device.index),
        payee=device.owner.payee,
        cell=device.place.cell if device.has_place else None,
        hwmodel=device.hwmodel,
        oemid=device.oemid,
        capacity=1 if device.states_metrics else None,
    )
    is_clone = device.behaviour is Behaviour.CLONED_KEY and (device.partner or 0) < device.index
    if is_clone:
        return event, (fleet.authority,)
    return event, (key, device.owner.key) if device.owner.key else (key,)


def _enroll_validator(validator: Validator) -> tuple[Event, tuple[DeviceKey, ...]]:
    event = events.enroll_validator(
        validator=validator.id,
        key=validator.key.public,
        owner=validator.owner.name,
        payee=validator.owner.payee,
        lat_e7=validator.place.lat_e7,
        lon_e7=validator.place.lon_e7,
    )
    return event, (validator.key, validator.owner.key) if validator.owner.key else (validator.key,)


def _decrees(fleet: Fleet) -> Iterator[Event]:
    """What the authority says about some honest devices; neither lowers their pay."""
    for device in fleet.devices:
        if device.behaviour is not Behaviour.HONEST:
            continue
        lot = fleet.seed.derive("decree", device.index)[0]
        if lot < _DECREES:
            yield events.set_weight(device=device.id, weight=2)
        elif lot < 2 * _DECREES:
            yield events.set_class(device=device.id, device_class="indoor")


def _commitments(fleet: Fleet, index: int, start_ms: int) -> Iterator[_Signed]:
    for validator in fleet.validators:
        commitment = hashlib.sha256(secret(fleet, validator.index, index)).digest()
        event = events.commit_challenge(validator=validator.id, epoch=index, commitment=commitment)
        yield start_ms - _COMMIT_AHEAD_MS + validator.index, event, (validator.key,)
