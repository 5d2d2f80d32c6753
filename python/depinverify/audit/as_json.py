"""An explanation as JSON values.

In: an :class:`~depinverify.audit.explain.Explanation`. Out: objects, arrays, text and integers. Invariant: ids are
lower-case hex, amounts and weights decimal text, scores integers in fixed point, times Unix seconds unless the name
ends in ``_ms``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depinverify.catalogue import check_names
from depinverify.reward.columns import STATES

if TYPE_CHECKING:
    from depinverify.audit.explain import Explanation
    from depinverify.audit.model import Goal, Model
    from depinverify.audit.published import State
    from depinverify.audit.shortest import Change
    from depinverify.audit.slots import Observation, Slot
    from depinverify.audit.thresholds import Thresholds

__all__ = ["document"]


def document(explained: Explanation, slots: str) -> dict[str, Any]:
    """The whole explanation with the chosen slots."""
    entry, registered = explained.entry, explained.registered
    return {
        "device": explained.device.hex(),
        "epoch": {"index": explained.epoch, "start": explained.start, "end": explained.end},
        "caveats": dict(explained.caveats),
        "amount": str(entry.amount),
        "withheld": str(entry.withheld),
        "full_amount": str(explained.full_amount),
        "reasons": list(entry.reasons),
        "base_weight": str(registered.weight),
        "weight": str(entry.weight),
        "multipliers": [{**one._asdict(), "cost": str(cost)} for one, cost in explained.costs],
        "payee": None
        if explained.payee is None
        else {name: str(value) for name, value in explained.payee._asdict().items()},
        "registered": {
            "class": registered.class_name,
            "recorded_ms": registered.recorded_ms,
            "retired_ms": registered.retired_ms,
            "cell": None if registered.cell is None else f"{registered.cell:x}",
        },
        **_work(explained),
        **_tracks(explained),
        "score": _model(explained.model),
        "without_exclusions": _model(explained.without_exclusions),
        "state_before": _state(explained.before),
        "state_after": _state(explained.after),
        "models_before": explained.models_before,
        "models_after": explained.models_after,
        "changes": [_goal(goal) for goal in explained.goals],
        "thresholds": _thresholds(explained.thresholds),
        "slots": [_slot(slot) for slot in explained.chosen_slots(slots)],
        "indicators": [dict(one) for one in explained.indicators],
        "transitions": [dict(one) for one in explained.transitions],
        "findings": list(explained.findings),
    }


def _work(explained: Explanation) -> dict[str, Any]:
    """Paid work, where the ruleset asks for it."""
    if all(one.name != "utilisation" for one in explained.entry.multipliers):
        return {}
    if explained.work is None:
        return {"work": None}
    return {"work": {name: str(value) for name, value in explained.work._asdict().items()}}


def _tracks(explained: Explanation) -> dict[str, Any]:
    """What the payout was combined from, where the ruleset has tracks."""
    combination = explained.combination
    if combination is None:
        return {}
    return {
        "combined": {
            "score_e12": combination.score_e12,
            "payout_e12": combination.multiplier.value,
            "tracks": [one._asdict() for one in combination.tracks],
        }
    }


def _model(model: Model) -> dict[str, Any]:
    interval = model.payout
    return {
        "score_e12": model.availability.score_e12,
        "state": STATES[model.availability.state],
        "windows_used": model.availability.windows_used,
        "payout_e12": interval.value,
        "payout_interval": [[interval.x0, interval.y0], [interval.x1, interval.y1]],
        "up": model.up,
        "down": model.down,
        "scheduled": model.scheduled,
        "dropped": model.dropped,
        "prior_up": model.prior_up,
        "windows": [
            {
                **one.window._asdict(),
                "counts": one.why_not is None,
                "why_not": one.why_not,
                "ratio_e12": one.ratio_e12,
            }
            for one in model.windows
        ],
    }


def _state(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {**state._asdict(), "windows": [list(window) for window in state.windows]}


def _goal(goal: Goal) -> dict[str, Any]:
    return {
        "score_e12": goal.score_e12,
        "payout_e12": goal.payout_e12,
        "is_full": goal.is_full,
        "within": goal.within,
        "change": _change(goal.change),
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "slots": change.slots,
        "windows": [{"start": start, "slots": slots} for start, slots in change.windows],
    }


def _thresholds(thresholds: Thresholds) -> dict[str, Any]:
    payee = thresholds.min_payout
    return {
        "curve": [one._asdict() for one in thresholds.curve],
        "windows_used": thresholds.windows_used,
        "windows_needed": thresholds.windows_needed,
        "unreliable": [
            {**one._asdict(), "validator": one.validator.hex(), "numbers": dict(one.numbers)}
            for one in thresholds.unreliable
        ],
        "max_per_cluster": thresholds.max_per_cluster,
        "cell": None if thresholds.cell is None else thresholds.cell._asdict(),
        "min_payout": None
        if payee is None
        else {name: str(value) for name, value in payee._asdict().items()},
    }


def _slot(slot: Slot) -> dict[str, Any]:
    return {
        "slot": slot.number,
        "start": slot.start,
        "window": slot.window,
        "challenged": slot.is_challenged,
        "assigned": [validator.hex() for validator in slot.assigned],
        "decision": slot.decision,
        "without_exclusions": slot.without_exclusions,
        "up": slot.up,
        "down": slot.down,
        "why": slot.why,
        "observations": [_observation(one) for one in slot.observations],
    }


def _observation(one: Observation) -> dict[str, Any]:
    e1, e2, e_bytes = one.evidence
    return {
        "row_id": one.row_id.hex(),
        "validator": one.validator.hex(),
        "sent_ms": one.sent_ms,
        "code": one.code,
        "outcome": one.outcome,
        "failed": check_names(one.failed),
        "e1": e1,
        "e2": e2,
        "e_bytes": None if e_bytes is None else e_bytes.hex(),
        "kept": one.is_kept,
        "counts": one.counts,
        "dropped": one.dropped,
        "rule": None if one.rule is None else dict(one.rule),
    }
