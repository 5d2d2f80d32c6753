"""The scoring model of one device: what went in, what came out, and what else could have come out.

In: the device in a settlement, with its slots. Out: :class:`Model` as published, as it would be without exclusions,
and the shortest changes that reach a higher payout. Rule: scoring specification, sections 3.8, 5.1, 5.10 and 12.1.
Invariant: everything is recomputed from the verdict table and the state before; :func:`differences` holds it against
what was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depinverify.audit.availability import (
    Availability,
    Interval,
    JudgedWindow,
    Window,
    evaluate,
    judge,
    least_score,
    merge,
    payout,
)
from depinverify.audit.shortest import Change, ChangeableWindow, least_change
from depinverify.audit.slots import DOWN, UP, windows_of
from depinverify.catalogue import Outcome
from depinverify.reward.columns import STATES
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from depinverify.audit.published import Published
    from depinverify.audit.slots import Slot
    from depinverify.ruleset import Ruleset

__all__ = ["Goal", "Model", "differences", "goals_of", "model_of"]

#: Down slots that a change may think of as up.
EPOCH: Final = "epoch"
TRACKING_PERIOD: Final = "tracking period"


@dataclass(frozen=True)
class Model:
    """Inputs and result of the score of one device.

    Attributes:
        up: Slots of the epoch decided up.
        down: Slots of the epoch decided down.
        scheduled: Slots of the epoch in which the device was challenged.
        dropped: Down reports of the epoch that were left out.
        in_time: Right answers of the epoch that were in time.
        late: Right answers of the epoch behind the deadline.
        prior_up: The last decision, of this epoch or an earlier one.
        windows: All windows of the state after the epoch, and which of them count.
        availability: Score, windows used, state.
        payout: Where the score lies on the payout curve.
    """

    up: int
    down: int
    scheduled: int
    dropped: int
    in_time: int
    late: int
    prior_up: bool | None
    windows: tuple[JudgedWindow, ...]
    availability: Availability
    payout: Interval

    @property
    def used(self) -> list[Window]:
        """The windows that count."""
        return [one.window for one in self.windows if one.why_not is None]


@dataclass(frozen=True)
class Goal:
    """A payout that the device did not have, and the shortest way there.

    Attributes:
        score_e12: The least score that has it.
        payout_e12: The payout.
        is_full: Whether it is the best that more availability gives this device, at most ONE.
        within: Which down slots the change is made of: those of the ``epoch``, or of the whole ``tracking
            period`` where they alone do not suffice.
        change: The change; ``None`` where no number of slots suffices.
    """

    score_e12: int
    payout_e12: int
    is_full: bool
    within: str
    change: Change | None


def model_of(published: Published, slots: Sequence[Slot], decisions: Iterable[str | None]) -> Model:
    """Score a device with these decisions of its slots."""
    decisions = list(decisions)
    rules, end = published.inputs.epoch.ruleset, published.inputs.epoch.end
    earlier = () if published.before is None else published.before.windows
    windows = judge(merge(earlier, windows_of(slots, decisions), end, rules), end, rules)
    availability = evaluate(windows, rules)
    decided = [decision for decision in decisions if decision is not None]
    prior_up = None if published.before is None else published.before.prior_up
    kept = [one.outcome for slot in slots for one in slot.observations if one.is_kept]
    return Model(
        up=decided.count(UP),
        down=decided.count(DOWN),
        scheduled=sum(slot.is_challenged for slot in slots),
        dropped=sum(one.dropped is not None for slot in slots for one in slot.observations),
        in_time=kept.count(Outcome.PASS.name),
        late=kept.count(Outcome.LATE.name),
        prior_up=decided[-1] == UP if decided else prior_up,
        windows=tuple(windows),
        availability=availability,
        payout=payout(rules.curve, availability.score_e12),
    )


def goals_of(
    model: Model, slots: Sequence[Slot], ruleset: Ruleset, combined: Callable[[int], int]
) -> list[Goal]:
    """The knots of the payout curve above the device's score, and full pay, with the shortest change to each.

    Args:
        model: Inputs and result of the score.
        slots: The device's slots.
        ruleset: The ruleset.
        combined: What the payout curve is applied to, by the availability; never falling.
    """
    if not model.used:
        return []

    def pay(score: int) -> int:
        return payout(ruleset.curve, combined(score)).value

    def least_for(knot: int) -> int | None:
        return least_score(lambda score: combined(score) >= knot)

    best = min(ONE, pay(ONE))
    full = least_score(lambda score: pay(score) >= best)
    at_knots = (least_for(x) for x, _ in ruleset.curve)
    scores = {score for score in (*at_knots, full) if score is not None}
    goals, reached = [], pay(model.availability.score_e12)
    for score in sorted(score for score in scores if score > model.availability.score_e12):
        value = pay(score)
        # A knot behind which nothing more is paid is no goal.
        if value > reached:
            goals.append(Goal(score, value, score == full, *_shortest(model, slots, score)))
            reached = value
    return goals


def _shortest(model: Model, slots: Sequence[Slot], score_e12: int) -> tuple[str, Change | None]:
    lost = [slot.window for slot in slots if slot.is_challenged and slot.decision == DOWN]
    of_epoch = [ChangeableWindow(one.start, one.up, one.total, lost.count(one.start)) for one in model.used]
    change = least_change(of_epoch, score_e12)
    if change is not None:
        return EPOCH, change
    of_all = [ChangeableWindow(one.start, one.up, one.total, one.total - one.up) for one in model.used]
    return TRACKING_PERIOD, least_change(of_all, score_e12)


def differences(model: Model, published: Published) -> list[str]:
    """Where the recomputed score is not the published one: a sentence each."""
    score, after, entry = published.score, published.after, published.entry
    recomputed = {
        "up": model.up,
        "down": model.down,
        "scheduled": model.scheduled,
        "excluded": model.dropped,
        "score_e12": model.availability.score_e12,
        "windows_used": model.availability.windows_used,
        "state": model.availability.state,
        "payout_e12": model.payout.value,
    }
    found = [
        f"scores.parquet: {name}: published {score[name]}, recomputed {value}"
        for name, value in recomputed.items()
        if score[name] != value
    ]
    if after is None:
        found.append("state.jsonl: expected a line of the device, found none")
    else:
        windows = tuple(one.window for one in model.windows)
        found += [
            f"state.jsonl: window {window.start}: published {_counts(known)}, recomputed {_counts(window)}"
            for window, known in _aligned(windows, after.windows)
            if window != known
        ]
        if after.prior_up != model.prior_up:
            found.append(f"state.jsonl: prior_up: published {after.prior_up}, recomputed {model.prior_up}")
    state = STATES[model.availability.state]
    if (entry.score_e12, entry.state) != (model.availability.score_e12, state):
        found.append(
            f"rewards.json: published score {entry.score_e12} and state {entry.state}, "
            f"recomputed {model.availability.score_e12} and {state}"
        )
    return found


def _aligned(one: Iterable[Window], other: Iterable[Window]) -> Iterable[tuple[Window, Window]]:
    """Windows of both sides by their start; an absent one has no slots."""
    left, right = ({window.start: window for window in side} for side in (one, other))
    for start in sorted(left.keys() | right.keys()):
        absent = Window(start, 0, 0, 0)
        yield left.get(start, absent), right.get(start, absent)


def _counts(window: Window) -> str:
    return f"{window.up} of {window.total} up, {window.scheduled} scheduled"
