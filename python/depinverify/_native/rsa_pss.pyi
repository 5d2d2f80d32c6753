"""RSA-PSS signatures."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

@final
class RsaKeyRegistry:
    """RSA public keys, checked once and addressed by dense ids 0, 1, 2, ... in order of first registration.

    A key outside the rule's bounds is a record too; its items get ``BAD_KEY``. Rule: signature verification,
    section 4: a modulus of 2048 to 4096 bits, odd, and an exponent odd, at least 3, below 2^32.
    """

    def __new__(cls) -> RsaKeyRegistry: ...
    def __len__(self) -> int: ...
    def register(self, modulus: bytes, exponent: bytes) -> int:
        """Register a key.

        Args:
            modulus: Big-endian number; leading zeros do not count.
            exponent: The same.

        Returns:
            The key's id; the same numbers always give the same one.
        """

    def find(self, modulus: bytes, exponent: bytes) -> int | None:
        """Return the id of a registered key.

        Args:
            modulus: Big-endian number.
            exponent: The same.

        Returns:
            The id, or ``None``.
        """

    def is_usable(self, key_id: int) -> bool:
        """Say whether a registered key is within the bounds.

        Args:
            key_id: An id that was given out.

        Returns:
            ``False`` for a key whose items all get ``BAD_KEY``.

        Raises:
            depinverify.exceptions.InputError: The id was not given out.
        """

def verify_rsa_pss_signatures(
    profile: str,
    registry: RsaKeyRegistry,
    key_ids: object,
    messages: object,
    signatures: object,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of RSA-PSS signatures; see :func:`depinverify.signature.rsa_pss_verify_codes`.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        registry: Where the keys were registered.
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

def verify_rsa_pss_signature(
    profile: str, modulus: bytes, exponent: bytes, message: bytes, signature: bytes
) -> int:
    """Check one RSA-PSS signature.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        modulus: Big-endian number.
        exponent: The same.
        message: What was signed.
        signature: As long as the modulus.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: The profile is unknown.
    """
