"""The weight of one device, recomputed.

In: the device in a settlement and its model. Out: its multipliers, and where weight, multipliers and reasons of its
entry are others. Rule: scoring specification, sections 8 and 12.2. Invariant: the multipliers are those of the reward
step itself; only what looks at other devices, ``capacity`` and the ruleset's further models, is taken from the entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.audit.costs import product
from depinverify.models.judge import Judgement
from depinverify.reward import DeviceColumns, ScoreColumns, weigh
from depinverify.reward.weights import codes_against_devices, reasons_of

if TYPE_CHECKING:
    from depinverify.audit.model import Model
    from depinverify.audit.published import Published
    from depinverify.reward.weights import Multiplier

__all__ = ["multipliers_of", "weight_differences"]

#: Multipliers that the registry, windowed availability, indicators and caps give.
_WINDOWED: Final = frozenset(
    {"payout", "provisional", "no_data", "proration", "class", "payee", "proof", "capacity"}
)


def multipliers_of(published: Published, model: Model) -> tuple[Multiplier, ...]:
    """The multipliers that follow from score, registry and indicators."""
    epoch = published.inputs.epoch
    availability = model.availability
    scores = ScoreColumns(
        device=[published.device],
        state=[availability.state],
        score_e12=[availability.score_e12],
        windows_used=[availability.windows_used],
        decided=[model.up + model.down],
        payout_e12=[model.payout.value],
    )
    devices = DeviceColumns.from_arrow(published.inputs.snapshot.devices().slice(published.registered.row, 1))
    codes = codes_against_devices(published.about_device(), epoch.ruleset.zero_on_suspect)
    weighed = weigh(
        scores,
        devices,
        codes,
        epoch.ruleset,
        start=epoch.start,
        end=epoch.end,
        judgement=None if epoch.ruleset.models is None else _as_published(published.entry.multipliers),
    )
    capacity = tuple(one for one in published.entry.multipliers if one.name == "capacity")
    return weighed.multipliers[0] + capacity


def _as_published(multipliers: tuple[Multiplier, ...]) -> Judgement:
    """What the further models said, by the entry."""
    own = [one for one in multipliers if one.name not in _WINDOWED]
    has_payout = any(one.name == "payout" for one in multipliers)
    availability = None if has_payout or not own else own.pop(0)
    return Judgement([availability], [tuple(own)], [0], {}, [])


def weight_differences(model: Model, published: Published) -> list[str]:
    """Where the entry's multipliers, weight and reasons are not the recomputed ones: a sentence each."""
    entry, found = published.entry, []
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
