"""Devices of a registry as of a time, as CSV, JSON lines or Parquet.

In: a snapshot, which is what an epoch that starts at this time sees (uptime proof, section 5). Out: one row
for each device, ascending by id, in the columns that an import reads and some more. Invariant: equal event
lines give equal bytes, whichever server they come from.
"""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.registry.files import written_whole
from depinverify.registry.keys import PublicKey, Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify._native import RegistrySnapshot

__all__ = ["DEVICE_COLUMNS", "device_rows", "export_devices"]

#: Name to type of each column. ``key`` and ``kid`` are those of the newest key that is valid at the time.
DEVICE_COLUMNS: dict[str, type] = {
    "device": str,
    "key": str,
    "kid": str,
    "owner": str,
    "owner_key_proved": bool,
    "payee": str,
    "weight": str,
    "class": str,
    "cell": str,
    "lat_e7": int,
    "lon_e7": int,
    "radius_m": int,
    "hwmodel": str,
    "oemid": str,
    "recorded_ms": int,
    "effective_ms": int,
    "retired_ms": int,
}
_ROWS_PER_BATCH = 10_000


def device_rows(snapshot: RegistrySnapshot, as_of_ms: int) -> Iterator[dict[str, Any]]:
    """One row for each device that is enrolled at the time, bytes as hex, absent values as ``None``."""
    newest = _newest_keys(snapshot, as_of_ms)
    for row in _records(snapshot.devices()):
        kid, key = newest.get(row["device"], (None, None))
        yield {
            **{name: _text(row.get(name)) for name in DEVICE_COLUMNS},
            "key": key,
            "kid": kid,
            "payee": None if row["payee"] is None else "0x" + row["payee"].hex(),
            "cell": None if row["cell"] is None else f"{row['cell']:x}",
        }


def export_devices(snapshot: RegistrySnapshot, path: Path, as_of_ms: int) -> int:
    """Write the devices of a snapshot to a file, whose kind is told by its name; how many there are.

    Args:
        snapshot: What holds at the time.
        path: ``.csv``, ``.jsonl`` or ``.parquet``; appears complete or not at all.
        as_of_ms: The time, which says which keys are valid.
    """
    path = Path(path)
    rows = device_rows(snapshot, as_of_ms)
    kind = path.suffix.lower()
    if kind == ".parquet":
        from depinverify.registry.parquet import write_columns  # noqa: PLC0415 -- other kinds need no Arrow

        return write_columns(path, DEVICE_COLUMNS, _batches(rows))
    if kind not in {".csv", ".jsonl"}:
        raise InputError(f"{path}: expected a file of kind .csv, .jsonl or .parquet")
    count = 0
    with written_whole(path) as file:
        if kind == ".csv":
            file.write(_csv_line(list(DEVICE_COLUMNS)))
        for row in rows:
            file.write(_csv_line(list(row.values())) if kind == ".csv" else canonical_json(row) + b"\n")
            count += 1
    return count


def _newest_keys(snapshot: RegistrySnapshot, as_of_ms: int) -> dict[bytes, tuple[str, str]]:
    newest = {}
    for row in _records(snapshot.device_keys()):
        has_begun = row["valid_from_ms"] <= as_of_ms
        has_ended = row["valid_to_ms"] is not None and row["valid_to_ms"] <= as_of_ms
        if has_begun and not has_ended:
            key = PublicKey(Scheme(row["scheme"]), row["public_key"])
            newest[row["device"]] = (row["kid"].hex(), key.did)
    return newest


def _records(batch: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 -- an Arrow record batch
    names = batch.schema.names
    for start in range(0, batch.num_rows, _ROWS_PER_BATCH):
        part = batch.slice(start, min(_ROWS_PER_BATCH, batch.num_rows - start))
        columns = [part.column(at).to_pylist() for at in range(len(names))]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def _text(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, list[Any]]]:
    while run := list(islice(rows, _ROWS_PER_BATCH)):
        yield {name: [row[name] for row in run] for name in DEVICE_COLUMNS}


def _csv_line(values: list[Any]) -> bytes:
    """One line; booleans as in JSON, absent values empty."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(
        [str(value).lower() if isinstance(value, bool) else value for value in values]
    )
    return text.getvalue().encode()
