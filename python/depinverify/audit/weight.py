"""The weight of one device, recomputed.

In: the device in a settlement and its model. Out: its multipliers, and where weight, multipliers and reasons of its
entry are others. Rule: scoring specification, sections 5.10, 8 and 12.2. Invariant: the multipliers are those of the
reward step itself; only what looks at other devices, ``capacity`` and the ruleset's further models, is taken from the
entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.audit.comparison import track_difference
from depinverify.audit.costs import product
from depinverify.audit.tracks import combination_of
from depinverify.models.judge import Judgement
from depinverify.reward import DeviceColumns, ScoreColumns, weigh
from depinverify.reward.multiplier import PAYOUT
from depinverify.reward.utilisation import utilisation_of
from depinverify.reward.weights import codes_against_devices, reasons_of

if TYPE_CHECKING:
    from depinverify.audit.model import Model
    from depinverify.audit.published import Published
    from depinverify.models.tracks import Combination
    from depinverify.reward.weights import Multiplier

__all__ = ["multipliers_of", "weight_differences"]

#: Multipliers that the registry, windowed availability, paid work, indicators and caps give.
_WINDOWED: Final = frozenset({
    "payout", "provisional", "no_data", "proration", "class", "class_share", "utilisation", "payee", "proof",
    "capacity",
})  # fmt: skip


def multipliers_of(published: Published, model: Model) -> tuple[Multiplier, ...]:
    """The multipliers that follow from score, tracks, registry, paid work and indicators."""
    epoch, tracks = published.inputs.epoch, combination_of(published, model)
    availability = model.availability
    scores = ScoreColumns(
        device=[published.device],
        state=[availability.state],
        score_e12=[availability.score_e12],
        windows_used=[availability.windows_used],
        decided=[model.up + model.down],
        payout_e12=[model.payout.value],
    )
    devices = DeviceColumns.from_arrow(
        published.inputs.snapshot.devices().slice(published.registered.row, 1),
        payee_type=epoch.ruleset.type_of_payees,
    )
    codes = codes_against_devices(published.about_device(), epoch.ruleset.zero_on_suspect)
    utilisation = None
    if epoch.ruleset.utilisation is not None:
        work = published.inputs.work or {}
        utilisation = utilisation_of(epoch.ruleset.utilisation, work, devices.device)
    weighed = weigh(
        scores,
        devices,
        codes,
        epoch.ruleset,
        start=epoch.start,
        end=epoch.end,
        judgement=None
        if epoch.ruleset.models is None
        else _as_published(published.entry.multipliers, tracks),
        utilisation=utilisation,
    )
    capacity = tuple(one for one in published.entry.multipliers if one.name == "capacity")
    return weighed.multipliers[0] + capacity


def _as_published(multipliers: tuple[Multiplier, ...], tracks: Combination | None) -> Judgement:
    """What the further models said, by the entry; tracks are combined again."""
    own = [one for one in multipliers if one.name not in _WINDOWED]
    has_payout = any(one.name == PAYOUT for one in multipliers)
    availability = None if tracks is None else tracks.multiplier
    if tracks is None and own and not has_payout:
        availability = own.pop(0)
    return Judgement([availability], [tuple(own)], [0], {}, [])


def weight_differences(model: Model, published: Published) -> list[str]:
    """Where the entry's multipliers, weight and reasons are not the recomputed ones: a sentence each."""
    entry, found = published.entry, []
    tracks = combination_of(published, model)
    recomputed = () if tracks is None else tracks.tracks
    listed = [[one.track for one in side] for side in (entry.tracks, recomputed)]
    if listed[0] != listed[1]:
        found.append(f"rewards.json: published tracks {listed[0]}, recomputed {listed[1]}")
    differs = track_difference(entry.tracks, recomputed)
    if differs is not None:
        found.append(f"rewards.json: {differs[0]}: published {differs[1]}, recomputed {differs[2]}")
    multipliers = multipliers_of(published, model)
    if multipliers != entry.multipliers:
        found.append(
            f"rewards.json: published multipliers {_text(entry.multipliers)}, recomputed {_text(multipliers)}"
        )
    weight = product(published.registered.weight, [one.value for one in multipliers])
    if weight != entry.weight:
        found.append(f"rewards.json: published weight {entry.weight}, recomputed {weight}")
    reasons = reasons_of(multipliers)
    if entry.withheld:
        reasons = tuple(sorted({*reasons, "WITHHELD"}))
    if reasons != entry.reasons:
        found.append(f"rewards.json: published reasons {list(entry.reasons)}, recomputed {list(reasons)}")
    return found


def _text(multipliers: tuple[Multiplier, ...]) -> str:
    return ", ".join(f"{one.name} {one.value}" for one in multipliers)
