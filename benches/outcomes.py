"""Outcomes scored: deduplication, quorum, validators' outages and windowed availability.

100,000 devices and 3 validators, one thread. Ours reads a stream of 100 million rows; polars (one thread) and pandas
hold 10 million rows in memory and do the same with whole columns. Rows are made before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

os.environ["POLARS_MAX_THREADS"] = "1"

import numpy as np
import polars as pl
import pyarrow as pa
from benches.memory import peak_mib

from depinverify.score import score_outcomes

if TYPE_CHECKING:
    import pandas as pd

DEVICES, VALIDATORS, SLOT = 100_000, 3, 900
WINDOW, TRACKING = 3600, 30 * 86400
PASS, OFFLINE = 0, 4
SCHEMA = pa.schema(
    [("slot", pa.uint32()), ("device", pa.uint32()), ("validator", pa.uint16()), ("outcome", pa.uint8())]
)
#: Different slots; a longer stream repeats them.
PATTERNS = 8


def pattern(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One slot: 2 % of the devices down, 0.5 % of the probes lost, 0.1 % of the rows twice; once a blind validator."""
    random = np.random.default_rng(seed)
    device = np.repeat(np.arange(DEVICES, dtype=np.uint32), VALIDATORS)
    validator = np.tile(np.arange(VALIDATORS, dtype=np.uint16), DEVICES)
    is_down = np.repeat(random.random(DEVICES) < 0.02, VALIDATORS) | (random.random(len(device)) < 0.005)
    if seed == PATTERNS - 1:
        is_down |= validator == 0
    outcome = np.where(is_down, OFFLINE, PASS).astype(np.uint8)
    twice = np.sort(np.concatenate([np.arange(len(device)), random.choice(len(device), len(device) // 1000)]))
    return device[twice], validator[twice], outcome[twice]


def stream(rows: int) -> pa.RecordBatchReader:
    """So many rows, whole slots."""
    patterns = [pattern(seed) for seed in range(PATTERNS)]
    slots = -(-rows // len(patterns[0][0]))

    def batches() -> object:
        for slot in range(slots):
            device, validator, outcome = patterns[slot % PATTERNS]
            columns = [np.full(len(device), slot, dtype=np.uint32), device, validator, outcome]
            yield pa.record_batch([pa.array(column) for column in columns], schema=SCHEMA)

    return pa.RecordBatchReader.from_batches(SCHEMA, batches())


def ours(rows: pa.RecordBatchReader | pa.Table, slots: int) -> pl.DataFrame:
    """Scores by device."""
    found = score_outcomes(
        rows, devices=DEVICES, owners=range(VALIDATORS), start=0, end=slots * SLOT, slot_seconds=SLOT,
        window_s=WINDOW, tracking_s=TRACKING, was_up=[True] * DEVICES,
    )  # fmt: skip
    return pl.DataFrame(found["scores"]).select("device", "score_e12")


def by_polars(rows: pl.DataFrame) -> pl.DataFrame:
    """The same with whole columns, sorted keys and lazy frames. Which devices were up before a slot is taken from
    decisions without exclusions."""
    key = pl.col("slot").cast(pl.UInt64) * DEVICES + pl.col("device")
    is_repeat = (pl.col("key") == pl.col("key").shift()) & (
        pl.col("validator") == pl.col("validator").shift()
    )
    kept = (
        rows.lazy()
        .select("slot", "device", "validator", key=key.set_sorted(), up=pl.col("outcome") == PASS)
        .filter(~is_repeat.fill_null(value=False))
        .collect()
        .lazy()
    )

    def decide(observations: pl.LazyFrame) -> pl.LazyFrame:
        votes = observations.group_by("key").agg(ups=pl.col("up").sum(), votes=pl.len())
        decided = votes.filter((pl.col("votes") >= 2) & (2 * pl.col("ups") != pl.col("votes")))
        return decided.select("key", is_up=2 * pl.col("ups") > pl.col("votes"))

    before = decide(kept).filter(~pl.col("is_up")).select(key=pl.col("key") + DEVICES)
    seen = kept.join(before, on="key", how="anti")
    seen = seen.with_columns(all_up=pl.col("up").sum().over("key"), all_n=pl.len().over("key"))
    is_other = pl.col("all_n") > 1
    per = seen.group_by("slot", "validator").agg(
        n=pl.len(),
        f=(~pl.col("up")).sum(),
        n2=is_other.sum(),
        f2=(is_other & (pl.col("all_up") == pl.col("up").cast(pl.UInt32))).sum(),
    )
    is_gone = (2 * pl.col("f") >= pl.col("n")) & (10 * pl.col("f2") < pl.col("n2"))
    gone = per.filter((pl.col("n") >= 10) & (pl.col("n2") >= 10) & is_gone).select("slot", "validator")
    dropped = kept.filter(~pl.col("up")).join(gone, on=["slot", "validator"], how="semi")
    left = kept.join(dropped, on=["key", "validator"], how="anti")
    end = int(rows["slot"][-1] + 1) * SLOT
    window = (pl.col("key") // DEVICES * SLOT // WINDOW).alias("window")
    return (
        decide(left)
        .with_columns(window, device=pl.col("key") % DEVICES)
        .filter(pl.col("window") < end // WINDOW)
        .group_by("device", "window")
        .agg(share=pl.col("is_up").sum().cast(pl.UInt64) * 10**12 // pl.len())
        .group_by("device")
        .agg(score_e12=pl.col("share").sum() // pl.len())
        .sort("device")
        .collect()
    )


def by_pandas(rows: pd.DataFrame) -> pd.DataFrame:
    """The same in pandas."""
    kept = rows.drop_duplicates(["slot", "device", "validator"])
    kept = kept.assign(up=kept["outcome"] == PASS)

    def decide(observations: pd.DataFrame) -> pd.DataFrame:
        votes = observations.groupby(["slot", "device"], sort=False)["up"].agg(["sum", "count"]).reset_index()
        decided = votes[(votes["count"] >= 2) & (2 * votes["sum"] != votes["count"])]
        return decided.assign(is_up=2 * decided["sum"] > decided["count"])

    before = decide(kept)[["slot", "device", "is_up"]]
    before["slot"] += 1
    seen = kept.merge(before, on=["slot", "device"], how="left")
    seen = seen[seen["is_up"].fillna(value=True).astype(bool)]
    group = seen.groupby(["slot", "device"])["up"]
    seen = seen.assign(all_up=group.transform("sum"), all_n=group.transform("count"))
    seen = seen.assign(
        down=~seen["up"],
        other=seen["all_n"] > 1,
        others_down=(seen["all_n"] > 1) & (seen["all_up"] - seen["up"] == 0),
    )
    per = seen.groupby(["slot", "validator"]).agg(
        n=("up", "size"), f=("down", "sum"), n2=("other", "sum"), f2=("others_down", "sum")
    )
    is_gone = (per["n"] >= 10) & (per["n2"] >= 10) & (2 * per["f"] >= per["n"]) & (10 * per["f2"] < per["n2"])
    gone = per[is_gone].assign(gone=True)["gone"].reset_index()
    left = kept.merge(gone, on=["slot", "validator"], how="left")
    left = left[left["up"] | left["gone"].isna()]
    decided = decide(left)
    decided["window"] = decided["slot"].astype("int64") * SLOT // WINDOW
    end = int(rows["slot"].iloc[-1] + 1) * SLOT
    decided = decided[decided["window"] < end // WINDOW]
    windows = decided.groupby(["device", "window"])["is_up"].agg(["sum", "count"])
    shares = (windows["sum"] * 10**12 // windows["count"]).groupby("device")
    return (shares.sum() // shares.count()).sort_index().rename("score_e12").reset_index()


def timed(rows: int) -> None:
    """Score so many rows in this process; seconds and peak memory to stdout."""
    per_slot = len(pattern(0)[0])
    slots = -(-rows // per_slot)
    source = stream(rows)
    started = time.perf_counter()
    ours(source, slots)
    seconds = time.perf_counter() - started
    print(slots * per_slot, seconds, peak_mib())


def in_a_process(rows: int) -> tuple[int, float, float]:
    command = [sys.executable, "-m", "benches.outcomes", "--rows", str(rows), "--alone"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(made[0]), float(made[1]), float(made[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--alone", action="store_true", help="Only ours, once.")
    asked = parser.parse_args()
    if asked.alone:
        timed(asked.rows)
        return
    for rows in (10_000_000, asked.rows):
        count, seconds, peak = min((in_a_process(rows) for _ in range(3)), key=lambda run: run[1])
        print(f"{count:,} rows: {count / seconds / 1e6:.1f} million rows/s, peak {peak:.0f} MiB")
    table = stream(10_000_000).read_all()
    slots = table["slot"][-1].as_py() + 1
    best = {}
    for name, score, rows in (
        ("ours", lambda rows: ours(rows, slots), table),
        ("polars", by_polars, pl.DataFrame(table)),
        ("pandas", by_pandas, table.to_pandas()),
    ):
        times = []
        for _ in range(3 if name != "pandas" else 1):
            started = time.perf_counter()
            scores = score(rows)
            times.append(time.perf_counter() - started)
        best[name] = min(times)
        found = pl.DataFrame(scores)["score_e12"].cast(pl.UInt64)
        if name == "ours":
            expected = found
        elif not found.equals(expected, check_names=False):
            raise SystemExit(f"{name} found other scores")
    for name in ("polars", "pandas"):
        print(f"{table.num_rows:,} rows held in memory, against {name}: {best[name] / best['ours']:.1f}x")


if __name__ == "__main__":
    main()
