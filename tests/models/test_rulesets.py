"""Rulesets that are ready to be adopted: fixed for ever, and each of them settles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from depinverify.exceptions import ConfigurationError
from depinverify.ruleset import Ruleset, params_hash
from depinverify.rulesets import READY
from models.worlds import DOWN, UP, entries, settled

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = [(name, version) for name, versions in READY.items() for version in versions]

#: What was published under these names stays what it was. A change here breaks every settlement made so far.
HASHES = {
    ("default", "1"): "e21154fbc0e008be4b12009282133e633d3e00b4a96563eec79c2cfa452e9498",
    ("storj-like", "1"): "a21cfa93c45112114bd5ee18c6445c82068ac717ef08137f555324d3e7b3561b",
    ("icp-like", "1"): "c93f9135ea772961157016491840b71f174ce3bc44224d4c59b8ffd2cad1c1fc",
    ("lido-csm-like", "1"): "cfd170f73bea5b27d81cb475d55524b895c16c49b7509ebd78f28340c8d38513",
}


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_a_version_never_changes(name: str, version: str) -> None:
    rules = Ruleset.from_table({"name": name, "version": version})
    params = rules.params(slot_seconds=900, chain_hash=bytes(32))
    assert params_hash(params).hex() == HASHES[name, version]
    assert Ruleset.from_params(params) == rules


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_it_settles(name: str, version: str, tmp_path: Path) -> None:
    windows = Ruleset.from_table({"name": name, "version": version})
    table = {
        "name": name, "version": version, "window_s": windows.window_s, "tracking_s": windows.tracking_s,
        "min_data_windows": windows.min_data_windows,
    }  # fmt: skip
    settlement = settled(tmp_path, table, lambda at, slot: DOWN if at == 0 and slot < 6 else UP)
    assert settlement.check() == []
    good, bad = entries(settlement)[1], entries(settlement)[0]
    assert int(bad["weight"]) <= int(good["weight"])
    for entry in entries(settlement):
        assert entry["reasons"] or all(one["value"] >= 10**12 for one in entry["multipliers"])


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_a_changed_rule_needs_a_name_of_its_own(name: str, version: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ruleset\.deadline_ms: expected 5000, which"):
        Ruleset.from_table({"name": name, "version": version, "deadline_ms": 4000})
    with pytest.raises(
        ConfigurationError, match=rf"ruleset\.version: expected a version of {re.escape(name)} \(1\)"
    ):
        Ruleset.from_table({"name": name, "version": "0"})


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"availability": "relative"}, r"ruleset\.models.*relative: expected a table"),
        ({"objective": {}}, r"objective: expected no table"),
        (
            {"streak": {"levels": [[1, 0]]}},
            r"ruleset\.models\.streak\.levels: expected levels that rise from 0",
        ),
        ({"withholding": {"percents": [101]}}, r"ruleset\.models\.withholding\.percents\[0\]"),
        ({"standing": {"unknown_key": 1}}, r"ruleset\.models\.standing\.unknown_key: unknown key"),
        ({"standing": {"offline_threshold_e12": 0.6}}, r"offline_threshold_e12"),
        ({"availability": "best"}, r"ruleset\.models\.availability"),
        ({"tracks": {}}, r"ruleset\.models\.tracks\.order: expected a value"),
        ({"tracks": {"order": []}}, r"ruleset\.models\.tracks\.order: expected at least 1 item"),
        ({"tracks": {"order": ["quality"]}}, r"ruleset\.models\.tracks\.order\[0\]: expected 'availability'"),
        (
            {"tracks": {"order": ["latency", "latency"]}},
            r"ruleset\.models\.tracks\.order: expected distinct tracks, found latency, latency",
        ),
        (
            {"tracks": {"order": ["availability", "latency"], "weights": [1]}},
            r"ruleset\.models\.tracks\.weights: expected 2, one for each of order, found 1",
        ),
        (
            {"tracks": {"order": ["latency"], "weights": [0]}},
            r"ruleset\.models\.tracks\.weights\[0\]: expected at least 1, found 0",
        ),
        (
            {"tracks": {"order": ["latency", "unknown"]}},
            r"ruleset\.models\.tracks: expected the table standing beside it, which keeps the track 'unknown'",
        ),
        (
            {"availability": "objective", "objective": {}, "tracks": {"order": ["latency"]}},
            r"ruleset\.models\.tracks: expected no table with availability = 'objective'",
        ),
    ],
)
def test_messages_name_the_path(models: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Ruleset.from_table({"name": "ours", "version": "1", "models": models})
