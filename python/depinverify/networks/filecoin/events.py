"""The replay of contract events: what data sets hold, when they were proved, what the contract would refuse.

In: events in the order of blocks. Out: for each data set its
:class:`~depinverify.networks.filecoin.data_sets.DataSetHistory`; and every refused event with a label. Rule:
Filecoin, A4 for pieces and removals, A5 and A6 for periods. Invariant: an event that is refused changes
nothing; a set's id is given once. Memory grows with data sets, live pieces and started periods.

Labels of the service are those of the rule. A ``leaf count`` or ``set not empty`` is no refusal of the
contract: the event states something else than follows from the events before, so that some are missing or
wrong; the period is started with the leaves that follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depinverify import _native
from depinverify.networks.filecoin.contract_events import (
    DataSetCreated,
    DataSetDeleted,
    DataSetEmpty,
    Event,
    NextProvingPeriod,
    PiecesAdded,
    PiecesRemoved,
    PossessionProven,
    RemovalsScheduled,
)
from depinverify.networks.filecoin.data_sets import DataSetHistory
from depinverify.networks.filecoin.holdings import Holdings
from depinverify.networks.filecoin.period_history import PeriodHistory
from depinverify.networks.filecoin.refusals import Refusal, Refusals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depinverify.networks.filecoin.holdings import Reason
    from depinverify.networks.filecoin.period_history import Terms

__all__ = ["Replay", "SetReplay"]

#: Refusals of one set that are kept whole.
KEPT_OF_SET: Final = 100


class SetReplay:
    """One data set, event by event.

    Args:
        created: The event that made it.
        terms: Of the network and the service.
    """

    def __init__(self, created: DataSetCreated, terms: Terms) -> None:
        self.created: Final = created
        self.holdings: Final = Holdings()
        self.periods: Final = PeriodHistory(terms)
        self.refusals: Final = Refusals(limit=KEPT_OF_SET)
        self.deleted_at: int | None = None
        self.last_action = created.block
        self._length: Final = terms.period

    def apply(self, event: Event) -> list[Reason]:
        """Take an event in.

        Returns:
            What stands against it: nothing, or why it was refused, or what else follows from the events before.
        """
        if self.deleted_at is not None:
            return [("data set deleted", f"expected no event after the deletion in block {self.deleted_at}")]
        if reason := self._refusal(event):
            return [reason]
        if not isinstance(event, DataSetEmpty | DataSetDeleted):
            # Anyone may delete an abandoned set, and it is the verifier that notes an empty one.
            self.last_action = event.block
        leaves = self.holdings.leaves
        if isinstance(event, NextProvingPeriod) and event.leaf_count != leaves:
            return [("leaf count", f"expected {leaves} leaves after this event, found {event.leaf_count}")]
        return []

    def _refusal(self, event: Event) -> Reason | None:
        """Take in an event, or say why the contract refuses it."""
        reason: Reason | None = None
        match event:
            case DataSetCreated():
                reason = "data set exists", f"it was created in block {self.created.block}"
            case DataSetDeleted():
                self.deleted_at = event.block
            case DataSetEmpty():
                if leaves := self.holdings.leaves_at_start:
                    reason = "set not empty", f"expected no leaves, found {leaves}"
            case PiecesAdded():
                reason = self.holdings.add(event.first_piece_id, event.pieces)
            case RemovalsScheduled():
                reason = self.holdings.schedule(event.piece_ids)
            case PiecesRemoved():
                reason = self.holdings.process(event.piece_ids)
            case NextProvingPeriod():
                reason = self._start(event)
            case PossessionProven():
                reason = self._prove(event)
        return reason

    def _start(self, event: NextProvingPeriod) -> Reason | None:
        if reason := self.holdings.unprocessed():
            return reason
        leaves = self.holdings.leaves_at_start
        # Whoever says that the set is empty is taken at his word about the period; the leaves are another finding.
        is_emptied = not leaves or event.challenge_epoch == event.leaf_count == 0
        reason = self.periods.start(event.block, None if is_emptied else event.challenge_epoch, leaves)
        if reason is None:
            self.holdings.start()
            self.periods.note_pieces(self.holdings.ids, self.holdings.pieces_hash())
        return reason

    def state_start(self, block: int, challenge_epoch: int, leaves: int) -> Reason | None:
        """Take in a start that somebody states without its event; a challenge epoch of 0 empties the set."""
        if challenge_epoch and not leaves:
            return "no leaves", "expected leaves to draw challenges among, found none"
        return self.periods.start(block, challenge_epoch or None, leaves)

    def state_proof(self, block: int) -> Reason | None:
        """Take in a proof that somebody states without its event, so that its leaves are unknown."""
        return self.periods.prove(block, None)

    def _prove(self, event: PossessionProven) -> Reason | None:
        return self.periods.prove(
            event.block, tuple(self.holdings.leaf_of(piece, offset) for piece, offset in event.challenges)
        )

    def history(self, now: int) -> DataSetHistory:
        """The set at a height."""
        is_deleted = self.deleted_at is not None
        at, ended = now, None
        if self.deleted_at is not None:
            at, ended = self.deleted_at, f"the data set was deleted in block {self.deleted_at}"
        leaves = 0 if is_deleted else self.holdings.leaves
        return DataSetHistory(
            set_id=self.created.set_id,
            provider=self.created.provider,
            payer=self.created.payer,
            activation=self.periods.activation,
            deadline=None if is_deleted else self.periods.deadline,
            periods=self.periods.outcomes(at, ended),
            fault_records=tuple(self.periods.faults),
            pieces_live=0 if is_deleted else self.holdings.live,
            leaves=leaves,
            raw_bytes=_native.filecoin_raw_upper_bound(leaves),
            rate=_native.filecoin_rate_per_epoch(leaves),
            refusals=tuple(self.refusals),
            refused=len(self.refusals),
            overdue_periods=self.periods.overdue(at),
            proven_words=self.periods.proven_words,
            period_length=self._length,
            created_at=self.created.block,
            deleted_at=self.deleted_at,
            last_action=self.last_action,
            pieces_removed=self.holdings.removed,
            removals_queued=self.holdings.queued,
            is_abandoned=not is_deleted and _native.filecoin_is_abandoned(self.last_action, now),
        )


class Replay:
    """All data sets, event by event.

    Args:
        terms: Of the network and the service.
        now: Height of the chain: no event can be later.

    Attributes:
        terms: Of the network and the service.
        now: Height of the chain.
        refusals: All refusals, in the order of the evidence.
        events: How many lines of events there were.
    """

    def __init__(self, terms: Terms, now: int) -> None:
        self.refusals: Final = Refusals()
        self.events = 0
        self.terms: Final = terms
        self.now: Final = now
        self._sets: Final[dict[int, SetReplay]] = {}
        self._last: tuple[int, int | None] = (0, None)

    def run(self, events: Iterable[Event | Refusal]) -> None:
        """Take events in, in the order of blocks; what could not be read is counted in its place."""
        for event in events:
            self.events += 1
            if isinstance(event, Refusal):
                self.refuse(event)
            else:
                self.apply(event)

    def apply(self, event: Event) -> None:
        """Take one event in."""
        if reason := self._out_of_order(event):
            self.refuse(event.refused(*reason))
            return
        self._last = (event.block, event.log_index)
        known = self._sets.get(event.set_id)
        if known is not None:
            for reason in known.apply(event):
                self.refuse(event.refused(*reason))
        elif isinstance(event, DataSetCreated):
            self._sets[event.set_id] = SetReplay(event, self.terms)
        else:
            self.refuse(event.refused("no such data set", "expected DataSetCreated before any other event"))

    def _out_of_order(self, event: Event) -> Reason | None:
        block, log_index = self._last
        if event.block > self.now:
            return "event in the future", f"block: expected at most {self.now}, found {event.block}"
        if event.block < block:
            return "events out of order", f"block: expected at least {block}, found {event.block}"
        if event.block > block or event.log_index is None or log_index is None or event.log_index > log_index:
            return None
        return "events out of order", f"log_index: expected more than {log_index}, found {event.log_index}"

    def add(self, replayed: SetReplay) -> bool:
        """Take in a set that was stated whole; false if there is one of this id."""
        return self._sets.setdefault(replayed.created.set_id, replayed) is replayed

    def refuse(self, refusal: Refusal) -> None:
        """Count a refusal, for its data set too."""
        self.refusals.add(refusal)
        if refusal.set_id is not None and (known := self._sets.get(refusal.set_id)) is not None:
            known.refusals.add(refusal)

    def histories(self) -> Iterator[DataSetHistory]:
        """The data sets, ascending by id."""
        for set_id in sorted(self._sets):
            yield self._sets[set_id].history(self.now)
