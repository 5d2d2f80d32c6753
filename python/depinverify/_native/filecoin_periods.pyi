"""Filecoin's proving periods: when a proof is in time, and which periods are faults (Filecoin, A6).

Epochs and blocks are integers of 64 bits. A refusal is a pair: a label that never changes, and a sentence with what was
expected and what was found. A network is ``mainnet``, ``calibration`` or a triple of one's own: epochs of a proving
period, those at its end in which a proof is taken, and those that a challenge must lie ahead.
"""

from typing import Literal, final

@final
class FilecoinProvingState:
    """Where one data set stands with its proofs. What is refused changes nothing."""

    def __new__(
        cls,
        network: Literal["mainnet", "calibration"] | tuple[int, int, int] = "mainnet",
        service: Literal["warm_storage", "sample"] = "warm_storage",
    ) -> FilecoinProvingState:
        """Make the state of a set that has never been proved.

        Args:
            network: Whose parameters hold.
            service: Whose rules hold where a set that was emptied starts again: ``warm_storage`` keeps the rhythm of
                the first start, ``sample`` counts from the new one.

        Raises:
            depinverify.exceptions.InputError: The name is unknown, or the window is not shorter than the period.
        """

    @property
    def activation(self) -> int | None:
        """Block of the first start; ``None`` before it."""

    @property
    def deadline(self) -> int | None:
        """Last epoch in which a proof is taken; ``None`` before the first start and while the set is empty."""

    @property
    def window(self) -> tuple[int, int] | None:
        """First and last epoch in which a proof is taken; ``None`` likewise."""

    @property
    def is_proven(self) -> bool:
        """Whether the period that runs has its proof."""

    @property
    def parameters(self) -> tuple[int, int, int]:
        """Epochs of a period, of its window, and those that a challenge must lie ahead."""

    def start(
        self, block: int, challenge_epoch: int
    ) -> tuple[tuple[int, int] | None, tuple[str, str] | None]:
        """Start the first or the next period, as the set's provider may.

        Args:
            block: Where it is asked for.
            challenge_epoch: The chosen epoch; 0 says that the set has become empty.

        Returns:
            The fault record that the start makes, if any: periods without a proof, and the deadline that was in force.
            And the refusal, if it is refused: ``already called this period``, ``challenge epoch not after activation``,
            ``challenge epoch outside window`` or ``no deadline``.

        Raises:
            depinverify.exceptions.InputError: A number is out of range.
        """

    def prove(self, block: int, challenges: int = 5) -> tuple[str, str] | None:
        """Note a proof that the verifier has accepted.

        Args:
            block: Where it came.
            challenges: How many challenges it answers.

        Returns:
            ``None`` if the period is proven now, else the refusal: ``already proven``, ``too few challenges``,
            ``proving not started``, ``period passed`` or ``too early``.

        Raises:
            depinverify.exceptions.InputError: A number is out of range.
        """

    def timeliness(self, block: int) -> Literal["in time", "too early", "late"] | None:
        """Return when a proof of this block comes, or ``None`` where no window is open to come.

        Raises:
            depinverify.exceptions.InputError: The number is out of range.
        """

    def overdue_periods(self, now: int) -> int:
        """Return how many periods are over without a proof, where the provider has stopped calling.

        Raises:
            depinverify.exceptions.InputError: The number is out of range.
        """

    def __copy__(self) -> FilecoinProvingState: ...

def filecoin_challenge_epoch_refusal(
    block: int,
    challenge_epoch: int,
    *,
    network: Literal["mainnet", "calibration"] | tuple[int, int, int] = "mainnet",
) -> tuple[str, str] | None:
    """Return why the verifier does not take a challenge epoch, or ``None`` if it does.

    Args:
        block: Where it is chosen.
        challenge_epoch: The chosen epoch.
        network: Whose parameters hold.

    Returns:
        ``challenge epoch too soon``, where it lies nearer than the finality, or ``challenge epoch too far ahead``, more
        than 43200 epochs.

    Raises:
        depinverify.exceptions.InputError: A number is out of range, or the network is unknown.
    """

def filecoin_proving_parameters(
    network: Literal["mainnet", "calibration"] | tuple[int, int, int],
) -> tuple[int, int, int]:
    """Return epochs of a period, of its window, and those that a challenge must lie ahead.

    Raises:
        depinverify.exceptions.InputError: The network is unknown.
    """

def filecoin_is_abandoned(last_action: int, now: int) -> bool:
    """Whether anyone may delete a set whose provider last acted then: more than 86400 epochs ago.

    Raises:
        depinverify.exceptions.InputError: A number is out of range.
    """

def filecoin_detection_ppm(lost: int, leaves: int, periods: int) -> int:
    """Return the chance that a loss fails a challenge, in parts per million, rounded down (Filecoin, A6).

    Args:
        lost: Leaves that are lost, up to 128 bits.
        leaves: Of how many, up to 128 bits.
        periods: Proving periods, of 5 challenges each.

    Raises:
        depinverify.exceptions.InputError: There are no leaves, more are lost than there are, or a number is out of
            range.
    """
