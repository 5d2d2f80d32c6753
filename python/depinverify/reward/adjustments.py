"""Signed corrections of earlier epochs.

In: the adjustments of ``epoch.toml`` and the registry authority's keys. Out: nothing, or an error. Rule:
scoring specification, section 10.4, and uptime proof, section 9.1: the payload of the JWS equals the
canonical JSON of ``{amount, epoch, payee, reason, reference}``, and an authority key signs it. Invariant:
an adjustment that one byte of differs from what was signed never reaches the ledger.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.reward.ledger import address_from_text, address_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.registry.keys import PublicKey
    from depinverify.signature import Scheme

__all__ = ["SignedAdjustment", "check_adjustments"]

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_LONGEST_JWS: Final = 1 << 16

#: Header algorithm -> number of the key's scheme, as in a verdict's evidence.
_ALGORITHMS: Final = {"EdDSA": 1, "Ed25519": 1, "ES256": 2, "ESP256": 2, "ES256K": 3}
_PROFILES: Final[dict[int, tuple[Scheme, str]]] = {
    1: ("ed25519", "strict"),
    2: ("p256", "p1363-any_s"),
    3: ("secp256k1", "p1363-any_s"),
}


class SignedAdjustment(Protocol):
    """One table ``[[adjustment]]``."""

    @property
    def payee(self) -> str:
        """Whom it concerns, ``0x`` and 40 hex digits."""

    @property
    def amount(self) -> str:
        """Decimal, negative with a minus sign."""

    @property
    def reason(self) -> str:
        """Why, as text."""

    @property
    def reference(self) -> str:
        """Hash of the corrected reward file, 64 hex digits."""

    @property
    def jws(self) -> str:
        """The signature with what it signs."""


def check_adjustments(
    adjustments: Sequence[SignedAdjustment], epoch_index: int, authority: Sequence[str]
) -> None:
    """Check that a registry authority signed each adjustment for this epoch.

    Args:
        adjustments: The corrections.
        epoch_index: Index of the epoch that brings them in.
        authority: The authority's keys, as ``did:key``.

    Raises:
        InputError: A signature is missing, malformed, by somebody else, or over something else.
    """
    if not adjustments:
        return
    from depinverify.registry.keys import PublicKey  # noqa: PLC0415 - few epochs need it

    keys = {key.kid: key for key in map(PublicKey.from_did, authority)}
    for position, adjustment in enumerate(adjustments):
        try:
            _check(adjustment, epoch_index, keys)
        except _RefusedError as fault:
            raise InputError(
                f"adjustment[{position}].jws: {fault}",
                hint="A key of [registry] authority signs amount, epoch, payee, reason and reference.",
            ) from None


class _RefusedError(Exception):
    """What is wrong with one signature."""


def _check(adjustment: SignedAdjustment, epoch_index: int, keys: dict[bytes, PublicKey]) -> None:
    """Check one adjustment; every fault says what was expected."""
    from depinverify.signature import SignatureVerdict, verify_one  # noqa: PLC0415 - few epochs need it

    header, payload, signature = _parts(adjustment.jws)
    expected = canonical_json(
        {
            "amount": adjustment.amount,
            "epoch": epoch_index,
            "payee": address_text(address_from_text(adjustment.payee)),
            "reason": adjustment.reason,
            "reference": adjustment.reference,
        }
    )
    if payload != expected:
        found = payload[:500].decode("utf-8", "replace")
        raise _RefusedError(f"expected the payload {expected.decode()}, found {found}")
    key = keys.get(_decoded(header["kid"]) or b"")
    if key is None:
        raise _RefusedError(f"expected the kid of a registry authority, found {header['kid'][:100]!r}")
    scheme, profile = _PROFILES[int(key.scheme)]
    if _ALGORITHMS.get(header["alg"]) != int(key.scheme):
        raise _RefusedError(f"expected an algorithm of the key, {scheme}, found {header['alg'][:100]!r}")
    signed = adjustment.jws.rpartition(".")[0].encode()
    if verify_one(scheme, profile, key.data, signed, signature) is not SignatureVerdict.GOOD:
        raise _RefusedError("the signature does not match")


def _parts(jws: str) -> tuple[dict[str, str], bytes, bytes]:
    """Header, payload and signature of a compact JWS."""
    parts = _COMPACT.fullmatch(jws) if len(jws) <= _LONGEST_JWS else None
    if parts is None:
        raise _RefusedError("expected a compact JWS: three parts of base64url joined by dots")
    header, payload, signature = map(_decoded, parts.groups())
    if header is None or payload is None or signature is None:
        raise _RefusedError("expected base64url without padding and with zero trailing bits")
    members = _header(header)
    if members is None:
        raise _RefusedError('expected a header with "alg" and "kid" of text, without "crit" and "b64": false')
    return members, payload, signature


def _decoded(text: str) -> bytes | None:
    """Strict base64url without padding."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.urlsafe_b64encode(data).rstrip(b"=") == text.encode() else None


def _header(document: bytes) -> dict[str, str] | None:
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
    alg, kid = header.get("alg"), header.get("kid")
    return {"alg": alg, "kid": kid} if isinstance(alg, str) and isinstance(kid, str) else None
