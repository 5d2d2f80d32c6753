from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Final, final

import numpy as np
from arro3.core import RecordBatch, RecordBatchReader, Table
from arro3.core.types import ArrowStreamExportable
from numpy.typing import NDArray

__version__: Final[str]
#: How the extension was compiled: ``"0"`` is a build without optimisation, many times slower than others.
__opt_level__: Final[str]

# catalogue

def catalogue() -> list[dict[str, Any]]:
    """Return every entry of the catalogue of verdicts, in the order of its documentation page.

    Returns:
        Dictionaries with ``family``, ``network`` (empty where all networks share the entry), ``number`` (``None``
        where results carry names), ``name``, ``severity`` (of indicators, otherwise ``None``), ``sentence`` and
        ``evidence``. :data:`depinverify.catalogue.CATALOGUE` is the same with types.
    """

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

    A key that does not parse is a record too; its items get ``BAD_KEY``. Keys that sign often get a table, with which
    their signatures are checked many times faster; it changes no verdict.

    Args:
        table_bytes: Most bytes of tables that are kept between calls, 1 GiB unless given; those not used for longest
            go first.
    """

    def __new__(cls, *, table_bytes: int | None = None) -> KeyRegistry: ...
    def __len__(self) -> int: ...
    @property
    def table_bytes(self) -> int:
        """Bytes of the tables that are kept now."""

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

def vector_unit() -> str:
    """Return the name of the vector unit that checks signatures: ``avx512``, or ``portable`` for none.

    The environment variable ``DEPINVERIFY_SIMD`` forces a lower one. It changes speed, never a verdict.
    """

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

@final
class BlsKeyRegistry:
    """BLS public keys of one variant, decoded and checked once, addressed by dense ids 0, 1, 2, ...

    A key that is infinite, off the curve or outside the prime-order subgroup is a record too; its items get
    ``BAD_KEY``. Rule: signature verification, sections 4 and 5.1.

    Args:
        variant_name: ``min-pk`` for keys of 48 bytes in G1, ``min-sig`` for keys of 96 bytes in G2.

    Raises:
        depinverify.exceptions.InputError: The variant is unknown.
    """

    def __new__(cls, variant_name: str) -> BlsKeyRegistry: ...
    def __len__(self) -> int: ...
    @property
    def variant(self) -> str:
        """``min-pk`` or ``min-sig``."""

    def register(self, public_key: bytes) -> int:
        """Register a key.

        Args:
            public_key: Compressed point.

        Returns:
            The key's id; the same bytes always give the same one.
        """

    def register_many(self, public_keys: object, *, threads: int | None = None) -> NDArray[np.uint32]:
        """Register many keys, decoding new ones on all threads.

        Args:
            public_keys: uint8 array ``(n, length)``, Arrow binary column or list of bytes, without nulls.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            One id for each row.

        Raises:
            depinverify.exceptions.InputError: The column is of another type.
        """

    def find(self, public_key: bytes) -> int | None:
        """Return the id of a registered key.

        Args:
            public_key: The bytes that were registered.

        Returns:
            The id, or ``None``.
        """

    def is_usable(self, key_id: int) -> bool:
        """Say whether a registered key can be used.

        Args:
            key_id: An id that was given out.

        Returns:
            ``False`` for a key whose items all get ``BAD_KEY``.

        Raises:
            depinverify.exceptions.InputError: The id was not given out.
        """

def verify_bls_signatures(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: object,
    messages: object,
    signatures: object,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of BLS signatures; see :func:`depinverify.signature.bls_verify_codes`.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag.
        key_ids: Integers.
        messages: Byte strings.
        signatures: Byte strings.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all.

    Returns:
        One verdict number for each item.

    Raises:
        depinverify.exceptions.InputError: The call is malformed.
    """

def bls_aggregate_verify(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: object,
    messages: object,
    signature: bytes,
    *,
    possession_proven: bool,
) -> int:
    """Check an aggregate; see :func:`depinverify.signature.bls_aggregate_verify`.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag.
        key_ids: Integers.
        messages: Byte strings, one for each key.
        signature: Compressed point.
        possession_proven: Whether messages may be equal.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: A column is of another type.
    """

def bls_fast_aggregate_verify(
    registry: BlsKeyRegistry,
    dst: bytes,
    key_ids: object,
    message: bytes,
    signature: bytes,
    *,
    possession_proven: bool,
) -> int:
    """Check an aggregate under one message; see :func:`depinverify.signature.bls_fast_aggregate_verify`.

    Args:
        registry: Where the keys were registered.
        dst: The domain separation tag.
        key_ids: Integers.
        message: What all have signed.
        signature: Compressed point.
        possession_proven: Must be true.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: ``possession_proven`` is false, or the column is of another type.
    """

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

# rsa_pss

@final
class RsaKeyRegistry:
    """RSA public keys, checked once and addressed by dense ids 0, 1, 2, ... in order of first registration.

    A key outside the rule's bounds is a record too; its items get ``BAD_KEY``. Rule: signature verification,
    section 4: a modulus of 2048 to 4096 bits, odd, and an exponent odd, at least 3, below 2^32.
    """

    def __new__(cls) -> RsaKeyRegistry: ...
    def __len__(self) -> int: ...
    def register(self, modulus: bytes, exponent: bytes) -> int:
        """Register a key.

        Args:
            modulus: Big-endian number; leading zeros do not count.
            exponent: The same.

        Returns:
            The key's id; the same numbers always give the same one.
        """

    def find(self, modulus: bytes, exponent: bytes) -> int | None:
        """Return the id of a registered key.

        Args:
            modulus: Big-endian number.
            exponent: The same.

        Returns:
            The id, or ``None``.
        """

    def is_usable(self, key_id: int) -> bool:
        """Say whether a registered key is within the bounds.

        Args:
            key_id: An id that was given out.

        Returns:
            ``False`` for a key whose items all get ``BAD_KEY``.

        Raises:
            depinverify.exceptions.InputError: The id was not given out.
        """

def verify_rsa_pss_signatures(
    profile: str,
    registry: RsaKeyRegistry,
    key_ids: object,
    messages: object,
    signatures: object,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> NDArray[np.uint8]:
    """Check a column of RSA-PSS signatures; see :func:`depinverify.signature.rsa_pss_verify_codes`.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        registry: Where the keys were registered.
        key_ids: Integers.
        messages: Byte strings.
        signatures: Byte strings.
        threads: Number of threads, or ``None`` for all processors.
        progress: Called with items done and items in all.

    Returns:
        One verdict number for each item.

    Raises:
        depinverify.exceptions.InputError: The call is malformed.
    """

def verify_rsa_pss_signature(
    profile: str, modulus: bytes, exponent: bytes, message: bytes, signature: bytes
) -> int:
    """Check one RSA-PSS signature.

    Args:
        profile: ``sha256-salt32``, ``sha256-salt0`` or ``sha256-any_salt``.
        modulus: Big-endian number.
        exponent: The same.
        message: What was signed.
        signature: As long as the modulus.

    Returns:
        The verdict's number.

    Raises:
        depinverify.exceptions.InputError: The profile is unknown.
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

# beacon

@final
class BeaconChain:
    """A drand chain: its scheme, public key and clock (scoring and rewards, 6.1).

    Args:
        scheme: The scheme's name, such as ``bls-unchained-g1-rfc9380``.
        public_key: Compressed point.
        genesis_time: Time of round 1, Unix seconds.
        period: Seconds between rounds.
        genesis_seed: What round 1 of a chained scheme follows.
        beacon_id: The chain's id.

    Raises:
        depinverify.exceptions.InputError: The scheme is unknown, or a value is out of its range.
    """

    def __new__(
        cls,
        *,
        scheme: str,
        public_key: bytes,
        genesis_time: int,
        period: int,
        genesis_seed: bytes,
        beacon_id: str,
    ) -> BeaconChain: ...
    @staticmethod
    def named(name: str) -> BeaconChain:
        """Return a chain that is known by name.

        Args:
            name: ``quicknet`` or ``default``.

        Raises:
            depinverify.exceptions.InputError: No such name.
        """

    @property
    def hash(self) -> bytes:
        """The chain's hash, 32 bytes."""

    @property
    def scheme(self) -> str:
        """Name of the scheme."""

    @property
    def period(self) -> int:
        """Seconds between rounds."""

    @property
    def genesis_time(self) -> int:
        """Time of round 1, Unix seconds."""

    def round_at(self, time: int) -> int:
        """The round that is current at ``time``; an ``InputError`` before genesis."""

    def first_round_at_or_after(self, time: int) -> int:
        """The first round whose time is ``time`` or later; an ``InputError`` before genesis."""

    def time_of_round(self, round_number: int) -> int:
        """When a round appears, Unix seconds; an ``InputError`` for round 0."""

    def verify_round(
        self, round_number: int, signature: bytes, previous_signature: bytes | None = None
    ) -> bool:
        """Whether the chain's key signed a round; ``previous_signature`` counts if chained."""

    def read_rounds(
        self,
        file: bytes,
        needed: set[int],
        *,
        missing_rounds: list[int] = ...,
        pinned: bool = False,
        threads: int | None = None,
    ) -> tuple[list[tuple[int, bytes | None]], bytes]:
        """Read and verify ``beacon.jsonl``.

        Args:
            file: Its bytes.
            needed: The rounds that slots need; others are ignored beyond being well formed.
            missing_rounds: Rounds that may be absent, ascending.
            pinned: Take signatures as they are.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            Each needed round with its randomness, or ``None`` where it is missing and named so, ascending;
            and the content hash of the needed rounds.

        Raises:
            InputError: A line, a signature, a round twice, one that is absent, or one that should be.
        """

def slot_seed(
    chain_hash: bytes, round_number: int, randomness: bytes, slot: int, params_hash: bytes
) -> bytes:
    """Return the seed of one slot."""

def draw(purpose: str, seed: bytes, device: bytes) -> int:
    """Return the 64 bits that a device draws for a purpose."""

def draw_offset(seed: bytes, device: bytes, span_ms: int) -> int:
    """Return the public moment inside a span, milliseconds."""

def is_selected(seed: bytes, device: bytes, numerator: int, denominator: int) -> bool:
    """Whether a device is probed in a slot, with this probability."""

def assign_validators(seed: bytes, device: bytes, validators: list[bytes], k: int) -> list[int]:
    """Return the indices of the first ``k`` of ``validators`` in the order of assignment."""

def challenge_nonce(seed: bytes, device: bytes, validator: bytes) -> bytes:
    """Return the nonce of (slot, device, validator)."""

def challenge_salt(secret: bytes, slot: int, device: bytes) -> bytes:
    """Return the salt that a validator's secret adds."""

def challenge(nonce: bytes, salt: bytes) -> bytes:
    """Return what the device is asked: its ``eat_nonce``."""

def challenge_moment_ms(
    nonce: bytes, salt: bytes, round_time: int, slot_start: int, slot_seconds: int, late_limit_ms: int
) -> int:
    """Return when the probe is to be sent, Unix ms; an ``InputError`` where the slot leaves no time."""

def cos_sin_18(angle_e7: int) -> tuple[int, int]:
    """Return the integers nearest to 10^18 times cosine and sine of an angle in 10^-7 degrees."""

def chord_metres(a: tuple[int, int], b: tuple[int, int]) -> int:
    """Return whole metres of the chord between two places, (latitude, longitude) in 10^-7 degrees."""

# epoch

@final
class EpochContext:
    """What the checks of one epoch use: parameters, slots, devices, validators and the state before.

    Made once for a run (uptime proof, sections 1.6, 3 and 5); immutable, and safe to share between threads.

    Args:
        params: ``index``, ``start`` and ``end`` in seconds, ``slot_seconds``, the keys of the ruleset by their
            names, and ``params_hash`` (32 bytes). Other keys are ignored.
        chain: The beacon's chain.
        beacon: The bytes of ``beacon.jsonl``.
        snapshot: The registry for this epoch.
        secrets: The bytes of ``validators.jsonl``; empty while nobody has revealed a secret.
        state: The bytes of the previous settlement's ``state.jsonl``; empty for the first epoch.
        pinned: Do not check the beacon's signatures.
        missing_rounds: Rounds that may be absent; none by default.

    Raises:
        depinverify.exceptions.InputError: A file is malformed, a round is missing or forged, or they do not fit
            each other.
    """

    def __new__(
        cls,
        params: Mapping[str, object],
        chain: BeaconChain,
        beacon: bytes,
        snapshot: RegistrySnapshot,
        secrets: bytes,
        state: bytes,
        *,
        pinned: bool = False,
        missing_rounds: Sequence[int] = ...,
    ) -> EpochContext: ...
    @property
    def slots(self) -> int:
        """Number of slots, which are counted from 0."""

    @property
    def participants(self) -> list[bytes]:
        """Ids of the validators that take part in the assignment, ascending (uptime proof, 1.6)."""

    @property
    def void_validators(self) -> list[bytes]:
        """Participants whose secret is missing, ambiguous or not the committed one; their rows count for nobody."""

    @property
    def missing_rounds(self) -> list[int]:
        """Rounds of slots that are missing and named so, ascending."""

    @property
    def beacon_hash(self) -> bytes:
        """Content hash of the rounds that slots need: ``inputs.beacon`` of the reward file, 32 bytes."""

    @property
    def secrets_hash(self) -> bytes:
        """Content hash of the revealed secrets: ``inputs.secrets`` of the reward file, 32 bytes."""

    def schedule(self, validator: bytes | None = None, slot: int | None = None) -> RecordBatchReader:
        """List who is to be probed when, and with which nonce (uptime proof, 1.6; scoring and rewards, 6.4).

        Args:
            validator: Id of one validator only.
            slot: One slot only.

        Returns:
            A stream with one batch for each slot, ascending by slot, then device, then rank of the validator:
            ``slot`` u64, ``device``, ``validator`` binary, ``round`` u64, ``nonce`` binary, and ``eat_nonce``
            binary and ``moment_ms`` i64, which are null where the validator's secret is not known.

        Raises:
            depinverify.exceptions.InputError: The validator does not take part, or the slot is not in the epoch.
        """

    def explain(
        self,
        *,
        validator: bytes,
        device: bytes,
        slot: int,
        sent_ms: int,
        received_ms: int | None,
        transport: int,
        proof: bytes | None,
        others: Sequence[ArrowStreamExportable] = ...,
    ) -> dict[str, Any]:
        """Judge one row and give what each check compared; :mod:`depinverify.check` shows it.

        Checks 10 and 14 look at all rows of a device, so they see this row and those of ``others``.

        Args:
            validator: Who probed.
            device: The device that was probed.
            slot: Slot number.
            sent_ms: When the challenge left, Unix milliseconds.
            received_ms: When the answer was complete; ``None`` without an answer.
            transport: 0 answered, 1 timeout, 2 no connection, 3 other error, 4 not attempted.
            proof: The envelope; ``None`` without an answer.
            others: Streams of observations; rows of other devices are left out.

        Returns:
            ``row_id``, ``code``, ``failed``, ``not_run``, ``outcome``, ``e1``, ``e2``, ``e_bytes`` as in the
            verdict table; ``rows`` of the device; ``malformed_stage``; ``unsupported``; ``header_algorithm`` and
            ``key_algorithm`` (1 to 3); ``key_interval`` (ms); ``off_schedule`` (reason, moment); ``assigned``
            validators; ``moment_ms``, ``slot_start`` (s) and ``round``; ``expected_nonce``; ``same_nonce`` (other
            rows with this challenge) and ``rightful``; ``delay_ms``; ``counters`` (boot count and first boot
            time before this row); ``distance_m``; ``model``; ``device`` with ``retired_ms``, ``place`` (10^-7
            degrees, radius in metres), ``hwmodel``, ``oemid``, ``keys``. What does not apply is ``None``.

        Raises:
            depinverify.exceptions.InputError: The row is none that an observation can be.
        """

# verification

@final
class Verification:
    """One run over an epoch's observations, step by step: ``intake``, ``verify``, ``collect``, ``score``.

    Every step releases the interpreter, reports progress between pieces, and stops on Ctrl-C.

    Args:
        context: The epoch.
        work: Folder for what does not fit in memory; a later run in the same folder continues there.
        threads: Number of threads, or ``None`` for all processors.
        memory_bytes: Budget for sorting, 256 MiB by default; the rest goes to the disk.
    """

    def __new__(
        cls,
        context: EpochContext,
        work: str | PathLike[str],
        *,
        threads: int | None = None,
        memory_bytes: int = ...,
    ) -> Verification: ...
    def intake(
        self,
        files: Sequence[tuple[str, str | PathLike[str]]],
        references: Sequence[tuple[str, str | PathLike[str]]],
        *,
        require_signed: bool = True,
        row_group_bytes: int | None = None,
        ratio: int | None = None,
        rows: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[dict[str, Any]]:
        """Read signed files of observations and reference probes (uptime proof, sections 2.1 to 2.3).

        Args:
            files: Name for reports, and path, of each file of observations.
            references: The same of reference probes.
            require_signed: Quarantine files without a signature beside them.
            row_group_bytes: Most decompressed bytes of a row group; 1 GiB if ``None``.
            ratio: Highest compression ratio; 200 if ``None``.
            rows: Most rows of a file; 10^9 if ``None``.
            progress: Called with the rows that were read so far; an exception from it stops the step.

        Returns:
            A report for each file: ``name``, ``sha256`` (hex or ``None``), ``bytes``, ``signer`` (hex or
            ``None``), ``rows``, and ``quarantine``: ``None``, or ``reason``, ``message``, ``column``, ``place``.

        Raises:
            depinverify.exceptions.SettlementError: The work folder cannot be written.
        """

    def intake_stream(self, rows: ArrowStreamExportable) -> int:
        """Take rows from any Arrow producer instead of files; nobody vouches for them.

        Args:
            rows: A table or stream with the columns of observations.

        Returns:
            Number of rows.

        Raises:
            depinverify.exceptions.InputError: A column is missing or of another type, or a value is out of range.
        """

    def verify(self, progress: Callable[[int], object] | None = None) -> None:
        """Judge all rows by the seventeen checks (uptime proof, section 4).

        Args:
            progress: Called with the rows that were judged so far; an exception from it stops the step.

        Raises:
            depinverify.exceptions.SettlementError: There was no intake, or the work folder cannot be used.
        """

    def collect(self, table: str | PathLike[str], origins: str | PathLike[str]) -> dict[str, Any]:
        """Put the verdict table together (uptime proof, 4.4).

        Args:
            table: Where to write it, Parquet.
            origins: Where to write file and row of each of its rows, JSON.

        Returns:
            ``rows``, ``counts`` by name of code, and the content hashes ``verdicts_hash``,
            ``observations_hash``, ``annotations_hash`` and ``references_hash``, 32 bytes each.

        Raises:
            depinverify.exceptions.SettlementError: A file cannot be written.
        """

    def score(self) -> dict[str, Any]:
        """Score all devices (scoring and rewards, sections 2, 3, 5 and 7).

        Returns:
            ``scores``, a record batch ascending by device; ``state``, the bytes of ``state.jsonl``;
            ``exclusions`` and ``indicators``, canonical JSON; ``clusters``, the address cluster of each device.

        Raises:
            depinverify.exceptions.SettlementError: Nothing was collected.
        """

def observation_rows(path: str | PathLike[str]) -> int | None:
    """Return the number of rows of a file of observations, where the file says it.

    Args:
        path: The file.

    Returns:
        The number, or ``None`` for a file that must be read for it, and for one that cannot be read.
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

# tables

def read_table(path: str | PathLike[str]) -> Table:
    """Read a result table.

    Args:
        path: A Parquet file.

    Returns:
        The whole table.

    Raises:
        depinverify.exceptions.InputError: The file cannot be read.
    """

def content_hash(rows: ArrowStreamExportable) -> bytes:
    """Hash the content of a table, whatever its file looks like (uptime proof, 9.3).

    Args:
        rows: A table or stream, its columns in schema order and its rows in canonical order.

    Returns:
        32 bytes.

    Raises:
        depinverify.exceptions.InputError: A column has a type that results do not have.
    """

def write_scores(rows: ArrowStreamExportable, path: str | PathLike[str]) -> bytes:
    """Write the table of scores.

    Args:
        rows: The columns of scores (uptime proof, 9.3), ascending by device.
        path: Where to write it, Parquet.

    Returns:
        Its content hash, 32 bytes.

    Raises:
        depinverify.exceptions.SettlementError: Other columns, or the file cannot be written.
    """

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

# networks

def arweave_verify_lines(
    lines: bytes, first: int = 1, *, block_rules: bool = False, threads: int | None = None
) -> RecordBatch:
    """Give each storage proof, one JSON object a line, its verdict; ``first`` numbers the first line."""

def arweave_verify_batch(
    batch: object, first: int = 0, *, block_rules: bool = False, threads: int | None = None
) -> RecordBatch:
    """Give each storage proof, one row of an Arrow record batch, its verdict.

    Raises:
        InputError: A column of another type.
    """

def arweave_validate_path(
    root: bytes, dest: int, size: int, path: bytes, ruleset: str
) -> tuple[tuple[bytes, int, int] | None, str | None]:
    """Return value, start and end that a path proves, or the reason why it proves nothing."""

def arweave_data_tree(data: bytes, *, as_node: bool = False) -> tuple[bytes, list[int], list[bytes]]:
    """Return root, leaf ends and paths of a transaction's data tree."""

def arweave_transaction_tree(
    height: int, transactions: list[tuple[int, bytes, bytes | None, int]]
) -> tuple[bytes, list[int], list[bytes]]:
    """Return root, leaf ends and paths of a block's tree over (format, id, data root, data size)."""

def arweave_recall_ranges(h0: bytes, partition: int, upper: int) -> tuple[int, int] | None:
    """Return the starts of both recall ranges, or ``None`` where they do not exist."""

def arweave_recall_byte(range_start: int, nonce: int, packing_difficulty: int) -> tuple[int, int] | None:
    """Return recall byte and sub-chunk index, -1 where chunks are not divided."""

def arweave_max_nonce(packing_difficulty: int) -> int:
    """Return the largest nonce of a recall range."""

def arweave_padded_offset(offset: int) -> int | None:
    """Return the end of the 256 KiB bucket that ends at or after ``offset``."""

def arweave_seek_byte(byte: int) -> int | None:
    """Return the byte by which the chunk at ``byte`` is looked up."""
