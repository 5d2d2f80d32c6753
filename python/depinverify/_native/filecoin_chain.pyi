"""Filecoin's addresses, messages, signatures and randomness.

A reason is a pair ``(code, text)``: a name of the network's catalogue, which never changes, and a sentence with what
was expected and what was found. Networks are ``main`` and ``test``.
"""

from typing import Literal, final

from depinverify._native.beacon import BeaconChain

@final
class FilecoinAddress:
    """The address of an actor (Filecoin, E1); equal, ordered and hashed by its protocol and payload."""

    @staticmethod
    def parse(
        text: str, *, network: Literal["main", "test"] | None = None
    ) -> tuple[FilecoinAddress, Literal["main", "test"], bool]:
        """Read an address as text.

        Args:
            text: The address, such as ``f01234``.
            network: The network that it must be for, or ``None`` for either.

        Returns:
            The address, the network of the text, and whether a number in it has leading zeros: then the same address
            has a shorter text.

        Raises:
            depinverify.exceptions.InputError: The text is no address, or is for another network.
        """

    @staticmethod
    def from_bytes(data: bytes) -> FilecoinAddress:
        """Read an address from all of these bytes: protocol and payload.

        Args:
            data: The bytes.

        Raises:
            depinverify.exceptions.InputError: They are no address.
        """

    @staticmethod
    def from_id(actor: int) -> FilecoinAddress:
        """Return the address of the actor with this number, below 2^63; an ``InputError`` otherwise."""

    @staticmethod
    def from_secp256k1_key(key: bytes) -> FilecoinAddress:
        """Return the address of an uncompressed key, 65 bytes; an ``InputError`` for another length."""

    @staticmethod
    def from_actor_data(data: bytes) -> FilecoinAddress:
        """Return the address of an actor that was made from these bytes."""

    @staticmethod
    def from_bls_key(key: bytes) -> FilecoinAddress:
        """Return the address of a compressed BLS key, 48 bytes; an ``InputError`` for another length."""

    @staticmethod
    def from_ethereum(account: bytes) -> FilecoinAddress:
        """Return the address of an Ethereum account, 20 bytes; an ``InputError`` for another length."""

    @staticmethod
    def delegated(namespace: int, subaddress: bytes) -> FilecoinAddress:
        """Return an address below a namespace; an ``InputError`` above 54 bytes or from 2^63 on."""

    def to_bytes(self) -> bytes:
        """Return protocol and payload."""

    def to_text(self, network: Literal["main", "test"] = "main") -> str:
        """Return the address as text for a network; ``str`` gives that of the main network."""

    @property
    def protocol(self) -> int:
        """0 actor id, 1 secp256k1 key, 2 actor, 3 BLS key, 4 delegated."""

    @property
    def id(self) -> int | None:
        """The actor's number, in protocol 0."""

    @property
    def bls_key(self) -> bytes | None:
        """The BLS key, in protocol 3."""

    @property
    def ethereum(self) -> bytes | None:
        """The Ethereum account, in namespace 10 of protocol 4."""

    def __eq__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> bool: ...
    def __lt__(self, other: FilecoinAddress) -> bool: ...
    def __le__(self, other: FilecoinAddress) -> bool: ...
    def __gt__(self, other: FilecoinAddress) -> bool: ...
    def __ge__(self, other: FilecoinAddress) -> bool: ...
    def __hash__(self) -> int: ...

@final
class FilecoinMessage:
    """A message of the chain (Filecoin, E2).

    Args:
        to: Whom it is sent to.
        sender: Who sends it.
        nonce: Which message of its sender it is, below 2^64.
        value: attoFIL that go with it; amounts are below 2^1016 in size, which is what the chain takes.
        gas_limit: Gas that it may use, 64 signed bits.
        gas_fee_cap: attoFIL at most for a unit of gas.
        gas_premium: attoFIL on top of the base fee for a unit of gas.
        method: What the actor is to do, below 2^64.
        params: With what.

    Raises:
        depinverify.exceptions.InputError: A number is out of its range.
    """

    def __new__(
        cls,
        *,
        to: FilecoinAddress,
        sender: FilecoinAddress,
        nonce: int,
        value: int,
        gas_limit: int,
        gas_fee_cap: int,
        gas_premium: int,
        method: int = 0,
        params: bytes = b"",
    ) -> FilecoinMessage: ...
    @staticmethod
    def decode(data: bytes) -> FilecoinMessage:
        """Read a message from all of these bytes.

        Args:
            data: Its encoding.

        Raises:
            depinverify.exceptions.InputError: They are no message, or not the one encoding of it; the message says
                which member, and what was expected and found.
        """

    def encode(self) -> bytes:
        """Return the message as DAG-CBOR, of which there is one form."""

    def cid(self) -> bytes:
        """Return the message's id, 38 bytes: what its sender signs."""

    @property
    def to(self) -> FilecoinAddress:
        """Whom it is sent to."""

    @property
    def sender(self) -> FilecoinAddress:
        """Who sends it."""

    @property
    def nonce(self) -> int:
        """Which message of its sender it is."""

    @property
    def value(self) -> int:
        """AttoFIL that go with it."""

    @property
    def gas_limit(self) -> int:
        """Gas that it may use."""

    @property
    def gas_fee_cap(self) -> int:
        """AttoFIL at most for a unit of gas."""

    @property
    def gas_premium(self) -> int:
        """AttoFIL on top of the base fee for a unit of gas."""

    @property
    def method(self) -> int:
        """What the actor is to do."""

    @property
    def params(self) -> bytes:
        """With what."""

    def __eq__(self, other: object) -> bool: ...
    def __ne__(self, other: object) -> bool: ...
    __hash__: None  # type: ignore[assignment]

def filecoin_message_cid(encoded: bytes) -> bytes:
    """Return the id of an encoded message, whether or not it can be read: 38 bytes."""

def filecoin_verify_signature(
    signer: FilecoinAddress, signed: bytes, signature: bytes
) -> tuple[str, str] | None:
    """Check one signature, with the interpreter lock released (Filecoin, E3 and E4).

    Args:
        signer: Whose signature it is to be: a secp256k1 or BLS address.
        signed: The signed bytes; for a message of the chain its id.
        signature: Type byte (1 secp256k1, 2 BLS, 3 delegated) and signature.

    Returns:
        ``None`` if the signer made it, else the reason: ``SIGNATURE_MALFORMED``, ``SIGNER_MISMATCH``, or
        ``NOT_CHECKED``: delegated signatures are not covered.
    """

def filecoin_verify_signatures(
    signers: object, signed: object, signatures: object, *, threads: int | None = None
) -> list[tuple[str, str] | None]:
    """Check a column of signatures, with the interpreter lock released.

    Args:
        signers: Column of byte strings: the signers' addresses in bytes.
        signed: Column of byte strings: what was signed.
        signatures: Column of byte strings, each with its type byte.
        threads: Number of threads, or ``None`` for all processors.

    Returns:
        The answer of :func:`filecoin_verify_signature` for each row, in their order; ``MALFORMED`` where the signer
        is no address.

    Raises:
        depinverify.exceptions.InputError: A column is of another type, has rows without a value, or they have
            different lengths.
    """

def filecoin_verify_aggregate(
    keys: object, messages: object, signature: bytes
) -> tuple[tuple[str, str] | None, list[tuple[list[int], bool]], bool]:
    """Check a BLS signature over one message of each key, with the interpreter lock released (Filecoin, E4).

    Args:
        keys: Column of byte strings: compressed BLS keys.
        messages: Column of byte strings: what each key signed.
        signature: The aggregate, a compressed point of 96 bytes.

    Returns:
        ``None`` if it is the sum of one signature of each key, else the reason; the rows of each message that occurs
        more than once, and whether different keys sign it; and whether there is a risk of a rogue key, which is where
        different keys sign one message: nobody has proved here that he possesses his key.

    Raises:
        depinverify.exceptions.InputError: A column is of another type, has rows without a value, or the two have
            different lengths.
    """

def filecoin_recover_key(signed: bytes, signature: bytes) -> bytes | None:
    """Return the uncompressed secp256k1 key that signed these bytes, or ``None`` if no key did.

    Args:
        signed: The signed bytes; for a message of the chain its id.
        signature: 65 bytes: r, s and the recovery id, without a type byte.
    """

def filecoin_beacon_digest(signature: bytes) -> bytes:
    """Return the digest of a drand round's signature, from which an epoch's randomness is drawn (Filecoin, B2)."""

def filecoin_draw(tag: int, digest: bytes, epoch: int, entropy: bytes) -> bytes:
    """Return the randomness for a purpose at an epoch (Filecoin, B2).

    Args:
        tag: The purpose, 64 signed bits.
        digest: 32 bytes.
        epoch: 64 signed bits.
        entropy: Of whoever asks; an actor's is :func:`filecoin_actor_entropy`.

    Raises:
        depinverify.exceptions.InputError: A number is out of its range, or the digest has another length.
    """

def filecoin_actor_entropy(actor: FilecoinAddress) -> bytes:
    """Return the entropy of an actor: its address as a CBOR byte string."""

def filecoin_window_randomness(digest: bytes, challenge_epoch: int, miner: int) -> bytes:
    """Return what the challenges of a miner's window proof are drawn from, its two top bits cleared (Filecoin, B2).

    Args:
        digest: Digest of the challenge epoch's beacon round, 32 bytes.
        challenge_epoch: 64 signed bits.
        miner: The miner's actor number.

    Raises:
        depinverify.exceptions.InputError: A number is out of its range, or the digest has another length.
    """

def filecoin_epoch_time(epoch: int, genesis: int = 1598306400) -> int:
    """Return when an epoch begins, Unix seconds.

    Args:
        epoch: 0 or more.
        genesis: When epoch 0 began; that of the main network unless given.

    Raises:
        depinverify.exceptions.InputError: The epoch is negative, or its time does not fit 64 bits.
    """

def filecoin_round_of_epoch(
    epoch: int, beacon: BeaconChain, *, genesis: int = 1598306400, network_version: int = 16
) -> int:
    """Return the beacon round that a chain takes for an epoch: that of one epoch before (Filecoin, E5).

    Args:
        epoch: 0 or more.
        beacon: The chain's beacon at this epoch.
        genesis: When epoch 0 began; that of the main network unless given.
        network_version: From 16 on the current round counts, and round 1 before there is one; until 15 one round less,
            which is 0, a round that does not exist, in the beacon's first period.

    Raises:
        depinverify.exceptions.InputError: The epoch is negative or too large, or before the beacon began.
    """

def filecoin_mainnet_round(
    epoch: int, *, network_version: int = 16
) -> tuple[Literal["incentinet", "default", "quicknet"], BeaconChain, int]:
    """Return the beacon of an epoch of the main network, its chain, and its round (Filecoin, E5).

    Args:
        epoch: 0 or more.
        network_version: As in :func:`filecoin_round_of_epoch`.

    Raises:
        depinverify.exceptions.InputError: As there.
    """
