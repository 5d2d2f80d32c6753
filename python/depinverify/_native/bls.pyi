"""BLS signatures over BLS12-381."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

@final
class BlsKeyRegistry:
    """BLS public keys of one variant, decoded and checked once, addressed by dense ids 0, 1, 2, ...

    A key that is infinite, off the curve or outside the prime-order subgroup is a record too; its items get
    ``BAD_KEY``. Rule: signature verification, sections 4 and 5.1.

    Args:
        variant_name: ``min-pk`` for keys of 48 bytes in G1, ``min-sig`` for keys of 96 bytes in G2.

    Raises:
        depinverify.exceptions.InputError: The variant is unknown.
    """

    def __new__(cls, variant_name: str) -> BlsKeyRegistry: ...
    def __len__(self) -> int: ...
    @property
    def variant(self) -> str:
        """``min-pk`` or ``min-sig``."""

    def register(self, public_key: bytes) -> int:
        """Register a key.

        Args:
            public_key: Compressed point.

        Returns:
            The key's id; the same bytes always give the same one.
        """

    def register_many(self, public_keys: object, *, threads: int | None = None) -> NDArray[np.uint32]:
        """Register many keys, decoding new ones on all threads.

        Args:
            public_keys: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            One id for each row.

        Raises:
            depinverify.exceptions.InputError: The column is of another type.
        """

    def find(self, public_key: bytes) -> int | None:
        """Return the id of a registered key.

        Args:
            public_key: The bytes that were registered.

        Returns:
            The id, or ``None``.
        """

    def is_usable(self, key_id: int) -> bool:
        """Say whether a registered key can be used.

        Args:
            key_id: An id that was given out.

        Returns:
            ``False`` for a key whose items all get ``BAD_KEY``.

        Raises:
            depinverify.exceptions.InputError: The id was not given out.
        """

def verify_bls_signatures(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: object,
    messages: object,
    signatures: object,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of BLS signatures; see :func:`depinverify.signature.bls_verify_codes`.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag.
        key_ids: Integers.
        messages: Byte strings.
        signatures: Byte strings.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all.

    Returns:
        One verdict number for each item.

    Raises:
        depinverify.exceptions.InputError: The call is malformed.
    """

def bls_aggregate_verify(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: object,
    messages: object,
    signature: bytes,
    *,
    possession_proven: bool,
) -> int:
    """Check an aggregate; see :func:`depinverify.signature.bls_aggregate_verify`.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag.
        key_ids: Integers.
        messages: Byte strings, one for each key.
        signature: Compressed point.
        possession_proven: Whether messages may be equal.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: A column is of another type.
    """

def bls_fast_aggregate_verify(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: object,
    message: bytes,
    signature: bytes,
    *,
    possession_proven: bool,
) -> int:
    """Check an aggregate under one message; see :func:`depinverify.signature.bls_fast_aggregate_verify`.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag.
        key_ids: Integers.
        message: What all have signed.
        signature: Compressed point.
        possession_proven: Must be true.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: ``possession_proven`` is false, or the column is of another type.
    """

def bls_verify(variant_name: str, dst: bytes, public_key: bytes, message: bytes, signature: bytes) -> int:
    """Check one BLS signature over BLS12-381.

    Args:
        variant_name: ``min-pk`` or ``min-sig``.
        dst: The domain separation tag.
        public_key: Compressed point.
        message: What was signed.
        signature: Compressed point of the other group.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: The variant is unknown.
    """

def bls_secret_key(seed: bytes) -> bytes:
    """Make a BLS secret key from a seed of 32 bytes.

    Args:
        seed: 32 bytes.

    Returns:
        32 bytes, big endian.

    Raises:
        depinverify.exceptions.InputError: The seed has another length.
    """

def bls_public_key(variant_name: str, secret_key: bytes) -> bytes:
    """Return the compressed public key of a BLS secret key.

    Args:
        variant_name: ``min-pk`` or ``min-sig``.
        secret_key: 32 bytes, big endian.

    Returns:
        48 or 96 bytes.

    Raises:
        depinverify.exceptions.InputError: The secret or the variant is none.
    """

def bls_sign(variant_name: str, dst: bytes, secret_key: bytes, message: bytes) -> bytes:
    """Sign a message with a BLS key.

    Args:
        variant_name: ``min-pk`` or ``min-sig``.
        dst: The domain separation tag.
        secret_key: 32 bytes, big endian.
        message: What is signed.

    Returns:
        96 or 48 bytes.

    Raises:
        depinverify.exceptions.InputError: The secret or the variant is none.
    """
