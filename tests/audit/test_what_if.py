"""`what-if`: an epoch under other rules, judged as it was, paid as it would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from chained_epochs import make_chained

from depinverify import settle
from depinverify.audit import what_if
from depinverify.audit.alternative import FIXED
from depinverify.exceptions import ConfigurationError, InputError
from depinverify.pipeline import reward_epoch
from oracle.conftest import TinyEpoch

if TYPE_CHECKING:
    from pathlib import Path

    from device_cases import Chapter

Run = Any


def amounts(chapter: Chapter) -> dict[str, int]:
    """Published amounts by device."""
    return {entry["device"]: int(entry["amount"]) for entry in chapter.settlement.rewards["entries"]}


def test_the_same_rules_change_nothing(chapter: Chapter) -> None:
    found = what_if(chapter.epoch, {})
    assert (found.devices, found.payees, found.unchanged) == ((), (), 30)
    assert (dict(found.parameters), dict(found.multipliers)) == ({}, {})


def test_a_cap_that_is_lifted(chapter: Chapter) -> None:
    """Who was capped gains what the others lose."""
    published = amounts(chapter)
    capped = {
        entry["device"] for entry in chapter.settlement.rewards["entries"] if "CAPACITY" in entry["reasons"]
    }
    found = what_if(chapter.epoch, {"max_per_cluster": 0})
    assert capped
    assert {one.device for one in found.devices if one.difference > 0} == capped
    assert all(one.before == published[one.device] for one in found.devices)
    assert sum(one.difference for one in found.devices) == 0
    assert sum(one.difference for one in found.payees) == 0
    assert [one.difference for one in found.devices] == sorted(one.difference for one in found.devices)
    assert dict(found.multipliers) == {"capacity": len(capped)}
    assert (found.gainers, found.losers) == (len(capped), len(found.devices) - len(capped))
    assert dict(found.parameters) == {"max_per_cluster": (2, 0)}
    gained = next(one for one in found.devices if one.device in capped)
    assert [(change.name, change.before, change.after) for change in gained.multipliers] == [
        ("capacity", 0, None)
    ]


def test_against_a_settlement_gives_the_same(chapter: Chapter) -> None:
    changes = {"curve": [[0, 0], [500_000_000_000, 10**12], [10**12, 10**12]]}
    own = what_if(chapter.epoch, changes)
    assert own == what_if(chapter.epoch, changes, against=chapter.settlement.folder)
    assert own.devices


def test_it_pays_what_an_epoch_under_those_rules_would_have_paid(tmp_path: Path) -> None:
    """Two worlds with equal evidence apart from the draws: only the rule differs."""
    chained = make_chained(tmp_path)
    found = what_if(chained.second, {"allocation": "largest_remainder"})
    assert {name: tuple(values) for name, values in found.totals.items()} == {
        "allocated": (1001, 1002),
        "sink": (0, 0),
        "withheld": (0, 0),
        "remainder": (1, 0),
    }
    assert [(one.before, one.after) for one in found.devices] == [(250, 251)]


def test_the_epoch_itself_is_as_it_was(chapter: Chapter) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in chapter.epoch.rglob("*"))
    what_if(chapter.epoch, {"quorum": 1})
    assert sorted((path, path.stat().st_mtime_ns) for path in chapter.epoch.rglob("*")) == before
    with reward_epoch(chapter.epoch) as (_, rewards):
        assert [str(amount) for amount in rewards.amounts] == [
            entry["amount"] for entry in chapter.settlement.rewards["entries"]
        ]


OTHER = {
    "validators_per_probe": 5, "select_num": 2, "select_den": 2, "deadline_ms": 4000, "late_limit_ms": 20000,
    "skew_s": 60, "counter_grace_s": 1, "location_tolerance_m": 5, "require_location": True,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_what_would_have_changed_the_evidence_is_refused(chapter: Chapter, name: str) -> None:
    changes = {name: OTHER[name]} | ({"select_den": 2} if name == "select_num" else {})
    with pytest.raises(ConfigurationError) as refused:
        what_if(chapter.epoch, changes)
    named = "select_den" if name == "select_num" else name
    assert named in str(refused.value) or name in str(refused.value)
    assert all(fixed in str(refused.value.hint) for fixed in FIXED)


def test_every_fixed_parameter_has_its_test() -> None:
    assert OTHER.keys() == FIXED.keys()


def test_windows_of_another_length_need_a_first_epoch(chapter: Chapter, later: Any) -> None:
    epoch, _ = later
    assert what_if(chapter.epoch, {"window_s": 7200}).epoch == 0
    with pytest.raises(ConfigurationError, match="window_s"):
        what_if(epoch, {"window_s": 7200})


def test_a_longer_memory_is_limited_by_what_was_kept(chapter: Chapter, later: Any) -> None:
    epoch, _ = later
    assert len(what_if(epoch, {"tracking_s": 172800}).caveats) == 2
    assert len(what_if(chapter.epoch, {"tracking_s": 172800}).caveats) == 1


def test_on_the_command_line(depinverify_command: Run, chapter: Chapter) -> None:
    call = ("what-if", chapter.epoch, "--set", "max_per_cluster=0")
    code, out, err = depinverify_command(*call)
    assert (code, err) == (0, "")
    assert out.startswith("Nothing is published")
    assert "capacity" in out
    code, out, err = depinverify_command(*call, "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said == json.loads(json.dumps(what_if(chapter.epoch, {"max_per_cluster": 0}).to_json()))
    assert said["published"] is False
    assert said["gainers"] + said["losers"] + said["unchanged"] == 30


def test_a_ruleset_from_a_file(depinverify_command: Run, chapter: Chapter, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[ruleset]\nname = "simulation"\nversion = "1"\nmin_payout = "7"\n')
    call = ("what-if", chapter.epoch, "--ruleset", rules, "--against", chapter.settlement.folder, "--json")
    code, out, _ = depinverify_command(*call)
    assert code == 0
    assert json.loads(out)["parameters"] == {"min_payout": {"before": "0", "after": "7"}}
    code, out, _ = depinverify_command(
        *call,
        "--set",
        "min_payout=900",
        "--set",
        "zero_on_suspect=['REPLAY']",
        "--set",
        "network_event=exclude",
    )
    assert code == 0
    said = json.loads(out)
    assert said["parameters"]["min_payout"]["after"] == "900"
    assert said["parameters"]["zero_on_suspect"]["after"] == ["REPLAY"]
    assert said["parameters"]["network_event"]["after"] == "exclude"
    assert said["multipliers"]["proof"] > 0


def test_a_ready_ruleset_may_be_changed_under_another_name(tmp_path: Path) -> None:
    """Its name stands for its rules; here nothing is published under it."""
    epoch = TinyEpoch(tmp_path / "epoch")
    epoch.ruleset = {"name": "default", "version": "1"}
    epoch.honest()
    found = what_if(epoch.write(), {"min_payout": "1000"})
    assert dict(found.parameters) == {"min_payout": ("0", "1000")}


def test_models_that_the_epoch_did_not_have(chapter: Chapter) -> None:
    """A part of everybody's pay is kept back."""
    found = what_if(chapter.epoch, {"models": {"withholding": {"percents": [25]}}})
    assert found.losers > 0
    assert found.gainers == 0
    assert found.totals["withheld"][0] == 0 < found.totals["withheld"][1]
    assert sum(found.totals["withheld"]) == -sum(one.difference for one in found.devices)


def test_wrong_calls(depinverify_command: Run, chapter: Chapter, later: Any, tmp_path: Path) -> None:
    _, settlement = later
    (tmp_path / "none.toml").write_text("format = 1\n")
    (tmp_path / "broken.toml").write_text("= 1")
    for arguments, said in (
        ((), "--ruleset"),
        (("--set", "quorum"), "KEY=VALUE"),
        (("--set", "quorom=1"), "ruleset.quorom"),
        (("--set", "quorum=1.5"), "ruleset.quorum"),
        (("--set", "deadline_ms=1"), "devices were told"),
        (("--ruleset", tmp_path / "none.toml"), "[ruleset]"),
        (("--ruleset", tmp_path / "broken.toml"), "broken.toml"),
        (("--set", "quorum=1", "--against", settlement.folder), "epoch 0"),
    ):
        code, out, err = depinverify_command("what-if", chapter.epoch, *arguments)
        assert (code, out) == (2, ""), arguments
        assert said in err
        assert "Traceback" not in err
    with pytest.raises(InputError):
        what_if(tmp_path, {})


def test_devices_that_are_others_are_refused(chapter: Chapter, tmp_path: Path) -> None:
    smaller = tmp_path / "smaller"
    smaller.mkdir()
    from device_cases import Chapter as Made  # noqa: PLC0415

    made = Made(smaller, devices=29)
    with pytest.raises(InputError):
        what_if(chapter.epoch, {}, against=settle(made.epoch, smaller / "again").folder)
