"""What Filecoin's warm-storage service charges and pays, and what its clients sign (Filecoin, A7).

Amounts are integers of up to 256 bits, in base units of which 10^18 are one token. A refusal is a pair: a label that
never changes, and a sentence.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, final

@final
class FilecoinProvenPeriods:
    """Proven periods of a data set, counted from its activation, as the contract keeps them."""

    def __new__(
        cls, periods: Iterable[int] = (), *, words: Mapping[int, int] | None = None
    ) -> FilecoinProvenPeriods:
        """Make a set of periods.

        Args:
            periods: Their numbers, in any order.
            words: Words of the contract's bitmap by number: period ``n`` is bit ``n & 255`` of word ``n >> 8``.

        Raises:
            depinverify.exceptions.InputError: A number is out of range.
        """

    def mark(self, period: int) -> None:
        """Mark a period as proven: the one that holds the block of the proof's transaction.

        Raises:
            depinverify.exceptions.InputError: The number is out of range.
        """

    def words(self) -> dict[int, int]:
        """Return the words that are not zero, ascending."""

    def __contains__(self, period: int, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

def filecoin_period_of(activation: int, period: int, epoch: int) -> int | None:
    """Return the number of the period that holds an epoch, or ``None`` up to the activation.

    Args:
        activation: Block of the first start; 0 for a set that has never been proved.
        period: Epochs of a period.
        epoch: The epoch.

    Raises:
        depinverify.exceptions.InputError: A number is out of range, or ``period`` is 0.
    """

def filecoin_period_deadline(activation: int, period: int, number: int) -> int | None:
    """Return the last epoch of the period with this number, or ``None`` where it exceeds 64 bits.

    Args:
        activation: As in :func:`filecoin_period_of`.
        period: As there.
        number: Number of the period.

    Raises:
        depinverify.exceptions.InputError: As there.
    """

def filecoin_settle(
    proven: FilecoinProvenPeriods,
    *,
    activation: int,
    period: int,
    amount: int,
    from_epoch: int,
    to_epoch: int,
    now: int,
) -> tuple[tuple[int, int, int] | None, tuple[str, str] | None]:
    """Settle a proposed payment (Filecoin, A7).

    Args:
        proven: The set's proven periods.
        activation: Block of the first start; 0 for a set that has never been proved.
        period: Epochs of a period.
        amount: For all epochs together.
        from_epoch: The epoch before the first one.
        to_epoch: The last epoch.
        now: Block of the settlement.

    Returns:
        The amount paid, the last epoch that is settled, and the proven epochs that are paid for; or ``None`` and the
        refusal: ``empty range`` unless ``from_epoch < to_epoch``, ``range not over`` unless ``to_epoch <= now``.

    Raises:
        depinverify.exceptions.InputError: A number is out of range, or ``period`` is 0.
    """

def filecoin_rate_per_epoch(leaves: int) -> int:
    """Return what a client pays for a set per epoch.

    Args:
        leaves: Leaves of the set, up to 128 bits.

    Raises:
        depinverify.exceptions.InputError: The number is out of range.
    """

def filecoin_add_pieces_price(pieces: int) -> int:
    """Return what it costs to add so many pieces at once.

    Raises:
        depinverify.exceptions.InputError: The number is out of range.
    """

def filecoin_reserve_refill(held: int) -> int:
    """Return what a reserve for fees must be given, which holds so much: nothing from 0.005 on, else up to 0.10.

    Raises:
        depinverify.exceptions.InputError: The number has more than 128 bits.
    """

def filecoin_prices() -> dict[str, int]:
    """Return the fixed prices by name.

    ``create_set``, ``add_pieces`` and ``add_piece``, ``schedule_removals``, ``terminate``, ``reserve`` and
    ``reserve_refill_below`` in the service's token; ``lockup_epochs``; ``cleanup_deposit`` and
    ``proof_fee_per_tebibyte`` in attoFIL.
    """

@final
class FilecoinAuthorisation:
    """What a client allows a provider to do, as EIP-712 hashes it.

    A service is ``mainnet``, ``calibration`` or a pair of one's own: the chain's id and the contract's address, 20
    bytes.
    Numbers have up to 256 bits.
    """

    @staticmethod
    def create_data_set(
        client_data_set_id: int, payee: bytes, metadata: Sequence[tuple[str, str]]
    ) -> FilecoinAuthorisation:
        """Make the authorisation to make a data set.

        Args:
            client_data_set_id: The client's own number of the set.
            payee: Ethereum address of whoever is paid, 20 bytes.
            metadata: Keys and values, in their order.

        Raises:
            depinverify.exceptions.InputError: A number is out of range, or the address has another length.
        """

    @staticmethod
    def add_pieces(
        client_data_set_id: int,
        nonce: int,
        pieces: Sequence[bytes],
        piece_metadata: Sequence[tuple[int, Sequence[tuple[str, str]]]],
    ) -> FilecoinAuthorisation:
        """Make the authorisation to add pieces to a set.

        Args:
            client_data_set_id: The client's own number of the set.
            nonce: A number that is used once.
            pieces: Bytes of the pieces' identifiers.
            piece_metadata: For pieces by their place in ``pieces``: keys and values.

        Raises:
            depinverify.exceptions.InputError: A number is out of range.
        """

    @staticmethod
    def schedule_piece_removals(client_data_set_id: int, piece_ids: Sequence[int]) -> FilecoinAuthorisation:
        """Make the authorisation to remove pieces from a set.

        Args:
            client_data_set_id: The client's own number of the set.
            piece_ids: Ids of the pieces.

        Raises:
            depinverify.exceptions.InputError: A number is out of range.
        """

    def struct_hash(self) -> bytes:
        """Return the hash of the members, 32 bytes."""

    def digest(self, service: Literal["mainnet", "calibration"] | tuple[int, bytes] = "mainnet") -> bytes:
        """Return what is signed, 32 bytes.

        Raises:
            depinverify.exceptions.InputError: The service is unknown.
        """

    def signer(
        self, signature: bytes, service: Literal["mainnet", "calibration"] | tuple[int, bytes] = "mainnet"
    ) -> bytes | None:
        """Return the Ethereum address that signed it, 20 bytes.

        Args:
            signature: ``r || s || v``, 65 bytes; ``v`` is 27 or 28, or 0 or 1.
            service: The service for which it counts.

        Returns:
            The address; ``None`` for bytes that are nobody's signature.

        Raises:
            depinverify.exceptions.InputError: The service is unknown.
        """

def filecoin_service(
    service: Literal["mainnet", "calibration"] | tuple[int, bytes],
) -> tuple[int, bytes, bytes]:
    """Return a warm-storage service: the chain's id, the contract's address, and its EIP-712 domain separator.

    Raises:
        depinverify.exceptions.InputError: The service is unknown.
    """
