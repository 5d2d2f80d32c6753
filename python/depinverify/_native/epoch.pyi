"""What the checks of an epoch use."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, final

from arro3.core import RecordBatchReader
from arro3.core.types import ArrowStreamExportable

from depinverify._native.beacon import BeaconChain
from depinverify._native.registry import RegistrySnapshot

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

    def device_slots(
        self,
        device: bytes,
        verdicts: ArrowStreamExportable,
        *,
        excluded: Sequence[tuple[int, bytes]],
        unreliable: Sequence[bytes],
        events: AbstractSet[int],
    ) -> list[dict[str, Any]]:
        """Show what each slot of the epoch said about one device (scoring and rewards, 2.2, 2.5 and 3.6).

        Args:
            device: Id of the device.
            verdicts: Rows of the verdict table; those of other devices are passed over.
            excluded: Slot and validator of each line of the exclusion log.
            unreliable: Validators with the indicator ``UNRELIABLE``.
            events: Slots with the indicator ``NETWORK_EVENT``; they matter where the ruleset excludes them.

        Returns:
            One dictionary for each slot in which the device was challenged or has rows, ascending: ``slot``,
            ``start`` and ``window`` (seconds), ``challenged``, ``assigned`` validators, ``decision`` (``"UP"``,
            ``"DOWN"`` or ``None``), and ``rows``: ``row_id``, ``validator``, ``code``, ``outcome``, ``kept``,
            ``counts`` (``"UP"``, ``"DOWN"`` or ``None``), ``dropped`` (``"EXCLUDED"``, ``"UNRELIABLE"`` or ``None``).

        Raises:
            depinverify.exceptions.InputError: The device is not eligible, or these are no verdicts.
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
