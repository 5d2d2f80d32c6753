"""Groth16 keys whose secrets are known, and proofs under them that anybody can make, in plain integers.

In: a number of inputs; inputs. Out: the bytes of a ``.vk`` file, and of proofs that hold under it. Rule: Filecoin, B5.
Invariant: such a key differs from a real one only in that its secrets are not lost. Everything about the curve follows
from its one parameter, and its points are found here, not taken from anywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

#: The curve's parameter.
Z = -0xD201000000010000
#: Order of the subgroups, prime of the coordinates, cofactors.
R = Z**4 - Z**2 + 1
P = (Z - 1) ** 2 * R // 3 + Z
H1 = (Z - 1) ** 2 // 3
H2 = (Z**8 - 4 * Z**7 + 5 * Z**6 - 4 * Z**4 + 6 * Z**3 - 4 * Z**2 - 4 * Z + 13) // 9

#: A coordinate, ``a + b * i``; in G1 the second part is zero.
Coordinate = tuple[int, int]
#: A point that is not infinite.
Point = tuple[Coordinate, Coordinate]

B1: Coordinate = (4, 0)
B2: Coordinate = (4, 4)


def add(a: Coordinate, b: Coordinate) -> Coordinate:
    return (a[0] + b[0]) % P, (a[1] + b[1]) % P


def sub(a: Coordinate, b: Coordinate) -> Coordinate:
    return (a[0] - b[0]) % P, (a[1] - b[1]) % P


def mul(a: Coordinate, b: Coordinate) -> Coordinate:
    return (a[0] * b[0] - a[1] * b[1]) % P, (a[0] * b[1] + a[1] * b[0]) % P


def inverse(a: Coordinate) -> Coordinate:
    norm = pow(a[0] * a[0] + a[1] * a[1], -1, P)
    return a[0] * norm % P, -a[1] * norm % P


def power(a: Coordinate, exponent: int) -> Coordinate:
    result: Coordinate = (1, 0)
    for bit in f"{exponent:b}":
        result = mul(result, result)
        if bit == "1":
            result = mul(result, a)
    return result


def root(a: Coordinate) -> Coordinate | None:
    """A square root, where there is one."""
    first = power(a, (P - 3) // 4)
    candidate = mul(first, a)
    square = mul(first, candidate)
    if square == (P - 1, 0):
        candidate = mul((0, 1), candidate)
    else:
        candidate = mul(power(add((1, 0), square), (P - 1) // 2), candidate)
    return candidate if mul(candidate, candidate) == a else None


def plus(one: Point | None, other: Point | None) -> Point | None:
    """The sum of two points; ``None`` is the infinite one."""
    if one is None or other is None:
        return other if one is None else one
    (x1, y1), (x2, y2) = one, other
    if x1 == x2:
        if add(y1, y2) == (0, 0):
            return None
        slope = mul(mul((3, 0), mul(x1, x1)), inverse(add(y1, y1)))
    else:
        slope = mul(sub(y2, y1), inverse(sub(x2, x1)))
    x = sub(sub(mul(slope, slope), x1), x2)
    return x, sub(mul(slope, sub(x1, x)), y1)


def times(point: Point | None, scalar: int) -> Point | None:
    result = None
    for bit in f"{scalar:b}":
        result = plus(result, result)
        if bit == "1":
            result = plus(result, point)
    return result


def minus(point: Point) -> Point:
    return point[0], sub((0, 0), point[1])


def on_curve(start: Coordinate, b: Coordinate) -> Point:
    """The first point from an x on, which lies on the curve but perhaps not in the subgroup."""
    x, is_g1 = start, b == B1
    # Every number of the smaller field has a root in the larger one, but only some have one of their own.
    while (y := root(add(mul(x, mul(x, x)), b))) is None or (is_g1 and y[1]):
        x = add(x, (1, 0))
    return x, y


def finite(point: Point | None) -> Point:
    assert point is not None
    return point


def g1_point(start: int = 1) -> Point:
    """A point of G1's subgroup."""
    return finite(times(on_curve((start, 0), B1), H1))


def g2_point() -> Point:
    """A point of G2's subgroup."""
    return finite(times(on_curve((1, 1), B2), H2))


def uncompressed(point: Point, *, is_g2: bool) -> bytes:
    parts = (number for a, b in point for number in ((b, a) if is_g2 else (a,)))
    return b"".join(number.to_bytes(48, "big") for number in parts)


def compressed(point: Point, *, is_g2: bool) -> bytes:
    x, (a, b) = point
    is_larger = (b or a) > P // 2
    content = bytearray(uncompressed((x, x), is_g2=is_g2)[: 96 if is_g2 else 48])
    content[0] |= 0xA0 if is_larger else 0x80
    return bytes(content)


def g1_from_compressed(data: bytes) -> Point:
    """The point of 48 bytes that are known to be one."""
    x = (int.from_bytes(data, "big") & (1 << 381) - 1, 0)
    y = root(add(mul(x, mul(x, x)), B1))
    assert y is not None
    is_larger = bool(data[0] & 0x20)
    return x, y if (y[0] > P // 2) is is_larger else sub((0, 0), y)


def secret(name: str, number: int) -> int:
    """A scalar that a name and a number lead to."""
    return int.from_bytes(hashlib.sha512(f"{name} {number}".encode()).digest(), "big") % R


@dataclass(frozen=True)
class MadeKey:
    """The secrets of a key. Its points for inputs are a progression, so that thousands are made by additions."""

    inputs: int
    g1: Point = field(default_factory=g1_point)
    g2: Point = field(default_factory=g2_point)

    def _secret(self, name: str) -> int:
        return secret(name, self.inputs)

    def _ic(self, place: int) -> int:
        return (self._secret("ic") + place * self._secret("step")) % R

    def file(self) -> bytes:
        """The ``.vk`` file."""

        def written(name: str, *, is_g2: bool) -> bytes:
            point = times(self.g2 if is_g2 else self.g1, self._secret(name))
            return uncompressed(finite(point), is_g2=is_g2)

        header = [("alpha", False), ("beta", False), ("beta", True)]
        header += [("gamma", True), ("delta", False), ("delta", True)]
        parts = [written(name, is_g2=is_g2) for name, is_g2 in header]
        parts.append((self.inputs + 1).to_bytes(4, "big"))
        step, point = times(self.g1, self._secret("step")), times(self.g1, self._ic(0))
        for _ in range(self.inputs + 1):
            parts.append(uncompressed(finite(point), is_g2=False))
            point = plus(point, step)
        return b"".join(parts)

    def prove(self, inputs: bytes, number: int = 0) -> bytes:
        """A proof of these inputs, scalars of 32 bytes little endian; each number makes another one."""
        b, c = secret("b", number), secret("c", number)
        total = self._ic(0)
        for place in range(self.inputs):
            total += self._ic(place + 1) * int.from_bytes(inputs[32 * place : 32 * place + 32], "little")
        alpha, beta, gamma, delta = map(self._secret, ("alpha", "beta", "gamma", "delta"))
        a = (alpha * beta + total * gamma + c * delta) * pow(b, -1, R) % R
        points = [(self.g1, a, False), (self.g2, b, True), (self.g1, c, False)]
        return b"".join(
            compressed(finite(times(point, scalar)), is_g2=is_g2) for point, scalar, is_g2 in points
        )
