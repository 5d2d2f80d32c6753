"""Addresses, messages, signatures and randomness of the chain.

In: text and bytes of addresses and messages, signatures, epochs, the signatures of drand rounds. Out: their parts;
``None`` for a signature that is its signer's, else a :class:`Reason`; randomness and rounds. Rule: Filecoin, B2 and E.
Invariant: an address and a message have one form in bytes; all randomness follows from a signature that anybody can
check. Signatures of Ethereum accounts, type 3, sign an Ethereum transaction and are not covered: ``NOT_CHECKED``.

Example:
    >>> from depinverify.networks.filecoin import chain
    >>> chain.parse_address("f01000", network="main").address.id
    1000
    >>> chain.mainnet_round(4_000_000).round
    8501002
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from depinverify import _native
from depinverify.networks.filecoin.reason import Reason, reason_of, reasons_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Address",
    "Aggregate",
    "EqualMessages",
    "MainnetRound",
    "Message",
    "ParsedAddress",
    "Purpose",
    "Reason",
    "SignatureType",
    "actor_entropy",
    "beacon_digest",
    "draw",
    "epoch_time",
    "mainnet_round",
    "message_cid",
    "parse_address",
    "recover_key",
    "round_of_epoch",
    "verify_aggregate",
    "verify_message",
    "verify_signature",
    "verify_signatures",
    "window_randomness",
]

#: The address of an actor.
Address = _native.FilecoinAddress

#: A message of the chain.
Message = _native.FilecoinMessage

#: The id of an encoded message, whether or not it can be read.
message_cid = _native.filecoin_message_cid

#: The uncompressed secp256k1 key that signed bytes, or ``None``.
recover_key = _native.filecoin_recover_key

#: The digest of a drand round's signature.
beacon_digest = _native.filecoin_beacon_digest

#: The entropy of an actor: its address as a CBOR byte string.
actor_entropy = _native.filecoin_actor_entropy

#: What the challenges of a miner's window proof are drawn from.
window_randomness = _native.filecoin_window_randomness

#: When an epoch begins, Unix seconds.
epoch_time = _native.filecoin_epoch_time

#: The round that a chain takes for an epoch, of any network's beacon.
round_of_epoch = _native.filecoin_round_of_epoch


class Purpose(IntEnum):
    """What randomness is drawn for."""

    TICKET = 1
    ELECTION = 2
    WINNING_POST = 3
    WINDOW_POST = 4
    SEAL = 5
    INTERACTIVE_SEAL = 6
    DEADLINE_ASSIGNMENT = 7
    CRON = 8
    POST_CHAIN_COMMIT = 9
    EVM_PREVRANDAO = 10


class SignatureType(IntEnum):
    """The byte in front of a signature."""

    SECP256K1 = 1
    BLS = 2
    DELEGATED = 3


class ParsedAddress(NamedTuple):
    """An address that was read from a text.

    Attributes:
        address: The address.
        network: The network that the text is for.
        has_leading_zeros: Whether a number in the text has leading zeros.
    """

    address: Address
    network: Literal["main", "test"]
    has_leading_zeros: bool

    @property
    def text(self) -> str:
        """The address as text, without leading zeros."""
        return self.address.to_text(self.network)

    @property
    def warning(self) -> str | None:
        """What a person should be told about the text."""
        if not self.has_leading_zeros:
            return None
        return f"address: a number has leading zeros; the same address is {self.text}"


class EqualMessages(NamedTuple):
    """Rows of an aggregate that sign the same bytes.

    Attributes:
        rows: The rows, ascending.
        has_different_keys: Whether more than one key signs them: then one may have been chosen to cancel the other.
    """

    rows: list[int]
    has_different_keys: bool


class Aggregate(NamedTuple):
    """What is found about an aggregate.

    Attributes:
        reason: ``None`` if the signature is the sum of one signature of each key for its message.
        equal_messages: Messages that occur more than once, in the order of their first row.
        has_rogue_key_risk: Whether a signer may have chosen his key so that he could sign for another one.
    """

    reason: Reason | None
    equal_messages: list[EqualMessages]
    has_rogue_key_risk: bool


class MainnetRound(NamedTuple):
    """The beacon round of an epoch of the main network.

    Attributes:
        beacon: Name of the beacon.
        chain: Its chain, with which the round's signature can be checked.
        round: The round.
    """

    beacon: Literal["incentinet", "default", "quicknet"]
    chain: _native.BeaconChain
    round: int


def parse_address(text: str, *, network: Literal["main", "test"] | None = None) -> ParsedAddress:
    """Read an address as text.

    Args:
        text: The address.
        network: The network that it must be for, or ``None`` for either.

    Raises:
        InputError: The text is no address, or is for another network.
    """
    return ParsedAddress(*Address.parse(text, network=network))


def verify_signature(signer: Address, signed: bytes, signature: bytes) -> Reason | None:
    """Check one signature.

    Args:
        signer: Whose it is to be: a secp256k1 or BLS address.
        signed: The signed bytes; for a message of the chain its id.
        signature: Type byte and signature.

    Returns:
        ``None`` if the signer made it, else the reason.
    """
    return reason_of(_native.filecoin_verify_signature(signer, signed, signature))


def verify_message(message: Message, signature: bytes) -> Reason | None:
    """Check the signature of a message's sender.

    Args:
        message: The message.
        signature: Type byte and signature.

    Returns:
        ``None`` if the sender made it, else the reason.
    """
    return verify_signature(message.sender, message.cid(), signature)


def verify_signatures(
    signers: object, signed: object, signatures: object, *, threads: int | None = None
) -> list[Reason | None]:
    """Check a column of signatures.

    Args:
        signers: Column of byte strings: the signers' addresses in bytes.
        signed: Column of byte strings: what was signed.
        signatures: Column of byte strings, each with its type byte.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        ``None`` or the reason for each row, in their order.

    Raises:
        InputError: A column is of another type, or they have different lengths.
    """
    found = _native.filecoin_verify_signatures(signers, signed, signatures, threads=threads)
    return reasons_of(found)


def verify_aggregate(keys: Sequence[bytes], messages: Sequence[bytes], signature: bytes) -> Aggregate:
    """Check a BLS signature over one message of each key.

    Args:
        keys: Compressed BLS keys, 48 bytes each.
        messages: What each key signed.
        signature: The aggregate, 96 bytes.

    Raises:
        InputError: There are more or fewer messages than keys.
    """
    found, equal, risk = _native.filecoin_verify_aggregate(keys, messages, signature)
    return Aggregate(reason_of(found), [EqualMessages(*rows) for rows in equal], risk)


def draw(purpose: int, digest: bytes, epoch: int, entropy: bytes) -> bytes:
    """Randomness for a purpose at an epoch.

    Args:
        purpose: A :class:`Purpose`, or its number.
        digest: Digest of the epoch's beacon round, 32 bytes.
        epoch: The epoch.
        entropy: Of whoever asks; an actor's is :func:`actor_entropy`.

    Raises:
        InputError: A number is out of its range, or the digest has another length.
    """
    return _native.filecoin_draw(purpose, digest, epoch, entropy)


def mainnet_round(epoch: int, *, network_version: int = 16) -> MainnetRound:
    """The beacon round that the main network takes for an epoch: that of one epoch before.

    Args:
        epoch: 0 or more.
        network_version: The version at that epoch; all from 16 on count alike.

    Raises:
        InputError: The epoch is out of range, or before the beacon began.
    """
    return MainnetRound(*_native.filecoin_mainnet_round(epoch, network_version=network_version))
