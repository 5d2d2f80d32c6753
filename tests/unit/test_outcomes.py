"""Outcomes alone: the same scores however the stream is cut, the rules of outages, and refusals with the place."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from benches.plain_verifier.outages import DOWN, FAILED, IS_UP, NEITHER, NO_DATA, UP, decide_slot, judge_slot

from depinverify.exceptions import InputError
from depinverify.score import score_outcomes, windowed_availability

SCHEMA = pa.schema(
    [("slot", pa.uint32()), ("device", pa.uint32()), ("validator", pa.uint16()), ("outcome", pa.uint8())]
)
DEVICES, SLOTS = 14, 12
RULES: dict[str, Any] = {
    "devices": DEVICES, "owners": [0, 1, 1, 2], "start": 0, "end": SLOTS * 900, "slot_seconds": 900,
    "window_s": 1800, "tracking_s": 7200, "min_data_windows": 2, "was_up": [True] * DEVICES,
}  # fmt: skip
KIND = {0: UP, 1: UP, 2: FAILED, 3: DOWN, 4: DOWN, 5: NEITHER}


def epoch(seed: int) -> list[tuple[int, int, int, int]]:
    """Rows with outages of one validator, of all, and of single devices."""
    chance = random.Random(seed)
    rows = []
    for slot in range(SLOTS):
        blind = chance.choice([None, None, 0, 1, 2, 3, "all"])
        for device in range(DEVICES):
            for validator in range(4):
                if chance.random() < 0.2:
                    continue
                is_blind = blind in {validator, "all"} and chance.random() < 0.9
                rows.append(
                    (slot, device, validator, 4 if is_blind else chance.choice([0, 0, 0, 0, 1, 2, 3, 5]))
                )
    return rows


def table(rows: list[tuple[int, int, int, int]]) -> pa.Table:
    return pa.table([pa.array(column) for column in zip(*rows, strict=True)], schema=SCHEMA)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("exclude", [False, True])
def test_it_agrees_with_the_plain_verifier(seed: int, exclude: bool) -> None:
    rows = epoch(seed)
    prior = dict.fromkeys(range(DEVICES), True)
    clusters = {device: device // 2 * 2 if device < 4 else device for device in range(DEVICES)}
    windows: dict[int, dict[int, list[int]]] = {device: {} for device in range(DEVICES)}
    log = []
    for slot in range(SLOTS):
        seen = [(validator, device, KIND[outcome]) for at, device, validator, outcome in rows if at == slot]
        judged, event = judge_slot(seen, clusters, prior, {})
        log += [(slot, line.validator, line.reason, line.n, line.f, line.n2, line.f2) for line in judged]
        gone = {line.validator for line in judged}
        for device, decision in decide_slot(seen, gone, 2, RULES["owners"]).items():
            if decision == NO_DATA:
                continue
            prior[device] = decision == IS_UP
            if exclude and event and decision != IS_UP:
                continue
            counts = windows[device].setdefault(slot // 2 * 1800, [0, 0])
            counts[0] += decision == IS_UP
            counts[1] += 1
    found = score_outcomes(
        table(rows), **RULES, clusters=list(clusters.values()), exclude_network_events=exclude
    )
    assert found["exclusions"] == log
    scores = pa.table(pa.record_batch(found["scores"]).to_pydict())
    for device in range(DEVICES):
        expected = windowed_availability(
            [(start, up, total, total) for start, (up, total) in windows[device].items()],
            moment=SLOTS * 900, window_s=1800, tracking_s=7200, min_data_windows=2,
        )  # fmt: skip
        row = {name: scores[name][device].as_py() for name in scores.column_names}
        assert (row["score_e12"], row["windows_used"], row["state"]) == expected


def test_where_a_batch_ends_changes_nothing() -> None:
    rows = table(epoch(7))
    whole = score_outcomes(rows, **RULES)
    for size in (1, 7, 100):
        cut = score_outcomes(pa.Table.from_batches(rows.to_batches(max_chunksize=size)), **RULES)
        assert pa.record_batch(cut["scores"]).equals(pa.record_batch(whole["scores"]))
        assert cut["exclusions"] == whole["exclusions"]


def test_who_is_unreliable_loses_its_down_reports() -> None:
    rows = [(0, 0, validator, 4 if validator else 0) for validator in range(3)]
    rules = RULES | {"owners": [0, 1, 2]}
    assert pa.record_batch(score_outcomes(table(rows), **rules)["scores"])["down"][0].as_py() == 1
    without = pa.record_batch(score_outcomes(table(rows), **rules, unreliable=[1, 2])["scores"])
    assert (without["down"][0].as_py(), without["excluded"][0].as_py()) == (0, 2)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, 0, 0, 0), (0, 0, 0, 0)], "row 1: expected rows ascending"),
        ([(0, 14, 0, 0)], "row 0: expected a device below 14, found 14"),
        ([(0, 0, 4, 0)], "row 0: expected a validator below 4, found 4"),
        ([(0, 0, 0, 9)], "outcome"),
    ],
)
def test_bad_rows_are_named(rows: list[tuple[int, int, int, int]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        score_outcomes(table(rows), **RULES)


def test_bad_calls_are_named() -> None:
    rows = table(epoch(1))
    for bad, message in (
        (rows.drop_columns(["slot"]), 'expected a column "slot"'),
        (rows.set_column(0, "slot", rows["slot"].cast(pa.int64())), 'column "slot": expected uint32'),
        (rows.set_column(3, "outcome", pa.nulls(rows.num_rows, pa.uint8())), "expected no nulls"),
    ):
        with pytest.raises(InputError, match=message):
            score_outcomes(bad, **RULES)
    with pytest.raises(InputError, match="clusters: expected one of each of 14 devices, found 1"):
        score_outcomes(rows, **RULES, clusters=[0])
    with pytest.raises(InputError, match="unreliable: no validator has number 9"):
        score_outcomes(rows, **RULES, unreliable=[9])
