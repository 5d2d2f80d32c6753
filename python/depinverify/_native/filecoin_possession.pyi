"""Filecoin's proofs of possession: where a leaf lies, which ones are asked for, whether they were shown (A4, A5).

A place is a pair: the piece's id in its data set, counted from 0, and the leaf's number inside the piece.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from depinverify._native.filecoin_piece import FilecoinPieceId

@final
class FilecoinSumTree:
    """The index that the contract keeps over the pieces of a data set (Filecoin, A4)."""

    def __new__(cls, leaf_counts: Iterable[int] = ()) -> FilecoinSumTree:
        """Make the index of pieces with so many leaves each, in the order of their ids.

        Raises:
            depinverify.exceptions.InputError: A count is no integer of 64 bits.
        """

    def append(self, leaves: int) -> int:
        """Add a piece and return its id; a piece without leaves takes an id too.

        Raises:
            depinverify.exceptions.InputError: ``leaves`` is no integer of 64 bits.
        """

    def remove(self, piece: int) -> int:
        """Take a piece out and return how many leaves it had; its id stays used.

        Raises:
            depinverify.exceptions.InputError: No piece has this id, or it has no leaves any more.
        """

    def find(self, leaf: int) -> tuple[int, int] | None:
        """Return the place of a leaf of the whole set, or ``None`` behind the last one.

        Args:
            leaf: The leaf's number in the set, up to 256 bits.

        Raises:
            depinverify.exceptions.InputError: The number is out of range.
        """

    @property
    def total(self) -> int:
        """Leaves of all pieces."""

    def sums(self) -> list[int]:
        """Return the sums as the contract stores them, by piece."""

    def __len__(self) -> int:
        """Pieces added so far, removed ones included."""

def filecoin_possession_challenges(
    seed: bytes, set_id: int, challenge_range: int, count: int = 5, *, first: int = 0
) -> list[int]:
    """Return the leaves that a data set is asked for (Filecoin, A5).

    Args:
        seed: Digest of the beacon round of the challenge epoch, 32 bytes.
        set_id: Id of the data set, up to 256 bits.
        challenge_range: Leaves among which is drawn, those of the set when the period was started, up to 128 bits.
        count: How many; at most a million.
        first: Number of the first challenge.

    Returns:
        Leaves of the set. Draws are independent, so that a leaf can come twice. None where ``challenge_range`` is 0.

    Raises:
        depinverify.exceptions.InputError: The seed has another length, or a number is out of range.
    """

def filecoin_path_verdicts() -> dict[int, str]:
    """Return what the numbers of :func:`filecoin_check_paths` say.

    0 ``included``, 1 ``wrong length``, 2 ``outside the tree``, 3 ``wrong root``.
    """

def filecoin_check_paths(
    leaves: object,
    siblings: object,
    offsets: object,
    heights: object,
    roots: object,
    *,
    threads: int | None = None,
) -> NDArray[np.uint8]:
    """Check that leaves lie at their places below roots (Filecoin, A5), with the interpreter lock released.

    Args:
        leaves: Column of byte strings, 32 bytes each: a uint8 array ``(n, 32)``, an Arrow binary column or a list.
        siblings: Column of byte strings: the nodes beside each path, the leaf's own sibling first, joined.
        offsets: Column of integers of 64 bits: each leaf's number in its piece.
        heights: Column of integers, 0 to 255: the height that each piece's identifier states.
        roots: Column of byte strings, 32 bytes each.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        A number for each path, in their order, whatever its neighbours are; see :func:`filecoin_path_verdicts`. A path
        whose siblings are not whole nodes, or more or fewer than the tree has levels, has a ``wrong length``.

    Raises:
        depinverify.exceptions.InputError: A column is of another type, has rows without a value, a leaf or a root of
            another length or an integer out of range; or the columns have different lengths.
    """

@final
class FilecoinDataSet:
    """The pieces of a data set, against which proofs of possession are checked (Filecoin, A5)."""

    def __new__(cls, set_id: int, pieces: Iterable[FilecoinPieceId | None]) -> FilecoinDataSet:
        """Make a data set.

        Args:
            set_id: Its id, up to 256 bits.
            pieces: Identifiers of version 2 of all its pieces, in the order of their ids; ``None`` for a removed one.

        Raises:
            depinverify.exceptions.InputError: The id is out of range, or no data set takes one of the pieces.
        """

    @property
    def leaves(self) -> int:
        """Leaves of all pieces."""

    def challenged(
        self, seed: bytes, challenge_range: int, count: int = 5, *, first: int = 0
    ) -> list[tuple[int, int] | None]:
        """Return the places that the set is asked for.

        Args:
            seed: As in :func:`filecoin_possession_challenges`, as the others are.
            challenge_range: As there.
            count: As there.
            first: As there.

        Returns:
            Places, ``None`` for a leaf that the set does not have; nothing where ``challenge_range`` is 0.

        Raises:
            depinverify.exceptions.InputError: As there.
        """

    def check(
        self,
        *,
        block: int,
        challenge_epoch: int,
        seed: bytes,
        challenge_range: int,
        proofs: Sequence[tuple[bytes, bytes]],
        sender: bytes | None = None,
        provider: bytes | None = None,
        signature: bytes | None = None,
        leaves_at_start: int | None = None,
        challenged: Sequence[tuple[int, int]] | None = None,
        window: tuple[int, int] | None = None,
    ) -> tuple[
        list[tuple[int, int]] | None,
        tuple[str, str] | None,
        Literal["in time", "too early", "late"] | None,
    ]:
        """Check one proof of possession, with the interpreter lock released.

        Challenges are derived and never taken from the evidence. What is optional is checked where it is there.

        Args:
            block: Height of the block with the proof's transaction.
            challenge_epoch: The challenge epoch; 0 where none is set.
            seed: The seed, 32 bytes.
            challenge_range: Leaves among which challenges were drawn.
            proofs: For each challenge the leaf, 32 bytes, and its siblings from the bottom up, joined.
            sender: Ethereum address of the transaction's sender, 20 bytes; together with ``provider``.
            provider: Ethereum address of the set's provider, 20 bytes.
            signature: The drand signature that the seed is the digest of; whether it is the beacon's own is not
                checked here.
            leaves_at_start: Leaves that the set had when the period was started.
            challenged: Places that were challenged, as the chain recorded them.
            window: First and last epoch in which the service takes a proof.

        Returns:
            The places that were shown, or ``None`` and the first reason against the proof: a label that never changes
            and a sentence. Apart from that when it came, where a window is given: a late proof can be right.

            Labels, in the order of the checks: ``sender is not the provider``, ``empty proof``, ``premature proof``,
            ``no challenge scheduled``, ``seed not of the beacon``, ``challenge range not of the period's start``,
            ``empty challenge range``, ``challenge range beyond the set``, ``another leaf than was challenged``,
            ``proof length does not match tree height``, ``leaf outside the tree``, ``proof did not verify``.

        Raises:
            depinverify.exceptions.InputError: A byte string has another length, a number is out of range, the window
                ends before it opens, or one of ``sender`` and ``provider`` is missing.
        """

def filecoin_proof_fee(challenge_range: int, *, per_tebibyte: int = ...) -> int:
    """Return what a proof costs, in attoFIL; it is burned (Filecoin, A5).

    Args:
        challenge_range: Leaves among which challenges are drawn, up to 128 bits.
        per_tebibyte: Price of 2^40 bytes, in attoFIL, up to 128 bits; 2.3e14 unless given.

    Raises:
        depinverify.exceptions.InputError: A number is out of range.
    """
