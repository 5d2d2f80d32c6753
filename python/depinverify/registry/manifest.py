"""A manufacturer's signature over a file of devices.

``<file>.jws`` beside the file is a compact JWS (RFC 7515) whose payload is the canonical JSON
``{"sha256": hex of the file}``, with the header ``{"alg", "kid"}``: the form in which validators sign their
files (uptime proof, section 2.3), without an epoch. Invariant: a file is only imported if its signature is
good.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.registry.files import written_whole
from depinverify.registry.keys import PublicKey, Scheme
from depinverify.registry.lines import read_event

if TYPE_CHECKING:
    from pathlib import Path

    from depinverify.registry.keys import Signer

__all__ = ["check_manifest", "sign_manifest"]

_ALGORITHMS = {
    Scheme.ED25519: ("EdDSA", "Ed25519"),
    Scheme.P256: ("ES256", "ESP256"),
    Scheme.SECP256K1: ("ES256K",),
}
_LONGEST_JWS = 4096
_PARTS = 3


def sign_manifest(file: Path, signer: Signer) -> Path:
    """Sign a file of devices; where the signature was written."""
    key = signer.public
    header = canonical_json({"alg": _ALGORITHMS[key.scheme][0], "kid": _encode(signer.kid)})
    signed = f"{_encode(header)}.{_encode(_payload(file))}"
    path = _beside(file)
    with written_whole(path) as out:
        out.write(f"{signed}.{_encode(signer.sign(signed.encode()))}\n".encode())
    return path


def check_manifest(file: Path, manufacturer: PublicKey) -> None:
    """Refuse a file that this manufacturer has not signed.

    Raises:
        InputError: The signature is absent, of another form, of another key or of another file.
    """
    path = _beside(file)
    try:
        with path.open("rb") as opened:
            text = opened.read(_LONGEST_JWS)
    except OSError as error:
        hint = "the manufacturer makes it: depinverify registry sign-manifest"
        raise InputError(f"{path}: cannot be read ({error.strerror})", hint=hint) from None
    parts = text.removesuffix(b"\n").split(b".")
    if len(parts) != _PARTS:
        raise InputError(f"{path}: expected a compact JWS")
    header = read_event(_decode(parts[0], path))
    if (
        header.get("alg") not in _ALGORITHMS[manufacturer.scheme]
        or "crit" in header
        or header.get("b64") is False
    ):
        expected = " or ".join(_ALGORITHMS[manufacturer.scheme])
        raise InputError(f"{path}: expected alg {expected} without crit, found {str(header)[:80]}")
    if not manufacturer.verify(b".".join(parts[:2]), _decode(parts[2], path)):
        raise InputError(f"{path}: not signed by {manufacturer.did}")
    if _decode(parts[1], path) != _payload(file):
        raise InputError(f"{path}: signs another file, or {file} was changed")


def _payload(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return canonical_json({"sha256": hashlib.file_digest(opened, "sha256").hexdigest()})
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})") from None


def _beside(file: Path) -> Path:
    return file.with_name(file.name + ".jws")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part: bytes, path: Path) -> bytes:
    try:
        return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise InputError(f"{path}: expected base64url") from None
