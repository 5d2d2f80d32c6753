"""Signature checks against the libraries that Python programs call today.

Run with ``make bench-signatures`` or ``python -m benches.signatures [--items N]``. One thread, messages of 128 bytes,
processor time; a ratio is taken from our time and the peer's in turns, and the median of the turns is printed. Tables
of keys are built inside the clock unless a row says that they are kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from typing import TYPE_CHECKING

import chia_rs
import coincurve
import nacl.signing
import numpy as np
from benches.signature_items import SIGNED, Signed, bad_columns, sign
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from solders.pubkey import Pubkey
from solders.signature import Signature

from depinverify import _native
from depinverify.signature import (
    BlsKeyRegistry,
    KeyRegistry,
    SignatureVerdict,
    bls_public_key,
    bls_secret_key,
    bls_sign,
    bls_verify,
    bls_verify_many,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES = ("zip215", "cofactorless", "strict", "compact")
PEER_SECONDS = 0.7
PEER_ITEMS = 2000
AUGMENTED = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_AUG_"
MIN_SIG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def ours(profile: str, signed: Signed, registry: KeyRegistry | None = None, *, is_good: bool = True) -> float:
    """Seconds per item, registering of keys and building of tables included unless a registry is given."""
    started = time.process_time()
    registry = registry or KeyRegistry()
    ids = registry.register_many(signed.scheme, signed.keys, threads=1)
    good = verify(
        signed.scheme, profile, registry, ids[signed.key_of], signed.messages, signed.signatures, threads=1
    )
    seconds = time.process_time() - started
    assert good.all() or not is_good
    return seconds / len(good)


def peer(check: Callable[[int], object], rows: int) -> float:
    """Seconds per call."""
    check(0)
    done, started = 0, time.process_time()
    while time.process_time() - started < PEER_SECONDS:
        for row in range(done, done + 100):
            check(row % rows)
        done += 100
    return (time.process_time() - started) / done


def by_cryptography(signed: Signed) -> Callable[[int], object]:
    """``cryptography`` with key objects kept."""
    if signed.scheme == "ed25519":
        keys = [ed25519.Ed25519PublicKey.from_public_bytes(key) for key in signed.keys]
        items = _items(signed)
        return lambda row: keys[items[row][0]].verify(items[row][2], items[row][1])
    curve = ec.SECP256R1() if signed.scheme == "p256" else ec.SECP256K1()
    points = [ec.EllipticCurvePublicKey.from_encoded_point(curve, key) for key in signed.keys]
    rule = ec.ECDSA(hashes.SHA256())
    items = [(key, message, _der(signature)) for key, message, signature in _items(signed)]
    return lambda row: points[items[row][0]].verify(items[row][2], items[row][1], rule)


def by_nacl(signed: Signed) -> Callable[[int], object]:
    """PyNaCl with key objects kept."""
    keys = [nacl.signing.VerifyKey(key) for key in signed.keys]
    items = _items(signed)
    return lambda row: keys[items[row][0]].verify(items[row][1], items[row][2])


def by_solders(signed: Signed) -> Callable[[int], object]:
    """Solders with key and signature objects kept."""
    keys = [Pubkey.from_bytes(key) for key in signed.keys]
    items = [(key, message, Signature.from_bytes(made)) for key, message, made in _items(signed)]
    return lambda row: items[row][2].verify(keys[items[row][0]], items[row][1])


def by_coincurve(signed: Signed) -> Callable[[int], object]:
    """Coincurve with key objects kept."""
    keys = [coincurve.PublicKey(key) for key in signed.keys]
    items = [(key, message, _der(signature)) for key, message, signature in _items(signed)]
    return lambda row: keys[items[row][0]].verify(items[row][2], items[row][1])


def by_recovery(signed: Signed) -> Callable[[int], object]:
    """Coincurve recovering the key."""
    items = _items(signed)
    return lambda row: coincurve.PublicKey.from_signature_and_message(items[row][2], items[row][1])


def _items(signed: Signed) -> list[tuple[int, bytes, bytes]]:
    rows = range(min(len(signed.key_of), PEER_ITEMS))
    return [
        (int(signed.key_of[row]), signed.messages[row].tobytes(), signed.signatures[row].tobytes())
        for row in rows
    ]


def _der(signature: bytes) -> bytes:
    def integer(number: bytes) -> bytes:
        digits = number.lstrip(b"\0") or b"\0"
        digits = b"\0" + digits if digits[0] & 0x80 else digits
        return bytes([2, len(digits)]) + digits

    body = integer(signature[:32]) + integer(signature[32:64])
    return bytes([0x30, len(body)]) + body


def compare(
    name: str, profile: str, signed: Signed, check: Callable[[int], object], turns: int, *, kept: bool = False
) -> None:
    """Print the median ratio of a peer's time to ours."""
    registry = KeyRegistry() if kept else None
    if registry:
        ours(profile, signed, registry)
    rows = min(len(signed.key_of), PEER_ITEMS)
    print_ratio(name, lambda: ours(profile, signed, registry), lambda: peer(check, rows), turns)


def print_ratio(name: str, own: Callable[[], float], other: Callable[[], float], turns: int) -> None:
    """Print how many times longer the other takes, and our time."""
    ratios, times = [], []
    for _ in range(turns):
        times.append(own())
        ratios.append(other() / times[-1])
    each = statistics.median(times)
    print(
        f"{name:64} {statistics.median(ratios):6.1f}x   {1e6 * each:7.2f} us   {1 / each:9,.0f}/s", flush=True
    )


def bls(variant: str, turns: int, keys: int = 16, each: int = 64) -> None:
    """A column of BLS signatures against single checks."""
    tag = AUGMENTED if variant == "min-pk" else MIN_SIG
    secrets = [bls_secret_key(bytes([at + 1]) * 32) for at in range(keys)]
    publics = [bls_public_key(variant, secret) for secret in secrets]
    key_of = np.arange(keys * each) % keys
    messages = [publics[key] + row.to_bytes(80, "big") for row, key in enumerate(key_of)]
    signatures = [
        bls_sign(variant, tag, secrets[key], message) for key, message in zip(key_of, messages, strict=True)
    ]

    def own() -> float:
        started = time.process_time()
        registry = BlsKeyRegistry(variant)
        ids = np.array([registry.register(key) for key in publics])
        assert bls_verify_many(registry, tag, ids[key_of], messages, signatures, threads=1).all()
        return (time.process_time() - started) / len(key_of)

    if variant == "min-pk":
        points = [chia_rs.G1Element.from_bytes(key) for key in publics]
        sums = [chia_rs.G2Element.from_bytes(signature) for signature in signatures]

        def check(row: int) -> None:
            # Its scheme puts the key in front of the message by itself.
            assert chia_rs.AugSchemeMPL.verify(points[key_of[row]], messages[row][48:], sums[row])
    else:

        def check(row: int) -> None:
            verdict = bls_verify(variant, tag, publics[key_of[row]], messages[row], signatures[row])
            assert verdict is SignatureVerdict.GOOD

    name = "chia_rs" if variant == "min-pk" else "our single check"
    print_ratio(
        f"BLS {variant}, {keys} keys of {each} items: {name}", own, lambda: peer(check, len(key_of)), turns
    )


def bad_items(profile: str, signed: Signed, turns: int) -> None:
    """Cost of columns with bad items against good ones, the worst of several kinds."""

    def cost(column: Signed) -> float:
        registries = KeyRegistry(), KeyRegistry()
        shares = []
        for _ in range(turns + 3):
            good, bad = (
                ours(profile, items, registry, is_good=False)
                for items, registry in zip((signed, column), registries, strict=True)
            )
            shares.append(bad / good)
        # The first turn builds the tables.
        return statistics.median(shares[1:])

    for percent in (100, 1):
        costs = {kind: cost(signed.spoilt(column, percent)) for kind, column in bad_columns(signed).items()}
        worst = max(costs, key=lambda kind: costs[kind])
        name = f"{signed.scheme} {profile}: {percent} % bad items ({worst} worst)"
        print(f"{name:64} {costs[worst]:6.2f}x the time of good ones", flush=True)


def overhead(signed: Signed, turns: int) -> None:
    """What a call takes beyond checking: an item that its length refuses costs the call and nothing else."""
    registry = KeyRegistry()
    ids = registry.register_many(signed.scheme, signed.keys, threads=1)[signed.key_of]
    short = np.ascontiguousarray(signed.signatures[:, :63])

    def seconds(signatures: np.ndarray) -> float:
        started = time.process_time()
        verify(signed.scheme, "strict", registry, ids, signed.messages, signatures, threads=1)
        return time.process_time() - started

    seconds(signed.signatures)
    shares = [seconds(short) / seconds(signed.signatures) for _ in range(turns)]
    print(f"{'Python call: share of the time that is not checking':64} {statistics.median(shares):6.2%}")


def _openssl(seconds: float) -> int:
    check = by_cryptography(sign("ed25519", 1, 100))
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for row in range(100):
            check(row)
        done += 100
    return done


def scaling(signed: Signed, turns: int) -> None:
    """Two threads against one, as a share of what two processes of ``cryptography`` reach in the same minute."""
    registry = KeyRegistry()
    ids = registry.register_many(signed.scheme, signed.keys)[signed.key_of]

    def seconds(threads: int) -> float:
        started = time.perf_counter()
        verify(signed.scheme, "strict", registry, ids, signed.messages, signed.signatures, threads=threads)
        return time.perf_counter() - started

    seconds(2)
    shares = []
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_openssl, [0.2, 0.2])
        for _ in range(turns):
            single = pool.apply(_openssl, (2.0,))
            both = sum(pool.map(_openssl, [2.0, 2.0], chunksize=1))
            shares.append((seconds(1) / seconds(2)) / (both / single))
    print(f"{'two threads against one, as a share of two processes':64} {statistics.median(shares):6.2f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000, help="items of the longest columns")
    parser.add_argument("--turns", type=int, default=3, help="turns behind a ratio")
    given = parser.parse_args()
    items, turns = given.items, given.turns
    print(
        f"one thread, vector unit {_native.vector_unit()}; "
        "ratio of the peer's processor time to ours, our time per item\n"
    )
    few = sign("ed25519", 16).repeated(items)
    for profile in PROFILES:
        compare(f"Ed25519 {profile}, 16 keys: cryptography", profile, few, by_cryptography(few), turns)
    for name, check in (("solders", by_solders), ("PyNaCl", by_nacl)):
        compare(f"Ed25519 strict, 16 keys: {name}", "strict", few, check(few), turns)
    title = "Ed25519 strict, 16 keys, tables kept: cryptography"
    compare(title, "strict", few, by_cryptography(few), turns, kept=True)
    for keys, each in ((10_000, 100), (100_000, 8), (100_000, 1)):
        made = sign("ed25519", keys * items // 1_000_000, 1)
        many = made.repeated(len(made.keys) * each)
        title = f"Ed25519 strict, {len(made.keys):,} keys of {each} items: cryptography"
        compare(title, "strict", many, by_cryptography(many), turns)
    for scheme, curve, check in (
        ("p256", "P-256", by_cryptography),
        ("secp256k1", "secp256k1", by_coincurve),
    ):
        for keys in (16, 256):
            made = sign(scheme, keys).repeated(items)
            title = f"{curve}, {keys} keys: {check.__name__.removeprefix('by_')}"
            compare(title, "p1363-any_s", made, check(made), turns)
    made = sign("recoverable", 16).repeated(items)
    title = "recoverable, key known, 16 keys: coincurve recover"
    compare(title, "recoverable-any_s", made, by_recovery(made), turns)
    bls("min-pk", turns)
    bls("min-sig", turns)
    for scheme, profiles in (
        ("ed25519", ("strict", "zip215")),
        ("p256", ("p1363-any_s",)),
        ("secp256k1", ("p1363-any_s",)),
    ):
        made = sign(scheme, 16).repeated(min(items, 32 * SIGNED))
        for profile in profiles:
            bad_items(profile, made, turns)
    overhead(few, turns)
    scaling(few, turns)


if __name__ == "__main__":
    main()
