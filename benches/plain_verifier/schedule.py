"""Who probes whom, when, and what is asked: scoring section 6, uptime proof section 1.6.

In: the snapshot, the rounds and the secrets. Out: assignments and challenges. A validator that does not
reveal its secret stays assigned; it is *void*.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from .beacon import Chain, slot_rounds
from .canonical import InputError, canonical, from_hex, json_lines, lp, tagged, u64be

if TYPE_CHECKING:
    from pathlib import Path

    from .config import Epoch
    from .registry import Device, Snapshot, Validator


def slot_seed(
    chain_hash: bytes, round_number: int, randomness: bytes, slot: int, params_hash: bytes
) -> bytes:
    return tagged(
        "depinverify/slot-seed/v1", chain_hash, u64be(round_number), randomness, u64be(slot), params_hash
    )


def draw(purpose: str, seed: bytes, device: bytes) -> int:
    return int.from_bytes(tagged(f"depinverify/draw/{purpose}/v1", seed, lp(device))[:8], "big")


def is_selected(seed: bytes, device: bytes, num: int, den: int) -> bool:
    return draw("select", seed, device) < (num << 64) // den


def assign(seed: bytes, device: bytes, validators: list[bytes], k: int) -> list[bytes]:
    """The first ``k`` of ``validators`` in the order of this slot and device."""
    prefix = sha256(b"depinverify/assign/v1\x00" + seed + lp(device))

    def rank(validator: bytes) -> tuple[bytes, bytes]:
        hashed = prefix.copy()
        hashed.update(lp(validator))
        return hashed.digest(), validator

    return sorted(validators, key=rank)[:k]


def make_nonce(seed: bytes, device: bytes, validator: bytes) -> bytes:
    return sha256(b"depinverify/nonce/v1\x00" + seed + lp(device) + lp(validator)).digest()


def make_salt(secret: bytes, slot: int, device: bytes) -> bytes:
    return sha256(b"depinverify/salt/v1\x00" + secret + slot.to_bytes(8, "big") + lp(device)).digest()


def make_challenge(nonce: bytes, salt: bytes) -> bytes:
    return sha256(b"depinverify/challenge/v1\x00" + nonce + salt).digest()


def make_offset(nonce: bytes, salt: bytes, span_ms: int) -> int:
    """Milliseconds from the round to the moment of the probe."""
    first = sha256(b"depinverify/moment/v1\x00" + nonce + salt).digest()[:8]
    return int.from_bytes(first, "big") * span_ms >> 64


def read_secrets(path: Path, taking_part: list[Validator]) -> tuple[dict[bytes, bytes], str]:
    """The good secrets of those that take part, and ``inputs.secrets``."""
    lines, told = set(), {}
    if path.exists():
        for number, line in enumerate(json_lines(path.read_bytes(), path.name), 1):
            validator, secret = from_hex(line.get("validator")), from_hex(line.get("secret"), 32)
            if line.keys() != {"validator", "secret"} or validator is None or secret is None:
                raise InputError(f"{path.name}, line {number}: expected validator and secret (64 hex)")
            lines.add(canonical(line) + b"\n")
            told.setdefault(validator, set()).add(secret)
    good = {}
    for one in taking_part:
        secrets = told.get(one.id, ())
        if len(secrets) == 1:
            (secret,) = secrets
            if sha256(secret).digest() == one.commitment:
                good[one.id] = secret
    return good, sha256(b"".join(sorted(lines))).hexdigest()


class Slot:
    """One slot whose round is there; its probes lie between ``first_ms`` and ``first_ms + span_ms``."""

    __slots__ = ("end_ms", "first_ms", "seed", "span_ms", "start_ms")

    def __init__(self, start: int, epoch: Epoch, round_time: int, seed: bytes) -> None:
        self.start_ms = 1000 * start
        self.end_ms = 1000 * (start + epoch.slot_seconds)
        self.first_ms = 1000 * round_time
        self.span_ms = 1000 * (epoch.slot_seconds - (round_time - start)) - epoch.params["late_limit_ms"]
        self.seed = seed
        if self.span_ms <= 0:
            raise InputError(f"the slot at {start} leaves no time for a probe: {self.span_ms} ms")


class Schedule:
    def __init__(
        self, epoch: Epoch, snapshot: Snapshot, randomness: dict[int, bytes], secrets: dict[bytes, bytes]
    ):
        params = epoch.params
        chain: Chain = epoch.chain
        self.secrets = secrets
        self.k = params["validators_per_probe"]
        self.num, self.den = params["select_num"], params["select_den"]
        self.slots: list[Slot | None] = []
        for slot, number in enumerate(slot_rounds(chain, epoch.start, epoch.slots, epoch.slot_seconds)):
            if number not in randomness:
                self.slots.append(None)
                continue
            seed = slot_seed(chain.hash, number, randomness[number], slot, epoch.params_hash)
            start = epoch.start + slot * epoch.slot_seconds
            self.slots.append(Slot(start, epoch, chain.time_of(number), seed))
        self.candidates = _candidates(snapshot)
        self.drawn: dict[tuple[int, bytes], tuple[bytes, ...]] = {}

    def assigned(self, slot: int, device: Device) -> tuple[bytes, ...] | None:
        """Who probes this eligible device in this slot; ``None`` where it is not challenged."""
        facts = self.slots[slot]
        if facts is None or (device.retired_ms is not None and facts.start_ms >= device.retired_ms):
            return None
        if self.num != self.den and not is_selected(facts.seed, device.id, self.num, self.den):
            return None
        validators = self.candidates[device.id]
        if len(validators) <= self.k:
            return validators
        found = self.drawn.get((slot, device.id))
        if found is None:
            found = tuple(assign(facts.seed, device.id, validators, self.k))
            self.drawn[slot, device.id] = found
        return found


def _candidates(snapshot: Snapshot) -> dict[bytes, tuple[bytes, ...]]:
    """Device id -> the validators that take part and are not excluded for it (scoring section 6.4)."""
    everybody = tuple(one.id for one in snapshot.taking_part)
    by_owner: dict[str, set[bytes]] = {}
    by_payee: dict[str, set[bytes]] = {}
    by_device: dict[bytes, set[bytes]] = {}
    by_conflict: dict[str, set[bytes]] = {}
    for one in snapshot.taking_part:
        if one.owner_proved:
            by_owner.setdefault(one.owner, set()).add(one.id)
        if one.payee is not None:
            by_payee.setdefault(one.payee, set()).add(one.id)
        for device in one.conflict_devices:
            by_device.setdefault(device, set()).add(one.id)
        for owner in one.conflict_owners:
            by_conflict.setdefault(owner, set()).add(one.id)
    found = {}
    for device in snapshot.devices:
        excluded = by_device.get(device.id, set()) | by_conflict.get(device.owner, set())
        if device.owner_proved:
            excluded |= by_owner.get(device.owner, set())
        if device.payee is not None:
            excluded |= by_payee.get(device.payee, set())
        found[device.id] = tuple(one for one in everybody if one not in excluded) if excluded else everybody
    return found
