"""Tracks of a score: what they are combined to, what each of them takes, and what a ruleset with them pays."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import Epoch, Options, _native
from depinverify.models.settings import Tracks
from depinverify.models.tracks import combine, latency, reputation
from depinverify.pipeline import reward_epoch
from models.worlds import DOWN, ERROR, LATE, SLOTS, UP, WRONG, chain, entries, settled, states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement
    from depinverify.models.settings import TrackName

ONE = 10**12
STRAIGHT = ((0, 0), (ONE, ONE))
DEFAULT = ((0, 0), (799_999_999_999, 0), (800_000_000_000, ONE // 2), (995_000_000_000, ONE), (ONE, ONE))
NAMES: tuple[TrackName, ...] = ("availability", "correctness", "unknown", "latency")


def share(text: str) -> int:
    """A decimal in fixed point."""
    return int(Fraction(text) * ONE)


# ------------------------------------------------------------------------------------------------------- functions


def test_a_product_and_what_each_track_takes_of_it() -> None:
    rules = Tracks(order=("availability", "correctness", "latency"))
    found = combine(rules, [share("0.9"), share("0.8"), share("0.5")], STRAIGHT)
    assert found.score_e12 == share("0.36")
    assert found.multiplier == ("payout", share("0.36"), "LATENCY")
    assert [(one.track, one.cost_e12) for one in found.tracks] == [
        ("availability", share("0.04")),
        ("correctness", share("0.09")),
        ("latency", share("0.36")),
    ]


def test_a_mean_and_what_each_track_takes_of_it() -> None:
    rules = Tracks(order=("availability", "latency"), weights=(3, 1))
    found = combine(rules, [share("0.9"), share("0.5")], STRAIGHT)
    assert found.score_e12 == share("0.8")
    assert [one.cost_e12 for one in found.tracks] == [share("0.075"), share("0.125")]
    assert found.multiplier.reason == "LATENCY"


def test_a_product_rounds_down_behind_each_track() -> None:
    rules = Tracks(order=("availability", "correctness", "latency"))
    scores = [ONE // 3, ONE - 1, ONE - 1]
    assert combine(rules, scores, STRAIGHT).score_e12 == ONE // 3 - 2


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (("1", "1", "1"), None),
        (("0.999", "1", "0.999"), None),
        (("0.9", "1", "1"), "AVAILABILITY"),
        (("1", "0.9", "1"), "CORRECTNESS"),
        (("0.99", "0.95", "0.97"), "CORRECTNESS"),
        # Each alone costs nothing, since the other keeps the payout at 0: the worse one is named.
        (("1", "0.7", "0.6"), "LATENCY"),
        # Equals: the first listed.
        (("1", "0.7", "0.7"), "CORRECTNESS"),
        (("0.9", "0.9", "0.9"), "AVAILABILITY"),
    ],
)
def test_the_reason_is_that_of_the_track_that_costs_most(scores: tuple[str, ...], reason: str | None) -> None:
    rules = Tracks(order=("availability", "correctness", "latency"))
    found = combine(rules, [share(score) for score in scores], DEFAULT)
    assert found.multiplier.reason == reason
    assert (found.multiplier.value < ONE) == (reason is not None)


def test_latency_is_the_share_of_right_answers_in_time() -> None:
    assert (latency(0, 0), latency(5, 0), latency(0, 5), latency(1, 2)) == (ONE, ONE, 0, ONE // 3)


# ------------------------------------------------------------------------------------------------------ properties

SCORES = st.integers(0, ONE) | st.sampled_from([0, 1, ONE - 1, ONE])


@st.composite
def curves(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Payout curves, some of which never pay in full or pay more than that."""
    inner = draw(st.sets(st.integers(1, ONE - 1), max_size=3))
    xs = [0, *sorted(inner), ONE]
    ys = sorted(draw(st.lists(st.integers(0, 2 * ONE), min_size=len(xs), max_size=len(xs))))
    return tuple(zip(xs, ys, strict=True))


@st.composite
def tracks(draw: st.DrawFn) -> Tracks:
    """A table of any tracks in any order, as a product or a mean."""
    order = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    weights = st.lists(st.integers(1, 2**53 - 1), min_size=len(order), max_size=len(order)).map(tuple)
    return Tracks(order=tuple(order), weights=draw(st.none() | weights))


@given(tracks(), st.data())
def test_a_combination_is_a_score(rules: Tracks, data: st.DataObject) -> None:
    scores = data.draw(st.lists(SCORES, min_size=len(rules.order), max_size=len(rules.order)))
    found = combine(rules, scores, STRAIGHT)
    assert 0 <= found.score_e12 <= ONE
    assert found.multiplier.value == found.score_e12
    if rules.weights is None:
        assert found.score_e12 <= min(scores)
    else:
        assert min(scores) <= found.score_e12 <= max(scores)
        exact = sum(map(Fraction, (w * s for w, s in zip(rules.weights, scores, strict=True))))
        assert found.score_e12 == exact // sum(rules.weights)


@given(tracks(), curves(), st.data())
def test_a_better_track_never_lowers_the_multiplier(
    rules: Tracks, curve: tuple[tuple[int, int], ...], data: st.DataObject
) -> None:
    scores = data.draw(st.lists(SCORES, min_size=len(rules.order), max_size=len(rules.order)))
    place = data.draw(st.integers(0, len(scores) - 1))
    better = [*scores[:place], data.draw(st.integers(scores[place], ONE)), *scores[place + 1 :]]
    before, after = combine(rules, scores, curve), combine(rules, better, curve)
    assert after.multiplier.value >= before.multiplier.value
    assert all(one.cost_e12 >= 0 for one in before.tracks)
    assert after.multiplier.value - before.multiplier.value <= before.tracks[place].cost_e12


@given(st.sampled_from(NAMES), st.none() | st.integers(1, 2**53 - 1), SCORES, curves())
def test_one_track_alone_is_its_own_payout(
    name: TrackName, weight: int | None, score: int, curve: tuple[tuple[int, int], ...]
) -> None:
    rules = Tracks(order=(name,), weights=None if weight is None else (weight,))
    found = combine(rules, [score], curve)
    assert (found.score_e12, found.multiplier.value) == (score, _native.payout(curve, score))
    assert found.tracks[0].cost_e12 == curve[-1][1] - found.multiplier.value


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_reputation_is_scored_as_the_model_scores_it(failures: int, successes: int) -> None:
    rules = {"start": (ONE, 0), "lambda_e12": share("0.95"), "weight_e12": ONE, "threshold_e12": share("0.6")}
    alpha, beta, score, _ = _native.reputations([None], [failures], [successes], **rules)[0]  # type: ignore[arg-type]
    assert reputation(alpha, beta) == score


# ------------------------------------------------------------------------------------------------------ settlements

STANDING = {"min_age_s": 0, "min_observations": 1}
#: Curve on which the payout is the combined score.
PLAIN: dict[str, Any] = {"curve": [[0, 0], [ONE, ONE]]}


def models(*order: str, **further: Any) -> dict[str, Any]:
    """Rules of a network with these tracks."""
    return {"models": {"standing": STANDING, "tracks": {"order": list(order), **further}}}


def track_scores(entry: dict[str, Any]) -> dict[str, int]:
    """Scores of an entry's tracks by name."""
    return {one["track"]: one["score_e12"] for one in entry["tracks"]}


def mixed(at: int, slot: int) -> str:
    """One device is late, one wrong, one down for half of the epoch, and probes of one fail three times.

    With more errors than that the validators would be unreliable, and nobody would be down.
    """
    if slot < SLOTS // 2:
        return UP
    return (UP, LATE, WRONG, DOWN, ERROR if slot < SLOTS - 1 else UP)[at]


def unseen(at: int, slot: int) -> str:
    """Of one device nothing is known but errors."""
    return ERROR if at == 4 else mixed(at, slot)


def without_tracks(settlement: Settlement) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in entry.items() if name != "tracks"} for entry in entries(settlement)
    ]


@pytest.mark.parametrize("further", [{}, {"weights": [7]}], ids=["product", "mean"])
@pytest.mark.parametrize("needed", [1, 5], ids=["full", "provisional"])
@pytest.mark.parametrize("deed", [mixed, unseen])
def test_availability_alone_is_what_windowed_availability_pays(
    tmp_path: Path, further: dict[str, Any], needed: int, deed: Callable[[int, int], str]
) -> None:
    rules: dict[str, Any] = {"min_data_windows": needed}
    usual = settled(tmp_path / "usual", {**rules, "models": {}}, deed)
    tracks = {"order": ["availability"], **further}
    tracked = settled(tmp_path / "tracked", {**rules, "models": {"tracks": tracks}}, deed)
    assert without_tracks(tracked) == entries(usual)
    assert tracked.rewards["merkle"] == usual.rewards["merkle"]
    assert tracked.manifest["results"]["scores.parquet"] == usual.manifest["results"]["scores.parquet"]
    states_of = {one["state"] for one in entries(usual)}
    assert states_of - {"NO_DATA"} == {"FULL" if needed == 1 else "PROVISIONAL"}
    assert ("NO_DATA" in states_of) == (deed is unseen)
    assert any("AVAILABILITY" in one["reasons"] for one in entries(tracked))


def test_each_track_takes_its_part(tmp_path: Path) -> None:
    order = ("availability", "correctness", "unknown", "latency")
    settlement = settled(tmp_path, {**PLAIN, **models(*order)}, mixed)
    assert settlement.check() == []
    honest, late, wrong, down, erring = entries(settlement)
    assert honest["reasons"] == []
    assert chain(honest) == {"payout": ONE, "standing": ONE}
    assert (late["score_e12"], track_scores(late)) == (
        ONE,
        {"availability": ONE, "correctness": ONE, "unknown": ONE, "latency": ONE // 2},
    )
    assert (chain(late)["payout"], late["reasons"]) == (ONE // 2, ["LATENCY"])
    assert down["reasons"] == ["AVAILABILITY", "SUSPENDED"]
    assert chain(down)["payout"] == down["score_e12"] == ONE // 2
    # Reputations are those behind this epoch.
    for entry, state in zip(entries(settlement), states(settlement), strict=True):
        for track in ("correctness", "unknown"):
            alpha, beta = state[track]
            assert track_scores(entry)[track] == alpha * ONE // (alpha + beta)
    assert track_scores(wrong)["correctness"] < ONE
    assert "UNKNOWN_ERRORS" in erring["reasons"]
    assert chain(erring)["payout"] == track_scores(erring)["unknown"] < ONE


@pytest.mark.parametrize(
    ("order", "deed", "reason"),
    [
        (("correctness",), lambda at, slot: WRONG if at == 0 and slot == 3 else UP, "CORRECTNESS"),
        (("unknown",), lambda at, slot: ERROR if at == 0 and slot < 2 else UP, "UNKNOWN_ERRORS"),
        (("latency",), lambda at, slot: LATE if at == 0 and slot < 2 else UP, "LATENCY"),
    ],
)
def test_a_loss_by_one_track_has_its_reason(
    tmp_path: Path, order: tuple[str, ...], deed: Callable[[int, int], str], reason: str
) -> None:
    found = entries(settled(tmp_path, {**PLAIN, **models(*order)}, deed))
    assert found[0]["multipliers"][0]["reason"] == reason
    assert reason in found[0]["reasons"]
    assert found[0]["tracks"][0]["cost_e12"] == ONE - chain(found[0])["payout"] > 0
    assert all(one["reasons"] == [] for one in found[1:])


def test_who_was_seen_too_little_is_provisional_whatever_the_tracks(tmp_path: Path) -> None:
    rules = {**PLAIN, **models("latency"), "min_data_windows": 5}
    found = entries(settled(tmp_path, rules, mixed))[1]
    assert [(one["name"], one["value"], one["reason"]) for one in found["multipliers"]] == [
        ("payout", ONE // 2, "LATENCY"),
        ("provisional", 4 * ONE // 5, "PROVISIONAL"),
        ("standing", ONE, None),
    ]


def test_without_data_the_scores_are_placeholders_and_nothing_is_paid(tmp_path: Path) -> None:
    order = ("availability", "latency")
    found = entries(settled(tmp_path / "no", {**PLAIN, **models(*order)}, unseen))[4]
    assert track_scores(found) == {"availability": ONE, "latency": ONE}
    assert (found["state"], chain(found)["payout"], chain(found)["no_data"]) == ("NO_DATA", ONE, 0)
    assert found["amount"] == "0"
    paid = entries(settled(tmp_path / "yes", {**PLAIN, **models(*order), "pay_no_data": True}, unseen))[4]
    assert "no_data" not in chain(paid)


def test_entries_as_values_are_those_of_the_file(tmp_path: Path) -> None:
    settlement = settled(tmp_path, models("latency", "availability"), mixed)
    with reward_epoch(Epoch.open(tmp_path / "epoch-7")) as (_, rewards):
        assert [*rewards.entries()] == entries(settlement)


def test_any_number_of_threads_gives_the_same_bytes(tmp_path: Path) -> None:
    rules = models("availability", "latency", "correctness", "unknown", weights=[4, 3, 2, 1])
    one = settled(tmp_path / "one", rules, mixed, options=Options(threads=1))
    two = settled(tmp_path / "two", rules, mixed, options=Options(threads=2))
    assert one.manifest == two.manifest
