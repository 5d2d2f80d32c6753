"""``depinverify budget``: what it measures, which limits break, and calls that make no sense."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import floor
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from depinverify import Settlement, settle
from depinverify.canonical import canonical_json
from depinverify.exceptions import DepinverifyError
from depinverify.reward.budget import Breach, Limits, measure
from depinverify.reward.economics import gini_e12, hhi_e12, nakamoto
from depinverify.simulate import simulate
from depinverify.simulate.fleet import Fleet
from depinverify.simulate.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

SMALL: dict[str, Any] = {"devices": 12, "hours": 1, "seed": 5}
POOL = 10**24


@pytest.fixture(scope="module")
def epochs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Settlement]]:
    """Two epochs of one world, settled one after the other."""
    folder = tmp_path_factory.mktemp("budget")
    made: list[tuple[Path, Settlement]] = []
    for index in range(2):
        previous = made[-1][1].folder if made else None
        path = simulate(out=folder / f"epoch-{index}", previous=previous, **SMALL).path
        made.append((path, settle(path, folder / f"settlement-{index}")))
    return made


@pytest.fixture
def budget(run: Any) -> Any:
    """The command."""
    return partial(run, "budget")


def test_what_is_measured(budget: Any, epochs: list[tuple[Path, Settlement]]) -> None:
    (first, settled), (second, next_settled) = epochs
    folders = (settled.folder, next_settled.folder)
    code, out, err = budget(*folders, "--epoch", first, "--epoch", second, "--fees", 4 * POOL, "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["epochs"] == [0, 1]
    assert said["emission"] == str(2 * POOL)
    assert said["emission_over_fees_e12"] == "500000000000"
    up = sum(sum(pq.read_table(folder / "scores.parquet")["up"].to_pylist()) for folder in folders)
    assert up > 0
    assert said["up_seconds"] == up * 900
    paid = int(settled.rewards["paid"]) + int(next_settled.rewards["paid"])
    assert said["paid"] == str(paid)
    rate = Fraction(paid * 3600, up * 900)
    assert {name: int(text) for name, text in said["per_hour"].items()} == {
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "floor": floor(rate),
    }
    payees, owners = defaultdict(int), defaultdict(int)
    names = {device.id.hex(): device.owner.name for device in Fleet(Settings(**SMALL)).devices}
    for one in (settled, next_settled):
        for entry in one.rewards["entries"]:
            payees[entry["payee"]] += int(entry["amount"])
            owners[names[entry["device"]]] += int(entry["amount"])
    for whose, amounts in (("payees", [*payees.values()]), ("owners", [*owners.values()])):
        assert said[whose] == {
            "holders": len(amounts),
            "gini_e12": gini_e12(amounts),
            "hhi_e12": hhi_e12(amounts),
            "nakamoto": nakamoto(amounts),
        }
    assert said["broken"] == []
    assert (
        budget(*reversed(folders), "--epoch", second, "--epoch", first, "--fees", 4 * POOL, "--json")[1]
        == out
    )


def test_a_person_can_read_it(budget: Any, epochs: list[tuple[Path, Settlement]]) -> None:
    settled = epochs[0][1]
    code, out, err = budget(settled.folder)
    assert (code, err) == (0, "")
    for expected in (str(POOL), "not given", "paid for a proven hour", "payees", "Nakamoto"):
        assert expected in out
    assert "owners" not in out
    assert "Broken" not in out


@pytest.mark.parametrize(
    ("kept", "broken", "code"),
    [
        (("--max-emission-ratio", "1"), ("--max-emission-ratio", "0.999999999999"), "EMISSION_RATIO"),
        (("--max-gini", "1"), ("--max-gini", "0"), "GINI_PAYEES"),
        (("--max-hhi", "1"), ("--max-hhi", "0.01"), "HHI_PAYEES"),
        (("--min-nakamoto", "1"), ("--min-nakamoto", "100"), "NAKAMOTO_PAYEES"),
        (("--max-per-hour", POOL), ("--max-per-hour", "1"), "REWARD_PER_HOUR"),
    ],
)
def test_each_limit_breaks(
    budget: Any, epochs: list[tuple[Path, Settlement]], kept: tuple, broken: tuple, code: str
) -> None:
    settled = epochs[0][1]
    assert budget(settled.folder, "--fees", POOL, *kept)[0] == 0
    found, out, err = budget(settled.folder, "--fees", POOL, *broken, "--json")
    assert (found, err) == (1, "")
    assert [one["code"] for one in json.loads(out)["broken"]] == [code]
    found, out, _ = budget(settled.folder, "--fees", POOL, *broken)
    assert (found, code in out) == (1, True)


def test_the_rate_is_compared_exactly(budget: Any, epochs: list[tuple[Path, Settlement]]) -> None:
    """A limit of the floor breaks where the exact rate lies above it."""
    settled = epochs[0][1]
    rate = json.loads(budget(settled.folder, "--json")[1])["per_hour"]
    assert rate["denominator"] != "1"
    assert budget(settled.folder, "--max-per-hour", rate["floor"])[0] == 1
    assert budget(settled.folder, "--max-per-hour", int(rate["floor"]) + 1)[0] == 0


def test_concentration_limits_hold_for_owners_too(budget: Any, epochs: list[tuple[Path, Settlement]]) -> None:
    epoch, settled = epochs[0]
    code, out, _ = budget(settled.folder, "--epoch", epoch, "--min-nakamoto", 100, "--json")
    assert code == 1
    assert [one["code"] for one in json.loads(out)["broken"]] == ["NAKAMOTO_PAYEES", "NAKAMOTO_OWNERS"]


def test_without_fees_any_emission_is_too_much(budget: Any, epochs: list[tuple[Path, Settlement]]) -> None:
    settled = epochs[0][1]
    code, out, _ = budget(settled.folder, "--fees", 0, "--max-emission-ratio", "1000", "--json")
    assert code == 1
    assert json.loads(out)["broken"] == [
        {"code": "EMISSION_RATIO", "found": None, "limit": str(1000 * 10**12), "excess": str(POOL)}
    ]


def test_bad_calls(budget: Any, epochs: list[tuple[Path, Settlement]], tmp_path: Path) -> None:
    (first, settled), (second, _) = epochs
    for arguments, expected in (
        ((), "Missing argument"),
        ((tmp_path,), "manifest.json"),
        ((settled.folder, settled.folder), "found epoch 0 again"),
        ((settled.folder, "--epoch", second), "expected the owner of device"),
        ((settled.folder, "--max-emission-ratio", "1"), "expected the fees"),
        ((settled.folder, "--fees", "-1"), "expected a decimal integer"),
        ((settled.folder, "--fees", "1e3"), "expected a decimal integer"),
        ((settled.folder, "--max-gini", ".5"), "expected a decimal with at most 12 places"),
        ((settled.folder, "--max-gini", "0.0000000000001"), "expected a decimal with at most 12 places"),
    ):
        code, out, err = budget(*arguments)
        assert (code, out) == (2, ""), arguments
        assert expected in " ".join(err.replace("│", " ").split())
    assert first.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda rewards: rewards.pop("epoch"),
        lambda rewards: rewards.update(entries=5),
        lambda rewards: rewards.update(entries=[{"payee": [], "amount": "1"}]),
        lambda rewards: rewards["entries"][0].update(amount=5),
        lambda rewards: rewards["entries"][0].update(amount="9" * 5000),
        lambda rewards: rewards.update(paid="-5"),
        lambda rewards: rewards.update(burned="1.5"),
        lambda rewards: rewards["params"].update(slot_seconds="900"),
        lambda rewards: rewards["epoch"].update(index="0"),
    ],
)
def test_a_file_that_is_no_reward_file_is_one_error(
    epochs: list[tuple[Path, Settlement]], tmp_path: Path, change: Any
) -> None:
    shutil.copytree(epochs[0][1].folder, tmp_path / "s")
    rewards = json.loads((tmp_path / "s" / "rewards.json").read_bytes())
    change(rewards)
    (tmp_path / "s" / "rewards.json").write_bytes(canonical_json(rewards))
    with pytest.raises(DepinverifyError):
        measure([Settlement.open(tmp_path / "s")])


def changed(settlement: Settlement, folder: Path, **money: str) -> Settlement:
    """The settlement with other terms of its balance."""
    shutil.copytree(settlement.folder, folder)
    rewards = json.loads((folder / "rewards.json").read_bytes()) | money
    (folder / "rewards.json").write_bytes(canonical_json(rewards))
    return Settlement.open(folder)


def test_emission_is_what_came_in_for_the_first_time(
    epochs: list[tuple[Path, Settlement]], tmp_path: Path
) -> None:
    money = {
        "pool": "1000",
        "carried_in": "20000",
        "missed_pools": "300000",
        "adjustments": "-4000000",
        "burned": "7",
    }
    measures = measure([changed(epochs[0][1], tmp_path / "s", **money)], fees=3)
    assert measures.emission == 1000 + 300_000 - 4_000_000 - 7
    assert Limits(emission_ratio_e12=0).broken_by(measures) == []


def test_pay_without_service_is_above_any_price(
    epochs: list[tuple[Path, Settlement]], tmp_path: Path
) -> None:
    settlement = changed(epochs[0][1], tmp_path / "s", paid="5")
    table = pq.read_table(tmp_path / "s" / "scores.parquet")
    nobody = pa.array([0] * table.num_rows, pa.uint64())
    up = table.schema.get_field_index("up")
    pq.write_table(table.set_column(up, table.schema.field(up), nobody), tmp_path / "s" / "scores.parquet")
    measures = measure([settlement])
    assert (measures.paid, measures.up_seconds, measures.per_hour) == (5, 0, None)
    assert Limits(per_hour=10**30).broken_by(measures) == [Breach("REWARD_PER_HOUR", None, 10**30)]
    assert Limits(per_hour=0).broken_by(replace(measures, paid=0)) == []


def test_nothing_to_measure() -> None:
    with pytest.raises(DepinverifyError, match="expected one or more"):
        measure([])
