"""Data sets that somebody states whole, instead of showing their events.

In: one object of ``sets.jsonl``: ``set_id, provider, activation, pieces, periods``, optionally ``payer``; a
piece is ``id, cid`` and optionally ``removed``, a period ``challenge_epoch, range, opened_at`` and optionally
``proven_at``. Out: the data set in a replay, as if its events had been there. Rule: Filecoin, A4 and A6.
Invariant: periods go through the same rules as those of events; one that the service would have refused is
reported and changes nothing. What a list of pieces cannot show is not checked: which of them were there in a
period that is over, and which leaves were challenged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify.exceptions import InputError
from depinverify.networks.filecoin.contract_events import DataSetCreated, read_piece
from depinverify.networks.filecoin.events import SetReplay
from depinverify.networks.filecoin.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.networks.filecoin.contract_events import Piece
    from depinverify.networks.filecoin.events import Replay
    from depinverify.networks.filecoin.holdings import Reason
    from depinverify.networks.filecoin.lines import Members

__all__ = ["restore"]

#: Ids that a list may leave out in all: each costs an entry, as if its piece had been stated and removed.
MOST_LEFT_OUT: Final = 1 << 16
#: Leaves of the largest piece that a set takes.
_MOST_LEAVES: Final = 1 << 50


def restore(members: Members | Refusal, place: str, replay: Replay) -> None:
    """Take a stated data set into a replay.

    Args:
        members: The object, or why its line is none.
        place: File and line.
        replay: Where it goes.
    """
    if isinstance(members, Refusal):
        replay.refuse(members)
        return
    set_id: int | None = None
    try:
        set_id = members.number("set_id", bits=256)
        activation = members.number("activation")
        payer = members.address("payer") if members.has("payer") else None
        created = DataSetCreated(place, set_id, activation, None, members.address("provider"), payer)
        pieces, most_leaves = _pieces(members)
        periods = [_Period(period) for period in members.objects("periods")]
    except InputError as error:
        replay.refuse(Refusal(place, "unreadable line", str(error), set_id))
        return
    stated = SetReplay(created, replay.terms)
    stated.holdings.restore(pieces)
    if not replay.add(stated):
        replay.refuse(created.refused("data set exists", "expected each data set once, in events or in sets"))
        return
    for label, detail in _proved(stated, activation, periods, most_leaves, replay.now):
        replay.refuse(Refusal(place, label, detail, set_id))


class _Period:
    """A period as it is stated."""

    def __init__(self, members: Members) -> None:
        self.where = members.within
        self.challenge_epoch = members.number("challenge_epoch")
        self.range = members.number("range", bits=128)
        self.opened_at = members.number("opened_at")
        self.proven_at = members.number("proven_at") if members.has("proven_at") else None


def _pieces(members: Members) -> tuple[list[Piece | None], int]:
    """Pieces by id, ``None`` for those that were removed, stated or left out; and the most leaves that all can have."""
    pieces: list[Piece | None] = []
    left_out = leaves = 0
    for item in members.objects("pieces"):
        number = item.number("id")
        most = len(pieces) + MOST_LEFT_OUT - left_out
        if not len(pieces) <= number <= most:
            raise InputError(
                f"{item.within}.id: expected an ascending id from {len(pieces)} to {most}, found {number}",
                hint="Pieces that were removed can be stated with removed = true.",
            )
        left_out += number - len(pieces)
        pieces += [None] * (number - len(pieces))
        piece = read_piece(item.text("cid"), f"{item.within}.cid")
        pieces.append(None if item.flag("removed") else piece)
        leaves += piece.leaves
    return pieces, leaves + left_out * _MOST_LEAVES


def _proved(
    stated: SetReplay, activation: int, periods: list[_Period], most_leaves: int, now: int
) -> Iterator[Reason]:
    """Go through the periods, and give what stands against them."""
    last = 0
    for period in periods:
        if period.range > most_leaves:
            yield (
                "leaf count",
                f"{period.where}.range: expected at most the {most_leaves} leaves of all pieces, found {period.range}",
            )
            continue
        # Where a period is not started, its proof is of no other one.
        for block, is_proof in ((period.opened_at, False), (period.proven_at, True)):
            if block is None:
                continue
            if not last <= block <= now:
                yield (
                    "events out of order",
                    f"{period.where}: expected a block from {last} to {now}, found {block}",
                )
                break
            reason = (
                stated.state_proof(block)
                if is_proof
                else stated.state_start(block, period.challenge_epoch, period.range)
            )
            if reason is None:
                last = stated.last_action = block
            else:
                label, detail = reason
                yield label, f"{period.where}: {detail}"
                break
    first = stated.periods.activation
    if first != activation and periods:
        found = "none" if first is None else f"block {first}"
        yield "activation", f"expected the first start at block {activation}, found {found}"
