"""Compact JWS of statements about files and money: read strictly, so that a signature has one text.

In: three parts of base64url joined by dots (RFC 7515). Out: a :class:`CompactJws`. Rule: uptime proof, sections 1.3
and 1.4. Invariant: what is read here names an algorithm and a key and asks for no extension; whether the signature is
good is for the owner of the key to say. (Proofs of devices are read by the core.)
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, Final, NamedTuple, Self

from depinverify.exceptions import InputError

__all__ = ["LONGEST_JWS", "CompactJws"]

#: Longest text that is looked at.
LONGEST_JWS: Final = 1 << 16

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)

#: Header algorithm -> number of the key's scheme, as in a verdict's evidence.
_SCHEMES: Final = {"EdDSA": 1, "Ed25519": 1, "ES256": 2, "ESP256": 2, "ES256K": 3}


class CompactJws(NamedTuple):
    """What a compact JWS says, before anybody has checked it.

    Attributes:
        algorithm: ``alg`` of the header.
        kid_text: ``kid`` of the header, as it stands there.
        payload: What was signed.
        signed: The bytes that the signature covers.
        signature: The signature.
    """

    algorithm: str
    kid_text: str
    payload: bytes
    signed: bytes
    signature: bytes

    @property
    def scheme(self) -> int | None:
        """Number of the scheme that the header names; ``None`` for an unknown one."""
        return _SCHEMES.get(self.algorithm)

    @property
    def kid(self) -> bytes | None:
        """The key's name; ``None`` where it is no base64url."""
        return _decoded(self.kid_text)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a compact JWS.

        Raises:
            InputError: The text is none, its base64url is not strict, or its header may not be used.
        """
        parts = _PARTS.fullmatch(text) if len(text) <= LONGEST_JWS else None
        if parts is None:
            raise InputError("expected a compact JWS: three parts of base64url joined by dots")
        header, payload, signature = map(_decoded, parts.groups())
        if header is None or payload is None or signature is None:
            raise InputError("expected base64url without padding and with zero trailing bits")
        members = _header(header)
        if members is None:
            raise InputError(
                'expected a header with "alg" and "kid" of text, without "crit" and "b64": false'
            )
        return cls(*members, payload, text.rpartition(".")[0].encode(), signature)


def _decoded(text: str) -> bytes | None:
    """Strict base64url without padding."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=") == text.encode() else None


def _header(document: bytes) -> tuple[str, str] | None:
    """Algorithm and kid, where the header is one that may be used."""

    def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in members}) != len(members):
            raise ValueError
        return dict(members)

    try:
        header = json.loads(document, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or "crit" in header or header.get("b64") is False:
        return None
    algorithm, kid = header.get("alg"), header.get("kid")
    return (algorithm, kid) if isinstance(algorithm, str) and isinstance(kid, str) else None
