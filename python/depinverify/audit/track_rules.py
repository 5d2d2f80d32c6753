"""The published tracks of each device, held against what the settlement itself says about them.

In: the results of one settlement. Out: findings. Rule: scoring specification, 5.10. Invariant: availability is the
score of the entry, reputations are those of ``models.jsonl``, and costs and payout follow from the scores; how many
answers were late needs the evidence, so that score is taken as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depinverify.audit.comparison import chain_difference, track_difference
from depinverify.audit.findings import FindingCode
from depinverify.audit.tracks import reputation_in, tracks_in
from depinverify.models.tracks import combine

if TYPE_CHECKING:
    from depinverify.audit.findings import Findings
    from depinverify.audit.results import Results
    from depinverify.models.tracks import Combination

__all__ = ["check_tracks"]


def check_tracks(found: Findings, results: Results) -> None:
    """Every device's tracks, and the payout that follows from them."""
    entries, ruleset = results.rewards.entries, results.rewards.ruleset
    rules = tracks_in(ruleset)
    if rules is None:
        return
    lines = dict(results.models())
    # Few different scores stand among many devices.
    known: dict[tuple[int, ...], Combination] = {}
    rows = zip(entries.device, entries.score_e12, entries.tracks, entries.multipliers, strict=True)
    for device, score, tracks, chain in rows:
        subject = f"device:{device}"
        scores = []
        for one in tracks:
            expected: int | None = one.score_e12
            if one.track == "availability":
                expected = score
            elif one.track != "latency":
                expected = reputation_in(lines.get(device), one.track)
            if one.score_e12 != expected:
                field = f"tracks.{one.track}.score_e12"
                found.add(FindingCode.TRACK_DIFFERS, subject, field, one.score_e12, expected)
            scores.append(one.score_e12)
        key = tuple(scores)
        if key not in known:
            known[key] = combine(rules, scores, ruleset.curve)
        differs = track_difference(tracks, known[key].tracks)
        if differs is not None:
            found.add(FindingCode.TRACK_DIFFERS, subject, *differs)
        difference = chain_difference(chain[:1], (known[key].multiplier,))
        if difference is not None:
            found.add(difference[0], subject, *difference[1:])
