"""Settling a small epoch, ours beside the plain verifier; `python -m benches.settle` measures large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benches.plain_verifier import settle as settle_plainly

from depinverify import Options, settle
from depinverify.simulate import simulate

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture


@pytest.fixture(scope="module")
def epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of a hundred devices."""
    return simulate(100, 2, 1, tmp_path_factory.mktemp("bench") / "epoch").path


@pytest.mark.benchmark(group="settle an epoch of 2,400 proofs")
def bench_depinverify_on_one_thread(benchmark: BenchmarkFixture, epoch: Path, tmp_path: Path) -> None:
    """The whole way, from files to a settlement folder."""
    numbers = iter(range(1000))
    benchmark(lambda: settle(epoch, tmp_path / str(next(numbers)), options=Options(threads=1)))


@pytest.mark.benchmark(group="settle an epoch of 2,400 proofs")
def bench_plain_python(benchmark: BenchmarkFixture, epoch: Path) -> None:
    """The baseline: `cryptography` with key objects kept, C `cbor2`, dictionaries."""
    benchmark.pedantic(lambda: settle_plainly(epoch), rounds=3)
