"""The ruleset: defaults, refusals with the key's path, and the published hash."""

from __future__ import annotations

import pytest

from depinverify.exceptions import ConfigurationError
from depinverify.ruleset import DEFAULTS, Ruleset, params_hash

QUICKNET = bytes.fromhex("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971")


def table(name: str = "generic", **keys: object) -> dict[str, object]:
    return {"name": name, "version": "1", **keys}


def test_params_hash_has_its_published_value() -> None:
    params = Ruleset.from_table(table()).params(slot_seconds=900, chain_hash=QUICKNET)
    assert params_hash(params).hex() == "19a5e1d8b07e8804f9cb2c17d3142aca5127ea8ead89425776af8942b24ca51e"


def test_writing_a_default_out_changes_no_hash() -> None:
    full = table(**DEFAULTS["generic"], min_data_windows=30)
    short = Ruleset.from_table(table()).params(slot_seconds=900, chain_hash=QUICKNET)
    assert params_hash(Ruleset.from_table(full).params(slot_seconds=900, chain_hash=QUICKNET)) == params_hash(
        short
    )


def test_every_key_reaches_the_hash() -> None:
    changed = {
        "name": "other", "version": "2", "validators_per_probe": 5, "quorum": 1, "select_num": 2,
        "select_den": 3, "deadline_ms": 1, "late_limit_ms": 40000, "skew_s": 1, "window_s": 86400,
        "tracking_s": 43200, "min_data_windows": 1, "pay_no_data": True, "pay_provisional": False,
        "curve": [[0, 0], [10**12, 1]], "counter_grace_s": 1, "location_tolerance_m": 1,
        "require_location": True, "network_event": "exclude", "max_per_cluster": 1, "max_per_cell": 1,
        "allocation": "carry", "min_payout": "1", "class_multipliers": {"a": 1},
        "zero_on_suspect": ["REPLAY"], "filler": True, "payee_type": "bytes32",
        "models": {"standing": {}},
        "emission": {"first": "1", "numerator": 1, "denominator": 2, "period_epochs": 1},
        "utilisation": {"floor_e12": 0}, "validators": {"share_bp": 0}, "levels": {"class_shares": {"a": 1}},
    }  # fmt: skip
    assert set(changed) == set(Ruleset.model_fields)
    hashes = {params_hash(Ruleset.from_table(table()).params(slot_seconds=900, chain_hash=QUICKNET))}
    for key, value in changed.items():
        extra = {"select_den": 3} if key == "select_num" else {}
        rules = Ruleset.from_table({**table(min_data_windows=30), **extra, key: value})
        hashes.add(params_hash(rules.params(slot_seconds=900, chain_hash=QUICKNET)))
    assert len(hashes) == 1 + len(changed)


def test_defaults_follow_the_name() -> None:
    simulation = Ruleset.from_table(table("simulation"))
    assert (simulation.window_s, simulation.tracking_s, simulation.min_data_windows) == (3600, 86400, 12)
    assert (simulation.max_per_cluster, simulation.max_per_cell) == (2, 0)
    assert Ruleset.from_table(table("our own")).window_s == 43200
    assert Ruleset.from_table(table(window_s=3600, tracking_s=3600 * 5)).min_data_windows == 3


def test_published_params_are_read_back() -> None:
    rules = Ruleset.from_table(table("simulation", class_multipliers={"b": 2, "a": 1}))
    params = rules.params(slot_seconds=900, chain_hash=QUICKNET)
    assert Ruleset.from_params(params) == rules
    with pytest.raises(ConfigurationError, match=r"params: expected the key filler, found none"):
        Ruleset.from_params({key: value for key, value in params.items() if key != "filler"})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("deadline_ms", 5000.0, r"ruleset\.deadline_ms: .*integer, found 5000\.0"),
        ("quorum", True, r"ruleset\.quorum: expected an integer, found True$"),
        ("quorum", 0, r"ruleset\.quorum: expected at least 1, found 0$"),
        ("quorum", 4, r"ruleset\.quorum: expected at most validators_per_probe = 3, found 4"),
        ("validators_per_probe", 4, r"ruleset\.validators_per_probe: expected an odd number"),
        ("select_num", 2, r"ruleset\.select_num: expected at most select_den = 1"),
        ("select_den", 0, r"ruleset\.select_den: expected at least 1, found 0$"),
        ("select_num", 0, r"ruleset\.select_num: expected at least 1, found 0$"),
        ("version", "", r"ruleset\.version: expected at least 1 character, found ''$"),
        ("version", 1, r"ruleset\.version: expected a string, found 1$"),
        ("class_multipliers", [], r"ruleset\.class_multipliers: expected a table, found \[\]$"),
        ("models", 5, r"ruleset\.models: expected a table, found 5$"),
        ("models", {"withholding": {"percents": []}}, r"percents: expected at least 1 item, found \[\]$"),
        (
            "models",
            {"withholding": {"percents": [1] * 1201}},
            r"percents: expected at most 1200 items, found .{100}\.{3}$",
        ),
        (
            "curve",
            [[0, 0, 0], [10**12, 1]],
            r"ruleset\.curve\[0\]: expected at most 2 items, found \[0, 0, 0\]$",
        ),
        ("curve", [[0], [10**12, 1]], r"ruleset\.curve\[0\]\[1\]: expected a value, found none$"),
        ("min_data_windows", 0, r"ruleset\.min_data_windows: expected at least 1, found 0$"),
        ("tracking_s", 5, r"ruleset\.tracking_s: expected a multiple of window_s"),
        ("window_s", "3600", r"ruleset\.window_s: .*integer"),
        ("curve", [[0, 0], [10**12, 1.5]], r"ruleset\.curve\[1\]\[1\]: .*found 1\.5"),
        ("curve", [[0, 5], [10**12, 1]], r"ruleset\.curve: expected x rising"),
        ("curve", [[1, 0], [10**12, 1]], r"ruleset\.curve: expected knots from x = 0"),
        ("curve", 5, r"ruleset\.curve: expected an array, found 5$"),
        ("pay_no_data", 1, r"ruleset\.pay_no_data: expected true or false, found 1$"),
        (
            "network_event",
            "ignore",
            r"ruleset\.network_event: expected 'count' or 'exclude', found 'ignore'$",
        ),
        ("min_payout", 5, r"ruleset\.min_payout: .*string"),
        ("min_payout", "01", r"ruleset\.min_payout: expected a decimal amount"),
        ("min_payout", "-1", r"ruleset\.min_payout: expected a decimal amount"),
        ("min_payout", str(2**256), r"ruleset\.min_payout: expected a decimal amount"),
        ("class_multipliers", {"m5": -1}, r"ruleset\.class_multipliers\.m5: .*found -1"),
        ("class_multipliers", {"m5": 0.5}, r"ruleset\.class_multipliers\.m5: .*found 0\.5"),
        ("zero_on_suspect", ["KEY_REUSE"], r"ruleset\.zero_on_suspect: 'KEY_REUSE'"),
        ("zero_on_suspect", ["REPLAY", "CLOCK_SKEW"], r"ruleset\.zero_on_suspect: .*ascending"),
        ("grace", 1, r"ruleset\.grace: unknown key"),
        ("skew_s", 2**53, r"ruleset\.skew_s: expected at most 9007199254740991, found 9007199254740992$"),
    ],
)
def test_a_wrong_key_is_named_with_its_path(key: str, value: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Ruleset.from_table(table(**{key: value}))


@pytest.mark.parametrize("key", ["name", "version"])
def test_name_and_version_are_required(key: str) -> None:
    short = table()
    del short[key]
    with pytest.raises(ConfigurationError, match=rf"ruleset\.{key}: expected a value, found none"):
        Ruleset.from_table(short)


def test_a_window_holds_whole_slots() -> None:
    rules = Ruleset.from_table(table())
    with pytest.raises(ConfigurationError, match=r"ruleset\.window_s: expected a multiple of slot_seconds 7"):
        rules.params(slot_seconds=7, chain_hash=QUICKNET)
