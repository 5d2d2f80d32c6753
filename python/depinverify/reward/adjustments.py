"""Signed corrections of earlier epochs.

In: the adjustments of ``epoch.toml`` and the registry authority's keys. Out: nothing, or an error. Rule:
scoring specification, section 10.4, and uptime proof, section 9.1: the payload of the JWS equals the
canonical JSON of ``{amount, epoch, payee, reason, reference}``, and an authority key signs it. Invariant:
an adjustment that one byte of differs from what was signed never reaches the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from depinverify.canonical import canonical_json
from depinverify.exceptions import InputError
from depinverify.payee import payee_from_text, payee_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.registry.keys import PublicKey

__all__ = ["SignedAdjustment", "check_adjustments"]


class SignedAdjustment(Protocol):
    """One table ``[[adjustment]]``."""

    @property
    def payee(self) -> str:
        """Whom it concerns, ``0x`` and 40 or 64 hex digits."""

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
        except InputError as fault:
            raise InputError(
                f"adjustment[{position}].jws: {fault}",
                hint="A key of [registry] authority signs amount, epoch, payee, reason and reference.",
            ) from None


def _check(adjustment: SignedAdjustment, epoch_index: int, keys: dict[bytes, PublicKey]) -> None:
    """Check one adjustment; every fault says what was expected."""
    from depinverify.signature.jws import CompactJws  # noqa: PLC0415 - few epochs need it

    jws = CompactJws.parse(adjustment.jws)
    expected = canonical_json(
        {
            "amount": adjustment.amount,
            "epoch": epoch_index,
            "payee": payee_text(payee_from_text(adjustment.payee)),
            "reason": adjustment.reason,
            "reference": adjustment.reference,
        }
    )
    if jws.payload != expected:
        found = jws.payload[:500].decode("utf-8", "replace")
        raise InputError(f"expected the payload {expected.decode()}, found {found}")
    key = keys.get(jws.kid or b"")
    if key is None:
        raise InputError(f"expected the kid of a registry authority, found {jws.kid_text[:100]!r}")
    if jws.scheme != key.scheme:
        raise InputError(
            f"expected an algorithm of the key, {key.scheme.label}, found {jws.algorithm[:100]!r}"
        )
    if not key.verify(jws.signed, jws.signature):
        raise InputError("the signature does not match")
