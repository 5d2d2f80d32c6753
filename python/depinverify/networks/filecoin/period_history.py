"""The proving periods of one data set, from its first start to the height of the evidence.

In: starts of periods and proofs, in the order of blocks. Out: what became of each period, fault records, and
which periods are marked as proven for settlements; or a label and a sentence that say why the service refuses.
Rule: Filecoin, A5 for what the verifier asks of a proof before its answers, A6, and A7 for the marks.
Invariant: what is refused changes nothing but the sentence of the period that it came too late for. Memory
grows with starts, not with periods: those in a row that nobody started are one outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from depinverify import _native
from depinverify.networks.filecoin.data_sets import FaultRecord, PeriodOutcome

if TYPE_CHECKING:
    from depinverify.networks.filecoin.holdings import Reason

__all__ = ["PeriodHistory", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a network and a service ask of providers.

    Attributes:
        network: The network, or a triple of one's own; see :class:`depinverify._native.FilecoinProvingState`.
        service: The service that holds the deadlines.
        period: Epochs of a proving period.
        window: Epochs at its end in which a proof is taken.
    """

    network: Literal["mainnet", "calibration"] | tuple[int, int, int]
    service: Literal["warm_storage", "sample"]
    period: int
    window: int

    @classmethod
    def of(
        cls,
        network: Literal["mainnet", "calibration"] | tuple[int, int, int],
        service: Literal["warm_storage", "sample"] = "warm_storage",
    ) -> Terms:
        """The terms of a network and a service.

        Raises:
            InputError: The network is unknown, or its window is not shorter than its period.
        """
        period, window, _ = _native.filecoin_proving_parameters(network)
        return cls(network, service, period, window)


@dataclass(slots=True)
class _Started:
    """A period as it was started."""

    number: int
    opens: int
    deadline: int
    challenge_epoch: int
    range: int
    started_at: int
    piece_ids: int = 0
    pieces_hash: bytes = b""
    proven_at: int | None = None
    challenged: tuple[int, ...] = ()
    late_at: int | None = None

    def outcome(self, now: int, ended: str | None = None) -> PeriodOutcome:
        """What became of it at a height; ``ended`` says why nothing can come any more."""
        state: Literal["proven", "faulted", "open"]
        if self.proven_at is not None:
            state, why = "proven", f"proved at block {self.proven_at}"
        elif self.deadline < now:
            state = "faulted"
            why = "no proof came"
            if self.late_at is not None:
                why = f"a proof came at block {self.late_at}, after the deadline"
        else:
            state, why = "open", ended or "a proof can still come"
        return PeriodOutcome(
            number=self.number,
            opens=self.opens,
            deadline=self.deadline,
            challenge_epoch=self.challenge_epoch,
            range=self.range,
            state=state,
            proven_at=self.proven_at,
            why=why,
            started_at=self.started_at,
            challenged=self.challenged,
            piece_ids=self.piece_ids,
            pieces_hash=self.pieces_hash,
        )


class PeriodHistory:
    """The proving periods of one data set.

    Args:
        terms: Of its network and service.

    Attributes:
        faults: Fault records, in the order of blocks.
    """

    def __init__(self, terms: Terms) -> None:
        self.faults: list[FaultRecord] = []
        self._terms = terms
        self._state = _native.FilecoinProvingState(terms.network, terms.service)
        self._proven = _native.FilecoinProvenPeriods()
        self._over: list[PeriodOutcome] = []
        self._running: _Started | None = None
        self._next_number = 0

    @property
    def activation(self) -> int | None:
        """Block of the first start."""
        return self._state.activation

    @property
    def deadline(self) -> int | None:
        """Deadline in force."""
        return self._state.deadline

    @property
    def proven_words(self) -> tuple[tuple[int, int], ...]:
        """The marks of proven periods as words of 256 bits, by number."""
        return tuple(self._proven.words().items())

    def start(self, block: int, challenge_epoch: int | None, leaves: int) -> Reason | None:
        """Start the next period.

        Args:
            block: Where it was asked for.
            challenge_epoch: What was chosen; ``None`` if the set has become empty, so that proving stops.
            leaves: Among which challenges will be drawn.
        """
        if challenge_epoch is None and self._running is None:
            return "no leaves", "expected leaves to start a period with, found none"
        if challenge_epoch is not None and (
            refusal := _native.filecoin_challenge_epoch_refusal(
                block, challenge_epoch, network=self._terms.network
            )
        ):
            return refusal
        fault, refusal = self._state.start(block, challenge_epoch or 0)
        if refusal:
            return refusal
        if self._running is not None:
            self._close(self._running, block, 0 if fault is None else fault[0])
        self._running = None
        if challenge_epoch is not None and (window := self._state.window) is not None:
            opens, deadline = window
            self._running = _Started(
                number=self._number_of(deadline),
                opens=opens,
                deadline=deadline,
                challenge_epoch=challenge_epoch,
                range=leaves,
                started_at=block,
            )
        return None

    def note_pieces(self, ids: int, pieces_hash: bytes) -> None:
        """Keep with the period that was just started which pieces it is about; see :class:`PeriodOutcome`."""
        if self._running is not None:
            self._running.piece_ids = ids
            self._running.pieces_hash = pieces_hash

    def prove(self, block: int, challenged: tuple[int | None, ...] | None) -> Reason | None:
        """Take a proof that the verifier has accepted.

        Args:
            block: Block of its transaction.
            challenged: Leaves that it shows, ``None`` for one that the set does not have; or ``None`` where nothing is
                known of them, but that they were as many as the service asks for.
        """
        running = self._running
        if reason := self._premature(block) or self._outside(challenged or ()):
            return reason
        if challenged is None:
            refusal = self._state.prove(block)
        elif challenged:
            refusal = self._state.prove(block, len(challenged))
        else:
            return "empty proof", "expected at least one challenge, found none"
        if running is None or refusal:
            if running is not None and running.proven_at is None and block > running.deadline:
                running.late_at = running.late_at or block
            return refusal
        running.proven_at = block
        running.challenged = tuple(leaf for leaf in challenged or () if leaf is not None)
        if (activation := self._state.activation) is not None:
            # The mark is of the period that contains the block, by the rhythm of the activation.
            self._proven.mark((block - activation - 1) // self._terms.period)
        return None

    def _premature(self, block: int) -> Reason | None:
        running = self._running
        if running is None or block >= running.challenge_epoch:
            return None
        return "premature proof", f"block {block}: the challenge epoch is {running.challenge_epoch}"

    def _outside(self, challenged: tuple[int | None, ...]) -> Reason | None:
        """A leaf that no challenge of the running period can ask for."""
        if self._running is None:
            return None
        for number, leaf in enumerate(challenged):
            if leaf is None or leaf >= self._running.range:
                found = "none of the set's" if leaf is None else f"leaf {leaf}"
                return (
                    "leaf outside the challenge range",
                    f"challenge {number}: expected one of {self._running.range} leaves, found {found}",
                )
        return None

    def overdue(self, now: int) -> int:
        """Periods that are over without a proof and not on record, as the provider stopped calling."""
        return self._state.overdue_periods(now)

    def outcomes(self, now: int, ended: str | None = None) -> tuple[PeriodOutcome, ...]:
        """What became of all periods.

        Args:
            now: The height up to which.
            ended: Why nothing can come after it, if that is so.
        """
        if self._running is None:
            return tuple(self._over)
        last = self._running.outcome(now, ended)
        length = self._terms.period
        skipped = max(0, now - last.deadline - 1) // length
        return (*self._over, last, *self._skipped(last, skipped, "nobody started it"))

    def _close(self, running: _Started, block: int, faults: int) -> None:
        """Put a period on record that ends with the start of the next one, and those skipped between them."""
        # A period that is ended by a start is over, also where its deadline is not.
        last = running.outcome(max(block, running.deadline + 1))
        skipped = faults - (last.state == "faulted")
        self._over += [last, *self._skipped(last, skipped, f"nobody started it until block {block}")]
        self._next_number = last.number + 1 + skipped
        if faults:
            self.faults.append(FaultRecord(block, faults, running.deadline))

    def _skipped(self, last: PeriodOutcome, count: int, why: str) -> list[PeriodOutcome]:
        if not count:
            return []
        terms = self._terms
        return [
            PeriodOutcome(
                number=last.number + 1,
                opens=last.deadline + terms.period - terms.window,
                deadline=last.deadline + terms.period * count,
                challenge_epoch=None,
                range=None,
                state="faulted",
                proven_at=None,
                why=why,
                count=count,
            )
        ]

    def _number_of(self, deadline: int) -> int:
        """Number of a period: by the rhythm of the activation, or by its place where a new start begins a new one."""
        activation = self._state.activation
        if self._terms.service == "sample" or activation is None:
            return self._next_number
        return (deadline - activation) // self._terms.period - 1
