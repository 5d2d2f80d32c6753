"""Every public vector of the evaluation of retrieval checks through the Python surface."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

import pyarrow as pa

from depinverify.networks.filecoin import spark
from depinverify.networks.filecoin.spark import Round, Rules, Task
from public_vectors import public_vectors
from reference import filecoin_spark as plain

BASE = {
    "participant_address": "0x000000000000000000000000000000000000000a",
    "inet_group": "some-group",
    "finished_at": "2023-11-01T09:00:00.000Z",
    "indexer_result": "OK",
    "cid": "bafyone",
    "miner_id": "f0123",
}
RANDOMNESS = bytes(32)
STATUS_OF = {name: status for status, name in plain.STATUSES.items()}


def vector(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((public_vectors("filecoin") / name).read_text())
    return file


def lines(measurements: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in measurements)


def rows(batch: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.record_batch(batch).to_pylist()
    return found


def column(batch: Any, name: str) -> list[Any]:
    found: list[Any] = pa.record_batch(batch)[name].to_pylist()
    return found


def tasks_of(pairs: list[list[str]]) -> tuple[Task, ...]:
    return tuple(Task(cid, miner_id) for cid, miner_id in pairs)


def report(result: str) -> dict[str, Any]:
    """Members that make a checker's report of this result; the protocol and the indexer's answer where they must be."""
    if found := re.fullmatch(r"(HTTP|LASSIE)_(\d+)", result):
        protocol = {"protocol": "http"} if found[1] == "HTTP" else {}
        return {"status_code": int(found[2]), **protocol}
    if result.startswith("IPNI_"):
        return {"indexer_result": result.removeprefix("IPNI_")}
    return {
        "OK": {"status_code": 200, "end_at": "2024-02-01T00:00:09.000Z"},
        "TIMEOUT": {"timeout": True},
        "CAR_TOO_LARGE": {"car_too_large": True},
        "UNSUPPORTED_MULTIADDR_FORMAT": {"status_code": 700},
        "UNKNOWN_ERROR": {},
    }.get(result) or {"status_code": STATUS_OF[result]}


def test_retrieval_results() -> None:
    file = vector("spark_retrieval_result.json")
    measurements = [{**BASE, **file["base_measurement"], **case["overrides"]} for case in file["cases"]]
    expected = [case["expected"] for case in file["cases"]]
    assert [spark.retrieval_result(one) for one in measurements] == expected
    found = spark.evaluate(Round((), 1), lines(measurements), Rules(False, 1, "historical", "counted"))
    assert column(found.labels, "result") == expected
    print(f"spark_retrieval_result: {len(expected)} cases ran")
    assert expected


def test_tasks_of_stations() -> None:
    file = vector("spark_tasker.json")
    unit = file["unit"]
    randomness = bytes.fromhex(unit["randomness"])
    one = unit["task_key"]
    assert spark.task_key(Task(one["cid"], one["miner_id"]), randomness) == int(one["key"])
    assert spark.station_key(unit["station_key"]["station_id"]) == int(unit["station_key"]["key"])
    pick = unit["pick"]
    of = Round(tasks_of(pick["tasks"]), pick["max_tasks"], randomness)
    assert spark.allowed_tasks(of, pick["station_id"]) == list(tasks_of(pick["expected"]))
    for case in file["computed"]:
        randomness = bytes.fromhex(case["randomness"])
        of = Round(tasks_of(case["tasks"]), case["max_tasks_per_node"], randomness)
        assert spark.station_key(case["station_id"]) == int(case["station_key"])
        assert [spark.task_key(task, randomness) for task in of.tasks] == list(map(int, case["task_keys"]))
        assert spark.allowed_tasks(of, case["station_id"]) == list(tasks_of(case["allowed"]))
    print(f"spark_tasker: {3 + len(file['computed'])} cases ran")


def test_the_round_of_the_beacon_for_an_epoch() -> None:
    case = vector("spark_tasker.json")["drand_randomness_for_epoch"]
    chain = spark.BEACON
    assert spark.randomness_time(case["filecoin_epoch"]) == case["time_unix"]
    assert chain.round_at(case["time_unix"]) == case["quicknet_round"]


def test_fraud_rules() -> None:
    found = vector("spark_fraud_unit.json")["cases"]
    for case in found:
        measurements = [
            {**BASE, **dict(zip(case["columns"], cells, strict=True))} for cells in case["measurements"]
        ]
        of = Round(tasks_of(case["tasks"]), case["max_tasks_per_node"], RANDOMNESS)
        labels = spark.evaluate(of, lines(measurements)).labels
        assert column(labels, "tasking") == case["expected_tasking"], case["name"]
    print(f"spark_fraud_unit: {len(found)} cases ran")
    assert found


NAMES = {
    "minerId": "miner_id",
    "providerId": "provider_id",
    "carChecksum": "car_checksum",
    "indexerResult": "indexer_result",
}


def test_committees() -> None:
    file = vector("spark_committee.json")
    for case in file["cases"]:
        measurements, stand_ins = [], dict[str, str]()
        for changes in case["measurements"]:
            one = {
                NAMES.get(name, name): value
                for name, value in {**file["base_measurement"], **changes}.items()
            }
            # A result that cannot come with these other members is stood in for by a status of its own.
            result = one.pop("retrievalResult")
            members = report(result)
            if members.keys() & one.keys():
                members = {"status_code": 1000 + int.from_bytes(result.encode()) % 10**9}
            measurements.append({**BASE, **one, **members})
            stand_ins[spark.retrieval_result(measurements[-1])] = result
        rules = Rules(False, case["required_committee_size"], "historical", "counted")
        found = spark.evaluate(Round((), 1), lines(measurements), rules)
        (committee,) = rows(found.committees)
        expected = case["expected_decision"]
        assert committee["index_majority"] == expected["index_majority_found"], case["name"]
        assert committee["index"] == expected["indexer_result"]
        assert committee["retrieval_majority"] == expected["retrieval_majority_found"]
        assert stand_ins.get(committee["retrieval"], committee["retrieval"]) == expected["retrieval_result"]
        assert column(found.labels, "consensus") == case["expected_consensus"]
    print(f"spark_committee: {len(file['cases'])} cases ran")


def check_round(case: dict[str, Any]) -> None:
    name, given, expected = case["name"], case["round"], case["expected"]
    measurements = []
    for cells in case["measurements"]:
        one = dict(zip(case["measurement_columns"], cells, strict=True))
        measurements.append({**one, **report(one.pop("retrieval_result"))})
    randomness = bytes.fromhex(given["randomness"])
    of = Round(tasks_of(given["retrieval_tasks"]), given["max_tasks_per_node"], randomness)
    rules = Rules(True, given["required_committee_size"], "historical", "counted")
    found = spark.evaluate(of, lines(measurements), rules)
    assert not found.dropped.num_rows
    at = case["measurement_columns"].index("retrieval_result")
    assert column(found.labels, "result") == [cells[at] for cells in case["measurements"]], name
    assert column(found.labels, "tasking") == expected["tasking"], name
    assert column(found.labels, "consensus") == expected["consensus"], name
    committees = [
        {
            "cid": row["cid"],
            "miner_id": row["miner"],
            "size": row["size"],
            "decision": {
                "indexMajorityFound": row["index_majority"],
                "indexerResult": row["index"],
                "retrievalMajorityFound": row["retrieval_majority"],
                "retrievalResult": row["retrieval"],
            },
        }
        for row in rows(found.committees)
    ]
    assert committees == sorted(expected["committees"], key=lambda one: (one["cid"], one["miner_id"])), name
    assert found.scores is not None
    scores = {row["participant"]: str(row["score"]) for row in rows(found.scores)}
    assert {**scores, spark.BURN_ADDRESS: str(found.burnt)} == expected["scores"], name
    miners = {
        row["party"]: {"total": row["total"], "successful": row["successful"], "successful_http": row["http"]}
        for row in rows(found.miners)
    }
    assert miners == expected["provider_retrieval_result_stats"], name
    # The same measurements as one array in one line.
    array = spark.evaluate(of, json.dumps(measurements).encode(), rules)
    assert rows(array.labels) == rows(found.labels)
    # And by the rules in plain Python.
    tasks = [(cid, miner_id) for cid, miner_id in given["retrieval_tasks"]]
    ours = plain.evaluate(
        tasks, randomness, of.max_tasks_per_node, rules.required_committee_size, measurements
    )
    assert (ours.tasking, ours.consensus) == (expected["tasking"], expected["consensus"])


def test_rounds() -> None:
    for name in ("spark_rounds.json", "spark_round_production_committee.json"):
        found = vector(name)["rounds"]
        for case in found:
            check_round(case)
        print(f"{name}: {len(found)} rounds ran")
        assert found


def test_scores_and_statistics() -> None:
    file = vector("spark_scores_stats.json")
    assert (file["max_score"], file["burn_address"]) == (spark.ROUND_SCORE, spark.BURN_ADDRESS)
    assert spark.reward(spark.ROUND_SCORE) == int(file["round_reward_attofil"])
    count = 2
    for case in file["scores"]:
        shares, burnt = spark.scores(case["accepted"])
        found = {**shares, **({spark.BURN_ADDRESS: burnt} if burnt else {})}
        assert {who: str(score) for who, score in found.items()} == case["scores"], case["name"]
        count += 1
    for case in file["rewards_computed"]:
        assert str(spark.reward(int(case["score"]))) == case["reward_attofil"]
        count += 1
    for case in file["percentile"]:
        place = Fraction(str(case["p"]))
        assert spark.percentile(case["values"], place) == Fraction(str(case["expected"]))
        count += 1
    for case in file["next_round_computed"]:
        size = spark.next_round(case["previous_max_tasks"], case["previous_measurements"])
        assert size == (case["max_tasks"], case["task_count"])
        count += 1
    for case in file["subnet"]:
        assert spark.inet_group(case["ip"]) == (case["subnet"] or "ipv6")
        count += 1
    for case in file["rsr"]["cases"]:
        count += check_rates(case)
    print(f"spark_scores_stats: {count} cases ran")


def check_rates(case: dict[str, Any]) -> int:
    measurements = [
        {**BASE, "protocol": protocol, **report(result)}
        for result, protocol in zip(case["results"], case["protocols"], strict=True)
    ]
    by_rules = {}
    for outages in ("counted", "left_out"):
        rules = Rules(False, 1, "historical", outages)
        (by_rules[outages],) = rows(spark.evaluate(Round((), 1), lines(measurements), rules).miners)
    count = 0
    for name, outages, successes in (
        ("rsr", "counted", "successful"),
        ("rsr_http", "counted", "http"),
        ("rsr_legacy", "counted", "successful"),
        ("rsr_current", "left_out", "successful"),
    ):
        if (expected := case.get(name)) is not None:
            row = by_rules[outages]
            assert float(Fraction(row[successes], row["total"])) == expected, (name, row)
            count += 1
    return count
