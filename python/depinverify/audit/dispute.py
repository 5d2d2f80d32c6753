"""Make the bundle of evidence about one device.

In: a device, the settlement, the epoch folder with its observations. Out: one archive with everything that a third
party needs to judge the device's rows and decisions again. Rule: scoring specification, section 12. Invariant: equal
inputs give equal bytes; nothing about other devices, no address and no database URL is in it.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify import _native
from depinverify.audit.bundle import write_bundle
from depinverify.audit.evidence import find_rows, observation_lines
from depinverify.audit.explain import device_id, explain_published
from depinverify.audit.from_settlement import read_published
from depinverify.audit.one_device import state_line
from depinverify.audit.registry_extract import events_for
from depinverify.audit.toml_text import toml_text
from depinverify.canonical import canonical_json
from depinverify.epoch import Epoch
from depinverify.exceptions import SettlementError
from depinverify.ingest.inputs import registry_lines
from depinverify.ingest.work import WORK_FILE, work_lines
from depinverify.payee import payee_from_text, payee_text
from depinverify.settlement import MANIFEST, Settlement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from arro3.core import Table

    from depinverify.audit.evidence import Found
    from depinverify.audit.explain import Explanation
    from depinverify.audit.published import Published
    from depinverify.ingest import Inputs

__all__ = ["Dispute", "make_dispute", "verdict_rows"]

#: Members of the reward file that speak of all devices, and are cut to the one.
_CUT: Final = frozenset({"entries", "payees", "indicators", "transitions"})


class Dispute(NamedTuple):
    """A bundle that was made.

    Attributes:
        content: The archive.
        explanation: What the settlement says about the device.
        found: The observations, and those that no file holds.
    """

    content: bytes
    explanation: Explanation
    found: Found


def make_dispute(device: bytes | str, settlement: Settlement | str | Path, epoch: str | Path) -> Dispute:
    """Gather the evidence about a device.

    Args:
        device: The device's id, or its hex digits.
        settlement: The published settlement, or its folder.
        epoch: The epoch folder, with its observations.

    Raises:
        DepinverifyError: A file cannot be read, the settlement is of another epoch, or it does not know the device.
    """
    opened = settlement if isinstance(settlement, Settlement) else Settlement.open(settlement)
    published = read_published(device_id(device), opened, Epoch.open(epoch))
    inputs = published.inputs
    explanation = explain_published(published)
    verdicts = verdict_rows(published.verdicts)
    found = find_rows(inputs.epoch, published.device, [bytes.fromhex(row["row_id"]) for row in verdicts])
    files = {
        **_epoch_files(inputs, published.device),
        **_settlement_files(opened, published),
        "observations/device.jsonl": observation_lines(found.rows),
        "settlement/verdicts.jsonl": _json_lines(verdicts),
        "explanation.json": _json(explanation.to_json()),
    }
    content = write_bundle(files, _about(opened, published, found))
    return Dispute(content, explanation, found)


def _about(settlement: Settlement, published: Published, found: Found) -> dict[str, Any]:
    epoch = published.inputs.epoch
    known = {file["name"]: file for file in settlement.sources["files"]}
    return {
        "device": published.device.hex(),
        "epoch": {"index": epoch.index, "start": epoch.start, "end": epoch.end},
        "manifest_sha256": settlement.manifest_sha256,
        "caveats": dict(published.caveats),
        "sources": [
            {
                "file": name,
                "rows": rows,
                "sha256": known.get(name, {}).get("sha256"),
                "signer": known.get(name, {}).get("signer"),
            }
            for name, rows in found.files
        ],
        "missing_rows": [row_id.hex() for row_id in found.missing],
    }


def _epoch_files(inputs: Inputs, device: bytes) -> dict[str, bytes]:
    """The epoch as far as the device needs it."""
    epoch = inputs.epoch
    lines = registry_lines(epoch.registry, before_ms=epoch.end * 1000)
    events = events_for(lines, device, epoch=epoch.index, before_ms=epoch.end * 1000)
    files = {
        "epoch.toml": _epoch_toml(epoch),
        "registry.jsonl": _lines(events),
        "beacon.jsonl": _needed_rounds(epoch),
        "validators.jsonl": epoch.read("validators.jsonl", is_required=False),
        "previous/state.jsonl": inputs.previous.state,
        "previous/models.jsonl": inputs.previous.models,
    }
    if inputs.work is not None:
        files[WORK_FILE] = b"".join(work_lines(inputs.work))
    return files


def _epoch_toml(epoch: Epoch) -> bytes:
    """The parameters as published; where registry and earlier settlement lie is nobody's business."""
    table = tomllib.loads(epoch.read("epoch.toml").decode())
    table["registry"] = {
        "path": "registry.jsonl",
        **{name: value for name, value in table["registry"].items() if name not in {"path", "url"}},
    }
    if "previous" in table:
        table["previous"] = {"path": "previous", "sha256": table["previous"]["sha256"]}
    return toml_text(table).encode()


def _needed_rounds(epoch: Epoch) -> bytes:
    """The lines of the rounds that the epoch's slots need."""
    starts = range(epoch.start, epoch.end, epoch.slot_seconds)
    needed = {epoch.chain.first_round_at_or_after(start) for start in starts}
    lines = [line for line in epoch.read("beacon.jsonl").split(b"\n") if line]
    return _lines([line for line in lines if json.loads(line)["round"] in needed])


def _settlement_files(settlement: Settlement, published: Published) -> dict[str, bytes]:
    rewards, entry = published.rewards, published.entry
    payees = [line for line in rewards["payees"] if line["payee"] == entry.payee]
    cut = {
        **{name: value for name, value in rewards.items() if name not in _CUT},
        "entries": [rewards["entries"][published.position]],
        "payees": payees,
        "indicators": published.indicators,
        "transitions": published.transitions,
    }
    folder = settlement.folder
    after = state_line((folder / "state.jsonl").read_bytes(), published.device)
    return {
        "settlement/rewards.json": canonical_json(cut),
        "settlement/manifest.json": (folder / MANIFEST).read_bytes(),
        "settlement/score.json": canonical_json(dict(published.score)),
        "settlement/state.jsonl": _lines([] if after is None else [after]),
        "settlement/models.jsonl": b""
        if published.models_after is None
        else _json_lines([published.models_after]),
        "settlement/claim.json": canonical_json(_claim(settlement, entry.payee)),
    }


def _claim(settlement: Settlement, payee: str | None) -> dict[str, Any] | None:
    """Amount and proof of the payee under the root, ``None`` where it has nothing to claim."""
    if payee is None or settlement.manifest["results"].get("tree.json") is None:
        return None
    path = settlement.folder / "tree.json"
    try:
        tree = _native.ClaimTree.load(path.read_bytes())
    except OSError as error:
        raise SettlementError(f"{path}: {error.strerror}") from None
    address = payee_from_text(payee)
    if address not in tree:
        return None
    return {
        "root": "0x" + tree.root.hex(),
        "payee": payee_text(address),
        "amount": str(tree.amount(address)),
        "proof": ["0x" + node.hex() for node in tree.proof(address)],
    }


def verdict_rows(verdicts: Table) -> list[dict[str, Any]]:
    """Rows of a verdict table as JSON values, bytes as hex."""
    names = verdicts.column_names
    columns = [verdicts[name].to_pylist() for name in names]
    return [
        {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in zip(*columns, strict=True)
    ]


def _json(value: object) -> bytes:
    """JSON of values whose integers may be beyond those of canonical JSON, such as evidence."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _json_lines(values: Sequence[Mapping[str, Any]]) -> bytes:
    return _lines([_json(value) for value in values])


def _lines(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
