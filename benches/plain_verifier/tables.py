"""Result tables: their rows in canonical order, content hashes and files: uptime proof, sections 4.4 and
9.3.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .observations import Row
    from .reward import Rewards
    from .score import Scoring

VERDICTS = (
    ("row_id", "binary"),
    ("validator", "binary"),
    ("device", "binary"),
    ("slot", "uint64"),
    ("sent_ms", "int64"),
    ("code", "uint8"),
    ("failed", "uint32"),
    ("not_run", "uint32"),
    ("outcome", "uint8"),
    ("proof_hash", "binary"),
    ("e1", "int64"),
    ("e2", "int64"),
    ("e_bytes", "binary"),
)
SCORES = (
    ("device", "binary"),
    ("state", "uint8"),
    ("score_e12", "uint64"),
    ("windows_used", "uint64"),
    ("up", "uint64"),
    ("down", "uint64"),
    ("scheduled", "uint64"),
    ("excluded", "uint64"),
    ("payout_e12", "uint64"),
    ("reasons", "binary"),
)


def verdict_rows(rows: Iterable[Row]) -> list[tuple]:
    found = sorted(rows, key=lambda row: (row.device, row.slot, row.validator, row.id))
    return [
        (
            row.id,
            row.validator,
            row.device,
            row.slot,
            row.sent_ms,
            row.code,
            row.failed,
            row.not_run,
            row.outcome,
            row.proof_hash,
            row.e1,
            row.e2,
            row.e_bytes,
        )
        for row in found
    ]


def score_rows(scoring: Scoring, rewards: Rewards) -> list[tuple]:
    found = []
    for entry in rewards.entries:
        device = bytes.fromhex(entry["device"])
        score = scoring.devices[device]
        payout = entry["multipliers"][0]["value"]
        reasons = ",".join(entry["reasons"]).encode()
        found.append(
            (
                device,
                score.state,
                score.score,
                score.used,
                score.up,
                score.down,
                score.scheduled,
                score.excluded,
                payout,
                reasons,
            )
        )
    return found


def content_hash(rows: list[tuple]) -> str:
    """SHA-256 over the concatenated rows: 00 for null, else 01 and the value."""
    hashed = sha256()
    for row in rows:
        parts = []
        for value in row:
            if value is None:
                parts.append(b"\x00")
            elif type(value) is bytes:
                parts.append(b"\x01%b%b" % (len(value).to_bytes(4, "big"), value))
            else:
                parts.append(b"\x01" + (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "big"))
        hashed.update(b"".join(parts))
    return hashed.hexdigest()


def write_table(path: Path, schema: tuple, rows: list[tuple]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only where files are wanted
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in schema]
    arrays = [
        pa.array(column, type=getattr(pa, kind)()) for column, (_, kind) in zip(columns, schema, strict=True)
    ]
    pq.write_table(pa.table(arrays, names=[name for name, _ in schema]), path)
