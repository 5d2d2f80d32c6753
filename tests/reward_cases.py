"""Small epochs for the tests of the reward step: devices in a few words, everything else by default."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from depinverify.reward import DeviceColumns, Ledger, Rewards, ScoreColumns, reward
from depinverify.ruleset import ONE, Ruleset, params_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.reward.utilisation import Work
    from depinverify.reward.validators import ValidatorWork

START, END = 1_800_000_000, 1_800_086_400


def payee(number: int) -> bytes:
    return bytes([number]) * 20


@dataclass(frozen=True)
class Device:
    name: bytes
    payee: bytes | None = payee(1)
    weight: int = 1
    payout: int = ONE
    score: int = ONE
    state: int = 2
    windows: int = 24
    decided: int = 96
    class_name: str | None = None
    retired_ms: int | None = None
    recorded_ms: int = 0
    cell: int | None = None


@dataclass(frozen=True)
class Adjustment:
    payee: str
    amount: str
    reason: str = "wrong score"
    reference: str = "ab" * 32
    jws: str = ""


@dataclass(frozen=True)
class Epoch:
    ruleset: Ruleset
    pool: int
    index: int = 5
    start: int = START
    end: int = END
    missed_epochs: Sequence[int] = ()
    missed_pool: int = 0
    adjustments: Sequence[Adjustment] = ()
    params: Mapping[str, Any] = field(init=False)
    params_hash: bytes = field(init=False)

    def __post_init__(self) -> None:
        params = self.ruleset.params(slot_seconds=900, chain_hash=bytes(32))
        object.__setattr__(self, "params", params)
        object.__setattr__(self, "params_hash", params_hash(params))


def rules(**keys: object) -> Ruleset:
    return Ruleset.from_table({"name": "simulation", "version": "1", "max_per_cluster": 0, **keys})


def columns(devices: Sequence[Device]) -> tuple[ScoreColumns, DeviceColumns]:
    scores = ScoreColumns(
        device=[d.name for d in devices],
        state=[d.state for d in devices],
        score_e12=[d.score for d in devices],
        windows_used=[d.windows for d in devices],
        decided=[d.decided for d in devices],
        payout_e12=[d.payout for d in devices],
    )
    facts = DeviceColumns(
        device=[d.name for d in devices],
        payee=[d.payee for d in devices],
        weight=[d.weight for d in devices],
        class_name=[d.class_name for d in devices],
        retired_ms=[d.retired_ms for d in devices],
        recorded_ms=[d.recorded_ms for d in devices],
        cell=[d.cell for d in devices],
    )
    return scores, facts


def pay(
    *devices: Device,
    pool: int = 1000,
    ruleset: Ruleset | None = None,
    previous: Ledger | None = None,
    indicators: Sequence[Mapping[str, Any]] = (),
    exclusions: Sequence[Mapping[str, Any]] = (),
    clusters: Sequence[int] | None = None,
    work: Mapping[bytes, Work] | None = None,
    validator_work: Sequence[ValidatorWork] | None = None,
    **terms: Any,
) -> Rewards:
    scores, facts = columns(devices)
    return reward(
        scores,
        facts,
        indicators=indicators,
        exclusions=exclusions,
        epoch=Epoch(ruleset or rules(), pool, **terms),
        inputs={"observations": "00" * 32, "previous": None},
        registry_head=bytes(32),
        previous_ledger=previous,
        clusters=clusters,
        work=work,
        validator_work=validator_work,
    )


def document(result: Rewards) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(b"".join(result.rewards_chunks()))
    return content
