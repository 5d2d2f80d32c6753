"""What the registry knows of the devices: place, maker, model, base weight; and the firmware that good proofs state.

In: the epoch folder and what the verdicts say about its proofs. Out: :class:`Fleet`, in the order of the scores.
Rule: uptime proof, 1.1 and 5. Invariant: an epoch folder of other evidence than the settlement's is refused; a
firmware version comes from a proof that passed every check, never from anybody's bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from depinverify import _native, ingest
from depinverify.epoch import Epoch
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from depinverify.report.evidence import Evidence
    from depinverify.report.facts import Facts

__all__ = ["Fleet", "read_fleet"]

#: Rows of observations that are looked through for firmware versions; the first slots of an epoch hold them all.
_MOST_ROWS: Final = 5_000_000


@dataclass(frozen=True)
class Fleet:
    """Facts of the registry and of good proofs, one element per device.

    Attributes:
        owner: Owner as registered.
        weight: Base weight.
        cell: H3 cell, ``None`` where no place is registered.
        hwmodel: Model as registered.
        oemid: Maker as registered.
        firmware: Name and version of the software as the device's first good proof states them; ``None`` where it
            states none or has no good proof.
    """

    owner: list[str]
    weight: list[int]
    cell: list[int | None]
    hwmodel: list[bytes | None]
    oemid: list[bytes | None]
    firmware: list[str | None]


def read_fleet(folder: Path, facts: Facts, evidence: Evidence) -> Fleet:
    """Read the epoch folder that a settlement was made from.

    Raises:
        DepinverifyError: The folder is no epoch, or not the one of the settlement.
    """
    epoch = Epoch.open(folder)
    snapshot = ingest.read_registry(epoch)
    for what, expected, found in (
        ("index", facts.index, epoch.index),
        ("parameters", facts.params_hash, epoch.params_hash.hex()),
        ("registry", facts.inputs.get("registry"), snapshot.content_hash.hex()),
    ):
        if expected != found:
            raise InputError(
                f"{folder}: expected the epoch of the settlement, its {what} {expected}, found {found}",
                hint="--epoch takes the folder that `depinverify settle` was given.",
            )
    devices = snapshot.devices()
    column: dict[str, list[Any]] = {
        name: list(devices.column(name).to_pylist()) for name in devices.column_names
    }
    if [device.hex() for device in column["device"]] != [entry.device for entry in facts.entries]:
        raise InputError(f"{folder}: expected the devices of the settlement, found others")
    left_out = {file.name for file in facts.caveats.quarantined}
    kept = [file.path for file in epoch.observation_files() if file.name not in left_out]
    return Fleet(
        owner=column["owner"],
        weight=[int(weight) for weight in column["weight"]],
        cell=column["cell"],
        hwmodel=column["hwmodel"],
        oemid=column["oemid"],
        firmware=_firmware(kept, column["device"], evidence),
    )


def _firmware(files: list[Path], devices: list[bytes], evidence: Evidence) -> list[str | None]:
    """Look up each device's first good proof; reading ends as soon as all of them are found."""
    wanted = {devices[position]: (position, proof) for position, proof in evidence.good_proof.items()}
    found: list[str | None] = [None] * len(devices)
    for device, proof in _answers(files):
        if not wanted:
            break
        position, digest = wanted.get(device, (0, b""))
        if digest and hashlib.sha256(proof).digest() == digest:
            del wanted[device]
            claims: Mapping[str, Any] = _native.decode_proof(proof).get("claims") or {}
            found[position] = _version(claims)
    return found


def _answers(files: list[Path]) -> Iterator[tuple[bytes, bytes]]:
    """Device and proof of answered rows, up to a number of rows."""
    left = _MOST_ROWS
    for path in files:
        # A file that broke its limits or has changed since takes away versions, not the page; what a reader raises in
        # the middle of a file is of no narrower class.
        with contextlib.suppress(Exception):
            for batch in _native.read_observations(path):
                rows = zip(batch.column("device").to_pylist(), batch.column("proof").to_pylist(), strict=True)
                yield from ((device, proof) for device, proof in rows if proof is not None)
                left -= batch.num_rows
                if left <= 0:
                    return


def _version(claims: Mapping[str, Any]) -> str | None:
    """Name and version in one text."""
    stated = [claims[name] for name in ("swname", "swversion") if claims.get(name)]
    return " ".join(stated) or None
