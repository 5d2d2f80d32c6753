"""Every public beacon vector through the Python surface."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from depinverify import _native
from depinverify.exceptions import InputError
from public_vectors import cases, public_vectors

SCHEMES = (
    "pedersen-bls-chained",
    "pedersen-bls-unchained",
    "bls-unchained-g1-rfc9380",
    "bls-unchained-on-g1",
)


def chain_of(case: dict[str, Any]) -> _native.BeaconChain:
    return _native.BeaconChain(
        scheme=case["scheme"],
        public_key=bytes.fromhex(case["public_key_hex"]),
        genesis_time=case.get("genesis_time", 0),
        period=case.get("period_seconds", 1),
        genesis_seed=bytes.fromhex(case.get("genesis_seed_hex", "")),
        beacon_id=case.get("beacon_id", ""),
    )


def line_of(case: dict[str, Any]) -> bytes:
    line = {"round": case["round"], "signature": case["signature_hex"]}
    if case["scheme"] == SCHEMES[0]:
        line["previous_signature"] = case["previous_signature_hex"]
    if "randomness_hex" in case:
        line["randomness"] = case["randomness_hex"]
    return json.dumps(line).encode()


def test_networks() -> None:
    networks = json.loads((public_vectors("drand") / "networks.json").read_text())["networks"]
    usable = [case for case in networks if case["scheme"] in SCHEMES]
    for case in usable:
        assert chain_of(case).hash.hex() == case["chain_hash_hex"], case["name"]
    print(
        f"networks: {len(usable)} of {len(networks)} cases ran; the others have schemes that are not named here"
    )
    for name in ("quicknet", "default"):
        assert _native.BeaconChain.named(name).hash.hex() in {case["chain_hash_hex"] for case in usable}


@pytest.mark.parametrize("file", ["beacons.json", "invalid.json"])
def test_rounds(file: str) -> None:
    usable = [case for case in cases(public_vectors("drand") / file) if case["scheme"] in SCHEMES]
    for case in usable:
        chain, signature = chain_of(case), bytes.fromhex(case["signature_hex"])
        previous = bytes.fromhex(case["previous_signature_hex"] or "")
        assert chain.verify_round(case["round"], signature, previous) is case["valid"], case["name"]
        if case["valid"]:
            rounds, _ = chain.read_rounds(line_of(case), {case["round"]})
            assert rounds == [(case["round"], sha256(signature).digest())]
        else:
            with pytest.raises(InputError):
                chain.read_rounds(line_of(case), {case["round"]})
    print(f"{file}: {len(usable)} cases ran")
    assert usable
