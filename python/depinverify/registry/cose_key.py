"""A public COSE_Key (RFC 9052, section 7): its bytes in, curve name and coordinates out.

Only what a public key needs is read: one definite map with integer labels, and values that are integers, byte
strings, text or booleans. Anything else is an error; nothing is nested, so nothing recurses.
"""

from __future__ import annotations

from depinverify.exceptions import InputError

__all__ = ["read_cose_key"]

_KTY, _CRV, _X, _Y = 1, -1, -2, -3
#: COSE curve number -> (key type, name of the curve in a JWK).
_CURVES = {6: (1, "Ed25519"), 1: (2, "P-256"), 8: (2, "secp256k1")}
_FALSE, _TRUE = 0xF4, 0xF5


def read_cose_key(data: bytes) -> tuple[str, bytes, bytes | bool | None]:
    """Curve, x and y of a public COSE_Key.

    Returns:
        Name of the curve as in a JWK, x, and y: bytes, its lowest bit, or ``None`` for Ed25519.

    Raises:
        InputError: Not a COSE_Key of an accepted curve.
    """
    members = _map(data)
    curve = members.get(_CRV)
    if not isinstance(curve, int) or curve not in _CURVES:
        raise InputError(f"COSE_Key label -1 (curve): expected one of {sorted(_CURVES)}, found {curve!r}")
    kty, name = _CURVES[curve]
    if members.get(_KTY) != kty:
        raise InputError(
            f"COSE_Key label 1 (key type): expected {kty} for {name}, found {members.get(_KTY)!r}"
        )
    x, y = members.get(_X), members.get(_Y)
    if not isinstance(x, bytes):
        raise InputError("COSE_Key label -2 (x): expected a byte string")
    if name == "Ed25519":
        return name, x, None
    if not isinstance(y, bytes | bool):
        raise InputError("COSE_Key label -3 (y): expected a byte string or a boolean")
    return name, x, y


def _map(data: bytes) -> dict[int, int | bytes | bool | str]:
    try:
        major, count, at = _head(data, 0)
        if major != 5:  # noqa: PLR2004 -- CBOR major type 5, a map
            raise InputError("COSE_Key: expected a CBOR map")
        members: dict[int, int | bytes | bool | str] = {}
        for _ in range(count):
            label, at = _value(data, at)
            value, at = _value(data, at)
            if not isinstance(label, int) or isinstance(label, bool) or label in members:
                raise InputError(f"COSE_Key: label {label!r} is no integer, or stands twice")
            members[label] = value
    except IndexError:
        raise InputError("COSE_Key: ends in the middle") from None
    if at != len(data):
        raise InputError(f"COSE_Key: {len(data) - at} bytes too many")
    return members


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument and the offset behind them."""
    major, short = divmod(data[at], 32)
    at += 1
    if short < 24:  # noqa: PLR2004 -- RFC 8949, section 3
        return major, short, at
    if short > 27:  # noqa: PLR2004
        raise InputError("COSE_Key: indefinite or reserved length")
    width = 1 << (short - 24)
    if at + width > len(data):
        raise IndexError
    return major, int.from_bytes(data[at : at + width]), at + width


def _value(data: bytes, at: int) -> tuple[int | bytes | bool | str, int]:
    if data[at] in {_FALSE, _TRUE}:
        return data[at] == _TRUE, at + 1
    major, argument, at = _head(data, at)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major in {2, 3}:
        if at + argument > len(data):
            raise IndexError
        found = data[at : at + argument]
        return (found if major == 2 else found.decode("utf-8", "replace")), at + argument  # noqa: PLR2004
    raise InputError(f"COSE_Key: a value of CBOR major type {major} has no place in a public key")
