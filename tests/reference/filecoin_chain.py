"""Small rules of Filecoin's chain in plain Python, for the tests (Filecoin, E1 and E2)."""

from __future__ import annotations

import base64
import hashlib


def blake2b(data: bytes, length: int = 32) -> bytes:
    return hashlib.blake2b(data, digest_size=length).digest()


def uvarint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()
