"""One simulated epoch with every behaviour, and its verdict table."""

import polars as pl
import pytest

from depinverify import Epoch, ingest, verify_epoch
from depinverify.simulate import simulate


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("check") / "epoch"
    simulate(out=out, devices=60, hours=2, seed=3)
    return out


@pytest.fixture(scope="session")
def inputs(folder):
    return ingest.read(Epoch.open(folder))


@pytest.fixture(scope="session")
def verdicts(folder):
    with verify_epoch(folder) as found:
        return pl.read_parquet(found.table)


@pytest.fixture(scope="session")
def observations(folder):
    return pl.concat(pl.read_parquet(path) for path in sorted((folder / "observations").glob("*.parquet")))
