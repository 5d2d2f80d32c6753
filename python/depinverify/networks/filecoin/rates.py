"""What the warm-storage service and the verifier charge.

In: leaves of a set, pieces that are added, what a reserve holds. Out: amounts in base units, of which 10^18 are one
token. Rule: Filecoin, A7, and A5 for what is paid in FIL. Invariant: a quotient is rounded down where the contract
rounds it.

Example:
    >>> from depinverify.networks.filecoin import rates
    >>> rates.rate_per_epoch(33_554_432), rates.raw_bytes(33_554_432)
    (305814036615, 1065353216)
    >>> rates.PRICES.create_set, rates.add_pieces(2)
    (25000000000000000, 1100000000000000)
"""

from __future__ import annotations

from typing import NamedTuple

from depinverify import _native

__all__ = ["PRICES", "Prices", "add_pieces", "proof_fee", "rate_per_epoch", "raw_bytes", "reserve_refill"]

#: What a client pays per epoch for a set of so many leaves.
rate_per_epoch = _native.filecoin_rate_per_epoch

#: The most bytes of payload that so many leaves can hold, by which is charged.
raw_bytes = _native.filecoin_raw_upper_bound

#: For adding so many pieces at once.
add_pieces = _native.filecoin_add_pieces_price

#: What a reserve for fees must be given, which holds so much.
reserve_refill = _native.filecoin_reserve_refill

#: What a proof costs, in attoFIL; it is burned.
proof_fee = _native.filecoin_proof_fee


class Prices(NamedTuple):
    """Fixed prices, in base units of the service's token where nothing else is said.

    Attributes:
        create_set: For making a set.
        add_pieces: For adding pieces, however many.
        add_piece: For each piece that is added.
        schedule_removals: For queueing removals, however many.
        terminate: For ending the service.
        lockup_epochs: Epochs for which a client locks its rate.
        reserve: What a reserve for fees is filled up to.
        reserve_refill_below: A reserve below this is filled up.
        cleanup_deposit: What a provider leaves with the verifier for each set, in attoFIL.
        proof_fee_per_tebibyte: What a proof of 2^40 bytes costs by default, in attoFIL.
    """

    create_set: int
    add_pieces: int
    add_piece: int
    schedule_removals: int
    terminate: int
    lockup_epochs: int
    reserve: int
    reserve_refill_below: int
    cleanup_deposit: int
    proof_fee_per_tebibyte: int


#: The fixed prices.
PRICES = Prices(**_native.filecoin_prices())
