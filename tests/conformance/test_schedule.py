"""Every case of the public challenge schedule through the Python surface."""

from __future__ import annotations

from hashlib import sha256

from depinverify import _native
from public_vectors import cases, public_vectors


def test_challenge_schedule() -> None:
    found = cases(public_vectors("scoring") / "challenge_schedule.json")
    for case in found:
        if "slot_seed" in case:
            seed = _native.slot_seed(
                bytes.fromhex(case["chain_hash"]),
                case["round"],
                bytes.fromhex(case["randomness"]),
                case["slot"],
                bytes.fromhex(case["params_hash"]),
            )
            assert seed.hex() == case["slot_seed"]
            validators = [name.encode() for name in case["validators"]]
            for row in case["rows"]:
                device = row["device"].encode()
                assert _native.draw("select", seed, device) == int(row["select_draw"])
                assert _native.is_selected(seed, device, *case["probability"]) is row["selected"]
                assert _native.draw_offset(seed, device, case["span_ms"]) == row["offset_ms"]
                assigned = _native.assign_validators(seed, device, validators, case["k"])
                assert [case["validators"][index] for index in assigned] == row["validators"]
                nonce = _native.challenge_nonce(seed, device, row["validators"][0].encode())
                assert nonce.hex() == row["nonce_first_validator"]
        elif "signature" in case:
            assert sha256(bytes.fromhex(case["signature"])).hexdigest() == case["randomness"]
        else:
            for row in case["rows"]:
                chain = _native.BeaconChain.named(row["chain"])
                assert chain.round_at(row["unix"]) == row["round"], row
    print(f"challenge_schedule: {len(found)} cases ran")
    assert found
