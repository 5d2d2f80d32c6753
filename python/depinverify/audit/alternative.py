"""An epoch under another ruleset: who would gain, who would lose, and by which multiplier.

In: an epoch folder, and the parameters that are to be other ones. Out: :class:`WhatIf`; nothing is published. Rule:
scoring specification, section 12.5. Invariant: the evidence was gathered and is judged under the published
parameters, whose hash stays in every draw; only scoring and rewards follow the other ruleset.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify.audit.results import Results
from depinverify.epoch import Epoch
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.payee import payee_text
from depinverify.pipeline import reward_epoch
from depinverify.ruleset import Ruleset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from depinverify.canonical import Json
    from depinverify.ingest import Options
    from depinverify.models.tracks import TrackScore
    from depinverify.reward import Multiplier, Rewards

__all__ = [
    "FIXED",
    "DeviceChange",
    "MultiplierChange",
    "PayeeChange",
    "TrackChange",
    "WhatIf",
    "other_ruleset",
    "what_if",
]

#: What a ruleset is called; it changes nobody's pay.
_NAMES: Final = frozenset({"name", "version"})
#: Terms of the balance that another ruleset may change.
_KEPT: Final = ("allocated", "sink", "withheld", "remainder")
#: Terms that only the tables of a few rulesets change; they are named where they do.
_RARELY: Final = ("pool", "missed_pools", "to_validators")
_PROBING: Final = "it decides whom validators probed, when, and what devices were told"
_JUDGING: Final = "it decides the verdict of each proof, and the evidence is judged as it was asked for"
#: Parameters that cannot be other ones for evidence that exists, and why.
FIXED: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("validators_per_probe", "select_num", "select_den", "deadline_ms", "late_limit_ms"), _PROBING
    ),
    **dict.fromkeys(("skew_s", "counter_grace_s", "location_tolerance_m", "require_location"), _JUDGING),
}


class MultiplierChange(NamedTuple):
    """A multiplier of a device that is another, ``None`` where it does not apply."""

    name: str
    before: int | None
    after: int | None


class TrackChange(NamedTuple):
    """A track of a device that takes another part of its payout, ``None`` where it is no track."""

    track: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device that gains or loses.

    Attributes:
        device: Its id, hex.
        payee: Who is paid.
        before: Its amount under the published ruleset.
        after: Its amount under the other one.
        multipliers: Its multipliers that are others; none if it is only the others' weights that changed.
        tracks: Its tracks that cost it another part of the payout.
    """

    device: str
    payee: str | None
    before: int
    after: int
    multipliers: tuple[MultiplierChange, ...]
    tracks: tuple[TrackChange, ...]

    @property
    def difference(self) -> int:
        """What it gains; negative if it loses."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class PayeeChange:
    """A payee whose devices and validators gain or lose together.

    Attributes:
        payee: The payee.
        before: What they earn under the published ruleset.
        after: The same under the other one.
    """

    payee: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        """What it gains; negative if it loses."""
        return self.after - self.before


@dataclass(frozen=True)
class WhatIf:
    """What another ruleset would change.

    Attributes:
        epoch: Index of the epoch.
        parameters: Parameters that are others, with both values; the ruleset's name is none of them.
        devices: Devices that gain or lose, the largest loss first.
        payees: The same for payees.
        unchanged: Devices with the same amount.
        totals: What is divided among devices and what is left, before and after.
        multipliers: For each name, how many devices have another multiplier.
        caveats: What limits the comparison.
    """

    epoch: int
    parameters: Mapping[str, tuple[Json, Json]]
    devices: tuple[DeviceChange, ...]
    payees: tuple[PayeeChange, ...]
    unchanged: int
    totals: Mapping[str, tuple[int, int]]
    multipliers: Mapping[str, int]
    caveats: tuple[str, ...]

    @property
    def gainers(self) -> int:
        """Devices that would get more."""
        return sum(one.difference > 0 for one in self.devices)

    @property
    def losers(self) -> int:
        """Devices that would get less."""
        return sum(one.difference < 0 for one in self.devices)

    def to_json(self) -> dict[str, Json]:
        """The comparison as JSON; amounts are decimal strings."""
        return {
            "published": False,
            "epoch": self.epoch,
            "parameters": {
                name: {"before": before, "after": after} for name, (before, after) in self.parameters.items()
            },
            "gainers": self.gainers,
            "losers": self.losers,
            "unchanged": self.unchanged,
            "totals": {
                name: {"before": str(before), "after": str(after)}
                for name, (before, after) in self.totals.items()
            },
            "multipliers": dict(self.multipliers),
            "devices": [
                {
                    "device": one.device,
                    "payee": one.payee,
                    "before": str(one.before),
                    "after": str(one.after),
                    "difference": str(one.difference),
                    "multipliers": [change._asdict() for change in one.multipliers],
                    "tracks": [change._asdict() for change in one.tracks],
                }
                for one in self.devices
            ],
            "payees": [
                {
                    "payee": one.payee,
                    "before": str(one.before),
                    "after": str(one.after),
                    "difference": str(one.difference),
                }
                for one in self.payees
            ],
            "caveats": list(self.caveats),
        }


class _Outcome(NamedTuple):
    """Devices and what each gets, and what payees get for validators, under one ruleset."""

    device: list[str]
    payee: list[str | None]
    multipliers: list[tuple[Multiplier, ...]]
    tracks: Sequence[tuple[TrackScore, ...]]
    amount: list[int]
    kept: dict[str, int]
    validators: Mapping[str, int]


def other_ruleset(epoch: Epoch, changes: Mapping[str, object], *, path: str = "ruleset") -> Ruleset:
    """The ruleset of an epoch with some parameters changed.

    Args:
        epoch: The epoch.
        changes: Parameters by name; those that are absent stay as they are.
        path: How messages call the changes.

    Raises:
        ConfigurationError: A key is unknown or wrong, or is fixed for evidence that exists (see :data:`FIXED`).
    """
    published = epoch.ruleset.model_dump(mode="json")
    if changes:
        # A ready ruleset that is changed is another one, and has another name.
        published["name"] = f"{published['name']}, changed"
    rules = Ruleset.from_table({**published, **changes}, path=path)
    rules.params(slot_seconds=epoch.slot_seconds, chain_hash=epoch.chain.hash)
    for name, why in FIXED.items():
        before, after = getattr(epoch.ruleset, name), getattr(rules, name)
        if before != after:
            raise ConfigurationError(
                f"{path}.{name}: expected {before} as in the epoch, found {after}: {why}",
                hint=f"For evidence that exists these stay as they are: {', '.join(FIXED)}.",
            )
    if rules.window_s != epoch.ruleset.window_s and epoch.previous is not None:
        raise ConfigurationError(
            f"{path}.window_s: expected {epoch.ruleset.window_s} as in the epoch, found {rules.window_s}: the "
            "settlement before hands over windows of that length",
            hint="Only the first epoch of a network can be scored with windows of another length.",
        )
    return rules


def what_if(
    epoch: str | Path,
    ruleset: Ruleset | Mapping[str, object],
    *,
    against: str | Path | None = None,
    options: Options | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> WhatIf:
    """Score and pay an epoch under another ruleset, and compare; nothing is published.

    Args:
        epoch: The epoch folder.
        ruleset: The other ruleset, or the parameters that are to be other ones.
        against: A settlement of this epoch to compare with; ``None``: the epoch under its own ruleset.
        options: How to run.
        progress: Called with the name of a step and the rows done so far.

    Raises:
        ConfigurationError: A parameter is wrong, or cannot be another one for evidence that exists.
        InputError: ``against`` is of another epoch.
    """
    opened = Epoch.open(epoch)
    changes = ruleset.model_dump(mode="json") if isinstance(ruleset, Ruleset) else ruleset
    rules = other_ruleset(opened, changes)
    if against is None:
        with reward_epoch(opened, options=options, progress=progress) as (_, rewards):
            before = _outcome(rewards)
    else:
        before = _published(against, opened)
    # The hash of the published parameters stays: it is in every draw.
    with reward_epoch(opened.under(rules), options=options, progress=progress) as (verdicts, rewards):
        after = _outcome(rewards)
        set_aside = len(verdicts.quarantined)
    return _compare(opened, rules, before, after, set_aside)


def _outcome(rewards: Rewards) -> _Outcome:
    money = rewards.money.terms()
    return _Outcome(
        [device.hex() for device in rewards.devices.device],
        [None if payee is None else payee_text(payee) for payee in rewards.devices.payee],
        rewards.weights.multipliers,
        rewards.tracks or [()] * len(rewards.devices.device),
        list(rewards.amounts),
        {name: money.get(name, 0) for name in (*_KEPT, *_RARELY)},
        {} if rewards.validators is None else _texts(rewards.validators.payees),
    )


def _published(against: str | Path, epoch: Epoch) -> _Outcome:
    results = Results.open(against)
    rewards = results.rewards
    found = (rewards.epoch.index, rewards.epoch.start, rewards.epoch.end)
    if found != (epoch.index, epoch.start, epoch.end) or rewards.params != epoch.params:
        raise InputError(
            f"{results.folder}: expected a settlement of epoch {epoch.index} under its own ruleset, found epoch "
            f"{found[0]} under {rewards.ruleset_name}"
        )
    entries = rewards.entries
    kept = {name: rewards.money[name] for name in (*_KEPT, *_RARELY)}
    validators: defaultdict[str, int] = defaultdict(int)
    for line in rewards.validators:
        if line.payee is not None:
            validators[line.payee] += line.amount
    return _Outcome(
        entries.device, entries.payee, entries.multipliers, entries.tracks, entries.amount, kept, validators
    )


def _texts(payees: Mapping[bytes, int]) -> dict[str, int]:
    return {payee_text(payee): amount for payee, amount in payees.items()}


def _compare(epoch: Epoch, rules: Ruleset, before: _Outcome, after: _Outcome, set_aside: int) -> WhatIf:
    if before.device != after.device:
        raise InputError(
            f"{epoch.folder}: expected the devices of the settlement, found others",
            hint="`depinverify audit` says which input differs.",
        )
    devices: list[DeviceChange] = []
    multipliers: defaultdict[str, int] = defaultdict(int)
    payees: dict[str, list[int]] = {}
    columns = zip(
        before.device,
        before.payee,
        before.amount,
        after.amount,
        before.multipliers,
        after.multipliers,
        before.tracks,
        after.tracks,
        strict=True,
    )
    for device, payee, amount, other, chain, other_chain, tracks, other_tracks in columns:
        changed = () if chain == other_chain else _changed(chain, other_chain)
        for change in changed:
            multipliers[change.name] += 1
        if amount != other:
            costs = _other_costs(tracks, other_tracks)
            devices.append(DeviceChange(device, payee, amount, other, changed, costs))
        if payee is not None:
            sums = payees.setdefault(payee, [0, 0])
            sums[0] += amount
            sums[1] += other
    for side, outcome in enumerate((before, after)):
        for payee, amount in outcome.validators.items():
            payees.setdefault(payee, [0, 0])[side] += amount
    lines = [PayeeChange(payee, *sums) for payee, sums in payees.items() if sums[0] != sums[1]]
    own, new = epoch.ruleset.model_dump(mode="json"), rules.model_dump(mode="json")
    return WhatIf(
        epoch=epoch.index,
        parameters={
            name: (own[name], new[name]) for name in own if name not in _NAMES and own[name] != new[name]
        },
        devices=tuple(sorted(devices, key=lambda one: (one.difference, one.device))),
        payees=tuple(sorted(lines, key=lambda one: (one.difference, one.payee))),
        unchanged=len(before.device) - len(devices),
        totals={
            name: (before.kept[name], after.kept[name])
            for name in before.kept
            if name in _KEPT or before.kept[name] != after.kept[name]
        },
        multipliers=dict(sorted(multipliers.items())),
        caveats=_caveats(epoch, rules, set_aside),
    )


def _changed(before: Sequence[Multiplier], after: Sequence[Multiplier]) -> tuple[MultiplierChange, ...]:
    """Multipliers by name and reason, since one name may stand for several codes."""
    sides: list[dict[tuple[str, str | None], int]] = [
        {(one.name, one.reason if one.name == "proof" else None): one.value for one in chain}
        for chain in (before, after)
    ]
    keys = dict.fromkeys([*sides[0], *sides[1]])
    return tuple(
        MultiplierChange(key[0], sides[0].get(key), sides[1].get(key))
        for key in keys
        if sides[0].get(key) != sides[1].get(key)
    )


def _other_costs(before: Sequence[TrackScore], after: Sequence[TrackScore]) -> tuple[TrackChange, ...]:
    sides: list[dict[str, int]] = [{one.track: one.cost_e12 for one in tracks} for tracks in (before, after)]
    changes = (
        TrackChange(track, sides[0].get(track), sides[1].get(track))
        for track in dict.fromkeys([*sides[0], *sides[1]])
    )
    return tuple(one for one in changes if one.before != one.after)


def _caveats(epoch: Epoch, rules: Ruleset, set_aside: int) -> tuple[str, ...]:
    caveats = ["the evidence was gathered and judged under the published parameters"]
    if rules.tracking_s > epoch.ruleset.tracking_s and epoch.previous is not None:
        caveats.append(
            f"the settlement before keeps windows of {epoch.ruleset.tracking_s} s only, so older ones are missing"
        )
    if set_aside:
        caveats.append(f"{set_aside} files were set aside")
    return tuple(caveats)
