"""Data sets, pieces and proofs of possession made anew in plain Python, to have something to verify."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from benches.plain_verifier.tree import keccak256

LEAF = 32


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two nodes, with its two highest bits cleared."""
    digest = bytearray(hashlib.sha256(left + right).digest())
    digest[31] &= 0x3F
    return bytes(digest)


@dataclass
class Piece:
    """A piece whose tree is kept whole, leaves first."""

    leaves: list[bytes]
    levels: list[list[bytes]] = field(init=False)

    def __post_init__(self) -> None:
        level = self.leaves + [bytes(LEAF)] * (-len(self.leaves) % (1 << max(2, self._bits())))
        self.levels = [level]
        while len(level) > 1:
            level = [node(*level[place : place + 2]) for place in range(0, len(level), 2)]
            self.levels.append(level)

    def _bits(self) -> int:
        return (len(self.leaves) - 1).bit_length()

    @property
    def height(self) -> int:
        return len(self.levels) - 1

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    @property
    def cid(self) -> str:
        """Version 2 identifier; the missing leaves count as padding."""
        missing = LEAF * ((1 << self.height) - len(self.leaves))
        padding = -(-missing * 127 // 128)
        body = uvarint(padding) + bytes([self.height]) + self.root
        raw = bytes.fromhex("01559120") + uvarint(len(body)) + body
        return "b" + base64.b32encode(raw).decode().lower().rstrip("=")

    def path(self, leaf: int) -> list[bytes]:
        return [level[(leaf >> depth) ^ 1] for depth, level in enumerate(self.levels[:-1])]


def uvarint(number: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def challenge(seed: bytes, set_id: int, number: int, leaves: int) -> int:
    """The leaf that a challenge asks for."""
    preimage = seed + set_id.to_bytes(32, "big") + number.to_bytes(8, "big")
    return int.from_bytes(keccak256(preimage), "big") % leaves


def find(pieces: list[Piece | None], leaf: int) -> tuple[int, int]:
    """Piece and place of a leaf, by walking over the pieces."""
    for number, piece in enumerate(pieces):
        size = 0 if piece is None else len(piece.leaves)
        if leaf < size:
            return number, leaf
        leaf -= size
    raise AssertionError("beyond the set")


def possession(
    pieces: list[Piece | None], *, seed: bytes, set_id: int = 7, challenges: int = 5
) -> dict[str, object]:
    """A record of a right proof, without its epoch and seed."""
    leaves = sum(len(piece.leaves) for piece in pieces if piece is not None)
    places = [find(pieces, challenge(seed, set_id, number, leaves)) for number in range(challenges)]
    shown = [(pieces[piece], offset) for piece, offset in places]
    return {
        "kind": "possession",
        "set_id": set_id,
        "pieces": [None if piece is None else piece.cid for piece in pieces],
        "range": leaves,
        "leaves": [piece.leaves[offset].hex() for piece, offset in shown if piece is not None],
        "paths": [b"".join(piece.path(offset)).hex() for piece, offset in shown if piece is not None],
        "challenged_pieces": [piece for piece, _ in places],
        "challenged_offsets": [offset for _, offset in places],
    }
