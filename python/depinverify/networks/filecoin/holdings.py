"""The pieces of one data set: what came in, what is to go, and where a leaf lies.

In: additions and removals in the order of blocks. Out: the leaves that the set has, or a label and a sentence
that say why the contract refuses. Rule: Filecoin, A4: ids in order and never reused, batches of at most 100
pieces, at most 2000 queued removals, which take effect only when the next proving period is started. Invariant:
what is refused changes nothing. The contract's index over pieces and the plain sum over them agree at every
start of a period.
"""

from __future__ import annotations

import hashlib
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeAlias

from depinverify import _native

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from depinverify.networks.filecoin.contract_events import Piece

__all__ = ["MOST_PIECES_ADDED", "MOST_REMOVALS_QUEUED", "Holdings", "Reason", "hash_of_pieces"]

#: Pieces of one batch.
MOST_PIECES_ADDED: Final = 100
#: Removals that can wait for the next period's start.
MOST_REMOVALS_QUEUED: Final = 2000

#: Why something is refused: a label that never changes, and what was expected and found.
Reason: TypeAlias = tuple[str, str]


class Holdings:
    """The pieces of one data set.

    Attributes:
        removed: How many pieces were taken out.
    """

    def __init__(self) -> None:
        self.removed = 0
        self._tree = _native.FilecoinSumTree()
        self._leaves: list[int] = []
        self._live: dict[int, bytes] = {}
        #: Removals that were scheduled, and of those the ones that were processed and wait for the start.
        self._queued: dict[int, None] = {}
        self._processed: dict[int, None] = {}
        self._is_scheduling_seen = False
        #: First leaf of each piece, and the end.
        self._starts = [0]
        self._digest = hashlib.sha256()

    @property
    def ids(self) -> int:
        """Ids that were given, which is the next one."""
        return len(self._leaves)

    @property
    def live(self) -> int:
        """Pieces that the set holds."""
        return len(self._live)

    @property
    def leaves(self) -> int:
        """Leaves of the pieces that the set holds."""
        return self._tree.total

    @property
    def leaves_at_start(self) -> int:
        """Leaves that the set will have when the next period is started."""
        return self.leaves - sum(self._leaves[piece] for piece in self._processed)

    @property
    def queued(self) -> int:
        """Removals that wait, processed or not."""
        return len(self._queued) + len(self._processed)

    def add(self, first_id: int, pieces: Sequence[Piece]) -> Reason | None:
        """Take pieces in."""
        if not 0 < len(pieces) <= MOST_PIECES_ADDED:
            return "batch size", f"expected 1 to {MOST_PIECES_ADDED} pieces, found {len(pieces)}"
        if first_id != self.ids:
            return "piece ids out of order", f"first_piece_id: expected {self.ids}, found {first_id}"
        for piece in pieces:
            self._append(piece)
        return None

    def restore(self, pieces: Sequence[Piece | None]) -> None:
        """Take pieces in at once, as somebody states them; ``None`` for an id whose piece was taken out."""
        for piece in pieces:
            if piece is None:
                self._count(0)
                self.removed += 1
            else:
                self._append(piece)

    def _append(self, piece: Piece) -> None:
        number = self.ids
        self._count(piece.leaves)
        self._live[number] = piece.identifier
        _hash_piece(self._digest, number, piece.identifier)

    def _count(self, leaves: int) -> None:
        self._tree.append(leaves)
        self._leaves.append(leaves)
        self._starts.append(self._starts[-1] + leaves)

    def schedule(self, ids: Sequence[int]) -> Reason | None:
        """Queue removals."""
        if self.queued + len(ids) > MOST_REMOVALS_QUEUED:
            return (
                "too many removals queued",
                f"expected at most {MOST_REMOVALS_QUEUED}, found {self.queued + len(ids)}",
            )
        if reason := self._unfit(ids):
            return reason
        self._is_scheduling_seen = True
        self._queued.update(dict.fromkeys(ids))
        return None

    def process(self, ids: Sequence[int]) -> Reason | None:
        """Process queued removals; they take effect with :meth:`start`.

        Whoever gives no events for the queue itself shows removals here for the first time.
        """
        if self._is_scheduling_seen:
            for piece in ids:
                if piece not in self._queued:
                    return "removal not scheduled", f"expected a queued piece, found piece {piece}"
            if len(set(ids)) < len(ids):
                return "removal not scheduled", "expected each piece once"
        else:
            if self.queued + len(ids) > MOST_REMOVALS_QUEUED:
                return (
                    "too many removals queued",
                    f"expected at most {MOST_REMOVALS_QUEUED}, found {self.queued + len(ids)}",
                )
            if reason := self._unfit(ids):
                return reason
        for piece in ids:
            self._queued.pop(piece, None)
        self._processed.update(dict.fromkeys(ids))
        return None

    def _unfit(self, ids: Sequence[int]) -> Reason | None:
        if not ids:
            return "batch size", "expected at least 1 piece, found 0"
        seen: set[int] = set()
        for piece in ids:
            if piece not in self._live:
                return "no such piece", f"expected a live piece, found piece {piece} of {self.ids}"
            if piece in self._queued or piece in self._processed or piece in seen:
                return "removal queued before", f"expected a piece that is not queued, found piece {piece}"
            seen.add(piece)
        return None

    def unprocessed(self) -> Reason | None:
        """Why no period can be started: removals that are queued and not processed."""
        if not self._queued:
            return None
        return "removals unprocessed", f"expected no queued removals, found {len(self._queued)}"

    def start(self) -> None:
        """Let processed removals take effect: a period was started."""
        for piece in self._processed:
            self._tree.remove(piece)
            self._leaves[piece] = 0
            del self._live[piece]
        if self._processed:
            self.removed += len(self._processed)
            self._processed.clear()
            self._starts = [0, *accumulate(self._leaves)]
            self._digest = _hash_pieces(self._live)

    def leaf_of(self, piece: int, offset: int) -> int | None:
        """The set's leaf at an offset of a piece, or ``None`` if the set has none there."""
        if piece not in self._live or offset >= self._leaves[piece]:
            return None
        leaf = self._starts[piece] + offset
        # The contract's index must lead back to where the plain sum came from.
        return leaf if self._tree.find(leaf) == (piece, offset) else None

    def pieces_hash(self) -> bytes:
        """SHA-256 over the ids and identifiers of live pieces; see :func:`hash_of_pieces`."""
        return self._digest.copy().digest()


def hash_of_pieces(identifiers: Mapping[int, bytes]) -> bytes:
    """SHA-256 over ``id (32 bytes, big endian) || identifier`` of pieces in the order of their ids.

    Args:
        identifiers: Identifier by id, ascending. An identifier says by itself where it ends.
    """
    return _hash_pieces(identifiers).digest()


def _hash_pieces(identifiers: Mapping[int, bytes]) -> hashlib._Hash:
    digest = hashlib.sha256()
    for number, identifier in identifiers.items():
        _hash_piece(digest, number, identifier)
    return digest


def _hash_piece(digest: hashlib._Hash, number: int, identifier: bytes) -> None:
    digest.update(number.to_bytes(32, "big"))
    digest.update(identifier)
