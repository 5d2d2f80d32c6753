from collections.abc import Callable
from os import PathLike
from typing import Any, Final, final

import numpy as np
from arro3.core import RecordBatch, RecordBatchReader
from arro3.core.types import ArrowStreamExportable
from numpy.typing import NDArray

__version__: Final[str]

# observations

def normalise_observations(data: object) -> RecordBatchReader:
    """Give the rows of any table in the schema of observations, as they come.

    Columns that have the right layout are passed on without copying.
    A row that breaks a rule ends the stream.

    Args:
        data: A table or stream of an Arrow library, or a dict of columns (numpy arrays, Arrow arrays).

    Returns:
        A stream of record batches.

    Raises:
        depinverify.exceptions.InputError: A column is missing or of another type.
    """

def write_observations(data: object, path: str | PathLike[str]) -> int:
    """Write observations to a file.

    Args:
        data: As for :func:`normalise_observations`.
        path: A name that ends in ``.parquet``, ``.arrow``, ``.jsonl``, ``.jsonl.gz`` or ``.jsonl.zst``.

    Returns:
        Number of rows.

    Raises:
        depinverify.exceptions.InputError: A column or a row is wrong, or the file cannot be written.
    """

def read_observations(
    path: str | PathLike[str],
    *,
    group_bytes: int | None = None,
    ratio: int | None = None,
    rows: int | None = None,
) -> RecordBatchReader:
    """Read a file of observations, as the rows come.

    Args:
        path: The file; its name says of which kind it is.
        group_bytes: Most decompressed bytes of a row group, record batch or line; 1 GiB if ``None``.
        ratio: Highest compression ratio; 200 if ``None``.
        rows: Most rows; 10^9 if ``None``.

    Returns:
        A stream of record batches; a fault behind the head of the file ends it with its reason.

    Raises:
        depinverify.exceptions.InputError: The file would be quarantined; the message begins with the reason.
    """

def file_digest(path: str | PathLike[str]) -> tuple[bytes, int]:
    """Return SHA-256 and length of a file as it lies on the disk.

    Args:
        path: The file.

    Returns:
        32 bytes, and the number of bytes that they are the hash of.

    Raises:
        depinverify.exceptions.InputError: The file cannot be read.
    """

# signature

@final
class KeyRegistry:
    """Public keys, parsed once and addressed by dense ids 0, 1, 2, ... in order of first registration.

    A key that does not parse is a record too; its items get ``BAD_KEY``.
    """

    def __new__(cls) -> KeyRegistry: ...
    def __len__(self) -> int: ...
    def register(self, scheme: str, public_key: bytes) -> int:
        """Register a key.

        Args:
            scheme: ``ed25519``, ``p256`` or ``secp256k1``.
            public_key: 32 bytes for Ed25519; SEC1, compressed or not, for the ECDSA curves.

        Returns:
            The key's id; the same scheme and bytes always give the same one.

        Raises:
            depinverify.exceptions.InputError: The scheme is unknown.
        """

    def register_many(
        self, scheme: str, public_keys: object, *, threads: int | None = None
    ) -> NDArray[np.uint32]:
        """Register many keys of one scheme, parsing new ones on all threads.

        Args:
            scheme: ``ed25519``, ``p256`` or ``secp256k1``.
            public_keys: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            One id for each row.

        Raises:
            depinverify.exceptions.InputError: The scheme is unknown, or the column is of another type.
        """

    def find(self, scheme: str, public_key: bytes) -> int | None:
        """Return the id of a registered key.

        Args:
            scheme: ``ed25519``, ``p256`` or ``secp256k1``.
            public_key: The bytes that were registered.

        Returns:
            The id, or ``None``.

        Raises:
            depinverify.exceptions.InputError: The scheme is unknown.
        """

    def is_usable(self, key_id: int) -> bool:
        """Say whether a registered key parses.

        Args:
            key_id: An id that was given out.

        Returns:
            ``False`` for a key whose items all get ``BAD_KEY``.

        Raises:
            depinverify.exceptions.InputError: The id was not given out.
        """

def verify_signatures(
    scheme: str,
    profile: str,
    registry: KeyRegistry,
    key_ids: object,
    messages: object,
    signatures: object,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of signatures; see :func:`depinverify.signature.verify_codes`.

    Args:
        scheme: Scheme of all items.
        profile: Acceptance rule.
        registry: Where the keys were registered.
        key_ids: Integers.
        messages: Byte strings without nulls.
        signatures: Byte strings.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all.

    Returns:
        Verdict numbers.

    Raises:
        depinverify.exceptions.InputError: The call is malformed.
    """

def verify_signature(scheme: str, profile: str, public_key: bytes, message: bytes, signature: bytes) -> int:
    """Check one signature.

    Args:
        scheme: The key's scheme.
        profile: Acceptance rule.
        public_key: The key.
        message: What was signed.
        signature: The signature.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: The scheme or the profile is unknown.
    """

def signature_verdicts() -> list[tuple[int, str, str]]:
    """Return number, name and sentence of every signature verdict of the catalogue."""

def ed25519_residue_order(public_key: bytes, message: bytes, signature: bytes) -> int | None:
    """Return the order of an Ed25519 signature's torsion residue.

    Args:
        public_key: 32 bytes.
        message: What was signed.
        signature: 64 bytes.

    Returns:
        1, 2, 4 or 8, or ``None`` where the residue is no torsion point.
    """

def ethereum_message_digest(message: bytes) -> bytes:
    """Return Keccak-256 of a message behind Ethereum's prefix for signed messages.

    Args:
        message: What the wallet showed.

    Returns:
        32 bytes.
    """

def recover_address(digest: bytes, signature: bytes, *, s: str) -> bytes | None:
    """Find the Ethereum address that made a recoverable signature.

    Args:
        digest: 32 bytes.
        signature: 65 bytes.
        s: ``any_s`` or ``low_s``.

    Returns:
        20 bytes, or ``None`` if the signature is refused.

    Raises:
        depinverify.exceptions.InputError: The digest is not 32 bytes long, or the policy is unknown.
    """

def recover_key(digest: bytes, signature: bytes, *, s: str) -> bytes | None:
    """Find the secp256k1 key that made a recoverable signature.

    Args:
        digest: 32 bytes.
        signature: 65 bytes.
        s: ``any_s`` or ``low_s``.

    Returns:
        The uncompressed key, or ``None`` if the signature is refused.

    Raises:
        depinverify.exceptions.InputError: The digest is not 32 bytes long, or the policy is unknown.
    """

# bls

def bls_verify(variant_name: str, dst: bytes, public_key: bytes, message: bytes, signature: bytes) -> int:
    """Check one BLS signature over BLS12-381.

    Args:
        variant_name: ``min-pk`` or ``min-sig``.
        dst: The domain separation tag.
        public_key: Compressed point.
        message: What was signed.
        signature: Compressed point of the other group.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: The variant is unknown.
    """

def bls_secret_key(seed: bytes) -> bytes:
    """Make a BLS secret key from a seed of 32 bytes.

    Args:
        seed: 32 bytes.

    Returns:
        32 bytes, big endian.

    Raises:
        depinverify.exceptions.InputError: The seed has another length.
    """

def bls_public_key(variant_name: str, secret_key: bytes) -> bytes:
    """Return the compressed public key of a BLS secret key.

    Args:
        variant_name: ``min-pk`` or ``min-sig``.
        secret_key: 32 bytes, big endian.

    Returns:
        48 or 96 bytes.

    Raises:
        depinverify.exceptions.InputError: The secret or the variant is none.
    """

def bls_sign(variant_name: str, dst: bytes, secret_key: bytes, message: bytes) -> bytes:
    """Sign a message with a BLS key.

    Args:
        variant_name: ``min-pk`` or ``min-sig``.
        dst: The domain separation tag.
        secret_key: 32 bytes, big endian.
        message: What is signed.

    Returns:
        96 or 48 bytes.

    Raises:
        depinverify.exceptions.InputError: The secret or the variant is none.
    """

# decode

def decode_proof(envelope: bytes) -> dict[str, Any]:
    """Read one proof without verifying anything.

    Args:
        envelope: A ``COSE_Sign1`` or JWS.

    Returns:
        ``malformed`` is ``None`` beside ``envelope`` (``cose`` or ``jws``), ``unsupported`` (names of what
        this format does not have), ``algorithm`` (``None`` for an unknown one), ``kid``, ``signature``,
        ``signed`` (the bytes that the signature covers) and ``claims``. Otherwise ``malformed`` stands
        alone, with ``stage``, ``stage_name``, ``message`` and ``offset``.
    """

def canonical_json(text: bytes) -> bytes:
    """Rewrite a JSON text as canonical JSON.

    Args:
        text: Strict JSON.

    Raises:
        depinverify.exceptions.InputError: No strict JSON, a member name twice, or a number that is no
            integer within +-(2^53-1).
    """

# registry

@final
class RegistrySnapshot:
    """What holds for one epoch, folded from the registry's chain of events.

    Args:
        lines: The event lines.
        epoch: Index of the epoch.
        start_ms: Its start, Unix milliseconds.
        end_ms: Its end, Unix milliseconds.
        authority: The registry authority's keys, each a did:key.
        head: Hash of the last event recorded before the start, as published; ``None`` takes the lines' word.

    Raises:
        depinverify.exceptions.RegistryError: The registry is invalid; the message names the first bad line.
        depinverify.exceptions.InputError: ``authority`` or ``head`` is none.
    """

    def __new__(
        cls,
        lines: bytes,
        *,
        epoch: int,
        start_ms: int,
        end_ms: int,
        authority: list[str],
        head: bytes | None = None,
    ) -> RegistrySnapshot: ...
    @staticmethod
    def read(
        path: str | PathLike[str],
        *,
        epoch: int,
        start_ms: int,
        end_ms: int,
        authority: list[str],
        head: bytes | None = None,
    ) -> RegistrySnapshot:
        """Fold a file of event lines, a few thousand lines in memory at a time.

        Args:
            path: The file.
            epoch: Index of the epoch.
            start_ms: Its start, Unix milliseconds.
            end_ms: Its end, Unix milliseconds.
            authority: The registry authority's keys, each a did:key.
            head: Hash of the last event recorded before the start, as published; ``None`` takes the
                lines' word.

        Raises:
            depinverify.exceptions.RegistryError: The registry is invalid; the message names the first bad
                line.
            depinverify.exceptions.InputError: The file cannot be opened, or ``authority`` or ``head`` is
                none.
        """

    @property
    def head_at_start(self) -> bytes:
        """Hash of the last event recorded before the start; zeros if there is none."""

    @property
    def head(self) -> bytes:
        """Hash of the last event recorded before the end; zeros if there is none."""

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the canonical lines recorded before the end: ``inputs.registry`` of the reward file."""

    @property
    def events(self) -> int:
        """How many events were recorded before the end."""

    def devices(self) -> RecordBatch:
        """Eligible devices, ascending by id."""

    def validators(self) -> RecordBatch:
        """Validators that were enrolled at the start, ascending by id."""

    def device_keys(self) -> RecordBatch:
        """Keys of the eligible devices with their intervals, one row each."""

    def validator_keys(self) -> RecordBatch:
        """Keys of the validators with their intervals, one row each."""

def event_hash(line: bytes) -> bytes:
    """SHA-256 of an event's canonical JSON: the ``prev_hash`` of the next event.

    Raises:
        depinverify.exceptions.RegistryError: The line is no JSON object that has a canonical form.
    """

def event_message(line: bytes) -> bytes:
    """The 32 bytes that the signers of an event sign, whether it has its place in the chain or not.

    Raises:
        depinverify.exceptions.RegistryError: The line is no JSON object that has a canonical form.
    """

# reward

def allocate(
    pool: int,
    ids: list[bytes],
    weights: list[int],
    caps: list[int | None] | None = None,
    mode: str = "largest_remainder",
) -> tuple[list[int], int]:
    """Divide a pool exactly.

    Args:
        pool: What is divided, 0 to 2^256-1.
        ids: Who takes part; distinct. Ties go to the smaller id in byte order.
        weights: One for each id, 0 to 2^512-1.
        caps: The most that each id can get, or ``None`` where there is no limit.
        mode: ``largest_remainder``, ``floor_to_sink`` or ``carry``.

    Returns:
        The amounts in the order of ``ids``, and what is left; together they are the pool.

    Raises:
        InputError: A duplicate id, a negative or too large number, lists of different lengths, an unknown
            mode.
    """

def claim_leaf(payee: bytes, amount: int) -> bytes:
    """The leaf that commits to one claim: Keccak-256, twice, of the ABI encoding of address and uint256."""

def verify_claim(root: bytes, payee: bytes, amount: int, proof: list[bytes]) -> bool:
    """Whether ``proof`` shows the claim of ``payee`` to ``amount`` to stand under ``root``."""

def verify_multi_proof(root: bytes, leaves: list[bytes], proof: list[bytes], flags: list[bool]) -> bool:
    """Whether one proof leads from all ``leaves`` to ``root``; never for no leaf at all."""

@final
class ClaimTree:
    """The claim tree of a settlement, ``standard-v1`` over ``["address", "uint256"]``."""

    @staticmethod
    def from_entries(entries: list[tuple[bytes, int]], *, filler: bool = False) -> ClaimTree:
        """Build the tree over payees of 20 bytes and their amounts, in any order.

        Args:
            entries: Payees, each once, with amounts below 2^256.
            filler: Add the zero address with amount 0 where there is exactly one payee, since some contracts
                refuse an empty proof.

        Raises:
            InputError: No entry, a payee twice, an amount out of range.
        """

    @staticmethod
    def load(file: bytes) -> ClaimTree:
        """Read a tree's file and re-hash all of it.

        Raises:
            InputError: The file is not such a tree, a hash does not match, or a payee stands twice.
        """

    @property
    def root(self) -> bytes:
        """What is published."""

    def __len__(self) -> int: ...
    def __contains__(self, payee: bytes, /) -> bool: ...
    def entries(self) -> list[tuple[bytes, int]]:
        """Payees and amounts in the order of the file."""

    def amount(self, payee: bytes) -> int:
        """Amount of ``payee``; an ``InputError`` where it is not in the tree."""

    def proof(self, payee: bytes) -> list[bytes]:
        """What ``payee`` hands to the contract; an ``InputError`` where it is not in the tree."""

    def multi_proof(self, payees: list[bytes]) -> tuple[list[tuple[bytes, int]], list[bytes], list[bool]]:
        """One proof for several payees: the claims in the order of its leaves, the nodes, the flags."""

    def verify(self, payee: bytes, amount: int, proof: list[bytes]) -> bool:
        """Whether ``proof`` leads from the claim to this tree's root."""

    def dump(self) -> bytes:
        """The bytes of the tree's file."""

    def dump_sha256(self) -> bytes:
        """SHA-256 of the bytes of the tree's file, which are not kept."""

    def dump_to(self, path: str | PathLike[str]) -> bytes:
        """Write the tree's file in bounded memory; returns the SHA-256 of its bytes."""

    def proofs_to(self, path: str | PathLike[str]) -> bytes:
        """Write every payee's proof, one canonical JSON object a line; returns the SHA-256 of the bytes."""

# cells

def cell_place(cell: str) -> tuple[int, int, int]:
    """Latitude and longitude of an H3 cell's centre in 10^-7 degrees, and its radius in metres.

    Raises:
        depinverify.exceptions.InputError: No cell of resolution 5 to 12 in lower-case hex.
    """
# table_file

def read_parquet(path: str | PathLike[str]) -> RecordBatchReader:
    """A Parquet file as a stream of record batches.

    Raises:
        depinverify.exceptions.InputError: Not a Parquet file that can be read.
    """

def write_parquet(path: str | PathLike[str], data: ArrowStreamExportable) -> int:
    """Write a stream of record batches as a Parquet file, complete or not at all; how many rows.

    Raises:
        depinverify.exceptions.InputError: The file cannot be written.
    """
