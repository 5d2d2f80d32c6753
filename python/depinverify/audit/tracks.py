"""The tracks of one device, combined again from what each of them rests on.

In: the device in a settlement and its model. Out: scores, costs, the combined score, the payout. Rule: scoring
specification, 5.10. Invariant: availability and latency are those of the verdict table; reputations are those that
``models.jsonl`` hands to the next epoch, which an audit recomputes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from depinverify.exceptions import SettlementError
from depinverify.models.tracks import combine, combined_score, latency, reputation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from depinverify.audit.model import Model
    from depinverify.audit.published import Published
    from depinverify.models.settings import Tracks
    from depinverify.models.tracks import Combination
    from depinverify.ruleset import Ruleset

__all__ = ["by_availability", "combination_of", "reputation_in", "tracks_in"]


def tracks_in(ruleset: Ruleset) -> Tracks | None:
    """The table ``tracks`` of a ruleset."""
    return None if ruleset.models is None else ruleset.models.tracks


def combination_of(published: Published, model: Model) -> Combination | None:
    """The tracks of a device, ``None`` where the ruleset has none.

    Raises:
        SettlementError: Its line of ``models.jsonl`` has no reputation.
    """
    ruleset = published.inputs.epoch.ruleset
    rules = tracks_in(ruleset)
    if rules is None:
        return None
    known = {
        "availability": model.availability.score_e12,
        "latency": latency(model.in_time, model.late),
    }
    scores = [known[track] if track in known else _reputation(published, track) for track in rules.order]
    return combine(rules, scores, ruleset.curve)


def by_availability(ruleset: Ruleset, combination: Combination | None) -> Callable[[int], int]:
    """The combined score as a function of the availability alone, the other tracks being what they are."""
    rules = tracks_in(ruleset)
    if rules is None or combination is None:
        return lambda score: score
    return lambda score: combined_score(
        rules, [score if one.track == "availability" else one.score_e12 for one in combination.tracks]
    )


def reputation_in(line: Mapping[str, Any] | None, track: str) -> int | None:
    """The score that a device's line of ``models.jsonl`` has in a track, ``None`` where it has none."""
    pair = None if line is None else line.get(track)
    if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004 - alpha and beta
        return None
    are_numbers = all(type(number) is int and number >= 0 for number in pair)
    return reputation(*pair) if are_numbers and sum(pair) > 0 else None


def _reputation(published: Published, track: str) -> int:
    found = reputation_in(published.models_after, track)
    if found is None:
        raise SettlementError(
            f"models.jsonl: device {published.device.hex()}: expected alpha and beta of {track}, found none"
        )
    return found
