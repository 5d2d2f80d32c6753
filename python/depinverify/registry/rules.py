"""Which events a registry takes: who must sign, and what must be so before.

In: an event of the right form, and the state after all events before it. Out: the state after it, or an error
that says why the event is refused; a refused event changes nothing. The rules are those of the uptime proof,
section 5, and where they leave room the stricter side: a retired device takes no event but ``revoke``, a key
that has ended signs nothing, and where an owner without a key would have to sign, the registry authority
signs in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from depinverify.exceptions import InputError, RegistryError
from depinverify.registry.events import cell_members
from depinverify.registry.keys import PublicKey
from depinverify.registry.lines import event_message
from depinverify.registry.state import BoundKey, Party, WorkingSet
from depinverify.registry.tables import DEVICE, VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.registry.certificates import CertificatePolicy
    from depinverify.registry.lines import Event

__all__ = ["Rules", "apply_event"]

_NAMES = {DEVICE: "device", VALIDATOR: "validator"}
_NO_AUTHORITY = "the registry authority, of which no key is known,"
#: Centre and radius may differ by rounding from one machine's sine to another's.
_PLACE_TOLERANCE = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """What a registry is run with.

    Attributes:
        authority: Keys that may sign as the registry authority.
        certificates: Policy for ``certify``, or ``None`` where no manufacturer root is known.
        is_replay: Whether the events were taken before, so that nonces need not be among those issued here.
    """

    authority: tuple[PublicKey, ...] = ()
    certificates: CertificatePolicy | None = None
    is_replay: bool = False


@dataclass(frozen=True, slots=True)
class _Signatory:
    """Somebody who may sign: what he is called in messages, and his key."""

    name: str
    kid: str
    key: str


def apply_event(event: Event, state: WorkingSet, rules: Rules) -> None:
    """Take one event into the state.

    Args:
        event: Of the right form (``check_members``), with its place in the chain.
        state: State before it, which is changed.
        rules: What the registry is run with.

    Raises:
        RegistryError: The event is refused.
    """
    _APPLY[event["type"]](event, state, rules)


def _enroll(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = event["device"]
    if state.party(DEVICE, device) is not None:
        raise RegistryError(f"device {device} is enrolled already")
    nonce = state.nonce(event["nonce"])
    if nonce is not None and nonce.used_seq is not None:
        raise RegistryError(
            f"nonce {event['nonce']} was used already, by event {nonce.used_seq}",
            hint="every enrolment needs a nonce of its own: depinverify registry nonce",
        )
    own, owners = _new_key(event, "the device's key"), _owner_key(event["owner"], "the owner")
    signed = _check_signatures(event, [[own, *_authority(rules)]], owners)
    is_import = not signed.isdisjoint(_authority(rules))
    if nonce is None and not is_import and not rules.is_replay:
        raise RegistryError(
            f"nonce {event['nonce']} was not issued by this registry",
            hint="ask for one: depinverify registry nonce",
        )
    others = state.holders(DEVICE, event["key"]) - {device}
    if others and not is_import:
        msg = f"key {event['key']} is bound to device {min(others)} already"
        hint = "an import of existing data, signed by the registry authority, may keep it"
        raise RegistryError(msg, hint=hint)
    _check_cell(event)
    party = Party(
        DEVICE,
        device,
        {
            "owner": event["owner"],
            "owner_proved": bool(signed & set(owners)),
            "payee": event["payee"],
            "cell": event["cell"],
            "lat_e7": event["lat_e7"],
            "lon_e7": event["lon_e7"],
            "radius_m": event["radius_m"],
            "hwmodel": event["hwmodel"],
            "oemid": event["oemid"],
            "capacity": event["capacity"],
            "weight": "1",
            "device_class": None,
            "recorded_ms": event["recorded_ms"],
            "effective_ms": event["effective_ms"],
            "retired_ms": None,
        },
    )
    state.add(party)
    state.bind(party, BoundKey(event["kid"], event["key"], event["effective_ms"]))
    state.use_nonce(event["nonce"], event["seq"], event["recorded_ms"])


def _enroll_validator(event: Event, state: WorkingSet, rules: Rules) -> None:  # noqa: ARG001 -- as all
    validator = event["validator"]
    if state.party(VALIDATOR, validator) is not None:
        raise RegistryError(f"validator {validator} is enrolled already")
    _refuse_bound(state, VALIDATOR, validator, event["key"])
    own, owners = _new_key(event, "the validator's key"), _owner_key(event["owner"], "the owner")
    signed = _check_signatures(event, [[own]], owners)
    party = Party(
        VALIDATOR,
        validator,
        {
            "owner": event["owner"],
            "owner_proved": bool(signed & set(owners)),
            "payee": event["payee"],
            "lat_e7": event["lat_e7"],
            "lon_e7": event["lon_e7"],
            "recorded_ms": event["recorded_ms"],
            "effective_ms": event["effective_ms"],
            "retired_ms": None,
        },
    )
    state.add(party)
    state.bind(party, BoundKey(event["kid"], event["key"], event["effective_ms"]))


def _by_validator(event: Event, state: WorkingSet, rules: Rules) -> None:  # noqa: ARG001
    validator = _enrolled(state, VALIDATOR, event["validator"])
    if event.get("device") is not None and state.party(DEVICE, event["device"]) is None:
        raise RegistryError(f"device {event['device']} is not enrolled")
    valid = [
        _Signatory("a key of the validator", key.kid, key.key)
        for key in validator.keys.values()
        if not _has_ended(key, event["effective_ms"])
    ]
    _check_signatures(event, [valid], [])


def _rotate(event: Event, state: WorkingSet, rules: Rules) -> None:  # noqa: ARG001
    party = _either(event, state)
    old = party.keys.get(event["old_kid"])
    if old is None:
        raise RegistryError(f"old_kid {event['old_kid']} is no key of {_NAMES[party.party]} {party.id}")
    if _has_ended(old, event["effective_ms"]):
        raise RegistryError(
            f"key {old.kid} ended at {old.valid_to_ms} and names no successor at {event['effective_ms']}"
        )
    if event["kid"] in party.keys:
        raise RegistryError(f"kid {event['kid']} is a key of {_NAMES[party.party]} {party.id} already")
    if any(key.key == event["key"] for key in party.keys.values()):
        raise RegistryError(f"key {event['key']} is a key of {_NAMES[party.party]} {party.id} already")
    _refuse_bound(state, party.party, party.id, event["key"])
    _check_signatures(
        event, [[_Signatory("the old key", old.kid, old.key)], [_new_key(event, "the new key")]], []
    )
    old.end(event["effective_ms"] + event["overlap_ms"])
    state.bind(party, BoundKey(event["kid"], event["key"], event["effective_ms"]))


def _revoke(event: Event, state: WorkingSet, rules: Rules) -> None:
    party = _either(event, state, may_be_retired=True)
    key = party.keys.get(event["kid"])
    if key is None:
        raise RegistryError(f"kid {event['kid']} is no key of {_NAMES[party.party]} {party.id}")
    _check_signatures(event, [[*_owner_key(party.owner, "the owner"), *_authority(rules)]], [])
    key.end(event["effective_ms"])


def _relocate(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = _enrolled(state, DEVICE, event["device"])
    _check_signatures(event, [_owner_or_authority(device.owner, rules)], [])
    _check_cell(event)
    device.set(**{name: event[name] for name in ("cell", "lat_e7", "lon_e7", "radius_m")})


def _transfer(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = _enrolled(state, DEVICE, event["device"])
    old, new = (
        _owner_or_authority(device.owner, rules, "the old owner"),
        _owner_key(event["owner"], "the new owner"),
    )
    # Nothing proves an owner without a key; the authority may vouch for it, and need not.
    _check_signatures(event, [old, new] if new else [old], [] if new else _authority(rules))
    device.set(owner=event["owner"], owner_proved=event["owner"].startswith("did:key:"))


def _set_payee(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = _enrolled(state, DEVICE, event["device"])
    _check_signatures(event, [_owner_or_authority(device.owner, rules)], [])
    device.set(payee=event["payee"])


def _set_weight(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = _enrolled(state, DEVICE, event["device"])
    _check_signatures(event, [_authority(rules)], [])
    device.set(weight=event["weight"])


def _set_class(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = _enrolled(state, DEVICE, event["device"])
    _check_signatures(event, [_authority(rules)], [])
    device.set(device_class=event["class"])


def _certify(event: Event, state: WorkingSet, rules: Rules) -> None:
    device = _enrolled(state, DEVICE, event["device"])
    _check_signatures(event, [_authority(rules)], [])
    if rules.certificates is None:
        if rules.is_replay:
            return
        raise RegistryError(
            f"device {device.id}: no manufacturer root is known, so no certificate chain can be checked",
            hint="name the roots: depinverify registry roots ROOT.pem",
        )
    held = [
        PublicKey.from_did(key.key)
        for key in device.keys.values()
        if not _has_ended(key, event["effective_ms"])
    ]
    rules.certificates.check_event(event["chain"], keys=held, at_ms=event["effective_ms"])


def _retire(event: Event, state: WorkingSet, rules: Rules) -> None:
    kind = DEVICE if event["type"] == "retire" else VALIDATOR
    party = _enrolled(state, kind, event[_NAMES[kind]])
    _check_signatures(event, [[*_owner_key(party.owner, "the owner"), *_authority(rules)]], [])
    party.set(retired_ms=event["effective_ms"])


_APPLY = {
    "enroll": _enroll,
    "enroll_validator": _enroll_validator,
    "commit_challenge": _by_validator,
    "declare_conflict": _by_validator,
    "rotate": _rotate,
    "revoke": _revoke,
    "relocate": _relocate,
    "transfer": _transfer,
    "set_payee": _set_payee,
    "set_weight": _set_weight,
    "set_class": _set_class,
    "certify": _certify,
    "retire": _retire,
    "retire_validator": _retire,
}


def _enrolled(state: WorkingSet, kind: int, identifier: str, *, may_be_retired: bool = False) -> Party:
    party = state.party(kind, identifier)
    if party is None:
        raise RegistryError(f"{_NAMES[kind]} {identifier} is not enrolled")
    if party.retired_ms is not None and not may_be_retired:
        raise RegistryError(f"{_NAMES[kind]} {identifier} is retired from {party.retired_ms} on")
    return party


def _either(event: Event, state: WorkingSet, *, may_be_retired: bool = False) -> Party:
    kind = DEVICE if event["device"] is not None else VALIDATOR
    return _enrolled(state, kind, event[_NAMES[kind]], may_be_retired=may_be_retired)


def _has_ended(key: BoundKey, at_ms: int) -> bool:
    return key.valid_to_ms is not None and key.valid_to_ms <= at_ms


def _refuse_bound(state: WorkingSet, kind: int, identifier: str, key: str) -> None:
    others = state.holders(kind, key) - {identifier}
    if others:
        raise RegistryError(f"key {key} is bound to {_NAMES[kind]} {min(others)} already")


def _new_key(event: Event, name: str) -> _Signatory:
    return _Signatory(name, event["kid"], event["key"])


def _owner_key(owner: str, name: str) -> list[_Signatory]:
    if not owner.startswith("did:key:"):
        return []
    return [_Signatory(name, PublicKey.from_did(owner).kid.hex(), owner)]


def _authority(rules: Rules) -> list[_Signatory]:
    return [_Signatory("the registry authority", key.kid.hex(), key.did) for key in rules.authority]


def _owner_or_authority(owner: str, rules: Rules, name: str = "the owner") -> list[_Signatory]:
    """The owner where it has a key, otherwise the authority in its place."""
    return _owner_key(owner, name) or _authority(rules)


def _check_cell(event: Event) -> None:
    if event["cell"] is None:
        return
    try:
        place = cell_members(event["cell"])
    except InputError as error:
        raise RegistryError(str(error)) from None
    for name in ("lat_e7", "lon_e7", "radius_m"):
        right = place[name]
        if not isinstance(right, int) or abs(event[name] - right) > _PLACE_TOLERANCE:
            raise RegistryError(f"{name}: expected {right}, the cell's own; found {event[name]}")


def _check_signatures(
    event: Event, required: Sequence[Sequence[_Signatory]], optional: Sequence[_Signatory]
) -> set[_Signatory]:
    """Who signed; every signature must be good, and one of each required group must have signed."""
    message = event_message(event)
    possible = [signatory for group in (*required, optional) for signatory in group]
    signed: set[_Signatory] = set()
    for sig in event["sigs"]:
        named = [signatory for signatory in possible if signatory.kid == sig["kid"]]
        if not named:
            raise RegistryError(
                f"signature of kid {sig['kid']}: nobody who may sign a {event['type']} here has this kid"
            )
        signature = bytes.fromhex(sig["sig"])
        good = {key for key in {s.key for s in named} if PublicKey.from_did(key).verify(message, signature)}
        if not good:
            raise RegistryError(
                f"signature of kid {sig['kid']} ({named[0].name}) is wrong",
                hint="it is over SHA-256 of the event's canonical JSON, see events.sign",
            )
        signed.update(s for s in named if s.key in good)
    for group in required:
        if not signed.intersection(group):
            names = " or ".join(dict.fromkeys(signatory.name for signatory in group)) or _NO_AUTHORITY
            raise RegistryError(f"{event['type']}: the signature of {names} is missing")
    return signed
