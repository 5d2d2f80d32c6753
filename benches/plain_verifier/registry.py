"""The registry as it holds for one epoch: uptime proof, sections 5 and 9.2.

In: the event lines. Out: the :class:`Snapshot` of devices and validators. Every event recorded before the
epoch's end is checked: chain, members, signers. What it changes counts only as far as section 5 lets it.
"""

from __future__ import annotations

from hashlib import sha256

from .canonical import ZERO_HASH, InputError, JsonError, canonical, read_json, split_lines
from .events import check_form, signed_roles
from .keys import PublicKey, parse_did_key

DURING = frozenset(("revoke", "rotate", "retire"))


class BoundKey:
    """A key of a device or validator with its interval ``[valid_from, valid_to)`` in ms."""

    __slots__ = ("kid", "public", "valid_from", "valid_to")

    def __init__(self, kid: bytes, public: PublicKey, valid_from: int) -> None:
        self.kid = kid
        self.public = public
        self.valid_from = valid_from
        self.valid_to: int | None = None

    def end_at(self, moment: int) -> None:
        self.valid_to = moment if self.valid_to is None else min(self.valid_to, moment)


class Party:
    """What devices and validators share; ``owner_now`` is the newest event's, which decides who may sign."""

    def __init__(self, event: dict, name: str, key: BoundKey, owner_signed: bool) -> None:
        self.id = bytes.fromhex(event[name])
        self.owner = self.owner_now = event["owner"]
        self.owner_proved = owner_signed
        self.payee = event["payee"].lower() if event["payee"] is not None else None
        self.recorded_ms = event["recorded_ms"]
        self.effective_ms = event["effective_ms"]
        self.retired_ms: int | None = None
        self.keys = [key]

    def key(self, kid: bytes) -> BoundKey | None:
        for key in self.keys:
            if key.kid == kid:
                return key
        return None


class Device(Party):
    def __init__(self, event: dict, key: BoundKey, owner_signed: bool) -> None:
        super().__init__(event, "device", key, owner_signed)
        self.locate(event)
        self.hwmodel = None if event["hwmodel"] is None else bytes.fromhex(event["hwmodel"])
        self.oemid = None if event["oemid"] is None else bytes.fromhex(event["oemid"])
        self.weight = 1
        self.device_class: str | None = None

    def locate(self, event: dict) -> None:
        self.cell = None if event["cell"] is None else int(event["cell"], 16)
        self.place = (
            None if event["lat_e7"] is None else (event["lat_e7"], event["lon_e7"], event["radius_m"])
        )


class Validator(Party):
    def __init__(self, event: dict, key: BoundKey, owner_signed: bool) -> None:
        super().__init__(event, "validator", key, owner_signed)
        self.commitment: bytes | None = None
        self.conflict_devices: set[bytes] = set()
        self.conflict_owners: set[str] = set()


class Snapshot:
    """``devices``: the eligible ones; ``validators``: those enrolled at the start; both ascending by id."""

    def __init__(self, fold: _Fold, head: str, registry_hash: str) -> None:
        start = fold.start_ms
        self.devices = sorted(
            (device for device in fold.devices.values() if device.effective_ms < start),
            key=lambda party: party.id,
        )
        self.validators = sorted(
            (
                one
                for one in fold.validators.values()
                if one.recorded_ms < start and one.effective_ms <= start
            ),
            key=lambda party: party.id,
        )
        self.taking_part = [
            one
            for one in self.validators
            if one.commitment is not None and (one.retired_ms is None or one.retired_ms > start)
        ]
        self.head = head
        self.hash = registry_hash


def owner_key(owner: str) -> PublicKey | None:
    return parse_did_key(owner) if owner.startswith("did:key:") else None


class _Fold:
    def __init__(self, index: int, start_ms: int, authority: list[PublicKey]) -> None:
        self.index = index
        self.start_ms = start_ms
        self.authority = [("authority", key.kid, key) for key in authority]
        self.devices: dict[bytes, Device] = {}
        self.validators: dict[bytes, Validator] = {}
        self.bound: dict[tuple, bytes] = {}
        self.nonces: set[str] = set()

    def party(self, event: dict, place: str) -> Party:
        """The device or validator that the event speaks of."""
        if event.get("device") is not None and event["type"] != "declare_conflict":
            found = self.devices.get(bytes.fromhex(event["device"]))
        else:
            found = self.validators.get(bytes.fromhex(event["validator"]))
        if found is None:
            raise InputError(f"{place}: {event['type']} of a device or validator that is not enrolled")
        return found

    def apply(self, event: dict, place: str) -> None:
        kind = event["type"]
        # Every other event counts from the first epoch whose start is not before its effective time.
        counts = event["recorded_ms"] < self.start_ms and event["effective_ms"] <= self.start_ms
        if kind in ("enroll", "enroll_validator"):
            self.enroll(event, place)
            return
        party = self.party(event, place)
        getattr(self, kind)(event, party, counts, place)

    def demand(self, condition: bool, event: dict, place: str) -> None:
        if not condition:
            raise InputError(f"{place}: {event['type']} lacks a signature that it needs")

    def owner_roles(self, owner: str, role: str = "owner") -> list[tuple[str, bytes, PublicKey]]:
        key = owner_key(owner)
        return [] if key is None else [(role, key.kid, key)]

    # ---------------------------------------------------------------------------------------------- enrolment

    def enroll(self, event: dict, place: str) -> None:
        public = parse_did_key(event["key"])
        kid = public.kid if event["kid"] is None else bytes.fromhex(event["kid"])
        allowed = [("self", kid, public), *self.owner_roles(event["owner"])]
        is_device = event["type"] == "enroll"
        if is_device:
            allowed += self.authority
        roles = signed_roles(event, allowed, place)
        self.demand("self" in roles or (is_device and "authority" in roles), event, place)
        key = BoundKey(kid, public, event["effective_ms"])
        if not is_device:
            validator = Validator(event, key, "owner" in roles)
            if validator.id in self.validators:
                raise InputError(f"{place}: validator {event['validator']} is enrolled already")
            self.validators[validator.id] = validator
            return
        device = Device(event, key, "owner" in roles)
        if device.id in self.devices:
            raise InputError(f"{place}: device {event['device']} is enrolled already")
        if event["nonce"] in self.nonces:
            raise InputError(f"{place}: the nonce was used before")
        which = (public.scheme, public.raw)
        if self.bound.setdefault(which, device.id) != device.id and "authority" not in roles:
            raise InputError(f"{place}: the key is bound to device {self.bound[which].hex()}")
        self.nonces.add(event["nonce"])
        self.devices[device.id] = device

    # ----------------------------------------------------------------------------------------- of a validator

    def by_itself(self, event: dict, party: Party, place: str) -> None:
        """Signed by a key of the validator that had not ended when the event was taken."""
        allowed = [
            ("self", key.kid, key.public)
            for key in party.keys
            if key.valid_to is None or event["recorded_ms"] < key.valid_to
        ]
        self.demand("self" in signed_roles(event, allowed, place), event, place)

    def commit_challenge(self, event: dict, party: Validator, _counts: bool, place: str) -> None:
        self.by_itself(event, party, place)
        if event["epoch"] == self.index and event["recorded_ms"] < self.start_ms:
            party.commitment = bytes.fromhex(event["commitment"])

    def declare_conflict(self, event: dict, party: Validator, counts: bool, place: str) -> None:
        self.by_itself(event, party, place)
        if event["device"] is not None and bytes.fromhex(event["device"]) not in self.devices:
            raise InputError(f"{place}: declare_conflict of a device that is not enrolled")
        if not counts:
            return
        if event["device"] is not None:
            party.conflict_devices.add(bytes.fromhex(event["device"]))
        else:
            party.conflict_owners.add(event["owner"])

    def retire_validator(self, event: dict, party: Party, counts: bool, place: str) -> None:
        self.by_owner_or_authority(event, party, place)
        if counts and party.retired_ms is None:
            party.retired_ms = event["effective_ms"]

    # --------------------------------------------------------------------------------------------------- keys

    def rotate(self, event: dict, party: Party, _counts: bool, place: str) -> None:
        old = party.key(bytes.fromhex(event["old_kid"]))
        if old is None or (old.valid_to is not None and old.valid_to <= event["recorded_ms"]):
            raise InputError(f"{place}: rotate of the key {event['old_kid']}, which is unknown or has ended")
        public = parse_did_key(event["key"])
        kid = public.kid if event["kid"] is None else bytes.fromhex(event["kid"])
        if party.key(kid) is not None:
            raise InputError(f"{place}: two keys with the kid {kid.hex()}")
        roles = signed_roles(event, [("old", old.kid, old.public), ("new", kid, public)], place)
        self.demand(roles == {"old", "new"}, event, place)
        old.end_at(event["effective_ms"] + event["overlap_ms"])
        party.keys.append(BoundKey(kid, public, event["effective_ms"]))

    def revoke(self, event: dict, party: Party, _counts: bool, place: str) -> None:
        key = party.key(bytes.fromhex(event["kid"]))
        if key is None:
            raise InputError(f"{place}: revoke of the unknown key {event['kid']}")
        self.by_owner_or_authority(event, party, place)
        key.end_at(event["effective_ms"])

    # -------------------------------------------------------------------------------------------- of a device

    def by_owner(self, event: dict, party: Party, place: str) -> None:
        """Signed by the owner where it has a key, else by the authority."""
        owner = self.owner_roles(party.owner_now)
        roles = signed_roles(event, owner + self.authority, place)
        self.demand(("owner" if owner else "authority") in roles, event, place)

    def by_owner_or_authority(self, event: dict, party: Party, place: str) -> None:
        roles = signed_roles(event, self.owner_roles(party.owner_now) + self.authority, place)
        self.demand(bool(roles), event, place)

    def by_authority(self, event: dict, place: str) -> None:
        self.demand(bool(signed_roles(event, self.authority, place)), event, place)

    def relocate(self, event: dict, party: Device, counts: bool, place: str) -> None:
        self.by_owner(event, party, place)
        if counts:
            party.locate(event)

    def transfer(self, event: dict, party: Device, counts: bool, place: str) -> None:
        old = self.owner_roles(party.owner_now)
        new = self.owner_roles(event["owner"], "new")
        roles = signed_roles(event, [*old, *new, *self.authority], place)
        self.demand("owner" in roles if old else "authority" in roles, event, place)
        self.demand(not new or "new" in roles, event, place)
        party.owner_now = event["owner"]
        if counts:
            party.owner = event["owner"]
            party.owner_proved = bool(new)

    def set_payee(self, event: dict, party: Device, counts: bool, place: str) -> None:
        self.by_owner(event, party, place)
        if counts:
            party.payee = event["payee"].lower() if event["payee"] is not None else None

    def set_weight(self, event: dict, party: Device, counts: bool, place: str) -> None:
        self.by_authority(event, place)
        if counts:
            party.weight = int(event["weight"])

    def set_class(self, event: dict, party: Device, counts: bool, place: str) -> None:
        self.by_authority(event, place)
        if counts:
            party.device_class = event["class"]

    def certify(self, event: dict, _party: Device, _counts: bool, place: str) -> None:
        self.by_authority(event, place)

    def retire(self, event: dict, party: Device, _counts: bool, place: str) -> None:
        self.by_owner_or_authority(event, party, place)
        moment = event["effective_ms"]
        party.retired_ms = moment if party.retired_ms is None else min(party.retired_ms, moment)


def fold(
    data: bytes,
    index: int,
    start_ms: int,
    end_ms: int,
    authority: list[PublicKey],
    head: str,
    name: str = "registry",
) -> Snapshot:
    """The snapshot of ``[start_ms, end_ms)``; a broken registry is an error with its line."""
    folded = _Fold(index, start_ms, authority)
    hashed = sha256()
    previous, at_start = ZERO_HASH, ZERO_HASH
    recorded = 0
    for number, line in enumerate(split_lines(data)):
        place = f"{name}, line {number + 1}"
        try:
            event = read_json(line)
        except JsonError as error:
            raise InputError(f"{place}: {error}") from None
        if type(event) is dict and type(event.get("recorded_ms")) is int and event["recorded_ms"] >= end_ms:
            break
        check_form(event, place)
        if event["seq"] != number or event["prev_hash"] != previous:
            raise InputError(
                f"{place}: the chain is broken: seq {event['seq']}, prev_hash {event['prev_hash']}"
            )
        if event["recorded_ms"] < recorded or event["effective_ms"] < event["recorded_ms"]:
            raise InputError(f"{place}: recorded_ms falls, or effective_ms lies before it")
        recorded = event["recorded_ms"]
        folded.apply(event, place)
        text = canonical(event)
        previous = sha256(text).hexdigest()
        hashed.update(text + b"\n")
        if recorded < start_ms:
            at_start = previous
    if at_start != head:
        raise InputError(f"{name}: expected the head {head}, found {at_start}")
    return Snapshot(folded, at_start, hashed.hexdigest())
