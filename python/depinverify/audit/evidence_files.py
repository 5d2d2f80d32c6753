"""Which files of evidence two settlements of one epoch were made from.

In: what ``provenance.json`` of both sides says about files. Out: findings of the stage ``signatures``. Rule: uptime
proof, section 2.3. Invariant: provenance is outside the promise, and one set of rows may lie in many sets of files,
so files are compared only where something that was hashed differs, or where a file is set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from depinverify.audit.findings import FindingCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.audit.findings import Findings
    from depinverify.audit.results import Results

__all__ = ["caveats_of", "compare_files"]

#: Inputs that come from files of evidence.
_FROM_FILES: Final = ("observations", "annotations", "references")


def compare_files(found: Findings, first: Results, second: Results) -> None:
    """Files that one side set aside, and files that one side had and the other had not."""
    differs = any(first.rewards.inputs[name] != second.rewards.inputs[name] for name in _FROM_FILES)
    mine, theirs = (_by_name(side.sources) for side in (first, second))
    if not differs and not (mine and theirs):
        return
    hashes = [{file.get("sha256") for file in side.values()} for side in (mine, theirs)]
    for name in sorted(mine.keys() | theirs.keys()):
        a, b = mine.get(name), theirs.get(name)
        reasons = _reason(a), _reason(b)
        if reasons[0] != reasons[1] and (differs or (a is not None and b is not None)):
            found.add(FindingCode.FILE_QUARANTINED, f"file:{name}", "quarantine", *reasons)
        elif differs and mine and theirs:
            digests = _digest(a), _digest(b)
            # The same bytes under another name are no difference.
            is_renamed = (a is None and digests[1] in hashes[0]) or (b is None and digests[0] in hashes[1])
            if digests[0] != digests[1] and not is_renamed:
                found.add(FindingCode.EVIDENCE_FILE_DIFFERS, f"file:{name}", "sha256", *digests)


def caveats_of(sources: Mapping[str, Any]) -> list[str]:
    """What a reader must know before the first number, in sentences."""
    caveats = []
    if sources.get("unsigned_allowed"):
        caveats.append("unsigned files were allowed: nobody vouches for their rows")
    if sources.get("beacon_pinned"):
        caveats.append("the beacon was pinned: its signatures were not checked")
    for name, what in (
        ("missing_rounds", "beacon rounds were missing"),
        ("void_validators", "validators were void: their rows count for nobody"),
        ("quarantined", "files were set aside"),
    ):
        listed = sources.get(name)
        if isinstance(listed, list) and listed:
            caveats.append(f"{len(listed)} {what}")
    return caveats


def _by_name(sources: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(file.get("name")): file for file in sources.get("files", [])}


def _digest(file: Mapping[str, Any] | None) -> str | None:
    return None if file is None else str(file.get("sha256"))


def _reason(file: Mapping[str, Any] | None) -> str | None:
    """Why a file was set aside."""
    why = None if file is None else file.get("quarantine")
    return None if why is None else str(why.get("reason") if isinstance(why, dict) else why)
