"""BLS signatures over BLS12-381: batches, single checks, aggregates, and signing.

In: compressed points, messages, a domain tag. Out: verdicts. Rule: signature verification, sections 1, 4 and 9; hashing
to the curve by RFC 9380; the domain tag is always given, never assumed.
Invariant: every signature is decoded and its subgroup checked by itself, and an item in a batch has the verdict of its
single check.

Example:
    >>> from depinverify.signature import BlsKeyRegistry, bls_verify_many
    >>> keys = BlsKeyRegistry("min-pk")
    >>> key_id = keys.register(public_key)  # doctest: +SKIP
    >>> bls_verify_many(keys, tag, [key_id], [b"proof"], [signature])  # doctest: +SKIP
    array([ True])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from depinverify import _native
from depinverify._native import BlsKeyRegistry
from depinverify.signature.items import SignatureVerdict

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from depinverify.signature.items import ByteColumn, IdColumn

__all__ = [
    "BlsKeyRegistry",
    "bls_aggregate_verify",
    "bls_fast_aggregate_verify",
    "bls_public_key",
    "bls_secret_key",
    "bls_sign",
    "bls_verify",
    "bls_verify_codes",
    "bls_verify_many",
]

BlsVariant: TypeAlias = Literal["min-pk", "min-sig"]


def bls_verify_codes(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: IdColumn,
    messages: ByteColumn,
    signatures: ByteColumn,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of BLS signatures and say of each what was wrong first.

    Items are combined with secret random coefficients and checked together, which is several times faster than
    one by one where items share keys or messages. A batch that fails is split until the bad items are named by
    single checks. While items are checked the interpreter lock is released; every 75 ms or so, signals such as
    Ctrl-C are looked at and ``progress`` is called. Rule: signature verification, section 4.

    Args:
        registry: Where the keys were registered; it says which group they are in.
        dst: The domain separation tag of the ciphersuite.
        key_ids: Integers. A null, a negative number and an id that was not given out give ``UNKNOWN_KEY_ID``.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signatures: The same; a null gives ``BAD_ENCODING``.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all; an exception of its own ends the call.

    Returns:
        One number of :class:`~depinverify.signature.SignatureVerdict` for each item.

    Raises:
        depinverify.exceptions.InputError: The call is malformed: a column of another type or length.
    """
    codes: NDArray[np.uint8] = _native.verify_bls_signatures(
        registry, dst, key_ids, messages, signatures, threads=threads, progress=progress
    )
    return codes


def bls_verify_many(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: IdColumn,
    messages: ByteColumn,
    signatures: ByteColumn,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.bool_]:
    """Check a column of BLS signatures; see :func:`bls_verify_codes`.

    Args:
        registry: Where the keys were registered; it says which group they are in.
        dst: The domain separation tag of the ciphersuite.
        key_ids: Integers; an id that no key has gives ``False``.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signatures: The same; a null gives ``False``.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all; an exception of its own ends the call.

    Returns:
        Whether each signature is valid.

    Raises:
        depinverify.exceptions.InputError: The call is malformed: a column of another type or length.
    """
    codes = bls_verify_codes(registry, dst, key_ids, messages, signatures, threads=threads, progress=progress)
    good: NDArray[np.bool_] = codes == SignatureVerdict.GOOD.value
    return good


def bls_aggregate_verify(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: IdColumn,
    messages: ByteColumn,
    signature: bytes,
    *,
    possession_proven: bool = False,
) -> SignatureVerdict:
    """Check one signature that stands for one message of each key.

    As many keys as messages are demanded, and at least one; otherwise the verdict is ``EQUATION``. Rule:
    signature verification, section 4.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag of the ciphersuite.
        key_ids: Integers, one for each message.
        messages: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
        signature: Compressed point.
        possession_proven: Whether a proof of possession has been checked for every key. If not, messages must
            be different, as the basic suite demands; one that occurs twice gives ``EQUATION``.

    Returns:
        The verdict.

    Raises:
        depinverify.exceptions.InputError: A column is of another type.
    """
    return SignatureVerdict(
        _native.bls_aggregate_verify(
            registry, dst, key_ids, messages, signature, possession_proven=possession_proven
        )
    )


def bls_fast_aggregate_verify(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: IdColumn,
    message: bytes,
    signature: bytes,
    *,
    possession_proven: bool,
) -> SignatureVerdict:
    """Check one signature of many keys under the same message.

    Without a key the verdict is ``EQUATION``; keys whose sum is infinite are ``BAD_KEY``. Rule: signature
    verification, section 4.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag of the ciphersuite.
        key_ids: Integers.
        message: What all have signed.
        signature: Compressed point.
        possession_proven: The caller's word that a proof of possession has been checked and stored for every
            key. Without one, a signer can choose a key that cancels the others, so ``False`` is refused.

    Returns:
        The verdict.

    Raises:
        depinverify.exceptions.InputError: ``possession_proven`` is false, or the column is of another type.
    """
    return SignatureVerdict(
        _native.bls_fast_aggregate_verify(
            registry, dst, key_ids, message, signature, possession_proven=possession_proven
        )
    )


def bls_verify(
    variant: BlsVariant, dst: bytes, public_key: bytes, message: bytes, signature: bytes
) -> SignatureVerdict:
    """Check one BLS signature over BLS12-381.

    Args:
        variant: ``min-pk`` for keys of 48 bytes in G1, ``min-sig`` for keys of 96 bytes in G2.
        dst: The domain separation tag of the ciphersuite.
        public_key: Compressed point.
        message: What was signed.
        signature: Compressed point of the other group.

    Returns:
        The verdict.

    Raises:
        depinverify.exceptions.InputError: The variant is unknown.
    """
    return SignatureVerdict(_native.bls_verify(variant, dst, public_key, message, signature))


def bls_secret_key(seed: bytes) -> bytes:
    """Make a BLS secret key from a seed; the same seed gives the same key.

    Args:
        seed: 32 bytes.

    Returns:
        The key, 32 bytes, big endian.

    Raises:
        depinverify.exceptions.InputError: The seed is not 32 bytes long.
    """
    return _native.bls_secret_key(seed)


def bls_public_key(variant: BlsVariant, secret_key: bytes) -> bytes:
    """Return the compressed public key of a BLS secret key.

    Args:
        variant: ``min-pk`` or ``min-sig``.
        secret_key: 32 bytes, big endian.

    Returns:
        48 bytes for ``min-pk``, 96 for ``min-sig``.

    Raises:
        depinverify.exceptions.InputError: The secret is no number from 1 to r - 1, or the variant is unknown.
    """
    return _native.bls_public_key(variant, secret_key)


def bls_sign(variant: BlsVariant, dst: bytes, secret_key: bytes, message: bytes) -> bytes:
    """Sign a message with a BLS key, for a beacon of one's own.

    Args:
        variant: ``min-pk`` or ``min-sig``.
        dst: The domain separation tag of the ciphersuite.
        secret_key: 32 bytes, big endian.
        message: What is signed.

    Returns:
        The compressed signature: 96 bytes for ``min-pk``, 48 for ``min-sig``.

    Raises:
        depinverify.exceptions.InputError: The secret is no number from 1 to r - 1, or the variant is unknown.
    """
    return _native.bls_sign(variant, dst, secret_key, message)
