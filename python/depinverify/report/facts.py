"""A settlement as plain numbers and words: everything that the page says without looking at single proofs.

In: a settlement folder, which may be anybody's. Out: :class:`Facts`, checked: integers are integers, amounts fit 256
bits, words are text. Rule: scoring and rewards, 11.9; uptime proof, 9.3. Invariant: nothing behind this module meets
a value of another type; a folder that is not what its manifest says is shown, and says so first.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify import _native
from depinverify.exceptions import SettlementError
from depinverify.report.tables import Tables, read_tables
from depinverify.report.values import amount, count, hex_text, integer, text, unsigned
from depinverify.reward.columns import STATES
from depinverify.ruleset import ONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from depinverify.settlement import Settlement

__all__ = [
    "MONEY",
    "Caveats",
    "Change",
    "Entry",
    "Excluded",
    "Facts",
    "Finding",
    "Payee",
    "Quarantined",
    "read_facts",
]

#: Terms of the balance, as the reward file calls them.
MONEY: Final = (
    "pool", "carried_in", "missed_pools", "adjustments", "allocated", "paid", "carried_delta", "sink", "burned",
    "withheld", "remainder",
)  # fmt: skip

_SCORES: Final = ("device", "state", "score_e12", "windows_used", "up", "down", "scheduled", "excluded")


class Multiplier(NamedTuple):
    """One factor of a weight, and why it costs something."""

    name: str
    value: int
    reason: str | None


class Entry(NamedTuple):
    """One device: its score and what it earned.

    Its class is known only where the ruleset divides the pool over classes, and something is withheld only by models.
    """

    device: str
    payee: str | None
    state: str
    score_e12: int
    up: int
    down: int
    scheduled: int
    excluded: int
    chain: tuple[Multiplier, ...]
    weight: int
    amount: int
    withheld: int
    class_name: str | None
    reasons: tuple[str, ...]

    @property
    def decided(self) -> int:
        """Slots that were decided up or down."""
        return self.up + self.down

    @property
    def share_e12(self) -> int:
        """What is left of the device's full weight: the product of its multipliers."""
        share = ONE
        for factor in self.chain:
            share = share * factor.value // ONE
        return share


class Payee(NamedTuple):
    """One payee's line of the reward file."""

    payee: str
    amount: int
    paid: int
    carried: int
    cumulative: int


class Finding(NamedTuple):
    """One indicator."""

    code: str
    severity: str
    subjects: tuple[str, ...]
    numbers: tuple[tuple[str, int], ...]
    evidence: int


class Excluded(NamedTuple):
    """One line of the exclusion log."""

    slot: int
    validator: str
    reason: str
    n: int
    f: int
    n2: int
    f2: int
    ok: int
    total: int


class Change(NamedTuple):
    """One change of a device's standing, or a warning; then both states are the same."""

    at: int
    device: str
    before: str
    behind: str
    rule: str
    numbers: tuple[tuple[str, int], ...]


class Quarantined(NamedTuple):
    """One file that was left out."""

    name: str
    reason: str
    signer: str | None
    message: str


@dataclass(frozen=True)
class Caveats:
    """What a reader must know before the first number.

    Attributes:
        changed: Sentences about results that are not what the manifest says.
        unsigned_allowed: Whether files without a signature were taken.
        beacon_pinned: Whether the beacon's signatures were taken as they are.
        missing_rounds: Beacon rounds whose slots count for nobody.
        void_validators: Validators whose rows count for nobody.
        quarantined: Files that were left out.
    """

    changed: tuple[str, ...]
    unsigned_allowed: bool
    beacon_pinned: bool
    missing_rounds: tuple[int, ...]
    void_validators: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]


@dataclass(frozen=True)
class Facts:
    """A settlement in numbers.

    Attributes:
        index: The epoch's index.
        start: Its first second.
        end: First second after it.
        covered: Indices of the epochs that its pool covers.
        slot_seconds: Length of a slot.
        ruleset: Name and version of the rules.
        params: All parameters that are integers or text.
        params_hash: Hash of the parameters.
        root: Root of the claim tree, ``None`` while nobody has a cumulative amount.
        manifest_sha256: SHA-256 of ``manifest.json``.
        inputs: Content hashes of the inputs by name.
        software: What made the settlement.
        caveats: What a reader must know first.
        counts: Observations by name of code, from the manifest.
        money: Every term of the balance by its name.
        tables: What the ruleset's tables about money add.
        entries: Devices, ascending by id.
        payees: Payees, ascending.
        findings: Indicators.
        exclusions: The exclusion log.
        changes: Changes of standing and warnings, in the order of the file.
    """

    index: int
    start: int
    end: int
    covered: tuple[int, ...]
    slot_seconds: int
    ruleset: str
    params: dict[str, int | str]
    params_hash: str
    root: str | None
    manifest_sha256: str
    inputs: dict[str, str | None]
    software: str
    caveats: Caveats
    counts: dict[str, int]
    money: dict[str, int]
    tables: Tables
    entries: tuple[Entry, ...]
    payees: tuple[Payee, ...]
    findings: tuple[Finding, ...]
    exclusions: tuple[Excluded, ...]
    changes: tuple[Change, ...]

    @property
    def slots(self) -> int:
        """Slots of the epoch."""
        return (self.end - self.start) // self.slot_seconds

    @property
    def quorum(self) -> int:
        """Validators that it takes to decide a slot."""
        quorum = self.params.get("quorum")
        return quorum if isinstance(quorum, int) else 1

    @cached_property
    def up(self) -> int:
        """Slots of all devices that were decided up."""
        return sum(entry.up for entry in self.entries)

    @cached_property
    def down(self) -> int:
        """Slots of all devices that were decided down."""
        return sum(entry.down for entry in self.entries)

    @cached_property
    def unreliable(self) -> frozenset[str]:
        """Validators whose down reports were dropped for the whole epoch."""
        return frozenset(
            subject.partition(":")[2]
            for finding in self.findings
            if finding.code == "UNRELIABLE"
            for subject in finding.subjects
        )

    def slot_start(self, slot: int) -> int:
        """First second of a slot."""
        return self.start + slot * self.slot_seconds


def read_facts(settlement: Settlement) -> Facts:
    """Read what a settlement says, but for its single verdicts.

    Raises:
        SettlementError: A file is absent, or holds something else than a settlement's.
    """
    with _reading(settlement.folder):
        rewards, manifest = settlement.rewards, settlement.manifest
        epoch, params = rewards["epoch"], rewards["params"]
        start, end, slot_seconds = (
            count(value) for value in (epoch["start"], epoch["end"], params["slot_seconds"])
        )
        if slot_seconds == 0 or end - start < slot_seconds:
            raise ValueError(f"slots of {slot_seconds} s from {start} to {end}")
        root = rewards["merkle"]["root"]
        return Facts(
            index=count(epoch["index"]),
            start=start,
            end=end,
            covered=tuple(count(index) for index in epoch["epochs_covered"]),
            slot_seconds=slot_seconds,
            ruleset=text(rewards["ruleset"]),
            params={name: value for name, value in params.items() if type(value) in {int, str}},
            params_hash=text(rewards["params_hash"]),
            root=None if root is None else text(root),
            manifest_sha256=settlement.manifest_sha256,
            inputs={
                text(name): None if value is None else text(value)
                for name, value in sorted(rewards["inputs"].items())
            },
            software=text(settlement.sources["software"]),
            caveats=_caveats(settlement.sources, _changed(settlement)),
            counts={text(name): count(rows) for name, rows in sorted(manifest["counts"].items())},
            money={name: amount(rewards[name]) for name in MONEY},
            tables=read_tables(rewards),
            entries=_entries(settlement),
            payees=tuple(
                Payee(text(line["payee"]), *(amount(line[name]) for name in Payee._fields if name != "payee"))
                for line in rewards["payees"]
            ),
            findings=tuple(_finding(line) for line in rewards["indicators"]),
            exclusions=tuple(_excluded(line) for line in rewards["exclusions"]),
            changes=tuple(_change(line) for line in rewards["transitions"]),
        )


@contextlib.contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Say of a value that is not what it must be that this is no settlement."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        what = f"the key {error}" if isinstance(error, KeyError) else str(error)[:200]
        raise SettlementError(f"{folder}: expected the files of a settlement; {what}") from None


def _changed(settlement: Settlement) -> tuple[str, ...]:
    """Which of the files that are read here differ from the manifest; verdicts are counted when they are read."""
    found = []
    results = settlement.manifest["results"]
    for name in ("rewards.json", "scores.parquet"):
        path = settlement.folder / name
        if name.endswith(".parquet"):
            digest = _native.content_hash(settlement.scores).hex()
        else:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != results[name]:
            found.append(f"{name} is not the file that the manifest names.")
    return tuple(found)


def _caveats(sources: Mapping[str, Any], changed: tuple[str, ...]) -> Caveats:
    return Caveats(
        changed=changed,
        unsigned_allowed=bool(sources["unsigned_allowed"]),
        beacon_pinned=bool(sources["beacon_pinned"]),
        missing_rounds=tuple(count(number) for number in sources["missing_rounds"]),
        void_validators=tuple(text(validator) for validator in sources["void_validators"]),
        quarantined=tuple(_quarantined(file) for file in sources["quarantined"]),
    )


def _quarantined(file: Mapping[str, Any]) -> Quarantined:
    why, signer = file["quarantine"], file["signer"]
    place = "" if why["place"] is None else f"{why['place']}: "
    column = "" if why["column"] is None else f"column {why['column']}: "
    return Quarantined(
        name=text(file["name"]),
        reason=text(why["reason"]),
        signer=None if signer is None else text(signer),
        message=f"{place}{column}{text(why['message'])}",
    )


def _entries(settlement: Settlement) -> tuple[Entry, ...]:
    table = settlement.scores
    columns = [table.column(name).to_pylist() for name in _SCORES]
    lines = settlement.rewards["entries"]
    return tuple(_entry(line, row) for line, row in zip(lines, zip(*columns, strict=True), strict=True))


def _entry(line: Mapping[str, Any], row: tuple[Any, ...]) -> Entry:
    device, state, score, _, up, down, scheduled, excluded = row
    payee = line["payee"]
    if line["device"] != device.hex():
        raise ValueError(f"scores.parquet has {device.hex()} where rewards.json has {line['device']!r:.80}")
    chain = tuple(
        Multiplier(
            text(factor["name"]),
            count(factor["value"]),
            None if factor["reason"] is None else text(factor["reason"]),
        )
        for factor in line["multipliers"]
    )
    return Entry(
        device=device.hex(),
        payee=None if payee is None else text(payee),
        state=STATES[count(state)],
        score_e12=count(score),
        up=count(up),
        down=count(down),
        scheduled=count(scheduled),
        excluded=count(excluded),
        chain=chain,
        weight=amount(line["weight"]),
        amount=amount(line["amount"]),
        withheld=unsigned(line.get("withheld", "0")),
        class_name=None if line.get("class") is None else text(line["class"]),
        reasons=tuple(text(reason) for reason in line["reasons"]),
    )


def _finding(line: Mapping[str, Any]) -> Finding:
    return Finding(
        code=text(line["code"]),
        severity=text(line["severity"]),
        subjects=tuple(text(subject) for subject in line["subjects"]),
        numbers=_numbers(line),
        evidence=len(line["evidence"]),
    )


def _change(line: Mapping[str, Any]) -> Change:
    device, before, behind, rule = (text(line[name]) for name in ("device", "from", "to", "rule"))
    return Change(integer(line["at"]), device, before, behind, rule, _numbers(line))


def _numbers(line: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((text(name), integer(value)) for name, value in sorted(line["numbers"].items()))


def _excluded(line: Mapping[str, Any]) -> Excluded:
    validator = hex_text(line["validator"])
    counts = (count(line[name]) for name in ("n", "f", "n2", "f2", "ok", "total"))
    return Excluded(count(line["slot"]), validator, text(line["reason"]), *counts)
