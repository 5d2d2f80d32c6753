"""An explanation as text for the owner of a device: short sentences, times in UTC, amounts exact.

In: an :class:`~depinverify.audit.explain.Explanation`. Out: lines. Invariant: every number is one of the explanation;
words of strangers are shown without control sequences, and no line says more than the numbers do.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

from depinverify.audit.availability import payout
from depinverify.audit.model import TRACKING_PERIOD
from depinverify.audit.slots import UP
from depinverify.catalogue import Indicator, Reason, sentence
from depinverify.reward.columns import NO_DATA, STATES
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.audit.availability import Interval
    from depinverify.audit.explain import Explanation
    from depinverify.audit.model import Goal
    from depinverify.audit.slots import Observation, Slot

__all__ = ["narrate"]

_DIGITS: Final = 12
#: Windows and slots that a list shows before it only counts the rest.
_MOST_WINDOWS: Final = 100


def narrate(explained: Explanation, slots: str) -> Iterator[str]:
    """The lines of the text."""
    parts = (
        _caveats(explained),
        _summary(explained),
        _costs(explained),
        _score(explained),
        _tracks(explained),
        _exclusions(explained),
        _changes(explained),
        _thresholds(explained),
        _slots(explained, slots),
        _indicators(explained),
        _transitions(explained),
        _findings(explained),
    )
    for line in chain.from_iterable(parts):
        # Words of strangers stand in some lines.
        yield "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)


def utc(second: int) -> str:
    """A time as people read it."""
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {second}"


def decimal(value_e12: int) -> str:
    """A number in fixed point as a decimal, exactly."""
    sign = "-" if value_e12 < 0 else ""
    whole, part = divmod(abs(value_e12), ONE)
    text = f"{part:0{_DIGITS}}".rstrip("0")
    return f"{sign}{whole:,}.{text}" if text else f"{sign}{whole:,}"


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield text
    yield "-" * len(text)


def _caveats(explained: Explanation) -> Iterator[str]:
    caveats = explained.caveats
    if caveats["unsigned_allowed"]:
        yield "UNSIGNED FILES WERE ALLOWED: nobody vouches for their rows."
    if caveats["beacon_pinned"]:
        yield "PINNED BEACON: its signatures were not checked."
    if caveats["missing_rounds"]:
        number = count(len(caveats["missing_rounds"]), "beacon round")
        yield f"{number} missing: the slots of these rounds count for nobody and are not listed."
    if caveats["void_validators"]:
        yield f"Void validators, whose rows count for nobody: {', '.join(caveats['void_validators'])}"
    if caveats["quarantined"]:
        names = ", ".join(map(str, caveats["quarantined"]))
        yield f"Files that were left out whole: {names}"


def _summary(explained: Explanation) -> Iterator[str]:
    entry = explained.entry
    yield f"Device {explained.device.hex()}"
    yield f"Epoch {explained.epoch}, from {utc(explained.start)} to {utc(explained.end)}."
    yield f"It earned {entry.amount:,}. With every multiplier at full it would have earned {explained.full_amount:,}."
    if entry.withheld:
        yield f"Of what was allocated to it {entry.withheld:,} is withheld for later."
    if not entry.reasons:
        yield "Nothing was taken off."
    for reason in entry.reasons:
        yield f"{reason}: {_meaning(reason)}"
    line = explained.payee
    if line is not None:
        yield (
            f"Its payee {line.payee} has {line.amount:,} from all its devices and adjustments: "
            f"{line.paid:,} paid now, {line.carried:,} carried, {line.cumulative:,} paid in all."
        )


def _meaning(reason: str) -> str:
    if reason in set(Reason):
        return sentence(reason, "reason")
    if reason in set(Indicator):
        return sentence(reason, "indicator")
    return "No sentence is known for this reason."


def _costs(explained: Explanation) -> Iterator[str]:
    yield from _heading("What each multiplier cost")
    yield (
        f"Base weight {explained.registered.weight:,}. "
        "Each cost is of a whole new division of the pool with that multiplier at 1 and nothing else changed."
    )
    below = 0
    for one, cost in explained.costs:
        why = "" if one.reason is None else f" ({one.reason})"
        below += one.value < ONE
        if cost < 0:
            yield f"{one.name} {decimal(one.value)}{why}: added {-cost:,}."
        else:
            yield f"{one.name} {decimal(one.value)}{why}: cost {cost:,}."
    if below > 1 and explained.entry.weight == 0:
        yield "Each of several zeros alone would have kept the weight at 0, so one alone may have cost nothing."


def _score(explained: Explanation) -> Iterator[str]:
    model = explained.model
    yield from _heading("The score")
    yield (
        f"{count(model.scheduled, 'slot')} scheduled in this epoch: {model.up:,} up, {model.down:,} down, "
        f"{model.scheduled - model.up - model.down:,} undecided."
    )
    if model.availability.state == NO_DATA:
        yield "No window counts, so there is no score."
    else:
        needed = explained.thresholds.windows_needed
        yield (
            f"Score {decimal(model.availability.score_e12)}, the mean of "
            f"{count(model.availability.windows_used, 'window')}; {needed:,} are needed for a full score "
            f"({STATES[model.availability.state]})."
        )
    if explained.combination is None:
        yield _payout(model.payout)
    for one in model.windows[-_MOST_WINDOWS:]:
        window = one.window
        share = "" if one.ratio_e12 is None else f", {decimal(one.ratio_e12)}"
        counts = "counts" if one.why_not is None else f"does not count: {one.why_not}"
        yield (
            f"  {utc(window.start)}: {window.up:,} of {window.total:,} decided slots up, "
            f"{window.scheduled:,} scheduled{share}; {counts}."
        )
    if len(model.windows) > _MOST_WINDOWS:
        yield f"  and {count(len(model.windows) - _MOST_WINDOWS, 'earlier window')}."
    yield f"Last decision before the epoch: {_last(None if explained.before is None else explained.before.prior_up)}."
    yield f"Last decision at its end: {_last(model.prior_up)}."


def _tracks(explained: Explanation) -> Iterator[str]:
    combination = explained.combination
    if combination is None:
        return
    yield from _heading("The tracks")
    for one in combination.tracks:
        yield f"{one.track} {decimal(one.score_e12)}: took {decimal(one.cost_e12)} of the payout."
    yield f"Combined score {decimal(combination.score_e12)}."
    yield _payout(payout(explained.curve, combination.score_e12))
    if combination.multiplier.value < ONE and not any(one.cost_e12 for one in combination.tracks):
        yield "Several tracks are too low: none of them alone would have changed the payout."


def _payout(line: Interval) -> str:
    return (
        f"Payout {decimal(line.value)}, between the knots ({decimal(line.x0)}, {decimal(line.y0)}) and "
        f"({decimal(line.x1)}, {decimal(line.y1)}) of the payout curve."
    )


def _last(is_up: bool | None) -> str:
    return {None: "none", True: "up", False: "down"}[is_up]


def _exclusions(explained: Explanation) -> Iterator[str]:
    yield from _heading("What was left out")
    model, without = explained.model, explained.without_exclusions
    if model.dropped == 0:
        yield "No report about this device was left out."
        return
    yield f"{count(model.dropped, 'down report')} left out, because the fault was on the validator's side."
    combined = explained.combination is not None
    paid = "" if combined else f" and the payout {decimal(without.payout.value)}"
    yield (
        f"Without exclusions {without.up:,} slots would be up and {without.down:,} down, the score "
        f"{decimal(without.availability.score_e12)} ({STATES[without.availability.state]}){paid}."
    )


def _changes(explained: Explanation) -> Iterator[str]:
    yield from _heading("What would have avoided it")
    if not explained.entry.reasons:
        yield "Nothing had to be avoided."
    for goal in explained.goals:
        yield from _goal(goal)
    if all(one.name != "payout" for one in explained.entry.multipliers):
        yield "Another model than the payout curve holds here; its result depends on other devices too."
    remedies = _remedies(explained)
    yield from (f"{reason}: {remedies[reason]}." for reason in explained.entry.reasons if reason in remedies)
    for one in explained.entry.multipliers:
        if one.name == "proof":
            yield f"{one.reason}: nothing but not doing it; the evidence stands below."


def _remedies(explained: Explanation) -> dict[str, str]:
    """What helps against each reason that is not a matter of more slots up."""
    model, registered, end = explained.model, explained.registered, utc(explained.end)
    missing = explained.thresholds.windows_needed - explained.thresholds.windows_used
    undecided = model.scheduled - model.up - model.down
    retired = "" if registered.retired_ms is None else f" at {utc(registered.retired_ms // 1000)}"
    return {
        "CORRECTNESS": "right answers; each of them raises the record, and each wrong one lowers it",
        "UNKNOWN_ERRORS": "right answers; each of them raises the record, and each unexplained error lowers it",
        "LATENCY": f"{count(model.late, 'late answer')} of {model.late + model.in_time:,} before the deadline",
        "PROVISIONAL": f"{count(missing, 'more window')} that count would make the score full",
        "NO_DATA": f"at least one of {count(undecided, 'undecided slot')} decided, in a window that counts",
        "PRORATED": f"the device retired{retired}; retired at {end} or later it is paid in full",
        "CLASS": _class(explained),
        "UTILISATION": _work(explained),
        "NO_PAYEE": f"a payee in the registry before {utc(explained.start)}",
        "CAPACITY": "a place among those that earn; see the thresholds",
    }


def _class(explained: Explanation) -> str:
    if any(one.name == "class_share" for one in explained.entry.multipliers):
        return (
            f"a class that has a share of the pool; that of the device is {explained.registered.class_name!r}"
        )
    return f"the registry authority set the class {explained.registered.class_name!r}, which is paid less"


def _work(explained: Explanation) -> str:
    work = explained.work
    if work is None:
        return "work.jsonl says nothing of the device; with paid work up to its capacity it is paid in full"
    return f"{work.paid:,} of a capacity of {work.capacity:,} was paid work; all of it is paid in full"


def _goal(goal: Goal) -> Iterator[str]:
    what = f"score {decimal(goal.score_e12)}, payout {decimal(goal.payout_e12)}"
    if goal.is_full:
        what = f"full payout ({what})"
    if goal.change is None:
        yield f"For {what}: out of reach, even with every down slot of the tracking period up."
        return
    places = ", ".join(f"{slots:,} from {utc(start)}" for start, slots in goal.change.windows)
    whose = " of earlier epochs and this one" if goal.within == TRACKING_PERIOD else ""
    yield f"For {what}: {count(goal.change.slots, 'fewer down slot')}{whose} would have been enough: {places}."


def _thresholds(explained: Explanation) -> Iterator[str]:
    thresholds = explained.thresholds
    yield from _heading("Thresholds")
    for knot in thresholds.curve:
        side = "at or above" if knot.distance_e12 >= 0 else "below"
        yield (
            f"Payout {decimal(knot.payout_e12)} from score {decimal(knot.score_e12)}: "
            f"{side} by {decimal(abs(knot.distance_e12))}."
        )
    yield f"Windows that count: {thresholds.windows_used:,} of {thresholds.windows_needed:,} needed."
    for one in thresholds.unreliable:
        numbers = ", ".join(f"{name} {value:,}" for name, value in one.numbers.items())
        about = "it probes this device" if one.is_assigned else "it does not probe this device"
        yield (
            f"Validator {one.validator.hex()} is unreliable: more than a tenth of its slots were excluded or of its "
            f"probes missing, so its down reports are dropped ({numbers}); {about}."
        )
    if thresholds.max_per_cluster:
        yield (
            f"At most {count(thresholds.max_per_cluster, 'device')} of an address cluster earn; clusters are in no "
            "published file, so the rank in one is not known here."
        )
    cell = thresholds.cell
    if cell is not None:
        rank = "does not compete" if cell.rank is None else f"is number {cell.rank:,}"
        yield f"Of map cell {cell.cell} {cell.most:,} earn: the device {rank} of {cell.competing:,} that compete."
    payee = thresholds.min_payout
    if payee is not None:
        paid = "paid" if payee.missing == 0 else f"carried, {payee.missing:,} short"
        yield f"The payee is owed {payee.due:,} and is paid from {payee.least:,} on: {paid}."


def _slots(explained: Explanation, which: str) -> Iterator[str]:
    if which == "none":
        return
    chosen = explained.chosen_slots(which)
    yield from _heading("Slots" if which == "all" else "Slots that were not up, or with a report left out")
    if not chosen:
        yield "None."
    for slot in chosen:
        yield from _slot(slot)


def _slot(slot: Slot) -> Iterator[str]:
    decision = slot.decision or ("undecided" if slot.is_challenged else "not scheduled")
    yield f"Slot {slot.number}, {utc(slot.start)}: {decision} ({slot.why})."
    if slot.without_exclusions != slot.decision:
        yield f"  Without exclusions: {slot.without_exclusions or 'undecided'}."
    silent = [v for v in slot.assigned if v not in {one.validator for one in slot.observations}]
    for one in slot.observations:
        yield from _observation(one)
    for validator in silent:
        yield f"  {validator.hex()}: no report."


def _observation(one: Observation) -> Iterator[str]:
    counts = {UP: "counts as up", None: "does not count"}.get(one.counts, "counts as down")
    if not one.is_kept:
        counts = "does not count, a better report of the same probe does" if one.outcome != "NONE" else counts
    yield (
        f"  {one.validator.hex()} at {utc(one.sent_ms // 1000)}: {one.outcome}, verdict {one.code} "
        f"({sentence(one.code)}); {counts}. Row {one.row_id.hex()}."
    )
    if one.dropped is not None and one.rule is not None:
        numbers = ", ".join(
            f"{name} {value}"
            for name, value in one.rule.items()
            if name not in {"slot", "validator", "reason"}
        )
        reason = str(one.rule.get("reason", one.dropped))
        family = "exclusion" if one.dropped == "EXCLUDED" else "indicator"
        yield f"    left out: {reason}: {_rule(reason, family)} ({numbers})"


def _rule(reason: str, family: str) -> str:
    try:
        return sentence(reason, family)
    except KeyError:
        return "No sentence is known for this rule."


def _indicators(explained: Explanation) -> Iterator[str]:
    if not explained.indicators:
        return
    yield from _heading("Findings about the device")
    for one in explained.indicators:
        code = one["code"]
        numbers = ", ".join(f"{name} {value}" for name, value in one["numbers"].items())
        yield f"{code} ({one['severity']}): {_meaning(code)} {numbers}"
        others = [name for name in one["subjects"] if name != f"device:{explained.device.hex()}"]
        if others:
            yield f"  with {', '.join(others)}"
        for row in one["evidence"]:
            yield f"  row {row}"


def _transitions(explained: Explanation) -> Iterator[str]:
    if not explained.transitions:
        return
    yield from _heading("Its standing")
    for one in explained.transitions:
        when = utc(one["at"]) if isinstance(one.get("at"), int) else str(one.get("at"))
        yield f"{when}: from {one.get('from')} to {one.get('to')} by {one.get('rule')} ({one.get('numbers')})"


def _findings(explained: Explanation) -> Iterator[str]:
    yield from _heading("Does it agree with what was published?")
    if explained.agrees:
        yield "Yes: decisions, windows, score, weight and amount follow from the verdicts of this device."
    for finding in explained.findings:
        yield f"NO: {finding}"
