"""Straight-line distance of two places: uptime proof, section 4.1, check 15.

In: latitudes and longitudes in 10^-7 degrees. Out: whole metres. Sine and cosine are Taylor series over
integers of 45 digits, far more than the 18 that are kept, so the nearest integer is certain.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt

RADIUS = 6_371_007
_SCALE = 10**45
_PI = 3141592653589793238462643383279502884197169399  # times 10^45
_UNIT = 10**18


def _series(term: int, power: int, square: int) -> int:
    """``term * (1 - x^2/((p+1)(p+2)) + ...)``, the terms at scale 10^45 until they vanish."""
    total = term
    while term:
        power += 2
        term = term * square // (_SCALE * (power - 1) * power)
        total += term if power & 2 == 0 else -term
    return total


@lru_cache(maxsize=1 << 16)
def _cos_sin(angle_e7: int) -> tuple[int, int]:
    """The integers nearest to 10^18 cos a and 10^18 sin a."""
    quarter, rest = divmod(angle_e7, 900_000_000)
    mirrored = rest > 450_000_000
    if mirrored:
        rest = 900_000_000 - rest
    x = _PI * rest // 1_800_000_000
    square = x * x // _SCALE
    cos, sin = _series(_SCALE, 0, square), _series(x, 1, square)
    if mirrored:
        cos, sin = sin, cos
    unit = _SCALE // _UNIT
    cos, sin = (2 * cos + unit) // (2 * unit), (2 * sin + unit) // (2 * unit)
    return ((cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos))[quarter & 3]


@lru_cache(maxsize=1 << 16)
def _vector(latitude: int, longitude: int) -> tuple[int, int, int]:
    cos_lat, sin_lat = _cos_sin(latitude)
    cos_lon, sin_lon = _cos_sin(longitude)
    return cos_lat * cos_lon, cos_lat * sin_lon, sin_lat * _UNIT


def chord_metres(a: tuple[int, int], b: tuple[int, int]) -> int:
    if a == b:
        return 0
    ax, ay, az = _vector(*a)
    bx, by, bz = _vector(*b)
    squared = (ax - bx) ** 2 + (ay - by) ** 2 + (az - bz) ** 2
    return isqrt(RADIUS * RADIUS * squared // 10**72)
