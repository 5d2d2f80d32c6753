"""The epoch folder of a bundle: a small epoch in which only one device is registered.

In: the files of a bundle. Out: a folder that every command takes as an epoch. Rule: uptime proof, sections 3 and 9.
Invariant: nothing that a signature covers is changed; the events are chained anew, since those between them are
missing, and so the head in ``epoch.toml`` is that of the new chain.
"""

from __future__ import annotations

import hashlib
import tomllib
from typing import TYPE_CHECKING, Any

from depinverify.audit.registry_extract import chained, head_before
from depinverify.audit.toml_text import toml_text
from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.ingest.work import WORK_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["unpack_epoch"]

#: Files that lie in the folder as they are in the bundle.
_AS_THEY_ARE = ("beacon.jsonl", "validators.jsonl", "observations/device.jsonl")


def unpack_epoch(files: Mapping[str, bytes], folder: Path) -> None:
    """Write the epoch folder.

    Args:
        files: The files of a bundle, by name.
        folder: An empty or new folder.

    Raises:
        InputError: A file is missing or malformed, or the folder cannot be written.
    """
    missing = [name for name in (*_AS_THEY_ARE, "epoch.toml", "registry.jsonl") if name not in files]
    if missing:
        raise InputError(f"expected a bundle with {missing[0]}, found none")
    try:
        table = tomllib.loads(files["epoch.toml"].decode())
        start, index = int(table["start"]), int(table["index"])
        covered = [index, *map(int, table.get("missed", {}).get("epochs", []))]
        registry = dict(table["registry"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"epoch.toml: expected the parameters of an epoch: {error}") from None
    chain = chained(line for line in files["registry.jsonl"].split(b"\n") if line)
    table["registry"] = {**registry, "path": "registry.jsonl", "head": head_before(chain, start * 1000)}
    content = {name: files[name] for name in (*_AS_THEY_ARE, WORK_FILE) if name in files}
    content["registry.jsonl"] = b"".join(line + b"\n" for line in chain)
    if "previous" in table:
        previous = _previous(files, min(covered) - 1, start)
        content |= previous
        digest = hashlib.sha256(previous["previous/manifest.json"]).hexdigest()
        table["previous"] = {"path": "previous", "sha256": digest}
    content["epoch.toml"] = toml_text(table).encode()
    _write(folder, content)


def _previous(files: Mapping[str, bytes], index: int, end: int) -> dict[str, bytes]:
    """A settlement that says of the device what the one before the epoch said, and of money nothing."""
    content: dict[str, Any] = {
        "state.jsonl": files.get("previous/state.jsonl", b""),
        "ledger.json": canonical_json({"payees": {}, "remainder": "0"}),
        "rewards.json": canonical_json({"epoch": {"index": index, "end": end}}),
    }
    models = files.get("previous/models.jsonl")
    if models:
        content["models.jsonl"] = models
    results = {name: hashlib.sha256(file).hexdigest() for name, file in content.items()}
    content["manifest.json"] = canonical_json({"format": "depinverify-manifest-v1", "results": results})
    return {f"previous/{name}": file for name, file in content.items()}


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder}: expected an empty or new folder, found one with content")
        for name, file in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}") from None
