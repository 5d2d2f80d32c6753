"""Exact cosines, sines and chords against decimal arithmetic with 60 digits."""

from __future__ import annotations

from decimal import Decimal, getcontext, localcontext
from math import isqrt

from hypothesis import example, given, settings
from hypothesis import strategies as st

from depinverify._native import chord_metres, cos_sin_18

DIGITS = 60
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803")
RADIUS = 6_371_007
LATITUDE = st.integers(-900_000_000, 900_000_000)
LONGITUDE = st.integers(-1_800_000_000, 1_800_000_000)


def series(x: Decimal, term: Decimal, step: int) -> Decimal:
    total, square = Decimal(0), x * x
    while abs(term) > Decimal(10) ** -(DIGITS - 5):
        total += term
        term = -term * square / (step * (step + 1))
        step += 2
    return total


def nearest_cos_sin(angle_e7: int) -> tuple[int, int]:
    with localcontext() as context:
        context.prec = DIGITS + 10
        x = PI * angle_e7 / 1_800_000_000
        scale = Decimal(10) ** 18
        return (
            int((series(x, Decimal(1), 1) * scale).to_integral_value()),
            int((series(x, x, 2) * scale).to_integral_value()),
        )


def metres(a: tuple[int, int], b: tuple[int, int]) -> int:
    def vector(place: tuple[int, int]) -> tuple[int, int, int]:
        (cos_lat, sin_lat), (cos_lon, sin_lon) = map(nearest_cos_sin, place)
        return cos_lat * cos_lon, cos_lat * sin_lon, sin_lat * 10**18

    distance = sum((x - y) ** 2 for x, y in zip(vector(a), vector(b), strict=True))
    return isqrt(RADIUS**2 * distance // 10**72)


@settings(max_examples=1000)
@given(st.integers(-(2**31), 2**31 - 1))
@example(374_840_102)
@example(199_619_227)
@example(450_000_000)
@example(449_999_999)
@example(450_000_001)
@example(-(2**31))
def test_cosine_and_sine_are_the_nearest_integers(angle: int) -> None:
    assert cos_sin_18(angle) == nearest_cos_sin(angle)


@settings(max_examples=400)
@given(LATITUDE, LONGITUDE, LATITUDE, LONGITUDE)
def test_chords_are_exact(lat_a: int, lon_a: int, lat_b: int, lon_b: int) -> None:
    assert chord_metres((lat_a, lon_a), (lat_b, lon_b)) == metres((lat_a, lon_a), (lat_b, lon_b))


@settings(max_examples=400)
@given(LATITUDE, LONGITUDE, st.integers(-200_000, 200_000), st.integers(-200_000, 200_000))
def test_short_chords_are_exact(lat: int, lon: int, north: int, east: int) -> None:
    other = (min(max(lat + north, -900_000_000), 900_000_000), lon + east)
    assert chord_metres((lat, lon), other) == metres((lat, lon), other)


def test_check_values() -> None:
    assert chord_metres((485_000_000, 22_000_000), (485_100_000, 22_000_000)) == 1111
    assert chord_metres((0, 0), (900_000_000, 0)) == 9_009_964
    assert chord_metres((-338_688_000, 1_512_093_000), (407_128_000, -740_060_000)) == 12_111_150
    assert getcontext().prec < DIGITS  # the oracle brings its own precision
