"""The steps on the command line: data on stdout, messages on stderr, codes 0, 1 and 2, errors for people."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from depinverify import settle
from epoch_folders import bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depinverify import Settlement
    from epoch_folders import World

STEPS = ("settle", "verify", "score", "reward", "schedule", "simulate")


Run = Any


def test_settle(run: Run, world: World, settled: Settlement, tmp_path: Path) -> None:
    code, out, err = run("settle", world.epoch, "--out", tmp_path / "s")
    assert (code, err) == (0, "")
    for expected in ("VALID", "allocated", f"root {settled.root}", f"manifest {settled.manifest_sha256}"):
        assert expected in out
    assert bytes_of(tmp_path / "s") == bytes_of(settled.folder)
    code, again, err = run("settle", world.epoch, "--out", tmp_path / "s")
    assert (code, again, err) == (0, out, "")


def test_settle_as_json(run: Run, world: World, settled: Settlement, tmp_path: Path) -> None:
    options = ("--threads", 1, "--memory", 16, "--json")
    code, out, err = run("settle", world.epoch, "--out", tmp_path / "s", *options)
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["root"] == settled.root
    assert said["counts"] == settled.counts
    assert said["manifest_sha256"] == settled.manifest_sha256
    assert said["quarantined"] == []
    money = {name: int(amount) for name, amount in said["money"].items()}
    brought = money["pool"] + money["carried_in"] + money["missed_pools"] + money["adjustments"]
    spent = ("paid", "carried_delta", "sink", "burned", "withheld", "remainder")
    assert brought == sum(money[name] for name in spent)


def test_the_settlement_lies_in_the_epoch_by_default(
    run: Run, world: World, settled: Settlement, tmp_path: Path
) -> None:
    epoch = world.copy(tmp_path / "e")
    assert run("settle", epoch)[0] == 0
    assert bytes_of(epoch / "settlement") == bytes_of(settled.folder)


def test_a_dry_run_writes_nothing(run: Run, world: World, tmp_path: Path) -> None:
    before = sorted(world.epoch.rglob("*"))
    code, out, err = run("settle", world.epoch, "--out", tmp_path / "deep" / "s", "--dry-run", "--json")
    assert (code, err) == (0, "")
    plan = json.loads(out)
    assert plan["files"] == 3
    assert 900 < plan["rows"] < 1200
    assert min(plan.values()) > 0
    code, out, _ = run("settle", world.epoch, "--out", tmp_path / "deep" / "s", "--dry-run")
    assert code == 0
    assert "rows, about" in out
    assert list(tmp_path.iterdir()) == []
    assert sorted(world.epoch.rglob("*")) == before


def test_verify(run: Run, world: World, settled: Settlement, tmp_path: Path) -> None:
    code, out, err = run("verify", world.epoch, "--out", tmp_path / "v.parquet", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["counts"] == settled.counts
    assert len(json.loads(out)["files"]) == 6
    assert pq.read_table(tmp_path / "v.parquet").equals(pq.read_table(settled.folder / "verdicts.parquet"))
    code, out, err = run("verify", world.epoch, "--check")
    assert (code, err) == (1, "")
    assert "LOCATION_MISMATCH" in out


def test_check_is_fine_where_every_proof_is(run: Run, make_world: Callable[..., World]) -> None:
    honest = make_world(devices=3, hours=1, seed=9, shares={"flaky": 0}, validator_behaviours=["honest"])
    assert run("verify", honest.epoch, "--check")[0] == 0


def test_score(run: Run, world: World, settled: Settlement) -> None:
    code, out, err = run("score", world.epoch, "--json")
    assert (code, err) == (0, "")
    scores = pq.read_table(settled.folder / "scores.parquet").to_pylist()
    assert [row["score_e12"] for row in json.loads(out)] == [row["score_e12"] for row in scores]
    code, out, _ = run("score", world.epoch, "--worst", 3, "--json")
    worst = [row["score_e12"] for row in json.loads(out)]
    assert worst == sorted(row["score_e12"] for row in scores)[:3]
    code, out, err = run("score", world.epoch)
    assert (code, err) == (0, "")
    assert all(row["device"].hex() in out for row in scores)


def test_reward(run: Run, world: World, settled: Settlement) -> None:
    code, out, err = run("reward", world.epoch, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == settled.rewards
    code, out, err = run("reward", world.epoch)
    assert (code, err) == (0, "")
    assert out.rstrip().endswith(f"root {settled.root}")


def test_schedule(run: Run, world: World, tmp_path: Path) -> None:
    code, out, err = run("schedule", world.epoch, "--slot", 2, "--json")
    assert (code, err) == (0, "")
    probes = [json.loads(line) for line in out.splitlines()]
    assert len(probes) == 90
    assert {probe["slot"] for probe in probes} == {2}
    assert all(len(probe["eat_nonce"]) == 64 and probe["moment_ms"] > 0 for probe in probes)
    one = b"val-1".hex()
    code, out, _ = run("schedule", world.epoch, "--validator", one, "--json")
    assert {json.loads(line)["validator"] for line in out.splitlines()} == {one}
    epoch = world.copy(tmp_path / "e")
    (epoch / "validators.jsonl").unlink()
    code, out, err = run("schedule", epoch, "--slot", 2, "--json")
    assert (code, err) == (0, "")
    hidden = [json.loads(line) for line in out.splitlines()]
    assert [probe["nonce"] for probe in hidden] == [probe["nonce"] for probe in probes]
    assert {(probe["eat_nonce"], probe["moment_ms"]) for probe in hidden} == {(None, None)}
    code, out, _ = run("schedule", epoch, "--slot", 2)
    assert "secret" in out


def test_the_schedule_is_what_honest_validators_did(run: Run, world: World, settled: Settlement) -> None:
    """Every valid row of the settlement answers a challenge of the schedule, at its moment."""
    _, out, _ = run("schedule", world.epoch, "--json")
    probes = {
        (p["slot"], p["device"], p["validator"]): p["moment_ms"] for p in map(json.loads, out.splitlines())
    }
    columns = ["slot", "device", "validator", "sent_ms", "code"]
    rows = pq.read_table(settled.folder / "verdicts.parquet", columns=columns).to_pylist()
    assert {(row["slot"], row["device"].hex(), row["validator"].hex()) for row in rows} == probes.keys()
    for row in rows:
        moment = probes[row["slot"], row["device"].hex(), row["validator"].hex()]
        assert row["code"] == 8 or moment <= row["sent_ms"] <= moment + 60_000


@pytest.mark.parametrize("step", STEPS)
def test_help_has_an_example_and_what_codes_mean(run: Run, step: str) -> None:
    code, out, err = run(step, "--help")
    assert (code, err) == (0, "")
    assert "Example" in out
    assert f"depinverify {step} " in " ".join(out.replace("│", " ").split())
    assert "--json" in out
    if step != "simulate":
        assert "Exit codes" in out


def changed(world: World, out: Path, old: str, new: str) -> Path:
    epoch = world.copy(out)
    text = (epoch / "epoch.toml").read_text()
    assert old in text
    (epoch / "epoch.toml").write_text(text.replace(old, new, 1))
    return epoch


BAD_TOML = {
    "unknown key": ("quorum = 2", "quorom = 2", "ruleset.quorom"),
    "float": ("quorum = 2", "quorum = 2.0", "ruleset.quorum"),
    "even k": ("validators_per_probe = 3", "validators_per_probe = 4", "ruleset.validators_per_probe"),
    "type": ("pay_no_data = false", 'pay_no_data = "no"', "ruleset.pay_no_data"),
    "top key": ("index = 0", "index = 0\nextra = 1", "extra"),
    "format": ("format = 1", "format = 2", "format"),
    "pool": ('pool = "', 'pool = "-', "pool"),
    "start": ("start = 1800000000", "start = 1800000001", "start"),
    "head": ('head = "', 'head = "0', "registry.head"),
    "beacon": ("period = 7", "", "beacon.period"),
    "previous": ("genesis = true", "genesis = false", "previous"),
    "suspect": ("zero_on_suspect = []", 'zero_on_suspect = ["KEY_REUSE"]', "ruleset.zero_on_suspect"),
    "curve": ("curve = [[0, 0]", "curve = [[1, 0]", "ruleset.curve"),
    "syntax": ("format = 1", "format = = 1", "epoch.toml"),
}


def refused(found: tuple[int, str, str]) -> str:
    code, out, err = found
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert err.lstrip().startswith(("error: ", "Usage")), err
    return err


@pytest.mark.parametrize("case", BAD_TOML)
def test_a_wrong_key_is_named_with_its_path(run: Run, world: World, tmp_path: Path, case: str) -> None:
    old, new, path = BAD_TOML[case]
    epoch = changed(world, tmp_path / "e", old, new)
    err = refused(run("settle", epoch, "--out", tmp_path / "s"))
    assert path in err
    assert "epoch.toml" in err
    assert not (tmp_path / "s").exists()


def test_a_missing_folder(run: Run, tmp_path: Path) -> None:
    # The frame breaks the sentence where the path's length wants it.
    assert "does not exist" in " ".join(
        refused(run("settle", tmp_path / "nowhere")).replace("│", " ").split()
    )
    err = refused(run("settle", tmp_path))
    assert "epoch.toml" in err
    assert "hint: " in err


def test_a_wrong_registry_head(run: Run, world: World, tmp_path: Path) -> None:
    text = (world.epoch / "epoch.toml").read_text()
    head = text.split('head = "')[1][:64]
    epoch = changed(world, tmp_path / "e", head, "ab" * 32)
    err = refused(run("settle", epoch, "--out", tmp_path / "s"))
    assert "ab" * 32 in err
    assert head in err


def test_a_registry_that_was_changed(run: Run, world: World, tmp_path: Path) -> None:
    epoch = world.copy(tmp_path / "e")
    lines = (epoch / "registry.jsonl").read_bytes().splitlines(keepends=True)
    (epoch / "registry.jsonl").write_bytes(b"".join(lines[:7] + lines[8:]))
    assert "line 8" in refused(run("verify", epoch))
    (epoch / "registry.jsonl").unlink()
    assert "registry.jsonl" in refused(run("verify", epoch))


def test_a_missing_round(run: Run, world: World, tmp_path: Path) -> None:
    epoch = world.copy(tmp_path / "e")
    lines = (epoch / "beacon.jsonl").read_bytes().splitlines(keepends=True)
    number = json.loads(lines[5])["round"]
    (epoch / "beacon.jsonl").write_bytes(b"".join(lines[:5] + lines[6:]))
    err = refused(run("score", epoch))
    assert str(number) in err
    assert "missing_rounds" in err
    (epoch / "beacon.jsonl").write_bytes(b"".join([*lines, lines[0]]))
    assert str(json.loads(lines[0])["round"]) in refused(run("score", epoch))


def test_a_forged_round(run: Run, world: World, tmp_path: Path) -> None:
    epoch = world.copy(tmp_path / "e")
    lines = [json.loads(line) for line in (epoch / "beacon.jsonl").read_bytes().splitlines()]
    lines[3]["signature"] = lines[4]["signature"]
    lines[3]["randomness"] = lines[4]["randomness"]
    (epoch / "beacon.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert str(lines[3]["round"]) in refused(run("verify", epoch))


def test_a_missing_round_that_is_announced_is_named_first(run: Run, world: World, tmp_path: Path) -> None:
    lines = (world.epoch / "beacon.jsonl").read_bytes().splitlines(keepends=True)
    number = json.loads(lines[5])["round"]
    epoch = changed(
        world,
        tmp_path / "e",
        'beacon_id = "simulation"',
        f'beacon_id = "simulation"\nmissing_rounds = [{number}]',
    )
    assert str(number) in refused(run("settle", epoch, "--out", tmp_path / "s"))
    (epoch / "beacon.jsonl").write_bytes(b"".join(lines[:5] + lines[6:]))
    code, out, _ = run("settle", epoch, "--out", tmp_path / "s")
    assert code == 0
    assert str(number) in out.splitlines()[0]


def test_a_pinned_beacon_is_named_first(run: Run, world: World, tmp_path: Path) -> None:
    epoch = changed(
        world, tmp_path / "e", 'beacon_id = "simulation"', 'beacon_id = "simulation"\npinned = true'
    )
    for command in (
        ("settle", epoch, "--out", tmp_path / "s"),
        ("verify", epoch),
        ("score", epoch),
        ("reward", epoch),
    ):
        code, out, _ = run(*command)
        assert code == 0
        assert out.startswith("PINNED BEACON")


def test_a_bad_previous_settlement(run: Run, world: World, settled: Settlement, tmp_path: Path) -> None:
    table = f'[previous]\npath = "{settled.folder}"\nsha256 = "{settled.manifest_sha256}"\n\n[beacon]'
    epoch = changed(world, tmp_path / "e", "genesis = true", "genesis = false")
    text = (epoch / "epoch.toml").read_text()
    (epoch / "epoch.toml").write_text(text.replace("[beacon]", table, 1))
    err = refused(run("settle", epoch, "--out", tmp_path / "s"))
    assert "index 0" in err
    (epoch / "epoch.toml").write_text(
        text.replace("[beacon]", table.replace(settled.manifest_sha256, "cd" * 32), 1)
    )
    err = refused(run("settle", epoch, "--out", tmp_path / "s"))
    assert settled.manifest_sha256 in err
    assert "hint: " in err
    (epoch / "epoch.toml").write_text(text.replace("[beacon]", table.replace(str(settled.folder), "none"), 1))
    assert "none" in refused(run("settle", epoch, "--out", tmp_path / "s"))
    assert not (tmp_path / "s" / "manifest.json").exists()


def test_a_previous_settlement_that_was_changed(run: Run, world: World, tmp_path: Path) -> None:
    before = settle(world.epoch, tmp_path / "before")
    (before.folder / "state.jsonl").write_bytes(b"")
    table = f'[previous]\npath = "../before"\nsha256 = "{before.manifest_sha256}"\n\n[beacon]'
    epoch = changed(world, tmp_path / "e", "genesis = true", "genesis = false")
    text = (epoch / "epoch.toml").read_text()
    (epoch / "epoch.toml").write_text(text.replace("[beacon]", table, 1))
    assert "state.jsonl" in refused(run("settle", epoch, "--out", tmp_path / "s"))


@pytest.mark.parametrize(
    "arguments",
    [("--threads", "0"), ("--memory", "1"), ("--max-rows", "x"), ("--nothing",)],
    ids=" ".join,
)
def test_bad_options(run: Run, world: World, arguments: tuple[str, ...]) -> None:
    refused(run("settle", world.epoch, *arguments))


def test_a_validator_that_is_no_hex(run: Run, world: World) -> None:
    assert "--validator" in refused(run("schedule", world.epoch, "--validator", "val-0"))


def terminal(*arguments: object, **environment: str) -> str:
    """What a person sees: the command with a terminal as stdout and stderr."""
    mine, theirs = pty.openpty()
    surroundings = os.environ | {"TERM": "xterm-256color"} | environment
    with subprocess.Popen(
        [sys.executable, "-m", "depinverify", *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=surroundings,
    ) as child:  # fmt: skip
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(mine, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        child.wait(60)
    os.close(mine)
    return seen.decode()


@pytest.mark.parametrize("command", ["verify", "help"])
def test_no_color_is_obeyed(world: World, command: str) -> None:
    arguments = ("settle", "--help") if command == "help" else ("verify", world.epoch)
    assert "\x1b[3" not in terminal(*arguments, NO_COLOR="1").replace("\x1b[3m", "")
    assert "\x1b[" in terminal("settle", "--help")


def test_a_closed_pipe_is_no_traceback(world: World) -> None:
    command = f"{sys.executable} -m depinverify schedule {world.epoch} --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout)["slot"] == 0
    assert "Traceback" not in done.stderr
