"""An audit: a published settlement, looked at stage by stage.

In: a settlement folder, and as much as is at hand: the epoch's raw inputs, the settlement before, a registry head and
a root that were published elsewhere. Out: :class:`Audit`. Rule: scoring specification, section 12.3. Invariant:
stages are looked at in their order, inputs before results; whatever the folder holds, the outcome is a finding and no
exception; what could not be looked at is said.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify import ingest
from depinverify.audit import comparison, consistency, folder_rules, share_rules
from depinverify.audit.evidence_files import caveats_of, compare_files
from depinverify.audit.findings import STAGES, Basis, Finding, FindingCode, Findings, Stage
from depinverify.audit.forms import MalformedError
from depinverify.audit.recomputation import Refusal, settled_anew
from depinverify.audit.results import REQUIRED, Results
from depinverify.audit.track_rules import check_tracks
from depinverify.audit.weight_rules import check_weights
from depinverify.epoch import Epoch
from depinverify.exceptions import DepinverifyError, InputError, SettlementError
from depinverify.reward import Ledger
from depinverify.reward.publish import MODELS_FILE, TREE_FILE
from depinverify.settlement import Settlement

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.canonical import Json

__all__ = ["Audit", "NotChecked", "audit"]

#: What the raw inputs are needed for.
_NEEDS_EPOCH: Final = {
    Stage.INPUTS: "whether the hashes are those of the inputs",
    Stage.SIGNATURES: "whether verdicts and silence follow from the evidence",
    Stage.SCHEDULE: "whether the probes were on schedule",
    Stage.EXCLUSIONS: "whether exclusions and their numbers follow from the evidence",
    Stage.SCORES: "whether windows and indicators follow from the evidence",
    Stage.WEIGHTS: "base weights, classes, retirements and group caps",
    Stage.ADJUSTMENTS: "whether adjustments are signed, and whom they concern",
}
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{64})", re.ASCII)


class NotChecked(NamedTuple):
    """Something that an audit could not look at.

    Attributes:
        stage: Where it belongs.
        what: What was not looked at.
        needs: What would be needed for it.
        is_whole: Whether nothing of the stage was looked at.
    """

    stage: Stage
    what: str
    needs: str
    is_whole: bool = False


_NOTHING_CHECKED: Final = [
    NotChecked(stage, "all of it", "results that can be read", is_whole=True) for stage in STAGES[1:]
]


@dataclass(frozen=True)
class Audit:
    """The outcome of an audit.

    Attributes:
        folder: The settlement.
        findings: What is not what it should be, in the order of the stages; one a subject, the first.
        not_checked: What could not be looked at.
        caveats: What the settlement says about itself that a reader must know.
    """

    folder: Path
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    caveats: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def first_stage(self) -> Stage | None:
        """The stage of the first finding: where to look first."""
        return self.findings[0].stage if self.findings else None

    def by_stage(self) -> dict[Stage, int]:
        """Number of findings of every stage."""
        numbers = dict.fromkeys(STAGES, 0)
        for finding in self.findings:
            numbers[finding.stage] += 1
        return numbers

    def to_json(self) -> dict[str, Json]:
        """The outcome as JSON."""
        return {
            "settlement": str(self.folder),
            "clean": self.is_clean,
            "first_stage": None if self.first_stage is None else self.first_stage.value,
            "stages": {stage.value: number for stage, number in self.by_stage().items()},
            "findings": [finding.to_json() for finding in self.findings],
            "not_checked": [
                {
                    "stage": one.stage.value,
                    "what": one.what,
                    "needs": one.needs,
                    "whole_stage": one.is_whole,
                }
                for one in self.not_checked
            ],
            "caveats": list(self.caveats),
        }


def audit(
    settlement: str | Path,
    epoch: str | Path | None = None,
    *,
    previous: str | Path | None = None,
    head: str | None = None,
    root: str | None = None,
    options: ingest.Options | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Audit:
    """Audit a published settlement.

    Args:
        settlement: The settlement folder.
        epoch: The epoch folder with the raw inputs; without it the folder is held against itself alone.
        previous: The settlement before, where no epoch folder names it.
        head: The registry's head before the epoch as it was published elsewhere, 64 hex digits.
        root: The root as it was published elsewhere, such as in the contract.
        options: How to settle the epoch anew; with ``allow_unsigned`` if the settlement was made so.
        progress: Called with the name of a step and the rows done so far.

    Returns:
        The findings, and what could not be looked at.

    Raises:
        SettlementError: ``settlement`` or ``previous`` is no complete settlement.
        InputError: ``epoch`` is no epoch folder or another epoch, or ``head`` or ``root`` is none.
    """
    head, root = _hash_given(head, "head"), _hash_given(root, "root")
    opened = None if epoch is None else Epoch.open(epoch)
    found = Findings()
    try:
        results = Results.open(settlement)
    except MalformedError as error:
        folder_rules.malformed(found, error)
        return Audit(Path(settlement), tuple(found), tuple(_NOTHING_CHECKED), ())
    with contextlib.suppress(MalformedError):
        _refuse_other_epoch(results, opened)
    with (
        contextlib.nullcontext()
        if opened is None
        else settled_anew(opened, options or ingest.Options(), progress)
    ) as outcome:
        made = outcome if isinstance(outcome, Results) else None
        not_checked = _NOTHING_CHECKED
        if folder_rules.check_files(found, results, made):
            _look_at_inputs(found, results, opened, outcome, head)
            ledger = _ledger_before(found, results, opened, previous)
            if made is None or not _is_same(results, made):
                _look_at_results(found, results, made, ledger)
            _look_elsewhere(found, results, root)
            not_checked = _not_checked(results, outcome, ledger, head, root)
        return Audit(Path(settlement), tuple(found), tuple(not_checked), tuple(caveats_of(results.sources)))


def _look_at_inputs(
    found: Findings,
    results: Results,
    epoch: Epoch | None,
    outcome: Results | Refusal | None,
    head: str | None,
) -> None:
    """Everything that stands before the first verdict."""
    rewards, anew = results.rewards, found.against(Basis.EPOCH)
    if isinstance(outcome, Refusal):
        anew.add(outcome.code, outcome.subject, "refused", None, outcome.message)
    if epoch is not None:
        comparison.compare_terms(anew, comparison.Terms.of(rewards), comparison.Terms.of_epoch(epoch))
    folder_rules.check_params_hash(found, results)
    folder_rules.check_emission(found, results)
    if head is not None and rewards.registry_head != head:
        found.against(Basis.ELSEWHERE).add(
            FindingCode.HEAD_ELSEWHERE_DIFFERS,
            "registry head elsewhere",
            "registry_head",
            rewards.registry_head,
            head,
        )
    if isinstance(outcome, Results):
        comparison.compare_inputs(anew, rewards, outcome.rewards, comparison.RAW_INPUTS)
        compare_files(anew, results, outcome)


def _look_at_results(found: Findings, results: Results, made: Results | None, ledger: Ledger | None) -> None:
    """Everything from the first verdict to the root, what follows from the raw inputs first."""
    rewards, anew = results.rewards, found.against(Basis.EPOCH)
    if made is not None:
        comparison.compare_indicators(anew, rewards, made.rewards)
        comparison.compare_verdicts(anew, results, made)
        comparison.compare_scheduled(anew, results, made)
        comparison.compare_exclusions(anew, rewards, made.rewards)
    consistency.check_exclusions(found, rewards)
    if made is not None:
        comparison.compare_scores(anew, results, made)
        comparison.compare_states(anew, results, made)
        comparison.compare_models(anew, results, made)
    consistency.check_scores(found, results)
    if made is not None:
        share_rules.compare_classes(anew, rewards, made.rewards)
        comparison.compare_weights(anew, rewards, made.rewards)
    check_tracks(found, results)
    check_weights(found, results)
    if made is not None:
        share_rules.compare_validators(anew, rewards, made.rewards)
        share_rules.compare_class_lines(anew, rewards.classes, made.rewards.classes)
        comparison.compare_amounts(anew, rewards, made.rewards)
        comparison.compare_money(anew, rewards, made.rewards, comparison.DIVISION)
    share_rules.check_validators(found, rewards)
    consistency.check_division(found, rewards)
    if made is not None:
        comparison.compare_device_payees(anew, rewards, made.rewards)
        comparison.compare_payees(anew, rewards, made.rewards)
        comparison.compare_money(anew, rewards, made.rewards, comparison.PAYMENTS)
    else:
        consistency.check_unexplained(found, rewards)
    consistency.check_payees(found, rewards, ledger)
    consistency.check_ledger(found, results)
    if made is not None:
        comparison.compare_money(anew, rewards, made.rewards, comparison.ADJUSTMENTS)
    consistency.check_adjustments(found, rewards)
    consistency.check_tree(found, results)
    if made is not None and rewards.merkle.root != made.rewards.merkle.root:
        anew.add(
            FindingCode.ROOT_DIFFERS, "root", "merkle.root", rewards.merkle.root, made.rewards.merkle.root
        )
    consistency.check_root(found, rewards)


def _look_elsewhere(found: Findings, results: Results, root: str | None) -> None:
    """The root against the one that was published elsewhere."""
    published = results.rewards.merkle.root
    if root is not None and published != f"0x{root}":
        found.against(Basis.ELSEWHERE).add(
            FindingCode.ROOT_ELSEWHERE_DIFFERS, "root elsewhere", "merkle.root", published, f"0x{root}"
        )


def _is_same(results: Results, made: Results) -> bool:
    """Whether every result is, by content, the one that the raw inputs give."""
    names = {*REQUIRED, TREE_FILE, MODELS_FILE}
    return all(results.content_hash(name) == made.content_hash(name) for name in names)


def _ledger_before(
    found: Findings, results: Results, epoch: Epoch | None, previous: str | Path | None
) -> Ledger | None:
    """The ledger of the settlement before, empty for the first epoch, ``None`` where it is not known."""
    named = results.rewards.inputs["previous"]
    if previous is not None:
        return _ledger_of(found, Path(previous), named)
    if epoch is not None:
        # Where it is refused, that has been found already.
        with contextlib.suppress(DepinverifyError):
            return ingest.Previous.of(epoch).ledger or Ledger()
        return None
    return Ledger() if named is None else None


def _ledger_of(found: Findings, folder: Path, named: str | None) -> Ledger:
    before = Settlement.open(folder)
    if before.manifest_sha256 != named:
        found.against(Basis.PREVIOUS).add(
            FindingCode.INPUT_DIFFERS, "input:previous", "sha256", named, before.manifest_sha256
        )
    path = folder / "ledger.json"
    try:
        content = path.read_bytes()
        expected = before.manifest["results"]["ledger.json"]
    except (OSError, KeyError, TypeError) as error:
        raise SettlementError(f"{path}: expected the ledger of the settlement before: {error}") from None
    if hashlib.sha256(content).hexdigest() != expected:
        raise SettlementError(f"{path}: expected the content that its manifest names, found another")
    return Ledger.from_json(content)


def _refuse_other_epoch(results: Results, epoch: Epoch | None) -> None:
    published = results.rewards.epoch.index
    if epoch is not None and published != epoch.index:
        raise InputError(
            f"{results.folder}: expected the settlement of epoch {epoch.index}, found that of epoch {published}",
            hint="--epoch names the folder that was settled.",
        )


def _not_checked(
    results: Results,
    outcome: Results | Refusal | None,
    ledger: Ledger | None,
    head: str | None,
    root: str | None,
) -> list[NotChecked]:
    missing = []
    if not isinstance(outcome, Results):
        needs = "the epoch's raw inputs" if outcome is None else "inputs that are not refused"
        missing += [
            NotChecked(stage, what, needs, stage in {Stage.SIGNATURES, Stage.SCHEDULE})
            for stage, what in _NEEDS_EPOCH.items()
        ]
        if results.rewards.ruleset.models is not None:
            missing.append(NotChecked(Stage.WEIGHTS, "the multipliers of the ruleset's models", needs))
        if results.rewards.ruleset.utilisation is not None:
            missing.append(NotChecked(Stage.WEIGHTS, "multipliers by paid work", needs))
        if results.rewards.ruleset.validators is not None:
            missing.append(NotChecked(Stage.ALLOCATION, "what validators delivered", needs))
    if head is None:
        missing.append(
            NotChecked(
                Stage.INPUTS, "whether the registry's history was rewritten", "a head published elsewhere"
            )
        )
    if ledger is None:
        missing.append(
            NotChecked(
                Stage.PAYEES, "whether cumulative and carried amounts continue", "the settlement before"
            )
        )
    if root is None:
        missing.append(
            NotChecked(Stage.ROOT, "whether this root is the one that pays", "a root published elsewhere")
        )
    return sorted(missing, key=lambda one: STAGES.index(one.stage))


def _hash_given(value: str | None, name: str) -> str | None:
    if value is None:
        return None
    match = _HEX.fullmatch(value.strip())
    if match is None:
        raise InputError(f"{name}: expected 64 hex digits, found {value[:100]!r}")
    return match[1].lower()
