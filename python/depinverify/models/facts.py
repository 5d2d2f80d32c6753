"""What an epoch showed about each device, as far as models depend on it.

In: the tables of scores, outcomes and devices. Out: one record for each device, ascending. Rule: scoring and
rewards, 5.3: which outcomes feed which track. Invariant: all three tables name the same devices in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arro3.core import Table

if TYPE_CHECKING:
    from arro3.core import RecordBatch

__all__ = ["Facts", "facts_of"]


class Facts(NamedTuple):
    """What an epoch showed about one device.

    Attributes:
        device: Its id.
        owner: Its owner.
        class_name: Its class.
        cell: Its H3 cell.
        enrolled_s: When its enrolment was recorded, Unix seconds.
        score_e12: Windowed availability.
        windows_used: Windows behind it.
        up: Slots of this epoch decided up.
        down: Slots decided down.
        correct: Right answers, in time or late.
        wrong: Answers that are provably wrong.
        unknown: Errors that cannot be pinned on it.
        late: Right answers behind the deadline.
        observations: Observations of any outcome that were not left out.
    """

    device: bytes
    owner: str
    class_name: str | None
    cell: int | None
    enrolled_s: int
    score_e12: int
    windows_used: int
    up: int
    down: int
    correct: int
    wrong: int
    unknown: int
    late: int
    observations: int


def facts_of(scores: RecordBatch, outcomes: RecordBatch, devices: RecordBatch) -> list[Facts]:
    """Put the columns of the three tables together."""
    score, outcome, device = (Table.from_batches([batch]) for batch in (scores, outcomes, devices))
    counts = {name: outcome[name].to_pylist() for name in outcome.column_names}
    rows = zip(
        score["device"].to_pylist(),
        device["owner"].to_pylist(),
        device["class"].to_pylist(),
        device["cell"].to_pylist(),
        device["recorded_ms"].to_pylist(),
        *(score[name].to_pylist() for name in ("score_e12", "windows_used", "up", "down")),
        map(sum, zip(counts["pass"], counts["late"], strict=True)),
        map(sum, zip(counts["fail"], counts["invalid"], strict=True)),
        counts["unknown"],
        counts["late"],
        map(sum, zip(*counts.values(), strict=True)),
        strict=True,
    )
    return [
        Facts(name, owner, class_name, cell, recorded_ms // 1000, *rest)
        for name, owner, class_name, cell, recorded_ms, *rest in rows
    ]
