"""Rounds of retrieval checks, evaluated one after the other and summed.

In: rounds with their measurements, the rules. Out: per round its counts, committees, rates, scores and rewards, and a
table of labels that is written as rounds are evaluated; over all rounds the retrievals of each provider and what each
participant earned. Rule: Filecoin, C3 to C8. Invariant: the scores of a round and what is burnt are 10^15, and the
rewards and what is not paid are the reward of a round; sums are of those numbers and of nothing else. Memory holds one
round's measurements and labels.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from arro3.core import Array, DataType, Field, RecordBatch

from depinverify import _native
from depinverify.networks.filecoin import spark
from depinverify.networks.filecoin.exact import exact, rows_of
from depinverify.networks.filecoin.providers import Retrievals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.retrieval_rounds import ListedRound
    from depinverify.networks.filecoin.rulesets import RetrievalRules

__all__ = ["ROUND_REWARD", "RetrievalBook"]

#: What a round pays, in attoFIL.
ROUND_REWARD: Final = spark.reward(spark.ROUND_SCORE)


@dataclass(slots=True)
class _Miner:
    """What is summed of one storage provider."""

    total: int = 0
    successful: int = 0
    http: int = 0
    head: int = 0
    first_byte_ms: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Earned:
    """What is summed of one participant."""

    rounds: int = 0
    score: int = 0
    reward: int = 0


class RetrievalBook:
    """Rounds as they are evaluated.

    Args:
        rules: How they are evaluated.
        labels: File of the table of labels: a row per measurement that can be evaluated, in the order of rounds and
            files.

    Raises:
        SettlementError: The file cannot be written.
    """

    def __init__(self, rules: RetrievalRules, labels: Path) -> None:
        self._rules = rules
        self._rounds: list[dict[str, Json]] = []
        self._labels: Final = _native.TableWriter(labels, _no_labels().schema)
        self._measurements = 0
        self._miners: defaultdict[str, _Miner] = defaultdict(_Miner)
        self._earned: defaultdict[str, _Earned] = defaultdict(_Earned)
        self._burnt = 0
        self._rewarded = 0
        self._dropped: Counter[str] = Counter()

    def add(self, one: ListedRound) -> None:
        """Evaluate a round.

        Raises:
            InputError: Its measurements cannot be read, a number is out of its range, or its start is wanted and
                not stated.
            SettlementError: The labels cannot be written.
        """
        rules = self._rules.at(one.start_epoch)
        if one.required_committee_size is not None:
            rules = replace(rules, required_committee_size=one.required_committee_size)
        found = spark.evaluate(one.round, one.files, rules)
        self._labels.write(_labelled(one.name, [file.name for file in one.files], found.labels))
        self._measurements += found.labels.num_rows
        self._sum_miners(found)
        dropped = Counter(found.dropped.column("reason").to_pylist())
        self._dropped += dropped
        labels = found.labels
        self._rounds.append(
            {
                "round": one.name,
                "start_epoch": exact(one.start_epoch),
                "randomness": None if one.round.randomness is None else one.round.randomness.hex(),
                "is_randomness_derived": one.is_derived,
                "tasks": len(one.round.tasks),
                "max_tasks_per_node": exact(one.round.max_tasks_per_node),
                "required_committee_size": rules.required_committee_size,
                "measurements": labels.num_rows,
                "dropped": _counts(dropped),
                "tasking": _counts(Counter(labels.column("tasking").to_pylist())),
                "consensus": _counts(
                    Counter(label or "NONE" for label in labels.column("consensus").to_pylist())
                ),
                "committees": [exact(row) for row in rows_of(found.committees)],
                "miners": [exact(row) for row in rows_of(found.miners)],
                "clients": [exact(row) for row in rows_of(found.clients)],
                "allocators": [exact(row) for row in rows_of(found.allocators)],
                "first_byte": [exact(row) for row in rows_of(found.first_byte)],
                **self._reward(found),
            }
        )

    def _sum_miners(self, found: spark.Evaluation) -> None:
        for row in rows_of(found.miners):
            miner = self._miners[row["party"]]
            miner.total += row["total"]
            miner.successful += row["successful"]
            miner.http += row["http"]
            miner.head += row["head"]
        for row in rows_of(found.first_byte):
            self._miners[row["miner"]].first_byte_ms += row["medians_ms"]

    def _reward(self, found: spark.Evaluation) -> dict[str, Json]:
        """Scores and rewards of a round; nothing where the rules reward nobody."""
        scores, burnt = found.scores, found.burnt
        if scores is None or burnt is None:
            return {"scores": None, "burnt": None, "rewards_attofil": None, "unpaid_attofil": None}
        rows = rows_of(scores)
        for row in rows:
            earned = self._earned[row["participant"]]
            earned.rounds += 1
            earned.score += row["score"]
            earned.reward += row["reward_attofil"]
        self._burnt += burnt
        self._rewarded += 1
        paid = sum(row["reward_attofil"] for row in rows)
        return {
            "scores": [_earned_line(row["participant"], row["score"], row["reward_attofil"]) for row in rows],
            "burnt": burnt,
            "rewards_attofil": str(paid),
            "unpaid_attofil": str(ROUND_REWARD - paid),
        }

    @property
    def retrievals(self) -> dict[str, Retrievals]:
        """Retrievals of each storage provider over all rounds."""
        return {
            miner_id: Retrievals(one.total, one.successful, one.http, one.head, tuple(one.first_byte_ms))
            for miner_id, one in sorted(self._miners.items())
        }

    def finish_labels(self) -> bytes:
        """Complete the table of labels; its content hash.

        Raises:
            SettlementError: The file cannot be written.
        """
        return self._labels.finish()

    @property
    def totals(self) -> dict[str, Json]:
        """Sums over all rounds; ``whole`` is ``scores`` and ``burnt``, ``due`` is ``rewards`` and ``unpaid``."""
        score = sum(one.score for one in self._earned.values())
        reward = sum(one.reward for one in self._earned.values())
        due = self._rewarded * ROUND_REWARD
        return {
            "rounds": len(self._rounds),
            "rounds_rewarded": self._rewarded,
            "measurements": self._measurements,
            "dropped": self._dropped.total(),
            "whole": str(self._rewarded * spark.ROUND_SCORE),
            "scores": str(score),
            "burnt": str(self._burnt),
            "due_attofil": str(due),
            "rewards_attofil": str(reward),
            "unpaid_attofil": str(due - reward),
        }

    @property
    def rewards(self) -> list[tuple[str, int]]:
        """What each participant earned over all rounds, in attoFIL, ascending by participant."""
        return [(participant, self._earned[participant].reward) for participant in sorted(self._earned)]

    def to_json(self) -> dict[str, Json]:
        """Rounds, participants and totals as JSON."""
        return {
            "rounds": self._rounds,
            "participants": [
                {"rounds": one.rounds, **_earned_line(participant, one.score, one.reward)}
                for participant, one in sorted(self._earned.items())
            ],
            "totals": self.totals,
        }


def _earned_line(participant: str, score: int, reward: int) -> dict[str, Json]:
    return {"participant": participant, "score": exact(score), "reward_attofil": str(reward)}


def _counts(counts: Counter[Any]) -> dict[str, Json]:
    return {str(name): count for name, count in sorted(counts.items())}


def _labelled(name: str, files: Sequence[str], labels: RecordBatch) -> RecordBatch:
    """Labels with the names of their round and file in front."""
    places = labels.column("file").to_pylist()
    rounds = Array([name] * labels.num_rows, type=DataType.string())
    named = Array([files[place] for place in places], type=DataType.string())
    others = [column for column in labels.schema.names if column != "file"]
    written = map(_written, map(labels.column, others))
    return RecordBatch.from_arrays([rounds, named, *written], names=["round", "file", *others])


def _written(column: Array) -> Array:
    """A column with its texts in every row."""
    if not DataType.is_dictionary(column.type):
        return column
    return column.cast(Field(column.field.name, DataType.string(), nullable=column.field.nullable))


def _no_labels() -> RecordBatch:
    """The columns of labels without a row."""
    nothing = spark.evaluate(spark.Round((), 1), (), "unrewarded")
    return _labelled("", [], nothing.labels)
