"""The open uptime proof through the seam that every network has."""

import json

import polars as pl
import pytest
from click.testing import CliRunner

from depinverify import networks, verify_epoch
from depinverify.cli.networks import networks as command
from depinverify.exceptions import InputError
from depinverify.networks import generic
from depinverify.simulate import simulate


@pytest.fixture(scope="module")
def epoch(tmp_path_factory):
    out = tmp_path_factory.mktemp("generic") / "epoch"
    simulate(out=out, devices=40, hours=1, seed=2)
    return out


def test_verdicts_are_those_of_the_verify_step(epoch):
    with verify_epoch(epoch) as verdicts:
        expected = pl.read_parquet(verdicts.table)
    assert pl.DataFrame(networks.get("generic").verify(epoch)).equals(expected)
    assert pl.DataFrame(generic.verify(str(epoch), threads=1)).equals(expected)


def test_both_networks_are_listed_with_their_words():
    assert networks.names()[:2] == ["generic", "arweave"]
    listed = json.loads(CliRunner().invoke(command, ["--json"], catch_exceptions=False).stdout)
    codes = {network["name"]: {code["name"] for code in network["codes"]} for network in listed}
    assert {"NONCE_MISMATCH", "VALID", "NO_ANSWER"} <= codes["generic"]
    assert "NONCE_MISMATCH" not in codes["arweave"]
    assert isinstance(networks.get("generic"), networks.Network)


def test_the_command_takes_an_epoch_as_it_takes_a_file(epoch):
    run = CliRunner().invoke(command, ["verify", "generic", str(epoch), "--json"], catch_exceptions=False)
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.exit_code == 0
    assert len(rows) == networks.get("generic").verify(epoch).num_rows
    assert {row["code_name"] for row in rows} > {"VALID", "NO_ANSWER"}
    run = CliRunner().invoke(command, ["verify", "generic", str(epoch), "--fail-on-invalid"])
    assert run.exit_code == 1
    assert "device 01" in run.stdout


def test_rows_without_an_epoch_are_a_bad_call():
    with pytest.raises(InputError, match="expected the path of an epoch folder, found DataFrame"):
        generic.verify(pl.DataFrame())
