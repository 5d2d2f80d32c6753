"""Rulesets of Filecoin: ready ones never change, their hashes are what they were, and every mistake has a path."""

from __future__ import annotations

import pytest

from depinverify.exceptions import ConfigurationError, InputError
from depinverify.networks.filecoin import spark
from depinverify.networks.filecoin.rulesets import READY, Rules

#: What was published under these names is settled by these parameters, for good.
HASHES = {
    ("filecoin-pdp", "1"): "930c52766501e733ef982fd06d3550d48473e81c3619ed70c89844d8ae064a69",
    ("filecoin-spark", "1"): "86215a8adb4331ca9573ce43692774d1da90a2e2c2c82ad1387ad69abed0dc42",
}


def ready(name: str, version: str = "1", **changes: object) -> Rules:
    return Rules.from_table({"name": name, "version": version, **changes})


def test_ready_rulesets_never_change() -> None:
    assert {(name, version) for name, versions in READY.items() for version in versions} == HASHES.keys()
    for (name, version), expected in HASHES.items():
        assert ready(name, version).params_hash.hex() == expected


def test_parameters_come_back_as_they_were_published() -> None:
    for name, version in HASHES:
        rules = ready(name, version)
        assert Rules.from_params(rules.params()) == rules
        assert Rules.from_params(rules.params()).params_hash == rules.params_hash


def test_rules_that_change_with_time_are_a_ruleset_of_their_own() -> None:
    own = Rules.from_table({"name": "own", "version": "1", "retrieval": {"unrewarded_from": 7}})
    assert Rules.from_params(own.params()) == own
    assert own.retrieval.at(6) == spark.Rules.of("rewarded")
    assert own.retrieval.at(7) == spark.Rules.of("unrewarded")
    with pytest.raises(InputError, match="startEpoch: expected a number, as the rules change at epoch 7"):
        own.retrieval.at(None)
    assert ready("filecoin-spark").retrieval.at(None) == spark.Rules.of("rewarded")


def test_a_stated_default_is_no_change() -> None:
    assert ready("filecoin-pdp", allocation="largest_remainder") == ready("filecoin-pdp")


@pytest.mark.parametrize(
    "change",
    [
        {"score": "windows"},
        {"objectives": {"health_ppm": 1}},
        {"reputation": {"proving": 50, "retrieval": 25, "storage": 25}},
        {"retrieval": {"required_committee_size": 29}},
        {"windows": {"min_data_windows": 1}},
    ],
)
def test_a_changed_ruleset_needs_a_name_of_its_own(change: dict[str, object]) -> None:
    with pytest.raises(
        ConfigurationError, match=f"ruleset.{next(iter(change))}: expected what filecoin-pdp 1 fixes"
    ):
        ready("filecoin-pdp", **change)
    own = Rules.from_table({"name": "own", "version": "7", **change})
    assert own.params_hash != ready("filecoin-pdp").params_hash
    assert Rules.from_params(own.params()) == own


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"name": "filecoin-pdp", "version": "9"},
            r"ruleset.version: expected a version of filecoin-pdp \(1\), found '9'",
        ),
        ({"name": "filecoin-pdp"}, "ruleset.version: expected a version"),
        ({"version": "1"}, "ruleset.name: expected a value, found none"),
        ({"name": "own", "version": "1", "speed": 1}, "ruleset.speed: unknown key"),
        (
            {"name": "own", "version": "1", "score": "luck"},
            "ruleset.score: expected 'proving', 'windows' or 'retrieval'",
        ),
        (
            {"name": "own", "version": "1", "reputation": {"proving": 99}},
            "ruleset.reputation: expected weights",
        ),
        (
            {"name": "own", "version": "1", "windows": {"window_s": 7}},
            "ruleset.windows.tracking_s: expected a multiple",
        ),
        ({"name": "own", "version": "1", "objectives": {"fault_ppm": 0.002}}, "ruleset.objectives.fault_ppm"),
        ({"name": "own", "version": "1", "retrieval": {"required_committee_size": 0}}, "at least 1, found 0"),
    ],
)
def test_mistakes_are_named_with_their_path(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Rules.from_table(table)


def test_published_parameters_are_complete() -> None:
    params = ready("filecoin-pdp").params()
    with pytest.raises(ConfigurationError, match="expected the key windows"):
        Rules.from_params({key: value for key, value in params.items() if key != "windows"})
    with pytest.raises(ConfigurationError, match="expected every key"):
        Rules.from_params({**params, "windows": {"window_s": 86_400}})
