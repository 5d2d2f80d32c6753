"""Beacons, draws and challenges."""

from typing import final

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

    @staticmethod
    def from_info(info: bytes) -> BeaconChain:
        """Return the chain that a beacon's info describes (Filecoin, D3 and D4).

        Args:
            info: JSON as version 1 or 2 of a beacon's interface gives it; hex in either case.

        Raises:
            depinverify.exceptions.InputError: A member is absent or wrong, or the stated hash is not that of the
                other members.
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

    def verify_rounds(
        self,
        rounds: list[tuple[int, bytes, bytes | None, bytes | None]],
        *,
        now: int | None = None,
        threads: int | None = None,
    ) -> list[tuple[str, str, bool, bool]]:
        """Check many rounds with few pairings; a bad one is named, and the others are not touched by it.

        Args:
            rounds: Round, signature, signature before it (chained schemes), stated randomness.
            now: Unix seconds; rounds whose time is later are marked.
            threads: Number of threads, or ``None`` for all processors.

        Returns:
            One row per round, in the order given: verdict (``signed``, ``no such round``, ``signature length``,
            ``previous signature absent``, ``randomness mismatch``, ``not a point``, ``not signed``); link to the
            round before (``unchained``, ``unseen``, ``holds``, ``broken``); whether a signature before was stated
            that the scheme ignores; whether the round is still to come. Rule: Filecoin, D1, D5, D6.
        """

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
