"""Numbers, hashes and JSON of the specifications: scoring sections 1.3, 6.2 and 11.1.

In: values. Out: bytes that two implementations agree on. Every reader here is strict: what has two
spellings is refused.
"""

from __future__ import annotations

import binascii
import json
import re
from hashlib import sha256

ONE = 10**12
JSON_LIMIT = 2**53 - 1
ZERO_HASH = "0" * 64

DECIMAL = re.compile(r"0|[1-9][0-9]*")
SIGNED_DECIMAL = re.compile(r"0|-?[1-9][0-9]*")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class InputError(ValueError):
    """The call cannot be answered: a file, key or event is not what the specification asks for."""


class JsonError(ValueError):
    """These bytes are not strict JSON."""


def mulf(a: int, b: int) -> int:
    return a * b // ONE


def ratio(n: int, d: int) -> int:
    return n * ONE // d


def lp(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def u64be(value: int) -> bytes:
    return value.to_bytes(8, "big")


def tagged(domain: str, *parts: bytes) -> bytes:
    """``H(domain, parts...)``: SHA-256 with a domain in front."""
    return sha256(domain.encode("ascii") + b"\x00" + b"".join(parts)).digest()


# ------------------------------------------------------------------------------------ canonical JSON, written


def _checked(value: object) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -JSON_LIMIT <= value <= JSON_LIMIT:
            raise InputError(f"canonical JSON holds integers within 2^53-1, found {value}")
    elif kind is list or kind is tuple:
        for item in value:
            _checked(item)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise InputError(f"canonical JSON has text as member names, found {key!r}")
            _checked(item)
    else:
        raise InputError(f"canonical JSON has no {kind.__name__}")


_write = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def canonical(value: object) -> bytes:
    """The canonical bytes: members by code point, no spaces, integers only."""
    _checked(value)
    try:
        return _write(value).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"canonical JSON holds valid Unicode: {error}") from None


# ------------------------------------------------------------------------------------------ strict JSON, read


class Number(str):
    """The text of a JSON number; which values are allowed is the business of its claim."""

    __slots__ = ()


def _object(pairs: list) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonError("a member name stands twice")
    return found


def _refused(text: str) -> None:
    raise JsonError(f"{text} is not allowed here")


def _integer(text: str) -> int:
    if text == "-0":
        raise JsonError("-0 is not allowed here")
    try:
        return int(text)
    except ValueError:
        raise JsonError("integer with too many digits") from None


_texts = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_refused
)
_integers = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_refused, parse_constant=_refused
)


def _measure(value: object) -> int:
    """Nesting depth; raises on a lone surrogate in any text."""
    if isinstance(value, str):
        value.encode()
        return 0
    if isinstance(value, dict):
        return 1 + max((max(_measure(key), _measure(item)) for key, item in value.items()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_measure, value), default=0)
    return 0


def _read(decoder: json.JSONDecoder, data: bytes, max_depth: int) -> object:
    depth = 0
    try:
        value = decoder.decode(data.decode())
        if b"\\u" in data or data.count(b"{") + data.count(b"[") > max_depth:
            depth = _measure(value)
    except JsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise JsonError(str(error)) from None
    if depth > max_depth:
        raise JsonError(f"nested deeper than {max_depth}")
    return value


def read_claims(data: bytes, max_depth: int = 8) -> object:
    """Strict JSON in which every number stays text (:class:`Number`)."""
    return _read(_texts, data, max_depth)


def read_json(data: bytes, max_depth: int = 32) -> object:
    """Strict JSON whose numbers are integers."""
    return _read(_integers, data, max_depth)


def json_lines(data: bytes, place: str) -> list[dict]:
    """The objects of a file of JSON lines; a bad line is a bad call."""
    found = []
    for number, line in enumerate(split_lines(data), 1):
        try:
            value = read_json(line)
        except JsonError as error:
            raise InputError(f"{place}, line {number}: expected one JSON object, found {error}") from None
        if type(value) is not dict:
            raise InputError(f"{place}, line {number}: expected one JSON object")
        found.append(value)
    return found


def split_lines(data: bytes) -> list[bytes]:
    """Lines by LF; the LF of the last one is optional."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return lines


# ---------------------------------------------------------------------------------------------- bytes as text

_URLSAFE = bytes.maketrans(b"-_+/=", b"+/!!!")
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
_PAD = (b"", b"", b"==", b"=")


def base64url(text: str) -> bytes | None:
    """Strict base64url without padding and with zero trailing bits; ``None`` for anything else."""
    rest = len(text) & 3
    if rest == 1 or (rest and text[-1] not in _LAST[rest]):
        return None
    try:
        return binascii.a2b_base64(text.encode("ascii").translate(_URLSAFE) + _PAD[rest], strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def from_hex(text: object, length: int | None = None) -> bytes | None:
    """Bytes of lower-case hex, or ``None``."""
    if (
        type(text) is not str
        or _HEX.fullmatch(text) is None
        or (length is not None and len(text) != 2 * length)
    ):
        return None
    return bytes.fromhex(text)
