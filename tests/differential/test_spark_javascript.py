"""Rounds of retrieval checks against the evaluator that the network itself ran."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from benches.filecoin_spark import EVALUATOR, install_evaluator, reference, reference_summary

from absent import absent
from depinverify.networks.filecoin import spark

if TYPE_CHECKING:
    from pathlib import Path

#: Participants as measurements name them, each in one way: the evaluator takes two spellings of an address for two
#: participants. One is where the rest of a round goes, the last is the Filecoin form of an Ethereum address.
PARTICIPANTS = [
    "0x000000000000000000000000000000000000dEaD",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "f410fkkld55ioe7qg24wvt7fu6pbknb56ht7pzreyi4y",
]
#: What a measurement may say instead of what an honest one does, well formed or not.
OTHERS: dict[str, list[Any]] = {
    "participant_address": ["0x5AAeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x12", "f01234", "f410fabc"],
    # Without a station the evaluator refuses the whole round.
    "station_id": ["", "ab", "z" * 88],
    "inet_group": [None, 7, "another"],
    "finished_at": [None, "yesterday", "2024-13-01T00:00:00.000Z", "2024-02-01T00:00:00Z"],
    "indexer_result": [None, "", "HTTP_NOT_ADVERTISED", "ERROR_404", "ERROR_500"],
    "timeout": [True, False, None, 1, 0, "true", "", [], -0.0],
    "car_too_large": [True, None, "false", 0.5, {}],
    "status_code": [
        None,
        0,
        199,
        204,
        299,
        300,
        404,
        502,
        600,
        700,
        777,
        799,
        800,
        801,
        802,
        901,
        902,
        903,
        904,
        "200",
        "404",
        "600",
        "777",
        "",
        404.0,
        6e2,
        200.0,
        True,
    ],
    "protocol": [None, "bitswap", "graphsync", "HTTP", "Http"],
    "end_at": [None],
    "byte_length": [None, 0, 7, 1024.0, "1024", 1.024e3, True, "true", [1024]],
    "car_checksum": [None, "1220" + "00" * 32, "null"],
    "provider_id": [None, "12D3KooWanother", 7, "7"],
    "provider_address": [None, "/dns/another.example/tcp/443/https", False],
    "miner_id": ["f09", None],
    "cid": ["bafyanother", None],
}
#: Members that may also be absent.
OPTIONAL = [
    name for name in OTHERS if name not in {"participant_address", "inet_group", "finished_at", "station_id"}
]


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the evaluator is installed."""
    if not shutil.which("node") or not shutil.which("npm"):
        absent("node and npm are not here, so the network's evaluator cannot be asked")
    folder = tmp_path_factory.mktemp("evaluator")
    try:
        install_evaluator(folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        absent(f"{EVALUATOR} cannot be installed: {error}")
    return folder


def make_round(dice: random.Random) -> spark.Round:
    """A few tasks, some of one content or of one provider."""
    tasks = tuple(
        spark.Task(f"bafy{dice.randrange(count)}", f"f0{1000 + dice.randrange(4)}")
        for count in [8] * dice.randrange(1, 13)
    )
    return spark.Round(tasks, dice.randrange(1, 6), hashlib.sha256(dice.randbytes(8)).digest())


def make_measurements(dice: random.Random, of: spark.Round, count: int) -> list[dict[str, Any]]:
    """Measurements of stations that mostly do their tasks, and say other things than each other now and then."""
    stations = [dice.randbytes(44).hex() for _ in range(8)]
    rows = []
    for number in range(count):
        station = dice.choice(stations)
        task = dice.choice(spark.allowed_tasks(of, station) if dice.random() < 0.9 else of.tasks)
        row: dict[str, Any] = {
            "participant_address": dice.choice(PARTICIPANTS),
            "station_id": station,
            "inet_group": f"net{dice.randrange(40)}",
            "finished_at": f"2024-02-01T00:00:{dice.randrange(60):02}.{number:03}Z",
            "start_at": "2024-02-01T00:00:00.000Z",
            "first_byte_at": "2024-02-01T00:00:00.100Z",
            "end_at": "2024-02-01T00:00:00.200Z",
            "indexer_result": "OK",
            "miner_id": task.miner_id,
            "cid": task.cid,
            "provider_id": "12D3KooW",
            "provider_address": "/dns/one.example/tcp/443/https",
            "protocol": "http",
            "status_code": 200,
            "byte_length": 1024,
            "car_checksum": "1220" + "ab" * 32,
            "timeout": False,
            "car_too_large": False,
        }
        while dice.random() < 0.3:
            name = dice.choice(list(OTHERS))
            row[name] = dice.choice(OTHERS[name])
        if dice.random() < 0.1:
            row.pop(dice.choice(OPTIONAL), None)
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(6))
def test_labels_rates_and_scores_are_those_of_the_evaluator(evaluator: Path, seed: int) -> None:
    dice = random.Random(seed)
    of = make_round(dice)
    rows = make_measurements(dice, of, 400)
    file = "".join(json.dumps(row) + "\n" for row in rows).encode()
    rules = spark.Rules(
        detects_fraud=True,
        required_committee_size=dice.choice([1, 3, 8]),
        validity="historical",
        indexer_outages="counted",
    )
    expected = reference(evaluator, of, file, rules, 1)
    found = reference_summary(spark.evaluate(of, file, rules))
    assert {name: expected[name] for name in found} == found
    assert 200 < len(found["labels"]) < 400
