"""The result ``data_sets.json``: histories whose periods have what was shown for them, and proofs that are about none.

In: histories, the audits of their periods, strays. Out: canonical JSON, piece by piece. Rule: this project's own
format. Invariant: memory does not grow with the records that are about a period: their places in the table of
verdicts follow each other, and are written as they are counted. Of strays the first are listed; where there are more,
``strays_left_out`` says how many.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from depinverify.canonical import canonical_json, pieces_of_list, pieces_of_numbers, pieces_of_object
from depinverify.networks.filecoin.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.data_sets import DataSetHistory, PeriodOutcome
    from depinverify.networks.filecoin.period_audit import PeriodAudit
    from depinverify.networks.filecoin.record_verdicts import Strays

__all__ = ["data_sets_result"]

#: These stand in the period and its data set already.
_KNOWN: Final = frozenset({"set_id", "number", "challenge_epoch", "state"})


def data_sets_result(
    histories: Sequence[DataSetHistory], audits: Mapping[tuple[int, int], PeriodAudit], strays: Strays
) -> Iterator[bytes]:
    """The result as canonical JSON.

    Args:
        histories: The data sets, ascending.
        audits: What the proofs say of each started period, by data set and challenge epoch.
        strays: What is wrong with proofs that are about no period.
    """
    members: dict[str, Json | Iterator[bytes]] = {
        "data_sets": pieces_of_list(_data_set(history, audits) for history in histories),
        "strays": pieces_of_list([canonical_json(exact(stray.to_json()))] for stray in strays.kept),
    }
    if left_out := strays.count - len(strays.kept):
        members["strays_left_out"] = left_out
    return pieces_of_object(members)


def _data_set(history: DataSetHistory, audits: Mapping[tuple[int, int], PeriodAudit]) -> Iterator[bytes]:
    line = history.to_json()
    members: dict[str, Json | Iterator[bytes]] = {
        name: exact(value) for name, value in line.items() if name != "periods"
    }
    members["periods"] = pieces_of_list(_period(history.set_id, period, audits) for period in history.periods)
    return pieces_of_object(members)


def _period(
    set_id: int, period: PeriodOutcome, audits: Mapping[tuple[int, int], PeriodAudit]
) -> Iterator[bytes]:
    members: dict[str, Json | Iterator[bytes]] = {
        name: exact(value) for name, value in period.to_json().items()
    }
    # Of a period that nobody started, proofs say nothing.
    members["shown"] = None
    if period.challenge_epoch is not None:
        members["shown"] = _shown(audits[set_id, period.challenge_epoch])
    return pieces_of_object(members)


def _shown(audit: PeriodAudit) -> Iterator[bytes]:
    line = replace(audit, records=()).to_json()
    members: dict[str, Json | Iterator[bytes]] = {
        name: exact(value) for name, value in line.items() if name not in _KNOWN
    }
    members["records"] = pieces_of_numbers(audit.records)
    return pieces_of_object(members)
