"""Deterministic CBOR (RFC 8949, section 4.2.1), the writing half only.

In: ``None``, booleans, integers, floats, byte strings, text, sequences, mappings and :class:`Tag`. Out: the
one encoding: shortest heads, shortest float that keeps the value, definite lengths, map keys ascending by
their encoded bytes. A verifier does not insist on this form; device code emits it so that equal claims are
equal bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from depinverify.exceptions import InputError

__all__ = ["Tag", "encode"]

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_INLINE = 24
_WIDTHS = ((24, 1 << 8, ">BB"), (25, 1 << 16, ">BH"), (26, 1 << 32, ">BI"), (27, 1 << 64, ">BQ"))
_FLOATS = (("e", b"\xf9"), ("f", b"\xfa"), ("d", b"\xfb"))
_NAN = b"\xf9\x7e\x00"


class Tag(NamedTuple):
    """A tagged item."""

    number: int
    item: Any


def encode(item: Any) -> bytes:  # noqa: ANN401
    """The deterministic encoding of one item.

    Raises:
        InputError: A value that CBOR has no plain form for, or an integer beyond 64 bits.
    """
    out = bytearray()
    _write(item, out)
    return bytes(out)


def _head(major: int, value: int, out: bytearray) -> None:
    if value < _INLINE:
        out.append(major << 5 | value)
        return
    for additional, limit, layout in _WIDTHS:
        if value < limit:
            out += struct.pack(layout, major << 5 | additional, value)
            return
    raise InputError(f"CBOR integer: expected at most 64 bits, found {value}")


def _write(item: Any, out: bytearray) -> None:  # noqa: ANN401
    if item is None or isinstance(item, bool | int | float):
        _write_number(item, out)
    elif isinstance(item, bytes | bytearray | memoryview):
        _head(_BYTES, len(item), out)
        out += item
    elif isinstance(item, str):
        text = item.encode()
        _head(_TEXT, len(text), out)
        out += text
    elif isinstance(item, Tag):
        _head(_TAG, item.number, out)
        _write(item.item, out)
    elif isinstance(item, Mapping):
        _head(_MAP, len(item), out)
        for key, value in sorted((encode(key), value) for key, value in item.items()):
            out += key
            _write(value, out)
    elif isinstance(item, list | tuple):
        _head(_ARRAY, len(item), out)
        for element in item:
            _write(element, out)
    else:
        raise InputError(f"CBOR item: expected a plain value, found {type(item).__name__}")


def _write_number(item: float | bool | None, out: bytearray) -> None:
    """Integers, floats and the simple values that are written like them."""
    if item is None or isinstance(item, bool):
        out.append({None: 0xF6, False: 0xF4, True: 0xF5}[item])
    elif isinstance(item, int):
        _head(*((_UNSIGNED, item) if item >= 0 else (_NEGATIVE, -1 - item)), out)
    else:
        out += _float(item)


def _float(value: float) -> bytes:
    """The shortest of 16, 32 and 64 bits that holds the value exactly."""
    if math.isnan(value):
        return _NAN
    for layout, head in _FLOATS[:-1]:
        try:
            packed = struct.pack(">" + layout, value)
        except OverflowError:
            continue
        if struct.unpack(">" + layout, packed)[0] == value:
            return head + packed
    return b"\xfb" + struct.pack(">d", value)
