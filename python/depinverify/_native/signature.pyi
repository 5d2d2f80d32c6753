"""Ed25519 and ECDSA signatures."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

@final
class KeyRegistry:
    """Public keys, parsed once and addressed by dense ids 0, 1, 2, ... in order of first registration.

    A key that does not parse is a record too; its items get ``BAD_KEY``. Keys that sign often get a table, with which
    their signatures are checked many times faster; it changes no verdict.

    Args:
        table_bytes: Most bytes of tables that are kept between calls, 1 GiB unless given; those not used for longest
            go first.

    Raises:
        depinverify.exceptions.InputError: ``table_bytes`` is below 0.
    """

    def __new__(cls, *, table_bytes: int | None = None) -> KeyRegistry: ...
    def __len__(self) -> int: ...
    @property
    def table_bytes(self) -> int:
        """Bytes of the tables that are kept now."""

    def register(self, scheme: str, public_key: bytes) -> int:
        """Register a key.

        Args:
            scheme: ``ed25519``, ``p256`` or ``secp256k1``.
            public_key: 32 bytes for Ed25519; SEC1, compressed or not, for the ECDSA curves.

        Returns:
            The key's id; the same scheme and bytes always give the same one.

        Raises:
            depinverify.exceptions.InputError: The scheme is unknown.
        """

    def register_many(
        self, scheme: str, public_keys: object, *, threads: int | None = None
    ) -> NDArray[np.uint32]:
        """Register many keys of one scheme, parsing new ones on all threads.

        Args:
            scheme: ``ed25519``, ``p256`` or ``secp256k1``.
            public_keys: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            One id for each row.

        Raises:
            depinverify.exceptions.InputError: The scheme is unknown, or the column is of another type.
        """

    def find(self, scheme: str, public_key: bytes) -> int | None:
        """Return the id of a registered key.

        Args:
            scheme: ``ed25519``, ``p256`` or ``secp256k1``.
            public_key: The bytes that were registered.

        Returns:
            The id, or ``None``.

        Raises:
            depinverify.exceptions.InputError: The scheme is unknown.
        """

    def is_usable(self, key_id: int) -> bool:
        """Say whether a registered key parses.

        Args:
            key_id: An id that was given out.

        Returns:
            ``False`` for a key whose items all get ``BAD_KEY``.

        Raises:
            depinverify.exceptions.InputError: The id was not given out.
        """

def verify_signatures(
    scheme: str,
    profile: str,
    registry: KeyRegistry,
    key_ids: object,
    messages: object,
    signatures: object,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of signatures; see :func:`depinverify.signature.verify_codes`.

    Args:
        scheme: Scheme of all items.
        profile: Acceptance rule.
        registry: Where the keys were registered.
        key_ids: Integers.
        messages: Byte strings without nulls.
        signatures: Byte strings.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all.

    Returns:
        Verdict numbers.

    Raises:
        depinverify.exceptions.InputError: The call is malformed.
    """

def verify_signature(scheme: str, profile: str, public_key: bytes, message: bytes, signature: bytes) -> int:
    """Check one signature.

    Args:
        scheme: The key's scheme.
        profile: Acceptance rule.
        public_key: The key.
        message: What was signed.
        signature: The signature.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: The scheme or the profile is unknown.
    """

def signature_verdicts() -> list[tuple[int, str, str]]:
    """Return number, name and sentence of every signature verdict of the catalogue."""

def vector_unit() -> str:
    """Return the name of the vector unit that checks signatures: ``avx512``, ``avx2``, or ``portable`` for none.

    The environment variable ``DEPINVERIFY_SIMD`` forces a lower one. It changes speed, never a verdict.
    """

def ed25519_residue_order(public_key: bytes, message: bytes, signature: bytes) -> int | None:
    """Return the order of an Ed25519 signature's torsion residue.

    Args:
        public_key: 32 bytes.
        message: What was signed.
        signature: 64 bytes.

    Returns:
        1, 2, 4 or 8, or ``None`` where the residue is no torsion point.
    """

def ethereum_message_digest(message: bytes) -> bytes:
    """Return Keccak-256 of a message behind Ethereum's prefix for signed messages.

    Args:
        message: What the wallet showed.

    Returns:
        32 bytes.
    """

def recover_address(digest: bytes, signature: bytes, *, s: str) -> bytes | None:
    """Find the Ethereum address that made a recoverable signature.

    Args:
        digest: 32 bytes.
        signature: 65 bytes.
        s: ``any_s`` or ``low_s``.

    Returns:
        20 bytes, or ``None`` if the signature is refused.

    Raises:
        depinverify.exceptions.InputError: The digest is not 32 bytes long, or the policy is unknown.
    """

def recover_key(digest: bytes, signature: bytes, *, s: str) -> bytes | None:
    """Find the secp256k1 key that made a recoverable signature.

    Args:
        digest: 32 bytes.
        signature: 65 bytes.
        s: ``any_s`` or ``low_s``.

    Returns:
        The uncompressed key, or ``None`` if the signature is refused.

    Raises:
        depinverify.exceptions.InputError: The digest is not 32 bytes long, or the policy is unknown.
    """
