"""The table ``[ruleset.models]``: which models a network scores with, and their parameters.

In: a TOML table. Out: frozen settings. Rule: scoring and rewards, sections 5 and 8. Invariant: every absent key has its
default before anything is hashed; a table that is absent is a model that is not used.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from depinverify.canonical import LARGEST_INTEGER

__all__ = [
    "LowerBound",
    "Models",
    "Objective",
    "Relative",
    "Standing",
    "Streak",
    "Threshold",
    "Track",
    "TrackName",
    "Tracks",
    "Withholding",
]

_ONE: Final = 10**12
_DAY: Final = 86_400

_Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
_Positive = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
_Share = Annotated[int, Field(ge=0, le=_ONE)]

#: What a device can be scored by, beside models that look at the whole network.
TrackName: TypeAlias = Literal["availability", "correctness", "unknown", "latency"]
#: Tracks whose scores only the table ``standing`` keeps.
_REPUTATIONS: Final = frozenset({"correctness", "unknown"})


def _rising(levels: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    if not levels or levels[0][0] != 0 or any(after[0] <= before[0] for before, after in pairwise(levels)):
        raise ValueError("expected levels that rise from 0 good epochs")
    return levels


def _distinct(order: tuple[TrackName, ...]) -> tuple[TrackName, ...]:
    if len(set(order)) != len(order):
        raise ValueError(f"expected distinct tracks, found {', '.join(order)}")
    return order


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Track(_Table):
    """One track of beta reputation (scoring and rewards, 5.3)."""

    alpha0_e12: _Positive
    beta0_e12: _Count = 0
    lambda_e12: _Share
    weight_e12: _Positive = _ONE
    threshold_e12: _Share


class Standing(_Table):
    """Reputations and the standing that follows from them (scoring and rewards, 5.3 and 5.4)."""

    min_age_s: _Count = 21 * _DAY
    min_observations: _Count = 100
    offline_threshold_e12: _Share = 600_000_000_000
    grace_s: _Count = 7 * _DAY
    offline_dq: bool = False
    probation_e12: _Share = _ONE
    suspended_e12: _Share = 0
    correctness: Track = Track(
        alpha0_e12=1000 * _ONE, lambda_e12=999_000_000_000, threshold_e12=960_000_000_000
    )
    unknown: Track = Track(alpha0_e12=_ONE, lambda_e12=950_000_000_000, threshold_e12=600_000_000_000)


class Relative(_Table):
    """Failure rates against those of a group (scoring and rewards, 5.5)."""

    group: Literal["network", "class", "region"] = "network"
    region_resolution: Annotated[int, Field(ge=0, le=12)] = 3
    min_group: _Positive = 4


class Threshold(_Table):
    """A threshold below the network's performance, and strikes (scoring and rewards, 5.6)."""

    leeway_e12: _Share = 50_000_000_000
    reward_share_bp: Annotated[int, Field(ge=0, le=10_000)] = 10_000
    strike_lifetime: Annotated[int, Field(ge=1, le=1000)] = 6
    most_strikes: _Count = 0


class LowerBound(_Table):
    """The lower bound of a rate where few slots were decided (scoring and rewards, 5.7)."""

    z_times_100: Annotated[int, Field(ge=1, le=10_000)] = 196
    min_sample: _Positive = 100


class Objective(_Table):
    """A service level and its error budget (scoring and rewards, 5.9)."""

    goal_num: _Count = 999
    goal_den: _Positive = 1000
    exhausted_e12: _Share = 0

    @model_validator(mode="after")
    def _goal_is_a_share(self) -> Self:
        if self.goal_num > self.goal_den:
            raise ValueError(f"goal_num: expected at most goal_den = {self.goal_den}, found {self.goal_num}")
        return self


class Streak(_Table):
    """A bonus for good epochs in a row (scoring and rewards, 8)."""

    good_score_e12: _Share = 800_000_000_000
    levels: Annotated[tuple[tuple[_Count, _Count], ...], AfterValidator(_rising)]


class Withholding(_Table):
    """What is kept back from young devices, in percent by month of 30 days (scoring and rewards, 8)."""

    percents: Annotated[tuple[Annotated[int, Field(ge=0, le=100)], ...], Field(min_length=1, max_length=1200)]


class Tracks(_Table):
    """Tracks whose combination goes through the payout curve (scoring and rewards, 5.10).

    Attributes:
        order: The tracks. A product rounds down behind each of them, in this order.
        weights: The weight of each in a mean; without them it is the product.
    """

    order: Annotated[tuple[TrackName, ...], Field(min_length=1), AfterValidator(_distinct)]
    weights: tuple[_Positive, ...] | None = None

    @field_validator("weights")
    @classmethod
    def _one_weight_a_track(
        cls, weights: tuple[int, ...] | None, given: ValidationInfo
    ) -> tuple[int, ...] | None:
        order = given.data.get("order")
        if weights is not None and order is not None and len(weights) != len(order):
            raise ValueError(f"expected {len(order)}, one for each of order, found {len(weights)}")
        return weights


class Models(_Table):
    """All of them. ``availability`` names the one that stands in the place of the payout curve.

    Attributes:
        availability: ``windowed``, or the name of one of the next four tables.
        relative: Model M4.
        threshold: Model M5.
        lower_bound: Model M6.
        objective: Model M8.
        standing: Model M3 and the status machine.
        streak: Loyalty.
        withholding: Pay that is kept back.
        tracks: What goes through the payout curve in the place of windowed availability alone.
    """

    availability: Literal["windowed", "relative", "threshold", "lower_bound", "objective"] = "windowed"
    relative: Relative | None = None
    threshold: Threshold | None = None
    lower_bound: LowerBound | None = None
    objective: Objective | None = None
    standing: Standing | None = None
    streak: Streak | None = None
    withholding: Withholding | None = None
    tracks: Tracks | None = None

    @field_validator("tracks")
    @classmethod
    def _tracks_have_what_they_need(cls, tracks: Tracks | None, given: ValidationInfo) -> Tracks | None:
        if tracks is None or not {"availability", "standing"} <= given.data.keys():
            return tracks
        availability = given.data["availability"]
        if availability != "windowed":
            raise ValueError(f"expected no table with availability = {availability!r}")
        for track in tracks.order:
            if track in _REPUTATIONS and given.data["standing"] is None:
                raise ValueError(f"expected the table standing beside it, which keeps the track {track!r}")
        return tracks

    @model_validator(mode="after")
    def _availability_has_its_table(self) -> Self:
        for name in ("relative", "threshold", "lower_bound", "objective"):
            if (getattr(self, name) is not None) != (self.availability == name):
                expected = "a table" if self.availability == name else "no table"
                raise ValueError(f"{name}: expected {expected} with availability = {self.availability!r}")
        return self
