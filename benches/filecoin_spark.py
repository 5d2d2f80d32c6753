"""A round of retrieval checks on one thread, from the bytes of measurements to labels, committees, rates and scores.

250,000 measurements of 23 members each, seeded: 1000 tasks of 100 storage providers, stations that do 15 tasks each,
some of them liars, duplicates in a subnet, tasks of others, broken lines. Against the same evaluation in plain
JavaScript (`benches/peers/spark.mjs`) over the same file where there is `node`, and with `--reference` against the
network's own evaluator, which npm installs into a temporary folder (200 MB). All must find the same labels, rates and
scores. The evaluator reads no file with a broken line, so those lines are left out for it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from depinverify import _native
from depinverify.networks.filecoin import spark

if TYPE_CHECKING:
    from collections.abc import Iterable

PEERS = Path(__file__).parent / "peers"
EVALUATOR = "@filecoin-station/spark-evaluate@1.0.4"
#: More in one file are too many arguments for one of the evaluator's calls.
MEASUREMENTS_PER_FILE = 50_000
BROKEN_LINE = '{"id":'
TASKS, MINERS, TASKS_PER_STATION = 1000, 100, 15
RANDOMNESS = hashlib.sha256(b"a round").digest()


def checksummed(account: bytes) -> str:
    """An address as wallets write it."""
    digits = account.hex()
    over = _native.keccak256(digits.encode()).hex()[: len(digits)]
    return "0x" + "".join(
        digit.upper() if int(high, 16) > 7 else digit for digit, high in zip(digits, over, strict=True)
    )


def make_round() -> spark.Round:
    """The round's tasks."""
    names = (hashlib.sha256(f"task {number}".encode()).hexdigest()[:55] for number in range(TASKS))
    tasks = (
        spark.Task(f"bafy{name}", f"f0{1000 + at % MINERS}", (f"f0{at % 40}",))
        for at, name in enumerate(names)
    )
    return spark.Round(tuple(tasks), TASKS_PER_STATION, RANDOMNESS)


def outcome(random_: random.Random, task: spark.Task) -> dict[str, Any]:
    """What an honest checker, or in one case of 20 another, reports about a task."""
    fate = int(task.miner_id[-1]) if random_.random() < 0.95 else random_.randrange(10)
    served = {
        "status_code": 200,
        "byte_length": 1024,
        "car_checksum": "1220" + hashlib.sha256(task.cid.encode()).hexdigest(),
    }
    nothing = {"status_code": None, "byte_length": 0, "car_checksum": None}
    members = {
        7: {**nothing, "status_code": 502},
        8: {**nothing, "timeout": True},
        9: {**nothing, "indexer_result": "ERROR_404", "protocol": None, "provider_address": None},
    }.get(fate, served)
    return {"timeout": False, "indexer_result": "OK", "protocol": "http", **members}


def measurements(of: spark.Round, count: int) -> bytes:
    """So many measurements, one a line, and a broken line after every thousandth."""
    random_ = random.Random(1)  # noqa: S311
    lines: list[str] = []
    station, allowed, subnet, who = "", list[spark.Task](), "", ""
    for number in range(count):
        if number % TASKS_PER_STATION == 0:
            station = hashlib.sha512(number.to_bytes(8)).hexdigest()[:88]
            allowed = spark.allowed_tasks(of, station)
            # One station of ten shares its subnet with another, one participant has about five.
            subnet = hashlib.sha256(f"net {number // TASKS_PER_STATION * 9 // 10}".encode()).hexdigest()[:12]
            who = checksummed(
                hashlib.sha256(f"who {number // (5 * TASKS_PER_STATION)}".encode()).digest()[:20]
            )
        task = allowed[number % TASKS_PER_STATION] if random_.random() < 0.97 else random_.choice(of.tasks)
        ms = random_.randrange(1_200_000)
        moments = [
            f"2024-02-01T00:{at // 60_000:02}:{at // 1000 % 60:02}.{at % 1000:03}Z"
            for at in (ms, ms + 120, ms + 900, ms + 1500)
        ]
        one = {
            "id": number,
            "spark_version": "1.17.2",
            "zinnia_version": "0.20.3",
            "participant_address": who,
            "station_id": station,
            "finished_at": moments[3],
            "start_at": moments[0],
            "head_status_code": 200,
            "first_byte_at": moments[1],
            "end_at": moments[2],
            "attestation": None,
            "inet_group": subnet,
            "car_too_large": False,
            "miner_id": task.miner_id,
            "provider_id": f"12D3KooW{task.miner_id}",
            "cid": task.cid,
            "provider_address": f"/dns/{task.miner_id}.example/tcp/443/https",
            **outcome(random_, task),
        }
        lines.append(json.dumps(one, separators=(",", ":")))
        if number % 1000 == 999:
            lines.append(BROKEN_LINE)
    return ("\n".join(lines) + "\n").encode()


def ours(of: spark.Round, file: bytes, rules: spark.Rules, runs: int) -> tuple[list[float], spark.Evaluation]:
    """Seconds of each run, and what was found."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        found = spark.evaluate(of, file, rules)
        seconds.append(time.perf_counter() - started)
    return seconds, found


def run_node(script: str, *arguments: object) -> dict[str, Any]:
    """What a script prints."""
    command = ["node", str(PEERS / script), *map(str, arguments)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def write_round(folder: Path, of: spark.Round, rules: spark.Rules) -> Path:
    """The round as the scripts read it."""
    assert of.randomness is not None
    about = {
        "tasks": [[task.cid, task.miner_id] for task in of.tasks],
        "most": of.max_tasks_per_node,
        "randomness": of.randomness.hex(),
        "required": rules.required_committee_size,
    }
    path = folder / "round.json"
    path.write_text(json.dumps(about))
    return path


def rewritten(folder: Path, of: spark.Round, file: bytes, rules: spark.Rules, runs: int) -> dict[str, Any]:
    """The same in plain JavaScript."""
    measured = folder / "measurements.jsonl"
    measured.write_bytes(file)
    return run_node("spark.mjs", measured, write_round(folder, of, rules), runs)


def install_evaluator(folder: Path) -> None:
    """The network's evaluator, by npm, which without a network asks in vain about each of 300 packages that it has."""
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    npm = ["npm", "install", *options, "--prefix", str(folder), EVALUATOR]
    subprocess.run(npm, check=True, capture_output=True, timeout=300)


def reference(folder: Path, of: spark.Round, file: bytes, rules: spark.Rules, runs: int) -> dict[str, Any]:
    """The same by the network's evaluator, which is installed in the folder."""
    lines = [line for line in file.splitlines(keepends=True) if line.strip() != BROKEN_LINE.encode()]
    files = list[Path]()
    for start in range(0, len(lines), MEASUREMENTS_PER_FILE):
        files.append(folder / f"measurements-{start}.jsonl")
        files[-1].write_bytes(b"".join(lines[start : start + MEASUREMENTS_PER_FILE]))
    return run_node("spark_reference.mjs", folder, write_round(folder, of, rules), runs, *files)


def digest(lines: Iterable[str]) -> str:
    """One hash of many lines."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def summary(found: spark.Evaluation) -> dict[str, Any]:
    """What the plain rewrite finds too."""
    labels, committees = pa.record_batch(found.labels), pa.record_batch(found.committees)
    rows = zip(*(labels[name].to_pylist() for name in ("tasking", "consensus", "result")), strict=True)
    scores = pa.record_batch(found.scores)
    return {
        "labels": digest(f"{tasking} {consensus or ''} {result}" for tasking, consensus, result in rows),
        "dropped": sum(found.dropped_counts.values()),
        "committees": committees.num_rows,
        "decided": {
            "index": sum(committees["index_majority"].to_pylist()),
            "retrieval": sum(committees["retrieval_majority"].to_pylist()),
            "subnets": sum(committees["subnets"].to_pylist()),
            "participants": sum(committees["participants"].to_pylist()),
        },
        "miners": {
            row["party"]: [row["total"], row["successful"], row["http"]]
            for row in pa.record_batch(found.miners).to_pylist()
        },
        "scores": dict(
            zip(scores["participant"].to_pylist(), map(str, scores["score"].to_pylist()), strict=True)
        ),
    }


def reference_summary(found: spark.Evaluation) -> dict[str, Any]:
    """What the evaluator finds too: it keeps one label, and what is left of the round goes to an address."""
    labels = pa.record_batch(found.labels)
    rows = zip(*(labels[name].to_pylist() for name in ("tasking", "consensus", "result")), strict=True)
    shared = summary(found)
    scores = dict(shared["scores"])
    if found.burnt:
        burn = spark.BURN_ADDRESS.lower()
        scores[burn] = str(int(scores.get(burn, 0)) + found.burnt)
    return {
        "miners": shared["miners"],
        "scores": scores,
        "labels": [
            ["OK" if consensus == "MAJORITY_RESULT" else consensus or tasking, result]
            for tasking, consensus, result in rows
        ],
    }


def checked(peer: dict[str, Any], expected: dict[str, Any]) -> list[float]:
    """Seconds of a peer, which must find the same."""
    if differing := [name for name in expected if expected[name] != peer[name]]:
        raise SystemExit(f"a peer differs in {', '.join(differing)}")
    seconds: list[float] = peer["seconds"]
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=int, default=250_000)
    parser.add_argument("--runs", type=int, default=2, help="of each in a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--reference", action="store_true", help="compare with the network's evaluator too")
    asked = parser.parse_args()
    if asked.reference and shutil.which("npm") is None:
        parser.error("--reference: expected npm, which installs the evaluator, found none")
    of, rules = make_round(), spark.Rules.of("rewarded")
    file = measurements(of, asked.measurements)
    print(f"{asked.measurements:,} measurements, {len(file) / 2**20:.0f} MiB; load {os.getloadavg()[0]:.1f}")
    mine, peers = list[float](), defaultdict[str, list[float]](list)
    with tempfile.TemporaryDirectory(prefix="spark-") as name:
        folder = Path(name)
        if asked.reference:
            install_evaluator(folder)
        # In turns, since a machine that others use has slow minutes.
        for _ in range(asked.turns):
            seconds, found = ours(of, file, rules, 2 * asked.runs)
            mine += seconds
            if shutil.which("node") is not None:
                peer = rewritten(folder, of, file, rules, asked.runs)
                peers["plain JavaScript"] += checked(peer, summary(found))
            if asked.reference:
                peer = reference(folder, of, file, rules, asked.runs)
                peers["the network's evaluator"] += checked(peer, reference_summary(found))
    median = statistics.median(mine)
    print(
        f"evaluated in {median:.2f} s (best {min(mine):.2f}): {asked.measurements / median:,.0f} measurements/s"
    )
    for name, seconds in peers.items():
        slow = statistics.median(seconds)
        print(f"{name} {slow:.2f} s (best {min(seconds):.2f}), {slow / median:.1f}x; it finds the same")
    if not peers:
        print("no node here: not compared")


if __name__ == "__main__":
    main()
