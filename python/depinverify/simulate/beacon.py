"""The simulation's own drand-style chain: an unchained round per slot, signed with the seed's secret.

In: the seed and the epoch's bounds. Out: the ``[beacon]`` table of ``epoch.toml``, the lines of
``beacon.jsonl`` and the rounds that the schedule draws from (section 6.1 of scoring and rewards).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from depinverify import _native
from depinverify.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depinverify.simulate.chance import Seed

__all__ = ["Beacon", "Round"]

SCHEME = "bls-unchained-g1-rfc9380"
BEACON_ID = "simulation"
#: Divides no usual slot, so the wait for a slot's round differs from slot to slot.
PERIOD_SECONDS = 7
_AGE_SECONDS = 30 * 86400
_VARIANT, _DOMAIN_TAG = "min-sig", b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


class Round(NamedTuple):
    """One round of the chain."""

    number: int
    time: int
    signature: bytes
    randomness: bytes


class Beacon:
    """A chain that begins a month before the simulated world does."""

    def __init__(self, seed: Seed, world_start: int) -> None:
        self._secret = _native.bls_secret_key(seed.derive("beacon", "secret"))
        self.genesis_seed = seed.derive("beacon", "genesis")
        self.genesis_time = world_start - _AGE_SECONDS
        self.public_key = _native.bls_public_key(_VARIANT, self._secret)
        parts = (
            PERIOD_SECONDS.to_bytes(4),
            self.genesis_time.to_bytes(8, signed=True),
            self.public_key,
            self.genesis_seed,
            BEACON_ID.encode(),
        )
        self.chain_hash = hashlib.sha256(b"".join(parts)).digest()

    def round_for(self, moment: int) -> Round:
        """The first round at or after this second."""
        number = -(-(moment - self.genesis_time) // PERIOD_SECONDS) + 1
        message = hashlib.sha256(number.to_bytes(8)).digest()
        signature = _native.bls_sign(_VARIANT, _DOMAIN_TAG, self._secret, message)
        time = self.genesis_time + (number - 1) * PERIOD_SECONDS
        return Round(number, time, signature, hashlib.sha256(signature).digest())

    def table(self) -> dict[str, object]:
        """The keys of ``[beacon]`` in ``epoch.toml``."""
        return {
            "scheme": SCHEME,
            "public_key": self.public_key.hex(),
            "genesis_time": self.genesis_time,
            "period": PERIOD_SECONDS,
            "genesis_seed": self.genesis_seed.hex(),
            "beacon_id": BEACON_ID,
        }


def beacon_lines(rounds: Iterable[Round]) -> bytes:
    """The content of ``beacon.jsonl``."""
    lines = (
        canonical_json(
            {"round": r.number, "signature": r.signature.hex(), "randomness": r.randomness.hex()},
        )
        for r in rounds
    )
    return b"".join(line + b"\n" for line in lines)
