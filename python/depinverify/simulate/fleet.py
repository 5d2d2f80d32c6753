"""Who lives in a simulated world: devices, validators, owners and the authority, all derived from the seed.

In: the settings. Out: a :class:`Fleet`. Building it makes no key; a key is made when it is first asked for.
Invariant: nothing here depends on the process, so each worker builds the same fleet from the same settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from depinverify.device import DeviceKey, Envelope, Location
from depinverify.exceptions import InputError
from depinverify.registry.keys import Scheme
from depinverify.simulate.behaviours import Behaviour, ValidatorBehaviour, count_devices
from depinverify.simulate.chance import Seed
from depinverify.simulate.places import PLACES, Place

if TYPE_CHECKING:
    from depinverify.simulate.settings import Settings

__all__ = ["Device", "Fleet", "Owner", "Validator"]

ENVELOPES = (Envelope.COSE, Envelope.JWS, Envelope.COSE_TAGGED, Envelope.JWS, Envelope.CWT, Envelope.JWS)
MODELS = ((b"HX-2", b"\x01\x9c\x40"), (b"Relay Mini", b"\x02\x00\x7f"), (b"outpost/7", b"\x00\xa1\x10"))
SOFTWARE = (("hotspotd", "4.2.1"), ("relay-fw", "2026.10"), ("outpost", "0.9.14"))

#: Everything that is down all the time stands in one cell: an outage of one place is no sign of collusion.
SILENT_PLACE = 0
#: Devices that die at about the same hour share a cell, for the same reason.
DEATH_CLASSES = 5
_SILENT = {
    Behaviour.WRONG_KEY,
    Behaviour.REPLAY,
    Behaviour.BORROWED_TOKEN,
    Behaviour.FALSE_LOCATION,
    Behaviour.FAST_COUNTER,
}
_SYBIL_GROUP = 8
_KEYS_KEPT = 20_000
_RIVAL_SHARE, _FRIEND_SHARE = 15, 20


@dataclass(slots=True)
class Owner:
    """Who is paid for some devices."""

    number: int
    name: str
    payee: str
    key: DeviceKey | None


@dataclass(slots=True)
class Device:
    """One device: what it is, and what it says about itself.

    Attributes:
        partner: The other clone, or the lender of a borrowed token.
        group: The sybil group.
        pace: Seconds that a fast counter gains in 1000, or the class of the hour at which a device dies.
    """

    index: int
    id: bytes
    behaviour: Behaviour
    scheme: str
    envelope: Envelope
    owner: Owner
    place: Place
    has_place: bool
    location: Location | None
    hwmodel: bytes | None
    oemid: bytes | None
    swname: str | None
    swversion: str | None
    states_uptime: bool
    states_bootcount: bool
    states_metrics: bool
    address: bytes
    asn: int
    booted_s: int
    bootcount: int
    clock_offset_s: int
    rotates: bool
    partner: int | None = None
    group: int | None = None
    pace: int = 0


@dataclass(slots=True)
class Validator:
    """One validator with its key and its part in the epoch."""

    index: int
    id: bytes
    behaviour: ValidatorBehaviour
    owner: Owner
    place: Place
    key: DeviceKey
    conflict: int | None = None


class Fleet:
    """All parties of one world."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seed = Seed(settings.seed)
        self.authority = DeviceKey.from_seed("p256", self.seed.derive("authority"))
        self.counts = count_devices(settings.devices, settings.shares)
        self.rival: Owner | None = None
        self.friend: Owner | None = None
        self._keys: dict[tuple[int, str], DeviceKey] = {}
        self._owners = 0
        behaviours = self._behaviours()
        owners = self._device_owners(behaviours)
        self.devices = [self._device(i, behaviours[i], owners[i]) for i in range(settings.devices)]
        self._relate()
        self.validators = [self._validator(i) for i in range(settings.validators)]
        self.exclusions = [self._excluded(device) for device in self.devices]

    def key(self, device: Device, purpose: str = "first") -> DeviceKey:
        """A key of a device: its ``first``, the one it rotates to (``second``), or a ``wrong`` one."""
        index = device.index
        if device.behaviour is Behaviour.CLONED_KEY and purpose == "first" and device.partner is not None:
            index = min(index, device.partner)
        known = self._keys.get((index, purpose))
        if known is None:
            if len(self._keys) >= _KEYS_KEPT:
                self._keys.clear()
            seed = self.seed.derive("device key", index, purpose)
            known = self._keys[index, purpose] = DeviceKey.from_seed(device.scheme, seed)
        return known

    def _behaviours(self) -> list[Behaviour]:
        order = sorted(range(self.settings.devices), key=lambda i: self.seed.derive("order", i))
        behaviours = [Behaviour.HONEST] * self.settings.devices
        at = 0
        for behaviour, count in self.counts.items():
            if behaviour is Behaviour.HONEST:
                continue
            for index in order[at : at + count]:
                behaviours[index] = behaviour
            at += count
        return behaviours

    def _owner(self, name: str | None = None) -> Owner:
        number = self._owners
        self._owners += 1
        seed = self.seed.derive("owner", number)
        key = None
        if name is None and number % 3 == 0:
            key = DeviceKey.from_seed([*Scheme][number // 3 % len(Scheme)].label, seed)
        title = name or (key.public.did if key else f"operator-{number:05}")
        return Owner(number, title, "0x" + self.seed.derive("payee", number)[:20].hex(), key)

    def _device_owners(self, behaviours: list[Behaviour]) -> list[Owner]:
        """One owner for a few devices, for each sybil, for all that are a validator's rival or friend."""
        chosen = set(self.settings.validator_behaviours)
        owners: dict[int, Owner] = {}
        order = sorted(range(len(behaviours)), key=lambda i: self.seed.derive("owner order", i))
        honest = [i for i in order if behaviours[i] is Behaviour.HONEST]
        if ValidatorBehaviour.INVENTS_OFFLINE in chosen:
            self.rival = self._owner("rival")
            part = len(order) * _RIVAL_SHARE // 100 + 1
            owners |= dict.fromkeys(honest[:part], self.rival)
            honest = honest[part:]
        if ValidatorBehaviour.HIDES_DOWNTIME in chosen:
            self.friend = self._owner("friend")
            members = [i for i in order if behaviours[i] in {Behaviour.FLAKY, Behaviour.DEAD}]
            members += honest[: max(0, len(order) * _FRIEND_SHARE // 100 + 1 - len(members))]
            owners |= dict.fromkeys(members, self.friend)
        chance = self.seed.chance("owner sizes")
        owner, room = self._owner(), 0
        for index in order:
            if index in owners:
                continue
            if behaviours[index] is Behaviour.SYBIL:
                owners[index] = self._owner()
                continue
            if room == 0:
                owner, room = self._owner(), chance.between(1, 4)
            owners[index] = owner
            room -= 1
        return [owners[i] for i in range(len(behaviours))]

    def _device(self, index: int, behaviour: Behaviour, owner: Owner) -> Device:
        chance = self.seed.chance("device", index)
        model, maker = MODELS[chance.below(len(MODELS))]
        names = chance.below(3)
        software = SOFTWARE[chance.below(len(SOFTWARE))]
        place = PLACES[DEATH_CLASSES + 1 + chance.below(len(PLACES) - DEATH_CLASSES - 1)]
        if behaviour in _SILENT:
            place = PLACES[SILENT_PLACE]
        location, claimed = None, place
        if behaviour is Behaviour.FALSE_LOCATION:
            claimed = PLACES[1 + chance.below(len(PLACES) - 1)]
        has_place = behaviour in _SILENT or behaviour is Behaviour.DEAD or chance.happens(9, 10)
        if behaviour is Behaviour.FALSE_LOCATION or chance.happens(2, 3):
            location = Location(
                claimed.lat_e7 + chance.between(-40_000, 40_000),
                claimed.lon_e7 + chance.between(-40_000, 40_000),
                chance.between(3, 60),
            )
        counts_boots = behaviour in {Behaviour.REBOOTS, Behaviour.DEAD, Behaviour.TWO_STORIES}
        tells_uptime = counts_boots or behaviour is Behaviour.FAST_COUNTER or chance.happens(9, 10)
        return Device(
            index=index,
            id=self._device_id(index),
            behaviour=behaviour,
            scheme=self.settings.schemes[index % len(self.settings.schemes)],
            envelope=ENVELOPES[index // 3 % len(ENVELOPES)],
            owner=owner,
            place=place,
            has_place=has_place,
            location=location,
            hwmodel=model if names > 0 else None,
            oemid=maker if names > 1 else None,
            swname=software[0] if chance.happens(4, 5) else None,
            swversion=software[1] if chance.happens(4, 5) else None,
            states_uptime=tells_uptime,
            states_bootcount=counts_boots or chance.happens(3, 4),
            states_metrics=chance.happens(1, 3),
            address=_address(index),
            asn=64512 + chance.below(40),
            booted_s=self.settings.world_start - chance.between(86400, 40 * 86400),
            bootcount=chance.between(1, 60),
            clock_offset_s=chance.between(-3, 3),
            rotates=behaviour is Behaviour.HONEST and chance.happens(1, 50),
            pace=chance.between(500, 1000),
        )

    def _device_id(self, index: int) -> bytes:
        """A UEID: mostly random ones of 17 bytes, some of the form of a network card or of an IMEI."""
        body = self.seed.derive("device id", index)
        form = body[31] % 10
        if form == 0:
            return b"\x02" + body[:2] + index.to_bytes(6)
        if form == 1:
            return b"\x03" + b"%014d" % index
        return b"\x01" + body[:16]

    def _relate(self) -> None:
        """Tie together those who act together: clones, sybils, and whose token is borrowed."""
        groups: dict[Behaviour, list[Device]] = {behaviour: [] for behaviour in Behaviour}
        for device in self.devices:
            groups[device.behaviour].append(device)
        clones = groups[Behaviour.CLONED_KEY]
        for one, other in zip(clones[::2], clones[1::2], strict=True):
            one.partner, other.partner = other.index, one.index
            other.scheme, other.owner = one.scheme, one.owner
        sybils = groups[Behaviour.SYBIL]
        parts = max(1, len(sybils) // _SYBIL_GROUP)
        for number, device in enumerate(sybils):
            device.group = number % parts
            first = sybils[device.group]
            device.address, device.asn, device.place = first.address, first.asn, first.place
            device.has_place, device.location = first.has_place, None
        lenders = [d for d in groups[Behaviour.HONEST] if d.owner not in (self.rival, self.friend)]
        for number, device in enumerate(groups[Behaviour.BORROWED_TOKEN]):
            if not lenders:
                raise InputError("shares: borrowed-token needs an honest device to borrow from")
            device.partner = lenders[number * 7 % len(lenders)].index
        for number, device in enumerate(groups[Behaviour.DEAD]):
            device.pace = number % DEATH_CLASSES
            device.place = PLACES[1 + device.pace]
            device.location = None

    def _validator(self, index: int) -> Validator:
        chosen = self.settings.validator_behaviours
        behaviour = ValidatorBehaviour(chosen[index]) if index < len(chosen) else ValidatorBehaviour.HONEST
        owner = self._owner(f"validator-owner-{index}")
        key = DeviceKey.from_seed(
            [*Scheme][index % len(Scheme)].label, self.seed.derive("validator key", index)
        )
        place = PLACES[(5 + 17 * index) % len(PLACES)]
        validator = Validator(index, f"val-{index}".encode(), behaviour, owner, place, key)
        if index >= len(Scheme):
            self._entangle(validator)
        return validator

    def _entangle(self, validator: Validator) -> None:
        """With three others left, it shares an owner or a payee with a device, or declares a conflict."""
        honest = [d for d in self.devices if d.behaviour is Behaviour.HONEST]
        if not honest:
            return
        with_key = [d.owner for d in honest if d.owner.key]
        kind, pick = validator.index % 3, validator.index // 3
        if kind == 0:
            validator.conflict = honest[pick % len(honest)].index
        elif kind == 1 and with_key:
            owner = with_key[pick % len(with_key)]
            validator.owner = Owner(validator.owner.number, owner.name, validator.owner.payee, owner.key)
        elif kind == 2:  # noqa: PLR2004
            validator.owner.payee = honest[pick % len(honest)].owner.payee

    def _excluded(self, device: Device) -> frozenset[int]:
        """Validators that may not probe this device (section 6.4 of scoring and rewards)."""
        return frozenset(
            v.index
            for v in self.validators
            if v.owner.payee == device.owner.payee
            or (v.owner.key and v.owner.name == device.owner.name)
            or v.conflict == device.index
        )


def _address(index: int) -> bytes:
    """An address in a network of its own, from ranges that belong to nobody: 10/8 and fd00::/8."""
    if index % 2 == 0 and index < 1 << 17:
        return bytes((10, *(index // 2).to_bytes(2), 17 + index % 200))
    return b"\xfd" + index.to_bytes(5) + b"\0" * 9 + b"\x11"
