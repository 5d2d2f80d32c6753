"""The rows of providers held against the data sets, the rounds and the ruleset of the same settlement.

In: a settlement folder, which may be anybody's. Out: findings. Rule: Filecoin, A6, C7, F1 and F2. Invariant: rates
stand with their bounds, periods are those of the data sets, retrievals those of the rounds, and scores, reputations,
objectives and proven bytes follow from them; only what verdicts say and what a provider states of itself is taken as
it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from depinverify.networks.filecoin.audit_findings import ABSENT, Finding, first_difference
from depinverify.networks.filecoin.exact import exact
from depinverify.networks.filecoin.period_history import Terms
from depinverify.networks.filecoin.provider_scores import (
    objectives_of,
    proven_bytes_of,
    reputation_of,
    score_of,
)
from depinverify.networks.filecoin.providers import Retrievals, Shown, called, rate_line
from depinverify.networks.filecoin.proving_period import CHALLENGES_PER_PROOF
from depinverify.networks.filecoin.rulesets import Rules
from depinverify.networks.filecoin.spark import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depinverify.networks.filecoin.data_sets import PeriodState
    from depinverify.networks.filecoin.result_folder import FilecoinSettlement

__all__ = ["provider_subject", "provider_sums"]

_FILE: Final = "providers.json"
_MILLION: Final = 10**6
#: Rates that a provider states of itself.
_STATED: Final = ("health", "uploads")
#: What a round counts of each miner.
_COUNTED: Final = ("total", "successful", "http", "head")


class _Period(NamedTuple):
    """A period of a settlement as scores see it."""

    state: PeriodState
    deadline: int
    # The name of the method of a tuple is the name that periods have for it.
    count: int  # type: ignore[assignment]
    range: int | None


class _Set(NamedTuple):
    """A data set of a settlement as scores see it."""

    periods: tuple[_Period, ...]
    period_length: int
    deleted_at: int | None


def provider_subject(line: dict[str, Any]) -> str:
    """How a provider is called."""
    return called(line["provider"], line["miner_id"])


def provider_sums(settlement: FilecoinSettlement) -> Iterator[Finding]:
    """What does not follow from the data sets, the rates and the ruleset."""
    lines = settlement.json(_FILE)["providers"]
    counts = settlement.manifest["counts"]
    yield from _differs("counts", "providers", counts["providers"], len(lines), file="manifest.json")
    rules = Rules.from_params(settlement.manifest["ruleset"]["params"])
    length = Terms.of(settlement.manifest["chain"]).period
    height = int(settlement.manifest["height"])
    sets: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in settlement.json("data_sets.json")["data_sets"]:
        sets[line["provider"]].append(line)
    retrievals = _retrievals(settlement.json("spark.json")["rounds"])
    for line in lines:
        own = sets.pop(line["provider"], [])
        retrieved = retrievals.pop(line["miner_id"], None)
        subject = provider_subject(line)
        for field, recomputed in _fields(line, own, retrieved, rules, length, height):
            published: Any = line
            for name in field.split("."):
                published = published[name]
            yield from _differs(subject, field, published, recomputed)
    for provider in sorted(sets):
        yield Finding("sums", _FILE, provider, "", ABSENT, f"{len(sets[provider])} data sets")
    for miner_id in sorted(retrievals):
        yield Finding(
            "sums", _FILE, called(None, miner_id), "", ABSENT, f"{retrievals[miner_id].total} retrievals"
        )


def _retrievals(rounds: list[dict[str, Any]]) -> dict[str, Retrievals]:
    """Retrievals of each miner over all rounds."""
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    times: defaultdict[str, list[int]] = defaultdict(list)
    for one in rounds:
        for row in one["miners"]:
            totals[row["party"]].update({name: int(row[name]) for name in _COUNTED})
        for row in one["first_byte"]:
            times[row["miner"]] += map(int, row["medians_ms"])
    return {
        miner_id: Retrievals(
            **{name: counts[name] for name in _COUNTED}, first_byte_ms=tuple(times[miner_id])
        )
        for miner_id, counts in totals.items()
    }


def _differs(
    subject: str, field: str, published: object, recomputed: object, *, file: str = _FILE
) -> Iterator[Finding]:
    if (found := first_difference(published, recomputed, field)) is not None:
        yield Finding("sums", file, subject, *found)


def _fields(
    line: dict[str, Any],
    own: list[dict[str, Any]],
    retrieved: Retrievals | None,
    rules: Rules,
    length: int,
    height: int,
) -> Iterator[tuple[str, object]]:
    """Fields of a row and what follows for them."""
    yield "data_sets", [one["set_id"] for one in own]
    yield "proving.successes", exact(sum(int(one["periods_proven"]) for one in own))
    yield "proving.total", exact(sum(int(one["periods_over"]) for one in own))
    yield "proving", rate_line(_rate(line["proving"]))
    health, uploads = (None if line[name] is None else _rate(line[name]) for name in _STATED)
    for name, stated in zip(_STATED, (health, uploads), strict=True):
        if stated is not None:
            yield name, rate_line(stated)
    retrieval: Rate | None = None
    if retrieved is None:
        yield from ((name, None) for name in ("retrieval", "retrieval_http", "retrieval_head", "first_byte"))
    else:
        rates = retrieved.rates()
        retrieval = rates["retrieval"]
        yield from ((name, rate_line(rate)) for name, rate in rates.items())
        yield "first_byte", retrieved.first_byte()
    proving = _rate(line["proving"])
    passed = proving.rate_ppm
    yield "fault_ppm", None if passed is None else _MILLION - passed
    yield "challenges", exact(CHALLENGES_PER_PROOF * proving.total)
    yield "periods_faulted", exact(proving.total - proving.successes)
    shown = Counter(period["shown"]["finding"] for one in own for period in one["periods"] if period["shown"])
    yield "periods_shown", {name: shown[name] for name in Shown._fields}
    judged = [_as_shown(one, length) for one in own]
    proven = sum(period.count for one in judged for period in one.periods if period.state == "proven")
    supported = Rate(proven, proving.total)
    yield "proven_bytes", str(sum(map(proven_bytes_of, judged)))
    yield "score_e12", score_of(rules, judged, supported, retrieval, height)
    yield "reputation", reputation_of(rules.reputation, supported, retrieval, uploads)
    yield "objectives", objectives_of(rules.objectives, proving, health, retrieval, uploads)


def _rate(line: dict[str, Any]) -> Rate:
    return Rate(int(line["successes"]), int(line["total"]))


def _as_shown(one: dict[str, Any], length: int) -> _Set:
    """A data set for scores: what the chain took and the proofs refute counts as a fault there."""
    deleted = one["deleted_at"]
    return _Set(tuple(map(_period, one["periods"])), length, None if deleted is None else int(deleted))


def _period(line: dict[str, Any]) -> _Period:
    shown, leaves = line["shown"], line["range"]
    is_refuted = shown is not None and shown["finding"] == "refuted" and line["state"] == "proven"
    return _Period(
        "faulted" if is_refuted else line["state"],
        int(line["deadline"]),
        int(line["count"]),
        None if leaves is None else int(leaves),
    )
