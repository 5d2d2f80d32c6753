"""One device explained: every number is recomputed here in another way, and a settlement that lies is found out."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from device_cases import Chapter

import depinverify
from depinverify import Settlement, _native
from depinverify.audit.model import model_of
from depinverify.audit.narrative import decimal
from depinverify.exceptions import DepinverifyError, InputError
from depinverify.ruleset import ONE
from depinverify.simulate import BEHAVIOURS
from epoch_folders import json_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify.audit.explain import Explanation

Run = Any


@pytest.fixture(scope="session")
def explained(chapter: Chapter) -> dict[str, Explanation]:
    """Every device of the first epoch."""
    return {
        device: depinverify.explain(device, chapter.settlement, chapter.epoch) for device in chapter.devices
    }


@pytest.fixture(scope="session")
def explained_later(later: tuple[Path, Settlement]) -> dict[str, Explanation]:
    """Every device of the second epoch."""
    epoch, settlement = later
    devices = [entry["device"] for entry in settlement.rewards["entries"]]
    return {device: depinverify.explain(device, settlement, epoch) for device in devices}


@pytest.fixture(scope="session")
def dark(tmp_path_factory: pytest.TempPathFactory) -> Chapter:
    """An epoch of honest devices in which two validators have no uplink for a while."""
    shares = {name: "0" for name in BEHAVIOURS if name != "honest"}
    return Chapter(
        tmp_path_factory.mktemp("dark"),
        devices=12,
        shares=shares,
        validator_behaviours=("no-uplink", "no-uplink"),
    )


@pytest.fixture(scope="session")
def explained_dark(dark: Chapter) -> dict[str, Explanation]:
    """Every device of that epoch."""
    return {device: depinverify.explain(device, dark.settlement, dark.epoch) for device in dark.devices}


def both(*sides: dict[str, Explanation]) -> list[Explanation]:
    return [one for side in sides for one in side.values()]


def test_every_device_agrees_with_what_was_published(
    explained: dict[str, Explanation], explained_later: dict[str, Explanation]
) -> None:
    for one in both(explained, explained_later):
        assert one.findings == []
        assert one.agrees
    reasons = Counter(reason for one in both(explained, explained_later) for reason in one.entry.reasons)
    assert {"AVAILABILITY", "CAPACITY", "KEY_REUSE", "EQUIVOCATION"} <= reasons.keys()


def test_no_amount_below_full_pay_is_without_a_reason(explained: dict[str, Explanation]) -> None:
    below = [one for one in explained.values() if one.entry.amount < one.full_amount]
    assert below
    for one in explained.values():
        assert bool(one.entry.reasons) == any(cost.multiplier.value < ONE for cost in one.costs)
    assert all(one.entry.reasons for one in below)


def test_costs_are_those_of_a_division_of_ones_own(
    chapter: Chapter, explained: dict[str, Explanation]
) -> None:
    rewards = chapter.settlement.rewards
    pool = sum(int(rewards[name]) for name in ("pool", "carried_in", "missed_pools"))
    entries = rewards["entries"]
    seen = 0
    for position, entry in enumerate(entries):
        one = explained[entry["device"]]
        for place, cost in enumerate(one.costs):
            weights = [int(other["weight"]) for other in entries]
            weight = one.registered.weight * ONE
            for number, multiplier in enumerate(entry["multipliers"]):
                weight = weight if number == place else weight * multiplier["value"] // ONE
            weights[position] = weight
            # Largest remainder in a few lines.
            total = sum(weights)
            amounts = [pool * other // total for other in weights]
            order = sorted(range(len(weights)), key=lambda at: (-(pool * weights[at] % total), at))
            for at in order[: pool - sum(amounts)]:
                amounts[at] += 1
            assert cost.cost == amounts[position] - int(entry["amount"])
            seen += cost.cost > 0
    assert seen


def test_slots_hold_every_row_of_the_device(chapter: Chapter, explained: dict[str, Explanation]) -> None:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in pa.table(chapter.settlement.verdicts).to_pylist():
        rows.setdefault(row["device"].hex(), []).append(row)
    scores = {row["device"].hex(): row for row in pa.table(chapter.settlement.scores).to_pylist()}
    for device, one in explained.items():
        seen = [(row.row_id, row.validator, row.sent_ms) for slot in one.slots for row in slot.observations]
        assert seen == [(row["row_id"], row["validator"], row["sent_ms"]) for row in rows[device]]
        decided = Counter(slot.decision for slot in one.slots)
        assert (decided["UP"], decided["DOWN"]) == (scores[device]["up"], scores[device]["down"])
        dropped = [row for slot in one.slots for row in slot.observations if row.dropped]
        assert len(dropped) == scores[device]["excluded"]
        assert all(row.rule is not None and row.counts is None for row in dropped)


def test_what_was_left_out_is_shown_with_rule_and_numbers(
    chapter: Chapter, explained: dict[str, Explanation]
) -> None:
    log = {(line["slot"], line["validator"]): line for line in chapter.settlement.rewards["exclusions"]}
    unreliable = {
        subject.partition(":")[2]: one["numbers"]
        for one in chapter.settlement.rewards["indicators"]
        if one["code"] == "UNRELIABLE"
        for subject in one["subjects"]
    }
    kinds: Counter[str | None] = Counter()
    for one in explained.values():
        for slot in one.slots:
            for row in slot.observations:
                kinds[row.dropped] += 1
                if row.dropped == "EXCLUDED":
                    assert row.rule == log[slot.number, row.validator.hex()]
                    assert set(row.rule) == {
                        "slot", "validator", "reason", "n", "f", "n2", "f2", "ok", "total"
                    }  # fmt: skip
                elif row.dropped == "UNRELIABLE":
                    assert row.rule == unreliable[row.validator.hex()]
    assert kinds["EXCLUDED"]
    assert unreliable.keys() == {
        u.validator.hex() for u in next(iter(explained.values())).thresholds.unreliable
    }


def test_the_score_without_exclusions(dark: Chapter, explained_dark: dict[str, Explanation]) -> None:
    """Two of three validators without uplink; votes counted in a plain way, with nothing left out."""
    changed = 0
    rules = dark.settlement.rewards["params"]
    for one in explained_dark.values():
        windows: dict[int, list[int]] = {}
        for slot in one.slots:
            votes = Counter(
                "up" if row.outcome in {"PASS", "LATE"} else "down"
                for row in slot.observations
                if row.is_kept and row.outcome in {"PASS", "LATE", "FAIL", "TIMEOUT", "OFFLINE"}
            )
            counts = windows.setdefault(slot.start - slot.start % rules["window_s"], [0, 0])
            if sum(votes.values()) >= rules["quorum"] and votes["up"] != votes["down"]:
                counts[0] += votes["up"] > votes["down"]
                counts[1] += 1
        used = [up * ONE // total for up, total in windows.values() if total * 2 >= 4]
        without = one.without_exclusions.availability
        if used:
            assert without.score_e12 == sum(used) // len(used)
        changed += without.score_e12 < one.model.availability.score_e12
        assert any(slot.decision != slot.without_exclusions for slot in one.slots)
        assert "Without exclusions" in one.to_text()
    assert changed == len(explained_dark)


def test_a_shortest_change_reaches_its_goal_and_nothing_shorter_does(
    chapter: Chapter, explained: dict[str, Explanation]
) -> None:
    """The named down slots are turned up, and the device is scored again."""
    from depinverify.audit.from_settlement import read_published  # noqa: PLC0415
    from depinverify.epoch import Epoch  # noqa: PLC0415

    epoch = Epoch.open(chapter.epoch)
    tried = 0
    for device, one in explained.items():
        for goal in one.goals:
            if goal.change is None or goal.within != "epoch":
                continue
            published = read_published(bytes.fromhex(device), chapter.settlement, epoch)
            left = dict(goal.change.windows)
            decisions = []
            for slot in one.slots:
                turned = slot.decision == "DOWN" and left.get(slot.window, 0) > 0
                left[slot.window] = left.get(slot.window, 0) - turned
                decisions.append("UP" if turned else slot.decision)
            model = model_of(published, one.slots, decisions)
            assert goal.change.slots > 0
            assert model.up == one.model.up + goal.change.slots
            assert model.availability.score_e12 >= goal.score_e12
            assert model.payout.value >= goal.payout_e12 > one.model.payout.value
            tried += 1
        if one.model.payout.value < ONE and one.model.used:
            assert any(goal.is_full for goal in one.goals)
        else:
            assert one.goals == []
    assert tried


def test_the_second_epoch_starts_from_the_state_of_the_first(
    chapter: Chapter, explained_later: dict[str, Explanation]
) -> None:
    states = {
        line["device"]: line
        for line in map(json.loads, (chapter.settlement.folder / "state.jsonl").read_text().splitlines())
    }
    for device, one in explained_later.items():
        assert one.before is not None
        assert one.before.prior_up == states[device]["prior_up"]
        assert [list(window) for window in one.before.windows] == states[device]["windows"]
        assert len(one.model.windows) == len(one.before.windows) + 3
    within = {goal.within for one in explained_later.values() for goal in one.goals}
    assert within == {"epoch", "tracking period"}


def test_as_json(depinverify_command: Run, chapter: Chapter, explained: dict[str, Explanation]) -> None:
    device = chapter.with_reason("AVAILABILITY")
    code, out, err = depinverify_command(
        "explain", device, chapter.settlement.folder, "--epoch", chapter.epoch, "--json"
    )
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said == explained[device].to_json()
    assert said["findings"] == []
    assert said["amount"] == chapter.entry(device)["amount"]
    assert len(said["slots"]) == said["score"]["scheduled"] == 12
    costs = {one["name"]: int(one["cost"]) for one in said["multipliers"]}
    assert costs["payout"] > 0
    lost = json.loads(
        depinverify_command(
            "explain",
            device,
            chapter.settlement.folder,
            "--epoch",
            chapter.epoch,
            "--json",
            "--slots",
            "lost",
        )[1]
    )
    assert 0 < len(lost["slots"]) <= 12
    assert all(slot in said["slots"] for slot in lost["slots"])


def test_as_text(depinverify_command: Run, chapter: Chapter, explained: dict[str, Explanation]) -> None:
    device = chapter.with_reason("AVAILABILITY")
    one = explained[device]
    call = ("explain", device, chapter.settlement.folder, "--epoch", chapter.epoch)
    code, out, err = depinverify_command(*call)
    assert (code, err) == (0, "")
    assert f"It earned {one.entry.amount:,}." in out
    assert f"Score {decimal(one.model.availability.score_e12)}" in out
    assert "2027-01-15 08:00:00 UTC" in out
    assert "fewer down slot" in out
    assert "Yes: decisions" in out
    for slot in one.chosen_slots("lost"):
        assert f"Slot {slot.number}, " in out
        for row in slot.observations:
            assert row.row_id.hex() in out
    assert out == one.to_text()
    assert "Slot " not in depinverify_command(*call, "--slots", "none")[1]
    assert len(re.findall(r"^Slot ", depinverify_command(*call, "--slots", "all")[1], re.MULTILINE)) == 12


def test_every_device_can_be_told(explained: dict[str, Explanation]) -> None:
    for one in explained.values():
        text = one.to_text("all")
        assert text.isascii() or text.isprintable() or "\n" in text
        for reason in one.entry.reasons:
            assert f"{reason}: " in text
        for indicator in one.indicators:
            assert indicator["code"] in text
            assert all(row in text for row in indicator["evidence"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (ONE, "1"),
        (ONE + 1, "1.000000000001"),
        (-ONE // 2, "-0.5"),
        (1234 * ONE, "1,234"),
        (1, "0.000000000001"),
    ],
)
def test_fixed_point_is_shown_exactly(value: int, text: str) -> None:
    assert decimal(value) == text


# ------------------------------------------------------------------------------------------------- what is refused


def test_an_unknown_device(depinverify_command: Run, chapter: Chapter) -> None:
    for device in ("01" * 16, "", "zz", "0"):
        code, out, err = depinverify_command(
            "explain", device, chapter.settlement.folder, "--epoch", chapter.epoch
        )
        assert (code, out) == (2, "")
        assert "device" in err


def test_the_folder_of_another_epoch(
    depinverify_command: Run, chapter: Chapter, later: tuple[Path, Settlement]
) -> None:
    code, _, err = depinverify_command(
        "explain", chapter.devices[0], chapter.settlement.folder, "--epoch", later[0]
    )
    assert code == 2
    assert "expected the settlement of epoch 1" in err


def copied(chapter: Chapter, out: Path) -> Path:
    shutil.copytree(chapter.settlement.folder, out)
    return out


def rewards_with(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    rewards = json_of(folder / "rewards.json")
    change(rewards)
    (folder / "rewards.json").write_text(json.dumps(rewards))
    return folder


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "amount": lambda entry: entry.update(amount=str(int(entry["amount"]) + 1)),
    "weight": lambda entry: entry.update(weight=str(int(entry["weight"]) + 1)),
    "score": lambda entry: entry.update(score_e12=entry["score_e12"] + 1),
    "state": lambda entry: entry.update(state="FULL" if entry["state"] != "FULL" else "PROVISIONAL"),
    "reasons": lambda entry: entry.update(reasons=[]),
    "multipliers": lambda entry: entry["multipliers"][0].update(value=1),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_in_the_reward_file_is_a_finding(
    depinverify_command: Run, chapter: Chapter, tmp_path: Path, lie: str
) -> None:
    device = chapter.with_reason("AVAILABILITY")

    def change(rewards: dict[str, Any]) -> None:
        LIES[lie](next(entry for entry in rewards["entries"] if entry["device"] == device))

    folder = rewards_with(copied(chapter, tmp_path / "s"), change)
    code, out, _ = depinverify_command("explain", device, folder, "--epoch", chapter.epoch, "--json")
    assert code == 1
    findings = json.loads(out)["findings"]
    assert any("by the manifest" in finding for finding in findings)
    assert any(lie in finding for finding in findings if "by the manifest" not in finding)
    code, out, _ = depinverify_command("explain", device, folder, "--epoch", chapter.epoch)
    assert code == 1
    assert "NO: " in out


@pytest.mark.parametrize(
    "column", ["up", "down", "scheduled", "excluded", "score_e12", "windows_used", "payout_e12"]
)
def test_a_lie_in_the_scores_is_a_finding(chapter: Chapter, tmp_path: Path, column: str) -> None:
    folder = copied(chapter, tmp_path / "s")
    table = pq.read_table(folder / "scores.parquet")
    at = table.column_names.index(column)
    changed = pa.array([value + 1 for value in table[column].to_pylist()], pa.uint64())
    _native.write_parquet(folder / "scores.parquet", table.set_column(at, table.field(at), changed))
    found = depinverify.explain(chapter.devices[0], folder, chapter.epoch).findings
    assert any(column in finding for finding in found)


def test_a_missing_verdict_is_a_finding(chapter: Chapter, tmp_path: Path) -> None:
    """Without the rows of one slot the published counts do not follow any more."""
    folder = copied(chapter, tmp_path / "s")
    device = bytes.fromhex(chapter.devices[0])
    table = pa.table(chapter.settlement.verdicts)
    rows = table.to_pylist()
    kept = [at for at, row in enumerate(rows) if row["device"] != device or row["slot"] != 5]
    _native.write_parquet(folder / "verdicts.parquet", table.take(kept))
    found = depinverify.explain(device, folder, chapter.epoch)
    assert not found.agrees
    assert any("scores.parquet: up" in finding for finding in found.findings)
    assert any("state.jsonl: window" in finding for finding in found.findings)


def test_a_lie_in_the_state_is_a_finding(chapter: Chapter, tmp_path: Path) -> None:
    folder = copied(chapter, tmp_path / "s")
    state = folder / "state.jsonl"
    state.write_text(state.read_text().replace('"prior_up":true', '"prior_up":false'))
    found = depinverify.explain(chapter.devices[0], folder, chapter.epoch).findings
    assert any("prior_up" in finding for finding in found)
    assert any(finding.startswith("state.jsonl: expected content") for finding in found)


def test_another_registry_is_a_finding(chapter: Chapter, tmp_path: Path) -> None:
    """An event that was added after the settlement, before the end of the epoch."""
    epoch = chapter.world.copy(tmp_path / "e")
    lines = (epoch / "registry.jsonl").read_bytes().splitlines()
    during = [
        line for line in lines if json.loads(line)["recorded_ms"] >= chapter.world.settings.start * 1000
    ]
    assert during
    (epoch / "registry.jsonl").write_bytes(b"\n".join(lines[: lines.index(during[-1])]) + b"\n")
    found = depinverify.explain(chapter.devices[0], chapter.settlement, epoch).findings
    assert any(finding.startswith("inputs.registry") for finding in found)


HOSTILE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no entries": lambda rewards: rewards.pop("entries"),
    "entries are text": lambda rewards: rewards.update(entries="abc"),
    "an entry is null": lambda rewards: rewards["entries"].__setitem__(0, None),
    "amount is null": lambda rewards: rewards["entries"][0].update(amount=None),
    "weight is a word": lambda rewards: rewards["entries"][3].update(weight="many"),
    "device is no hex": lambda rewards: rewards["entries"][3].update(device="xx"),
    "multipliers are a number": lambda rewards: rewards["entries"][0].update(multipliers=7),
    "no payees": lambda rewards: rewards.update(payees=[]),
    "epoch is null": lambda rewards: rewards.update(epoch=None),
    "inputs are null": lambda rewards: rewards.update(inputs=None),
    "params are null": lambda rewards: rewards.update(params=None),
    "slot below zero": lambda rewards: rewards["exclusions"][0].update(slot=-1),
    "slot is huge": lambda rewards: rewards["exclusions"][0].update(slot=2**70),
    "validator is no hex": lambda rewards: rewards["exclusions"][0].update(validator="v"),
    "numbers are null": lambda rewards: rewards["indicators"].append(
        {"code": "NETWORK_EVENT", "severity": "INFO", "subjects": [], "numbers": None, "evidence": []}
    ),
    "an event without a slot": lambda rewards: rewards["indicators"].append(
        {"code": "NETWORK_EVENT", "severity": "INFO", "subjects": [], "numbers": {}, "evidence": []}
    ),
    "pool is null": lambda rewards: rewards.update(pool=None),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_reward_file_that_is_none_is_a_bad_call(chapter: Chapter, tmp_path: Path, case: str) -> None:
    folder = rewards_with(copied(chapter, tmp_path / "s"), HOSTILE[case])
    with pytest.raises(DepinverifyError):
        depinverify.explain(chapter.devices[0], folder, chapter.epoch)


def test_words_of_strangers_are_shown_harmless(chapter: Chapter, tmp_path: Path) -> None:
    device = chapter.devices[0]

    def change(rewards: dict[str, Any]) -> None:
        rewards["entries"][0]["reasons"] = ["\x1b[2J"]
        rewards["indicators"].append(
            {"code": "\x1b[31m", "severity": "PROOF\n", "subjects": [f"device:{device}"], "numbers": {"\x07": 1},
             "evidence": ["\x1b]0;x\x07"]}
        )  # fmt: skip

    folder = rewards_with(copied(chapter, tmp_path / "s"), change)
    text = depinverify.explain(device, folder, chapter.epoch).to_text("all")
    assert all(line.isprintable() for line in text.splitlines())
    assert "\\x1b[2J" in text


@pytest.mark.parametrize(
    "name", ["rewards.json", "scores.parquet", "verdicts.parquet", "state.jsonl", "provenance.json"]
)
def test_a_missing_file_is_a_bad_call(chapter: Chapter, tmp_path: Path, name: str) -> None:
    folder = copied(chapter, tmp_path / "s")
    (folder / name).unlink()
    with pytest.raises(DepinverifyError, match=name):
        depinverify.explain(chapter.devices[0], folder, chapter.epoch)


def test_bytes_or_hex(chapter: Chapter) -> None:
    device = chapter.devices[0]
    one = depinverify.explain(
        bytes.fromhex(device), Settlement.open(chapter.settlement.folder), str(chapter.epoch)
    )
    assert one.device.hex() == device
    with pytest.raises(InputError, match="hex"):
        depinverify.explain("no", chapter.settlement, chapter.epoch)
