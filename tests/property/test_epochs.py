"""Whole epochs: what holds of a settlement whatever the validators saw, and where the rules themselves say otherwise.

Rule: scoring and rewards, 13.3. Each property stands with the conditions under which the rules make it true. The
epochs in which one of these conditions fails are tests of their own: they show that the condition is needed.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from oracle.conftest import SLOT
from property.small_epochs import (
    ABSENT,
    CELLS,
    DOWN,
    KINDS,
    UP,
    Place,
    Reference,
    Settled,
    Shape,
    Told,
    settled,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

ONE = 10**12
LARGEST = 2**256 - 1
#: More of them for a longer look: DEPINVERIFY_EXAMPLES=2000.
EXAMPLES = max(1, int(os.environ.get("DEPINVERIFY_EXAMPLES", "60")) // 4)
few = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))

SMALL = Shape(devices=5, slots=8)
#: Enough clusters for outages, and enough slots that one excluded slot is not yet more than a tenth of them.
LARGE = Shape(devices=12, slots=12)


def windows(of: int, shape: Shape, **rules: Any) -> dict[str, Any]:
    """Rules under which an epoch is as long as the tracking period."""
    return {"window_s": of * SLOT, "tracking_s": shape.slots * SLOT, "min_data_windows": 1, **rules}


def run(rules: dict[str, Any], shape: Shape, told: Told, **options: Any) -> Settled:
    with tempfile.TemporaryDirectory() as out:
        return settled(rules, shape, told, Path(out) / "settlement", **options)


def slot_of(slot: int, device: int, *kinds: str) -> dict[Place, str]:
    """What each validator in turn has of a device."""
    return {Place(slot, validator, device): kind for validator, kind in enumerate(kinds)}


def at(*parts: Iterable[tuple[Place, str]] | dict[Place, str]) -> dict[Place, str]:
    return dict(itertools.chain.from_iterable(dict(part).items() for part in parts))


def observations(shape: Shape) -> st.SearchStrategy[dict[Place, str]]:
    """Single observations, devices that are down, and validators that see nothing."""
    slot, device = st.integers(0, shape.slots - 1), st.integers(0, shape.devices - 1)
    validator = st.integers(0, shape.validators - 1)
    single = st.builds(
        lambda *where, kind: {Place(*where): kind}, slot, validator, device, kind=st.sampled_from(KINDS)
    )
    gone = st.builds(
        lambda slot, device, kinds: slot_of(slot, device, *kinds),
        slot, device, st.lists(st.sampled_from(KINDS), min_size=shape.validators, max_size=shape.validators),
    )  # fmt: skip
    blind = st.builds(
        lambda slot, validator, spared: {
            Place(slot, validator, device): "offline" for device in set(range(shape.devices)) - spared
        },
        slot, validator, st.sets(device, max_size=shape.devices // 2 + 1),
    )  # fmt: skip
    parts = st.lists(st.one_of(single, gone, gone, blind), max_size=12)
    return parts.map(lambda some: at(*some))


def one_device(shape: Shape) -> st.SearchStrategy[dict[Place, str]]:
    """All that was seen of the first device."""
    places = [Place(slot, v, 0) for slot in range(shape.slots) for v in range(shape.validators)]
    kind = st.sampled_from([*KINDS, "offline", "answer", "answer"])
    return st.lists(kind, min_size=len(places), max_size=len(places)).map(
        lambda kinds: dict(zip(places, kinds, strict=True))
    )


def downs_of(seen: dict[Place, str]) -> list[Place]:
    downs = sorted(place for place, kind in seen.items() if kind in DOWN)
    assume(downs)
    return downs


def nothing_was_lost(before: Settled, after: Settled, device: int) -> bool:
    """Every window of the device that counted still does."""
    return before.windows[device].keys() <= after.windows[device].keys()


# --------------------------------------------------- without an observation of a device that is down


@pytest.mark.parametrize("quorum", [1, 2])
@few
@given(others=observations(SMALL), first=one_device(SMALL), data=st.data())
def test_a_down_observation_less_never_lowers_a_score(
    quorum: int, others: dict[Place, str], first: dict[Place, str], data: st.DataObject
) -> None:
    """Fewer than ten clusters: no validator is excluded, and a row less can only make one more unreliable."""
    seen = at(others, first)
    place = data.draw(st.sampled_from(downs_of(seen)))
    rules = windows(4, SMALL, quorum=quorum)
    before, after = run(rules, SMALL, Told(seen)), run(rules, SMALL, Told(seen | {place: ABSENT}))
    assert before.exclusions == after.exclusions == set()
    assert before.unreliable <= after.unreliable
    for device in range(SMALL.devices):
        if nothing_was_lost(before, after, device):
            assert after.score(device) >= before.score(device)
            assert after.weight(device) >= before.weight(device)


@few
@given(others=observations(LARGE), first=one_device(LARGE), data=st.data())
def test_nor_does_it_where_nobody_is_believed_again(
    others: dict[Place, str], first: dict[Place, str], data: st.DataObject
) -> None:
    """With outages: the same as long as whoever was excluded or unreliable still is."""
    seen = at(others, first)
    place = data.draw(st.sampled_from(downs_of(seen)))
    rules = windows(4, LARGE)
    before, after = run(rules, LARGE, Told(seen)), run(rules, LARGE, Told(seen | {place: ABSENT}))
    assume(before.exclusions <= after.exclusions and before.unreliable <= after.unreliable)
    event(f"exclusions: {bool(before.exclusions)}")
    for device in range(LARGE.devices):
        if nothing_was_lost(before, after, device):
            assert after.score(device) >= before.score(device)


def scores_without(
    rules: dict[str, Any], shape: Shape, seen: dict[Place, str], place: Place
) -> tuple[int, int]:
    """Score of the observed device, before and after one observation that it is down is taken away."""
    assert seen[place] in DOWN
    before, after = run(rules, shape, Told(seen)), run(rules, shape, Told(seen | {place: ABSENT}))
    return before.score(place.device), after.score(place.device)


def test_a_window_that_no_longer_counts_takes_its_score_with_it() -> None:
    """2.3: half of the scheduled slots must be decided. The better one of two windows falls below that."""
    seen = at(
        slot_of(1, 0, "offline", "offline", ABSENT),
        slot_of(2, 0, "offline", ABSENT, "answer"),
        slot_of(3, 0, ABSENT, "offline", "answer"),
        *(slot_of(slot, 0, "offline", "offline", "offline") for slot in range(4, 8)),
    )
    before, after = scores_without(windows(4, SMALL), SMALL, seen, Place(1, 0, 0))
    assert (before, after) == (ONE // 4, 0)


def test_a_quorum_of_three_needs_the_one_that_was_outvoted() -> None:
    """2.5: two of three saw it up; without the third nothing is decided, and the other slot of the window was down."""
    seen = at(slot_of(0, 0, "offline", "answer", "answer"), slot_of(1, 0, "offline", "offline", "offline"))
    before, after = scores_without(windows(2, SMALL, quorum=3), SMALL, seen, Place(0, 0, 0))
    assert (before, after) == (ONE * 7 // 8, ONE * 3 // 4)


def test_an_unreliable_validator_may_become_reliable() -> None:
    """3.3 and 3.6: the row was the sixth of twelve that made an outage, and the outage one of two that made all of
    the validator's reports worth nothing. Now it is believed in another slot."""
    blind = [{Place(slot, 0, device): "offline" for device in range(6)} for slot in (5, 6)]
    seen = at(*blind, slot_of(8, 0, "offline", "offline", "answer"))
    before, after = scores_without(windows(2, LARGE), LARGE, seen, Place(5, 0, 0))
    assert (before, after) == (ONE, ONE - ONE // 12 - 1)


# ------------------------------------------------------------------------- with one more exclusion

AVAILABILITY: dict[str, dict[str, Any]] = {
    "windowed": {},
    "relative": {"relative": {"min_group": 1}},
    "threshold": {"threshold": {"leeway_e12": 10**11}},
    "lower_bound": {"lower_bound": {"min_sample": 100}},
    "objective": {"objective": {"goal_num": 7, "goal_den": 8, "exhausted_e12": 10**11}},
}


def model(name: str, shape: Shape, of: int) -> dict[str, Any]:
    """Rules that pay what the model says, without steps."""
    return windows(of, shape, curve=[[0, 0], [ONE, ONE]], models={"availability": name, **AVAILABILITY[name]})


@pytest.mark.parametrize("name", AVAILABILITY)
@few
@given(
    seen=observations(LARGE),
    references=st.sets(st.builds(Reference, st.integers(0, 11), st.integers(0, 2)), min_size=1, max_size=3),
)
def test_an_exclusion_lifts_nobody_above_who_was_up(
    name: str, seen: dict[Place, str], references: set[Reference]
) -> None:
    """The first device answers two of three validators in every slot; a reference probe that fails excludes one."""
    seen = {place: kind for place, kind in seen.items() if place.device or not place.validator}
    rules = model(name, LARGE, 4) | {"min_data_windows": 3}
    before = run(rules, LARGE, Told(seen))
    after = run(rules, LARGE, Told(seen, references=sorted(references)))
    assert before.exclusions <= after.exclusions
    for found in (before, after):
        assert (found.score(0), len(found.windows[0]), found.scores[0]["state"]) == (ONE, 3, 2)
        assert all(found.weight(device) <= found.weight(0) for device in range(LARGE.devices))
    for device in range(LARGE.devices):
        seen_up = {
            place.slot
            for place in (Place(s, v, device) for s in range(LARGE.slots) for v in range(3))
            if seen.get(place, "answer") in UP
        }
        assert after.scores[device]["up"] <= len(seen_up), "an excluded observation never turns into up"


# ----------------------------------------------------------------------------- weights, caps, range

WEIGHT = st.integers(0, 9) | st.integers(0, 2**100)


@few
@given(
    seen=observations(SMALL),
    weights=st.lists(WEIGHT, min_size=5, max_size=5),
    more=st.integers(1, 9) | st.integers(1, 2**100),
    pool=st.integers(0, 40) | st.integers(0, LARGEST),
)
def test_more_weight_never_gives_less(
    seen: dict[Place, str], weights: list[int], more: int, pool: int
) -> None:
    """But for the one unit that 9.2 gives to the largest remainder; the others never get more, but for one too."""
    rules = windows(2, SMALL)
    before = run(rules, SMALL, Told(seen, weights=weights, pool=pool))
    after = run(rules, SMALL, Told(seen, weights=[weights[0] + more, *weights[1:]], pool=pool))
    assert after.amount(0) >= before.amount(0) - 1
    assert all(after.amount(device) <= before.amount(device) + 1 for device in range(1, SMALL.devices))
    for found in (before, after):
        for one, other in itertools.permutations(range(SMALL.devices), 2):
            if found.weight(one) >= found.weight(other):
                assert found.amount(one) >= found.amount(other) - 1
            if not found.weight(one):
                assert found.amount(one) == 0


@pytest.mark.parametrize(("per_cluster", "per_cell"), [(1, 0), (2, 0), (0, 1), (0, 3), (1, 2), (2, 2)])
@few
@given(
    seen=observations(LARGE),
    networks=st.lists(st.integers(0, 4), min_size=12, max_size=12),
    weights=st.lists(st.integers(0, 2), min_size=12, max_size=12),
)
def test_no_more_earn_than_the_caps_let(
    per_cluster: int, per_cell: int, seen: dict[Place, str], networks: list[int], weights: list[int]
) -> None:
    """Who shares a network prefix is a cluster where two validators saw it up there (7.2); 7.5 counts who earns."""
    rules = windows(4, LARGE, max_per_cluster=per_cluster, max_per_cell=per_cell)
    found = run(rules, LARGE, Told(seen, weights=weights, networks=networks))
    earns = [device for device in range(LARGE.devices) if found.weight(device)]
    left_out = [device for device in range(LARGE.devices) if "CAPACITY" in found.entries[device]["reasons"]]
    cluster = [
        networks[device] if found.scores[device]["up"] else -1 - device for device in range(LARGE.devices)
    ]
    cell = [CELLS[device % 3] for device in range(LARGE.devices)]
    for most, group in ((per_cluster, cluster), (per_cell, cell)):
        in_group = Counter(group[device] for device in earns if group[device] is not None)
        assert not most or all(count <= most for count in in_group.values())
        if most == per_cluster + per_cell:
            # One cap alone leaves nobody out of a group that is not full.
            assert all(in_group[group[device]] == most for device in left_out)
    assert not set(left_out) & set(earns)


@pytest.mark.parametrize("name", AVAILABILITY)
@few
@given(seen=observations(SMALL), pool=st.integers(0, 99) | st.integers(0, LARGEST))
def test_scores_stay_in_their_range(name: str, seen: dict[Place, str], pool: int) -> None:
    found = run(model(name, SMALL, 2), SMALL, Told(seen, pool=pool))
    for device, entry in enumerate(found.entries):
        assert 0 <= found.score(device) <= ONE
        chain = {multiplier["name"]: multiplier["value"] for multiplier in entry["multipliers"]}
        assert ("payout" if name == "windowed" else name) in chain
        assert all(0 <= value <= ONE for value in chain.values())
        assert 0 <= found.weight(device) <= ONE
    assert sum(map(found.amount, range(SMALL.devices))) in {0, pool}


# ------------------------------------------------------------------------------------ the money

MONEY = {
    "everything-divided": {},
    "rests-to-the-sink": {"allocation": "floor_to_sink"},
    "rests-carried": {"allocation": "carry", "min_payout": "400000"},
    "withheld": {"models": {"withholding": {"percents": [33]}}, "min_payout": "7"},
}


@pytest.mark.parametrize("name", MONEY)
@few
@given(
    epochs=st.lists(
        st.tuples(observations(SMALL), st.integers(0, 99) | st.integers(0, 10**6)), min_size=2, max_size=3
    ),
    missed=st.integers(0, 10**6),
)
def test_the_money_of_a_chain_of_epochs(
    name: str, epochs: list[tuple[dict[Place, str], int]], missed: int
) -> None:
    """Each file balances (``settled`` holds it against 9.1), and so does the chain from its first pool to its end."""
    brought = paid = kept = carried = 0
    with tempfile.TemporaryDirectory() as folder:
        previous = None
        for number, (seen, pool) in enumerate(epochs):
            extra = "" if number else f'[missed]\nepochs = [5, 6]\npool = "{missed}"'
            told = Told(seen, pool=pool, extra_toml=extra, previous=previous)
            out = Path(folder) / f"settlement-{number}"
            found = settled(windows(2, SMALL, **MONEY[name]), SMALL, told, out, index=7 + number)
            previous = found.settlement
            rewards = previous.rewards
            brought += pool + (0 if number else missed)
            paid += int(rewards["paid"])
            kept += int(rewards["sink"]) + int(rewards["burned"]) + int(rewards["withheld"])
            carried += int(rewards["carried_delta"])
            assert carried == sum(int(line["carried"]) for line in rewards["payees"])
            assert paid == sum(int(line["cumulative"]) for line in rewards["payees"])
    assert brought == paid + kept + carried + int(rewards["remainder"])
