"""Settlement by the warm-storage service: a proposed amount is paid for the epochs of proven periods.

In: a set's activation, its proven periods, a proposed amount for a range of epochs, the block of the settlement. Out:
:class:`Settled`, or a :class:`Refused` proposal. Rule: Filecoin, A7. Invariant: ``0 <= paid <= amount``, rounded down
once; what lies behind ``up_to`` is left to a later settlement.

Example:
    >>> from depinverify.networks.filecoin import settlement
    >>> settlement.settle(
    ...     settlement.ProvenPeriods([0, 2]),
    ...     activation=1000, period=2880, amount=3_000_000_000, from_epoch=1000, to_epoch=9640, now=9641,
    ... )
    Settled(paid=2000000000, up_to=9640, proven_epochs=5760)
"""

from __future__ import annotations

from typing import NamedTuple, cast

from depinverify import _native

__all__ = ["ProvenPeriods", "Refused", "Settled", "period_deadline", "period_of", "settle"]

#: Proven periods, from their numbers or from the words of the contract's bitmap.
ProvenPeriods = _native.FilecoinProvenPeriods

#: Number of the period that holds an epoch; ``None`` up to the activation.
period_of = _native.filecoin_period_of

#: The last epoch of a period; ``None`` where it exceeds 64 bits.
period_deadline = _native.filecoin_period_deadline


class Settled(NamedTuple):
    """What is paid.

    Attributes:
        paid: The amount.
        up_to: The last epoch that is settled.
        proven_epochs: Epochs that the amount is for.
    """

    paid: int
    up_to: int
    proven_epochs: int


class Refused(NamedTuple):
    """Why a proposal cannot be settled.

    Attributes:
        label: ``empty range`` or ``range not over``.
        text: What was expected and what was found.
    """

    label: str
    text: str


def settle(
    proven: ProvenPeriods,
    *,
    activation: int,
    period: int,
    amount: int,
    from_epoch: int,
    to_epoch: int,
    now: int,
) -> Settled | Refused:
    """Settle a proposal.

    Args:
        proven: The set's proven periods.
        activation: Block of the first start; 0 for a set that has never been proved.
        period: Epochs of a period.
        amount: For all epochs together, up to 256 bits.
        from_epoch: The epoch before the first one.
        to_epoch: The last epoch.
        now: Block of the settlement.

    Raises:
        InputError: A number is out of range, or ``period`` is 0.
    """
    settled, refused = _native.filecoin_settle(
        proven,
        activation=activation,
        period=period,
        amount=amount,
        from_epoch=from_epoch,
        to_epoch=to_epoch,
        now=now,
    )
    if settled is None:
        return Refused(*cast("tuple[str, str]", refused))
    return Settled(*settled)
