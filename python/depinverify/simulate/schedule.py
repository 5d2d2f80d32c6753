"""Who probes whom, when, and with which challenge: scoring 6, uptime proof 1.6.

In: the chain's hash, the parameters, the slots' rounds, the validators that take part with their secrets.
Out: for one slot and device the assigned validators with challenge and moment. Pure functions of their input;
nothing is kept between slots.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from depinverify.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from depinverify.canonical import Json
    from depinverify.simulate.beacon import Round

__all__ = ["RULESET", "Probe", "Schedule", "parameters"]

#: The column ``simulation`` of the table in section 3 of the uptime proof.
RULESET: dict[str, Json] = {
    "name": "simulation",
    "version": "1",
    "validators_per_probe": 3,
    "quorum": 2,
    "select_num": 1,
    "select_den": 1,
    "deadline_ms": 5000,
    "late_limit_ms": 30000,
    "skew_s": 120,
    "window_s": 3600,
    "tracking_s": 86400,
    "min_data_windows": 12,
    "pay_no_data": False,
    "pay_provisional": True,
    "curve": [
        [0, 0],
        [799_999_999_999, 0],
        [800_000_000_000, 500_000_000_000],
        [995_000_000_000, 1_000_000_000_000],
        [1_000_000_000_000, 1_000_000_000_000],
    ],
    "counter_grace_s": 60,
    "location_tolerance_m": 1000,
    "require_location": False,
    "network_event": "count",
    "max_per_cluster": 2,
    "max_per_cell": 0,
    "allocation": "largest_remainder",
    "min_payout": "0",
    "class_multipliers": {},
    "zero_on_suspect": [],
    "filler": False,
}
DEADLINE_MS, LATE_LIMIT_MS, SKEW_S, COUNTER_GRACE_S, VALIDATORS_PER_PROBE = 5000, 30000, 120, 60, 3


def parameters(chain_hash: bytes, slot_seconds: int) -> dict[str, Json]:
    """``params``: the ruleset with the slot's length and the chain."""
    return RULESET | {"slot_seconds": slot_seconds, "chain_hash": chain_hash.hex()}


class Probe(NamedTuple):
    """One challenge that one validator puts to one device in one slot."""

    validator: int
    challenge: bytes
    moment_ms: int


class Schedule:
    """The schedule of one epoch."""

    def __init__(
        self,
        *,
        chain_hash: bytes,
        start: int,
        slot_seconds: int,
        rounds: Sequence[Round],
        validators: Sequence[tuple[bytes, bytes]],
    ) -> None:
        """Fix what the draws depend on.

        Args:
            chain_hash: Of the beacon.
            start: The epoch's first second.
            slot_seconds: Length of a slot.
            rounds: The round of each slot.
            validators: Id and secret of each validator that takes part.
        """
        params_hash = hashlib.sha256(canonical_json(parameters(chain_hash, slot_seconds))).digest()
        self._validators = [(id_, _lp(id_), secret) for id_, secret in validators]
        self._seeds = []
        self._rounds = rounds
        self._spans = []
        for slot, round_ in enumerate(rounds):
            parts = (chain_hash, round_.number.to_bytes(8), round_.randomness, slot.to_bytes(8), params_hash)
            self._seeds.append(_domain("slot-seed", *parts))
            waited = round_.time - (start + slot * slot_seconds)
            self._spans.append(1000 * (slot_seconds - waited) - LATE_LIMIT_MS)

    def probes(self, slot: int, device: bytes, excluded: Container[int] = ()) -> list[Probe]:
        """The probes of one device in one slot, first assigned validator first."""
        seed, named = self._seeds[slot], _lp(device)
        eligible = [index for index in range(len(self._validators)) if index not in excluded]
        if len(eligible) > VALIDATORS_PER_PROBE:
            draw = hashlib.sha256(b"depinverify/assign/v1\0" + seed + named)
            ranks = []
            for index in eligible:
                id_, named_id, _ = self._validators[index]
                rank = draw.copy()
                rank.update(named_id)
                ranks.append((rank.digest(), id_, index))
            eligible = [index for _, _, index in sorted(ranks)[:VALIDATORS_PER_PROBE]]
        nonces = hashlib.sha256(b"depinverify/nonce/v1\0" + seed + named)
        shown_ms, span_ms, number = 1000 * self._rounds[slot].time, self._spans[slot], slot.to_bytes(8)
        probes = []
        for index in eligible:
            _, named_id, secret = self._validators[index]
            draw = nonces.copy()
            draw.update(named_id)
            nonce = draw.digest()
            salt = _domain("salt", secret, number, named)
            offset = int.from_bytes(_domain("moment", nonce, salt)[:8]) * span_ms >> 64
            probes.append(Probe(index, _domain("challenge", nonce, salt), shown_ms + offset))
        return probes


def _lp(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def _domain(purpose: str, *parts: bytes) -> bytes:
    return hashlib.sha256(b"depinverify/%b/v1\0" % purpose.encode() + b"".join(parts)).digest()
