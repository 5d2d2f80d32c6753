"""What determines a simulated epoch, to the last byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from depinverify.exceptions import InputError
from depinverify.registry.keys import Scheme
from depinverify.simulate.behaviours import ValidatorBehaviour
from depinverify.simulate.evidence import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_POOL", "DEFAULT_START", "OUTAGE_ROWS", "SCHEMES", "Settings"]

#: 15 January 2027, 08:00 UTC: on the border of an hour, so that windows are whole.
DEFAULT_START = 1_800_000_000
DEFAULT_POOL = "1000000000000000000000000"
OUTAGE_ROWS = ("keep", "drop")
#: Algorithms of the devices' keys, in turn.
SCHEMES = tuple(scheme.label for scheme in Scheme)
_FEWEST_SLOTS = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """What determines a simulated epoch; equal settings give equal bytes."""

    devices: int
    hours: int
    seed: int
    validators: int = 3
    start: int = DEFAULT_START
    index: int = 0
    first_index: int = 0
    slot_seconds: int = 900
    pool: str = DEFAULT_POOL
    shares: Mapping[str, str] = field(default_factory=dict)
    validator_behaviours: tuple[str, ...] = (ValidatorBehaviour.NO_UPLINK,)
    file_format: str = "parquet"
    outage_rows: str = "keep"
    schemes: tuple[str, ...] = SCHEMES

    @property
    def end(self) -> int:
        """First second after the epoch."""
        return self.start + self.hours * 3600

    @property
    def slots(self) -> int:
        """Slots of the epoch."""
        return self.hours * 3600 // self.slot_seconds

    @property
    def world_start(self) -> int:
        """Start of the first epoch of this world."""
        return self.start - (self.index - self.first_index) * self.hours * 3600

    @property
    def rotation_ms(self) -> int:
        """When the devices that change their key do so: in the middle of the world's first epoch."""
        return 1000 * (self.world_start + self.hours * 1800)

    def check(self) -> None:
        """Refuse settings that make no epoch.

        Raises:
            InputError: Which one, what was expected and what was found.
        """
        for name, least in (
            ("devices", 1),
            ("hours", 1),
            ("validators", 1),
            ("slot_seconds", 60),
            ("index", 0),
        ):
            if getattr(self, name) < least:
                raise InputError(f"{name}: expected {least} or more, found {getattr(self, name)}")
        if 3600 % self.slot_seconds or self.slots < _FEWEST_SLOTS:
            raise InputError(
                f"slot_seconds: expected a part of an hour and {_FEWEST_SLOTS} slots or more in the epoch, "
                f"found {self.slot_seconds} and {self.slots}"
            )
        if self.start % self.slot_seconds or self.world_start <= 0:
            raise InputError(f"start: expected a multiple of {self.slot_seconds}, found {self.start}")
        if not (self.pool.isascii() and self.pool.isdigit() and str(int(self.pool)) == self.pool):
            raise InputError(f"pool: expected a decimal integer, found {self.pool!r}")
        if self.file_format not in FORMATS:
            raise InputError(f"format: expected one of {', '.join(FORMATS)}, found {self.file_format!r}")
        if self.outage_rows not in OUTAGE_ROWS:
            raise InputError(f"outage rows: expected {' or '.join(OUTAGE_ROWS)}, found {self.outage_rows!r}")
        if not self.schemes or set(self.schemes) - set(SCHEMES):
            found = ", ".join(self.schemes)
            raise InputError(f"schemes: expected one or more of {', '.join(SCHEMES)}, found {found!r}")
        unknown = set(self.validator_behaviours) - set(ValidatorBehaviour)
        if unknown or len(self.validator_behaviours) > self.validators:
            expected = ", ".join(ValidatorBehaviour)
            found = ", ".join(self.validator_behaviours)
            raise InputError(
                f"validator behaviours: expected at most one a validator of {expected}, found {found}"
            )
