"""Indicators of fraud, committees, operators and combined tracks against exact fractions, and bad calls of them."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, example, find, given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from differential import exact_indicators as exact
from differential.draws import COUNTS, SHARES, often
from differential.exact_indicators import ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RTTS = st.one_of(st.integers(0, 10**8), st.integers(0, 2**64 - 1))


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """The columns of rows, also where there are none."""
    return [[row[at] for row in rows] for at in range(width)]


# ---------------------------------------------------------------------------------------------------- 4.2 to 4.5


@often
@given(RTTS)
def test_light_distance(rtt_ns: int) -> None:
    assert _native.light_distance_m(rtt_ns) == exact.light_distance_m(rtt_ns)


@st.composite
def claims(draw: Callable[..., Any]) -> tuple[exact.Position, int, list[exact.Validator]]:
    """Validators around a claimed place, with round trips at and next to both limits, and from 4 to 6 of them."""
    claim = draw(st.sampled_from([(0, 0, 6_371_007), (6_371_007, 0, 0), (3_678_000, 3_678_000, -3_678_000)]))
    # Two directions on the horizon and the one above it: along the axes only where the place lies on one.
    grid = st.integers(-3, 3).map(lambda steps: steps * 100_000)
    uncertainty = draw(st.sampled_from([0, 30, 5000]))
    validators = []
    # Where nobody has doubts, directions and owners alone decide whether a place is confirmed.
    has_no_doubts = draw(st.booleans())
    for _ in range(draw(st.integers(0, 6))):
        x, y, z = draw(grid), draw(grid), draw(st.sampled_from([0, 0, 0, 100_000]))
        offset = draw(st.permutations([x, y, z])) if draw(st.booleans()) else [x, y, z]
        position = tuple(at + by for at, by in zip(claim, offset, strict=True))
        own = draw(st.sampled_from([0, 70]))
        metres = ceil(sum(by * by for by in offset) ** 0.5)
        reach = draw(
            st.sampled_from(
                [metres - uncertainty - own, metres * 3 // 2, metres * 3 // 2 - 2, metres * 2, metres]
            )
        )
        reach = 2 * metres if has_no_doubts else reach
        fastest = max(0, ceil(reach * 2 * 10**9 / exact.LIGHT) + draw(st.integers(-3, 3)))
        more = draw(st.lists(st.integers(0, 10**6), min_size=draw(st.sampled_from([3, 4, 4, 4])), max_size=5))
        rtts = draw(st.permutations([fastest, *(fastest + one for one in more)]))
        validators.append((draw(st.integers(1, 4)), position, own, rtts))
    return claim, uncertainty, validators


@often
@given(claims())
def test_judge_location(case: tuple[exact.Position, int, list[exact.Validator]]) -> None:
    assert _native.judge_location(*case) == exact.judge_location(*case)


@often
@given(st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000))
def test_earth_centred_coordinates_keep_distances(lat: int, lon: int) -> None:
    place, origin = _native.earth_centred(lat, lon), _native.earth_centred(0, 0)
    square = sum((a - b) ** 2 for a, b in zip(place, origin, strict=True))
    assert abs(square**0.5 - _native.chord_metres((lat, lon), (0, 0))) < 2


# ------------------------------------------------------------------------------------------------- measurements


@st.composite
def probes(draw: Callable[..., Any]) -> list[tuple[int, int, int]]:
    """Devices that follow one of two patterns, more or less, in most of 34 slots."""
    slots = 34
    patterns = draw(
        st.lists(st.lists(st.integers(1, 50), min_size=slots, max_size=slots), min_size=2, max_size=2)
    )
    rows = []
    for device in draw(st.lists(st.integers(0, 9), unique=True, max_size=5)):
        pattern, scale = draw(st.sampled_from(patterns)), draw(st.integers(1, 3))
        own = [step * 1000 * scale + draw(st.sampled_from([0, 5, 10, 11])) for step in pattern]
        for at in draw(st.lists(st.integers(0, slots - 1), max_size=8)):
            own[at] = draw(st.integers(0, 60_000))
        absent = draw(st.sets(st.integers(0, slots - 1), max_size=4))
        rows += [(device, 3600 * slot, rtt) for slot, rtt in enumerate(own) if slot not in absent]
    return draw(st.permutations(rows))


@settings(max_examples=200)
@given(probes())
def test_clone_timing(rows: list[tuple[int, int, int]]) -> None:
    assert _native.clone_timing(*columns(rows, 3)) == exact.clone_timing(rows)


READINGS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(-10, 30), st.sampled_from([b"21.5", b"21.50", b""])), max_size=30
)


@often
@given(READINGS, st.integers(0, 12))
@example([(0, 0, b"a"), (0, 5, b"a")], 5)
@example([(0, 0, b"a"), (0, 5, b"a")], 4)
def test_constant_data(rows: list[tuple[int, int, bytes]], limit_s: int) -> None:
    assert _native.constant_data(*columns(rows, 3), limit_s=limit_s) == exact.constant_data(rows, limit_s)


#: About fifty answers around 10 ms, with a span of about one percent, in one series; a few in others.
ANSWERS = st.tuples(
    st.lists(st.tuples(st.just(7), st.integers(9_990_000, 10_040_000)), min_size=48, max_size=52),
    st.lists(st.tuples(st.sampled_from([7, 8]), st.sampled_from([9_940_000, 10_090_000, 0])), max_size=2),
).map(lambda parts: parts[0] + parts[1])


@often
@given(ANSWERS)
@example([(0, 5001)] * 49 + [(0, 4951)])
@example([(0, 5001)] * 49 + [(0, 4952)])
def test_too_regular(rows: list[tuple[int, int]]) -> None:
    assert _native.too_regular(*columns(rows, 2)) == exact.too_regular(rows)


# --------------------------------------------------------------------------------------------------- witnesses

SIGHTINGS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3) | st.integers(0, 30)).filter(
        lambda row: row[0] != row[1]
    ),
    max_size=16,
)


@often
@given(SIGHTINGS)
@example([(1, 2, 11), (2, 1, 9), (1, 3, 20)])
@example([(1, 2, 11), (2, 1, 9), (1, 3, 21)])
def test_witness_reciprocity(rows: list[exact.Sighting]) -> None:
    assert _native.witness_reciprocity(*columns(rows, 3)) == exact.witness_reciprocity(rows)


@often
@given(SIGHTINGS, st.lists(st.integers(3, 9), min_size=7, max_size=7))
@example([(0, 1, 40), (0, 2, 10), (0, 3, 10)], [5] * 7)
@example([(0, 1, 10), (0, 2, 10)], [5] * 7)
def test_witness_concentration(rows: list[exact.Sighting], others: list[int]) -> None:
    found = _native.witness_concentration(*columns(rows, 3), others_in_range=others)
    assert found == exact.witness_concentration(rows, others)


@often
@given(SIGHTINGS)
@example([(1, 2, 14), (2, 3, 13), (3, 1, 13), (1, 4, 10)])
@example([(1, 2, 14), (2, 3, 13), (3, 1, 13), (1, 4, 11)])
def test_clique_insularity(rows: list[exact.Sighting]) -> None:
    assert _native.clique_insularity(*columns(rows, 3)) == exact.clique_insularity(rows)


PARTIES = st.lists(st.tuples(st.integers(1, 5), st.none() | st.integers(1, 5)), min_size=4, max_size=4)
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12)


@often
@given(ROWS, PARTIES, PARTIES)
def test_self_dealing(
    rows: list[tuple[int, int]],
    devices: list[tuple[int, int | None]],
    validators: list[tuple[int, int | None]],
) -> None:
    (device_owners, device_payees), (validator_owners, validator_payees) = (
        columns(devices, 2),
        columns(validators, 2),
    )
    found = _native.self_dealing(
        *columns(rows, 2), device_owners=device_owners, device_payees=device_payees,
        validator_owners=validator_owners, validator_payees=validator_payees,
    )  # fmt: skip
    assert found == exact.self_dealing(rows, devices, validators)


# ---------------------------------------------------------------------------------------------- 7.3, 7.4, 5.10


@often
@given(st.lists(st.none() | st.integers(0, 3) | st.integers(0, 2**32 - 1), max_size=12))
def test_diversity_multipliers(operators: list[int | None]) -> None:
    assert _native.diversity_multipliers(operators) == exact.diversity_multipliers(operators)


REPORTS = st.lists(st.sampled_from([b"yes", b"no", b""]), max_size=9)


@often
@given(REPORTS, st.integers(0, 6))
def test_committee_ruling(reports: list[bytes], least: int) -> None:
    assert _native.committee_ruling(reports, least=least) == exact.committee_ruling(reports, least)


@often
@given(
    st.lists(st.tuples(COUNTS, SHARES), min_size=1, max_size=6).filter(
        lambda tracks: any(w for w, _ in tracks)
    )
)
def test_weighted_mean(tracks: list[tuple[int, int]]) -> None:
    assert _native.weighted_mean(*columns(tracks, 2)) == exact.weighted_mean(tracks)


@often
@given(st.lists(SHARES, max_size=6))
def test_product_of_scores(scores: list[int]) -> None:
    found = _native.product_of_scores(scores)
    assert found == exact.product_of_scores(scores)
    assert 0 <= found <= ONE


# ------------------------------------------------------------------------------------- what the draws can reach

REACHED: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], object]]] = {
    "impossible": (claims(), lambda case: exact.judge_location(*case)["owners_against"]),
    "disproved": (claims(), lambda case: exact.judge_location(*case)["is_disproved"]),
    "unlikely": (
        claims(),
        lambda case: "LOCATION_UNLIKELY" in [exact.finding(*case[:2], v) for v in case[2]],
    ),
    "confirmed": (claims(), lambda case: exact.judge_location(*case)["is_confirmed"]),
    "clones by rank": (probes(), lambda rows: any(found["by_rank"] for found in exact.clone_timing(rows))),
    "clones by share": (probes(), lambda rows: any(found["by_share"] for found in exact.clone_timing(rows))),
    "constant": (READINGS, lambda rows: exact.constant_data(rows, 5)),
    "regular": (ANSWERS, exact.too_regular),
    "reciprocity": (SIGHTINGS, exact.witness_reciprocity),
    "concentration": (SIGHTINGS, lambda rows: exact.witness_concentration(rows, [5] * 7)),
    "insularity": (SIGHTINGS, exact.clique_insularity),
    "self-dealing": (ROWS, lambda rows: exact.self_dealing(rows, [(1, None)] * 4, [(1, 2), (2, 2)] * 2)),
    "committee": (REPORTS, lambda reports: exact.committee_ruling(reports, 3)),
}


@pytest.mark.parametrize("name", REACHED)
def test_draws_accuse_some_and_not_others(name: str) -> None:
    draws, is_accused = REACHED[name]
    enough = settings(max_examples=3000, database=None, phases=[Phase.generate])
    assert is_accused(find(draws, lambda case: bool(is_accused(case)), settings=enough))
    assert not is_accused(find(draws, lambda case: not is_accused(case), settings=enough))


# ------------------------------------------------------------------------------------------------ form of calls


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        iter,
        np.array,
        lambda rows: np.repeat(rows, 2)[::2],
        lambda rows: np.array(rows, "uint32"),
        pa.array,
        lambda rows: pa.chunked_array([rows[:1], rows[1:]]),
    ],
)
def test_a_column_is_whatever_holds_integers(form: Callable[[list[int]], Any]) -> None:
    found = _native.witness_reciprocity(form([1, 2]), form([2, 1]), form([10, 10]))
    assert [(one["a"], one["b"]) for one in found] == [(1, 2)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _native.light_distance_m(-1), "rtt_ns: expected an integer from 0 to 2\\^64-1, found -1"),
        (lambda: _native.light_distance_m(2**64), "found 18446744073709551616"),
        (lambda: _native.light_distance_m(10**5000), "found one of more than 128 bits"),
        (lambda: _native.light_distance_m(True), "found a boolean"),
        (lambda: _native.light_distance_m("5"), "found str"),
        (lambda: _native.earth_centred(900_000_001, 0), "lat_e7: expected .* found 900000001"),
        (lambda: _native.judge_location((0, 0), 0, []), "position: expected \\(x, y, z\\) in metres, found 2"),
        (lambda: _native.judge_location((0, 0, 10**10), 0, []), "position: expected coordinates of at most"),
        (lambda: _native.judge_location((0, 0, 0), 0, [(1, (0, 0, 0), 0)]), "validators\\[0\\]: expected a tuple"),
        (
            lambda: _native.judge_location((0, 0, 0), 0, [(1, (0, 0, 0), 0, [1, -1])]),
            'column "validators\\[0\\].rtts_ns", row 1: expected an integer',
        ),
        (lambda: _native.too_regular([1, 1.5], [1, 1]), 'column "series", row 1: .* found float'),
        (lambda: _native.too_regular(np.array([1.5]), [1]), 'column "series": .* values of Float64'),
        (lambda: _native.too_regular(np.zeros((2, 2), int), [1]), 'column "series": expected integers in one'),
        (lambda: _native.too_regular(np.array([-1]), [1]), 'column "series", row 0: .* found -1'),
        (lambda: _native.too_regular([1, None], [1, 1]), 'column "series": .* found none in row 1'),
        (lambda: _native.too_regular([1], [1, 1]), 'found 1 of "series", 2 of "rtts_ns" rows'),
        (lambda: _native.too_regular(5, [1]), 'column "series": .* found a single value'),
        (lambda: _native.clone_timing([1, 1], [2, 2], [3, 3]), "found two of device 1 in slot 2"),
        (
            lambda: _native.clone_timing([1] * 30 + [2] * 30, [*range(30)] * 2, [5] * 60, most_looks=3),
            "expected pairs that can be compared in 3 looks",
        ),
        (lambda: _native.constant_data([1], [1], [None], limit_s=1), 'column "values": expected a value'),
        (lambda: _native.constant_data([1], [2**63], [b""], limit_s=1), 'column "times", row 0'),
        (lambda: _native.witness_reciprocity([1], [1], [1]), "found device 1 as its own witness"),
        (
            lambda: _native.witness_reciprocity([1, 1], [2, 3], [2**64 - 1, 1]),
            "expected at most 2\\^64-1 events in all",
        ),
        (
            lambda: _native.witness_concentration([1], [7], [1], others_in_range=[9] * 7),
            "a row for each device from 0 to 7, found 7 rows",
        ),
        (
            lambda: _native.self_dealing([0], [3], device_owners=[1], validator_owners=[1]),
            "expected a validator below 1, found 3",
        ),
        (
            lambda: _native.self_dealing([], [], device_owners=[1], validator_owners=[], device_payees=[]),
            'found 1 of "device_owners", 0 of "device_payees" rows',
        ),
        (lambda: _native.weighted_mean([0], [ONE]), 'column "weights": expected a sum above 0'),
        (lambda: _native.weighted_mean([], []), 'column "weights": expected a sum above 0'),
        (lambda: _native.weighted_mean([2**64 - 1] * 2, [2**64 - 1] * 2), "overflow"),
        (lambda: _native.committee_ruling([b"a", None]), 'column "reports": expected a value in every row'),
        (lambda: _native.committee_ruling([b"a"], least=-1), "least: expected an integer from 0"),
        (lambda: _native.diversity_multipliers([-1]), 'column "operators", row 0'),
    ],
)  # fmt: skip
def test_a_bad_call_says_what_was_expected_and_found(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
