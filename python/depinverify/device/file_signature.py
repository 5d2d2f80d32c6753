"""A validator's signature of a file of observations or reference probes.

In: a file as it lies there, the epoch, the validator's key. Out: ``<file>.jws`` beside it. Rule: uptime proof,
section 2.3: the payload is the canonical JSON of ``{epoch, sha256, start}``. Invariant: the file itself is only read.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from depinverify.canonical import canonical_json
from depinverify.device.proof import jws
from depinverify.exceptions import InputError
from depinverify.settlement import write_file

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify.device.key import DeviceKey

__all__ = ["sign_file"]


def sign_file(path: Path, key: DeviceKey, *, epoch: int, start: int, kid: bytes | None = None) -> Path:
    """Write ``<file>.jws`` beside a file.

    Args:
        path: The file, compressed if it is to be handed in compressed.
        key: The validator's key.
        epoch: Index of the epoch.
        start: Its first second.
        kid: The key's name in the registry where it is not the default one.

    Returns:
        The path of the signature.

    Raises:
        InputError: The file cannot be read, or the signature cannot be written.
    """
    beside = path.with_name(path.name + ".jws")
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        payload = canonical_json({"epoch": epoch, "sha256": sha256, "start": start})
        write_file(beside, jws(key, payload, kid=kid) + b"\n")
    except OSError as error:
        raise InputError(f"{error.filename or path}: {error.strerror or error}") from None
    return beside
