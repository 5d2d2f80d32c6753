"""Proving periods: when a proof is in time, when the next period can start, and which periods are faults.

In: a network's parameters, and in order of blocks what a provider did. Out: deadlines, a :class:`FaultRecord` where
periods went without a proof, a :class:`Refusal` where the service refuses. Rule: Filecoin, A6. Invariant: a refusal is
a value and changes nothing.

Example:
    >>> from depinverify.networks.filecoin import proving_period
    >>> state = proving_period.ProvingState("mainnet")
    >>> state.start(block=1000, challenge_epoch=3820).is_started, state.deadline
    (True, 3880)
    >>> state.prove(block=3819).label
    'too early'
    >>> state.start(block=9641, challenge_epoch=12460).faults
    FaultRecord(periods=3, deadline=3880)
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from depinverify import _native

__all__ = [
    "CHALLENGES_PER_PROOF",
    "FaultRecord",
    "Network",
    "Parameters",
    "ProvingState",
    "Refusal",
    "Service",
    "Started",
    "Window",
    "challenge_epoch_refusal",
    "detection_ppm",
    "is_abandoned",
    "parameters_of",
]

#: Challenges that a proof answers, one proof per period.
CHALLENGES_PER_PROOF = 5

#: Whether anyone may delete a set whose provider last acted at one epoch, at another.
is_abandoned = _native.filecoin_is_abandoned

#: Chance that a loss of leaves fails a challenge within so many periods, in parts per million, rounded down.
detection_ppm = _native.filecoin_detection_ppm


class Parameters(NamedTuple):
    """What a network asks of its providers.

    Attributes:
        period: Epochs of a proving period.
        window: Epochs at its end in which a proof is taken; fewer than the period has.
        finality: Epochs that a challenge must lie ahead.
    """

    period: int
    window: int
    finality: int


#: A network by name, or parameters of one's own.
Network: TypeAlias = Literal["mainnet", "calibration"] | tuple[int, int, int]

#: The service whose rules hold where a set that was emptied starts again.
Service: TypeAlias = Literal["warm_storage", "sample"]


class Refusal(NamedTuple):
    """Why something is refused.

    Attributes:
        label: The reason in a few words that never change.
        text: What was expected and what was found.
    """

    label: str
    text: str


class FaultRecord(NamedTuple):
    """Periods that went without a proof.

    Attributes:
        periods: How many.
        deadline: The deadline that was in force.
    """

    periods: int
    deadline: int

    @property
    def challenges(self) -> int:
        """Challenges that went without an answer."""
        return self.periods * CHALLENGES_PER_PROOF


class Started(NamedTuple):
    """The answer to the start of a period.

    Attributes:
        faults: The fault record that it makes, if any.
        refusal: Why nothing was started, if so.
    """

    faults: FaultRecord | None
    refusal: Refusal | None

    @property
    def is_started(self) -> bool:
        """Whether it was taken: a period runs, or the set is empty."""
        return self.refusal is None


class Window(NamedTuple):
    """The epochs in which a proof is taken, both included.

    Attributes:
        opens: The first epoch.
        deadline: The last epoch.
    """

    opens: int
    deadline: int


class ProvingState:
    """Where one data set stands with its proofs."""

    def __init__(self, network: Network = "mainnet", service: Service = "warm_storage") -> None:
        """A set that has never been proved.

        Args:
            network: Whose parameters hold.
            service: Whose rules hold where a set that was emptied starts again: ``warm_storage`` keeps the rhythm of
                the first start, ``sample`` counts from the new one.

        Raises:
            InputError: A name is unknown, or the window is not shorter than the period.
        """
        self._state = _native.FilecoinProvingState(network, service)

    @property
    def parameters(self) -> Parameters:
        """What the network asks for."""
        return Parameters(*self._state.parameters)

    @property
    def activation(self) -> int | None:
        """Block of the first start."""
        return self._state.activation

    @property
    def deadline(self) -> int | None:
        """The last epoch for a proof; ``None`` before the first start and while the set is empty."""
        return self._state.deadline

    @property
    def window(self) -> Window | None:
        """The epochs for a proof; ``None`` likewise."""
        window = self._state.window
        return None if window is None else Window(*window)

    @property
    def is_proven(self) -> bool:
        """Whether the period that runs has its proof."""
        return self._state.is_proven

    def start(self, block: int, challenge_epoch: int) -> Started:
        """Start the first or the next period, as the provider may.

        Args:
            block: Where it is asked for.
            challenge_epoch: The chosen epoch; 0 says that the set has become empty.

        Raises:
            InputError: A number is out of range.
        """
        record, refusal = self._state.start(block, challenge_epoch)
        return Started(None if record is None else FaultRecord(*record), _refusal(refusal))

    def prove(self, block: int, challenges: int = CHALLENGES_PER_PROOF) -> Refusal | None:
        """Note a proof that the verifier has accepted.

        Args:
            block: Where it came.
            challenges: How many challenges it answers.

        Returns:
            ``None`` if the period is proven now, else why not.

        Raises:
            InputError: A number is out of range.
        """
        return _refusal(self._state.prove(block, challenges))

    def timeliness(self, block: int) -> Literal["in time", "too early", "late"] | None:
        """When a proof of this block comes; ``None`` where no period runs.

        Raises:
            InputError: The number is out of range.
        """
        return self._state.timeliness(block)

    def overdue_periods(self, now: int) -> int:
        """Periods that are over without a proof, where the provider has stopped calling; no record of them exists yet.

        Raises:
            InputError: The number is out of range.
        """
        return self._state.overdue_periods(now)


def parameters_of(network: Network) -> Parameters:
    """What a network asks of its providers.

    Raises:
        InputError: The network is unknown, or its window is not shorter than its period.
    """
    return Parameters(*_native.filecoin_proving_parameters(network))


def challenge_epoch_refusal(
    block: int, challenge_epoch: int, *, network: Network = "mainnet"
) -> Refusal | None:
    """Why the verifier does not take a challenge epoch: it is too near, or more than 43200 epochs ahead.

    Args:
        block: Where it is chosen.
        challenge_epoch: The chosen epoch.
        network: Whose parameters hold.

    Raises:
        InputError: A number is out of range, or the network is unknown.
    """
    return _refusal(_native.filecoin_challenge_epoch_refusal(block, challenge_epoch, network=network))


def _refusal(found: tuple[str, str] | None) -> Refusal | None:
    return None if found is None else Refusal(*found)
