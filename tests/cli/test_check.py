"""``depinverify check`` as people type it."""

import json

import pytest
from click.testing import CliRunner

from depinverify._native import read_observations
from depinverify.check import Row
from depinverify.cli.check import check
from depinverify.device import DeviceKey
from depinverify.registry import Registry
from depinverify.simulate import simulate


@pytest.fixture(scope="module")
def epoch(tmp_path_factory):
    out = tmp_path_factory.mktemp("check") / "epoch"
    simulate(out=out, devices=40, hours=1, seed=1)
    return out


@pytest.fixture(scope="module")
def row(epoch):
    batch = next(iter(read_observations(epoch / "observations/val-0-00000.parquet")))
    columns = [batch.column(name).to_pylist() for name in Row._fields]
    return next(row for row in map(Row._make, zip(*columns, strict=True)) if row.proof is not None)


def run(*arguments, **options):
    return CliRunner().invoke(check, [str(one) for one in arguments], **options)


def probe(row):
    return (
        "--validator", row.validator.hex(), "--slot", row.slot,
        "--sent-ms", row.sent_ms, "--received-ms", row.received_ms,
    )  # fmt: skip


def test_every_check_stands_on_one_screen(epoch, row):
    result = run(row.proof.hex(), "--epoch", epoch, *probe(row), "--device", row.device.hex())
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:17]] == [str(number) for number in range(17)]
    assert len(lines) <= 24
    assert "VALID: The proof passed every check." in lines


def test_a_row_by_its_id_as_json(epoch, row):
    result = run("--epoch", epoch, "--row", row.row_id.hex(), "--json")
    shown = json.loads(result.stdout)
    assert result.exit_code == 0
    assert shown["valid"] is True
    assert shown["facts"]["row_id"] == row.row_id.hex()
    assert [one["number"] for one in shown["checks"]] == list(range(17))


def test_a_failing_proof_gives_exit_code_one(epoch, row):
    late = row._replace(received_ms=row.sent_ms + 31_000)
    result = run("-", "--epoch", epoch, *probe(late), "--device", row.device.hex(), input=row.proof)
    assert result.exit_code == 1
    assert "EXPIRED" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ab", "--row", "00"),
        ("--row", "00"),
        ("ab", "--slot", "1"),
        ("ab", "--epoch", "{epoch}"),
    ],
)
def test_a_bad_call_gives_exit_code_two(epoch, arguments):
    result = run(*(str(one).format(epoch=epoch) for one in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""


def test_text_of_a_proof_cannot_write_to_the_terminal():
    result = run("\x1b[31mred\x1b[0m")
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout


def test_a_registry_may_be_a_database(tmp_path, row):
    url = f"sqlite:///{tmp_path}/devices.db"
    key = DeviceKey.generate("ed25519").public
    Registry.create(url, authority=[key.did]).close()
    result = run(row.proof.hex(), "--registry", url)
    assert result.exit_code == 1
    assert "is not registered" in result.stdout
