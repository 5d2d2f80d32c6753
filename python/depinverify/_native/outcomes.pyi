"""Scores from outcomes alone."""

from collections.abc import Sequence
from typing import Any

from arro3.core.types import ArrowStreamExportable

def score_outcomes(
    rows: ArrowStreamExportable,
    *,
    devices: int,
    owners: Sequence[int],
    start: int,
    end: int,
    slot_seconds: int,
    window_s: int,
    tracking_s: int,
    min_data_windows: int = 1,
    quorum: int = 2,
    exclude_network_events: bool = False,
    clusters: Sequence[int] | None = None,
    was_up: Sequence[bool | None] = ...,
    unreliable: Sequence[int] = ...,
) -> dict[str, Any]:
    """Score outcomes of a network that judges its probes elsewhere (scoring and rewards, 2.2, 2.5, 3.1 to 3.5, 5.1).

    One slot is held at a time, so memory depends on the number of devices alone.

    Args:
        rows: A stream with the columns ``slot`` and ``device`` (uint32), ``validator`` (uint16) and ``outcome`` (uint8,
            as in the verdict table), ascending by slot, device, validator. Of equal keys the best outcome is kept.
        devices: How many there are; they are numbered from 0.
        owners: Number of the owner of each validator.
        start: First second of slot 0.
        end: The moment at which scores are taken.
        slot_seconds: Length of a slot.
        window_s: Length of a window.
        tracking_s: Length of the tracking period.
        min_data_windows: Windows from which a score is full.
        quorum: Observations that decide a slot.
        exclude_network_events: Leave out slots in which half of the network was down.
        clusters: Cluster of each device; each on its own by default.
        was_up: The last decision about each device before slot 0.
        unreliable: Validators whose down observations are dropped.

    Returns:
        ``scores``, a record batch with a row a device: ``device``, ``state``, ``score_e12``, ``windows_used``, ``up``,
        ``down``, ``excluded``, ``was_up``; ``exclusions``: ``(slot, validator, reason, n, f, n2, f2)``; ``events``:
        ``(slot, clusters, clusters down)``; ``validators``: ``(slots probed, slots excluded)`` of each.

    Raises:
        depinverify.exceptions.InputError: A column is missing or of another type, rows do not ascend, or a number is
            out of range.
    """
