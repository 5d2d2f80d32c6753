"""Contract events, as an explorer or an archive node gives them.

In: one object of ``events.jsonl``. Out: an event of one type, or a
:class:`~depinverify.networks.filecoin.refusals.Refusal` that says what could not be read. Rule: Filecoin, A3
and A4. Invariant: an event is read by itself; whether the contract could have sent it is the replay's to say. A
piece of an event is one that a data set takes.

Every event has ``event, block, set_id`` and optionally ``log_index``, and beside them:

=====================  =====================================================================================
``DataSetCreated``     ``provider``, optionally ``payer``
``PiecesAdded``        ``first_piece_id, pieces``: each the text of an identifier, ``{cid}`` with it, or
                       ``{header, root}``, two words of 32 bytes
``RemovalsScheduled``  ``piece_ids``
``PiecesRemoved``      ``piece_ids``
``NextProvingPeriod``  ``challenge_epoch, leaf_count``
``PossessionProven``   ``challenges``: ``{piece_id, offset}`` each
``DataSetEmpty``
``DataSetDeleted``
=====================  =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.lines import as_text
from depinverify.networks.filecoin.packing import unpack_identifier
from depinverify.networks.filecoin.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from depinverify.networks.filecoin.lines import Members

__all__ = [
    "DataSetCreated",
    "DataSetDeleted",
    "DataSetEmpty",
    "Event",
    "NextProvingPeriod",
    "Piece",
    "PiecesAdded",
    "PiecesRemoved",
    "PossessionProven",
    "RemovalsScheduled",
    "read_event",
    "read_piece",
]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that a data set takes.

    Attributes:
        identifier: Bytes of its identifier, version 2.
        leaves: Leaves that its payload reaches into.
    """

    identifier: bytes
    leaves: int


@dataclass(frozen=True, slots=True)
class Event:
    """What every event has.

    Attributes:
        place: File and line.
        set_id: The data set, up to 256 bits.
        block: Height of the block.
        log_index: Place in the block, if known.
    """

    place: str
    set_id: int
    block: int
    log_index: int | None

    @property
    def name(self) -> str:
        """Its name in the contract."""
        return type(self).__name__

    def refused(self, label: str, detail: str) -> Refusal:
        """The event as a refusal."""
        return Refusal(self.place, label, detail, self.set_id, self.name, self.block)


@dataclass(frozen=True, slots=True)
class DataSetCreated(Event):
    """A data set was made.

    Attributes:
        provider: Who keeps it, ``0x`` and 40 lower-case hex digits.
        payer: Who pays, likewise, if known.
    """

    provider: str
    payer: str | None


@dataclass(frozen=True, slots=True)
class PiecesAdded(Event):
    """Pieces came in.

    Attributes:
        first_piece_id: Id of the first; the others follow.
        pieces: The pieces.
    """

    first_piece_id: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class RemovalsScheduled(Event):
    """Pieces are to be taken out when the next period is started.

    Attributes:
        piece_ids: Which.
    """

    piece_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PiecesRemoved(Event):
    """Scheduled removals were processed, by the transaction that starts the next period.

    Attributes:
        piece_ids: Which.
    """

    piece_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NextProvingPeriod(Event):
    """The provider started a period.

    Attributes:
        challenge_epoch: Epoch whose beacon seeds the challenges.
        leaf_count: Leaves of the set, among which challenges are drawn.
    """

    challenge_epoch: int
    leaf_count: int


@dataclass(frozen=True, slots=True)
class PossessionProven(Event):
    """The verifier took a proof.

    Attributes:
        challenges: Piece and leaf inside it of each challenge.
    """

    challenges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DataSetEmpty(Event):
    """The set has no leaves any more."""


@dataclass(frozen=True, slots=True)
class DataSetDeleted(Event):
    """The set is no more."""


class _PieceRefusedError(InputError):
    """No data set takes the piece."""


def read_event(members: Members, place: str) -> Event | Refusal:
    """The event of one object.

    Args:
        members: The object.
        place: File and line.
    """
    name: str | None = None
    set_id: int | None = None
    block: int | None = None
    try:
        stated = members.text("event")
        if stated not in _READERS:
            expected = ", ".join(_READERS)
            return Refusal(
                place, "unknown event", f"event: expected one of {expected}, found {ascii(stated)[:60]}"
            )
        name = stated
        set_id = members.number("set_id", bits=256)
        block = members.number("block")
        log_index = members.number("log_index") if members.has("log_index") else None
        return _READERS[name](members, place, set_id, block, log_index)
    except InputError as error:
        label = "piece refused" if isinstance(error, _PieceRefusedError) else "unreadable line"
        return Refusal(place, label, str(error), set_id, name, block)


def read_piece(text: str, called: str) -> Piece:
    """The piece of an identifier as text.

    Args:
        text: The text.
        called: How messages call it.

    Raises:
        InputError: It is no identifier of version 2, or no data set takes a piece of this size.
    """
    return _admitted(lambda: _native.FilecoinPieceId.parse(text), called)


def _admitted(read: Callable[[], _native.FilecoinPieceId], called: str) -> Piece:
    try:
        piece = read()
        piece.admit()
    except InputError as error:
        raise _PieceRefusedError(f"{called}: {error}") from None
    leaves = piece.leaf_count
    if leaves is None:
        raise _PieceRefusedError(f"{called}: expected leaves that 64 bits count, found more")
    return Piece(piece.to_bytes(), leaves)


def _piece(within: Members, place: int, value: object) -> Piece:
    called = f"pieces[{place}]"
    if isinstance(value, str):
        return read_piece(as_text(value, called), called)
    item = within.inside("pieces", place, value)
    if item.has("cid"):
        return read_piece(item.text("cid"), called)
    header, root = item.word("header"), item.word("root")
    return _admitted(lambda: _native.FilecoinPieceId.from_bytes(unpack_identifier(header, root)), called)


def _created(members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    payer = members.address("payer") if members.has("payer") else None
    return DataSetCreated(place, set_id, block, log_index, members.address("provider"), payer)


def _added(members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    first = members.number("first_piece_id")
    pieces = tuple(_piece(members, number, value) for number, value in enumerate(members.items("pieces")))
    return PiecesAdded(place, set_id, block, log_index, first, pieces)


def _scheduled(members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    return RemovalsScheduled(place, set_id, block, log_index, tuple(members.numbers("piece_ids")))


def _removed(members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    return PiecesRemoved(place, set_id, block, log_index, tuple(members.numbers("piece_ids")))


def _started(members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    challenge_epoch = members.number("challenge_epoch")
    return NextProvingPeriod(
        place, set_id, block, log_index, challenge_epoch, members.number("leaf_count", bits=256)
    )


def _proven(members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    challenges = tuple(
        (challenge.number("piece_id", bits=256), challenge.number("offset", bits=256))
        for challenge in members.objects("challenges")
    )
    return PossessionProven(place, set_id, block, log_index, challenges)


def _empty(_members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    return DataSetEmpty(place, set_id, block, log_index)


def _deleted(_members: Members, place: str, set_id: int, block: int, log_index: int | None) -> Event:
    return DataSetDeleted(place, set_id, block, log_index)


_READERS: Final[dict[str, Callable[[Members, str, int, int, int | None], Event]]] = {
    "DataSetCreated": _created,
    "PiecesAdded": _added,
    "RemovalsScheduled": _scheduled,
    "PiecesRemoved": _removed,
    "NextProvingPeriod": _started,
    "PossessionProven": _proven,
    "DataSetEmpty": _empty,
    "DataSetDeleted": _deleted,
}
