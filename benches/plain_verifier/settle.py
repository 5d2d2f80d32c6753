"""One epoch folder settled: uptime proof sections 3 and 9.3, scoring sections 10 and 11.9.

In: the folder, and the settlement before it. Out: a :class:`Result` with every result and its content hash;
written to a folder only where one is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from .beacon import read_rounds, slot_rounds
from .canonical import InputError, canonical, json_lines, read_json
from .checks import CODE_NAMES, Checker
from .config import Epoch
from .indicators import find_indicators
from .observations import Row, hash_observations, read_observations
from .references import read_references
from .registry import Snapshot, fold
from .reward import Rewards
from .schedule import Schedule, read_secrets
from .score import Scoring, keep
from .tables import SCORES, VERDICTS, content_hash, score_rows, verdict_rows, write_table
from .tree import claim_values, dump

if TYPE_CHECKING:
    from collections.abc import Callable

REWARDS_FORMAT = "depinverify-rewards-v1"
MANIFEST_FORMAT = "depinverify-manifest-v1"


@dataclass
class Result:
    """What a settlement says; the files are these bytes."""

    verdicts: list[tuple]
    scores: list[tuple]
    rewards: dict
    ledger: dict
    state: bytes
    tree: bytes | None
    manifest: dict
    quarantined: list[tuple[str, str]]
    files: dict[str, bytes] = field(repr=False)

    @property
    def root(self) -> str | None:
        return self.rewards["merkle"]["root"]

    @property
    def hashes(self) -> dict[str, str]:
        return self.manifest["results"]


class _Previous:
    """State and ledger that the epoch starts from; empty for the first one."""

    def __init__(self, epoch: Epoch, folder: Path | None) -> None:
        self.state: dict[bytes, dict] = {}
        self.ledger: dict = {"payees": {}, "remainder": "0"}
        if epoch.previous_sha256 is None:
            return
        if folder is None:
            raise InputError("previous: the epoch is not the first one, but there is no previous settlement")
        manifest_bytes = (folder / "manifest.json").read_bytes()
        if sha256(manifest_bytes).hexdigest() != epoch.previous_sha256:
            raise InputError(f"previous.sha256: {folder / 'manifest.json'} is another one")
        manifest = read_json(manifest_bytes)
        contents = {}
        for name in ("state.jsonl", "ledger.json", "rewards.json"):
            contents[name] = (folder / name).read_bytes()
            if sha256(contents[name]).hexdigest() != manifest["results"][name]:
                raise InputError(f"{folder / name} is not the one of its manifest")
        for line in json_lines(contents["state.jsonl"], "state.jsonl"):
            self.state[bytes.fromhex(line["device"])] = line
        self.ledger = read_json(contents["ledger.json"])
        before = read_json(contents["rewards.json"])["epoch"]
        if epoch.start < before["end"] or epoch.index <= before["index"]:
            raise InputError(
                f"start, index: the previous epoch is {before['index']} and ends at {before['end']}"
            )
        if any(index <= before["index"] for index in epoch.missed_epochs):
            raise InputError(f"missed.epochs: {epoch.missed_epochs} is not after {before['index']}")


def settle(
    epoch_dir: str | Path,
    previous_dir: str | Path | None = None,
    out: str | Path | None = None,
    allow_unsigned: bool = False,
    *,
    verify_round: Callable | None = None,
) -> Result:
    """Settle one epoch folder.

    Args:
        epoch_dir: Folder with ``epoch.toml``.
        previous_dir: The previous settlement, in place of ``previous.path``.
        out: Folder for the result files; nothing is written without it.
        allow_unsigned: Take files of observations that nobody signed.
        verify_round: ``(chain, round, signature, previous_signature) -> bool``; pinned without it.
    """
    folder = Path(epoch_dir)
    epoch = Epoch(folder / "epoch.toml")
    if previous_dir is None and epoch.previous_path is not None:
        previous_dir = folder / epoch.previous_path
    previous = _Previous(epoch, None if previous_dir is None else Path(previous_dir))
    snapshot = fold(
        (folder / epoch.registry_path).read_bytes(),
        epoch.index,
        epoch.start_ms,
        epoch.end_ms,
        epoch.authority,
        epoch.registry_head,
        epoch.registry_path,
    )
    needed = slot_rounds(epoch.chain, epoch.start, epoch.slots, epoch.slot_seconds)
    randomness, beacon_hash = read_rounds(
        folder / "beacon.jsonl",
        epoch.chain,
        needed,
        epoch.missing_rounds,
        None if epoch.pinned else verify_round,
    )
    secrets, secrets_hash = read_secrets(folder / "validators.jsonl", snapshot.taking_part)
    schedule = Schedule(epoch, snapshot, randomness, secrets)
    unsigned_too = allow_unsigned or not epoch.require_signed
    distinct, quarantined = read_observations(
        folder / "observations", epoch, snapshot.validators, unsigned_too
    )
    references, references_hash, bad = read_references(
        folder / "reference", epoch, snapshot.validators, unsigned_too
    )
    observations_hash, annotations_hash = hash_observations(distinct)

    scoring = Scoring(epoch, snapshot, schedule, previous.state)
    checker = _check(epoch, snapshot, schedule, distinct, scoring)
    rows = list(distinct.values())
    kept, conflicts = keep(rows)
    scoring.run(kept, references)
    indicators = find_indicators(epoch, snapshot, rows, conflicts, scoring, checker.ahead)
    zeroing = indicators.zeroing(epoch.params["zero_on_suspect"])
    rewards = Rewards(epoch, snapshot, scoring, zeroing, previous.ledger)

    inputs = {
        "observations": observations_hash,
        "annotations": annotations_hash,
        "registry": snapshot.hash,
        "beacon": beacon_hash,
        "secrets": secrets_hash,
        "references": references_hash,
        "exclusions": sha256(canonical(scoring.exclusions)).hexdigest(),
        "previous": epoch.previous_sha256,
    }
    result = _result(epoch, snapshot, scoring, indicators.entries(), rewards, inputs, verdict_rows(rows))
    result.quarantined = quarantined + bad
    if out is not None:
        _write(Path(out), result)
    return result


def _check(
    epoch: Epoch, snapshot: Snapshot, schedule: Schedule, distinct: dict[bytes, Row], scoring: Scoring
) -> Checker:
    checker = Checker(epoch, schedule)
    by_device: dict[bytes, list[Row]] = {}
    for row in distinct.values():
        by_device.setdefault(row.device, []).append(row)
    devices = {device.id: device for device in snapshot.devices}
    for device_id, rows in by_device.items():
        score = scoring.devices.get(device_id)
        if score is None:
            checker.device(rows, None, (None, None))
        else:
            score.bootcount, score.boot_first = checker.device(
                rows, devices[device_id], (score.bootcount, score.boot_first)
            )
    return checker


def _state_lines(scoring: Scoring) -> bytes:
    lines = []
    for device in sorted(scoring.devices):
        score = scoring.devices[device]
        line = {
            "boot_first": score.boot_first,
            "bootcount": score.bootcount,
            "device": device.hex(),
            "prior_up": score.prior_up,
            "windows": [[start, *score.windows[start]] for start in sorted(score.windows)],
        }
        lines.append(canonical(line) + b"\n")
    return b"".join(lines)


def _result(
    epoch: Epoch,
    snapshot: Snapshot,
    scoring: Scoring,
    indicators: list[dict],
    rewards: Rewards,
    inputs: dict,
    verdicts: list[tuple],
) -> Result:
    values = claim_values(rewards.payees, epoch.params["filler"])
    root, tree = dump(values) if values else (None, None)
    text_payees = [
        {name: value if name == "payee" else str(value) for name, value in line.items()}
        for line in rewards.payees
    ]
    params_hash = epoch.params_hash.hex()
    document = {
        "format": REWARDS_FORMAT,
        "ruleset": f"{epoch.params['name']} {epoch.params['version']}",
        "params": epoch.params,
        "params_hash": params_hash,
        "epoch": {
            "index": epoch.index,
            "start": epoch.start,
            "end": epoch.end,
            "epochs_covered": [*epoch.missed_epochs, epoch.index],
        },
        "inputs": inputs,
        "registry_head": snapshot.head,
        "pool": str(epoch.pool),
        "carried_in": str(rewards.carried_in),
        "missed_pools": str(epoch.missed_pool),
        "adjustments": str(rewards.adjustments),
        "allocated": str(rewards.allocated),
        "paid": str(rewards.paid),
        "carried_delta": str(rewards.carried_delta),
        "sink": str(rewards.sink),
        "burned": "0",
        "withheld": "0",
        "remainder": str(rewards.remainder),
        "entries": rewards.entries,
        "payees": text_payees,
        "indicators": indicators,
        "exclusions": scoring.exclusions,
        "transitions": [],
        "merkle": {
            "root": root,
            "leafEncoding": ["address", "uint256"],
            "file": None if tree is None else "tree.json",
            "sha256": None if tree is None else sha256(tree).hexdigest(),
        },
    }
    ledger = {
        "payees": {
            line["payee"]: {"carried": line["carried"], "cumulative": line["cumulative"]}
            for line in text_payees
        },
        "remainder": str(rewards.remainder),
    }
    scores = score_rows(scoring, rewards)
    files = {
        "rewards.json": canonical(document),
        "state.jsonl": _state_lines(scoring),
        "ledger.json": canonical(ledger),
    }
    if tree is not None:
        files["tree.json"] = tree
    hashes = {name: sha256(data).hexdigest() for name, data in files.items()}
    hashes["verdicts.parquet"] = content_hash(verdicts)
    hashes["scores.parquet"] = content_hash(scores)
    counts: dict[str, int] = {}
    for row in verdicts:
        name = CODE_NAMES[row[5]]
        counts[name] = counts.get(name, 0) + 1
    manifest = {
        "format": MANIFEST_FORMAT,
        "inputs": inputs,
        "results": hashes,
        "params_hash": params_hash,
        "counts": counts,
    }
    files["manifest.json"] = canonical(manifest)
    return Result(verdicts, scores, document, ledger, files["state.jsonl"], tree, manifest, [], files)


def _write(out: Path, result: Result) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / "verdicts.parquet", VERDICTS, result.verdicts)
    write_table(out / "scores.parquet", SCORES, result.scores)
    for name, data in result.files.items():
        if name != "manifest.json":
            (out / name).write_bytes(data)
    (out / "manifest.json").write_bytes(result.files["manifest.json"])
