"""The files of a settlement against its manifest, and the manifest against the reward file.

In: the results of one settlement, and those of its inputs settled anew where there are any. Out: findings of the
stage ``files``. Rule: uptime proof, section 9.3. Invariant: what cannot be read is a finding that says where and why,
and :func:`check_files` then says that nothing further can be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.audit.findings import FindingCode
from depinverify.audit.forms import MalformedError
from depinverify.canonical import canonical_sha256
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.reward.publish import MODELS_FILE, TREE_FILE
from depinverify.settlement import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.audit.findings import Findings
    from depinverify.audit.results import Results

__all__ = ["check_emission", "check_files", "check_params_hash", "malformed"]


def check_files(found: Findings, results: Results, truth: Results | None) -> bool:
    """Every result against its hash, its form, and the other result that says the same.

    Args:
        found: Where findings go.
        results: The settlement.
        truth: The same, made from the raw inputs; ``None`` where it is not known.

    Returns:
        Whether all results could be read.
    """
    for name, expected in sorted(results.manifest.results.items()):
        _check_content(found, results, truth, name, expected)
    readable = [
        _reads(found, read)
        for read in (
            lambda: results.rewards,
            lambda: results.scores,
            lambda: results.ledger,
            lambda: sum(1 for _ in results.states()),
            lambda: sum(1 for _ in results.models()),
        )
    ]
    if all(readable):
        _check_forms(found, results)
        _check_manifest(found, results)
    return all(readable) and _reads(found, lambda: _check_counts(found, results))


def check_params_hash(found: Findings, results: Results) -> None:
    """The parameters against the hash under which they are known."""
    rewards = results.rewards
    digest = canonical_sha256(rewards.params).hex()
    if rewards.params_hash != digest:
        found.add(FindingCode.PARAMS_HASH_DIFFERS, "params_hash", "params_hash", rewards.params_hash, digest)
    name = f"{rewards.ruleset.name} {rewards.ruleset.version}"
    if rewards.ruleset_name != name:
        found.add(FindingCode.PARAMETER_DIFFERS, "parameter:ruleset", "ruleset", rewards.ruleset_name, name)


def check_emission(found: Findings, results: Results) -> None:
    """The pools against the ruleset's emission; what is older than that has pools of its own."""
    rewards = results.rewards
    emission = rewards.ruleset.emission
    if emission is None:
        return
    own = rewards.epoch.index
    missed = [index for index in rewards.epoch.epochs_covered if index != own]
    brought = {"pool": [own]}
    if all(index >= emission.first_epoch for index in missed):
        brought["missed_pools"] = missed
    for name, indices in brought.items():
        try:
            expected: str | None = str(sum(emission.pools(indices)))
        except ConfigurationError:
            expected = None
        if str(rewards.money[name]) != expected:
            found.add(FindingCode.EMISSION_DIFFERS, f"money:{name}", name, str(rewards.money[name]), expected)


def malformed(found: Findings, error: MalformedError) -> None:
    """Keep what could not be read as a finding."""
    code = FindingCode.MANIFEST_MALFORMED if error.file == MANIFEST else FindingCode.FILE_MALFORMED
    found.add(code, f"file:{error.file}", error.where, error.found, error.expected)


def _reads(found: Findings, read: Callable[[], object]) -> bool:
    try:
        read()
    except MalformedError as error:
        malformed(found, error)
        return False
    return True


def _check_content(
    found: Findings, results: Results, truth: Results | None, name: str, expected: str
) -> None:
    try:
        digest = results.content_hash(name)
    except MalformedError as error:
        malformed(found, error)
        return
    if digest == expected:
        return
    if digest is None:
        found.add(FindingCode.FILE_MISSING, f"file:{name}", "content hash", expected, None)
    elif truth is not None and digest == truth.manifest.results.get(name):
        found.add(FindingCode.MANIFEST_EDITED, f"file:{name}", f"results.{name}", expected, digest)
    else:
        found.add(FindingCode.FILE_CHANGED, f"file:{name}", "content hash", expected, digest)


def _check_forms(found: Findings, results: Results) -> None:
    """Whether the bytes are the only ones that the content may have."""
    forms = {"rewards.json": results.rewards.is_canonical, "ledger.json": results.is_ledger_canonical}
    tree = results.tree()
    if tree is not None:
        try:
            forms[TREE_FILE] = _native.ClaimTree.load(tree).dump() == tree
        except InputError:
            # That it is no tree is said in its own stage.
            forms[TREE_FILE] = True
    for name, is_canonical in forms.items():
        if not is_canonical:
            found.add(FindingCode.FILE_NOT_CANONICAL, f"file:{name}", "bytes", None, None)


def _check_manifest(found: Findings, results: Results) -> None:
    """What manifest and reward file both say."""
    manifest, rewards = results.manifest, results.rewards
    for name in sorted(manifest.inputs.keys() | rewards.inputs.keys()):
        sides = manifest.inputs.get(name), rewards.inputs.get(name)
        if sides[0] != sides[1]:
            found.add(FindingCode.MANIFEST_DISAGREES, f"manifest:inputs.{name}", name, *sides)
    if manifest.params_hash != rewards.params_hash:
        found.add(
            FindingCode.MANIFEST_DISAGREES,
            "manifest:params_hash",
            "params_hash",
            manifest.params_hash,
            rewards.params_hash,
        )
    for name, is_named in (
        (TREE_FILE, rewards.merkle.root is not None),
        (MODELS_FILE, rewards.ruleset.models is not None),
    ):
        if (name in manifest.results) != is_named:
            follows = "a file of the reward file" if is_named else None
            found.add(
                FindingCode.MANIFEST_DISAGREES, f"manifest:{name}", name, manifest.results.get(name), follows
            )


def _check_counts(found: Findings, results: Results) -> None:
    counts = results.verdict_counts()
    for name in sorted(counts.keys() | results.manifest.counts.keys()):
        if results.manifest.counts.get(name, 0) != counts[name]:
            found.add(
                FindingCode.COUNT_DIFFERS,
                f"manifest:counts.{name}",
                name,
                results.manifest.counts.get(name, 0),
                counts[name],
            )
