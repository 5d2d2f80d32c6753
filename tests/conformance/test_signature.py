"""Every case of every public signature vector, alone and in shuffled batches, through the Python surface."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from depinverify.signature import (
    KeyRegistry,
    SignatureVerdict,
    bls_verify,
    recover_address,
    recover_key,
    residue_order,
    verify,
    verify_codes,
    verify_one,
)
from public_vectors import ROOT, cases, public_vectors


@dataclass(frozen=True)
class Case:
    name: str
    scheme: str
    profile: str
    key: bytes
    message: bytes
    signature: bytes
    valid: bool


def unhex(case: dict[str, str], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def check(what: str, all_cases: list[Case]) -> None:
    for case in all_cases:
        verdict = verify_one(case.scheme, case.profile, case.key, case.message, case.signature)
        assert (verdict is SignatureVerdict.GOOD) is case.valid, (case.name, case.profile, verdict)
    kinds = sorted({(case.scheme, case.profile) for case in all_cases})
    for scheme, profile in kinds:
        kind = [case for case in all_cases if (case.scheme, case.profile) == (scheme, profile)]
        check_batches(scheme, profile, kind)
    print(f"{what}: {len(all_cases)} verdicts under {len(kinds)} rules, alone and in batches")


def check_batches(scheme: str, profile: str, kind: list[Case]) -> None:
    keys = KeyRegistry()
    ids = keys.register_many(scheme, [case.key for case in kind])
    codes = [verify_one(scheme, profile, case.key, case.message, case.signature) for case in kind]
    for seed, size in enumerate([1, 17, 255, len(kind), 3 * len(kind)]):
        order = [place % len(kind) for place in range(3 * len(kind))]
        random.Random(seed).shuffle(order)
        if size == 1:
            del order[100:]
        for start in range(0, len(order), size):
            part = order[start : start + size]
            found = verify_codes(
                scheme,
                profile,
                keys,
                ids[part],
                [kind[at].message for at in part],
                pa.array([kind[at].signature for at in part], pa.binary()),
                threads=1 + seed,
            )
            assert found.tolist() == [codes[at] for at in part]


def test_ed25519_under_every_profile() -> None:
    for path in sorted(public_vectors("signatures").glob("ed25519*.json")):
        found = [
            Case(case["id"], "ed25519", profile, *unhex(item, "pub", "msg", "sig"), valid)
            for case in cases(path)
            for item in case.get("items", [case])
            for profile, valid in item["expect"].items()
        ]
        check(path.name, found)


def test_ed25519_batches_in_their_own_order() -> None:
    count = 0
    for path in sorted(public_vectors("signatures").glob("ed25519_batches*.json")):
        for case in cases(path):
            keys = KeyRegistry()
            items = case["items"]
            ids = [keys.register("ed25519", *unhex(item, "pub")) for item in items]
            messages = [bytes.fromhex(item["msg"]) for item in items]
            signatures = [bytes.fromhex(item["sig"]) for item in items]
            for profile in items[0]["expect"]:
                found = verify("ed25519", profile, keys, ids, messages, signatures)
                assert found.tolist() == [item["expect"][profile] for item in items], case["id"]
                count += len(items)
    print(f"batches in their own order: {count} verdicts")


def test_ed25519_residues() -> None:
    count = 0
    for path in sorted(public_vectors("signatures").glob("ed25519*.json")):
        for case in cases(path):
            if True in case.get("expect", {}).values():
                assert residue_order(*unhex(case, "pub", "msg", "sig")) == case["residue_order"], case["id"]
                count += 1
    print(f"residues: {count}")


def test_ecdsa() -> None:
    for path in sorted(public_vectors("signatures").glob("ecdsa_*_sha256_*.json")):
        scheme = "p256" if "_p256_" in path.name else "secp256k1"
        encoding = "p1363" if "_p1363" in path.name else "der"
        found = [
            Case(case["id"], scheme, f"{encoding}-{policy}", *unhex(case, "pub", "msg", "sig"), valid)
            for case in cases(path)
            for policy, valid in case["expect"].items()
        ]
        check(path.name, found)


def test_ethereum_recovery() -> None:
    for path in sorted(public_vectors("signatures").glob("ecdsa_secp256k1_eth_recover*.json")):
        known = []
        for case in cases(path):
            digest, signature = unhex(case, "digest", "sig")
            for policy, expected in case["expect"].items():
                address = recover_address(digest, signature, s=policy)
                assert (None if address is None else f"0x{address.hex()}") == expected, case["id"]
                key = recover_key(digest, signature, s=policy)
                assert (key is None) == (expected is None)
                if key is not None:
                    profile = f"recoverable-{policy}-digest"
                    known.append(Case(case["id"], "secp256k1", profile, key, digest, signature, True))
        check(f"{path.name}, keys known", known)
        print(f"{path.name}: {len(cases(path))} cases")


def test_bls() -> None:
    for path in sorted(public_vectors("signatures").glob("bls12381_verify*.json")):
        for case in cases(path):
            key, message, signature = unhex(case, "pub", "msg", "sig")
            variant = "min-sig" if len(key) == 96 else "min-pk"
            verdict = bls_verify(variant, case["ciphersuite"].encode(), key, message, signature)
            assert (verdict is SignatureVerdict.GOOD) is case["expect"]["valid"], case["id"]
        print(f"{path.name}: {len(cases(path))} cases")


def test_own_cases() -> None:
    """The project's own cases, which run in every clone."""
    reached = set()
    found = []
    for case in cases(ROOT / "tests" / "vectors" / "signatures.json"):
        arguments = unhex(case, "key", "message", "signature")
        for rule, expected in case["verdicts"].items():
            if case["scheme"] == "bls12381":
                variant, tag = rule.split(" ")
                verdict = bls_verify(variant, tag.encode(), *arguments)
            else:
                verdict = verify_one(case["scheme"], rule, *arguments)
                good = expected == "GOOD"
                found.append(Case(case["name"], case["scheme"], rule, *arguments, good))
            assert verdict.name == expected, (case["name"], rule)
            reached.add(verdict)
    check("own cases", found)
    assert reached == set(SignatureVerdict) - {SignatureVerdict.UNKNOWN_KEY_ID}


@pytest.mark.parametrize("count", [0, 1])
def test_unknown_key_id_is_a_verdict(count: int) -> None:
    keys = KeyRegistry()
    codes = verify_codes("ed25519", "strict", keys, np.zeros(count, np.int64), [b""] * count, [b""] * count)
    assert codes.tolist() == [SignatureVerdict.UNKNOWN_KEY_ID] * count
