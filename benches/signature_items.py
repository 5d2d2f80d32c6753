"""Columns of signatures for the bench: good ones, and ones that somebody made to be refused, or to be slow."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import coincurve
import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.reference import signatures as plain

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNED = 8192
"""Signatures that are really made; longer columns repeat them."""
MESSAGE_BYTES = 128


class Signed(NamedTuple):
    """Signatures in columns, and the keys that they are checked with."""

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

    def spoilt(self, other: Signed, percent: int) -> Signed:
        """This column with so many rows of every hundred from another one, whose keys are put behind."""
        rows = np.arange(len(self.key_of)) % 100 < percent
        key_of = np.where(rows, other.key_of + len(self.keys), self.key_of)
        return self._replace(
            keys=[*self.keys, *other.keys],
            key_of=key_of,
            messages=np.where(rows[:, None], other.messages, self.messages),
            signatures=np.where(rows[:, None], other.signatures, self.signatures),
        )


def sign(scheme: str, keys: int, each: int = 0) -> Signed:
    """Sign with so many keys; ``each`` messages a key, or as many as make ``SIGNED`` in all."""
    each = each or max(1, SIGNED // keys)
    rng = np.random.default_rng(1)
    messages = rng.integers(0, 256, (keys * each, MESSAGE_BYTES), dtype=np.uint8)
    make = {"ed25519": _ed25519, "p256": _p256, "secp256k1": _secp256k1, "recoverable": _recoverable}[scheme]
    signers = [make(at) for at in range(keys)]
    key_of = np.arange(keys * each) % keys
    signed = b"".join(signers[key][1](messages[row].tobytes()) for row, key in enumerate(key_of))
    scheme = "secp256k1" if scheme == "recoverable" else scheme
    return Signed(scheme, [public for public, _ in signers], key_of, messages, _rows(signed, len(key_of)))


def _rows(joined: bytes, count: int) -> np.ndarray:
    return np.frombuffer(joined, dtype=np.uint8).reshape(count, -1)


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


def bad_columns(signed: Signed) -> dict[str, Signed]:
    """Columns as long as this one in which no item is good, by what is wrong with them.

    As many items differ as were signed, so that neither column is nearer to the processor than the other.
    """
    rng = np.random.default_rng(2)
    rows = np.arange(len(signed.key_of)) % SIGNED

    def noise(width: int) -> np.ndarray:
        return rng.integers(0, 256, (SIGNED, width), dtype=np.uint8)[rows]

    random_s, random_r = signed.signatures.copy(), signed.signatures.copy()
    if signed.scheme == "ed25519":
        random_s[:, 32:63] = noise(31)
        random_s[:, 63] = 0
    else:
        random_s[:, 33:64] = noise(31)
    random_r[:, 1:31] = noise(30)
    found = {
        "wrong key": signed._replace(key_of=(signed.key_of + 1) % len(signed.keys)),
        "random S": signed._replace(signatures=random_s),
        "random R": signed._replace(signatures=random_r),
    }
    if signed.scheme == "ed25519":
        found["R with torsion"] = signed._replace(signatures=_with_torsion(signed)[rows])
        found["non-canonical A of small order"] = signed._replace(keys=_small_keys(len(signed.keys)))
    else:
        found["u1 G = u2 Q"] = _meeting(signed, rng, noise(64))
    return found


def _with_torsion(signed: Signed) -> np.ndarray:
    """R moved by a point of order 8: refused by profiles without the cofactor, since k changes by all."""
    rows = signed.signatures[:SIGNED].copy()
    torsion = plain.TORSION
    assert torsion is not None
    for row in rows:
        point = plain.decode_permissively(row[:32].tobytes())
        assert point is not None
        row[:32] = np.frombuffer(plain.encode(plain.edwards_add(point, torsion)), dtype=np.uint8)
    return rows


def _small_keys(count: int) -> list[bytes]:
    """Encodings of points of small order: y = 1 + p, and those of order 8, whose tables hold infinity."""
    torsion = plain.TORSION
    assert torsion is not None
    points = [plain.encode(plain.edwards_multiply(factor, torsion)) for factor in (1, 3, 5, 7)]
    encodings = [(plain.P + 1).to_bytes(32, "little"), *points]
    return [encodings[at % len(encodings)] for at in range(count)]


def _meeting(signed: Signed, rng: np.random.Generator, signatures: np.ndarray) -> Signed:
    """Signatures whose two partial sums are equal points: the key is chosen as (e / r) G, and S is anything."""
    curve = plain.CURVES[signed.scheme]
    message = signed.messages[0]
    e = int.from_bytes(hashlib.sha256(message.tobytes()).digest(), "big") % curve.n
    rs = [int.from_bytes(rng.bytes(31), "big") for _ in signed.keys]
    keys = []
    for r in rs:
        point = plain.multiply(curve, e * pow(r, -1, curve.n) % curve.n, curve.g)
        assert point is not None
        keys.append(bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big"))
    signatures[:, 32] = 0
    by_key = _rows(b"".join(r.to_bytes(32, "big") for r in rs), len(rs))
    signatures[:, :32] = by_key[signed.key_of]
    messages = np.broadcast_to(message, signed.messages.shape)
    return signed._replace(keys=keys, messages=messages, signatures=signatures)
