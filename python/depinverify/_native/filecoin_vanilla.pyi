"""The Merkle paths behind Filecoin's proofs of spacetime, and the hash that they are made of.

Reasons, sectors and post types are as in the stub of ``filecoin_post``.
"""

from collections.abc import Sequence

def filecoin_decode_vanilla(
    proof: bytes,
) -> tuple[
    tuple[int, bytes, bytes, bytes, list[tuple[bytes, bytes, tuple[int, int, int], list[tuple[bytes, int]]]]]
    | None,
    tuple[str, str] | None,
]:
    """Read the Merkle paths of one sector (Filecoin, B6).

    Args:
        proof: The serialised proof.

    Returns:
        The sector's number, ``comm_r``, ``comm_c``, ``comm_r_last``, and for each path: leaf, root, how many of its
        levels are in the base, sub and top tree, and the levels from the leaf up: siblings one after the other, and
        the place among them. Or ``None`` and the reason why the bytes are no proof, ``PROOF_MALFORMED``.
    """

def filecoin_check_vanilla(
    post_type: int, randomness: bytes, sector: tuple[int, bytes], proof: bytes, place: int = 0
) -> tuple[str, str] | None:
    """Check the Merkle paths of one sector, with the interpreter lock released (Filecoin, B6).

    Args:
        post_type: The type of the proof that they are made for.
        randomness: 32 bytes as drawn; the two top bits are cleared here.
        sector: The sector as the chain knows it.
        proof: The serialised proof.
        place: The sector's place among all sectors of the proof, from 0; counts in window proofs of version 1 alone.

    Returns:
        ``None`` if all challenged leaves are in the sector's tree, else the reason: ``PROOF_MALFORMED``,
        ``COMMITMENT_MISMATCH`` or ``PATH_MISMATCH``.

    Raises:
        depinverify.exceptions.InputError: The type is unknown, or an argument has another length.
    """

def filecoin_poseidon(elements: Sequence[bytes]) -> bytes:
    """Return the Poseidon hash of 2, 4, 8 or 11 elements of the field (Filecoin, B7).

    Args:
        elements: 32 bytes each, little endian.

    Raises:
        depinverify.exceptions.InputError: Another number of elements, or one that is not below the field's order.
    """

def filecoin_poseidon_constants(arity: int) -> tuple[list[int], list[int]]:
    """Return what the hash is made of: all constants of the rounds in order of use, and the matrix row by row.

    Args:
        arity: 2, 4, 8 or 11.

    Raises:
        depinverify.exceptions.InputError: Another arity.
    """
