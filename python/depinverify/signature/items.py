"""Ed25519 and ECDSA in columns, single checks, and recovery.

In: a :class:`KeyRegistry`, key ids, messages and signatures as arrays, Arrow columns or lists. Out: numpy arrays.
Rule: signature verification, sections 1 to 3 and 9; the page of :mod:`depinverify.signature` lists the profiles.
Invariant: a bad item is a verdict, never an exception, and its verdict depends on nothing but itself.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from depinverify import _native
from depinverify._native import KeyRegistry, ethereum_message_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ByteColumn",
    "Explained",
    "IdColumn",
    "KeyRegistry",
    "Scheme",
    "SignatureVerdict",
    "ethereum_message_digest",
    "explain",
    "recover_address",
    "recover_key",
    "residue_order",
    "verify",
    "verify_codes",
    "verify_one",
]

Scheme: TypeAlias = Literal["ed25519", "p256", "secp256k1"]
SPolicy: TypeAlias = Literal["any_s", "low_s"]


class ArrowArray(Protocol):
    """Anything that hands over an Arrow array, such as a pyarrow or arro3 array."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Return the capsules of schema and array."""
        ...


class ArrowStream(Protocol):
    """Anything that hands over a stream of Arrow arrays, such as a polars series or a chunked array."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the capsule of the stream."""
        ...


ByteColumn: TypeAlias = (
    "NDArray[np.uint8] | ArrowArray | ArrowStream | list[bytes] | list[bytes | None] | tuple[bytes, ...]"
)
IdColumn: TypeAlias = (
    "NDArray[np.integer] | ArrowArray | ArrowStream | list[int] | list[int | None] | tuple[int, ...]"
)


class SignatureVerdict(enum.IntEnum):
    """Verdict of one signature; numbers and names are those of the catalogue.

    Checks run in this order: key, encoding, range of the scalars, order of the points or half of s, equation.
    """

    GOOD = 0
    BAD_KEY = 1
    BAD_ENCODING = 2
    SCALAR_RANGE = 3
    SMALL_ORDER = 4
    HIGH_S = 5
    EQUATION = 6
    UNKNOWN_KEY_ID = 7

    @property
    def sentence(self) -> str:
        """What the verdict means, in one sentence."""
        return next(sentence for number, _, sentence in _native.signature_verdicts() if number == self)


def verify_codes(
    scheme: Scheme,
    profile: str,
    registry: KeyRegistry,
    key_ids: IdColumn,
    messages: ByteColumn,
    signatures: ByteColumn,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of signatures and say of each what was wrong first.

    Arrays and Arrow columns are read where they lie; lists are packed once. While items are checked the
    interpreter lock is released; every 75 ms or so, signals such as Ctrl-C are looked at and ``progress`` is
    called.

    Args:
        scheme: Scheme of all items.
        profile: Acceptance rule, see :mod:`depinverify.signature`.
        registry: Where the keys were registered.
        key_ids: Integers. A null, a negative number, an id that was not given out and the id of another
            scheme's key give ``UNKNOWN_KEY_ID``.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signatures: The same; a null gives ``BAD_ENCODING``.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all; an exception of its own ends the call.

    Returns:
        One number of :class:`SignatureVerdict` for each item.

    Raises:
        depinverify.exceptions.InputError: The call is malformed: an unknown profile, a column of another
            type or length.
    """
    codes: NDArray[np.uint8] = _native.verify_signatures(
        scheme, profile, registry, key_ids, messages, signatures, threads=threads, progress=progress
    )
    return codes


def verify(
    scheme: Scheme,
    profile: str,
    registry: KeyRegistry,
    key_ids: IdColumn,
    messages: ByteColumn,
    signatures: ByteColumn,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.bool_]:
    """Check a column of signatures.

    Args:
        scheme: Scheme of all items.
        profile: Acceptance rule, see :mod:`depinverify.signature`.
        registry: Where the keys were registered.
        key_ids: Integers; an id that no key of this scheme has gives ``False``.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signatures: The same; a null gives ``False``.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all; an exception of its own ends the call.

    Returns:
        Whether each signature is valid.

    Raises:
        depinverify.exceptions.InputError: The call is malformed: an unknown profile, a column of another
            type or length.
    """
    codes = verify_codes(
        scheme, profile, registry, key_ids, messages, signatures, threads=threads, progress=progress
    )
    good: NDArray[np.bool_] = codes == SignatureVerdict.GOOD.value
    return good


def verify_one(
    scheme: Scheme, profile: str, public_key: bytes, message: bytes, signature: bytes
) -> SignatureVerdict:
    """Check one signature with a key that is used once.

    Args:
        scheme: The key's scheme.
        profile: Acceptance rule, see :mod:`depinverify.signature`.
        public_key: 32 bytes for Ed25519; SEC1, compressed or not, for the ECDSA curves.
        message: What was signed.
        signature: The signature.

    Returns:
        The verdict.

    Raises:
        depinverify.exceptions.InputError: The scheme or the profile is unknown.
    """
    return SignatureVerdict(_native.verify_signature(scheme, profile, public_key, message, signature))


class Explained(NamedTuple):
    """A verdict and what an auditor should know beside it.

    Attributes:
        verdict: The verdict.
        notes: ``torsion_residue`` where an accepted Ed25519 signature satisfies the equation only after the
            multiplication by the cofactor. Implementations of the rule may disagree about it, and only a key holder
            who set out to make such a signature has one.
    """

    verdict: SignatureVerdict
    notes: tuple[str, ...]


def explain(scheme: Scheme, profile: str, public_key: bytes, message: bytes, signature: bytes) -> Explained:
    """Check one signature and say what is peculiar about it. Notes never change a verdict.

    Args:
        scheme: The key's scheme.
        profile: Acceptance rule, see :mod:`depinverify.signature`.
        public_key: 32 bytes for Ed25519; SEC1, compressed or not, for the ECDSA curves.
        message: What was signed.
        signature: The signature.

    Raises:
        depinverify.exceptions.InputError: The scheme or the profile is unknown.
    """
    verdict = verify_one(scheme, profile, public_key, message, signature)
    is_peculiar = (
        verdict is SignatureVerdict.GOOD
        and scheme == "ed25519"
        and residue_order(public_key, message, signature) != 1
    )
    return Explained(verdict, ("torsion_residue",) if is_peculiar else ())


def residue_order(public_key: bytes, message: bytes, signature: bytes) -> int | None:
    """Say how far an Ed25519 signature is from the plain equation.

    Profiles can differ only on signatures whose answer is not 1 or whose key is of small order; a device
    makes such a signature only on purpose.

    Args:
        public_key: 32 bytes.
        message: What was signed.
        signature: 64 bytes.

    Returns:
        The order of R - (S B - k A) where that is a torsion point: 1, 2, 4 or 8. ``None`` where it is none, a
        point does not decode or S is out of range.
    """
    return _native.ed25519_residue_order(public_key, message, signature)


def recover_address(digest: bytes, signature: bytes, *, s: SPolicy) -> bytes | None:
    """Find the Ethereum address that made a recoverable signature.

    Args:
        digest: 32 bytes, such as :func:`ethereum_message_digest` gives.
        signature: 65 bytes, r, s and v; v is 0, 1, 27 or 28.
        s: Whether the upper half of s is accepted.

    Returns:
        20 bytes, or ``None`` if the signature is refused.

    Raises:
        depinverify.exceptions.InputError: The digest is not 32 bytes long, or the policy is unknown.
    """
    return _native.recover_address(digest, signature, s=s)


def recover_key(digest: bytes, signature: bytes, *, s: SPolicy) -> bytes | None:
    """Find the secp256k1 key that made a recoverable signature.

    Args:
        digest: 32 bytes.
        signature: 65 bytes, r, s and v; v is 0, 1, 27 or 28.
        s: Whether the upper half of s is accepted.

    Returns:
        The uncompressed key, 65 bytes, or ``None`` if the signature is refused.

    Raises:
        depinverify.exceptions.InputError: The digest is not 32 bytes long, or the policy is unknown.
    """
    return _native.recover_key(digest, signature, s=s)
