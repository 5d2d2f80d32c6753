"""The provider view: objectives at their edges, scores by a second way, joins, and pools that are divided exactly."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify import _native
from depinverify.networks.filecoin.data_sets import DataSetHistory, PeriodOutcome
from depinverify.networks.filecoin.identities import Identities, Identity, Stated
from depinverify.networks.filecoin.pool import Pool, divide
from depinverify.networks.filecoin.provider_table import provider_table
from depinverify.networks.filecoin.providers import Checked, Provider, Retrievals, provider_rows
from depinverify.networks.filecoin.rulesets import Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depinverify.networks.filecoin.period_audit import PeriodAudit

ALICE, BOB = "0x" + "11" * 20, "0x" + "22" * 20
PDP = Rules.from_table({"name": "filecoin-pdp", "version": "1"})
PERIOD = 2880


def period(number: int, state: str, *, count: int = 1, leaves: int | None = 100) -> PeriodOutcome:
    deadline = (number + count) * PERIOD
    return PeriodOutcome(
        number=number,
        opens=deadline - 60,
        deadline=deadline,
        challenge_epoch=deadline - 60,
        range=leaves,
        state=state,
        proven_at=None,
        why="",
        count=count,
    )


def history(periods: Sequence[PeriodOutcome], *, set_id: int = 1, provider: str = ALICE) -> DataSetHistory:
    return DataSetHistory(
        set_id=set_id,
        provider=provider,
        payer=None,
        activation=0,
        deadline=None,
        periods=tuple(periods),
        fault_records=(),
        pieces_live=1,
        leaves=100,
        raw_bytes=3175,
        rate=0,
        refusals=(),
        refused=0,
        overdue_periods=0,
        proven_words=(),
        period_length=PERIOD,
        created_at=0,
        deleted_at=None,
        last_action=0,
        pieces_removed=0,
        removals_queued=0,
    )


def rows(
    histories: Sequence[DataSetHistory] = (),
    retrievals: dict[str, Retrievals] | None = None,
    identities: Sequence[Identity] = (),
    rules: Rules = PDP,
    height: int = 100 * PERIOD,
    window: dict[str, Checked] | None = None,
    periods: Sequence[PeriodAudit] = (),
) -> list[Provider]:
    return provider_rows(
        histories, periods, retrievals or {}, {}, window or {}, Identities(identities), rules, height=height
    )


def one(*args: object, **options: object) -> Provider:
    (row,) = rows(*args, **options)  # type: ignore[arg-type]
    return row


@pytest.mark.parametrize(
    ("proven", "faulted", "expected"),
    [
        (0, 0, "not measured"),
        (99, 0, "not enough samples"),
        (98, 1, "not enough samples"),
        (100, 0, "met"),
        (99, 1, "missed"),
        (499, 1, "met"),
        (498, 1, "missed"),
        (998, 2, "met"),
        (997, 2, "missed"),
    ],
)
def test_faults_are_at_most_two_of_a_thousand_in_500_challenges(
    proven: int, faulted: int, expected: str
) -> None:
    row = one([history([period(0, "proven", count=proven), period(proven, "faulted", count=faulted)])])
    assert row.objectives["approval_faults"] == expected


@pytest.mark.parametrize(
    ("successful", "total", "retrieval", "approval"),
    [
        (0, 0, "not measured", "not measured"),
        (9, 10, "met", "not enough samples"),
        (899, 1000, "missed", "missed"),
        (193, 199, "met", "not enough samples"),
        (194, 200, "met", "met"),
        (193, 200, "met", "missed"),
    ],
)
def test_retrievals_meet_what_they_should(successful: int, total: int, retrieval: str, approval: str) -> None:
    found = {"f01": Retrievals(total, successful, 0, 0, ())} if total else {}
    row = one(retrievals=found, identities=[Identity(None, "f01")])
    assert (row.objectives["retrieval"], row.objectives["approval_retrievals"]) == (retrieval, approval)


@pytest.mark.parametrize(("good", "expected"), [(95, "met"), (94, "missed")])
def test_sectors_are_in_health_from_95_of_100(good: int, expected: str) -> None:
    row = one(identities=[Identity(ALICE, None, health=Stated(good, 100))])
    assert row.objectives["health"] == expected


@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.tuples(st.integers(0, 300), st.integers(0, 300)),
    st.tuples(st.integers(0, 300), st.integers(0, 300)),
)
def test_a_reputation_is_the_cores(
    proven: int, faulted: int, retrieval: tuple[int, int], uploads: tuple[int, int]
) -> None:
    """Weights as parameters give what the core's fixed weights give; what was never tried counts nothing."""
    of_retrieval, of_uploads = ((good, good + bad) for good, bad in (retrieval, uploads))
    row = one(
        [history([period(0, "proven", count=proven), period(proven, "faulted", count=faulted)])],
        {"f01": Retrievals(of_retrieval[1], of_retrieval[0], 0, 0, ())} if of_retrieval[1] else {},
        [Identity(ALICE, "f01", uploads=Stated(*of_uploads))],
    )
    parts = {"proving": (proven, proven + faulted), "retrieval": of_retrieval, "storage": of_uploads}
    assert row.reputation == _native.filecoin_spark_reputation(
        **{name: rate for name, rate in parts.items() if rate[1]}
    )
    assert row.challenges == 5 * (proven + faulted)


@given(
    st.lists(st.tuples(st.sampled_from(["proven", "faulted", "open"]), st.integers(1, 4)), max_size=12),
    st.integers(0, 60),
)
def test_windows_are_days_by_a_second_way(runs: list[tuple[str, int]], day: int) -> None:
    """A period of a day each: a day's share is that of its deadlines, and the last thirty whole days count."""
    rules = Rules.from_table(
        {"name": "own", "version": "1", "score": "windows", "windows": {"min_data_windows": 1}}
    )
    periods, number = [], 0
    slots: dict[int, list[bool]] = {}
    for state, count in runs:
        periods.append(period(number, state, count=count))
        for place in range(number, number + count):
            if state != "open":
                slots.setdefault(place + 1, []).append(state == "proven")
        number += count
    counted = {start: ups for start, ups in slots.items() if start < day and start >= day - 30}
    expected = 0
    if counted:
        mean = sum(Fraction(sum(ups), len(ups)) for ups in counted.values()) / len(counted)
        expected = int(mean * 10**12)
    row = one([history(periods)], rules=rules, height=day * PERIOD)
    assert row.score_e12 == expected


def test_periods_that_nobody_started_cost_no_memory() -> None:
    """Some 10^11 of them in a row; only those that a window can hold are looked at."""
    rules = Rules.from_table(
        {"name": "own", "version": "1", "score": "windows", "windows": {"min_data_windows": 1}}
    )
    count = 10**11
    row = one([history([period(0, "faulted", count=count)])], rules=rules, height=count * PERIOD)
    assert (row.score_e12, row.faulted_periods, row.fault_ppm) == (0, count, 10**6)


def test_bytes_are_proven_by_the_last_period_that_is_over() -> None:
    def proven(*periods: PeriodOutcome) -> int:
        return one([history(periods)]).proven_bytes

    assert proven(period(0, "proven")) == 100 * 32 * 127 // 128
    assert proven(period(0, "proven"), period(1, "open", leaves=7)) == 3175
    assert proven(period(0, "proven"), period(1, "faulted")) == 0
    assert proven(period(0, "faulted"), period(1, "proven", leaves=2**60)) == 2**60 * 32 * 127 // 128
    assert proven() == 0
    deleted = replace(history([period(0, "proven")]), deleted_at=5)
    assert one([deleted]).proven_bytes == 0


def test_identities_join_what_is_one_provider() -> None:
    found = {"f01": Retrievals(2, 1, 1, 1, (10, 20, 30)), "f02": Retrievals(1, 1, 0, 0, ())}
    known = [Identity(ALICE, "f01", "Alice"), Identity("0x" + "33" * 20, None, "idle")]
    histories = [
        history([period(0, "proven")], set_id=2, provider=BOB),
        history([], set_id=1),
        history([], set_id=3),
    ]
    listed = rows(histories, found, known, window={"f01": Checked(1, 2, 3), "f03": Checked(1)})
    assert [(row.provider, row.miner_id, row.data_sets) for row in listed] == [
        (ALICE, "f01", (1, 3)),
        (BOB, None, (2,)),
        ("0x" + "33" * 20, None, ()),
        (None, "f02", ()),
        (None, "f03", ()),
    ]
    alice = listed[0]
    assert (alice.first_byte_ms(1, 2), alice.first_byte_ms(9, 10), alice.window) == (20, 28, Checked(1, 2, 3))
    table = pl.DataFrame(provider_table(listed))
    assert table["provider"].to_list() == [row.provider for row in listed]
    assert table["rsr_ppm"].to_list() == [500_000, None, None, 10**6, None]
    assert table["first_byte_p90_ms"].to_list() == [28, None, None, None, None]
    assert table.columns == pl.DataFrame(provider_table([])).columns


@given(
    st.integers(0, 2**256 - 1),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 2**100)), max_size=6),
    st.sampled_from(["largest_remainder", "floor_to_sink", "carry"]),
)
def test_a_pool_is_divided_exactly(amount: int, given_sets: list[tuple[int, int, int]], mode: str) -> None:
    rules = Rules.from_table({"name": "own", "version": "1", "allocation": mode})
    histories = [
        history(
            [period(0, "faulted", count=faulted), period(faulted, "proven", count=proven, leaves=leaves)],
            set_id=number,
            provider=f"0x{number:040x}",
        )
        for number, (proven, faulted, leaves) in enumerate(given_sets)
        if proven and faulted
    ]
    listed = rows(histories, rules=rules)
    division = divide(Pool(amount=str(amount), id="pool"), listed, rules)
    assert division.allocated + division.remainder == amount
    weights = [row.score_e12 * row.proven_bytes for row in listed]
    for share, weight in zip(division.shares, weights, strict=True):
        exact = Fraction(amount * weight, sum(weights)) if sum(weights) else Fraction(0)
        assert share.amount - exact < 1
        assert share.amount >= int(exact)
    claims = [] if division.tree is None else division.tree.entries()
    assert sum(claim for _, claim in claims) == division.allocated
