"""Reference probes: uptime proof, section 2.1.

In: the files of ``reference/``. Out: how many of its own targets a validator reached in a slot; of different
words about one slot the worst holds.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from .canonical import canonical, from_hex
from .files import QuarantineError, signers
from .observations import json_objects

if TYPE_CHECKING:
    from pathlib import Path

    from .config import Epoch
    from .registry import Validator

_MEMBERS = {"validator", "slot", "ok", "total"}


def _read(data: bytes, allowed: set | None) -> list[tuple[bytes, int, int, int, bytes]]:
    """(validator, slot, ok, total, canonical line) of one file."""
    found, authors = [], set()
    for row in json_objects(data):
        slot, ok, total = row.get("slot"), row.get("ok"), row.get("total")
        author = from_hex(row.get("validator"))
        numbers = type(slot) is int and type(ok) is int and type(total) is int
        if author is None or row.keys() != _MEMBERS or not numbers:
            raise QuarantineError("SCHEMA", "a reference row is {validator, slot, ok, total}")
        if not (0 <= slot < 2**64 and 0 <= ok <= total < 2**32):
            raise QuarantineError("SCHEMA", "a reference row out of range")
        line = row if slot < 2**53 else row | {"slot": str(slot)}
        found.append((author, slot, ok, total, canonical(line) + b"\n"))
        authors.add(author)
    if allowed is not None and authors and not (len(authors) == 1 and authors <= allowed):
        raise QuarantineError("WRONG_SIGNER", "rows of another validator than the signer")
    return found


def read_references(
    folder: Path, epoch: Epoch, validators: list[Validator], allow_unsigned: bool
) -> tuple[dict[tuple[bytes, int], tuple[int, int]], str, list[tuple[str, str]]]:
    """(validator, slot) -> (ok, total), ``inputs.references``, and what was quarantined."""
    found: dict[tuple[bytes, int], tuple[int, int]] = {}
    lines: set[bytes] = set()
    quarantined = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() or path.name.endswith(".jws"):
            continue
        if not path.name.endswith(".jsonl"):
            quarantined.append((path.name, "SCHEMA"))
            continue
        try:
            data = path.read_bytes()
            rows = _read(data, signers(path, data, epoch, validators, allow_unsigned))
        except QuarantineError as error:
            quarantined.append((path.name, error.reason))
            continue
        except OSError:
            quarantined.append((path.name, "UNREADABLE"))
            continue
        for validator, slot, ok, total, line in rows:
            lines.add(line)
            if slot < epoch.slots:
                value = found.get((validator, slot), (ok, total))
                found[validator, slot] = min(value, (ok, total))
    return found, sha256(b"".join(sorted(lines))).hexdigest(), quarantined
