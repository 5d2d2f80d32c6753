"""Settlements held against the simulator's truth: section 7 of the uptime proof, row by row, through the product."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from depinverify import Code, Settlement, settle
from depinverify.simulate import simulate
from depinverify.simulate.behaviours import BEHAVIOURS
from depinverify.simulate.judge import judge
from epoch_folders import json_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from epoch_folders import World

#: Enough devices for every behaviour, enough hours for a full score.
FULL: dict[str, Any] = {"devices": 40, "hours": 12}
LIARS = ["no-uplink", "invents-offline", "hides-downtime"]
#: Verdicts that no honest device may have, and that give a behaviour away.
TELLING = {
    "BAD_SIGNATURE": {"wrong-key"},
    "UNKNOWN_KEY": {"wrong-key"},
    "NONCE_MISMATCH": {"replay"},
    "DEVICE_MISMATCH": {"borrowed-token"},
    "LOCATION_MISMATCH": {"false-location"},
    "COUNTER_REGRESSION": {"fast-counter"},
}
#: Indicators against a device, and who deserves them.
STRIKING = {
    "KEY_REUSE": {"cloned-key"},
    "KEY_SHARED": {"cloned-key"},
    "EQUIVOCATION": {"two-stories"},
    "COUNTER_AHEAD": {"fast-counter"},
    "REPLAY": {"replay", "borrowed-token"},
    "CLOCK_SKEW": set(),
}


def codes_of(settled: Settlement) -> dict[str, Counter[str]]:
    """Rows by code, by device in hex."""
    table = pq.read_table(settled.folder / "verdicts.parquet", columns=["device", "code"])
    codes: dict[str, Counter[str]] = defaultdict(Counter)
    for device, code in zip(table["device"].to_pylist(), table["code"].to_pylist(), strict=True):
        codes[device.hex()][Code(code).name] += 1
    return codes


def precision_and_recall(found: dict[str, set[str]], deserved: dict[str, set[str]], truth: Any) -> list[str]:
    """One line a word: of those who have it how many deserve it, and of those who deserve it how many have it."""
    behaviours = {device["device"]: device["behaviour"] for device in truth["devices"]}
    lines = []
    for word, guilty in deserved.items():
        holders = found.get(word, set())
        deserving = {device for device, behaviour in behaviours.items() if behaviour in guilty}
        if word in {"BAD_SIGNATURE", "UNKNOWN_KEY"}:
            # A wrong key shows in one or the other, as its kid says; truth.json knows which.
            deserving = {device["device"] for device in truth["devices"] if word in device["codes"]}
        right = len(holders & deserving)
        assert holders == deserving, (word, holders ^ deserving)
        lines.append(f"{word:<20} precision {right}/{len(holders)}, recall {right}/{len(deserving)}")
    return lines


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_table_row_by_row(make_world: Callable[..., World], tmp_path: Path, seed: int) -> None:
    world = make_world(**FULL, seed=seed)
    settled = settle(world.epoch, tmp_path / "s")
    truth, codes = json_of(world.epoch / "truth.json"), codes_of(settled)
    assert {device["behaviour"] for device in truth["devices"]} == set(BEHAVIOURS)
    judged = judge(truth, settled.rewards, codes)
    assert [found for found in judged if not found.is_right] == []
    for found in judged:
        print(  # noqa: T201 - what the tests show of a settlement
            f"{found.behaviour:<16} {found.devices:>3} devices: verdicts {found.verdicts}, flagged {found.flagged}, "
            f"wrongly flagged {found.wrongly_flagged}, paid as promised {found.paid}"
        )
    by_code: dict[str, set[str]] = defaultdict(set)
    for device, counted in codes.items():
        for code in counted:
            by_code[code].add(device)
    by_indicator: dict[str, set[str]] = defaultdict(set)
    for indicator in settled.rewards["indicators"]:
        for subject in indicator["subjects"]:
            kind, _, party = subject.partition(":")
            if kind == "device":
                by_indicator[indicator["code"]].add(party)
    print(*precision_and_recall(by_code, TELLING, truth), sep="\n")  # noqa: T201
    print(*precision_and_recall(by_indicator, STRIKING, truth), sep="\n")  # noqa: T201


def test_honest_devices_have_nothing_against_them(make_world: Callable[..., World], tmp_path: Path) -> None:
    world = make_world(**FULL, seed=14, validator_behaviours=LIARS)
    settled = settle(world.epoch, tmp_path / "s")
    truth, codes = json_of(world.epoch / "truth.json"), codes_of(settled)
    honest = {device["device"] for device in truth["devices"] if device["behaviour"] == "honest"}
    invented = {device["device"] for device in truth["devices"] if device["owner"] == "rival"}
    blind = {entry["device"] for entry in settled.rewards["entries"] if entry["device"] in honest}
    assert blind == honest
    for device in honest:
        assert set(codes[device]) <= {"VALID", "NO_ANSWER"}, device
    struck = {
        subject.removeprefix("device:")
        for indicator in settled.rewards["indicators"]
        if indicator["severity"] == "PROOF" or indicator["code"] in {"REPLAY", "COUNTER_AHEAD", "CLOCK_SKEW"}
        for subject in indicator["subjects"]
    }
    assert not struck & honest
    for entry in settled.rewards["entries"]:
        if entry["device"] in honest:
            assert (entry["score_e12"], entry["reasons"]) == (10**12, []), entry
    assert invented & honest


def test_an_outage_of_one_of_three_costs_no_honest_device(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    amounts = {}
    for choice in ("keep", "drop"):
        world = make_world(devices=60, hours=6, seed=15, outage_rows=choice)
        settled = settle(world.epoch, tmp_path / choice)
        truth = json_of(world.epoch / "truth.json")
        honest = {device["device"] for device in truth["devices"] if device["behaviour"] == "honest"}
        entries = {entry["device"]: entry for entry in settled.rewards["entries"]}
        amounts[choice] = {device: entries[device]["amount"] for device in honest}
        if choice == "keep":
            assert {entry["validator"] for entry in settled.rewards["exclusions"]} == {b"val-0".hex()}
        else:
            assert settled.rewards["exclusions"] == []
    assert amounts["keep"] == amounts["drop"]
    assert min(map(int, amounts["keep"].values())) > 0


def test_two_epochs_carry_state_and_ledger(make_world: Callable[..., World], tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"devices": 30, "hours": 4, "seed": 16}
    first = settle(make_world(**arguments).epoch, tmp_path / "s0")
    simulate(out=tmp_path / "e1", previous=first.folder, **arguments)
    second = settle(tmp_path / "e1", tmp_path / "s1")
    assert second.manifest["inputs"]["previous"] == first.manifest_sha256
    assert [
        x
        for x in judge(json_of(tmp_path / "e1" / "truth.json"), second.rewards, codes_of(second))
        if not x.is_right
    ] == []
    assert second.rewards["carried_in"] == first.rewards["remainder"]
    paid = {line["payee"]: int(line["paid"]) for line in second.rewards["payees"]}
    before, after = first.ledger["payees"], second.ledger["payees"]
    for payee, account in after.items():
        earlier = int(before.get(payee, {"cumulative": "0"})["cumulative"])
        assert int(account["cumulative"]) == earlier + paid[payee]
    windows = {
        row["device"]: row["windows_used"]
        for row in pq.read_table(first.folder / "scores.parquet").to_pylist()
    }
    for row in pq.read_table(second.folder / "scores.parquet").to_pylist():
        assert row["windows_used"] == 2 * windows[row["device"]] or row["score_e12"] < 10**12
