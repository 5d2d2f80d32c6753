"""What an audit can find: every code with its stage and its sentence, and the list in which findings are kept.

In: what was published and what was recomputed. Out: :class:`Finding` lines in the order of the stages. Rule: scoring
specification, section 12.3. Invariant: one subject (a device, a payee, a validator, a file, a term) has one finding,
the first, so that a lie is named where it was told and not once more for each of its consequences.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.canonical import Json

__all__ = ["STAGES", "Basis", "Finding", "FindingCode", "Findings", "Stage"]


class Stage(StrEnum):
    """What is looked at, in this order: a later stage follows from the earlier ones."""

    FILES = "files"
    INPUTS = "inputs"
    SIGNATURES = "signatures"
    SCHEDULE = "schedule"
    EXCLUSIONS = "exclusions"
    SCORES = "scores"
    WEIGHTS = "weights"
    ALLOCATION = "allocation"
    PAYEES = "payees"
    ADJUSTMENTS = "adjustments"
    TREE = "tree"
    ROOT = "root"


#: Stages in their order.
STAGES: Final = tuple(Stage)


class Basis(StrEnum):
    """Where the other value of a finding comes from."""

    FOLDER = "folder"
    """Other numbers of the same settlement."""
    EPOCH = "epoch"
    """The epoch's raw inputs, settled anew."""
    PREVIOUS = "previous"
    """The settlement before."""
    ELSEWHERE = "elsewhere"
    """A value that was published somewhere else."""
    OTHER = "other"
    """Another validator's settlement."""


class FindingCode(Enum):
    """The catalogue: name, stage and one sentence each. Names are stable."""

    MANIFEST_MALFORMED = (Stage.FILES, "The manifest is not of its form, or does not name the results.")
    FILE_MISSING = (Stage.FILES, "A result that the manifest names is not in the folder.")
    FILE_CHANGED = (Stage.FILES, "A result's content is not what the manifest says.")
    FILE_MALFORMED = (Stage.FILES, "A result cannot be read as what it should be.")
    FILE_NOT_CANONICAL = (Stage.FILES, "A result's bytes are not the one canonical form of its content.")
    MANIFEST_EDITED = (
        Stage.FILES,
        "The manifest names another content than that of a result which is right.",
    )
    MANIFEST_DISAGREES = (Stage.FILES, "Manifest and reward file name different inputs or parameters.")
    COUNT_DIFFERS = (Stage.FILES, "The manifest counts other verdicts than the verdict table holds.")
    EPOCH_REFUSED = (Stage.INPUTS, "An input of the epoch folder is refused, so nothing follows from it.")
    INPUT_DIFFERS = (Stage.INPUTS, "An input is not the one that the result was made from.")
    TERM_DIFFERS = (Stage.INPUTS, "Bounds, pool or covered epochs are not those of the epoch's file.")
    EMISSION_DIFFERS = (Stage.INPUTS, "A pool is not what the ruleset's emission gives for its epochs.")
    PARAMETER_DIFFERS = (Stage.INPUTS, "A parameter of the ruleset is another.")
    PARAMS_HASH_DIFFERS = (Stage.INPUTS, "The hash of the parameters is not that of the parameters.")
    REGISTRY_HEAD_DIFFERS = (Stage.INPUTS, "The registry's head before the epoch is another.")
    HEAD_ELSEWHERE_DIFFERS = (Stage.INPUTS, "The registry's head is not the one published elsewhere.")
    FILE_QUARANTINED = (Stage.SIGNATURES, "A file of evidence is set aside now and was counted then.")
    EVIDENCE_FILE_DIFFERS = (Stage.SIGNATURES, "A file of evidence, by its SHA-256, is on one side only.")
    SILENCE_DIFFERS = (Stage.SIGNATURES, "A validator left out other probes than was published.")
    VERDICT_DIFFERS = (Stage.SIGNATURES, "A row's verdict is another, or the row is on one side only.")
    SCHEDULE_DIFFERS = (Stage.SCHEDULE, "Other probes were on schedule than was published.")
    EXCLUSION_ADDED = (Stage.EXCLUSIONS, "An exclusion was published that does not follow.")
    EXCLUSION_MISSING = (Stage.EXCLUSIONS, "An exclusion that follows was not published.")
    EXCLUSION_DIFFERS = (Stage.EXCLUSIONS, "An exclusion has another reason or other numbers.")
    EXCLUSION_UNFOUNDED = (Stage.EXCLUSIONS, "An exclusion's reason does not follow from its own numbers.")
    EXCLUSIONS_HASH_DIFFERS = (Stage.EXCLUSIONS, "The hash of the exclusion log is not that of the log.")
    SCORE_DIFFERS = (Stage.SCORES, "A device's score, state or counts are others.")
    STATE_DIFFERS = (Stage.SCORES, "What the next epoch is to know about a device is something else.")
    MODEL_STATE_DIFFERS = (
        Stage.SCORES,
        "What the next epoch's models are to know of a device is something else.",
    )
    TRANSITION_DIFFERS = (Stage.SCORES, "A change of a device's standing is another, or is on one side only.")
    INDICATOR_ADDED = (Stage.SCORES, "An indicator was published that does not follow.")
    INDICATOR_MISSING = (Stage.SCORES, "An indicator that follows was not published.")
    INDICATOR_DIFFERS = (Stage.SCORES, "An indicator has another severity, other numbers or other evidence.")
    TRACK_DIFFERS = (Stage.WEIGHTS, "A track of a device's payout has another score or another cost.")
    MULTIPLIER_DIFFERS = (Stage.WEIGHTS, "A multiplier of a device's weight is another.")
    REASON_DIFFERS = (Stage.WEIGHTS, "The reason of a lower weight is another, or is not given.")
    DEVICE_CLASS_DIFFERS = (Stage.WEIGHTS, "A device is of another class.")
    WEIGHT_DIFFERS = (Stage.WEIGHTS, "A weight is not the base weight times its multipliers.")
    AMOUNT_DIFFERS = (Stage.ALLOCATION, "A device's amount is not its share of the pool.")
    MONEY_DIFFERS = (Stage.ALLOCATION, "A term of the epoch's balance is another.")
    CLASS_AMOUNT_DIFFERS = (
        Stage.ALLOCATION,
        "What a class of devices gets or leaves is another, or it is on one side only.",
    )
    VALIDATOR_PAY_DIFFERS = (
        Stage.ALLOCATION,
        "What a validator delivered or gets is another, or it is on one side only.",
    )
    POOL_UNBALANCED = (Stage.ALLOCATION, "The amounts and what is left are not the divided pool.")
    EPOCH_UNBALANCED = (Stage.ALLOCATION, "What came in is not what was paid, carried and kept.")
    PAYEE_ADDED = (Stage.PAYEES, "A payee was published who has no line.")
    PAYEE_MISSING = (Stage.PAYEES, "A payee who has a line was not published.")
    DEVICE_PAYEE_DIFFERS = (Stage.PAYEES, "A device's pay goes to another payee.")
    PAYEE_AMOUNT_DIFFERS = (Stage.PAYEES, "A payee's amount is not what its devices earned and was adjusted.")
    PAYEE_UNEXPLAINED = (
        Stage.PAYEES,
        "Only adjustments could explain a payee's amount, and none are published.",
    )
    PAID_DIFFERS = (
        Stage.PAYEES,
        "A payee is paid other than the minimum payout says, or the sum is another.",
    )
    CARRIED_DIFFERS = (Stage.PAYEES, "What is carried is not what was carried and earned less what is paid.")
    CUMULATIVE_DIFFERS = (Stage.PAYEES, "A cumulative amount is not the one before plus what is paid.")
    LEDGER_DIFFERS = (Stage.PAYEES, "The ledger for the next epoch is not that of the reward file.")
    ADJUSTMENT_REFUSED = (Stage.ADJUSTMENTS, "An adjustment is not what a registry authority signed.")
    ADJUSTMENTS_DIFFER = (Stage.ADJUSTMENTS, "The adjustments are others in sum.")
    TREE_BROKEN = (Stage.TREE, "The claim tree is no tree: a node or leaf is not the hash of its content.")
    TREE_HASH_DIFFERS = (Stage.TREE, "The reward file names another claim tree than the folder holds.")
    LEAF_DIFFERS = (Stage.TREE, "A payee's leaf is not its cumulative amount.")
    ROOT_DIFFERS = (Stage.ROOT, "The root is not that of the cumulative amounts.")
    ROOT_ELSEWHERE_DIFFERS = (Stage.ROOT, "The root is not the one published elsewhere.")

    def __init__(self, stage: Stage, sentence: str) -> None:
        self.stage = stage
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not what it should be.

    Attributes:
        code: What kind of thing.
        subject: Whom or what it concerns: ``device:<hex>``, ``payee:0x...``, ``validator:<hex>``, ``file:<name>``, ...
        field: What of it differs.
        published: The value that was published; ``None`` where there is none.
        recomputed: The value that follows; ``None`` where there is none.
        basis: What the recomputed value follows from.
    """

    code: FindingCode
    subject: str
    field: str
    published: Json
    recomputed: Json
    basis: Basis

    @property
    def stage(self) -> Stage:
        """The stage in which it was found."""
        return self.code.stage

    def to_json(self, published: str = "published", recomputed: str = "recomputed") -> dict[str, Json]:
        """The finding as JSON.

        Args:
            published: How the first value is called.
            recomputed: How the second value is called.
        """
        return {
            "stage": self.stage.value,
            "code": self.code.name,
            "subject": self.subject,
            "field": self.field,
            published: self.published,
            recomputed: self.recomputed,
            "basis": self.basis.value,
        }


class Findings:
    """Findings as they are made, one a subject.

    Args:
        basis: What recomputed values follow from, where a call does not say otherwise.
    """

    def __init__(self, basis: Basis = Basis.FOLDER) -> None:
        self._basis = basis
        self._found: dict[str, Finding] = {}

    def add(
        self,
        code: FindingCode,
        subject: str,
        field: str,
        published: Json,
        recomputed: Json,
        basis: Basis | None = None,
    ) -> None:
        """Keep a finding, unless something was found about this subject before."""
        if subject not in self._found:
            self._found[subject] = Finding(code, subject, field, published, recomputed, basis or self._basis)

    def against(self, basis: Basis) -> Findings:
        """The same list, with recomputed values that follow from something else."""
        view = Findings(basis)
        view._found = self._found
        return view

    def __contains__(self, subject: str) -> bool:
        return subject in self._found

    def __iter__(self) -> Iterator[Finding]:
        order = {stage: position for position, stage in enumerate(STAGES)}
        return iter(sorted(self._found.values(), key=lambda finding: order[finding.stage]))

    def __len__(self) -> int:
        return len(self._found)
