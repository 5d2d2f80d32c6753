"""The published files: ``rewards.json``, ``ledger.json`` and ``tree.json``, byte for byte.

In: the finished reward step. Out: canonical JSON in pieces, so that a million entries never stand in memory
as text, and the column ``reasons`` of ``scores``. Rule: scoring specification, sections 11.1, 11.8 and
11.9.
Invariant: a file's bytes depend on its content alone; there is no final line feed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.models.state import write as write_states
from depinverify.payee import leaf_encoding, payee_text
from depinverify.reward.columns import STATES
from depinverify.reward.weights import reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from arro3.core import Table

    from depinverify._native import ClaimTree
    from depinverify.canonical import Json
    from depinverify.models.judge import Judgement
    from depinverify.models.tracks import TrackScore
    from depinverify.reward.columns import DeviceColumns, ScoreColumns
    from depinverify.reward.division import ClassLine
    from depinverify.reward.ledger import Ledger, Money, PayeeLine
    from depinverify.reward.multiplier import Multiplier
    from depinverify.reward.step import EpochTerms
    from depinverify.reward.validators import ValidatorLine, ValidatorPay
    from depinverify.reward.weights import Weights

__all__ = ["FORMAT", "MODELS_FILE", "TREE_FILE", "Rewards"]

FORMAT: Final = "depinverify-rewards-v1"
TREE_FILE: Final = "tree.json"
MODELS_FILE: Final = "models.jsonl"

#: Entries that are put into one piece of a file.
_PIECE = 2048


@dataclass(frozen=True)
class Rewards:
    """Everything that the reward step publishes.

    Attributes:
        epoch: The terms.
        money: Every term of the balance.
        scores: Scores, ascending by device.
        devices: Facts of the same devices.
        weights: Their weights and multipliers.
        amounts: Their amounts.
        payees: A line for every payee that ever stood here, ascending.
        ledger: What the next epoch needs.
        tree: The claim tree, ``None`` while nobody has been paid anything.
        indicators: Findings.
        exclusions: The exclusion log.
        inputs: Content hashes of everything that went in.
        registry_head: Hash of the last registry event before the epoch.
        judgement: What the ruleset's further models say.
        withheld: What is kept back of each device's amount; ``None`` without models.
        validators: What validators get; ``None`` where the ruleset has no share for them.
        classes: What classes of devices get; ``None`` where the ruleset has no levels.
    """

    epoch: EpochTerms
    money: Money
    scores: ScoreColumns
    devices: DeviceColumns
    weights: Weights
    amounts: Sequence[int]
    payees: Sequence[PayeeLine]
    ledger: Ledger
    tree: ClaimTree | None
    indicators: Sequence[Mapping[str, Json]]
    exclusions: Sequence[Mapping[str, Json]]
    inputs: Mapping[str, str | None]
    registry_head: bytes
    judgement: Judgement | None = None
    withheld: Sequence[int] | None = None
    validators: ValidatorPay | None = None
    classes: Sequence[ClassLine] | None = None

    @property
    def transitions(self) -> Sequence[Mapping[str, Json]]:
        """Changes of standing, and warnings."""
        return () if self.judgement is None else self.judgement.transitions

    @property
    def tracks(self) -> Sequence[tuple[TrackScore, ...]] | None:
        """What each device's payout was combined from, or ``None`` where the ruleset has no tracks."""
        return None if self.judgement is None else self.judgement.tracks

    def models_lines(self) -> Iterator[bytes] | None:
        """``models.jsonl``, or ``None`` where the ruleset has no models."""
        return None if self.judgement is None else write_states(self.judgement.states)

    @cached_property
    def reasons(self) -> list[bytes]:
        """The column ``reasons`` of ``scores``: each device's reasons, joined by a comma."""
        return [
            _reasons_column(self._reasons_at(position)) for position in range(len(self.weights.multipliers))
        ]

    def _reasons_at(self, position: int) -> tuple[str, ...]:
        reasons = reasons_of(self.weights.multipliers[position])
        if self.withheld is not None and self.withheld[position]:
            return tuple(sorted({*reasons, "WITHHELD"}))
        return reasons

    def scores_with_reasons(self) -> Table:
        """The table ``scores`` with its column ``reasons`` filled in.

        Raises:
            InputError: The scores were not read from a table.
        """
        from arro3.core import Array, ChunkedArray, DataType, Field  # noqa: PLC0415 - heavy

        table = self.scores.table
        if table is None:
            raise InputError("expected scores that were read from a table")
        column = ChunkedArray([Array(self.reasons, type=DataType.binary())])
        described = Field("reasons", DataType.binary(), nullable=False)
        if "reasons" in table.column_names:
            return table.set_column(table.column_names.index("reasons"), described, column)
        return table.append_column(described, column)

    @property
    def merkle(self) -> dict[str, Json]:
        """Root and file of the claim tree; nulls while there is none."""
        tree = self.tree
        return {
            "root": None if tree is None else "0x" + tree.root.hex(),
            "leafEncoding": leaf_encoding(self.epoch.ruleset.type_of_payees),
            "file": None if tree is None else TREE_FILE,
            "sha256": None if tree is None else self._tree_sha256,
        }

    @cached_property
    def _tree_sha256(self) -> str | None:
        return None if self.tree is None else self.tree.dump_sha256().hex()

    def entries(self) -> Iterator[dict[str, Json]]:
        """The members of ``entries``, ascending by device."""
        for position, device in enumerate(self.devices.device):
            payee = self.devices.payee[position]
            multipliers = self.weights.multipliers[position]
            rare: dict[str, Json] = (
                {} if self.withheld is None else {"withheld": str(self.withheld[position])}
            )
            if self.classes is not None:
                rare["class"] = self.devices.class_name[position]
            if self.tracks is not None:
                rare["tracks"] = [track._asdict() for track in self.tracks[position]]
            yield {
                "device": device.hex(),
                "payee": None if payee is None else payee_text(payee),
                "score_e12": self.scores.score_e12[position],
                "state": STATES[self.scores.state[position]],
                "multipliers": [multiplier._asdict() for multiplier in multipliers],
                "weight": str(self.weights.weight[position]),
                "amount": str(self.amounts[position]),
                "reasons": list(self._reasons_at(position)),
                **rare,
            }

    def rewards_chunks(self) -> Iterator[bytes]:
        """``rewards.json`` piece by piece."""
        epoch = self.epoch
        money = {name: str(value) for name, value in self.money.terms().items()}
        members: dict[str, Json | Iterable[str]] = {
            "format": FORMAT,
            "ruleset": f"{epoch.ruleset.name} {epoch.ruleset.version}",
            "params": epoch.params,
            "params_hash": epoch.params_hash.hex(),
            "epoch": {
                "index": epoch.index,
                "start": epoch.start,
                "end": epoch.end,
                "epochs_covered": sorted([*epoch.missed_epochs, epoch.index]),
            },
            "inputs": dict(self.inputs),
            "registry_head": self.registry_head.hex(),
            **money,
            "exclusions": sorted(self.exclusions, key=_slot_then_validator),
            "transitions": list(self.transitions),
            "merkle": self.merkle,
        }
        long: dict[str, Iterable[str]] = {
            "entries": self._entry_lines(),
            "payees": self._payee_lines(),
            "indicators": (line.decode() for line in sorted(map(canonical_json, self.indicators))),
        }
        if self.classes is not None:
            long["classes"] = map(_class_line, self.classes)
        if self.validators is not None:
            long["validators"] = map(_validator_line, self.validators.lines)
        before = b"{"
        for name in sorted([*members, *long]):
            yield before + canonical_json(name) + b":"
            if name in long:
                yield from _array(long[name])
            else:
                yield canonical_json(members[name])  # type: ignore[arg-type]
            before = b","
        yield b"}"

    def ledger_chunks(self) -> Iterator[bytes]:
        """``ledger.json`` piece by piece."""
        return self.ledger.chunks()

    def rewards_sha256(self) -> bytes:
        """The hash under which validators compare their results."""
        digest = hashlib.sha256()
        for piece in self.rewards_chunks():
            digest.update(piece)
        return digest.digest()

    def _entry_lines(self) -> Iterator[str]:
        """One canonical object per device; written out by hand, since there may be millions."""
        columns = zip(
            self.devices.device,
            self.devices.payee,
            self.scores.score_e12,
            self.scores.state,
            self.weights.multipliers,
            self.weights.weight,
            self.amounts,
            strict=True,
        )
        for position, (device, payee, score, state, chain, weight, amount) in enumerate(columns):
            withheld = "" if self.withheld is None else f',"withheld":"{self.withheld[position]}"'
            tracks = "" if self.tracks is None else f'"tracks":{_tracks_json(self.tracks[position])},'
            whom = "null" if payee is None else f'"0x{payee.hex()}"'
            class_text = (
                "" if self.classes is None else f'"class":{_word_json(self.devices.class_name[position])},'
            )
            yield (
                f'{{"amount":"{amount}",{class_text}"device":"{device.hex()}","multipliers":{_multipliers_json(chain)},'
                f'"payee":{whom},"reasons":{_reasons_json(self._reasons_at(position))},"score_e12":{score},"state":"{STATES[state]}",'
                f'{tracks}"weight":"{weight}"{withheld}}}'
            )

    def _payee_lines(self) -> Iterator[str]:
        for line in self.payees:
            yield (
                f'{{"amount":"{line.amount}","carried":"{line.carried}","cumulative":"{line.cumulative}",'
                f'"paid":"{line.paid}","payee":"0x{line.payee.hex()}"}}'
            )


def _class_line(line: ClassLine) -> str:
    return canonical_json(
        {
            "class": line.name,
            "share": line.share,
            "amount": str(line.amount),
            "remainder": str(line.remainder),
        }
    ).decode()


def _validator_line(line: ValidatorLine) -> str:
    return canonical_json(
        {
            "validator": line.validator.hex(),
            "payee": None if line.payee is None else payee_text(line.payee),
            "scheduled": line.scheduled,
            "missing": line.missing,
            "weight": str(line.weight),
            "amount": str(line.amount),
            "reasons": line.reasons,
        }
    ).decode()


def _multipliers_json(chain: Iterable[Multiplier]) -> str:
    """The canonical JSON of a device's multipliers; their names are this package's own words."""
    objects = [
        f'{{"name":"{name}","reason":{_word_json(reason)},"value":{value}}}' for name, value, reason in chain
    ]
    return "[" + ",".join(objects) + "]"


@lru_cache(maxsize=4096)
def _tracks_json(tracks: tuple[TrackScore, ...]) -> str:
    return canonical_json([track._asdict() for track in tracks]).decode()


@lru_cache(maxsize=256)
def _word_json(word: str | None) -> str:
    return canonical_json(word).decode()


@lru_cache(maxsize=4096)
def _reasons_json(reasons: tuple[str, ...]) -> str:
    return canonical_json(reasons).decode()


@lru_cache(maxsize=4096)
def _reasons_column(reasons: tuple[str, ...]) -> bytes:
    return ",".join(reasons).encode()


def _array(elements: Iterable[str]) -> Iterator[bytes]:
    """A JSON array in pieces of many elements each."""
    opening = "["
    piece: list[str] = []
    for element in elements:
        piece.append(element)
        if len(piece) == _PIECE:
            yield (opening + ",".join(piece)).encode()
            opening = ","
            piece.clear()
    if piece or opening == "[":
        yield (opening + ",".join(piece)).encode()
    yield b"]"


def _slot_then_validator(exclusion: Mapping[str, Json]) -> tuple[int, str]:
    """The order of the exclusion log; hex sorts as its bytes do."""
    slot, validator = exclusion["slot"], exclusion["validator"]
    if not isinstance(slot, int) or not isinstance(validator, str):
        raise InputError(
            f"exclusions: expected a slot number and a validator in hex, found {slot!r}, {validator!r}"
        )
    return slot, validator
