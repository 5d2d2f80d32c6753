"""What a settlement says about one device.

In: the parsed files of a settlement, whole or cut to the device, and the epoch that it is the settlement of. Out:
:class:`Published`: the device's entry, score, state and verdicts, its payee's line, the exclusion log, the indicators.
Rule: scoring specification, section 11.9, and uptime proof, section 9.3. Invariant: every value that is used has the
type that it must have; a file that is none of its kind is an error of the family.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify.audit.availability import Window
from depinverify.audit.one_device import state_line
from depinverify.exceptions import InputError, SettlementError
from depinverify.models.tracks import TrackScore
from depinverify.reward.weights import Multiplier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arro3.core import RecordBatch, Table

    from depinverify.ingest import Inputs

__all__ = [
    "SCORE_COLUMNS",
    "Entry",
    "Payee",
    "Published",
    "Registered",
    "State",
    "published_of",
]

#: Columns of ``scores.parquet`` that pay depends on, beside the device.
SCORE_COLUMNS: Final = (
    "state", "score_e12", "windows_used", "up", "down", "scheduled", "excluded", "payout_e12",
)  # fmt: skip
#: Slot numbers are below this.
_SLOTS: Final = 1 << 64


class Entry(NamedTuple):
    """The device's entry of the reward file.

    ``withheld`` is kept back of what was allocated to it; ``tracks`` are none where the ruleset has none.
    """

    payee: str | None
    score_e12: int
    state: str
    multipliers: tuple[Multiplier, ...]
    weight: int
    amount: int
    reasons: tuple[str, ...]
    withheld: int
    tracks: tuple[TrackScore, ...]


class Payee(NamedTuple):
    """The line of the device's payee."""

    payee: str
    amount: int
    paid: int
    carried: int
    cumulative: int


class State(NamedTuple):
    """What one epoch hands to the next about the device."""

    prior_up: bool | None
    bootcount: int | None
    boot_first: int | None
    windows: tuple[Window, ...]


class Registered(NamedTuple):
    """What the registry says about the device, as far as pay depends on it; ``row`` is its row of the snapshot."""

    row: int
    weight: int
    class_name: str | None
    recorded_ms: int
    retired_ms: int | None
    cell: int | None


@dataclass(frozen=True)
class Published:
    """One device in a settlement.

    Attributes:
        inputs: The epoch.
        device: The device's id.
        rewards: The reward file.
        position: Where the device's entry stands among the entries.
        entry: Its entry.
        registered: What the registry says about it.
        payee: Its payee's line, ``None`` without a payee.
        score: Its row of ``scores.parquet``.
        before: Its state at the start, ``None`` where there is none.
        after: Its state at the end.
        models_before: Its line of the earlier ``models.jsonl``, ``None`` where no further model is used.
        models_after: Its line of ``models.jsonl``.
        verdicts: Its rows of the verdict table, as they were read.
        exclusions: The exclusion log.
        indicators: Those about the device, about validators, and about the network.
        transitions: Changes of the device's standing, and warnings.
        caveats: On whose word, and with what left out, the settlement rests.
        findings: What does not fit together.
    """

    inputs: Inputs
    device: bytes
    rewards: Mapping[str, Any]
    position: int
    entry: Entry
    registered: Registered
    payee: Payee | None
    score: Mapping[str, int]
    before: State | None
    after: State | None
    models_before: Mapping[str, Any] | None
    models_after: Mapping[str, Any] | None
    verdicts: Table
    exclusions: Sequence[Mapping[str, Any]]
    indicators: Sequence[Mapping[str, Any]]
    transitions: Sequence[Mapping[str, Any]]
    caveats: Mapping[str, Any]
    findings: tuple[str, ...] = ()

    def about_device(self) -> list[Mapping[str, Any]]:
        """Indicators that name the device."""
        name = f"device:{self.device.hex()}"
        return [one for one in self.indicators if name in one["subjects"]]

    def unreliable(self) -> dict[bytes, Mapping[str, int]]:
        """Numbers of each validator whose down reports are dropped."""
        return {
            bytes.fromhex(subject.partition(":")[2]): one["numbers"]
            for one in self.indicators
            if one["code"] == "UNRELIABLE"
            for subject in one["subjects"]
        }

    def network_events(self) -> list[int]:
        """Slots in which half of the network was down for everybody."""
        return [one["numbers"]["slot"] for one in self.indicators if one["code"] == "NETWORK_EVENT"]


def published_of(
    device: bytes,
    rewards: Mapping[str, Any],
    inputs: Inputs,
    *,
    where: str,
    score: Mapping[str, int],
    after: bytes,
    verdicts: Table,
    caveats: Mapping[str, Any],
    models: bytes = b"",
) -> Published:
    """Put together what was read about a device.

    Args:
        device: The device's id.
        rewards: The reward file; of its entries and payees those of the device suffice.
        inputs: The epoch that was settled.
        where: How messages call the reward file.
        score: The device's row of the scores.
        after: ``state.jsonl`` of the settlement.
        verdicts: The device's rows of the verdict table.
        caveats: What a reader must know first.
        models: ``models.jsonl`` of the settlement; empty where no further model is used.

    Raises:
        InputError: The reward file is of another epoch, or does not know the device.
        SettlementError: Something is not of its form.
    """
    try:
        _refuse_other_epoch(rewards, inputs, where)
        position, entry = _entry(rewards["entries"], device)
        payee = _payee(rewards["payees"], entry.payee)
        exclusions = [_exclusion(line) for line in rewards["exclusions"]]
        named = f"device:{device.hex()}"
        indicators = [_indicator(one) for one in rewards["indicators"] if _concerns(one, named)]
        transitions = [dict(one) for one in rewards["transitions"] if one["device"] == device.hex()]
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise SettlementError(f"{where}: expected depinverify-rewards-v1; {error!r}") from None
    return Published(
        inputs=inputs,
        device=device,
        rewards=rewards,
        position=position,
        entry=entry,
        registered=_registered(inputs.snapshot.devices(), device),
        payee=payee,
        score=score,
        before=_state(inputs.previous.state, device, "state.jsonl of the settlement before"),
        after=_state(after, device, "state.jsonl"),
        models_before=_model_state(inputs.previous.models, device),
        models_after=_model_state(models, device),
        verdicts=verdicts,
        exclusions=exclusions,
        indicators=indicators,
        transitions=transitions,
        caveats=caveats,
    )


def _refuse_other_epoch(rewards: Mapping[str, Any], inputs: Inputs, where: str) -> None:
    epoch = inputs.epoch
    published = (rewards["epoch"]["index"], rewards["epoch"]["start"], rewards["epoch"]["end"])
    if published != (epoch.index, epoch.start, epoch.end):
        raise InputError(
            f"{where}: expected the settlement of epoch {epoch.index} from {epoch.start} to {epoch.end}, "
            f"found epoch {published[0]} from {published[1]} to {published[2]}",
            hint="--epoch names the folder that was settled.",
        )
    if rewards["params"] != epoch.params:
        differing = sorted(
            name
            for name in rewards["params"].keys() | epoch.params.keys()
            if rewards["params"].get(name) != epoch.params.get(name)
        )
        raise InputError(
            f"{where}: expected the parameters of {epoch.folder}, found others: {', '.join(differing)}"
        )


def _entry(entries: Sequence[Mapping[str, Any]], device: bytes) -> tuple[int, Entry]:
    name = device.hex()
    for position, entry in enumerate(entries):
        if entry["device"] == name:
            multipliers = tuple(
                Multiplier(one["name"], int(one["value"]), one["reason"]) for one in entry["multipliers"]
            )
            return position, Entry(
                payee=entry["payee"],
                score_e12=int(entry["score_e12"]),
                state=str(entry["state"]),
                multipliers=multipliers,
                weight=int(entry["weight"]),
                amount=int(entry["amount"]),
                reasons=tuple(entry["reasons"]),
                withheld=int(entry.get("withheld", "0")),
                tracks=tuple(
                    TrackScore(one["track"], int(one["score_e12"]), int(one["cost_e12"]))
                    for one in entry.get("tracks", ())
                ),
            )
    raise InputError(
        f"{name}: expected a device of this settlement, found none of this id among {len(entries)}",
        hint="A device is in a settlement if its enrolment took effect before the epoch's start.",
    )


def _payee(payees: Sequence[Mapping[str, Any]], payee: str | None) -> Payee | None:
    if payee is None:
        return None
    line = next(line for line in payees if line["payee"] == payee)
    amounts = (int(line[name]) for name in ("amount", "paid", "carried", "cumulative"))
    return Payee(payee, *amounts)


def _concerns(indicator: Mapping[str, Any], device: str) -> bool:
    """Whether it is about the device, a validator's failures, or the network."""
    return device in indicator["subjects"] or indicator["code"] in {"UNRELIABLE", "NETWORK_EVENT"}


def _indicator(one: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {str(name): int(value) for name, value in one["numbers"].items()}
    subjects = [str(subject) for subject in one["subjects"]]
    for subject in subjects:
        bytes.fromhex(subject.partition(":")[2])
    if one["code"] == "NETWORK_EVENT":
        numbers["slot"] = _slot_number(numbers["slot"])
    return {
        "code": str(one["code"]),
        "severity": str(one["severity"]),
        "subjects": subjects,
        "numbers": numbers,
        "evidence": [str(row) for row in one["evidence"]],
    }


def _exclusion(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "slot": _slot_number(line["slot"]),
        "validator": bytes.fromhex(line["validator"]).hex(),
        "reason": str(line["reason"]),
        **{name: int(line[name]) for name in ("n", "f", "n2", "f2", "ok", "total")},
    }


def _slot_number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < _SLOTS:
        raise ValueError(f"expected a slot number, found {value!r}")
    return value


def _registered(devices: RecordBatch, device: bytes) -> Registered:
    try:
        row = list(devices["device"].to_pylist()).index(device)
    except ValueError:
        raise InputError(
            f"{device.hex()}: expected a device that the registry knows for this epoch, found none"
        ) from None
    value = {
        name: devices[name][row].as_py() for name in ("weight", "class", "recorded_ms", "retired_ms", "cell")
    }
    return Registered(
        row=row,
        weight=int(value["weight"]),
        class_name=value["class"],
        recorded_ms=value["recorded_ms"],
        retired_ms=value["retired_ms"],
        cell=value["cell"],
    )


def _state(lines: bytes, device: bytes, where: str) -> State | None:
    line = state_line(lines, device)
    if line is None:
        return None
    try:
        value = json.loads(line)
        windows = tuple(Window(*map(int, window)) for window in value["windows"])
        return State(value["prior_up"], value["bootcount"], value["boot_first"], windows)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SettlementError(
            f"{where}: device {device.hex()}: expected a line of state; {error!r}"
        ) from None


def _model_state(lines: bytes, device: bytes) -> dict[str, Any] | None:
    line = state_line(lines, device)
    if line is None:
        return None
    try:
        return dict(json.loads(line))
    except (ValueError, TypeError, RecursionError) as error:
        raise SettlementError(f"models.jsonl: device {device.hex()}: expected an object; {error!r}") from None
