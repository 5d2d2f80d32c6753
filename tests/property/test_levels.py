"""Division over levels: nothing is lost, each level is fair by itself, and order changes nothing."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.reward.levels import Division, Share, divide_levels

IDS = st.binary(min_size=1, max_size=2)
WEIGHTS = st.one_of(st.integers(0, 3), st.integers(0, 2**200))


def level(below: st.SearchStrategy[list[Share]]) -> st.SearchStrategy[list[Share]]:
    shares = st.dictionaries(IDS, st.tuples(WEIGHTS, below), max_size=4)
    return shares.map(lambda found: [Share(name, weight, parts) for name, (weight, parts) in found.items()])


#: Classes of devices with payees; some class has no device, some device no payee.
TREES = level(level(level(st.just([]))))
POOLS = st.one_of(st.integers(0, 50), st.integers(0, 2**256 - 1))
MODES = st.sampled_from(["largest_remainder", "floor_to_sink", "carry"])


@given(POOLS, TREES, MODES)
def test_the_pool_is_what_is_kept_and_what_is_left(pool: int, shares: list[Share], mode: str) -> None:
    division = divide_levels(pool, shares, mode=mode)
    assert sum(division.kept.values()) + division.remainders == pool
    assert [line.path for line in division.lines] == sorted(line.path for line in division.lines)
    check_level(division, pool, division.remainder, (), shares, mode)


def check_level(
    division: Division, pool: int, remainder: int, path: tuple[bytes, ...], shares: list[Share], mode: str
) -> None:
    """A level is one division of its parent's amount."""
    lines = {line.path: line for line in division.lines}
    amounts, left = _native.allocate(
        pool, [share.id for share in shares], [share.weight for share in shares], mode=mode
    )
    assert left == remainder
    for share, amount in zip(shares, amounts, strict=True):
        line = lines[(*path, share.id)]
        assert (line.amount, line.is_kept) == (amount, not share.parts)
        if share.parts:
            check_level(division, amount, line.remainder, line.path, list(share.parts), mode)
        else:
            assert line.remainder == 0


def shuffled(shares: list[Share], dice: random.Random) -> list[Share]:
    mixed = [share._replace(parts=shuffled(list(share.parts), dice)) for share in shares]
    return dice.sample(mixed, len(mixed))


@given(POOLS, TREES, MODES, st.integers())
def test_order_changes_nothing(pool: int, shares: list[Share], mode: str, seed: int) -> None:
    other = divide_levels(pool, shuffled(shares, random.Random(seed)), mode=mode)
    assert other == divide_levels(pool, shares, mode=mode)


def test_by_hand() -> None:
    """Two classes 3 to 1; the odd unit of a level goes to its smaller id; alice is paid for both devices."""
    devices = [
        Share(b"d1", 1, [Share(b"alice", 1)]),
        Share(b"d2", 1, [Share(b"alice", 1), Share(b"bob", 1)]),
    ]
    division = divide_levels(405, [Share(b"gold", 3, devices), Share(b"iron", 1, [Share(b"d3", 1)])])
    amounts = {b"/".join(line.path).decode(): line.amount for line in division.lines}
    assert amounts == {
        "gold": 304,
        "gold/d1": 152,
        "gold/d1/alice": 152,
        "gold/d2": 152,
        "gold/d2/alice": 76,
        "gold/d2/bob": 76,
        "iron": 101,
        "iron/d3": 101,
    }
    assert dict(division.kept) == {b"alice": 228, b"bob": 76, b"d3": 101}
    assert list(division.kept) == sorted(division.kept)
    assert division.remainders == 0


def test_a_level_without_weight_leaves_its_amount_over() -> None:
    idle = Share(b"idle", 1, [Share(b"d1", 0), Share(b"d2", 0)])
    division = divide_levels(100, [idle, Share(b"busy", 1)])
    left = {line.path: line.remainder for line in division.lines if line.remainder}
    assert (left, division.remainder, division.remainders) == ({(b"idle",): 50}, 0, 50)
    assert divide_levels(100, []).remainder == 100


def test_every_level_floors_in_the_other_modes() -> None:
    thirds = [Share(bytes([n]), 1, [Share(b"x", 1), Share(b"y", 1), Share(b"z", 1)]) for n in range(3)]
    division = divide_levels(100, thirds, mode="floor_to_sink")
    assert division.remainder == 1
    assert {line.amount for line in division.lines if line.is_kept} == {11}
    assert division.remainders == 1
    division = divide_levels(104, thirds, mode="carry")
    sums: dict[int, int] = defaultdict(int)
    for line in division.lines:
        sums[len(line.path)] += line.remainder
    assert (division.remainder, dict(sums)) == (2, {1: 3, 2: 0})


@pytest.mark.parametrize(
    ("shares", "where"),
    [
        ([Share(b"a", 1), Share(b"a", 1)], "top level"),
        ([Share(b"a", 1, [Share(b"x", 1), Share(b"x", 2)])], "61"),
        ([Share(b"a", 1, [Share(b"b", 1, [Share(b"x", -1)])])], "61/62"),
        ([Share(b"a", 2**512)], "top level"),
    ],
)
def test_a_bad_share_is_named_with_its_parent(shares: list[Share], where: str) -> None:
    with pytest.raises(InputError, match=f"^{where}: "):
        divide_levels(10, shares)


def test_bad_pool_and_mode() -> None:
    for pool, mode in ((-1, "carry"), (2**256, "carry"), (1, "round")):
        with pytest.raises(InputError):
            divide_levels(pool, [Share(b"a", 1)], mode=mode)
