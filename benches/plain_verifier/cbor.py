"""A strict CBOR reader: definite lengths, no duplicate keys, depth at most 8, nothing behind the item.

In: bytes. Out: a Python value in which kinds stay apart (a float is never an integer, ``true`` is no 1). It
is the rule; the C decoder of ``cbor2`` is a short cut that is taken only where it provably says the same
(``decode.py``).
"""

from __future__ import annotations

import struct

MAX_DEPTH = 8


class CborError(ValueError):
    """These bytes are not CBOR as the uptime proof allows it."""


class Simple:
    """false, true, null, undefined and the unassigned simple values."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Tag:
    __slots__ = ("number", "value")

    def __init__(self, number: int, value: object) -> None:
        self.number = number
        self.value = value


def head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument and the place behind one head; additional information 31 is refused."""
    if at >= len(data):
        raise CborError("ends early")
    first = data[at]
    info = first & 31
    at += 1
    if info < 24:
        return first >> 5, info, at
    if info > 27:
        raise CborError("indefinite length or reserved head")
    size = 1 << (info - 24)
    behind = at + size
    if behind > len(data):
        raise CborError("ends early")
    return first >> 5, int.from_bytes(data[at:behind], "big"), behind


def _key(value: object) -> object:
    """A form that is equal for equal keys and hashable."""
    kind = type(value)
    if kind is int or kind is str or kind is bytes:
        return value
    if kind is float:
        return ("float", struct.pack(">d", value))
    if kind is Simple:
        return ("simple", value.number)
    if kind is Tag:
        return ("tag", value.number, _key(value.value))
    if kind is list:
        return ("array", *map(_key, value))
    return ("map", frozenset((key, _key(item)) for key, item in value.items()))


def read(data: bytes, at: int, depth: int) -> tuple[object, int]:  # noqa: C901, PLR0911, PLR0912
    """The item at ``at``, which lies inside ``depth`` arrays, maps and tags."""
    start = at
    major, argument, at = head(data, at)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if 2 <= major <= 3:
        behind = at + argument
        if behind > len(data):
            raise CborError("ends early")
        if major == 2:
            return data[at:behind], behind
        try:
            return data[at:behind].decode(), behind
        except UnicodeDecodeError:
            raise CborError("text is not UTF-8") from None
    if major == 7:
        info = data[start] & 31
        if info < 24:
            return Simple(info), at
        if info == 24:
            if argument < 32:
                raise CborError("simple value in a form that is not well-formed")
            return Simple(argument), at
        return struct.unpack((">e", ">f", ">d")[info - 25], data[start + 1 : at])[0], at
    depth += 1
    if depth > MAX_DEPTH:
        raise CborError("nested too deep")
    if major == 6:
        value, at = read(data, at, depth)
        return Tag(argument, value), at
    if argument > len(data) - at:
        raise CborError("ends early")
    if major == 4:
        items = []
        for _ in range(argument):
            value, at = read(data, at, depth)
            items.append(value)
        return items, at
    found: dict = {}
    for _ in range(argument):
        key, at = read(data, at, depth)
        form = _key(key)
        if form in found:
            raise CborError("a key stands twice")
        found[form], at = read(data, at, depth)
    return found, at


def decode(data: bytes) -> object:
    """One whole item, nothing behind it."""
    value, at = read(data, 0, 0)
    if at != len(data):
        raise CborError("bytes behind the item")
    return value
