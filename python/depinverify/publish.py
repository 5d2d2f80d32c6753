"""The last step: the result files, each written whole, the manifest last.

In: verdicts, scores, rewards. Out: the settlement folder. Rule: uptime proof, sections 3 and 9.3; scoring and
rewards, 11.9. Invariant: the manifest names the content of every result but itself and ``provenance.json``, and no
time of making, host name or path is in any of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.ingest.work import work_sha256
from depinverify.reward.publish import MODELS_FILE, TREE_FILE
from depinverify.settlement import MANIFEST, publish_file, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from depinverify.canonical import Json
    from depinverify.ingest import Inputs, Options
    from depinverify.pipeline import Scores, Verdicts
    from depinverify.reward import Rewards
    from depinverify.workspace import Workspace

__all__ = ["caveats", "input_hashes", "publish"]


def input_hashes(inputs: Inputs, verdicts: Verdicts, scores: Scores) -> dict[str, str | None]:
    """The ``inputs`` object of reward file and manifest: content hashes as 64 hex digits."""
    hashes = {
        "observations": verdicts.hashes["observations"].hex(),
        "annotations": verdicts.hashes["annotations"].hex(),
        "registry": inputs.snapshot.content_hash.hex(),
        "beacon": inputs.context.beacon_hash.hex(),
        "secrets": inputs.context.secrets_hash.hex(),
        "references": verdicts.hashes["references"].hex(),
        "exclusions": hashlib.sha256(scores.exclusions).hexdigest(),
        "previous": inputs.previous.sha256,
    }
    if inputs.work is not None:
        hashes["work"] = work_sha256(inputs.work)
    return hashes


def caveats(inputs: Inputs, options: Options) -> dict[str, Json]:
    """What a report says first: on whose word, and with what left out, its numbers rest."""
    return {
        "unsigned_allowed": options.allow_unsigned or not inputs.epoch.require_signed_observations,
        "beacon_pinned": inputs.epoch.is_pinned,
        "missing_rounds": list(inputs.context.missing_rounds),
        "void_validators": [validator.hex() for validator in inputs.context.void_validators],
    }


def publish(inputs: Inputs, work: Workspace, verdicts: Verdicts, scores: Scores, rewards: Rewards) -> None:
    """Write all result files into the settlement folder."""
    out = work.out
    results: dict[str, Json] = {"verdicts.parquet": verdicts.hashes["verdicts"].hex()}
    table = work.folder / "scores.parquet"
    results["scores.parquet"] = _native.write_scores(rewards.scores_with_reasons(), table).hex()
    results["state.jsonl"] = write_file(out / "state.jsonl", scores.state)
    results["ledger.json"] = write_file(out / "ledger.json", rewards.ledger_chunks())
    results["rewards.json"] = write_file(out / "rewards.json", rewards.rewards_chunks())
    _write_or_remove(out / MODELS_FILE, rewards.models_lines(), results)
    if rewards.tree is None:
        # A run of other inputs may have been stopped after it had written one.
        (out / TREE_FILE).unlink(missing_ok=True)
    else:
        tree = work.folder / TREE_FILE
        rewards.tree.dump_to(tree)
        results[TREE_FILE] = rewards.tree.dump_sha256().hex()
        _move(tree, out / TREE_FILE)
    manifest = canonical_json(
        {
            "format": "depinverify-manifest-v1",
            "inputs": input_hashes(inputs, verdicts, scores),
            "results": results,
            "params_hash": inputs.epoch.params_hash.hex(),
            "counts": verdicts.counts,
        }
    )
    _write_provenance(work, verdicts)
    _move(table, out / "scores.parquet")
    _move(verdicts.table, out / "verdicts.parquet")
    write_file(out / MANIFEST, manifest)


def _write_or_remove(path: Path, content: Iterable[bytes] | None, results: dict[str, Json]) -> None:
    """Write a file that not every settlement has; a run of other inputs may have left one."""
    if content is None:
        path.unlink(missing_ok=True)
    else:
        results[path.name] = write_file(path, content)


def _write_provenance(work: Workspace, verdicts: Verdicts) -> None:
    """Where everything came from: outside the promise, since it speaks of files, software and machine."""
    notes: dict[str, Json] = {
        "fingerprint": work.fingerprint,
        "software": f"depinverify {_native.__version__}",
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
        **verdicts.caveats,
        "files": verdicts.files,
        "quarantined": verdicts.quarantined,
    }
    head = json.dumps(notes, ensure_ascii=False, separators=(",", ":"))
    path = work.out / "provenance.json"
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        # `rows` holds one array [file, row, ...] per row of the verdict table; there may be many, so it is copied.
        file.write(head[:-1].encode() + b',"rows":')
        with verdicts.origins.open("rb") as origins:
            shutil.copyfileobj(origins, file)
        file.write(b"}")
        file.flush()
        os.fsync(file.fileno())
    publish_file(temporary, path)


def _move(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        os.fsync(file.fileno())
    publish_file(source, target)
