"""What the validators recorded: uptime proof, section 2.

In: the files of ``observations/`` and ``reference/``. Out: the distinct rows by ``row_id``, the reference
probes, and the files that were quarantined whole. Invariant: the outcome does not depend on the order of
files or rows.
"""

from __future__ import annotations

import io
import zlib
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import zstandard

from .canonical import JsonError, base64url, from_hex, read_json, split_lines
from .files import QuarantineError, signers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .config import Epoch
    from .registry import Validator

MAX_RATIO = 200
MAX_GROUP = 1 << 30
MAX_ROWS = 10**9

COLUMNS = (
    "validator",
    "device",
    "slot",
    "sent_ms",
    "received_ms",
    "transport",
    "proof",
    "address",
    "asn",
    "rtt_ns",
)
_REQUIRED = frozenset(("validator", "device", "slot", "sent_ms", "transport"))
_ARROW = {
    "slot": "uint64",
    "sent_ms": "int64",
    "received_ms": "int64",
    "transport": "uint8",
    "asn": "uint32",
    "rtt_ns": "uint64",
}
_RANGE = {
    "slot": (0, 2**64),
    "sent_ms": (-(2**63), 2**63),
    "received_ms": (-(2**63), 2**63),
    "transport": (0, 5),
    "asn": (0, 2**32),
    "rtt_ns": (0, 2**64),
}


class Row:
    __slots__ = (
        "address",
        "asn",
        "code",
        "decoded",
        "device",
        "e1",
        "e2",
        "e_bytes",
        "failed",
        "id",
        "key",
        "not_run",
        "outcome",
        "proof",
        "proof_hash",
        "received_ms",
        "rtt_ns",
        "sent_ms",
        "signed",
        "slot",
        "transport",
        "validator",
    )

    def annotations(self) -> tuple:
        """Orders the copies of one row: null after every value."""
        return (
            (self.address is None, self.address or b""),
            (self.asn is None, self.asn or 0),
            (self.rtt_ns is None, self.rtt_ns or 0),
        )


_ROW = b"depinverify/observation/v1\x00"


def row_id(validator, device, slot, sent_ms, received_ms, transport, proof) -> bytes:
    if received_ms is None:
        received_ms = -1
    return sha256(
        b"%b%b%b%b%b%b%b%b%b%b%b"
        % (
            _ROW,
            len(validator).to_bytes(4, "big"),
            validator,
            len(device).to_bytes(4, "big"),
            device,
            slot.to_bytes(8, "big"),
            sent_ms.to_bytes(8, "big", signed=True),
            received_ms.to_bytes(8, "big", signed=True),
            bytes((transport,)),
            len(proof).to_bytes(4, "big") if proof else b"\0\0\0\0",
            proof or b"",
        )
    ).digest()


# ------------------------------------------------------------------------------------------------- JSON lines


def _inflate(data: bytes) -> bytes:
    if not data:
        raise QuarantineError("TRUNCATED", "no gzip member")
    out, rest = [], data
    size, limit = 0, MAX_RATIO * len(data)
    while rest:
        engine = zlib.decompressobj(wbits=31)
        out.append(engine.decompress(rest, max_length=limit - size + 1))
        size += len(out[-1])
        if size > limit:
            raise QuarantineError("LIMIT", "compression ratio")
        if not engine.eof:
            raise QuarantineError("TRUNCATED", "gzip ends early")
        rest = engine.unused_data
    return b"".join(out)


def _unzstd(data: bytes) -> bytes:
    if not data:
        raise QuarantineError("TRUNCATED", "no zstd frame")
    out, rest = [], data
    limit = MAX_RATIO * len(data)
    while rest:
        engine = zstandard.ZstdDecompressor().decompressobj()
        out.append(engine.decompress(rest))
        if sum(map(len, out)) > limit:
            raise QuarantineError("LIMIT", "compression ratio")
        if not engine.eof:
            raise QuarantineError("TRUNCATED", "zstd ends early")
        rest = engine.unused_data
    return b"".join(out)


def json_objects(data: bytes) -> Iterator[dict]:
    for number, line in enumerate(split_lines(data), 1):
        try:
            found = read_json(line)
        except JsonError as error:
            raise QuarantineError("SCHEMA", f"line {number}: {error}") from None
        if type(found) is not dict:
            raise QuarantineError("SCHEMA", f"line {number}: no object")
        yield found


def _json_rows(data: bytes) -> Iterator[tuple]:
    for found in json_objects(data):
        get = found.get
        proof = get("proof")
        if proof is not None:
            if type(proof) is not str:
                raise QuarantineError("SCHEMA", "proof is no text")
            decoded = base64url(proof)
            proof = decoded if decoded is not None else proof.encode()
        address = get("address")
        if address is not None:
            address = from_hex(address)
            if address is None:
                raise QuarantineError("SCHEMA", "address is no hex")
        yield (
            from_hex(get("validator")),
            from_hex(get("device")),
            get("slot"),
            get("sent_ms"),
            get("received_ms"),
            get("transport"),
            proof,
            address,
            get("asn"),
            get("rtt_ns"),
        )


# ---------------------------------------------------------------------------------------------------- columns


def _batches(data: bytes, arrow: bool) -> Iterator[pa.RecordBatch | pa.Table]:
    if arrow:
        source = pa.BufferReader(data)
        reader = pa.ipc.open_file(source) if data[:6] == b"ARROW1" else pa.ipc.open_stream(source)
        if isinstance(reader, pa.ipc.RecordBatchFileReader):
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)
        else:
            yield from reader
        return
    file = pa.parquet.ParquetFile(io.BytesIO(data))
    if file.metadata.num_rows > MAX_ROWS:
        raise QuarantineError("LIMIT", "rows")
    names = [name for name in COLUMNS if name in file.schema_arrow.names]
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        packed = sum(group.column(at).total_compressed_size for at in range(group.num_columns))
        if group.total_byte_size > MAX_GROUP or group.total_byte_size > MAX_RATIO * max(packed, 1):
            raise QuarantineError("LIMIT", f"row group {number}")
        yield file.read_row_group(number, columns=names)


def _column_rows(data: bytes, arrow: bool) -> Iterator[tuple]:
    for batch in _batches(data, arrow):
        lists = []
        for name in COLUMNS:
            at = [index for index, other in enumerate(batch.schema.names) if other == name]
            if len(at) > 1 or (not at and name in _REQUIRED):
                raise QuarantineError("SCHEMA", f"column {name}")
            if not at:
                lists.append([None] * batch.num_rows)
                continue
            column = batch.column(at[0])
            kind = column.type
            if name in _ARROW:
                good = str(kind) == _ARROW[name]
            else:
                good = (
                    pa.types.is_binary(kind)
                    or pa.types.is_large_binary(kind)
                    or pa.types.is_binary_view(kind)
                )
            if not good:
                raise QuarantineError("SCHEMA", f"column {name} is {kind}")
            lists.append(column.to_pylist())
        yield from zip(*lists, strict=True)


# ------------------------------------------------------------------------------------------------ whole files


def _read(name: str, data: bytes) -> Iterator[tuple]:
    if name.endswith(".parquet"):
        return _column_rows(data, arrow=False)
    if name.endswith(".arrow"):
        return _column_rows(data, arrow=True)
    if name.endswith(".jsonl"):
        return _json_rows(data)
    if name.endswith(".jsonl.gz"):
        return _json_rows(_inflate(data))
    if name.endswith(".jsonl.zst"):
        return _json_rows(_unzstd(data))
    raise QuarantineError("SCHEMA", "the name says of no kind what this is")


def _check_json(row: tuple) -> None:
    for name, value in zip(COLUMNS, row, strict=True):
        if value is None:
            if name in _REQUIRED:
                raise QuarantineError("SCHEMA", f"{name} is null")
        elif name in _RANGE:
            low, high = _RANGE[name]
            if type(value) is not int or not low <= value < high:
                raise QuarantineError("SCHEMA", f"{name} is {value!r}")


def _one_file(name: str, data: bytes, allowed: set | None) -> list[Row]:
    from_json = ".jsonl" in name
    authors = set()
    rows = []
    for values in _read(name, data):
        if from_json:
            _check_json(values)
        row = Row()
        (
            row.validator,
            row.device,
            row.slot,
            row.sent_ms,
            row.received_ms,
            row.transport,
            row.proof,
            row.address,
            row.asn,
            row.rtt_ns,
        ) = values
        if row.validator is None or row.device is None or row.slot is None or row.sent_ms is None:
            raise QuarantineError("SCHEMA", "null where it is not allowed")
        if row.transport is None or row.transport > 4:
            raise QuarantineError("SCHEMA", "transport")
        if (row.proof is None) == (row.transport == 0) or (row.received_ms is None) == (row.transport == 0):
            raise QuarantineError("SCHEMA", "proof and received_ms are there exactly when transport is 0")
        if row.address is not None and len(row.address) not in (4, 16):
            raise QuarantineError("SCHEMA", "address")
        row.signed = allowed is not None
        authors.add(row.validator)
        rows.append(row)
    if allowed is not None and authors and not (len(authors) == 1 and authors <= allowed):
        raise QuarantineError("WRONG_SIGNER", "rows of another validator than the signer")
    return rows


def read_observations(
    folder: Path, epoch: Epoch, validators: list[Validator], allow_unsigned: bool
) -> tuple[dict[bytes, Row], list[tuple[str, str]]]:
    """Distinct rows by id, and (file, reason) of what was quarantined."""
    distinct: dict[bytes, Row] = {}
    quarantined = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() or path.name.endswith(".jws"):
            continue
        try:
            data = path.read_bytes()
            rows = _one_file(path.name, data, signers(path, data, epoch, validators, allow_unsigned))
        except QuarantineError as error:
            quarantined.append((path.name, error.reason))
            continue
        except Exception:  # noqa: BLE001 - a file that makes the reader fail in any way is quarantined
            quarantined.append((path.name, "UNREADABLE"))
            continue
        for row in rows:
            row.id = row_id(
                row.validator, row.device, row.slot, row.sent_ms, row.received_ms, row.transport, row.proof
            )
            other = distinct.setdefault(row.id, row)
            if other is not row:
                other.signed |= row.signed
                if row.annotations() < other.annotations():
                    other.address, other.asn, other.rtt_ns = row.address, row.asn, row.rtt_ns
    return distinct, quarantined


def hash_observations(distinct: dict[bytes, Row]) -> tuple[str, str]:
    """``inputs.observations`` and ``inputs.annotations``."""
    ids, lines = sha256(), []
    for key in sorted(distinct):
        ids.update(key)
    for row in distinct.values():
        address = "null" if row.address is None else f'"{row.address.hex()}"'
        asn = "null" if row.asn is None else row.asn
        rtt = "null" if row.rtt_ns is None else row.rtt_ns if row.rtt_ns < 2**53 else f'"{row.rtt_ns}"'
        lines.append(
            f'{{"address":{address},"asn":{asn},"row_id":"{row.id.hex()}","rtt_ns":{rtt}}}\n'.encode()
        )
    lines.sort()
    return ids.hexdigest(), sha256(b"".join(lines)).hexdigest()
