"""Questions to a settlement with polars: ``python examples/read_settlement.py [SETTLEMENT]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl

from depinverify import Settlement, settle
from depinverify.simulate import simulate


def main(settlement: Settlement) -> None:
    """Show the ten worst devices beside the codes of their rows."""
    scores = pl.DataFrame(settlement.scores)
    verdicts = pl.DataFrame(settlement.verdicts)
    rows = verdicts.group_by("device").agg(
        rows=pl.len(), failed=(pl.col("failed") != 0).sum(), unanswered=pl.col("proof_hash").is_null().sum()
    )
    worst = scores.sort("score_e12", "device").head(10).join(rows, on="device", how="left")
    print(
        worst.select(
            pl.col("device").bin.encode("hex"),
            (pl.col("score_e12") / 1e10).round(2).alias("score %"),
            "up",
            "down",
            "failed",
            "unanswered",
            pl.col("reasons").cast(pl.String),
        )
    )
    print(f"root {settlement.root}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Settlement.open(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            epoch = simulate(30, 3, 1, Path(folder) / "epoch").path
            main(settle(epoch, Path(folder) / "settlement"))
