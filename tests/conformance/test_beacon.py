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


@pytest.mark.parametrize("form", [1, 2])
def test_chain_info_of_both_interfaces(form: int) -> None:
    networks = json.loads((public_vectors("drand") / "networks.json").read_text())["networks"]
    for case in networks:
        if case["scheme"] not in SCHEMES:
            continue
        names = ("hash", "groupHash", "schemeID") if form == 1 else ("chain_hash", "genesis_seed", "scheme")
        values = (case["chain_hash_hex"].upper(), case["genesis_seed_hex"], case["scheme"])
        info = {
            "public_key": case["public_key_hex"],
            "period": case["period_seconds"],
            "genesis_time": case["genesis_time"],
            **dict(zip(names, values, strict=True)),
            **(
                {"metadata": {"beaconID": case["beacon_id"]}}
                if form == 1
                else {"beacon_id": case["beacon_id"]}
            ),
        }
        chain = _native.BeaconChain.from_info(json.dumps(info).encode())
        assert chain.hash.hex() == case["chain_hash_hex"], case["name"]
        with pytest.raises(InputError, match="hash to"):
            _native.BeaconChain.from_info(json.dumps(info | {"period": info["period"] + 1}).encode())


def test_rounds_in_batches_have_the_verdicts_of_single_ones() -> None:
    found = [
        case for name in ("beacons", "invalid") for case in cases(public_vectors("drand") / f"{name}.json")
    ]
    by_chain: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in found:
        if case["scheme"] in SCHEMES:
            by_chain.setdefault((case["scheme"], case["public_key_hex"]), []).append(case)
    for of_chain in by_chain.values():
        chain = chain_of(of_chain[0])
        rounds = [
            (
                case["round"],
                bytes.fromhex(case["signature_hex"]),
                bytes.fromhex(case.get("previous_signature_hex") or "") or None,
                bytes.fromhex(case["randomness_hex"]) if "randomness_hex" in case else None,
            )
            for case in of_chain
        ]
        # Many times over, so that the bad ones lie among good ones of the same equation.
        for threads in (1, 2):
            answers = chain.verify_rounds(rounds * 20, threads=threads)
            expected = [chain.verify_round(one[0], one[1], one[2]) for one in rounds] * 20
            assert [verdict == "signed" for verdict, *_ in answers] == expected
            assert expected == [case["valid"] for case in of_chain] * 20


def test_what_a_batch_says_beside_the_signature() -> None:
    chain = _native.BeaconChain.named("quicknet")
    good = next(
        case for case in cases(public_vectors("drand") / "beacons.json") if case["name"] == "quicknet_round_2"
    )
    signature, time = bytes.fromhex(good["signature_hex"]), chain.time_of_round(2)
    ask = [
        (2, signature, b"spare", sha256(signature).digest()),
        (2, signature, None, bytes(32)),
        (0, signature, None, None),
        (2, signature[:-1], None, None),
    ]
    assert chain.verify_rounds(ask, now=time - 1) == [
        ("signed", "unchained", True, True),
        ("randomness mismatch", "unchained", False, True),
        ("no such round", "unchained", False, False),
        ("signature length", "unchained", False, True),
    ]
    assert chain.verify_rounds(ask[:1], now=time)[0][3] is False
    assert chain.verify_rounds([]) == []


def test_links_of_a_chained_beacon() -> None:
    named = {case["name"]: case for case in cases(public_vectors("drand") / "beacons.json")}
    rounds = []
    for number in (1, 2, 3):
        case = named[f"mainnet_round_{number}"]
        previous = bytes.fromhex(case["previous_signature_hex"])
        rounds.append((number, bytes.fromhex(case["signature_hex"]), previous, None))
    chain = _native.BeaconChain.named("default")
    assert [link for _, link, *_ in chain.verify_rounds(rounds)] == ["holds"] * 3
    assert [link for _, link, *_ in chain.verify_rounds(rounds[1:])] == ["unseen", "holds"]
    broken = [rounds[0], (2, rounds[1][1], rounds[2][1], None)]
    assert chain.verify_rounds(broken)[1][:2] == ("not signed", "broken")
