"""The library: rows from every Arrow producer, tables to every data frame, progress and Ctrl-C."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import arro3.core
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import depinverify
from depinverify import Options, Settlement, score_epoch, settle, verify, verify_epoch
from depinverify.exceptions import InputError
from epoch_folders import SCHEMA, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from epoch_folders import World


def observed(world: World) -> pa.Table:
    rows = [row for rows in rows_of(world.epoch).values() for row in rows]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def by_duckdb(table: pa.Table) -> Any:
    with duckdb.connect() as connection:
        connection.register("observed", table)
        return connection.sql("SELECT * FROM observed ORDER BY sent_ms").arrow()


def by_numpy(table: pa.Table) -> dict[str, Any]:
    """What has a fixed width and no nulls as arrays of numpy."""
    columns: dict[str, Any] = {name: table[name].combine_chunks() for name in table.column_names}
    for name, kind in (("slot", np.uint64), ("sent_ms", np.int64), ("transport", np.uint8)):
        columns[name] = np.array(columns[name].to_pylist(), kind)
    validators = columns["validator"].to_pylist()
    columns["validator"] = np.frombuffer(b"".join(validators), np.uint8).reshape(len(validators), -1)
    return columns


PRODUCERS: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda table: table,
    "pyarrow reader": lambda table: table.to_reader(max_chunksize=100),
    "pyarrow batch": lambda table: table.combine_chunks().to_batches()[0],
    "polars": pl.from_arrow,
    "duckdb": by_duckdb,
    "arro3": arro3.core.Table.from_arrow,
    "numpy": by_numpy,
    "shuffled": lambda table: table.take(np.random.default_rng(3).permutation(len(table))),
    "more columns": lambda table: table.append_column("note", pa.array(["x"] * len(table))),
}


@pytest.mark.parametrize("producer", PRODUCERS)
def test_rows_of_any_library_give_the_table_of_the_files(
    world: World, settled: Settlement, producer: str
) -> None:
    made = verify(PRODUCERS[producer](observed(world)), world.epoch, options=Options(memory_bytes=1 << 16))
    assert pa.table(made).equals(pa.table(settled.verdicts))


def test_a_table_that_is_none_is_a_bad_call(world: World) -> None:
    table = observed(world)
    with pytest.raises(InputError, match="device"):
        verify(table.drop_columns(["device"]), world.epoch)
    with pytest.raises(InputError, match="slot"):
        verify(table.set_column(2, "slot", table["slot"].cast(pa.string())), world.epoch)
    nothing: Any = 7
    with pytest.raises(InputError, match="table"):
        verify(nothing, world.epoch)
    bad = table.set_column(5, "transport", pa.array([9] * len(table), pa.uint8()))
    with pytest.raises(InputError, match="transport"):
        verify(bad, world.epoch)


def test_scores_go_to_polars_and_pandas_in_one_line(settled: Settlement) -> None:
    frame = pl.DataFrame(Settlement.open(settled.folder).scores)
    assert frame.height == 30
    assert frame["score_e12"].max() == 10**12
    other = pd.DataFrame.from_arrow(Settlement.open(settled.folder).scores)
    assert list(other.columns) == frame.columns
    assert other["score_e12"].tolist() == frame["score_e12"].to_list()
    with duckdb.connect() as connection:
        connection.register("scores", pa.table(settled.scores))
        assert connection.sql("SELECT count(*) FROM scores").fetchall() == [(30,)]


def test_a_settlement_is_read_back(settled: Settlement) -> None:
    read = Settlement.open(str(settled.folder))
    assert read.check() == []
    assert read.root is not None
    assert read.root == read.rewards["merkle"]["root"]
    assert sum(read.counts.values()) == pa.table(read.verdicts).num_rows
    assert set(read.ledger["payees"]) == {line["payee"] for line in read.rewards["payees"]}
    rows = read.provenance["rows"]
    names = [file["name"] for file in read.provenance["files"]]
    assert len(rows) == pa.table(read.verdicts).num_rows
    assert {names[row[0]].split("/")[0] for row in rows} == {"observations"}


def test_origins_name_the_right_rows(world: World, settled: Settlement) -> None:
    names = [file["name"] for file in settled.provenance["files"]]
    written = sorted(name for name in names if name.startswith("observations/"))
    files = dict(zip(written, rows_of(world.epoch).values(), strict=True))
    for verdict, origin in zip(
        pa.table(settled.verdicts).to_pylist(), settled.provenance["rows"], strict=True
    ):
        for file, row in zip(origin[::2], origin[1::2], strict=True):
            found = files[names[file]][row]
            for column in ("validator", "device", "slot", "sent_ms"):
                assert found[column] == verdict[column]


def test_a_changed_result_is_found(settled: Settlement, world: World, tmp_path: Path) -> None:
    made = settle(world.epoch, tmp_path / "s")
    (made.folder / "scores.parquet").write_bytes((made.folder / "verdicts.parquet").read_bytes())
    (made.folder / "ledger.json").write_bytes(b"{}")
    (made.folder / "tree.json").unlink()
    assert [sentence.split(":")[0] for sentence in made.check()] == [
        "ledger.json",
        "scores.parquet",
        "tree.json",
    ]
    assert settled.check() == []


@pytest.fixture(scope="module")
def long_epoch(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many rows that a run takes a while: every answer a hundred times, at other moments."""
    epoch = world.copy(tmp_path_factory.mktemp("long") / "e", is_bare=True)
    for number, (validator, rows) in enumerate(rows_of(world.epoch).items()):
        table = pa.Table.from_pylist(rows, schema=SCHEMA)
        many = []
        for repeat in range(100):
            later = pa.array([row["sent_ms"] + repeat for row in rows], pa.int64())
            many.append(table.set_column(3, SCHEMA.field("sent_ms"), later))
        path = epoch / "observations" / f"{number}.parquet"
        path.parent.mkdir(exist_ok=True)
        depinverify._native.write_observations(pa.concat_tables(many), path)
        world.sign(path, validator)
    return epoch


def test_progress_rises(world: World, long_epoch: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    settle(long_epoch, tmp_path / "s", progress=lambda step, done: seen.append((step, done)))
    steps = {step: [done for name, done in seen if name == step] for step, _ in seen}
    assert set(steps) <= {"ingest", "verify"}
    assert "verify" in steps
    assert all(done == sorted(done) for done in steps.values())
    assert 0 < max(steps["verify"]) <= 100 * observed(world).num_rows


def test_an_exception_of_the_callback_stops_the_run(long_epoch: Path, tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def stop(step: str, _done: int) -> None:
        if step == "verify":
            raise EnoughError

    started = time.monotonic()
    with pytest.raises(EnoughError):
        settle(long_epoch, tmp_path / "s", progress=stop)
    assert not (tmp_path / "s" / "manifest.json").exists()
    assert time.monotonic() - started < 60
    with pytest.raises(EnoughError), verify_epoch(long_epoch, progress=stop):
        pass


CHILD = """
import sys
from depinverify import Options, settle
told = []
def say(step, done):
    if step == "verify" and not told:
        told.append(step)
        print("verifying", flush=True)
settle(sys.argv[1], sys.argv[2], options=Options(threads=1), progress=say)
"""


def test_ctrl_c_stops_at_once(long_epoch: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(long_epoch), str(tmp_path / "s")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "verifying\n"
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        code = child.wait(timeout=60)
        seconds = time.monotonic() - started
        assert "KeyboardInterrupt" in child.stderr.read()
    assert code != 0
    assert seconds < 5
    assert not (tmp_path / "s" / "manifest.json").exists()


def test_steps_give_what_settling_gives(world: World, settled: Settlement) -> None:
    with verify_epoch(world.epoch) as verdicts:
        assert verdicts.counts == settled.counts
        assert verdicts.hashes["verdicts"].hex() == settled.manifest["results"]["verdicts.parquet"]
        assert verdicts.quarantined == []
    with score_epoch(world.epoch) as (_, scores):
        state = settled.folder / "state.jsonl"
        assert scores.state == state.read_bytes()
    with depinverify.reward_epoch(world.epoch) as (_, rewards):
        assert b"".join(rewards.rewards_chunks()) == (settled.folder / "rewards.json").read_bytes()


def test_every_public_name_is_what_it_says() -> None:
    importlib.import_module("depinverify.simulate")
    for name in depinverify.__all__:
        found = getattr(depinverify, name)
        assert type(found).__name__ != "module", name
