"""The register of devices and validators."""

from os import PathLike
from typing import final

from arro3.core import RecordBatch

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
