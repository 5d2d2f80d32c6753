"""Rulesets with tracks, through the command line: explained, disputed, audited, compared, and tried out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from device_cases import told
from liar import Liar

from models.worlds import DOWN, LATE, SLOTS, UP, WRONG, entries, settled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement

    Run = Callable[..., tuple[int, str, str]]

ONE = 10**12
CURVE = [[0, 0], [ONE // 2, ONE // 4], [ONE, ONE]]
STANDING = {"min_age_s": 0, "min_observations": 1, "suspended_e12": ONE}
TABLES: dict[str, dict[str, Any]] = {
    "product": {"order": ["availability", "correctness", "unknown", "latency"]},
    "mean": {"order": ["latency", "availability", "unknown"], "weights": [1, 2, 3]},
    "no availability": {"order": ["latency", "correctness"]},
}


def deed(at: int, slot: int) -> str:
    """One device is late, one wrong, one down for a part of the epoch; one is late and down."""
    if slot < SLOTS // 2:
        return UP
    return (UP, LATE, WRONG, DOWN, LATE if slot % 2 else DOWN)[at]


class World(NamedTuple):
    """An epoch and its settlement."""

    epoch: Path
    settlement: Settlement


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, World]:
    """An epoch under each table."""
    made = {}
    for name, table in TABLES.items():
        folder = tmp_path_factory.mktemp("tracks")
        rules = {"curve": CURVE, "models": {"standing": STANDING, "tracks": table}}
        made[name] = World(folder / "epoch-7", settled(folder, rules, deed))
    return made


@pytest.mark.parametrize("name", TABLES)
def test_every_device_is_explained_and_disputed(name: str, worlds: dict[str, World], tmp_path: Path) -> None:
    epoch, settlement = worlds[name]
    explained = told(settlement, epoch, tmp_path)
    for entry in entries(settlement):
        one = explained[entry["device"]]
        combination = one.combination
        assert combination is not None
        assert [track._asdict() for track in combination.tracks] == entry["tracks"]
        assert combination.multiplier == one.entry.multipliers[0]
        text = one.to_text()
        for track in entry["tracks"]:
            assert re.search(rf"^{track['track']} [0-9.]+: took [0-9.]+ of the payout\.$", text, re.MULTILINE)
        nearest = next(knot for knot in one.thresholds.curve if knot.score_e12 == ONE)
        assert nearest.distance_e12 == combination.score_e12 - ONE
    if name == "no availability":
        assert all(one.goals == [] for one in explained.values())


def test_more_slots_up_reach_what_the_other_tracks_allow(worlds: dict[str, World], tmp_path: Path) -> None:
    """The goal of a device that was late as well is less than full pay, and one slot up less misses it."""
    epoch, settlement = worlds["product"]
    explained = list(told(settlement, epoch, tmp_path).values())
    down, both = explained[3], explained[4]
    assert down.goals[-1].is_full
    assert (down.goals[-1].payout_e12, down.goals[-1].score_e12) == (ONE, ONE)
    goal, combination = both.goals[-1], both.combination
    assert combination is not None
    cost = next(one.cost_e12 for one in combination.tracks if one.track == "availability")
    assert goal.is_full
    assert goal.payout_e12 == combination.multiplier.value + cost < ONE
    assert goal.change is not None
    assert goal.change.slots == both.model.down


def test_the_command_line_names_what_each_track_cost(
    run: Run, worlds: dict[str, World], tmp_path: Path
) -> None:
    epoch, published = worlds["product"]
    code, _, _ = run("settle", epoch, "--out", tmp_path / "again", "--allow-unsigned")
    assert code == 0
    rewards = (tmp_path / "again" / "rewards.json").read_bytes()
    assert rewards == (published.folder / "rewards.json").read_bytes()

    late = entries(published)[1]
    code, out, _ = run("explain", late["device"], published.folder, "--epoch", epoch)
    assert code == 0
    assert "latency 0.5: took 0.75 of the payout." in out
    assert "Combined score 0.5." in out
    assert "LATENCY: 12 late answers of 24 before the deadline." in out
    code, out, _ = run("explain", late["device"], published.folder, "--epoch", epoch, "--json")
    combined = json.loads(out)["combined"]
    assert (code, combined["score_e12"], combined["payout_e12"]) == (0, ONE // 2, ONE // 4)
    assert combined["tracks"] == late["tracks"]


@pytest.mark.parametrize("name", TABLES)
def test_the_truth_is_clean(name: str, run: Run, worlds: dict[str, World]) -> None:
    epoch, settlement = worlds[name]
    assert run("audit", settlement.folder, "--epoch", epoch)[0] == 0
    code, out, _ = run("audit", settlement.folder, "--json")
    assert (code, json.loads(out)["findings"]) == (0, [])


def lied(settlement: Settlement, out: Path, track: int, member: str) -> Path:
    """A copy in which one number of a device's track is another."""
    liar = Liar(settlement.folder, out)
    liar.rewards["entries"][1]["tracks"][track][member] -= 1
    liar.write_rewards()
    return liar.folder


@pytest.mark.parametrize(("track", "member"), [(3, "score_e12"), (3, "cost_e12"), (1, "score_e12")])
def test_a_changed_track_is_named(
    track: int, member: str, run: Run, worlds: dict[str, World], tmp_path: Path
) -> None:
    epoch, settlement = worlds["product"]
    bent = lied(settlement, tmp_path / "bent", track, member)
    entry = entries(settlement)[1]
    name, value = entry["tracks"][track]["track"], entry["tracks"][track][member]
    for inputs in (["--epoch", epoch], []):
        code, out, _ = run("audit", bent, "--json", *inputs)
        assert code == 1
        finding = json.loads(out)["findings"][0]
        assert (finding["code"], finding["subject"]) == ("TRACK_DIFFERS", f"device:{entry['device']}")
        if inputs:
            assert (finding["field"], finding["published"], finding["recomputed"]) == (
                f"tracks.{name}.{member}",
                value - 1,
                value,
            )
    code, out, _ = run("explain", entry["device"], bent, "--epoch", epoch)
    assert code == 1
    assert f"NO: rewards.json: tracks.{name}.{member}: published {value - 1}, recomputed {value}" in out
    code, out, _ = run("diff", settlement.folder, bent, "--json")
    finding = json.loads(out)["results"][0]
    assert (code, finding["field"], finding["a"], finding["b"]) == (
        1,
        f"tracks.{name}.{member}",
        value,
        value - 1,
    )


@pytest.mark.parametrize(
    "bend",
    [
        lambda _: None,
        lambda _: [],
        lambda usual: usual[:3],
        lambda usual: usual[::-1],
        lambda usual: [*usual[:3], "latency"],
        lambda usual: [*usual[:3], usual[3] | {"score_e12": ONE + 1}],
        lambda usual: [*usual[:3], usual[3] | {"score_e12": 0.5}],
        lambda usual: [*usual[:3], usual[3] | {"cost_e12": -1}],
        lambda usual: [*usual[:3], usual[3] | {"cost_e12": "0"}],
        lambda usual: [*usual[:3], {"track": "latency", "score_e12": 0}],
    ],
)
def test_tracks_of_another_form_are_no_reward_file(
    bend: Callable[[list[dict[str, Any]]], object], run: Run, worlds: dict[str, World], tmp_path: Path
) -> None:
    bent = Liar(worlds["product"].settlement.folder, tmp_path / "bent")
    entry = bent.rewards["entries"][1]
    entry["tracks"] = bend(entry["tracks"])
    (bent.folder / "rewards.json").write_text(json.dumps(bent.rewards, sort_keys=True, separators=(",", ":")))
    bent.hash_again()
    code, out, _ = run("audit", bent.folder, "--json")
    assert code == 1
    assert json.loads(out)["findings"][0]["code"] == "FILE_MALFORMED"
    code, _, err = run("explain", entry["device"], bent.folder, "--epoch", worlds["product"].epoch)
    assert code in {1, 2}
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "pair", [None, [1], [0, 0], [True, 1], [-1, 2], "ab", [ONE, ONE, ONE], [0.5, 1], [2**60, 2**60]]
)
def test_a_state_without_the_record_is_named(
    pair: object, run: Run, worlds: dict[str, World], tmp_path: Path
) -> None:
    epoch, settlement = worlds["product"]
    bent = Liar(settlement.folder, tmp_path / "bent")
    path = bent.folder / "models.jsonl"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    lines[0]["correctness"] = pair
    path.write_text("".join(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines))
    bent.hash_again()
    code, out, _ = run("audit", bent.folder, "--json")
    assert code == 1
    assert [one["code"] for one in json.loads(out)["findings"]] == ["TRACK_DIFFERS"]
    code, _, err = run("explain", lines[0]["device"], bent.folder, "--epoch", epoch)
    assert code in {1, 2}
    assert "Traceback" not in err


def test_a_network_can_try_tracks_out(run: Run, tmp_path: Path) -> None:
    settlement = settled(tmp_path, {"curve": CURVE}, deed)
    epoch = tmp_path / "epoch-7"
    wish = "models={tracks={order=['availability','latency']}}"
    code, out, _ = run("what-if", epoch, "--set", wish, "--json")
    assert code == 0
    changes = {one["device"]: one for one in json.loads(out)["devices"]}
    late = entries(settlement)[1]["device"]
    assert changes[late]["multipliers"] == [{"name": "payout", "before": ONE, "after": ONE // 4}]
    assert changes[late]["tracks"] == [
        {"track": "availability", "before": None, "after": 0},
        {"track": "latency", "before": None, "after": 3 * ONE // 4},
    ]
    code, out, _ = run("what-if", epoch, "--set", wish, "--against", settlement.folder)
    assert code == 0
    assert "cost of" in out
    code, _, err = run("what-if", epoch, "--set", "models={tracks={order=['unknown']}}")
    assert code == 2
    assert "models.tracks: expected the table standing" in err
