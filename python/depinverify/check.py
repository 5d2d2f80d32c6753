"""One proof explained: every check, and what it compared.

In: the bytes of a proof, and as much of an epoch as is known: nothing, a registry, or the whole epoch with the row
that a validator recorded. Out: an :class:`Explanation` with one line per check. Rule: uptime proof, section 4.
Invariant: with an epoch, code, masks and outcome are those of the verdict table; without one, a check that needs
more than was given is shown as not run, and never guessed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from arro3.core import RecordBatchReader

from depinverify import _native, compared
from depinverify.catalogue import Code, Outcome, sentence
from depinverify.exceptions import InputError
from depinverify.ruleset import Ruleset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from depinverify.epoch import Epoch
    from depinverify.ingest import Inputs

__all__ = ["Check", "Explanation", "Row", "Status", "check_in_epoch", "check_proof", "find_row", "read_token"]

#: Checks by their bit.
CHECKS: Final = tuple(code for code in Code if code < Code.VALID)
_SLOT_SECONDS: Final = 900
#: Seconds for which a slot of the public chain can be named; a proof may say any time.
_LATEST: Final = 1 << 40
_AFTER_EVERYTHING_MS: Final = (1 << 53) - 1


class Status(StrEnum):
    """How a check ended."""

    PASSED = "pass"
    FAILED = "FAIL"
    NOT_RUN = "not run"
    ABSENT = "absent"


@dataclass(frozen=True)
class Check:
    """One check of one proof.

    Attributes:
        number: Its bit in masks.
        name: Its code.
        status: How it ended; ``absent`` if a claim or a registered value is optional and not there.
        compared: What it compared, or why it did not run.
    """

    number: int
    name: str
    status: Status
    compared: str


class Row(NamedTuple):
    """What a validator recorded about one probe (uptime proof, 2.1)."""

    validator: bytes
    device: bytes
    slot: int
    sent_ms: int
    received_ms: int | None
    transport: int
    proof: bytes | None

    @property
    def row_id(self) -> bytes:
        """Identity of the row (uptime proof, 2.2)."""
        digest = hashlib.sha256(b"depinverify/observation/v1\0")
        digest.update(_lp(self.validator) + _lp(self.device) + self.slot.to_bytes(8, "big"))
        received = -1 if self.received_ms is None else self.received_ms
        digest.update(self.sent_ms.to_bytes(8, "big", signed=True) + received.to_bytes(8, "big", signed=True))
        digest.update(bytes([self.transport]) + _lp(self.proof or b""))
        return digest.digest()


@dataclass(frozen=True)
class Explanation:
    """What the checks say about one proof.

    Attributes:
        checks: All of the network, in order: seventeen for an uptime proof.
        code: Name of the first failing check, or of what it is without one, such as ``VALID`` or ``NO_ANSWER``;
            ``None`` if nothing failed but not everything could run.
        meaning: What the code means.
        outcome: What the row counts as; ``None`` without an epoch.
        outcome_meaning: What that means.
        facts: The numbers behind the lines, as the native checks gave them.
        notes: What a reader should know beside the lines.
    """

    checks: tuple[Check, ...]
    code: str | None
    meaning: str
    outcome: str | None
    outcome_meaning: str
    facts: Mapping[str, Any] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether no check failed that could run."""
        return all(check.status != Status.FAILED for check in self.checks) and self.code != "NO_ANSWER"

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON values; bytes are hex."""
        return {
            "valid": self.is_valid,
            "code": self.code,
            "meaning": self.meaning,
            "outcome": self.outcome,
            "outcome_meaning": self.outcome_meaning,
            "checks": [
                {"number": one.number, "name": one.name, "status": str(one.status), "compared": one.compared}
                for one in self.checks
            ],
            "notes": list(self.notes),
            "facts": _plain(dict(self.facts)),
        }


def read_token(text: str | bytes) -> bytes:
    """The envelope in a text: a JWS itself, hex or base64url of a ``COSE_Sign1``, or its raw bytes.

    Args:
        text: What somebody pasted, or the content of a file.

    Returns:
        The bytes that a validator would have recorded.

    Raises:
        InputError: There is nothing.
    """
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    trimmed = raw.strip()
    if not trimmed:
        raise InputError("token: expected a proof, found nothing")
    if re.fullmatch(rb"(?:[0-9a-fA-F]{2})+", trimmed):
        return bytes.fromhex(trimmed.decode())
    if re.fullmatch(rb"[A-Za-z0-9_-]+={0,2}", trimmed):
        try:
            return base64.b64decode(trimmed + b"=" * (-len(trimmed) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return trimmed
    return trimmed if trimmed.isascii() and trimmed.count(b".") else raw


def check_proof(
    proof: bytes,
    *,
    registry: bytes | None = None,
    authority: Sequence[str] = (),
    device: bytes | None = None,
    sent_ms: int | None = None,
    received_ms: int | None = None,
) -> Explanation:
    """Explain a proof without an epoch: what the proof says, and with a registry whose it is.

    Args:
        proof: The envelope.
        registry: Event lines; ``None`` if there is no registry at hand.
        authority: Keys of the registry authority, ``did:key``.
        device: The device that was probed; by default the one that the proof names.
        sent_ms: When the challenge left, Unix milliseconds; by default the time in the proof.
        received_ms: When the answer was complete.

    Raises:
        DepinverifyError: The registry is invalid.
    """
    decoded = _native.decode_proof(proof)
    claims = decoded.get("claims")
    hidden: dict[int, str] = dict.fromkeys(
        (Code.OFF_SCHEDULE, Code.NONCE_MISMATCH, Code.REPLAYED), "no epoch given"
    )
    hidden[Code.COUNTER_REGRESSION] = "no epoch given: earlier answers are not known"
    notes = []
    if sent_ms is None or received_ms is None:
        timing = (Code.LATE, Code.EXPIRED, Code.CLOCK_SKEW)
        hidden |= dict.fromkeys(timing, "the times of challenge and answer were not given")
    rules = Ruleset.from_table({"name": "generic", "version": "1"})
    moment = sent_ms if sent_ms is not None else _time_of(claims)
    if registry is None:
        hidden |= dict.fromkeys(list(Code)[Code.UNKNOWN_DEVICE : Code.OFF_SCHEDULE], "no registry given")
        hidden |= dict.fromkeys(
            (Code.CLOCK_SKEW, *list(Code)[Code.LOCATION_MISMATCH : Code.VALID]), "no registry given"
        )
        moment = None
    else:
        moment = _last_time(registry) if moment is None else moment
        if sent_ms is None:
            notes.append(
                f"no time of the challenge given: keys are looked at as of {compared.time_text(moment)}"
            )
    device = claims["ueid"] if device is None and claims is not None else device
    if device is None:
        hidden[Code.UNKNOWN_DEVICE] = "no device given, and the proof names none"
    start = (_LATEST if moment is None else moment // 1000) // _SLOT_SECONDS * _SLOT_SECONDS
    context = _context_without_epoch(registry or b"", authority, rules, start, (moment or 0) + 1)
    sent = (start * 1000 if moment is None else moment) if sent_ms is None else sent_ms
    row = Row(b"\0", device or b"\0", 0, sent, sent if received_ms is None else received_ms, 0, proof)
    facts = _facts(context, row, ())
    notes.append("limits are those of the ruleset generic, version 1")
    return _explanation(row, facts, decoded, rules, hidden, tuple(notes))


def check_in_epoch(inputs: Inputs, row: Row, *, others: Sequence[RecordBatchReader] = ()) -> Explanation:
    """Explain the proof of one row of an epoch.

    Args:
        inputs: The epoch, from :func:`depinverify.ingest.read`.
        row: What the validator recorded.
        others: Rows among which to look for replays and earlier counters of the same device.

    Raises:
        InputError: The row is none that an observation can be.
    """
    facts = _facts(inputs.context, row, others)
    decoded = {} if row.proof is None else _native.decode_proof(row.proof)
    notes = (
        () if others else ("only this row was looked at: other rows may show a replay or earlier counters",)
    )
    return _explanation(row, facts, decoded, inputs.epoch.ruleset, {}, notes)


def find_row(epoch: Epoch, row_id: bytes) -> tuple[Row, list[RecordBatchReader], list[str]]:
    """Find a row in an epoch's files of observations.

    Args:
        epoch: The epoch.
        row_id: Identity of the row, 32 bytes.

    Returns:
        The row, streams of all rows of the files that can be read, and notes about those that cannot.

    Raises:
        InputError: No file holds it.
    """
    found, readable, notes = None, [], []
    for file in epoch.observation_files():
        try:
            for row in _rows(_native.read_observations(file.path)):
                if found is None and row.row_id == row_id:
                    found = row
                    notes.append(f"row found in {file.name}; whether that file is signed was not looked at")
        except (InputError, OSError) as error:
            notes.append(f"{file.name} was left out: {error}")
        else:
            readable.append(file.path)
    if found is None:
        raise InputError(
            f"row {row_id.hex()}: expected it in a file of observations of {epoch.folder}, found it in none",
            hint="row ids stand in verdicts.parquet, column row_id, as 32 bytes: give 64 hex digits",
        )
    return found, [_native.read_observations(path) for path in readable], notes


def _rows(batches: RecordBatchReader) -> Iterator[Row]:
    names = Row._fields
    for batch in RecordBatchReader.from_arrow(batches):
        columns = [batch.column(name).to_pylist() for name in names]
        yield from map(Row._make, zip(*columns, strict=True))


def _context_without_epoch(
    registry: bytes, authority: Sequence[str], rules: Ruleset, start: int, as_of_ms: int
) -> _native.EpochContext:
    """An epoch of one slot whose round is missing: everything but the schedule can be checked in it."""
    snapshot = _native.RegistrySnapshot(
        registry, epoch=0, start_ms=as_of_ms, end_ms=_AFTER_EVERYTHING_MS, authority=list(authority)
    )
    chain = _native.BeaconChain.named("quicknet")
    terms = {"index": 0, "start": start, "end": start + _SLOT_SECONDS, "slot_seconds": _SLOT_SECONDS}
    params = {**rules.model_dump(), **terms, "params_hash": bytes(32)}
    first = chain.first_round_at_or_after(start)
    return _native.EpochContext(params, chain, b"", snapshot, b"", b"", missing_rounds=[first])


def _facts(context: _native.EpochContext, row: Row, others: Sequence[RecordBatchReader]) -> dict[str, Any]:
    return context.explain(**row._asdict(), others=list(others))


def _explanation(
    row: Row,
    facts: dict[str, Any],
    decoded: Mapping[str, Any],
    rules: Ruleset,
    hidden: Mapping[int, str],
    notes: tuple[str, ...],
) -> Explanation:
    covered = sum(1 << number for number in hidden)
    failed, not_run = facts["failed"] & ~covered, (facts["not_run"] | covered)
    evidence = compared.Evidence(row, facts, decoded, rules, failed)
    hidden = {int(number): why for number, why in hidden.items()}
    checks = tuple(_check(number, evidence, failed, not_run, hidden) for number in CHECKS)
    if not hidden:
        code: str | None = Code(facts["code"]).name
    else:
        code = next((one.name for one in checks if one.status is Status.FAILED), None)
    outcome = None if hidden else Outcome(facts["outcome"]).name
    return Explanation(
        checks=checks,
        code=code,
        meaning=sentence(code) if code else "No check failed that could run.",
        outcome=outcome,
        outcome_meaning=sentence(outcome, "outcome") if outcome else "An outcome needs the epoch.",
        facts={**facts, "failed": failed, "not_run": not_run, "decoded": decoded},
        notes=notes,
    )


def _check(
    number: Code, evidence: compared.Evidence, failed: int, not_run: int, hidden: Mapping[int, str]
) -> Check:
    if failed >> number & 1:
        return Check(number, number.name, Status.FAILED, evidence.describe(number, is_failed=True))
    if number in hidden:
        stopped = evidence.stopped_by(number)
        return Check(number, number.name, Status.NOT_RUN, stopped or hidden[number])
    if not_run >> number & 1 or evidence.is_unanswered(number):
        return Check(number, number.name, Status.NOT_RUN, evidence.why_not_run(number))
    missing = evidence.absent(number)
    if missing:
        return Check(number, number.name, Status.ABSENT, missing)
    return Check(number, number.name, Status.PASSED, evidence.describe(number, is_failed=False))


def _time_of(claims: Mapping[str, Any] | None) -> int | None:
    """The end of the second that the proof names, ms, where it is one at which a slot can be named.

    Its end, because a device may be enrolled and answer within one second.
    """
    if claims is None or not _native.BeaconChain.named("quicknet").genesis_time < claims["iat"] < _LATEST:
        return None
    return int(claims["iat"]) * 1000 + 999


def _last_time(registry: bytes) -> int:
    """When the registry took its last event, ms."""
    lines = registry.strip().rsplit(b"\n", 1)
    try:
        recorded = json.loads(lines[-1])["recorded_ms"]
    except (ValueError, KeyError, TypeError):
        recorded = None
    if not isinstance(recorded, int) or not 0 <= recorded < _LATEST * 1000:
        raise InputError("registry: expected event lines that end with an event, found something else")
    return recorded + 1


def _lp(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
