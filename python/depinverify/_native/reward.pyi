"""Division of a pool, and the claim tree."""

from os import PathLike
from typing import final

def allocate(
    pool: int,
    ids: list[bytes],
    weights: list[int],
    caps: list[int | None] | None = None,
    mode: str = "largest_remainder",
) -> tuple[list[int], int]:
    """Divide a pool exactly.

    Args:
        pool: What is divided, 0 to 2^256-1.
        ids: Who takes part; distinct. Ties go to the smaller id in byte order.
        weights: One for each id, 0 to 2^512-1.
        caps: The most that each id can get, or ``None`` where there is no limit.
        mode: ``largest_remainder``, ``floor_to_sink`` or ``carry``.

    Returns:
        The amounts in the order of ``ids``, and what is left; together they are the pool.

    Raises:
        InputError: A duplicate id, a negative or too large number, lists of different lengths, an unknown
            mode.
    """

def keccak256(data: bytes) -> bytes:
    """Keccak-256 with the original padding, which is not that of SHA3-256 (scoring and rewards, 11.2)."""

def claim_leaf(payee: bytes, amount: int) -> bytes:
    """The leaf that commits to one claim: Keccak-256, twice, of the ABI encoding of payee and amount.

    Args:
        payee: 20 bytes, an ``address``, or 32, a ``bytes32``.
        amount: A ``uint256``.

    Raises:
        InputError: A payee of another length, or an amount out of its range.
    """

def verify_claim(root: bytes, payee: bytes, amount: int, proof: list[bytes]) -> bool:
    """Whether ``proof`` shows the claim of ``payee`` to ``amount`` to stand under ``root``."""

def verify_multi_proof(root: bytes, leaves: list[bytes], proof: list[bytes], flags: list[bool]) -> bool:
    """Whether one proof leads from all ``leaves`` to ``root``; never for no leaf at all."""

def emission_of(first: int, decay: tuple[int, int], period: int) -> int:
    """Emission of a period: the first one times ``decay``, rounded down once a period (scoring and rewards, 8).

    Args:
        first: Emission of period 0, below 2^256.
        decay: Numerator and denominator.
        period: Number of the period, from 0.

    Raises:
        InputError: The decay has no denominator, or the result does not fit 256 bits.
    """

def withheld_of(whole: int, months: int, percents: list[int]) -> tuple[int, int]:
    """Split an amount into what is paid now and what is withheld (scoring and rewards, 8).

    Args:
        whole: The amount, below 2^256.
        months: Age of the device in months, from 0.
        percents: What is withheld in each month; behind its end nothing is.

    Returns:
        Paid, and withheld.

    Raises:
        InputError: A percentage above 100.
    """

@final
class ClaimTree:
    """The claim tree of a settlement, ``standard-v1`` over ``["address", "uint256"]`` or ``["bytes32", "uint256"]``."""

    @staticmethod
    def from_entries(entries: list[tuple[bytes, int]], *, filler: bool = False) -> ClaimTree:
        """Build the tree over payees and their amounts, in any order.

        Args:
            entries: Payees, all of 20 bytes or all of 32, each once, with amounts below 2^256.
            filler: Add the zero address, or account, with amount 0 where there is exactly one payee, since some
                contracts refuse an empty proof.

        Raises:
            InputError: No entry, a payee twice, payees of both kinds, an amount out of range.
        """

    @staticmethod
    def load(file: bytes) -> ClaimTree:
        """Read a tree's file and re-hash all of it.

        Raises:
            InputError: The file is not such a tree, a hash does not match, or a payee stands twice.
        """

    @property
    def root(self) -> bytes:
        """What is published."""

    def __len__(self) -> int: ...
    def __contains__(self, payee: bytes, /) -> bool: ...
    def entries(self) -> list[tuple[bytes, int]]:
        """Payees and amounts in the order of the file."""

    def amount(self, payee: bytes) -> int:
        """Amount of ``payee``; an ``InputError`` where it is not in the tree."""

    def proof(self, payee: bytes) -> list[bytes]:
        """What ``payee`` hands to the contract; an ``InputError`` where it is not in the tree."""

    def multi_proof(self, payees: list[bytes]) -> tuple[list[tuple[bytes, int]], list[bytes], list[bool]]:
        """One proof for several payees: the claims in the order of its leaves, the nodes, the flags."""

    def verify(self, payee: bytes, amount: int, proof: list[bytes]) -> bool:
        """Whether ``proof`` leads from the claim to this tree's root."""

    def dump(self) -> bytes:
        """The bytes of the tree's file."""

    def dump_sha256(self) -> bytes:
        """SHA-256 of the bytes of the tree's file, which are not kept."""

    def dump_to(self, path: str | PathLike[str]) -> bytes:
        """Write the tree's file in bounded memory; returns the SHA-256 of its bytes."""

    def proofs_to(self, path: str | PathLike[str]) -> bytes:
        """Write every payee's proof, one canonical JSON object a line; returns the SHA-256 of the bytes."""
