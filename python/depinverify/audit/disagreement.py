"""Two validators' settlements of one epoch: which inputs differ, and then which results.

In: two settlement folders. Out: :class:`Diff`. Rule: scoring specification, section 12.4. Invariant: inputs are named
before results, since other inputs make other results; both sides are taken as they are, and neither is held to be
right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from depinverify.audit import comparison, share_rules
from depinverify.audit.findings import Basis, Finding, FindingCode, Findings
from depinverify.audit.results import Results
from depinverify.audit.reward_file import INPUTS, MONEY, OPTIONAL_INPUTS, OPTIONAL_MONEY
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depinverify.canonical import Json

__all__ = ["Diff", "EvidenceFile", "diff"]


@dataclass(frozen=True)
class EvidenceFile:
    """A file of observations or reference probes that one validator had and the other had not.

    Attributes:
        name: Its path below the epoch folder.
        sha256: Of the file as it lay there.
        signer: Who signed it, hex; ``None`` where nobody did.
        quarantine: Why it was set aside, ``None`` where it was counted.
    """

    name: str
    sha256: str
    signer: str | None
    quarantine: str | None

    def to_json(self) -> dict[str, Json]:
        """The file as JSON."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "signer": self.signer,
            "quarantine": self.quarantine,
        }


@dataclass(frozen=True)
class Diff:
    """How two settlements of one epoch differ.

    Attributes:
        epoch: Index of the epoch.
        inputs: Inputs, terms and parameters that differ.
        results: Results that differ: the first difference of each device, payee and validator.
        only_a: Files that only the first had, by SHA-256.
        only_b: Files that only the second had.
        totals: Terms of the balance on both sides, by name.
    """

    epoch: int
    inputs: tuple[Finding, ...]
    results: tuple[Finding, ...]
    only_a: tuple[EvidenceFile, ...]
    only_b: tuple[EvidenceFile, ...]
    totals: Mapping[str, tuple[int, int]]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All differences, inputs first."""
        return self.inputs + self.results

    @property
    def is_equal(self) -> bool:
        """Whether both say the same; files may be cut otherwise."""
        return not self.findings

    def to_json(self) -> dict[str, Json]:
        """The differences as JSON."""
        return {
            "epoch": self.epoch,
            "equal": self.is_equal,
            "inputs": [finding.to_json("a", "b") for finding in self.inputs],
            "results": [finding.to_json("a", "b") for finding in self.results],
            "files": {
                "only_a": [file.to_json() for file in self.only_a],
                "only_b": [file.to_json() for file in self.only_b],
            },
            "totals": {name: {"a": str(a), "b": str(b)} for name, (a, b) in self.totals.items()},
        }


def diff(a: str | Path, b: str | Path) -> Diff:
    """Compare two settlements of one epoch.

    Args:
        a: One validator's settlement folder.
        b: The other validator's.

    Raises:
        SettlementError: One of them is no complete settlement, or a file of it is not of its form.
        InputError: They are of different epochs.
    """
    mine, theirs = Results.open(a), Results.open(b)
    first, second = mine.rewards, theirs.rewards
    epochs = [(side.epoch.index, side.epoch.start, side.epoch.end) for side in (first, second)]
    if epochs[0] != epochs[1]:
        described = [f"epoch {index} from {start} to {end}" for index, start, end in epochs]
        raise InputError(
            f"expected two settlements of one epoch, found {described[0]} in {mine.folder} and {described[1]} in "
            f"{theirs.folder}"
        )
    inputs, results = Findings(Basis.OTHER), Findings(Basis.OTHER)
    comparison.compare_inputs(inputs, first, second, INPUTS + OPTIONAL_INPUTS)
    comparison.compare_terms(inputs, comparison.Terms.of(first), comparison.Terms.of(second))
    comparison.compare_verdicts(results, mine, theirs)
    comparison.compare_scheduled(results, mine, theirs)
    comparison.compare_exclusions(results, first, second)
    comparison.compare_scores(results, mine, theirs)
    comparison.compare_states(results, mine, theirs)
    comparison.compare_models(results, mine, theirs)
    comparison.compare_indicators(results, first, second)
    share_rules.compare_classes(results, first, second)
    comparison.compare_weights(results, first, second)
    share_rules.compare_validators(results, first, second)
    share_rules.compare_class_lines(results, first.classes, second.classes)
    comparison.compare_amounts(results, first, second)
    comparison.compare_money(results, first, second, comparison.DIVISION)
    comparison.compare_device_payees(results, first, second)
    comparison.compare_payees(results, first, second)
    comparison.compare_money(results, first, second, comparison.PAYMENTS | comparison.ADJUSTMENTS)
    if first.merkle.root != second.merkle.root:
        results.add(FindingCode.ROOT_DIFFERS, "root", "merkle.root", first.merkle.root, second.merkle.root)
    files = [_files(side.sources) for side in (mine, theirs)]
    return Diff(
        epoch=first.epoch.index,
        inputs=tuple(inputs),
        results=tuple(results),
        only_a=_only(files[0], files[1]),
        only_b=_only(files[1], files[0]),
        totals={
            name: (first.money[name], second.money[name])
            for name in MONEY + OPTIONAL_MONEY
            if name in MONEY or first.money[name] or second.money[name]
        },
    )


def _files(sources: Mapping[str, Any]) -> dict[str, EvidenceFile] | None:
    """Files by SHA-256, ``None`` where the settlement does not say."""
    if not sources:
        return None
    files = {}
    for file in sources["files"]:
        why = file.get("quarantine")
        reason = None if why is None else str(why.get("reason") if isinstance(why, dict) else why)
        signer = file.get("signer")
        files[str(file.get("sha256"))] = EvidenceFile(
            str(file.get("name")), str(file.get("sha256")), None if signer is None else str(signer), reason
        )
    return files


def _only(
    mine: dict[str, EvidenceFile] | None, theirs: dict[str, EvidenceFile] | None
) -> tuple[EvidenceFile, ...]:
    """Files of one side that the other had not, or had and set aside otherwise."""
    if mine is None or theirs is None:
        return ()
    return tuple(
        sorted(
            (
                file
                for digest, file in mine.items()
                if digest not in theirs
                or (theirs[digest].quarantine is not None) != (file.quarantine is not None)
            ),
            key=lambda file: (file.name, file.sha256),
        )
    )
