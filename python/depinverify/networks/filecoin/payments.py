"""What is paid of the payments that were proposed for data sets.

In: the history of a data set and proposals for ranges of its epochs, in their order. Out: one
:class:`~depinverify.networks.filecoin.data_sets.Payment` per proposal. Rule: Filecoin, A7: epochs of proven
periods are paid, those of faulted ones are not, and the first period that can still be proved stops the walk.
Invariant: ``paid + withheld + left`` is the amount; no epoch of a set is settled twice. A proposal that cannot
be settled is refused, and pays nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin.data_sets import Payment
from depinverify.networks.filecoin.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from depinverify.networks.filecoin.data_sets import DataSetHistory
    from depinverify.networks.filecoin.lines import Members

__all__ = ["Proposal", "read_proposal", "settle", "settle_all"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A payment that was proposed.

    Attributes:
        set_id: The data set.
        from_epoch: The epoch before the first one.
        to_epoch: The last epoch.
        amount: For all epochs together, in base units.
        id: How it is called, if it is.
    """

    set_id: int
    from_epoch: int
    to_epoch: int
    amount: int
    id: str | None = None


def read_proposal(members: Members, place: str) -> Proposal | Refusal:
    """The proposal of one object of ``settlements.jsonl``.

    Args:
        members: The object.
        place: File and line.
    """
    set_id: int | None = None
    try:
        set_id = members.number("set_id", bits=256)
        return Proposal(
            set_id=set_id,
            from_epoch=members.number("from"),
            to_epoch=members.number("to"),
            amount=members.number("amount", bits=256),
            id=members.text("id") if members.has("id") else None,
        )
    except InputError as error:
        return Refusal(place, "unreadable line", str(error), set_id)


def settle(history: DataSetHistory | None, proposal: Proposal, now: int) -> Payment:
    """Settle one proposal by itself.

    Args:
        history: The data set; ``None`` if nothing is known of it, which refuses the proposal.
        proposal: What was proposed.
        now: The height of the settlement.
    """
    if history is None:
        return _refused(None, proposal, "no such data set")
    start, end = proposal.from_epoch, proposal.to_epoch
    settled, refusal = _native.filecoin_settle(
        _native.FilecoinProvenPeriods(words=dict(history.proven_words)),
        activation=history.activation or 0,
        period=history.period_length,
        amount=proposal.amount,
        from_epoch=start,
        to_epoch=end,
        now=now,
    )
    if settled is None:
        return _refused(history, proposal, "" if refusal is None else ": ".join(refusal))
    paid, up_to, proven = settled
    # Nothing is active where the set was never activated, or only behind the range.
    active = max(0, up_to - max(start, history.activation or up_to))
    part = proposal.amount * (up_to - start) // (end - start)
    return Payment(
        set_id=proposal.set_id,
        payer=history.payer,
        provider=history.provider,
        from_epoch=start,
        to_epoch=end,
        amount=proposal.amount,
        proven_epochs=proven,
        faulted_epochs=active - proven,
        paid=paid,
        settled_up_to=up_to,
        withheld=part - paid,
        why=_why(start, up_to, end, active, proven),
        left=proposal.amount - part,
        id=proposal.id,
    )


def settle_all(
    histories: Mapping[int, DataSetHistory], proposals: Iterable[Proposal], now: int
) -> Iterator[Payment]:
    """Settle proposals in their order, and refuse those about epochs that an earlier one settled.

    Args:
        histories: Data sets by id.
        proposals: What was proposed.
        now: The height of the settlement.
    """
    settled: dict[int, _SettledEpochs] = {}
    for proposal in proposals:
        history = histories.get(proposal.set_id)
        before = settled.setdefault(proposal.set_id, _SettledEpochs())
        if (overlap := before.overlap(proposal.from_epoch, proposal.to_epoch)) is not None:
            start, end = overlap
            yield _refused(
                history, proposal, f"epochs behind {start} up to {end} are settled by another proposal"
            )
            continue
        payment = settle(history, proposal, now)
        if not payment.is_refused:
            before.add(payment.from_epoch, payment.settled_up_to)
        yield payment


class _SettledEpochs:
    """Ranges of epochs that do not touch each other's inside, ascending."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    def overlap(self, start: int, end: int) -> tuple[int, int] | None:
        """A settled range with an epoch in common."""
        place = bisect_left(self._ranges, (start, start))
        near = self._ranges[max(0, place - 1) : place + 1]
        return next((found for found in near if max(start, found[0]) < min(end, found[1])), None)

    def add(self, start: int, end: int) -> None:
        """Settle a range; an empty one settles nothing."""
        if start < end:
            insort(self._ranges, (start, end))


def _why(start: int, up_to: int, end: int, active: int, proven: int) -> str:
    """A payment in words."""
    if up_to > start and not active:
        return "the data set had not been activated"
    words = f"{proven} of {up_to - start} settled epochs lie in proven periods"
    if up_to < end:
        words += f"; the period behind epoch {up_to} can still be proved"
    return words


def _refused(history: DataSetHistory | None, proposal: Proposal, why: str) -> Payment:
    return Payment(
        set_id=proposal.set_id,
        payer=None if history is None else history.payer,
        provider=None if history is None else history.provider,
        from_epoch=proposal.from_epoch,
        to_epoch=proposal.to_epoch,
        amount=proposal.amount,
        proven_epochs=0,
        faulted_epochs=0,
        paid=0,
        settled_up_to=proposal.from_epoch,
        withheld=0,
        why=why,
        left=proposal.amount,
        is_refused=True,
        id=proposal.id,
    )
