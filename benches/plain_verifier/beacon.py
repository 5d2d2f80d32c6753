"""The public beacon: scoring section 6.1; the rounds of an epoch: uptime proof, section 3.

In: the chain's constants and ``beacon.jsonl``. Out: the randomness of every slot's round, and the hash of
the rounds used. A round that no slot needs is ignored; a needed one is missing only if the epoch says so.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from .canonical import InputError, from_hex, json_lines, lp, u64be

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMES = (
    "pedersen-bls-chained",
    "pedersen-bls-unchained",
    "bls-unchained-g1-rfc9380",
    "bls-unchained-on-g1",
)


class Chain:
    """One beacon; ``hash`` identifies it."""

    def __init__(self, scheme, public_key, genesis_time, period, genesis_seed, beacon_id) -> None:
        self.scheme = scheme
        self.public_key = public_key
        self.genesis_time = genesis_time
        self.period = period
        name = b"" if beacon_id == "default" else beacon_id.encode()
        self.hash = sha256(
            period.to_bytes(4, "big")
            + genesis_time.to_bytes(8, "big", signed=True)
            + public_key
            + genesis_seed
            + name
        ).digest()

    def round_at(self, time: int) -> int:
        """The round current at ``time``."""
        if time < self.genesis_time:
            raise InputError(f"{time} lies before the beacon's genesis {self.genesis_time}")
        return (time - self.genesis_time) // self.period + 1

    def time_of(self, number: int) -> int:
        return self.genesis_time + (number - 1) * self.period

    def first_round_from(self, time: int) -> int:
        """The first round at or after ``time``."""
        if time < self.genesis_time:
            raise InputError(f"{time} lies before the beacon's genesis {self.genesis_time}")
        return -(-(time - self.genesis_time) // self.period) + 1


QUICKNET = Chain(
    "bls-unchained-g1-rfc9380",
    bytes.fromhex(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
        "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    1692803367,
    3,
    bytes.fromhex("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"),
    "quicknet",
)
DEFAULT = Chain(
    "pedersen-bls-chained",
    bytes.fromhex(
        "868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31"
    ),
    1595431050,
    30,
    bytes.fromhex("176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a"),
    "default",
)


def slot_rounds(chain: Chain, start: int, slots: int, slot_seconds: int) -> list[int]:
    return [chain.first_round_from(start + slot * slot_seconds) for slot in range(slots)]


def read_rounds(  # noqa: C901
    path: Path,
    chain: Chain,
    needed: list[int],
    missing: frozenset[int],
    verify_round: Callable[[Chain, int, bytes, bytes | None], bool] | None,
) -> tuple[dict[int, bytes], str]:
    """Round -> randomness for the needed rounds that are there, and ``inputs.beacon``."""
    found: dict[int, tuple[bytes, bytes | None]] = {}
    for number, line in enumerate(json_lines(path.read_bytes(), path.name), 1):
        place = f"{path.name}, line {number}"
        round_number, signature = line.get("round"), from_hex(line.get("signature"))
        if type(round_number) is not int or not 0 < round_number < 2**64 or not signature:
            raise InputError(f"{place}: expected a round and its signature in hex")
        if round_number in found:
            raise InputError(f"{place}: round {round_number} stands twice")
        if round_number in missing:
            raise InputError(f"{place}: round {round_number} is listed as missing")
        if line.get("randomness") is not None and line["randomness"] != sha256(signature).hexdigest():
            raise InputError(f"{place}: randomness is not the SHA-256 of the signature")
        previous = line.get("previous_signature")
        if previous is not None:
            previous = from_hex(previous)
            if previous is None:
                raise InputError(f"{place}: previous_signature is not hex")
        elif chain.scheme == "pedersen-bls-chained":
            raise InputError(f"{place}: a chained scheme needs previous_signature")
        found[round_number] = (signature, previous)
    randomness: dict[int, bytes] = {}
    hashed = sha256()
    for round_number in sorted(set(needed)):
        if round_number in missing:
            continue
        if round_number not in found:
            raise InputError(
                f"round {round_number} is neither in {path.name} nor listed in beacon.missing_rounds"
            )
        signature, previous = found[round_number]
        if verify_round is not None and not verify_round(chain, round_number, signature, previous):
            raise InputError(f"round {round_number}: bad signature")
        randomness[round_number] = sha256(signature).digest()
        hashed.update(u64be(round_number) + lp(signature))
    return randomness, hashed.hexdigest()
