"""RSA-PSS with SHA-256, for storage networks that sign with RSA keys.

In: an :class:`RsaKeyRegistry`, key ids, messages and signatures. Out: verdicts. Rule: signature verification, sections
4 and 9: a modulus of 2048 to 4096 bits, odd; an exponent odd, at least 3, below 2^32; a signature as long as the
modulus and smaller; MGF1 with SHA-256. The profile, part of a network's rules, fixes the salt's length: 32 bytes, none,
or any.
Invariant: a bad item is a verdict, never an exception, and its verdict depends on nothing but itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from depinverify import _native
from depinverify._native import RsaKeyRegistry
from depinverify.signature.items import SignatureVerdict

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from depinverify.signature.items import ByteColumn, IdColumn

__all__ = [
    "RsaKeyRegistry",
    "rsa_pss_verify",
    "rsa_pss_verify_codes",
    "rsa_pss_verify_one",
]

RsaProfile: TypeAlias = Literal["sha256-salt32", "sha256-salt0", "sha256-any_salt"]


def rsa_pss_verify_codes(
    profile: RsaProfile,
    registry: RsaKeyRegistry,
    key_ids: IdColumn,
    messages: ByteColumn,
    signatures: ByteColumn,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of RSA-PSS signatures and say of each what was wrong first.

    A signature that is not as long as its key's modulus is ``BAD_ENCODING``, one that is not smaller
    ``SCALAR_RANGE``. The interpreter lock is released; every 75 ms or so, signals such as Ctrl-C are looked at
    and ``progress`` is called. Rule: signature verification, section 4.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        registry: Where the keys were registered.
        key_ids: Integers. A null, a negative number and an id that was not given out give ``UNKNOWN_KEY_ID``.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signatures: The same; a null gives ``BAD_ENCODING``.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all; an exception of its own ends the call.

    Returns:
        One number of :class:`~depinverify.signature.SignatureVerdict` for each item.

    Raises:
        depinverify.exceptions.InputError: The call is malformed: an unknown profile, a column of another type or
            length.
    """
    codes: NDArray[np.uint8] = _native.verify_rsa_pss_signatures(
        profile, registry, key_ids, messages, signatures, threads=threads, progress=progress
    )
    return codes


def rsa_pss_verify(
    profile: RsaProfile,
    registry: RsaKeyRegistry,
    key_ids: IdColumn,
    messages: ByteColumn,
    signatures: ByteColumn,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.bool_]:
    """Check a column of RSA-PSS signatures; see :func:`rsa_pss_verify_codes`.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        registry: Where the keys were registered.
        key_ids: Integers; an id that no key has gives ``False``.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signatures: The same; a null gives ``False``.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all; an exception of its own ends the call.

    Returns:
        Whether each signature is valid.

    Raises:
        depinverify.exceptions.InputError: The call is malformed: an unknown profile, a column of another type or
            length.
    """
    codes = rsa_pss_verify_codes(
        profile, registry, key_ids, messages, signatures, threads=threads, progress=progress
    )
    good: NDArray[np.bool_] = codes == SignatureVerdict.GOOD.value
    return good


def rsa_pss_verify_one(
    profile: RsaProfile, modulus: bytes, exponent: bytes, message: bytes, signature: bytes
) -> SignatureVerdict:
    """Check one RSA-PSS signature with a key that is used once.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        modulus: Big-endian number; leading zeros do not count.
        exponent: The same.
        message: What was signed.
        signature: As long as the modulus.

    Returns:
        The verdict.

    Raises:
        depinverify.exceptions.InputError: The profile is unknown.
    """
    return SignatureVerdict(_native.verify_rsa_pss_signature(profile, modulus, exponent, message, signature))
