"""Files that validators hand in: observations of every kind, reference probes, signatures.

In: rows of one validator. Out: a file and its ``.jws`` (sections 2.1 and 2.3 of the uptime proof).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.canonical import canonical_json
from depinverify.device import file_signature
from depinverify.observations import observation_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from arro3.core import Table

    from depinverify.simulate.fleet import Fleet, Validator
    from depinverify.simulate.probes import Row

__all__ = ["FORMATS", "sign_file", "write_observations", "write_references"]

#: Kinds of files of observations, by the end of their names.
FORMATS = ("parquet", "arrow", "jsonl", "jsonl.gz", "jsonl.zst")

_REFERENCE_TARGETS = 5


def sign_file(path: Path, fleet: Fleet, validator: Validator) -> None:
    """Write ``<file>.jws`` beside a file as it lies there."""
    settings = fleet.settings
    file_signature.sign_file(path, validator.key, epoch=settings.index, start=settings.start)


def write_observations(path: Path, fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> None:
    """Write one signed file of observations."""
    _native.write_observations(_table(fleet, validator, rows), path)
    sign_file(path, fleet, validator)


def write_references(
    folder: Path, fleet: Fleet, validator: Validator, blind: range, slots: Iterable[int]
) -> None:
    """Write one validator's reference probes: all well, except where it has no uplink itself."""
    path = folder / f"{validator.id.decode()}.jsonl"
    lines = (
        canonical_json(
            {
                "validator": validator.id.hex(),
                "slot": slot,
                "ok": 0 if slot in blind else _REFERENCE_TARGETS,
                "total": _REFERENCE_TARGETS,
            }
        )
        for slot in slots
    )
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    sign_file(path, fleet, validator)


def _table(fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> Table:
    devices = [fleet.devices[row.device] for row in rows]
    probes = (
        (validator.id, device.id, row.slot, row.sent_ms, row.received_ms, row.transport, row.proof)
        for row, device in zip(rows, devices, strict=True)
    )
    origins = (
        (None, None, row.rtt_ns) if row.proof is None else (device.address, device.asn, row.rtt_ns)
        for row, device in zip(rows, devices, strict=True)
    )
    return observation_table(probes, origins)
