"""Who signed a file: uptime proof, section 2.3.

In: a file's bytes and the compact JWS beside it. Out: the validators whose signature it is, or the reason
for quarantine.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from .canonical import JsonError, base64url, canonical, read_claims
from .decode import JOSE_ALGORITHMS

if TYPE_CHECKING:
    from pathlib import Path

    from .config import Epoch
    from .registry import Validator

_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class QuarantineError(Exception):
    """This file does not count; the others do."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class OpenedJws(NamedTuple):
    algorithm: int | None
    kid: bytes
    payload: bytes
    signed: bytes
    signature: bytes


def open_jws(data: bytes) -> OpenedJws | None:
    """A compact JWS whose header follows section 1.3; ``None`` if its form is wrong or it has ``crit``."""
    if not _COMPACT.fullmatch(data):
        return None
    header, payload, signature = (base64url(part) for part in data.decode("ascii").split("."))
    if header is None or payload is None or signature is None:
        return None
    try:
        fields = read_claims(header)
    except JsonError:
        return None
    if type(fields) is not dict or "crit" in fields or type(fields.get("alg")) is not str:
        return None
    kid = base64url(fields["kid"]) if type(fields.get("kid")) is str else None
    if not kid or len(kid) > 64:
        return None
    algorithm = JOSE_ALGORITHMS.get(fields["alg"])
    return OpenedJws(algorithm, kid, payload, data.rpartition(b".")[0], signature)


def signers(
    path: Path, data: bytes, epoch: Epoch, validators: list[Validator], allow_unsigned: bool
) -> set | None:
    """Ids of the validators that signed ``data``; ``None`` where it is unsigned and may be."""
    beside = path.with_name(path.name + ".jws")
    if not beside.exists():
        if allow_unsigned:
            return None
        raise QuarantineError("UNSIGNED", f"{beside.name} is not there")
    opened = open_jws(beside.read_bytes().removesuffix(b"\n"))
    if opened is None or opened.algorithm is None:
        raise QuarantineError("BAD_SIGNATURE", f"{beside.name} is no compact JWS of section 2.3")
    statement = {"epoch": epoch.index, "sha256": sha256(data).hexdigest(), "start": epoch.start}
    if opened.payload != canonical(statement):
        other_epoch = b'"sha256":"%b"' % statement["sha256"].encode() in opened.payload
        raise QuarantineError("WRONG_EPOCH" if other_epoch else "BAD_SIGNATURE", "signed something else")
    keys = [
        (validator.id, key.public)
        for validator in validators
        for key in validator.keys
        if key.kid == opened.kid
        and key.public.scheme == opened.algorithm
        and key.valid_from < epoch.end_ms
        and (key.valid_to is None or (key.valid_to > epoch.start_ms and key.valid_to > key.valid_from))
    ]
    if not keys:
        raise QuarantineError("WRONG_SIGNER", f"no validator has the key {opened.kid.hex()} in this epoch")
    good = {validator for validator, key in keys if key.verifies(opened.signature, opened.signed)}
    if not good:
        raise QuarantineError("BAD_SIGNATURE", "the signature is not good")
    return good
