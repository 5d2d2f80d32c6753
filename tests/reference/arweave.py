"""Arweave's paths in plain Python, from the rules alone: the independent answer for the tests."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

CHUNK = 262_144
RULESETS = ("basic", "strict_borders", "strict_data_split", "offset_rebase_support")
MARKER = bytes(32)


def digest(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def note_bytes(note: int) -> bytes:
    return note.to_bytes(32, "big")


def leaf_id(value: bytes, note: int) -> bytes:
    return digest(digest(value), digest(note_bytes(note)))


def branch_id(left: bytes, right: bytes, note: int) -> bytes:
    return digest(digest(left), digest(right), digest(note_bytes(note)))


class Node(NamedTuple):
    """A tree: a leaf with a value, or a branch whose children may restart their offsets at zero."""

    note: int
    value: bytes = b""
    children: tuple[Node, Node] | None = None
    marked: bool = False

    @property
    def id(self) -> bytes:
        if self.children is None:
            return leaf_id(self.value, self.note)
        return branch_id(self.children[0].id, self.children[1].id, self.note)

    def paths(self) -> list[bytes]:
        """The path of every leaf, from left to right."""
        if self.children is None:
            return [self.value + note_bytes(self.note)]
        left, right = self.children
        head = (MARKER if self.marked else b"") + left.id + right.id + note_bytes(self.note)
        return [head + rest for child in self.children for rest in child.paths()]


def validate(  # noqa: C901, PLR0911, PLR0912 - the rule from top to bottom, as it is written
    root: bytes, dest: int, size: int, path: bytes, ruleset: str
) -> tuple[bytes, int, int] | None:
    """Value and half-open range that the path proves, or ``None``."""
    if size <= 0:
        return None
    dest = min(max(dest, 0), size - 1)
    wanted, left, right, shift, rightmost = root, 0, size, 0, None
    while len(path) > 64:
        marked = ruleset == "offset_rebase_support" and len(path) >= 128 and path[:32] == MARKER
        if marked:
            path = path[32:]
        if len(path) < 96:
            return None
        first, second, note = path[:32], path[32:64], int.from_bytes(path[64:96], "big")
        path = path[96:]
        if note >= 1 << 64 or branch_id(first, second, note) != wanted:
            return None
        goes_left = dest < note
        wanted = first if goes_left else second
        if marked:
            middle = min(right, note) if goes_left else max(left, note)
            taken = left if goes_left else middle
            right = (middle if goes_left else right) - taken
            dest, shift, left, rightmost = dest - taken, shift + taken, 0, None
        elif goes_left:
            right, rightmost = min(right, note), False
        else:
            left, rightmost = max(left, note), True if rightmost is None else rightmost
    if len(path) != 64:
        return None
    value, end = path[:32], int.from_bytes(path[32:], "big")
    if end >= 1 << 64 or leaf_id(value, end) != wanted:
        return None
    if ruleset != "basic" and max(end, right) - left > CHUNK:
        return None
    if ruleset == "strict_data_split" and not is_strict_split(left, right, end, size):
        return None
    if ruleset == "offset_rebase_support" and not is_relaxed_split(
        shift + left, shift + end, rightmost=rightmost
    ):
        return None
    return value, shift + left, shift + max(min(right, end), left + 1)


def is_strict_split(left: int, right: int, end: int, total: int) -> bool:
    if end - left == CHUNK:
        return left % CHUNK == 0
    if end == total:
        return right % CHUNK > 0 and left <= right // CHUNK * CHUNK
    return left % CHUNK == 0 and CHUNK < total - left < 2 * CHUNK


def is_relaxed_split(start: int, end: int, *, rightmost: bool | None) -> bool:
    if start % CHUNK == 0:
        return True
    return rightmost is True and start // CHUNK + 1 == end // CHUNK and end % CHUNK != 0
