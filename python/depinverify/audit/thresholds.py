"""How far a device is from each threshold that pay depends on.

In: the device in a settlement and its model. Out: numbers by threshold. Rule: scoring specification, sections 2.3, 3.6,
5.1, 5.10, 7.5 and 9.7. Invariant: what the settlement does not publish is not guessed: clusters by addresses are in no
result, so a rank in one is never given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from depinverify.exceptions import SettlementError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.audit.model import Model
    from depinverify.audit.published import Published
    from depinverify.audit.slots import Slot

__all__ = ["CellRank", "Knot", "MinPayout", "Thresholds", "Unreliable", "thresholds_of"]


class Knot(NamedTuple):
    """A knot of the payout curve.

    Attributes:
        score_e12: Where it is.
        payout_e12: The payout there.
        distance_e12: The score that is paid, combined from the tracks where there are some, less the knot's; negative
            below the knot.
    """

    score_e12: int
    payout_e12: int
    distance_e12: int


class Unreliable(NamedTuple):
    """A validator whose down reports are dropped, and by what it is above the cap of a tenth.

    Attributes:
        validator: Its id.
        numbers: The indicator's numbers.
        is_assigned: Whether it was to probe the device in this epoch.
    """

    validator: bytes
    numbers: Mapping[str, int]
    is_assigned: bool


class CellRank(NamedTuple):
    """Where the device stands among those of its map cell.

    Attributes:
        cell: The cell, hex.
        rank: Its place by score, then age, then id, from 1; ``None`` if it does not compete.
        competing: Devices of the cell with a weight above 0 before the caps.
        most: How many earn.
    """

    cell: str
    rank: int | None
    competing: int
    most: int


class MinPayout(NamedTuple):
    """The payee and the least sum that is paid.

    Attributes:
        least: The least sum.
        due: Carried before and earned now.
        missing: What was missing, 0 where it was paid.
    """

    least: int
    due: int
    missing: int


class Thresholds(NamedTuple):
    """All of them.

    Attributes:
        curve: Knots of the payout curve.
        windows_used: Windows that count.
        windows_needed: Windows from which a score is full.
        unreliable: Validators whose down reports are dropped.
        max_per_cluster: Devices of one address cluster that earn, 0 for no cap.
        cell: Rank in the map cell, ``None`` without a cap or a cell.
        min_payout: The payee's side, ``None`` without a payee.
    """

    curve: tuple[Knot, ...]
    windows_used: int
    windows_needed: int
    unreliable: tuple[Unreliable, ...]
    max_per_cluster: int
    cell: CellRank | None
    min_payout: MinPayout | None


def thresholds_of(published: Published, model: Model, slots: tuple[Slot, ...], score_e12: int) -> Thresholds:
    """Measure a device against every threshold; ``score_e12`` is what the payout curve is applied to."""
    rules = published.inputs.epoch.ruleset
    assigned = {validator for slot in slots for validator in slot.assigned}
    return Thresholds(
        curve=tuple(Knot(x, y, score_e12 - x) for x, y in rules.curve),
        windows_used=model.availability.windows_used,
        windows_needed=rules.min_data_windows,
        unreliable=tuple(
            Unreliable(validator, numbers, validator in assigned)
            for validator, numbers in sorted(published.unreliable().items())
        ),
        max_per_cluster=rules.max_per_cluster,
        cell=_cell_rank(published),
        min_payout=_min_payout(published),
    )


def _cell_rank(published: Published) -> CellRank | None:
    most = published.inputs.epoch.ruleset.max_per_cell
    cell = published.registered.cell
    if most == 0 or cell is None:
        return None
    devices = published.inputs.snapshot.devices()
    entries = published.rewards["entries"]
    try:
        scores = [int(entry["score_e12"]) for entry in entries]
        competes = [entry["weight"] != "0" or "CAPACITY" in entry["reasons"] for entry in entries]
    except (KeyError, TypeError, ValueError) as error:
        raise SettlementError(f"rewards.json: expected depinverify-rewards-v1; {error!r}") from None
    if len(entries) != devices.num_rows:
        raise SettlementError(f"rewards.json: expected {devices.num_rows} entries, found {len(entries)}")
    recorded = devices["recorded_ms"].to_pylist()
    competing = [
        position
        for position, other in enumerate(devices["cell"].to_pylist())
        if other == cell and competes[position]
    ]
    # Positions ascend by id, so the sort is stable for equal scores and times.
    competing.sort(key=lambda at: (-scores[at], recorded[at]))
    rank = competing.index(published.position) + 1 if published.position in competing else None
    return CellRank(f"{cell:x}", rank, len(competing), most)


def _min_payout(published: Published) -> MinPayout | None:
    line = published.payee
    if line is None:
        return None
    least = int(published.inputs.epoch.ruleset.min_payout)
    due = line.paid + line.carried
    return MinPayout(least, due, max(0, least - due))
