"""One device of a settlement folder, read without reading what the folder says about the others.

In: a device, a settlement, the epoch that was settled. Out: :class:`~depinverify.audit.published.Published`. Rule:
uptime proof, section 9.3. Invariant: of ``verdicts.parquet`` only the device's rows are read, of ``provenance.json``
not the list of rows; a file that is not what the manifest says, and an input that is not the settled one, is named in
``findings``.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from depinverify import _native
from depinverify.audit.one_device import read_for_device
from depinverify.audit.published import SCORE_COLUMNS, Published, published_of
from depinverify.exceptions import InputError, SettlementError
from depinverify.reward.publish import MODELS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depinverify.epoch import Epoch
    from depinverify.settlement import Settlement

__all__ = ["read_published"]

#: Files that are read whole, and so can be compared with their hash in the manifest.
_HASHED: Final = ("rewards.json", "state.jsonl", MODELS_FILE)
#: Inputs that the epoch folder holds besides observations, by their name in reward file and manifest.
_INPUTS: Final = ("registry", "beacon", "secrets", "previous")


def read_published(device: bytes, settlement: Settlement, epoch: Epoch) -> Published:
    """Read what a settlement says about a device.

    Args:
        device: The device's id.
        settlement: The settlement.
        epoch: The epoch that was settled.

    Raises:
        InputError: The settlement is of another epoch, or does not know the device.
        SettlementError: A file is absent or is not of its form.
    """
    where = str(settlement.folder / "rewards.json")
    named = settlement.rewards.get("inputs")
    if not isinstance(named, dict) or not {*_INPUTS} <= named.keys():
        raise SettlementError(f"{where}: inputs: expected the hashes of {', '.join(_INPUTS)}")
    inputs, hashes = read_for_device(epoch, device, named["registry"])
    found = published_of(
        device,
        settlement.rewards,
        inputs,
        where=where,
        score=_row(settlement, device),
        after=_read(settlement, "state.jsonl"),
        verdicts=_native.read_device_verdicts(settlement.folder / "verdicts.parquet", device),
        caveats=_caveats(settlement),
        models=_read(settlement, MODELS_FILE) if MODELS_FILE in settlement.manifest["results"] else b"",
    )
    return replace(found, findings=tuple(_differences(settlement, epoch, hashes)))


def _differences(settlement: Settlement, epoch: Epoch, own: Mapping[str, str | None]) -> list[str]:
    """Files that are not what the manifest says, and inputs that are not those of the epoch folder."""
    found = []
    results = settlement.manifest["results"]
    for name in (name for name in _HASHED if name in results):
        expected = results[name]
        digest = hashlib.sha256(_read(settlement, name)).hexdigest()
        if digest != expected:
            found.append(f"{name}: expected content {expected} by the manifest, found {digest}")
    published = settlement.rewards["inputs"]
    found += [
        f"inputs.{name}: the settlement was made from {published.get(name)}, the epoch folder holds {own[name]}"
        for name in own
        if published.get(name) != own[name]
    ]
    head = settlement.rewards.get("registry_head")
    if head != epoch.registry_head.hex():
        found.append(f"registry_head: published {head}, epoch.toml names {epoch.registry_head.hex()}")
    return found


def _row(settlement: Settlement, device: bytes) -> dict[str, int]:
    """The device's row of ``scores.parquet``."""
    table = settlement.scores
    where = settlement.folder / "scores.parquet"
    absent = [name for name in ("device", *SCORE_COLUMNS) if name not in table.column_names]
    if absent:
        raise SettlementError(f"{where}: expected the column {absent[0]}, found none")
    try:
        row = list(table["device"].to_pylist()).index(device)
    except ValueError:
        raise InputError(
            f"{device.hex()}: expected a device of this settlement, found none of this id in {where}",
            hint="A device is in a settlement if its enrolment took effect before the epoch's start.",
        ) from None
    return {name: table[name][row].as_py() for name in SCORE_COLUMNS}


def _caveats(settlement: Settlement) -> dict[str, Any]:
    """What a reader must know first. No hash covers this file, so it is taken as words."""
    sources = settlement.sources
    quarantined = sources.get("quarantined")
    return {
        "unsigned_allowed": bool(sources.get("unsigned_allowed")),
        "beacon_pinned": bool(sources.get("beacon_pinned")),
        "missing_rounds": _words(sources.get("missing_rounds")),
        "void_validators": _words(sources.get("void_validators")),
        "quarantined": _words([one.get("name") for one in quarantined] if _is_objects(quarantined) else []),
    }


def _words(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []


def _is_objects(values: object) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _read(settlement: Settlement, name: str) -> bytes:
    path = settlement.folder / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettlementError(f"{path}: {error.strerror}") from None
