"""Files that validators hand in: observations of every kind, reference probes, signatures.

In: rows of one validator. Out: a file and its ``.jws`` (sections 2.1 and 2.3 of the uptime proof).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING

from depinverify.canonical import canonical_json
from depinverify.device.proof import base64url, is_jws, jws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from arro3.core import Table

    from depinverify.canonical import Json
    from depinverify.simulate.fleet import Fleet, Validator
    from depinverify.simulate.probes import Row

__all__ = ["FORMATS", "sign_file", "write_observations", "write_references"]

_REFERENCE_TARGETS = 5


def sign_file(path: Path, fleet: Fleet, validator: Validator) -> None:
    """Write ``<file>.jws`` beside a file as it lies there."""
    settings = fleet.settings
    payload: dict[str, Json] = {
        "epoch": settings.index,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "start": settings.start,
    }
    path.with_name(path.name + ".jws").write_bytes(jws(validator.key, canonical_json(payload)) + b"\n")


def write_observations(path: Path, fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> None:
    """Write one signed file of observations."""
    FORMATS[fleet.settings.file_format](path, fleet, validator, rows)
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
    from arro3.core import Array, DataType, Table  # noqa: PLC0415

    devices = [fleet.devices[row.device] for row in rows]
    answered = [row.proof is not None for row in rows]
    seen = list(zip(devices, answered, strict=True))
    return Table.from_pydict(
        {
            "validator": Array([validator.id] * len(rows), DataType.binary()),
            "device": Array([d.id for d in devices], DataType.binary()),
            "slot": Array([row.slot for row in rows], DataType.uint64()),
            "sent_ms": Array([row.sent_ms for row in rows], DataType.int64()),
            "received_ms": Array([row.received_ms for row in rows], DataType.int64()),
            "transport": Array([row.transport for row in rows], DataType.uint8()),
            "proof": Array([row.proof for row in rows], DataType.binary()),
            "address": Array([d.address if ok else None for d, ok in seen], DataType.binary()),
            "asn": Array([d.asn if ok else None for d, ok in seen], DataType.uint32()),
            "rtt_ns": Array([row.rtt_ns for row in rows], DataType.uint64()),
        }
    )


def _write_parquet(path: Path, fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> None:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    pq.write_table(pa.table(_table(fleet, validator, rows)), path, compression="zstd")


def _write_arrow(path: Path, fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> None:
    import pyarrow as pa  # noqa: PLC0415

    table = pa.table(_table(fleet, validator, rows))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _json_lines(fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> bytes:
    id_ = validator.id.hex()
    lines = []
    for row in rows:
        device = fleet.devices[row.device]
        members: dict[str, object] = {
            "validator": id_,
            "device": device.id.hex(),
            "slot": row.slot,
            "sent_ms": row.sent_ms,
            "transport": row.transport,
        }
        if row.proof is not None:
            members |= {
                "received_ms": row.received_ms,
                "proof": row.proof.decode() if is_jws(row.proof) else base64url(row.proof),
                "address": device.address.hex(),
                "asn": device.asn,
                "rtt_ns": row.rtt_ns,
            }
        lines.append(json.dumps(members, separators=(",", ":")))
    return "".join(line + "\n" for line in lines).encode()


def _write_json_lines(path: Path, fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> None:
    path.write_bytes(_json_lines(fleet, validator, rows))


def _write_gzip(path: Path, fleet: Fleet, validator: Validator, rows: Sequence[Row]) -> None:
    path.write_bytes(gzip.compress(_json_lines(fleet, validator, rows), mtime=0))


#: Kinds of files by the name that ends theirs.
FORMATS: dict[str, Callable[[Path, Fleet, Validator, Sequence[Row]], None]] = {
    "parquet": _write_parquet,
    "arrow": _write_arrow,
    "jsonl": _write_json_lines,
    "jsonl.gz": _write_gzip,
}
