"""Chance derived from the seed: the same numbers on any machine, in any order and process.

In: seed and labels (who, when, what for). Out: integers, never floats: rounding must not differ between
machines.
"""

from __future__ import annotations

import hashlib

__all__ = ["Chance", "Seed"]

_BLOCK = 64


class Chance:
    """A stream of numbers for one purpose."""

    __slots__ = ("_at", "_block", "_counter", "_key")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._counter = 0
        self._block = b""
        self._at = _BLOCK

    def below(self, limit: int) -> int:
        """An integer in ``0..limit-1``; 64 bits are drawn, so the bias is far below anything measurable."""
        if self._at >= _BLOCK:
            self._block = hashlib.blake2b(self._counter.to_bytes(8), key=self._key).digest()
            self._counter += 1
            self._at = 0
        number = int.from_bytes(self._block[self._at : self._at + 8])
        self._at += 8
        return number * limit >> 64

    def between(self, low: int, high: int) -> int:
        """An integer in ``low..high``, both ends included."""
        return low + self.below(high - low + 1)

    def happens(self, numerator: int, denominator: int) -> bool:
        """True with this probability."""
        return self.below(denominator) < numerator


class Seed:
    """Where every key, number and byte string of one simulated world comes from."""

    def __init__(self, number: int) -> None:
        self._root = hashlib.sha256(b"depinverify/simulate/v1\0" + str(number).encode()).digest()

    def derive(self, *labels: str | int | bytes) -> bytes:
        """32 bytes for these labels."""
        state = hashlib.blake2b(key=self._root, digest_size=32)
        for label in labels:
            part = label if isinstance(label, bytes) else str(label).encode()
            state.update(len(part).to_bytes(4) + part)
        return state.digest()

    def chance(self, *labels: str | int | bytes) -> Chance:
        """A stream of numbers for these labels."""
        return Chance(self.derive(*labels))
