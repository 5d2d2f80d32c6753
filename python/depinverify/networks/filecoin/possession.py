"""Proofs of possession: which leaves are asked for, and whether they were shown.

In: the pieces of a data set, seeds, Merkle paths, the evidence of a proof. Out: places, verdicts on paths in their
order, a :class:`Finding` about a proof. Rule: Filecoin, A4 and A5; in time: A6. Invariant: challenges are derived and
never taken from the evidence; a bad proof is a finding and no exception. Whether a proof is right and whether it came
in time are two answers: the verifier takes a late one.

Example:
    >>> from depinverify.networks.filecoin import piece, possession
    >>> data = possession.DataSet(7, [piece.commp(bytes(1000)).piece_id, None])
    >>> data.leaves
    32
    >>> data.challenged(seed=bytes(32), challenge_range=32, count=2)
    [Place(piece=0, offset=22), Place(piece=0, offset=29)]
    >>> found = data.check(block=90, challenge_epoch=60, seed=bytes(32), challenge_range=32, proofs=[(bytes(32), b"")])
    >>> found.is_proved, found.label
    (False, 'proof length does not match tree height')
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from depinverify import _native
from depinverify.exceptions import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from depinverify.networks.filecoin.piece import PieceId

__all__ = [
    "DataSet",
    "Finding",
    "PathVerdict",
    "Place",
    "Rejection",
    "SumTree",
    "challenges",
    "check_paths",
    "proof_fee",
    "seed_of_number",
]

_SEED_BITS = 256

#: What a proof costs, in attoFIL.
proof_fee = _native.filecoin_proof_fee


class Place(NamedTuple):
    """A leaf inside its piece.

    Attributes:
        piece: Id of the piece, counted from 0.
        offset: The leaf's number inside the piece, counted from 0.
    """

    piece: int
    offset: int


class Rejection(NamedTuple):
    """Why a proof is not accepted.

    Attributes:
        label: The reason in a few words that never change.
        text: What was expected and what was found.
    """

    label: str
    text: str


class Finding(NamedTuple):
    """What was found about one proof.

    Attributes:
        places: The leaves that were asked for and shown; ``None`` where the proof is not right.
        rejection: The first reason against it.
        timeliness: When it came; ``None`` where no window was given.
    """

    places: list[Place] | None
    rejection: Rejection | None
    timeliness: Literal["in time", "too early", "late"] | None

    @property
    def is_proved(self) -> bool:
        """Whether the verifier accepts the proof; a late one too."""
        return self.rejection is None

    @property
    def in_time(self) -> bool | None:
        """Whether it came in its window, if one is known."""
        return None if self.timeliness is None else self.timeliness == "in time"

    @property
    def label(self) -> str | None:
        """Label of the rejection, if there is one."""
        return None if self.rejection is None else self.rejection.label


class PathVerdict(IntEnum):
    """Where a path leads."""

    INCLUDED = 0
    WRONG_LENGTH = 1
    OUTSIDE_TREE = 2
    WRONG_ROOT = 3


class SumTree:
    """The index that the contract keeps over the pieces of a data set.

    Example:
        >>> tree = SumTree([200, 100, 1])
        >>> tree.remove(1)
        100
        >>> tree.find(200), tree.find(201), tree.total
        (Place(piece=2, offset=0), None, 201)
    """

    def __init__(self, leaf_counts: Iterable[int] = ()) -> None:
        """Index pieces with so many leaves each, in the order of their ids.

        Raises:
            InputError: A count is no integer of 64 bits.
        """
        self._tree = _native.FilecoinSumTree(leaf_counts)

    def append(self, leaves: int) -> int:
        """Add a piece, and return its id.

        Raises:
            InputError: ``leaves`` is no integer of 64 bits.
        """
        return self._tree.append(leaves)

    def remove(self, piece: int) -> int:
        """Take a piece out, and return how many leaves it had; its id stays used.

        Raises:
            InputError: No piece has this id, or it has no leaves any more.
        """
        return self._tree.remove(piece)

    def find(self, leaf: int) -> Place | None:
        """Where a leaf of the whole set lies; ``None`` behind the last one.

        Raises:
            InputError: The number is negative or exceeds 256 bits.
        """
        found = self._tree.find(leaf)
        return None if found is None else Place(*found)

    @property
    def total(self) -> int:
        """Leaves of all pieces."""
        return self._tree.total

    @property
    def sums(self) -> list[int]:
        """The sums as the contract stores them, by piece."""
        return self._tree.sums()

    def __len__(self) -> int:
        """Pieces added so far, removed ones included."""
        return len(self._tree)


class DataSet:
    """The pieces of a data set, against which proofs are checked."""

    def __init__(self, set_id: int, pieces: Iterable[PieceId | None]) -> None:
        """Take the pieces of a set.

        Args:
            set_id: Id of the set, up to 256 bits.
            pieces: Identifiers of version 2, in the order of their ids; ``None`` for a piece that was removed.

        Raises:
            InputError: The id is out of range, or no data set takes one of the pieces.
        """
        self._set = _native.FilecoinDataSet(set_id, pieces)

    @property
    def leaves(self) -> int:
        """Leaves of all pieces."""
        return self._set.leaves

    def challenged(
        self, seed: bytes, challenge_range: int, count: int = 5, *, first: int = 0
    ) -> list[Place | None]:
        """The places that the set is asked for.

        Args:
            seed: As in :func:`challenges`, as the others are.
            challenge_range: As there.
            count: As there.
            first: As there.

        Returns:
            Places, ``None`` for a leaf that the set does not have; nothing where the range is 0.

        Raises:
            InputError: As there.
        """
        found = self._set.challenged(seed, challenge_range, count, first=first)
        return [None if place is None else Place(*place) for place in found]

    def check(
        self,
        *,
        block: int,
        challenge_epoch: int,
        seed: bytes,
        challenge_range: int,
        proofs: Iterable[tuple[bytes, bytes]],
        sender: bytes | None = None,
        provider: bytes | None = None,
        signature: bytes | None = None,
        leaves_at_start: int | None = None,
        challenged: Sequence[tuple[int, int]] | None = None,
        window: tuple[int, int] | None = None,
    ) -> Finding:
        """Check one proof; what is optional is checked where it is there.

        Args:
            block: Height of the block with the proof's transaction.
            challenge_epoch: The challenge epoch; 0 where none is set.
            seed: The seed, 32 bytes.
            challenge_range: Leaves among which challenges were drawn.
            proofs: For each challenge the leaf, 32 bytes, and its siblings from the bottom up, joined.
            sender: Ethereum address of the transaction's sender, 20 bytes; together with ``provider``.
            provider: Ethereum address of the set's provider, 20 bytes.
            signature: The drand signature that the seed is the digest of; that it is the beacon's own is for the caller
                to check.
            leaves_at_start: Leaves that the set had when the period was started.
            challenged: Places that were challenged, as the chain recorded them.
            window: First and last epoch in which the service takes a proof.

        Raises:
            InputError: A byte string has another length, or a number is out of range.
        """
        places, rejection, timeliness = self._set.check(
            block=block,
            challenge_epoch=challenge_epoch,
            seed=seed,
            challenge_range=challenge_range,
            proofs=list(proofs),
            sender=sender,
            provider=provider,
            signature=signature,
            leaves_at_start=leaves_at_start,
            challenged=challenged,
            window=window,
        )
        return Finding(
            None if places is None else [Place(*place) for place in places],
            None if rejection is None else Rejection(*rejection),
            timeliness,
        )


def challenges(
    seed: bytes, set_id: int, challenge_range: int, count: int = 5, *, first: int = 0
) -> list[int]:
    """The leaves that a data set is asked for.

    Args:
        seed: Digest of the beacon round of the challenge epoch, 32 bytes; see :func:`chain.beacon_digest
            <depinverify.networks.filecoin.chain.beacon_digest>` and :func:`seed_of_number`.
        set_id: Id of the data set, up to 256 bits.
        challenge_range: Leaves of the set when the period was started.
        count: How many; at most a million.
        first: Number of the first challenge.

    Returns:
        Leaves of the set; one can come twice, as draws are independent. None where the range is 0.

    Raises:
        InputError: The seed has another length, or a number is out of range.
    """
    return _native.filecoin_possession_challenges(seed, set_id, challenge_range, count, first=first)


def seed_of_number(number: int) -> bytes:
    """The bytes of a seed that somebody states as a number of 256 bits.

    Raises:
        InputError: The number is negative or exceeds 256 bits.
    """
    if not 0 <= number < 1 << _SEED_BITS:
        raise InputError(f"seed: expected an integer from 0 to 2^{_SEED_BITS}-1, found {number:#x}")
    return number.to_bytes(_SEED_BITS // 8, "big")


def check_paths(
    leaves: object,
    siblings: object,
    offsets: object,
    heights: object,
    roots: object,
    *,
    threads: int | None = None,
) -> NDArray[np.uint8]:
    """Check that leaves lie at their places below roots, millions at a time.

    Args:
        leaves: Column of byte strings, 32 bytes each: a uint8 array ``(n, 32)``, an Arrow binary column or a list.
        siblings: Column of byte strings: the nodes beside each path, the leaf's own sibling first, joined.
        offsets: Column of integers: each leaf's number in its piece.
        heights: Column of integers: the height that each piece's identifier states.
        roots: Column of byte strings, 32 bytes each.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        A :class:`PathVerdict` for each path, in their order.

    Raises:
        InputError: A column is of another type or has a value that no path can have, or they have different lengths.
    """
    return _native.filecoin_check_paths(leaves, siblings, offsets, heights, roots, threads=threads)
