"""What follows for each data set from its events: its periods, its faults, what it holds and what is owed for it.

In: the replay of a set's events (:mod:`~depinverify.networks.filecoin.events`). Out: frozen values, with a form
in JSON. Rule: Filecoin, A4, A6 and A7. Invariant: everything here follows from events and the height of the
chain, and nothing from a clock. ``paid + withheld + left`` of a payment is its amount. The faulted periods of a
set are those of its fault records, the overdue ones, and those that nobody started since.

In JSON, ids of sets and amounts are decimal text, as they have up to 256 bits; block heights and counts are
numbers, or decimal text beyond 2^53-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from depinverify import _native
from depinverify.canonical import LARGEST_INTEGER

if TYPE_CHECKING:
    from depinverify.canonical import Json
    from depinverify.networks.filecoin.refusals import Refusal

__all__ = [
    "LOSSES",
    "DataSetHistory",
    "Detection",
    "FaultRecord",
    "Payment",
    "PeriodOutcome",
    "PeriodState",
]

PeriodState: TypeAlias = Literal["proven", "faulted", "open"]

#: Shares of lost leaves, in hundredths, for which a history says how likely a loss is noticed.
LOSSES: Final = (1, 5, 20)


@dataclass(frozen=True, slots=True)
class PeriodOutcome:
    """What became of one proving period, or of some in a row that nobody started.

    Attributes:
        number: The period, counted from 0. For the warm-storage service it is the one of settlements: the period covers
            the epochs behind ``activation + number * length`` up to its deadline. For the sample service, which starts
            its rhythm anew after a set was emptied, it is the place in the set's life.
        opens: First epoch in which a proof is taken; of the first period where these are several.
        deadline: Last epoch in which a proof is taken; of the last period where these are several.
        challenge_epoch: Epoch whose beacon seeds the challenges; ``None`` where the period was never started.
        range: Leaves among which challenges are drawn, as they were when the period was started; ``None`` likewise.
        state: ``proven``, ``faulted`` (over without a proof in time) or ``open``.
        proven_at: Block of the proof that the service took.
        why: The state in words.
        count: How many periods this is about: one, or those in a row that nobody started.
        started_at: Block at which the period was started; ``None`` likewise.
        challenged: Leaves of the set that the proof's event says were challenged, in its order.
        piece_ids: Ids given to pieces until the period was started, removed ones included.
        pieces_hash: SHA-256 over ``id (32 bytes, big endian) || identifier`` of the pieces that were live then, by
            ascending id; empty where they are not known.
    """

    number: int
    opens: int
    deadline: int
    challenge_epoch: int | None
    range: int | None
    state: PeriodState
    proven_at: int | None
    why: str
    count: int = 1
    started_at: int | None = None
    challenged: tuple[int, ...] = ()
    piece_ids: int = 0
    pieces_hash: bytes = b""

    def to_json(self) -> dict[str, Json]:
        """The period as JSON."""
        return {
            "number": _exact(self.number),
            "count": _exact(self.count),
            "opens": _exact(self.opens),
            "deadline": _exact(self.deadline),
            "started_at": _exact(self.started_at),
            "challenge_epoch": _exact(self.challenge_epoch),
            "range": _exact(self.range),
            "state": self.state,
            "proven_at": _exact(self.proven_at),
            "challenged": [_exact(leaf) for leaf in self.challenged],
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """Periods without a proof, as the service records them when the next one is started.

    Attributes:
        block: Where the next period was started.
        periods: How many went without a proof.
        deadline: The deadline that was in force.
    """

    block: int
    periods: int
    deadline: int

    def to_json(self) -> dict[str, Json]:
        """The record as JSON."""
        return {
            "block": _exact(self.block),
            "periods": _exact(self.periods),
            "deadline": _exact(self.deadline),
        }


@dataclass(frozen=True, slots=True)
class Detection:
    """How likely it is that a loss of leaves would have been noticed.

    Attributes:
        lost_percent: Share of the leaves that is lost, in hundredths.
        ppm: Chance that at least one challenge failed, in parts per million, rounded down.
    """

    lost_percent: int
    ppm: int


@dataclass(frozen=True, slots=True)
class DataSetHistory:
    """One data set at the height of the evidence.

    Attributes:
        set_id: The data set, up to 256 bits.
        provider: Address of its provider, ``0x`` and 40 lower-case hex digits.
        payer: Address of whoever pays, if known.
        activation: Block of the first start; ``None`` for a set that has never been proved.
        deadline: Deadline in force; ``None`` before the first start, while the set is empty and once it is deleted.
        periods: What became of its periods, ascending.
        fault_records: What the service recorded, in the order of blocks.
        pieces_live: Pieces that it holds.
        leaves: Their leaves of 32 bytes.
        raw_bytes: The most bytes of payload that so many leaves can hold.
        rate: What it costs per epoch, in base units of the service's token.
        refusals: Its refused events, in their order: the first hundred.
        refused: How many events were refused.
        overdue_periods: Periods that are over without a proof and not on record yet, as the provider stopped calling.
        proven_words: The periods marked as proven, as the service keeps them: words of 256 bits by their number; period
            ``N`` is bit ``N & 255`` of word ``N >> 8``.
        period_length: Epochs of a proving period.
        created_at: Block in which it was created.
        deleted_at: Block in which it was deleted.
        last_action: Block of the provider's last action.
        pieces_removed: Pieces that were taken out.
        removals_queued: Removals that wait for the next period's start.
        is_abandoned: Whether anyone may delete it, as its provider has not acted for so long.
    """

    set_id: int
    provider: str
    payer: str | None
    activation: int | None
    deadline: int | None
    periods: tuple[PeriodOutcome, ...]
    fault_records: tuple[FaultRecord, ...]
    pieces_live: int
    leaves: int
    raw_bytes: int
    rate: int
    refusals: tuple[Refusal, ...]
    refused: int
    overdue_periods: int
    proven_words: tuple[tuple[int, int], ...]
    period_length: int
    created_at: int
    deleted_at: int | None
    last_action: int
    pieces_removed: int
    removals_queued: int
    is_abandoned: bool = False

    @property
    def proven_periods(self) -> int:
        """Periods with a proof in time."""
        return self._in_state("proven")

    @property
    def faulted_periods(self) -> int:
        """Periods that are over without one."""
        return self._in_state("faulted")

    @property
    def open_periods(self) -> int:
        """Periods that can still be proved."""
        return self._in_state("open")

    def _in_state(self, state: PeriodState) -> int:
        return sum(period.count for period in self.periods if period.state == state)

    @property
    def pass_rate(self) -> tuple[int, int]:
        """Proven periods, and all that are over: a rate that means little without :attr:`detection`."""
        proven = self.proven_periods
        return proven, proven + self.faulted_periods

    def detection_ppm(self, lost: int, leaves: int) -> int:
        """Chance that a loss would have failed a challenge of the proven periods, in parts per million, rounded down.

        Args:
            lost: Leaves that are lost.
            leaves: Of how many.

        Raises:
            InputError: There are no leaves, or more are lost than there are.
        """
        return _native.filecoin_detection_ppm(lost, leaves, self.proven_periods)

    @property
    def detection(self) -> tuple[Detection, ...]:
        """What stands beside the pass rate: the chance of noticing a loss of 1, 5 and 20 % of the leaves."""
        return tuple(Detection(percent, self.detection_ppm(percent, 100)) for percent in LOSSES)

    def to_json(self) -> dict[str, Json]:
        """The history as JSON."""
        proven, over = self.pass_rate
        return {
            "set_id": str(self.set_id),
            "provider": self.provider,
            "payer": self.payer,
            "created_at": _exact(self.created_at),
            "deleted_at": _exact(self.deleted_at),
            "activation": _exact(self.activation),
            "deadline": _exact(self.deadline),
            "last_action": _exact(self.last_action),
            "is_abandoned": self.is_abandoned,
            "periods": [period.to_json() for period in self.periods],
            "fault_records": [record.to_json() for record in self.fault_records],
            "overdue_periods": _exact(self.overdue_periods),
            "periods_proven": _exact(proven),
            "periods_over": _exact(over),
            "detection_ppm": {f"lost_{entry.lost_percent}_percent": entry.ppm for entry in self.detection},
            "pieces_live": self.pieces_live,
            "pieces_removed": self.pieces_removed,
            "removals_queued": self.removals_queued,
            "leaves": _exact(self.leaves),
            "raw_bytes": _exact(self.raw_bytes),
            "rate_per_epoch": str(self.rate),
            "refused": self.refused,
            "refusals": [refusal.to_json() for refusal in self.refusals],
        }


@dataclass(frozen=True, slots=True)
class Payment:
    """One proposed payment, settled: ``paid + withheld + left == amount``.

    Attributes:
        set_id: The data set.
        payer: Who pays, if known.
        provider: Who is paid; ``None`` if the data set is unknown.
        from_epoch: The epoch before the first one.
        to_epoch: The last epoch.
        amount: What is proposed for all epochs together, in base units.
        proven_epochs: Settled epochs in proven periods.
        faulted_epochs: Settled epochs in periods that are over without a proof.
        paid: What is paid for the proven epochs, rounded down.
        settled_up_to: The last epoch that is settled; ``from_epoch`` where nothing is.
        withheld: The settled epochs' part of the amount, rounded down, less what is paid.
        why: In words.
        left: What is left to a later settlement.
        is_refused: Whether the proposal is none that can be settled.
        id: How the proposal is called, if it is.
    """

    set_id: int
    payer: str | None
    provider: str | None
    from_epoch: int
    to_epoch: int
    amount: int
    proven_epochs: int
    faulted_epochs: int
    paid: int
    settled_up_to: int
    withheld: int
    why: str
    left: int
    is_refused: bool = False
    id: str | None = None

    def to_json(self) -> dict[str, Json]:
        """The payment as JSON; amounts are decimal text."""
        return {
            "id": self.id,
            "set_id": str(self.set_id),
            "payer": self.payer,
            "provider": self.provider,
            "from": _exact(self.from_epoch),
            "to": _exact(self.to_epoch),
            "amount": str(self.amount),
            "proven_epochs": _exact(self.proven_epochs),
            "faulted_epochs": _exact(self.faulted_epochs),
            "paid": str(self.paid),
            "withheld": str(self.withheld),
            "left": str(self.left),
            "settled_up_to": _exact(self.settled_up_to),
            "is_refused": self.is_refused,
            "why": self.why,
        }


def _exact(number: int | None) -> int | str | None:
    """A number as JSON keeps it exactly."""
    return number if number is None or abs(number) <= LARGEST_INTEGER else str(number)
