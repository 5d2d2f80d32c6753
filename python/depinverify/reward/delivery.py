"""What each validator delivered of the probes that the beacon assigned to it.

In: the schedule, the verdict table, the registry's validators and the indicators. Out: the work of every validator that
took part, which a share of the pool pays for. Rule: scoring and rewards, 2.2 (which of several rows is kept) and 3.6
(what is missing). Invariant: the numbers are those of ``VALIDATOR_SILENT`` and ``UNRELIABLE`` where these were found;
rows are read a few thousand at a time.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from depinverify.catalogue_names import Code, Outcome
from depinverify.reward.validators import ValidatorWork

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from arro3.core import RecordBatch

    from depinverify.canonical import Json

__all__ = ["unreliable_validators", "work_of_validators"]

#: The validator did not probe, or says that it could not.
_NOT_PROBED: Final = frozenset({int(Outcome.UNKNOWN), int(Outcome.NOT_ATTEMPTED)})
_NONE, _NO_ANSWER = int(Outcome.NONE), int(Code.NO_ANSWER)
#: Class of a row among those of one probe, the best first; behind these come answers that the device signed.
_RANKS: Final = {int(Outcome.PASS): 0, int(Outcome.LATE): 1}
_SIGNED, _REST = 2, 3
_COLUMNS: Final = ("device", "slot", "validator", "outcome", "code", "failed", "not_run", "proof_hash")
_PROBE: Final = itemgetter(0, 1, 2)
_OUTCOME: Final = 3

#: A verdict in the order of the columns: there may be many, so it is a plain tuple.
_Row: TypeAlias = "tuple[bytes, int, bytes, int, int, int, int, bytes | None]"


def work_of_validators(
    participants: Sequence[bytes],
    validators: RecordBatch,
    schedule: Iterable[RecordBatch],
    verdicts: Iterable[RecordBatch],
    indicators: Iterable[Mapping[str, Any]],
) -> list[ValidatorWork]:
    """Count what was assigned to each validator, and what is missing of it.

    Args:
        participants: Validators that take part in the assignment.
        validators: What the registry says about validators.
        schedule: All probes of the epoch, as :meth:`EpochContext.schedule` gives them.
        verdicts: The verdict table, ascending by device, slot, validator and row.
        indicators: Findings as the reward file has them.
    """
    payees = dict(zip(validators["validator"].to_pylist(), validators["payee"].to_pylist(), strict=True))
    scheduled: Counter[bytes] = Counter()
    for batch in schedule:
        scheduled.update(batch["validator"].to_pylist())
    delivered = Counter(_delivered(verdicts))
    unreliable = unreliable_validators(indicators)
    return [
        ValidatorWork(
            validator,
            payees[validator],
            scheduled[validator],
            scheduled[validator] - delivered[validator],
            validator in unreliable,
        )
        for validator in participants
    ]


def unreliable_validators(indicators: Iterable[Mapping[str, Json]]) -> set[bytes]:
    """Validators that are unreliable or void in the epoch."""
    return {
        bytes.fromhex(str(subject).partition(":")[2])
        for one in indicators
        if one["code"] == "UNRELIABLE" and isinstance(one["subjects"], (list, tuple))
        for subject in one["subjects"]
    }


def _delivered(verdicts: Iterable[RecordBatch]) -> Iterator[bytes]:
    """The validator of each probe whose kept row says something about the device."""
    rows = chain.from_iterable(map(_rows, verdicts))
    for (_, _, validator), probe in groupby(rows, key=_PROBE):
        counted = [row for row in probe if row[_OUTCOME] != _NONE]
        # Rows ascend, so of equal ones the smallest is found first.
        if counted and _says_something(counted[0] if len(counted) == 1 else min(counted, key=_rank)):
            yield validator


def _rank(row: _Row) -> int:
    """The class of a row."""
    _, _, _, outcome, _, failed, not_run, proof_hash = row
    is_bad = (failed | not_run) >> Code.BAD_SIGNATURE & 1
    return _RANKS.get(outcome, _SIGNED if proof_hash is not None and not is_bad else _REST)


def _says_something(row: _Row) -> bool:
    _, _, _, outcome, code, _, _, _ = row
    return code != _NO_ANSWER or outcome not in _NOT_PROBED


def _rows(batch: RecordBatch) -> Iterator[_Row]:
    return zip(*(batch[name].to_pylist() for name in _COLUMNS), strict=True)
