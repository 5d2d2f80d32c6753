"""The audit of a Filecoin settlement.

In: a settlement folder, which may be anybody's; optionally the evidence that it was made from. Out:
:class:`FilecoinAudit`. Rule: Filecoin, A8. Invariant: without evidence every file is held against its hash in the
manifest, and every sum is made again from the files; with it everything is made anew in a temporary folder, and the
first difference of each data set, payment, round, participant and provider is named with its field.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from depinverify.canonical import canonical_json
from depinverify.exceptions import DepinverifyError, SettlementError
from depinverify.networks.filecoin.audit_findings import ABSENT, Finding, by_subject, first_difference
from depinverify.networks.filecoin.audit_providers import provider_subject
from depinverify.networks.filecoin.audit_sums import payment_subject, sums
from depinverify.networks.filecoin.audit_verdicts import differing_verdicts
from depinverify.networks.filecoin.exact import exact
from depinverify.networks.filecoin.result_folder import FilecoinSettlement
from depinverify.networks.filecoin.settle import RESULTS, settle
from depinverify.settlement import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from depinverify import _native
    from depinverify.canonical import Json
    from depinverify.networks.steps import ShownTable

__all__ = ["FilecoinAudit", "audit"]

#: Members of the manifest that say what was settled, in the order in which they explain each other.
_TERMS: Final = ("network", "chain", "height", "service", "ruleset", "keys", "inputs", "counts", "totals")


@dataclass(frozen=True)
class FilecoinAudit:
    """What an audit found.

    Attributes:
        folder: The settlement.
        findings: The first difference of each subject, by stage: files, sums, evidence.
        with_evidence: Whether everything was made anew.
    """

    folder: Path
    findings: tuple[Finding, ...]
    with_evidence: bool

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What nobody looked at."""
        if self.with_evidence:
            return ()
        return ("proofs, events and measurements (needs the folder of evidence)",)

    def tables(self) -> list[ShownTable]:
        """Stages and findings for a person."""
        counts = Counter(finding.stage for finding in self.findings)
        stages = [("files", counts["files"], "")]
        stages.append(("sums", counts["sums"], ""))
        stages.append(("evidence", counts["evidence"], "; ".join(self.not_checked)))
        shown: list[ShownTable] = [("Stages", ("stage", "found", "not looked at"), stages)]
        if self.findings:
            shown.append(("Findings, the first of each subject", Finding._fields, self.findings))
        return shown

    def to_json(self) -> dict[str, Json]:
        """The audit as JSON."""
        return {
            "network": "filecoin",
            "settlement": str(self.folder),
            "is_clean": self.is_clean,
            "not_checked": list(self.not_checked),
            # What is quoted of a stranger's file may have half a surrogate pair, which no encoding has.
            "findings": [exact(finding._asdict()) for finding in self.findings],
        }


def audit(
    settlement: FilecoinSettlement | str | Path,
    evidence: str | Path | None = None,
    *,
    keys: Sequence[_native.FilecoinVerifier] = (),
    threads: int | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> FilecoinAudit:
    """Hold a settlement against itself, and against its evidence.

    Args:
        settlement: The settlement, or its folder.
        evidence: The folder that it was made from.
        keys: Verification keys for window proofs, those that it was settled with.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with the name of each step and how much of it is done.

    Raises:
        DepinverifyError: The folder is no settlement, or the evidence cannot be settled.
    """
    opened = settlement if isinstance(settlement, FilecoinSettlement) else FilecoinSettlement.open(settlement)
    findings = [*_files(opened), *sums(opened)]
    if evidence is not None:
        with tempfile.TemporaryDirectory(prefix="depinverify-") as folder:
            anew = settle(evidence, folder, keys=keys, threads=threads, progress=progress)
            differences = list(_against(opened, anew))
            findings += differences
            findings += _other_results(opened, anew, {one.file for one in differences})
            if not findings and (published := opened.manifest_sha256) != anew.manifest_sha256:
                findings.append(
                    Finding("evidence", "manifest.json", "", "sha256", published, anew.manifest_sha256)
                )
    return FilecoinAudit(opened.folder, tuple(findings), evidence is not None)


def _files(settlement: FilecoinSettlement) -> Iterator[Finding]:
    """A manifest that is not in its one form, and results that are absent, or not what the manifest says."""
    if (form := _form_of_manifest(settlement)) is not None:
        yield Finding("files", MANIFEST, "", "form", form, "canonical JSON")
    for name in sorted(RESULTS - settlement.manifest["results"].keys()):
        yield Finding("files", name, "", "results", ABSENT, "named in the manifest")
    for name, expected in sorted(settlement.manifest["results"].items()):
        if Path(name).name != name:
            yield Finding("files", ascii(name), "", "", "a path", "a name")
            continue
        try:
            content = settlement.content(name)
        except FileNotFoundError:
            content = ABSENT
        except (OSError, ValueError, DepinverifyError) as error:
            content = str(error)
        if content != expected:
            yield Finding("files", name, "", "content", str(expected), content)


def _form_of_manifest(settlement: FilecoinSettlement) -> str | None:
    """What the manifest is instead of canonical JSON, in which one reader finds what every other one does."""
    try:
        expected = canonical_json(settlement.manifest)
    except (ValueError, TypeError, RecursionError, DepinverifyError):
        return "values that canonical JSON does not have"
    return None if (settlement.folder / MANIFEST).read_bytes() == expected else "another form"


def _against(settlement: FilecoinSettlement, anew: FilecoinSettlement) -> Iterator[Finding]:
    """The first difference of each subject between what is published and what follows from the evidence."""
    for name in _TERMS:
        published, recomputed = settlement.manifest.get(name, ABSENT), anew.manifest[name]
        if (found := first_difference(published, recomputed, name)) is not None:
            yield Finding("evidence", "manifest.json", "", *found)
    yield from differing_verdicts(settlement, anew)
    for file, member, subject in _LISTS:
        yield from by_subject(file, _member(settlement, file, member), _member(anew, file, member), subject)
    yield from _of_payments(settlement, anew)
    published, recomputed = (_member(one, "refusals.json", "refusals") for one in (settlement, anew))
    if (found := first_difference(published, recomputed, "refusals")) is not None:
        yield Finding("evidence", "refusals.json", "", *found)


def _other_results(
    settlement: FilecoinSettlement, anew: FilecoinSettlement, named: set[str]
) -> Iterator[Finding]:
    """Results of another content that no difference is named of, as nothing in them is looked at line by line."""
    theirs, ours = settlement.manifest["results"], anew.manifest["results"]
    for name in sorted((ours.keys() | theirs.keys()) - named):
        published, recomputed = theirs.get(name, ABSENT), ours.get(name, ABSENT)
        if published != recomputed:
            yield Finding("evidence", name, "", "content", str(published), str(recomputed))


#: Lists of results, and what their lines are about.
_LISTS: Final[tuple[tuple[str, str, Callable[[Any], str]], ...]] = (
    ("data_sets.json", "data_sets", lambda line: f"set {line['set_id']}"),
    ("spark.json", "rounds", lambda line: f"round {line['round']}"),
    ("spark.json", "participants", lambda line: str(line["participant"])),
    ("providers.json", "providers", provider_subject),
    ("pool.json", "shares", lambda line: str(line["id"])),
)


def _member(settlement: FilecoinSettlement, file: str, member: str) -> Any:  # noqa: ANN401 - of a stranger's file
    """A list of a result; empty where the settlement has no such result."""
    if file not in settlement.manifest["results"]:
        return []
    try:
        return settlement.json(file).get(member)
    except SettlementError:
        return None


def _of_payments(settlement: FilecoinSettlement, anew: FilecoinSettlement) -> Iterator[Finding]:
    recomputed = _member(anew, "payments.json", "payments")
    published = _member(settlement, "payments.json", "payments")
    if not isinstance(published, list):
        yield Finding("evidence", "payments.json", "", "payments", ABSENT, f"a list of {len(recomputed)}")
        return
    for place, line in enumerate(recomputed):
        other = published[place] if place < len(published) else ABSENT
        if (found := first_difference(other, line)) is not None:
            yield Finding("evidence", "payments.json", payment_subject(place, line), *found)
    if len(published) > len(recomputed):
        yield Finding("evidence", "payments.json", "", "length", str(len(published)), str(len(recomputed)))
