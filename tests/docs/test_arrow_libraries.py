"""The table "Arrow libraries" of the README: the same verdicts from every library, and results into every library."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

import arro3.core
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from documents import ROOT

import depinverify
from depinverify.simulate import simulate

if TYPE_CHECKING:
    from pathlib import Path

INTO = {
    "pyarrow": lambda rows: rows,
    "pyarrow reader": lambda rows: rows.to_reader(),
    "polars": pl.DataFrame,
    "duckdb": lambda rows: duckdb.connect().sql("from rows"),  # noqa: ARG005 - found by its name
    "duckdb reader": lambda rows: duckdb.connect().sql("from rows").to_arrow_reader(),  # noqa: ARG005
    "pandas": lambda rows: rows.to_pandas(types_mapper=pd.ArrowDtype),
    "arro3-core": arro3.core.Table.from_arrow,
}
OUT = {
    "pyarrow": lambda t: pa.table(t).num_rows,
    "polars": lambda t: len(pl.DataFrame(t)),
    "duckdb": lambda t: len(duckdb.connect().sql("from t").fetchall()),  # noqa: ARG005
    "pandas": lambda t: len(pd.DataFrame.from_arrow(t)),
    "arro3-core": lambda t: t.num_rows,
}


@pytest.fixture(scope="module")
def epoch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(20, 2, 1, tmp_path_factory.mktemp("arrow") / "epoch").path


@pytest.fixture(scope="module")
def rows(epoch: Path) -> pa.Table:
    return pa.concat_tables(
        pq.read_table(file) for file in sorted((epoch / "observations").glob("*.parquet"))
    )


@pytest.fixture(scope="module")
def verdicts(epoch: Path, rows: pa.Table) -> arro3.core.Table:
    return depinverify.verify(rows, epoch)


@pytest.mark.parametrize("library", INTO)
def test_in(library: str, rows: pa.Table, epoch: Path, verdicts: arro3.core.Table) -> None:
    found = depinverify.verify(INTO[library](rows), epoch)
    assert pa.table(found).equals(pa.table(verdicts))


@pytest.mark.parametrize("library", OUT)
def test_out(library: str, verdicts: arro3.core.Table) -> None:
    assert OUT[library](verdicts) == verdicts.num_rows > 0


def test_the_table_names_the_tested_versions() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.split("## Arrow libraries")[1].split("\n## ")[0]
    named = dict(re.findall(r"^\| ([\w-]+) \|.*\| ([\d.]+) \|$", section, re.MULTILINE))
    assert named.keys() == OUT.keys()
    for library, least in named.items():
        assert tuple(map(int, version(library).split(".")[:2])) >= tuple(map(int, least.split(".")))
