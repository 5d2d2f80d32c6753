"""The claims of one proof: uptime proof, section 1.1.

In: the decoded payload of either envelope. Out: the same tuple for both, or ``None`` where a rule is broken
(MALFORMED, stage 4). ``(unknown profile, nonce, ueid, iat, uptime, bootcount, location, hwmodel, oemid)``;
location is (latitude, longitude in 10^-7 degrees, accuracy in metres). What the verifier only checks
(altitude, software, metrics) is not kept.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil

from .canonical import JSON_LIMIT, Number, base64url

PROFILE = "tag:github.com,2026:depinverify/uptime-proof/1"

_MISSING = object()
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]+))?")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")


class _BrokenError(ValueError):
    pass


def _scaled(value: Fraction | float, limit: int) -> int:
    """10^-7 degrees, half to even, of an exact value in [-limit, limit]."""
    above, below = value.as_integer_ratio()
    if not -limit * below <= above <= limit * below:
        raise _BrokenError
    whole, rest = divmod(above * 10_000_000, below)
    if 2 * rest > below or (2 * rest == below and whole & 1):
        whole += 1
    return whole


def _location(
    read, latitude: object, longitude: object, altitude: object, accuracy: object
) -> tuple[int, int, int]:
    lat = _scaled(read(latitude), 90)
    lon = _scaled(read(longitude), 180)
    if altitude is not _MISSING:
        read(altitude)
    metres = 0
    if accuracy is not _MISSING:
        exact = read(accuracy)
        if exact < 0:
            raise _BrokenError
        metres = ceil(exact)
    return lat, lon, metres


def _cbor_number(value: object) -> float:
    kind = type(value)
    if kind is int:
        return value
    if kind is float and value - value == 0.0:
        return value
    raise _BrokenError


def _json_number(value: object) -> Fraction:
    if type(value) is not Number or len(value) > 64:
        raise _BrokenError
    exponent = _NUMBER.fullmatch(value)[1]
    if exponent is not None and abs(int(exponent)) >= 400:
        raise _BrokenError
    return Fraction(str(value))


def from_cbor(claims: dict) -> tuple | None:  # noqa: C901, PLR0911, PLR0912
    get = claims.get
    nonce, ueid, iat, profile = get(10), get(256), get(6), get(265)
    if type(nonce) is not bytes or len(nonce) != 32:
        return None
    if type(ueid) is not bytes or not 7 <= len(ueid) <= 33 or not 1 <= ueid[0] <= 3:
        return None
    if type(iat) is not int or not 0 <= iat <= JSON_LIMIT or type(profile) is not str:
        return None
    uptime = bootcount = hwmodel = oemid = location = None
    if 261 in claims:
        uptime = claims[261]
        if type(uptime) is not int or not 0 <= uptime <= JSON_LIMIT:
            return None
    if 267 in claims:
        bootcount = claims[267]
        if type(bootcount) is not int or not 0 <= bootcount <= JSON_LIMIT:
            return None
    if 259 in claims:
        hwmodel = claims[259]
        if type(hwmodel) is not bytes:
            return None
    if 258 in claims:
        oemid = claims[258]
        if type(oemid) is not bytes:
            return None
    if 270 in claims and type(claims[270]) is not str:
        return None
    if 271 in claims:
        version = claims[271]
        if type(version) is not list or not 1 <= len(version) <= 2 or type(version[0]) is not str:
            return None
    if -70001 in claims:
        metrics = claims[-70001]
        if type(metrics) is not dict:
            return None
        for name, amount in metrics.items():
            if type(name) is not str or type(amount) is not int or not -(2**63) <= amount < 2**63:
                return None
    if 264 in claims:
        place = claims[264]
        if type(place) is not dict:
            return None
        get = place.get
        try:
            location = _location(_cbor_number, get(1), get(2), get(3, _MISSING), get(4, _MISSING))
        except _BrokenError:
            return None
    return profile != PROFILE, nonce, ueid, iat, uptime, bootcount, location, hwmodel, oemid


def _unsigned(value: object) -> int | None:
    """An integer in 0..2^53-1 written plainly, or ``None``."""
    if type(value) is not Number or len(value) > 16 or not value.isdigit():
        return None
    number = int(value)
    return number if number <= JSON_LIMIT else None


def _bytes(value: object) -> bytes | None:
    return base64url(value) if type(value) is str else None


def from_json(claims: dict) -> tuple | None:  # noqa: C901, PLR0911, PLR0912
    get = claims.get
    nonce, ueid, iat, profile = (
        _bytes(get("eat_nonce")),
        _bytes(get("ueid")),
        _unsigned(get("iat")),
        get("eat_profile"),
    )
    if nonce is None or len(nonce) != 32:
        return None
    if ueid is None or not 7 <= len(ueid) <= 33 or not 1 <= ueid[0] <= 3:
        return None
    if iat is None or type(profile) is not str:
        return None
    uptime = bootcount = hwmodel = oemid = location = None
    if "uptime" in claims:
        uptime = _unsigned(claims["uptime"])
        if uptime is None:
            return None
    if "bootcount" in claims:
        bootcount = _unsigned(claims["bootcount"])
        if bootcount is None:
            return None
    if "hwmodel" in claims:
        hwmodel = _bytes(claims["hwmodel"])
        if hwmodel is None:
            return None
    if "oemid" in claims:
        oemid = _bytes(claims["oemid"])
        if oemid is None:
            return None
    if "swname" in claims and type(claims["swname"]) is not str:
        return None
    if "swversion" in claims:
        version = claims["swversion"]
        if type(version) is not list or not 1 <= len(version) <= 2 or type(version[0]) is not str:
            return None
    if "depin_metrics" in claims:
        metrics = claims["depin_metrics"]
        if type(metrics) is not dict:
            return None
        for amount in metrics.values():
            if type(amount) is not Number or not _INTEGER.fullmatch(amount):
                return None
            if not -(2**63) <= int(amount) < 2**63:
                return None
    if "location" in claims:
        place = claims["location"]
        if type(place) is not dict:
            return None
        get = place.get
        try:
            location = _location(
                _json_number,
                get("latitude"),
                get("longitude"),
                get("altitude", _MISSING),
                get("accuracy", _MISSING),
            )
        except _BrokenError:
            return None
    return profile != PROFILE, nonce, ueid, iat, uptime, bootcount, location, hwmodel, oemid
