"""The tables of a ruleset about money: which of them a network adopts, and their parameters.

In: TOML tables. Out: frozen settings. Rule: scoring and rewards, section 8. Invariant: every absent key has its default
before anything is hashed; a table that is absent is a rule that is not used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from depinverify import _native
from depinverify.canonical import LARGEST_INTEGER
from depinverify.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LARGEST_AMOUNT", "Emission", "Levels", "Utilisation", "ValidatorShare", "decimal_amount"]

#: Token amounts are unsigned and fit 256 bits.
LARGEST_AMOUNT: Final = 2**256 - 1
_ONE: Final = 10**12
#: Periods are counted one by one, since every one of them rounds; hourly ones would last for a century.
MOST_PERIODS: Final = 1_000_000

_Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
_Positive = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]


def decimal_amount(text: str) -> str:
    """Accept the one decimal form of an amount."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,77}", text, re.ASCII) or int(text) > LARGEST_AMOUNT:
        raise ValueError("expected a decimal amount below 2^256, without sign or leading zeros")
    return text


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Emission(_Table):
    """Pools that decay from period to period (scoring and rewards, 8).

    Attributes:
        first: Pool of an epoch of period 0, decimal.
        numerator: What is left of a pool in the next period, over ``denominator``.
        denominator: See there.
        period_epochs: Epochs of a period.
        first_epoch: Index of the epoch with which period 0 begins.
    """

    first: Annotated[str, AfterValidator(decimal_amount)]
    numerator: _Count
    denominator: _Positive
    period_epochs: _Positive
    first_epoch: _Count = 0

    @model_validator(mode="after")
    def _is_a_decay(self) -> Self:
        if self.numerator > self.denominator:
            raise ValueError(
                f"numerator: expected at most denominator = {self.denominator}, found {self.numerator}"
            )
        return self

    def pools(self, indices: Sequence[int]) -> list[int]:
        """The pools of some epochs.

        Args:
            indices: Indices of the epochs, ascending.

        Raises:
            ConfigurationError: An epoch is before the first one, or more periods after it than can be counted.
        """
        found, emission, reached = [], int(self.first), 0
        decay = self.numerator, self.denominator
        for index in indices:
            period = (index - self.first_epoch) // self.period_epochs
            if not reached <= period <= MOST_PERIODS:
                last = self.first_epoch + (MOST_PERIODS + 1) * self.period_epochs - 1
                raise ConfigurationError(
                    f"emission: expected epochs from {self.first_epoch} to {last}, found {index}"
                )
            # Each period rounds the one before, so it goes on from there with the same result.
            emission, reached = _native.emission_of(emission, decay, period - reached), period
            found.append(emission)
        return found


class Utilisation(_Table):
    """Less pay for idle hardware, by the paid work that ``work.jsonl`` states.

    Attributes:
        floor_e12: Multiplier of a device that did no paid work.
        unlisted: What a device without a line counts as.
    """

    floor_e12: Annotated[int, Field(ge=0, le=_ONE)]
    unlisted: Literal["idle", "busy"] = "idle"


class ValidatorShare(_Table):
    """A share of the pool for validators, by what they delivered.

    Attributes:
        share_bp: The share in basis points.
    """

    share_bp: Annotated[int, Field(ge=0, le=10_000)]


class Levels(_Table):
    """A pool that is divided over classes of devices first (scoring and rewards, 9.6).

    Attributes:
        class_shares: Weight of each class in that division.
        others: The same of all devices together whose class is none of these.
    """

    class_shares: Annotated[dict[str, _Positive], Field(min_length=1)]
    others: _Count = 0

    def pays(self, class_name: str | None) -> bool:
        """Whether a device of this class takes part at all."""
        return self.others > 0 or class_name in self.class_shares
