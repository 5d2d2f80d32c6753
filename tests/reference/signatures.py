"""Slow and obvious signature checks on Python's integers: the oracle of the tests.

Everything is written from the equations: affine points, textbook addition, no tricks, nothing shared with the
product.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

# Ed25519

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1)


def edwards_add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def edwards_multiply(factor: int, point: tuple[int, int]) -> tuple[int, int]:
    result = NEUTRAL
    while factor:
        if factor & 1:
            result = edwards_add(result, point)
        point = edwards_add(point, point)
        factor >>= 1
    return result


def edwards_negate(point: tuple[int, int]) -> tuple[int, int]:
    return -point[0] % P, point[1]


def square_root(square: int) -> int | None:
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return root if root * root % P == square else None


def decode_permissively(encoded: bytes) -> tuple[int, int] | None:
    """Reduce y, and ignore the sign where x is zero."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number % 2**255 % P
    x = square_root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    if x is None:
        return None
    return (-x % P if x % 2 != sign else x), y


def encode(point: tuple[int, int]) -> bytes:
    return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")


def base_point() -> tuple[int, int]:
    point = decode_permissively((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert point is not None
    return point


B = base_point()
TORSION = decode_permissively(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
)
assert TORSION is not None
assert edwards_multiply(8, TORSION) == NEUTRAL != edwards_multiply(4, TORSION)


def commitment(a: tuple[int, int], key: bytes, message: bytes, signature: bytes) -> tuple[int, int]:
    """S B - k A."""
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    s = int.from_bytes(signature[32:], "little")
    return edwards_add(edwards_multiply(s, B), edwards_negate(edwards_multiply(k, a)))


def ed25519(profile: str, key: bytes, message: bytes, signature: bytes) -> bool:  # noqa: PLR0911 - a list of refusals
    if len(key) != 32 or len(signature) != 64:
        return False
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    a, r = decode_permissively(key), decode_permissively(r_bytes)
    if a is None or s >= L:
        return False
    expected = commitment(a, key, message, signature)
    if profile in {"cofactorless", "strict"}:
        if profile == "strict" and (
            edwards_multiply(8, a) == NEUTRAL or r is None or edwards_multiply(8, r) == NEUTRAL
        ):
            return False
        return encode(expected) == r_bytes
    if r is None:
        return False
    if profile.startswith("compact"):
        low = key[:31] + bytes([key[31] & 0x7F])
        if key == bytes(32) or low == b"\1" + bytes(31):
            return False
        if profile == "compact-canonical_points" and (encode(a) != key or encode(r) != r_bytes):
            return False
    return edwards_multiply(8, edwards_add(expected, edwards_negate(r))) == NEUTRAL


# ECDSA


@dataclass(frozen=True)
class Curve:
    """y^2 = x^3 + a x + b modulo p; g has order n."""

    p: int
    a: int
    b: int
    g: tuple[int, int]
    n: int


P256 = Curve(
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    a=-3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    g=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
)
SECP256K1 = Curve(
    p=2**256 - 2**32 - 977,
    a=0,
    b=7,
    g=(
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    ),
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
)
CURVES = {"p256": P256, "secp256k1": SECP256K1}

Point = tuple[int, int] | None


def add(curve: Curve, a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    (x1, y1), (x2, y2) = a, b
    if x1 == x2:
        if (y1 + y2) % curve.p == 0:
            return None
        slope = (3 * x1 * x1 + curve.a) * pow(2 * y1, -1, curve.p)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, curve.p)
    x = (slope * slope - x1 - x2) % curve.p
    return x, (slope * (x1 - x) - y1) % curve.p


def multiply(curve: Curve, factor: int, point: Point) -> Point:
    result = None
    while factor:
        if factor & 1:
            result = add(curve, result, point)
        point = add(curve, point, point)
        factor >>= 1
    return result


def is_on(curve: Curve, x: int, y: int) -> bool:
    return x < curve.p and y < curve.p and (y * y - x**3 - curve.a * x - curve.b) % curve.p == 0


def root(curve: Curve, x: int, *, odd: bool) -> int | None:
    """The y above x with this parity; both moduli are 3 modulo 4."""
    y = pow(x**3 + curve.a * x + curve.b, (curve.p + 1) // 4, curve.p)
    if not is_on(curve, x, y):
        return None
    return y if y % 2 == odd else curve.p - y


def sec1(curve: Curve, key: bytes) -> Point:
    if len(key) == 65 and key[0] == 4:
        x, y = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")
        return (x, y) if is_on(curve, x, y) else None
    if len(key) == 33 and key[0] in {2, 3}:
        x = int.from_bytes(key[1:], "big")
        compressed = root(curve, x, odd=key[0] == 3)
        return None if compressed is None else (x, compressed)
    return None


def der_integer(number: int) -> bytes:
    body = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(body)]) + body


def der(r: int, s: int) -> bytes:
    body = der_integer(r) + der_integer(s)
    return bytes([0x30, len(body)]) + body


def undo_der(signature: bytes) -> tuple[int, int] | None:
    """Read leniently, write exactly, and demand the same bytes: what is left is DER."""
    if len(signature) > 72:
        return None
    try:
        length = signature[3]
        r = int.from_bytes(signature[4 : 4 + length], "big")
        s = int.from_bytes(signature[6 + length : 6 + length + signature[5 + length]], "big")
    except IndexError:
        return None
    return (r, s) if der(r, s) == signature else None


def ecdsa(scheme: str, encoding: str, s_policy: str, key: bytes, digest: bytes, signature: bytes) -> bool:
    curve = CURVES[scheme]
    q = sec1(curve, key)
    if encoding == "der":
        numbers = undo_der(signature)
    else:
        halves = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        numbers = halves if len(signature) == 64 else None
    if q is None or numbers is None:
        return False
    r, s = numbers
    if not (1 <= r < curve.n and 1 <= s < curve.n) or (s_policy == "low_s" and s > (curve.n - 1) // 2):
        return False
    e, w = int.from_bytes(digest, "big"), pow(s, -1, curve.n)
    x = add(curve, multiply(curve, e * w % curve.n, curve.g), multiply(curve, r * w % curve.n, q))
    return x is not None and x[0] % curve.n == r


def recover(digest: bytes, signature: bytes, s_policy: str) -> bytes | None:
    """The uncompressed secp256k1 key that made a 65-byte signature."""
    curve = SECP256K1
    if len(signature) != 65 or signature[64] not in {0, 1, 27, 28}:
        return None
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (1 <= r < curve.n and 1 <= s < curve.n) or (s_policy == "low_s" and s > (curve.n - 1) // 2):
        return None
    y = root(curve, r, odd=signature[64] in {1, 28})
    if y is None:
        return None
    e, w = int.from_bytes(digest, "big"), pow(r, -1, curve.n)
    q = add(curve, multiply(curve, s * w % curve.n, (r, y)), multiply(curve, -e * w % curve.n, curve.g))
    return None if q is None else b"\4" + q[0].to_bytes(32, "big") + q[1].to_bytes(32, "big")
