"""Rounds of retrieval checks: against plain Python, properties, corners, files."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from depinverify import _native
from depinverify.exceptions import InputError
from depinverify.networks.filecoin import spark
from depinverify.networks.filecoin.spark import Rate, Round, Rules, Task
from public_vectors import cases, public_vectors
from reference import filecoin_spark as plain

if TYPE_CHECKING:
    from pathlib import Path

STATIONS = [hashlib.sha512(bytes([number])).hexdigest()[:88] for number in range(6)]
PAIRS = [(f"bafy{number}", f"f0{number % 3}") for number in range(6)]
RANDOMNESS = hashlib.sha256(b"round").digest()
ROUND = Round(tuple(Task(*pair, clients=("f05",)) for pair in PAIRS), 3, RANDOMNESS)
ALL_TASKS = Round(ROUND.tasks, len(PAIRS), RANDOMNESS)
GOOD = {
    "participant_address": "0x" + "0a" * 20,
    "station_id": STATIONS[0],
    "inet_group": "g0",
    "finished_at": "2024-02-01T00:00:00.000Z",
    "indexer_result": "OK",
    "cid": "bafy0",
    "miner_id": "f00",
    "protocol": "http",
    "status_code": 200,
    "head_status_code": 200,
    "start_at": "2024-02-01T00:00:00.000Z",
    "first_byte_at": "2024-02-01T00:00:00.120Z",
    "end_at": "2024-02-01T00:00:01.000Z",
}


def rules(size: int = 1, *, detects_fraud: bool = True) -> Rules:
    return Rules(detects_fraud, size, "historical", "counted")


def lines(*measurements: dict[str, Any] | str) -> bytes:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in measurements).encode()


def rows(batch: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.record_batch(batch).to_pylist()
    return found


def column(batch: Any, name: str) -> list[Any]:
    found: list[Any] = pa.record_batch(batch)[name].to_pylist()
    return found


def evaluate(*measurements: dict[str, Any] | str, of: Round = ALL_TASKS, by: Rules | None = None) -> Any:
    return spark.evaluate(of, lines(*measurements), by or rules())


def one(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


#: Few values of each member, so that measurements meet in tasks, subnets, times and committees.
MEASUREMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "participant_address": st.sampled_from(["0x" + f"{n:040x}" for n in (1, 2, 0xDEAD)]),
            "station_id": st.sampled_from([None, *STATIONS]),
            "inet_group": st.sampled_from(["g0", "g1", "g2"]),
            "finished_at": st.sampled_from([f"2024-02-01T00:00:00.{ms:03}Z" for ms in range(0, 40, 7)]),
            "indexer_result": st.sampled_from(["OK", "OK", "OK", "HTTP_NOT_ADVERTISED", "ERROR_504"]),
            "status_code": st.sampled_from([None, 200, 200, 200, 404, 600, 777, 802]),
            "end_at": st.sampled_from([None, "2024-02-01T00:00:01.000Z"]),
            "protocol": st.sampled_from([None, "http", "http", "bitswap"]),
            "byte_length": st.sampled_from([None, 1, 2]),
            "timeout": st.sampled_from([False, False, True]),
            "head_status_code": st.sampled_from([None, 200, 404]),
        }
    ).flatmap(
        lambda members: st.sampled_from([*PAIRS, ("bafy0", "f09")]).map(
            lambda task: {**members, "cid": task[0], "miner_id": task[1]}
        )
    ),
    max_size=40,
)


@given(MEASUREMENTS, st.integers(1, 4), st.integers(1, 7))
@settings(max_examples=150)
def test_rounds_are_evaluated_as_by_the_rules_in_plain_python(
    measurements: list[dict[str, Any]], size: int, most: int
) -> None:
    found = evaluate(*measurements, of=Round(ROUND.tasks, most, RANDOMNESS), by=rules(size))
    ours = plain.evaluate(PAIRS, RANDOMNESS, most, size, measurements)
    assert column(found.labels, "result") == [plain.result(measurement) for measurement in measurements]
    assert column(found.labels, "tasking") == ours.tasking
    assert column(found.labels, "consensus") == ours.consensus
    committees = {
        (row["cid"], row["miner"]): (row["size"], row["index"], row["retrieval"])
        for row in rows(found.committees)
    }
    assert committees == ours.committees
    assert list(committees) == sorted(committees)
    totals = {
        row["party"]: [row[name] for name in ("total", "successful", "http", "head")]
        for row in rows(found.miners)
    }
    assert totals == ours.totals
    assert {row["participant"]: row["score"] for row in rows(found.scores)} == ours.scores
    assert found.burnt == ours.burnt
    assert sum(column(found.scores, "score")) + found.burnt == spark.ROUND_SCORE


@given(MEASUREMENTS, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_lines_does_not_matter_where_times_differ(
    measurements: list[dict[str, Any]], random: Any
) -> None:
    for at, measurement in enumerate(measurements):
        measurement["finished_at"] = f"2024-02-01T00:{at:02}:00.000Z"
    shuffled = list(enumerate(measurements))
    random.shuffle(shuffled)
    found = evaluate(*measurements, of=ROUND, by=rules(2))
    other = evaluate(*(measurement for _, measurement in shuffled), of=ROUND, by=rules(2))
    for name in ("tasking", "consensus", "result"):
        expected, labels = column(found.labels, name), column(other.labels, name)
        assert labels == [expected[at] for at, _ in shuffled]
    for table in ("committees", "miners", "clients", "first_byte", "scores"):
        assert rows(getattr(found, table)) == rows(getattr(other, table))


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 2**64 - 1), max_size=6))
def test_shares_and_what_is_burnt_are_the_whole(accepted: dict[str, int]) -> None:
    shares, burnt = spark.scores(accepted)
    assert sum(shares.values()) + burnt == spark.ROUND_SCORE
    total = sum(accepted.values())
    assert shares == {who: count * 10**15 // total if total else 0 for who, count in accepted.items()}


def test_a_half_is_no_majority() -> None:
    votes = [one(inet_group=f"g{n}", byte_length=n // 2) for n in range(4)]
    found = evaluate(*votes)
    assert set(column(found.labels, "consensus")) == {"MAJORITY_NOT_FOUND"}
    (committee,) = rows(found.committees)
    assert (committee["size"], committee["largest"], committee["second"], committee["margin"]) == (4, 2, 2, 0)
    assert (committee["retrieval"], committee["index"]) == ("MAJORITY_NOT_FOUND", "OK")
    assert (found.burnt, rows(found.scores)) == (spark.ROUND_SCORE, [])
    found = evaluate(*votes, one(inet_group="g4", byte_length=0))
    labels = column(found.labels, "consensus")
    assert labels == ["MAJORITY_RESULT"] * 2 + ["MINORITY_RESULT"] * 2 + ["MAJORITY_RESULT"]


def test_the_same_moment_twice_in_a_subnet_keeps_the_order_of_the_file() -> None:
    first, second = one(participant_address="0x" + "01" * 20), one(participant_address="0x" + "02" * 20)
    for pair in ((first, second), (second, first)):
        found = evaluate(*pair)
        assert column(found.labels, "tasking") == ["OK", "DUP_INET_GROUP"]
        assert column(found.scores, "participant") == [pair[0]["participant_address"]]


def test_absent_and_null_are_one_value_and_no_other() -> None:
    absent = one(inet_group="g1")
    null = one(inet_group="g2", byte_length=None, car_checksum=None, provider_id=None)
    empty = one(inet_group="g3", car_checksum="")
    labels = evaluate(absent, null, empty).labels
    assert column(labels, "consensus") == ["MAJORITY_RESULT", "MAJORITY_RESULT", "MINORITY_RESULT"]
    only = {
        name: GOOD[name] for name in ("participant_address", "inet_group", "finished_at", "indexer_result")
    }
    (row,) = rows(evaluate(only).labels)
    assert (row["tasking"], row["consensus"], row["result"]) == ("TASK_NOT_IN_ROUND", None, "UNKNOWN_ERROR")
    assert [
        row[name] for name in ("station", "cid", "miner", "protocol", "head_status", "first_byte_ms")
    ] == [None] * 6


def test_an_unknown_protocol_and_numbers_as_text() -> None:
    labels = evaluate(
        one(protocol="carrier-pigeon", status_code="502"),
        one(inet_group="g1", protocol=7, status_code="0502", head_status_code="204"),
    ).labels
    assert column(labels, "result") == ["LASSIE_502", "LASSIE_502"]
    assert column(labels, "protocol") == ["carrier-pigeon", "7"]
    assert column(labels, "head_status") == [200, 204]
    for status, result in ((502.5, "UNKNOWN_ERROR"), ("-502", "UNKNOWN_ERROR"), (2**64, "UNKNOWN_ERROR")):
        assert spark.retrieval_result({"status_code": status}) == result


def test_broken_lines_are_counted_and_named_and_the_others_count() -> None:
    files = [
        lines(one(), '{"participant_address"', "", "7", one(finished_at="yesterday"), one(inet_group="g1")),
        b"",
        b"\xff\n" + lines(one(inet_group="g2"), one(station_id="ab"), one(participant_address="0x0")),
        json.dumps([one(inet_group="g3"), one(indexer_result="")]).encode() + b"\n,",
    ]
    found = spark.evaluate(ALL_TASKS, files, rules())
    labels, dropped = found.labels, rows(found.dropped)
    assert list(zip(column(labels, "file"), column(labels, "place"), strict=True)) == [
        (0, 1),
        (0, 6),
        (2, 2),
        (3, 1),
    ]
    assert column(labels, "tasking") == ["OK"] * 4
    assert [(row["file"], row["place"], row["reason"]) for row in dropped] == [
        (0, 2, "JSON"),
        (0, 4, "NOT_AN_OBJECT"),
        (0, 5, "FINISHED_AT"),
        (2, 1, "JSON"),
        (2, 3, "STATION_ID"),
        (2, 4, "PARTICIPANT_ADDRESS"),
        (3, 2, "INDEXER_RESULT"),
        (3, 3, "JSON"),
    ]
    assert dropped[0]["detail"].startswith("expected ")
    assert "yesterday" not in dropped[2]["detail"]
    assert found.dropped_counts == {
        "FINISHED_AT": 1,
        "INDEXER_RESULT": 1,
        "JSON": 3,
        "NOT_AN_OBJECT": 1,
        "PARTICIPANT_ADDRESS": 1,
        "STATION_ID": 1,
    }


@given(st.lists(st.binary(max_size=40) | st.just(lines(GOOD)), max_size=8))
@settings(max_examples=100)
def test_bytes_of_any_kind_raise_nothing(pieces: list[bytes]) -> None:
    found = spark.evaluate(ALL_TASKS, [b" " + b"\n".join(pieces)], rules())
    assert found.labels.num_rows <= sum(piece == lines(GOOD) for piece in pieces) or not pieces
    assert sum(found.dropped_counts.values()) == found.dropped.num_rows
    assert sum(column(found.scores, "score")) + found.burnt == spark.ROUND_SCORE


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)), st.integers(0, 9))  # noqa: DTZ001
@settings(max_examples=200)
def test_moments_are_those_of_the_calendar(moment: datetime, digits: int) -> None:
    fraction = f".{moment.microsecond:06}000"[: digits + 1] if digits else ""
    since = moment.replace(tzinfo=UTC, microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)
    ms = since.days * 86_400_000 + since.seconds * 1000 + int(fraction[1:4].ljust(3, "0"))
    written = f"{moment:%m-%dT%H:%M:%S}{fraction}Z"
    (row,) = rows(evaluate(one(finished_at=f"{moment.year:04}-{written}")).labels)
    assert row["finished_at_ms"] == ms


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-00-10T00:00:00Z",
        "2024-13-10T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00.Z",
    ],
)
def test_days_and_times_that_are_none(text: str) -> None:
    assert evaluate(one(finished_at=text)).dropped_counts == {"FINISHED_AT": 1}


def test_an_indexer_cannot_speak_for_the_committee() -> None:
    (committee,) = rows(evaluate(one(indexer_result="MAJORITY_NOT_FOUND")).committees)
    assert (committee["index"], committee["index_majority"]) == ("MAJORITY_NOT_FOUND", True)


def test_the_current_rule_asks_successes_for_their_times() -> None:
    good = one(), one(inet_group="g1", protocol="bitswap", head_status_code=None)
    bad = {
        "TIMES": one(first_byte_at="2024-01-31T23:59:59.999Z"),
        "HEAD_STATUS_MISSING": one(head_status_code=None),
        "HEAD_STATUS_WITHOUT_HTTP": one(protocol="bitswap"),
    }
    by = Rules(True, 1, "current", "counted")
    found = evaluate(*good, *bad.values(), one(status_code=500, first_byte_at=None), by=by)
    assert column(found.dropped, "reason") == list(bad)
    assert found.labels.num_rows == 3
    assert evaluate(*good, *bad.values()).dropped.num_rows == 0


def test_rates_of_parties_stand_beside_their_bounds() -> None:
    tasks = (Task("bafy0", "f00", ("f05", "f06"), ("f09",)), Task("bafy1", "f01", ("f05",)))
    votes = [one(inet_group=f"g{n}") for n in range(3)]
    votes += [one(inet_group="g3", status_code=502), one(cid="bafy1", miner_id="f01", head_status_code=404)]
    found = evaluate(*votes, of=Round(tasks, 2, RANDOMNESS))
    assert spark.rates(found.miners) == {"f00": Rate(3, 4), "f01": Rate(1, 1)}
    assert spark.rates(found.miners, "head") == {"f00": Rate(3, 4), "f01": Rate(0, 1)}
    assert spark.rates(found.clients) == {"f05": Rate(4, 5), "f06": Rate(3, 4)}
    assert spark.rates(found.allocators) == {"f09": Rate(3, 4)}
    for row in (row for table in (found.miners, found.clients) for row in rows(table)):
        for count, prefix in (("successful", ""), ("http", "http_"), ("head", "head_")):
            rate = Rate(row[count], row["total"])
            bounds = tuple(row[f"{prefix}{name}"] for name in ("rate_ppm", "lower_ppm", "upper_ppm"))
            assert bounds == (rate.rate_ppm, rate.lower_ppm, rate.upper_ppm)
    (first, second) = rows(found.committees)
    assert (first["subnets"], first["participants"], first["margin"]) == (4, 1, 2)
    assert (first["total"], first["successful"], first["lower_ppm"]) == (4, 3, Rate(3, 4).lower_ppm)
    assert (second["total"], second["lower_ppm"]) == (1, Rate(1, 1).lower_ppm)


@given(st.integers(0, 80), st.integers(0, 80))
@settings(max_examples=60)
def test_a_bound_is_the_exact_percentile_rounded_down(successes: int, failures: int) -> None:
    rate = Rate(successes, successes + failures)
    exact = plain.lower_ppm(successes, rate.total)
    assert rate.lower_ppm in ({exact} if rate.total <= 64 else {exact, exact - 1})
    assert rate.upper_ppm == 10**6 - (Rate(failures, rate.total).lower_ppm or 0)
    assert rate.upper_ppm <= 10**6
    if rate.total:
        assert rate.rate_ppm == successes * 10**6 // rate.total


def test_a_small_sample_is_never_all() -> None:
    for total in (0, 1, 3, 1000, 10**6):
        assert Rate(total, total).lower_ppm is not None
        assert 0 < Rate(total, total).lower_ppm < 10**6  # type: ignore[operator]
        assert "100" not in str(Rate(total, total)).partition(",")[2]
    assert str(Rate(3, 3)) == f"3 of 3, at least {plain.lower_ppm(3, 3) / 10**4:.4f} %"
    assert str(Rate(10**8 + 1, 10**8 + 1)) == "100000001 of 100000001, no bound"
    with pytest.raises(InputError, match="at most as many successes"):
        Rate(2, 1)


def test_a_reputation_is_of_lower_bounds() -> None:
    proving, retrieval = Rate(95, 100), Rate(30, 40)
    expected = 40 * (proving.lower_ppm or 0) + 35 * (retrieval.lower_ppm or 0)
    assert spark.reputation(proving=proving, retrieval=retrieval) == expected
    assert spark.reputation() == 0
    everything = Rate(10**7, 10**7)
    most = spark.reputation(proving=everything, retrieval=everything, storage=everything)
    assert 99_999_000 < most < 100_000_000


def test_times_to_the_first_byte() -> None:
    def vote(group: int, cid: int, ms: int) -> dict[str, Any]:
        first = f"2024-02-01T00:00:00.{ms:03}Z"
        return one(inet_group=f"g{group}", cid=f"bafy{cid}", miner_id=f"f0{cid % 3}", first_byte_at=first)

    found = evaluate(vote(0, 0, 10), vote(1, 0, 21), vote(2, 0, 30), vote(3, 0, 99), vote(0, 3, 7))
    (row,) = rows(found.first_byte)
    assert (row["miner"], row["medians_ms"], row["committees"]) == ("f00", [26, 7], 2)
    assert [row[f"{name}_ms"] for name in ("least", "median", "p90", "p99", "most")] == [7, 17, 25, 26, 26]
    assert column(found.labels, "first_byte_ms") == [10, 21, 30, 99, 7]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9), st.integers(0, 100))
def test_percentiles_are_exact(values: list[int], hundredths: int) -> None:
    ordered, place = sorted(values), Fraction(hundredths, 100) * (len(values) - 1)
    below, rest = ordered[int(place)], place - int(place)
    above = ordered[min(int(place) + 1, len(values) - 1)]
    assert spark.percentile(values, Fraction(hundredths, 100)) == below + rest * (above - below)
    assert spark.percentile([], Fraction(1, 2)) is None
    with pytest.raises(InputError):
        spark.percentile(values, Fraction(101, 100))


def test_without_fraud_rules_every_measurement_of_a_task_counts() -> None:
    found = spark.evaluate(Round((), 1), lines(one(), one(), one(cid="elsewhere")), "unrewarded")
    assert column(found.labels, "tasking") == ["OK"] * 3
    assert column(found.committees, "size") == [2, 1]
    assert (found.scores, found.burnt) == (None, None)
    with pytest.raises(InputError, match="randomness"):
        spark.evaluate(Round((), 1), b"", "rewarded")
    assert Rules.of("rewarded") == Rules(True, 30, "historical", "counted")
    assert Rules.of("unrewarded") == Rules(False, 1, "current", "left_out")


@pytest.mark.parametrize("name", ["round.jsonl", "round.json.gz", "round"])
def test_files_are_read_plain_and_packed(tmp_path: Path, name: str) -> None:
    contents = lines(one(), one(inet_group="g1"))
    path = tmp_path / name
    path.write_bytes(gzip.compress(contents) if name.endswith(".gz") else contents)
    expected = rows(spark.evaluate(ALL_TASKS, contents, rules()).labels)
    for source in (path, str(path), [path], bytearray(contents), memoryview(gzip.compress(contents))):
        assert rows(spark.evaluate(ALL_TASKS, source, rules()).labels) == expected


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    packed = gzip.compress(lines(one()))
    broken = tmp_path / "broken.gz"
    broken.write_bytes(packed[:-9])
    for source in (broken, packed[:-9], packed[:12], packed[:-8] + bytes(8), tmp_path / "absent", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            spark.evaluate(ALL_TASKS, source, rules())
    with pytest.raises(InputError, match="bytes or paths"):
        spark.evaluate(ALL_TASKS, [3], rules())  # type: ignore[list-item]


#: The epoch at whose start the beacon's second round is current.
EPOCH = 3_149_899


def beacon() -> dict[str, Any]:
    case = next(
        case
        for case in cases(public_vectors("drand") / "beacons.json")
        if (case["chain"], case["round"]) == ("quicknet", 2)
    )
    return {"round": 2, "signature": case["signature_hex"]}


def test_a_round_is_read_with_its_beacon() -> None:
    of = {
        "tasks": [{"cid": "bafy0", "minerId": "f00", "clients": ["f05"]}, {"cid": "b", "minerId": "m"}],
        "maxTasksPerNode": 15,
        "startEpoch": EPOCH,
        "beacon": beacon(),
    }
    found = Round.from_json(json.dumps(of))
    signature = bytes.fromhex(of["beacon"]["signature"])
    assert found == Round(
        (Task("bafy0", "f00", ("f05",)), Task("b", "m")), 15, hashlib.sha256(signature).digest()
    )
    stated = {"tasks": of["tasks"], "maxTasksPerNode": 15, "randomness": found.randomness.hex()}  # type: ignore[union-attr]
    assert Round.from_json(stated) == found
    assert Round.from_json({"tasks": [], "maxTasksPerNode": 1}).randomness is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"startEpoch": EPOCH + 1}, "beacon, round: expected 12"),
        ({"startEpoch": None}, "startEpoch: expected an integer"),
        ({"maxTasksPerNode": True}, "maxTasksPerNode"),
        ({"tasks": {}}, "tasks: expected a list"),
        ({"tasks": [{"cid": "b"}]}, "tasks\\[0\\]"),
        ({"tasks": [{"cid": "b", "minerId": "m", "clients": "f05"}]}, "clients: expected a list of texts"),
        ({"beacon": {"round": 2, "signature": "00" * 48}}, "signature: expected that of round 2"),
        ({"beacon": {"round": 2, "signature": "zz"}}, "hex digits"),
        ({"tasks": [{"cid": "\ud800", "minerId": "m"}]}, "tasks\\[0\\], cid: expected"),
        ({"tasks": [{"cid": "b", "minerId": "m", "clients": ["\udfff"]}]}, "clients: expected"),
        ({"beacon": 2}, "beacon: expected an object"),
    ],
)
def test_rounds_that_are_none(change: dict[str, Any], message: str) -> None:
    of = {"tasks": [], "maxTasksPerNode": 15, "startEpoch": EPOCH, "beacon": beacon(), **change}
    with pytest.raises(InputError, match=message):
        Round.from_json(of)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"tasks": [], "tasks": [], "maxTasksPerNode": 1}', "'tasks' stands twice"),
        ('{"tasks": [], "maxTasksPerNode": NaN}', "NaN"),
        (b'{"tasks": "\xff"}', "expected JSON, found otherwise"),
    ],
)
def test_texts_that_are_no_round(text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Round.from_json(text)


def test_a_beacon_with_another_randomness() -> None:
    with pytest.raises(InputError, match="SHA-256 of the signature"):
        Round.at_epoch((), 15, start_epoch=EPOCH, beacon={**beacon(), "randomness": "00" * 32})


def test_the_signature_of_a_score_list_by_hand() -> None:
    key = PrivateKey(bytes(31) + b"\x07")
    list_ = [("0x" + "01" * 20, 5 * 10**14), (spark.BURN_ADDRESS, -1)]
    packed = bytes(12) + b"\x01" * 20 + bytes(12) + bytes(18) + b"\xde\xad"
    packed += (5 * 10**14).to_bytes(32) + b"\xff" * 32
    text = "0x" + _native.keccak256(packed).hex()
    assert spark.signed_text(list_) == text
    digest = _native.keccak256(b"\x19Ethereum Signed Message:\n66" + text.encode())
    signature = key.sign_recoverable(digest, hasher=None)
    signature = signature[:64] + bytes([signature[64] + 27])
    address = "0x" + _native.keccak256(key.public_key.format(compressed=False)[1:])[12:].hex()
    assert spark.signer(list_, signature) == address
    assert spark.signer(list_[:1], signature) != address
    assert spark.signer(list_, signature[:64]) is None
    for wrong in ([("0x1", 1)], [("0x" + "01" * 20, 2**127)]):
        with pytest.raises(InputError, match="scores, row 0"):
            spark.signed_text(wrong)


def test_participants_are_one_however_they_are_written() -> None:
    account = bytes(range(1, 21))
    text = str(_native.FilecoinAddress.from_ethereum(account))
    votes = one(participant_address=text), one(participant_address="0x" + account.hex(), inet_group="g1")
    found = evaluate(*votes)
    assert column(found.labels, "participant") == ["0x" + account.hex()] * 2
    assert rows(found.scores) == [
        {
            "participant": "0x" + account.hex(),
            "score": spark.ROUND_SCORE,
            "reward_attofil": spark.reward(spark.ROUND_SCORE),
        }
    ]


def test_the_next_round_and_subnets() -> None:
    assert spark.next_round(15, 0) == (100, 6666)
    assert spark.inet_group("::ffff:192.0.2.77") == "192.0.2.0/24"
    assert spark.inet_group("2001:db8::1") == "ipv6"
    with pytest.raises(InputError, match="IPv4 or IPv6"):
        spark.inet_group("192.0.2")
    with pytest.raises(InputError):
        spark.next_round(-1, 0)
