"""One record of evidence explained: every check of its kind, and every value that is derived on the way.

In: a record as one JSON object. Out: an :class:`~depinverify.check.Explanation`. Rule: Filecoin, A to E.
Invariant: code, masks and outcome are those of :func:`depinverify.networks.filecoin.verify`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depinverify import _native
from depinverify.catalogue import Outcome, sentence
from depinverify.check import Check, Explanation, Status
from depinverify.networks import catalogue_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["explain"]


def explain(record: bytes, *, keys: Sequence[_native.FilecoinVerifier] = ()) -> Explanation:
    """Explain one record.

    Args:
        record: One JSON object; it may stand on several lines.
        keys: Verification keys, as for :func:`~depinverify.networks.filecoin.verify`.
    """
    # Between members a line feed is a space, and inside of a text JSON has none.
    line = record.replace(b"\n", b" ") + b"\n"
    table = _native.filecoin_verify_lines(line, keys=list(keys))
    row = {name: table.column(name).to_pylist()[0] for name in table.schema.names}
    codes = {code.number: code for code in catalogue_of("filecoin")}
    numbers, steps = _native.filecoin_explain(line, row["kind"] or "")
    code = codes[row["code"]]
    outcome = Outcome(row["outcome"])
    return Explanation(
        checks=tuple(
            Check(
                number,
                codes[number].name,
                _status(number, row),
                _compared(number, row, codes[number].sentence),
            )
            for number in numbers
        ),
        code=code.name,
        meaning=code.sentence,
        outcome=outcome.name,
        outcome_meaning=sentence(outcome.name, "outcome"),
        facts={**row, "steps": [{"what": what, "value": value} for what, value in steps]},
        notes=tuple(f"{what}: {value}" for what, value in steps),
    )


def _status(number: int, row: dict[str, Any]) -> Status:
    if row["failed"] >> number & 1:
        return Status.FAILED
    return Status.NOT_RUN if row["not_run"] >> number & 1 else Status.PASSED


def _compared(number: int, row: dict[str, Any], sentence_of_failure: str) -> str:
    status = _status(number, row)
    if status is Status.FAILED:
        return row["detail"] if number == row["code"] else sentence_of_failure
    return "what it compares is not in the record" if status is Status.NOT_RUN else ""
