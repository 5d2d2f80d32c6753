"""``depinverify simulate`` as a user types it."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from depinverify.cli.simulate import simulate
from depinverify.exceptions import InputError

OPTIONS = ("--devices", "12", "--hours", "1", "--seed", "3")


def test_summary_as_text_and_as_json(tmp_path):
    shown = CliRunner().invoke(simulate, [*OPTIONS, "--out", str(tmp_path / "a")], catch_exceptions=False)
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"{tmp_path / 'a'}: 144 rows, ")
    arguments = [*OPTIONS, "--out", str(tmp_path / "b"), "--json", "--share", "dead=0.5", "--format", "jsonl"]
    shown = CliRunner().invoke(simulate, arguments, catch_exceptions=False)
    summary = json.loads(shown.stdout)
    truth = json.loads((tmp_path / "b" / "truth.json").read_text())
    assert summary["rows"] == sum(summary["codes"].values()) == 144
    assert truth["behaviours"]["dead"]["devices"] == 6
    assert sorted((tmp_path / "b" / "observations").glob("*.jsonl"))


def test_validators_behave_as_asked(tmp_path):
    behaviours = ("honest", "invents-offline", "hides-downtime")
    flags = [part for behaviour in behaviours for part in ("--validator-behaviour", behaviour)]
    shown = CliRunner().invoke(simulate, [*OPTIONS, *flags, "--out", str(tmp_path / "a")])
    assert shown.exit_code == 0
    truth = json.loads((tmp_path / "a" / "truth.json").read_text())
    assert [validator["behaviour"] for validator in truth["validators"]] == list(behaviours)


@pytest.mark.parametrize("share", ["sybil", "sybil=x", "sybil=7", "lazy=0.1"])
def test_a_bad_share_is_named(tmp_path, share):
    arguments = [*OPTIONS, "--share", share, "--out", str(tmp_path / "a")]
    with pytest.raises(InputError, match="share"):
        CliRunner().invoke(simulate, arguments, catch_exceptions=False)


def test_a_bad_call_ends_with_2_and_says_why(tmp_path):
    (tmp_path / "mine").write_text("precious")
    command = [sys.executable, "-m", "depinverify", "simulate", *OPTIONS, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "empty or new folder" in done.stderr


def test_help_shows_examples():
    shown = CliRunner().invoke(simulate, ["--help"]).stdout
    assert "depinverify simulate --devices 500 --hours 24 --seed 1" in shown
