"""The slots of one device: who observed what, what was left out and by which rule, and how each slot was decided.

In: one device in a settlement. Out: a :class:`Slot` for each slot in which the device was challenged or has rows. Rule:
scoring specification, sections 2.5 and 3. Invariant: decisions are recomputed from the verdict table, never read from
the result that they explain.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from depinverify.audit.availability import Window
from depinverify.catalogue import Code, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depinverify.audit.published import Published

__all__ = ["DOWN", "UP", "Observation", "Slot", "read_slots", "windows_of"]

UP, DOWN = "UP", "DOWN"


class Observation(NamedTuple):
    """One row of the verdict table, and what became of it.

    Attributes:
        row_id: Identity of the row, which is its evidence hash.
        validator: Who observed.
        sent_ms: When the challenge left.
        code: Name of the verdict.
        outcome: What the row counts as.
        failed: Mask of the failed checks.
        evidence: ``e1``, ``e2`` and ``e_bytes`` of the verdict.
        is_kept: Whether it is the one row of its validator and challenge that scoring looks at.
        counts: ``UP``, ``DOWN``, or ``None`` where it says neither or is left out.
        dropped: ``EXCLUDED`` or ``UNRELIABLE`` where a down report was left out.
        rule: The line of the exclusion log, or the numbers of the indicator, behind ``dropped``.
    """

    row_id: bytes
    validator: bytes
    sent_ms: int
    code: str
    outcome: str
    failed: int
    evidence: tuple[int | None, int | None, bytes | None]
    is_kept: bool
    counts: str | None
    dropped: str | None
    rule: Mapping[str, Any] | None


@dataclass(frozen=True)
class Slot:
    """One slot of the device.

    Attributes:
        number: The slot's number.
        start: Its first second.
        window: First second of its window.
        is_challenged: Whether the device was to be probed in it.
        assigned: Validators that were to probe it.
        decision: ``UP``, ``DOWN`` or ``None``.
        without_exclusions: What the decision would be if no report had been left out.
        up: Reports that count as up.
        down: Reports that count as down.
        why: What the decision rests on, or why there is none.
        observations: The rows, in the order of the verdict table.
    """

    number: int
    start: int
    window: int
    is_challenged: bool
    assigned: tuple[bytes, ...]
    decision: str | None
    without_exclusions: str | None
    up: int
    down: int
    why: str
    observations: tuple[Observation, ...]

    @property
    def is_lost(self) -> bool:
        """Whether the device was challenged and is not up."""
        return self.is_challenged and self.decision != UP


def read_slots(published: Published) -> tuple[Slot, ...]:
    """Recompute the decisions of a device's slots."""
    context, verdicts = published.inputs.context, published.verdicts
    rules = {(line["slot"], bytes.fromhex(line["validator"])): line for line in published.exclusions}
    unreliable = published.unreliable()
    events = set(published.network_events())
    decided = context.device_slots(
        published.device, verdicts, excluded=list(rules), unreliable=list(unreliable), events=events
    )
    untouched = context.device_slots(published.device, verdicts, excluded=[], unreliable=[], events=events)
    without = {slot["slot"]: slot["decision"] for slot in untouched}
    details = _details(verdicts)
    judge = _Judge(
        quorum=1 if len(context.participants) == 1 else published.inputs.epoch.ruleset.quorum,
        events=frozenset(events)
        if published.inputs.epoch.ruleset.network_event == "exclude"
        else frozenset(),
    )
    slots = []
    for found in decided:
        observations = tuple(
            _observation(row, details[row["row_id"]], found["slot"], rules, unreliable)
            for row in found["rows"]
        )
        votes = Counter(one.counts for one in observations)
        slots.append(
            Slot(
                number=found["slot"],
                start=found["start"],
                window=found["window"],
                is_challenged=found["challenged"],
                assigned=tuple(found["assigned"]),
                decision=found["decision"],
                without_exclusions=without[found["slot"]],
                up=votes[UP],
                down=votes[DOWN],
                why=judge.why(found, votes[UP], votes[DOWN], observations),
                observations=observations,
            )
        )
    return tuple(slots)


def windows_of(slots: Iterable[Slot], decisions: Iterable[str | None]) -> list[Window]:
    """The epoch's part of each window, with these decisions in the order of the slots."""
    counted: dict[int, Window] = {}
    for slot, decision in zip(slots, decisions, strict=True):
        if slot.is_challenged:
            known = counted.get(slot.window, Window(slot.window, 0, 0, 0))
            counted[slot.window] = Window(
                slot.window,
                known.up + (decision == UP),
                known.total + (decision is not None),
                known.scheduled + 1,
            )
    return list(counted.values())


def _details(verdicts: Any) -> dict[bytes, tuple[Any, ...]]:  # noqa: ANN401 - an Arrow table
    """Of each row what the decision does not need: moment, failed checks, evidence."""
    names = ("sent_ms", "failed", "e1", "e2", "e_bytes")
    columns = [verdicts[name].to_pylist() for name in names]
    rows = zip(*columns, strict=True)
    return dict(zip(verdicts["row_id"].to_pylist(), rows, strict=True))


def _observation(
    row: Mapping[str, Any],
    detail: tuple[Any, ...],
    slot: int,
    rules: Mapping[tuple[int, bytes], Mapping[str, Any]],
    unreliable: Mapping[bytes, Mapping[str, int]],
) -> Observation:
    sent_ms, failed, e1, e2, e_bytes = detail
    dropped = row["dropped"]
    rule = None
    if dropped == "EXCLUDED":
        rule = rules[slot, row["validator"]]
    elif dropped is not None:
        rule = unreliable[row["validator"]]
    return Observation(
        row_id=row["row_id"],
        validator=row["validator"],
        sent_ms=sent_ms,
        code=Code(row["code"]).name,
        outcome=Outcome(row["outcome"]).name,
        failed=failed,
        evidence=(e1, e2, e_bytes),
        is_kept=row["kept"],
        counts=row["counts"] if row["kept"] and dropped is None else None,
        dropped=dropped,
        rule=rule,
    )


@dataclass(frozen=True)
class _Judge:
    """Says what a decision rests on."""

    quorum: int
    events: frozenset[int]

    def why(self, slot: Mapping[str, Any], up: int, down: int, observations: Sequence[Observation]) -> str:
        """One sentence about a slot."""
        votes = f"{up} up, {down} down"
        assigned, needed = len(slot["assigned"]), f"{self.quorum} reports are needed"
        left_out = sum(one.dropped is not None for one in observations)
        # The first that holds.
        reasons = (
            (slot["decision"] is not None, votes),
            (not slot["challenged"], "the device was not to be probed in this slot"),
            (assigned < self.quorum, f"only {assigned} validators could be assigned, {needed}"),
            (
                not any(one.is_kept for one in observations),
                f"no report of the {assigned} assigned validators",
            ),
            (up + down < self.quorum, f"{votes}, {left_out} left out: {needed}"),
            (up == down, f"{votes}: a tie decides nothing"),
            (slot["slot"] in self.events, f"{votes}: half of the network was down, such a slot is left out"),
        )
        few_owners = f"{votes}: the down reports come from fewer than {self.quorum} owners"
        return next((text for holds, text in reasons if holds), few_owners)
