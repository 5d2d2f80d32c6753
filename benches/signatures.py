"""Signature checks against the libraries that Python programs call today.

Run with ``make bench-signatures`` or ``python -m benches.signatures [--items N]``. One thread, messages of 128 bytes,
processor time; a ratio is taken from our time and the peer's in turns, and the median of the turns is printed. Tables
of keys are built inside the clock unless a row says that they are kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

import coincurve
import nacl.signing
import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from depinverify.signature import KeyRegistry, verify

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES = ("zip215", "cofactorless", "strict", "compact")
SIGNED = 8192
"""Signatures that are really made; longer columns repeat them."""
PEER_SECONDS = 0.7


class Signed(NamedTuple):
    """Signatures in columns, and how many keys made them."""

    scheme: str
    keys: list[bytes]
    key_of: np.ndarray
    messages: np.ndarray
    signatures: np.ndarray

    def repeated(self, items: int) -> Signed:
        """As many items, in an order in which keys alternate."""
        rows = np.arange(items) % len(self.key_of)
        return self._replace(
            key_of=self.key_of[rows], messages=self.messages[rows], signatures=self.signatures[rows]
        )


def sign(scheme: str, keys: int, each: int = 0) -> Signed:
    """Sign with so many keys; ``each`` messages a key, or as many as make ``SIGNED`` in all."""
    each = each or max(1, SIGNED // keys)
    rng = np.random.default_rng(1)
    messages = rng.integers(0, 256, (keys * each, 128), dtype=np.uint8)
    make = {"ed25519": _ed25519, "p256": _p256, "secp256k1": _secp256k1, "recoverable": _recoverable}[scheme]
    signers = [make(at) for at in range(keys)]
    key_of = np.arange(keys * each) % keys
    signed = b"".join(signers[key][1](messages[row].tobytes()) for row, key in enumerate(key_of))
    signatures = np.frombuffer(signed, dtype=np.uint8).reshape(keys * each, -1)
    scheme = "secp256k1" if scheme == "recoverable" else scheme
    return Signed(scheme, [public for public, _ in signers], key_of, messages, signatures)


def _ed25519(at: int) -> tuple[bytes, Callable[[bytes], bytes]]:
    key = ed25519.Ed25519PrivateKey.from_private_bytes((at + 1).to_bytes(32, "big"))
    return key.public_key().public_bytes_raw(), key.sign


def _p256(at: int) -> tuple[bytes, Callable[[bytes], bytes]]:
    key = ec.derive_private_key(at + 1000, ec.SECP256R1())

    def sign_message(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return point, sign_message


def _secp256k1(at: int) -> tuple[bytes, Callable[[bytes], bytes]]:
    public, sign_message = _recoverable(at)
    return public, lambda message: sign_message(message)[:64]


def _recoverable(at: int) -> tuple[bytes, Callable[[bytes], bytes]]:
    key = coincurve.PrivateKey.from_int(at + 1000)
    return key.public_key.format(), key.sign_recoverable


def ours(profile: str, signed: Signed, registry: KeyRegistry | None = None) -> float:
    """Seconds per item, registering of keys and building of tables included unless a registry is given."""
    started = time.process_time()
    registry = registry or KeyRegistry()
    ids = registry.register_many(signed.scheme, signed.keys, threads=1)
    good = verify(
        signed.scheme, profile, registry, ids[signed.key_of], signed.messages, signed.signatures, threads=1
    )
    seconds = time.process_time() - started
    assert good.all()
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
    rows = range(min(len(signed.key_of), 2000))
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
    ratios, times = [], []
    for _ in range(turns):
        times.append(ours(profile, signed, registry))
        ratios.append(peer(check, 2000) / times[-1])
    each = statistics.median(times)
    print(
        f"{name:64} {statistics.median(ratios):6.1f}x   {1e6 * each:6.2f} us   {1 / each:9,.0f}/s", flush=True
    )


def bad_items(profile: str, signed: Signed) -> None:
    """Cost of columns of bad items against good ones, the worst of several kinds."""
    registry = KeyRegistry()
    ids = registry.register_many(signed.scheme, signed.keys, threads=1)

    def seconds(messages: np.ndarray, signatures: np.ndarray) -> float:
        times = []
        for _ in range(5):
            started = time.process_time()
            verify(signed.scheme, profile, registry, ids[signed.key_of], messages, signatures, threads=1)
            times.append(time.process_time() - started)
        return statistics.median(times)

    rng = np.random.default_rng(2)
    good = seconds(signed.messages, signed.signatures)
    other = signed.messages.copy()
    other[:, 0] ^= 1
    random_s = signed.signatures.copy()
    random_s[:, 32:63] = rng.integers(0, 256, (len(random_s), 31), dtype=np.uint8)
    random_s[:, 63] = 0
    random_r = signed.signatures.copy()
    random_r[:, 1:31] = rng.integers(0, 256, (len(random_r), 30), dtype=np.uint8)
    columns = {
        "other message": (other, signed.signatures),
        "random S": (signed.messages, random_s),
        "random R": (signed.messages, random_r),
    }
    for share in (100, 1):
        worst = max((_mixed_cost(seconds, signed, column, share), kind) for kind, column in columns.items())
        name = f"{signed.scheme} {profile}: {share} % bad items ({worst[1]} worst)"
        print(f"{name:64} {worst[0] / good:6.2f}x the time of good ones", flush=True)


def _mixed_cost(
    seconds: Callable[[np.ndarray, np.ndarray], float],
    signed: Signed,
    bad: tuple[np.ndarray, np.ndarray],
    share: int,
) -> float:
    rows = np.arange(len(signed.key_of)) % 100 < share
    messages = np.where(rows[:, None], bad[0], signed.messages)
    signatures = np.where(rows[:, None], bad[1], signed.signatures)
    return seconds(messages, signatures)


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
    unit = os.environ.get("DEPINVERIFY_SIMD", "the best unit")
    print(f"one thread, {unit}; ratio of the peer's processor time to ours, our time per item\n")
    few = sign("ed25519", 16).repeated(items)
    for profile in PROFILES:
        compare(f"Ed25519 {profile}, 16 keys: cryptography", profile, few, by_cryptography(few), turns)
    compare("Ed25519 strict, 16 keys: PyNaCl", "strict", few, by_nacl(few), turns)
    compare(
        "Ed25519 strict, 16 keys, tables kept: cryptography",
        "strict",
        few,
        by_cryptography(few),
        turns,
        kept=True,
    )
    for keys, each in ((10_000, 100), (100_000, 8), (100_000, 1)):
        made = sign("ed25519", keys * items // 1_000_000, 1)
        many = made.repeated(len(made.keys) * each)
        name = f"Ed25519 strict, {len(made.keys):,} keys of {each} items: cryptography"
        compare(name, "strict", many, by_cryptography(many), turns)
    for scheme, title, check in (
        ("p256", "P-256", by_cryptography),
        ("secp256k1", "secp256k1", by_coincurve),
    ):
        for keys in (16, 256):
            made = sign(scheme, keys).repeated(items)
            peer_name = check.__name__.removeprefix("by_")
            compare(f"{title}, {keys} keys: {peer_name}", "p1363-any_s", made, check(made), turns)
    made = sign("recoverable", 16).repeated(items)
    compare(
        "recoverable, key known, 16 keys: coincurve recover",
        "recoverable-any_s",
        made,
        by_recovery(made),
        turns,
    )
    bad_items("strict", few)
    bad_items("zip215", few)
    bad_items("p1363-any_s", sign("p256", 16).repeated(items // 4))
    scaling(few, turns)


if __name__ == "__main__":
    main()
