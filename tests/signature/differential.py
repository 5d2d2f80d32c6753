"""Columns of difficult signatures, checked by the engine and by the libraries whose rules it names.

``python -m tests.signature.differential --minutes 30`` goes on until the time is over, or stops at the first
difference and prints it. Ed25519 is compared with OpenSSL (``cofactorless``) and libsodium (``strict``), P-256 with
OpenSSL, secp256k1 with OpenSSL and libsecp256k1 (``low_s``). Every choice comes from the seed.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.reference import libraries
from tests.reference import signatures as reference

from depinverify import _native
from depinverify.signature import KeyRegistry, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    Library = Callable[[bytes, bytes, bytes], bool]

_SCALARS, _SMALL, _KEYS = 48, 12, 40


class Item(NamedTuple):
    """Key, message and signature; ECDSA as r and s of 32 bytes each."""

    key: bytes
    message: bytes
    signature: bytes


class Ed25519Maker:
    """Signatures of keys and commitments that may have a part of small order, some of them changed."""

    def __init__(self, rng: random.Random) -> None:
        torsion = [reference.edwards_multiply(factor, reference.TORSION) for factor in range(8)]
        self.points = []
        for at in range(_SCALARS):
            scalar = at if at < _SMALL else rng.randrange(reference.L)
            point = reference.edwards_multiply(scalar, reference.B)
            for part in torsion:
                for encoded in _encodings(reference.edwards_add(point, part)):
                    self.points.append((scalar, encoded))
        self.honest = [(scalar, encoded) for scalar, encoded in self.points[:: len(torsion)] if scalar]

    def item(self, rng: random.Random) -> Item:
        """One signature."""
        (a, key), (r, commitment) = (
            rng.choice(self.points if rng.random() < 0.5 else self.honest) for _ in range(2)
        )
        message = rng.randbytes(rng.choice((0, 1, 32, 64, 111, 128, 175, 176, 300)))
        k = int.from_bytes(hashlib.sha512(commitment + key + message).digest(), "little")
        s = (r + k * a) % reference.L
        if rng.random() < 0.05:
            s += reference.L
        return _changed(rng, Item(key, message, commitment + s.to_bytes(32, "little")))


def _encodings(point: tuple[int, int]) -> list[bytes]:
    """Every way to write a point: y above p where it fits, either sign where x is zero."""
    x, y = point
    signs = (0, 1) if x == 0 else (x % 2,)
    return [
        (number | sign << 255).to_bytes(32, "little")
        for number in ((y, y + reference.P) if y < 19 else (y,))
        for sign in signs
    ]


class EcdsaMaker:
    """Signatures with small and large nonces, of small multiples of the generator, and of keys made to meet."""

    def __init__(self, rng: random.Random, scheme: str) -> None:
        self.curve = curve = reference.CURVES[scheme]
        factors = [*range(1, _SMALL), *(curve.n - at for at in range(1, _SMALL))]
        factors += [rng.randrange(1, curve.n) for _ in range(_KEYS)]
        self.points = [(factor, _affine(curve, factor)) for factor in factors]
        self.meeting = []
        for _ in range(_SMALL):
            message, r = rng.randbytes(40), rng.randrange(1, curve.n)
            e = int.from_bytes(hashlib.sha256(message).digest(), "big")
            for sign in (1, -1):
                point = _affine(curve, sign * e * pow(r, -1, curve.n) % curve.n)
                self.meeting.append((_compressed(point), message, r))

    def item(self, rng: random.Random) -> Item:
        """One signature."""
        n = self.curve.n
        if rng.random() < 0.1:
            key, message, r = rng.choice(self.meeting)
            return Item(key, message, _pair(r, rng.randrange(1, n)))
        (d, q), (k, point) = rng.choice(self.points), rng.choice(self.points)
        message = rng.randbytes(rng.choice((0, 1, 55, 56, 64, 128)))
        e = int.from_bytes(hashlib.sha256(message).digest(), "big")
        r = point[0] % n
        s = pow(k, -1, n) * (e + r * d) % n
        if rng.random() < 0.3:
            s = n - s
        special = rng.choice((0, 1, n - 1, n, n + 1, 2**256 - 1, (n + 1) // 2))
        if rng.random() < 0.05:
            r = special
        elif rng.random() < 0.05:
            s = special
        return _changed(rng, Item(_compressed(q), message, _pair(r, s % 2**256)))


def _affine(curve: reference.Curve, factor: int) -> tuple[int, int]:
    point = reference.multiply(curve, factor, curve.g)
    assert point is not None
    return point


def _compressed(point: tuple[int, int]) -> bytes:
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def _pair(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _changed(rng: random.Random, item: Item) -> Item:
    """The item, or half the time with one bit of one of its parts turned over."""
    part = rng.choice((None, None, None, "key", "message", "signature"))
    old = getattr(item, part) if part else b""
    if not old:
        return item
    bit = rng.randrange(8 * len(old))
    new = bytearray(old)
    new[bit // 8] ^= 1 << bit % 8
    return item._replace(**{str(part): bytes(new)})


def _der(signature: bytes) -> bytes:
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    return reference.der(r, s)


def _openssl_ecdsa(scheme: str) -> Library:
    return lambda key, message, signature: libraries.openssl_ecdsa(scheme, key, message, _der(signature))


def _libsecp256k1(key: bytes, message: bytes, signature: bytes) -> bool:
    return libraries.libsecp256k1(key, message, _der(signature))


#: Scheme, profile, library.
LAWS: list[tuple[str, str, Library]] = [
    ("ed25519", "cofactorless", libraries.openssl_ed25519),
    ("ed25519", "strict", libraries.libsodium),
    ("p256", "p1363-any_s", _openssl_ecdsa("p256")),
    ("secp256k1", "p1363-any_s", _openssl_ecdsa("secp256k1")),
    ("secp256k1", "p1363-low_s", _libsecp256k1),
]


def differences(seed: int, makers: dict[str, Ed25519Maker | EcdsaMaker]) -> tuple[int, list[str]]:
    """Compare one column under every law; how many verdicts were compared, and what differed."""
    rng = random.Random(seed)
    compared, found = 0, []
    for scheme, profile, library in LAWS:
        items = [makers[scheme].item(rng) for _ in range(rng.choice((1, 3, 9, 40, 150)))]
        expected = [library(*item) for item in items]
        # Few of a key are checked without a table, more with narrow or wide ones.
        rows = [row for row in range(len(items)) for _ in range(rng.choice((1, 1, 2, 5, 40)))]
        rng.shuffle(rows)
        registry = KeyRegistry()
        ids = registry.register_many(scheme, [item.key for item in items], threads=1)
        column = [items[row] for row in rows]
        good = verify(
            scheme,
            profile,
            registry,
            ids[rows],
            [item.message for item in column],
            [item.signature for item in column],
            threads=rng.choice((1, 2)),
        )
        compared += len(rows)
        found += [
            f"{scheme} {profile} seed {seed}: expected {expected[row]}, found {bool(verdict)}: {items[row]}"
            for row, verdict in zip(rows, good, strict=True)
            if expected[row] != verdict
        ]
    return compared, found


def makers_of(seed: int) -> dict[str, Ed25519Maker | EcdsaMaker]:
    rng = random.Random(seed)
    return {
        "ed25519": Ed25519Maker(rng),
        "p256": EcdsaMaker(rng, "p256"),
        "secp256k1": EcdsaMaker(rng, "secp256k1"),
    }


def main() -> None:
    """Compare until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    end, seed, compared = time.monotonic() + 60 * given.minutes, given.seed << 32, 0
    while time.monotonic() < end:
        makers = makers_of(seed)
        for _ in range(200):
            seed += 1
            count, found = differences(seed, makers)
            compared += count
            if found:
                sys.exit("\n".join(found))
    print(
        f"{_native.vector_unit()}: {compared:,} verdicts in {seed - (given.seed << 32):,} columns, no difference"
    )


if __name__ == "__main__":
    main()
