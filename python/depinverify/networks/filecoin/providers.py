"""The provider view: one row per storage provider, whatever its data sets, sectors and retrievals say of it.

In: histories of data sets, verdicts of records, retrievals by miner id, identities that join them, the rules. Out:
:class:`Provider` rows, as values, as JSON and as an Arrow table. Rule: Filecoin, A6 (detection), C7, F1 and F2.
Invariant: integers only; every rate stands with its sample and with what so small a sample supports, a missing part
counts nothing, and too small a sample meets no objective and misses none. Rows ascend by address, then by miner id.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from depinverify import _native
from depinverify.networks.filecoin.data_sets import LOSSES
from depinverify.networks.filecoin.exact import exact
from depinverify.networks.filecoin.provider_scores import (
    lower_ppm,
    objectives_of,
    proven_bytes_of,
    reputation_of,
    score_of,
)
from depinverify.networks.filecoin.proving_period import CHALLENGES_PER_PROOF
from depinverify.networks.filecoin.spark import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from depinverify.canonical import Json
    from depinverify.networks.filecoin.data_sets import DataSetHistory
    from depinverify.networks.filecoin.identities import Identities, Identity, Stated
    from depinverify.networks.filecoin.period_audit import PeriodAudit
    from depinverify.networks.filecoin.provider_scores import Objective
    from depinverify.networks.filecoin.rulesets import Rules

__all__ = [
    "Checked",
    "Provider",
    "Retrievals",
    "Shown",
    "called",
    "provider_rows",
    "rate_line",
]

_MILLION: Final = 10**6


class Checked(NamedTuple):
    """Verdicts of proofs.

    Attributes:
        good: The mathematics of the proof hold and it came in time.
        bad: It was checked and a check failed.
        unchecked: What it takes to check it was not there.
    """

    good: int = 0
    bad: int = 0
    unchecked: int = 0


class Shown(NamedTuple):
    """Proven periods by what was shown for them; see :mod:`~depinverify.networks.filecoin.period_audit`.

    Attributes:
        confirmed: A proof in time was shown and holds.
        refuted: What was shown says otherwise.
        unshown: Nothing shown decides it.
    """

    confirmed: int = 0
    refuted: int = 0
    unshown: int = 0


@dataclass(frozen=True, slots=True)
class Retrievals:
    """Retrieval checks of one miner id over all rounds.

    Attributes:
        total: Measurements of its committees that count.
        successful: Those that succeeded.
        http: Those that succeeded over HTTP.
        head: Those of them whose HEAD request succeeded too.
        first_byte_ms: For each committee that agreed on success the median time to the first byte of its majority.
    """

    total: int
    successful: int
    http: int
    head: int
    first_byte_ms: tuple[int, ...]

    def rates(self) -> dict[str, Rate]:
        """What succeeded of all, by the name that a row has for it."""
        succeeded = {
            "retrieval": self.successful,
            "retrieval_http": self.http,
            "retrieval_head": self.head,
        }
        return {name: Rate(count, self.total) for name, count in succeeded.items()}

    def percentile_ms(self, numerator: int, denominator: int) -> int | None:
        """A percentile of the times to the first byte, rounded up; ``None`` without any."""
        found = _native.filecoin_spark_percentile(list(self.first_byte_ms), numerator, denominator)
        return None if found is None else -(-found[0] // found[1])

    def first_byte(self) -> dict[str, Json]:
        """Times to the first byte as JSON."""
        return {
            "committees": len(self.first_byte_ms),
            "median_ms": self.percentile_ms(1, 2),
            "p90_ms": self.percentile_ms(9, 10),
        }


@dataclass(frozen=True, slots=True)
class Provider:
    """One storage provider.

    Attributes:
        provider: Its address in data sets, ``0x`` and 40 hex digits.
        miner_id: Its miner id in retrieval checks and window proofs.
        name: How it calls itself.
        data_sets: Ids of its data sets, ascending.
        proving: Proven periods, of all that are over.
        open_periods: Periods that can still be proved.
        proven_bytes: The most bytes of payload behind the leaves that were challenged in the last period that is over
            and proven, of every set whose last period that is over is a proven one.
        shown: Its proven periods by what was shown for them.
        possession: Verdicts of its proofs of possession, where they were shown.
        window: Verdicts of its window proofs.
        health: Sectors without a fault, of the active ones, as stated.
        retrievals: Retrieval checks; ``None`` without any.
        uploads: Uploads that succeeded, of all, as stated.
        score_e12: Its score by the ruleset; a period that its proof refutes counts as a fault there, as it does in
            ``proven_bytes`` and the reputation.
        reputation: From 0 to 100 points, in millionths of a point.
        objectives: What it reaches, by objective.
    """

    provider: str | None
    miner_id: str | None
    name: str | None
    data_sets: tuple[int, ...]
    proving: Rate
    open_periods: int
    proven_bytes: int
    shown: Shown
    possession: Checked
    window: Checked
    health: Rate | None
    retrievals: Retrievals | None
    uploads: Rate | None
    score_e12: int
    reputation: int
    objectives: Mapping[str, Objective]

    @property
    def id(self) -> str:
        """How it is called among rows."""
        return called(self.provider, self.miner_id)

    @property
    def faulted_periods(self) -> int:
        """Periods that are over without a proof."""
        return self.proving.total - self.proving.successes

    @property
    def challenges(self) -> int:
        """Challenges of the periods that are over."""
        return CHALLENGES_PER_PROOF * self.proving.total

    @property
    def fault_ppm(self) -> int | None:
        """Share of them that failed, in millionths, rounded up; ``None`` without any."""
        passed = self.proving.rate_ppm
        return None if passed is None else _MILLION - passed

    @property
    def retrieval(self) -> Rate | None:
        """Retrievals that succeeded, of all."""
        return None if self.retrievals is None else Rate(self.retrievals.successful, self.retrievals.total)

    def first_byte_ms(self, numerator: int, denominator: int) -> int | None:
        """A percentile of its times to the first byte, rounded up; ``None`` without any."""
        return None if self.retrievals is None else self.retrievals.percentile_ms(numerator, denominator)

    @property
    def detection_ppm(self) -> dict[str, int]:
        """Chance in millionths that its proven periods would have shown a loss of so many hundredths of the leaves."""
        periods = self.proving.successes
        return {
            f"lost_{percent}_percent": _native.filecoin_detection_ppm(percent, 100, periods)
            for percent in LOSSES
        }

    def to_json(self) -> dict[str, Json]:
        """The row as JSON; numbers that may have more than 53 bits are decimal text."""
        found = None if self.retrievals is None else self.retrievals.rates()
        return {
            "provider": self.provider,
            "miner_id": self.miner_id,
            "name": self.name,
            "data_sets": [str(set_id) for set_id in self.data_sets],
            "proving": rate_line(self.proving),
            "periods_faulted": exact(self.faulted_periods),
            "periods_open": exact(self.open_periods),
            "challenges": exact(self.challenges),
            "fault_ppm": self.fault_ppm,
            "detection_ppm": self.detection_ppm,
            "proven_bytes": str(self.proven_bytes),
            "periods_shown": self.shown._asdict(),
            "possession_proofs": self.possession._asdict(),
            "window_proofs": self.window._asdict(),
            "health": None if self.health is None else rate_line(self.health),
            "retrieval": None if found is None else rate_line(found["retrieval"]),
            "retrieval_http": None if found is None else rate_line(found["retrieval_http"]),
            "retrieval_head": None if found is None else rate_line(found["retrieval_head"]),
            "first_byte": None if self.retrievals is None else self.retrievals.first_byte(),
            "uploads": None if self.uploads is None else rate_line(self.uploads),
            "score_e12": self.score_e12,
            "reputation": self.reputation,
            "objectives": dict(self.objectives),
        }


_NOTHING: Final = Checked()


@dataclass(slots=True)
class _Gathered:
    """What is known of one provider."""

    identity: Identity
    histories: list[DataSetHistory] = field(default_factory=list)
    judged: list[DataSetHistory] = field(default_factory=list)
    retrievals: Retrievals | None = None
    shown: Counter[str] = field(default_factory=Counter)
    possession: Checked = _NOTHING
    window: Checked = _NOTHING


def called(provider: str | None, miner_id: str | None) -> str:
    """How a provider is called: by its address, else by its miner id, which may be any text of a round's tasks."""
    if provider is not None:
        return provider
    # A text that is no miner id could be somebody's address.
    return miner_id if miner_id is not None and miner_id.startswith(("f0", "t0")) else f"miner {miner_id}"


def rate_line(rate: Rate) -> dict[str, Json]:
    """A rate as JSON, with its sample and its lower bound."""
    return {
        "successes": exact(rate.successes),
        "total": exact(rate.total),
        "ppm": rate.rate_ppm,
        "lower_ppm": lower_ppm(rate),
    }


def provider_rows(
    histories: Iterable[DataSetHistory],
    periods: Iterable[PeriodAudit],
    retrievals: Mapping[str, Retrievals],
    possession: Mapping[str, Checked],
    window: Mapping[str, Checked],
    identities: Identities,
    rules: Rules,
    *,
    height: int,
) -> list[Provider]:
    """The rows of all providers.

    Args:
        histories: Data sets.
        periods: What was shown for their periods.
        retrievals: Retrieval checks by miner id.
        possession: Verdicts of proofs of possession by the decimal id of the data set.
        window: Verdicts of window proofs by miner id.
        identities: Which address and miner id are one provider, and what it states.
        rules: How providers are scored.
        height: Height of the chain at the evidence's end.
    """
    gathered: dict[Identity, _Gathered] = {}
    findings: defaultdict[int, Counter[str]] = defaultdict(Counter)
    refuted: defaultdict[int, set[int]] = defaultdict(set)
    for period in periods:
        findings[period.set_id][period.finding] += 1
        if period.finding == "refuted":
            refuted[period.set_id].add(period.number)

    def of(identity: Identity) -> _Gathered:
        return gathered.setdefault(identity, _Gathered(identity))

    for identity in identities:
        of(identity)
    for history in histories:
        entry = of(identities.of_provider(history.provider))
        entry.histories.append(history)
        entry.judged.append(_as_shown(history, refuted[history.set_id]))
        entry.possession = _sum(entry.possession, possession.get(str(history.set_id), _NOTHING))
        entry.shown += findings[history.set_id]
    for miner_id, found in retrievals.items():
        of(identities.of_miner(miner_id)).retrievals = found
    for miner_id, checked in window.items():
        entry = of(identities.of_miner(miner_id))
        entry.window = _sum(entry.window, checked)
    rows = [_row(entry, rules, height) for entry in gathered.values()]
    # Whoever has no address stands behind those that have one.
    return sorted(rows, key=lambda row: (row.provider is None, row.provider or "", row.miner_id or ""))


def _as_shown(history: DataSetHistory, refuted: set[int]) -> DataSetHistory:
    """A history for scores and pools: what the chain took and the proofs refute counts as a fault there."""
    if not refuted:
        return history
    periods = tuple(
        replace(period, state="faulted") if period.number in refuted and period.state == "proven" else period
        for period in history.periods
    )
    return replace(history, periods=periods)


def _row(entry: _Gathered, rules: Rules, height: int) -> Provider:
    identity, histories = entry.identity, sorted(entry.histories, key=lambda history: history.set_id)
    proven = sum(history.proven_periods for history in histories)
    proving = Rate(proven, proven + sum(history.faulted_periods for history in histories))
    shown_proven = sum(history.proven_periods for history in entry.judged)
    supported = Rate(shown_proven, proving.total)
    found = entry.retrievals
    retrieval = None if found is None else Rate(found.successful, found.total)
    health, uploads = _rate(identity.health), _rate(identity.uploads)
    return Provider(
        provider=identity.provider,
        miner_id=identity.miner_id,
        name=identity.name,
        data_sets=tuple(history.set_id for history in histories),
        proving=proving,
        open_periods=sum(history.open_periods for history in histories),
        proven_bytes=sum(map(proven_bytes_of, entry.judged)),
        shown=Shown(*(entry.shown[name] for name in Shown._fields)),
        possession=entry.possession,
        window=entry.window,
        health=health,
        retrievals=found,
        uploads=uploads,
        score_e12=score_of(rules, entry.judged, supported, retrieval, height),
        reputation=reputation_of(rules.reputation, supported, retrieval, uploads),
        objectives=objectives_of(rules.objectives, proving, health, retrieval, uploads),
    )


def _rate(stated: Stated | None) -> Rate | None:
    return None if stated is None else Rate(*stated)


def _sum(one: Checked, other: Checked) -> Checked:
    return Checked(*(left + right for left, right in zip(one, other, strict=True)))
