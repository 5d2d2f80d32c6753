"""Every public vector of BLS and RSA-PSS, alone and in shuffled batches, through the Python surface."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa

from depinverify.signature import (
    BlsKeyRegistry,
    RsaKeyRegistry,
    SignatureVerdict,
    bls_aggregate_verify,
    bls_fast_aggregate_verify,
    bls_verify,
    bls_verify_codes,
    rsa_pss_verify_codes,
    rsa_pss_verify_one,
)
from public_vectors import cases, public_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def unhex(case: dict[str, str], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def variant_of(key: bytes) -> str:
    return "min-sig" if len(key) == 96 else "min-pk"


def orders(count: int) -> Iterator[list[int]]:
    """Rows in batches of several sizes, shuffled and repeated."""
    for seed, size in enumerate([1, 2, 13, count, 2 * count]):
        order = [place % count for place in range(2 * count)]
        random.Random(seed).shuffle(order)
        for start in range(0, min(len(order), 20 * size), size):
            yield order[start : start + size]


def check_batches(
    items: list[tuple[int, bytes, bytes, SignatureVerdict]], verify: Callable[..., list[int]]
) -> None:
    for order in orders(len(items)):
        ids, messages, signatures, verdicts = zip(*(items[at] for at in order), strict=True)
        found = verify(list(ids), list(messages), pa.array(signatures, pa.binary()))
        assert found == list(verdicts)


def test_bls_alone_and_in_batches() -> None:
    for path in sorted(public_vectors("signatures").glob("bls12381_verify*.json")):
        kinds = defaultdict(list)
        for case in cases(path):
            key, message, signature = unhex(case, "pub", "msg", "sig")
            kind = (variant_of(key), case["ciphersuite"].encode())
            verdict = bls_verify(*kind, key, message, signature)
            assert (verdict is SignatureVerdict.GOOD) is case["expect"]["valid"], case["id"]
            kinds[kind].append((key, message, signature, verdict))
        for (variant, tag), found in kinds.items():
            registry = BlsKeyRegistry(variant)
            items = [(registry.register(key), *rest) for key, *rest in found]
            check_batches(
                items, lambda *columns, r=registry, t=tag: bls_verify_codes(r, t, *columns).tolist()
            )
        print(f"{path.name}: {len(cases(path))} cases under {len(kinds)} tags and variants")


def test_bls_aggregates() -> None:
    for path in sorted(public_vectors("signatures").glob("bls12381_aggregate*.json")):
        for case in cases(path):
            keys = [bytes.fromhex(key) for key in case["pubs"]]
            messages = [bytes.fromhex(message) for message in case["msgs"]]
            (signature,) = unhex(case, "sig")
            registry = BlsKeyRegistry(variant_of(keys[0]) if keys else "min-pk")
            ids = [registry.register(key) for key in keys]
            tag = case["ciphersuite"].encode()
            for proven in (False, True):
                verdict = bls_aggregate_verify(
                    registry, tag, ids, messages, signature, possession_proven=proven
                )
                assert (verdict is SignatureVerdict.GOOD) is case["expect"]["valid"], case["id"]
            if len(keys) == len(messages) == 1:
                verdict = bls_fast_aggregate_verify(
                    registry, tag, ids, messages[0], signature, possession_proven=True
                )
                assert (verdict is SignatureVerdict.GOOD) is case["expect"]["valid"], case["id"]
        print(f"{path.name}: {len(cases(path))} cases")


def test_rsa_pss_alone_and_in_batches() -> None:
    profile = "sha256-salt32"
    for path in sorted(public_vectors("signatures").glob("rsa_pss_2048_sha256_salt32*.json")):
        registry = RsaKeyRegistry()
        items = []
        for case in cases(path):
            modulus, exponent, message, signature = unhex(case, "n", "e", "msg", "sig")
            verdict = rsa_pss_verify_one(profile, modulus, exponent, message, signature)
            assert (verdict is SignatureVerdict.GOOD) is case["expect"]["valid"], case["id"]
            items.append((registry.register(modulus, exponent), message, signature, verdict))
        check_batches(items, lambda *columns, r=registry: rsa_pss_verify_codes(profile, r, *columns).tolist())
        print(f"{path.name}: {len(items)} cases")
