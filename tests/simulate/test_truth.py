"""The truth: every behaviour is there in its share, and an independent settlement finds what is promised."""

import json
from collections import Counter, defaultdict
from itertools import combinations

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depinverify.exceptions import InputError
from depinverify.simulate import BEHAVIOURS, Behaviour, simulate
from depinverify.simulate.behaviours import count_devices
from depinverify.simulate.judge import judge

#: Codes of verdicts by their number (uptime proof, 4.1 and 4.4).
CODES = {
    3: "DEVICE_MISMATCH",
    4: "UNKNOWN_KEY",
    7: "BAD_SIGNATURE",
    9: "NONCE_MISMATCH",
    11: "LATE",
    14: "COUNTER_REGRESSION",
    15: "LOCATION_MISMATCH",
    32: "VALID",
    33: "NO_ANSWER",
}
ALL_VALIDATORS = ("no-uplink", "invents-offline", "hides-downtime")


def judged(folder, out):
    codes = defaultdict(Counter)
    settled = json.loads((out / "rewards.json").read_text())
    table = pq.read_table(out / "verdicts.parquet", columns=["device", "code"])
    for device, code in zip(table["device"].to_pylist(), table["code"].to_pylist(), strict=True):
        codes[device.hex()][CODES[code]] += 1
    truth = json.loads((folder / "truth.json").read_text())
    return truth, settled, judge(truth, settled, codes)


def test_every_behaviour_is_there(truth):
    found = Counter(device["behaviour"] for device in truth["devices"])
    assert set(found) == set(Behaviour)
    for behaviour, row in truth["behaviours"].items():
        assert found[behaviour] == row["devices"]
        codes = Counter()
        for device in truth["devices"]:
            if device["behaviour"] == behaviour:
                codes.update(device["codes"])
        assert set(row["verdicts"]) <= set(codes), behaviour
        assert set(codes) <= {*row["verdicts"], "VALID", "NO_ANSWER"}, behaviour


def test_algorithms_are_a_third_each_and_envelopes_a_half(truth):
    algorithms = Counter(device["algorithm"] for device in truth["devices"])
    assert set(algorithms) == {"ed25519", "p256", "secp256k1"}
    assert max(algorithms.values()) - min(algorithms.values()) <= 3
    jws = sum(device["envelope"] == "jws" for device in truth["devices"])
    assert abs(2 * jws - len(truth["devices"])) <= 6


def test_default_shares_of_a_thousand_devices():
    counts = count_devices(1000, {})
    assert counts == {behaviour: row.share for behaviour, row in BEHAVIOURS.items()} | {
        Behaviour.CLONED_KEY: 6,
        Behaviour.HONEST: 864,
    }


@given(st.integers(1, 5000))
def test_counts_sum_up_and_half_stays_honest(devices):
    counts = count_devices(devices, {})
    assert sum(counts.values()) == devices
    assert 2 * counts[Behaviour.HONEST] >= devices
    assert counts[Behaviour.CLONED_KEY] % 2 == 0
    assert all(n == 0 or n >= BEHAVIOURS[behaviour].group for behaviour, n in counts.items())


def test_own_shares_are_taken_exactly():
    counts = count_devices(50, {"dead": 0.5, "sybil": 0})
    assert (counts[Behaviour.DEAD], counts[Behaviour.SYBIL]) == (25, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_settlement_finds_the_truth(make, settle, tmp_path, seed):
    folder = make(seed=seed)
    settle(folder, tmp_path)
    _, settled, judgements = judged(folder, tmp_path)
    assert [judgement for judgement in judgements if not judgement.is_right] == []
    assert {x["validator"] for x in settled["exclusions"]} == {b"val-0".hex()}


def test_judgement_notices_what_is_wrong(make, settle, tmp_path):
    folder = make()
    settle(folder, tmp_path)
    truth, settled, _ = judged(folder, tmp_path)
    victim = next(d for d in truth["devices"] if d["behaviour"] == "honest")["device"]
    proof = {"code": "EQUIVOCATION", "subjects": [f"device:{victim}"]}
    settled["indicators"] = [i for i in settled["indicators"] if i["code"] != "KEY_REUSE"] + [proof]
    for entry in settled["entries"]:
        entry["reasons"] = [reason for reason in entry["reasons"] if reason != "CAPACITY"]
    found = {j.behaviour: j for j in judge(truth, settled, {})}
    assert (found["honest"].wrongly_flagged, found["honest"].verdicts) == (1, 0)
    assert found["cloned-key"].flagged == 0
    assert found["sybil"].paid == 2
    assert len(found["honest"].faults) == 5


def test_amounts_do_not_depend_on_the_outage_rows(make, settle, tmp_path):
    amounts = []
    for choice in ("keep", "drop"):
        settle(make(outage_rows=choice, devices=210, hours=4), tmp_path / choice)
        settled = json.loads((tmp_path / choice / "rewards.json").read_text())
        amounts.append({entry["device"]: entry["amount"] for entry in settled["entries"]})
        reasons = Counter(x["reason"] for x in settled["exclusions"])
        if choice == "keep":
            assert set(reasons) == {"VALIDATOR_CORRELATED", "VALIDATOR_REFERENCE_FAILED"}
        else:
            assert not reasons
    assert amounts[0] == amounts[1]


@pytest.mark.parametrize("validators", [3, 5])
def test_lying_validators_cost_honest_devices_nothing(make, settle, tmp_path, validators):
    folder = make(validators=validators, validator_behaviours=ALL_VALIDATORS, seed=7)
    settle(folder, tmp_path)
    truth, settled, judgements = judged(folder, tmp_path)
    assert [judgement for judgement in judgements if not judgement.is_right] == []
    hider = truth["validators"][2]
    found = {
        i["code"]: i for i in settled["indicators"] if i["subjects"] == [f"validator:{hider['validator']}"]
    }
    assert found["VALIDATOR_SILENT"]["numbers"]["missing"] == hider["hidden"]
    scheduled = found["VALIDATOR_SILENT"]["numbers"]["scheduled"]
    assert ("UNRELIABLE" in found) == (10 * hider["hidden"] > scheduled)
    assert "UNRELIABLE" in found


def test_epochs_follow_each_other(make, settle, tmp_path):
    first = make(seed=4)
    settle(first, tmp_path / "s0")
    arguments = {"devices": 40, "hours": 12, "seed": 4}
    second = tmp_path / "e1"
    simulate(out=second, previous=tmp_path / "s0", **arguments)
    settle(second, tmp_path / "s1", tmp_path / "s0")
    assert all(judgement.is_right for judgement in judged(second, tmp_path / "s1")[2])
    lines = (first / "registry.jsonl").read_bytes()
    assert (second / "registry.jsonl").read_bytes().startswith(lines)
    with pytest.raises(InputError, match="same world"):
        simulate(out=tmp_path / "e2", previous=tmp_path / "s1", **(arguments | {"seed": 5}))
    with pytest.raises(InputError, match="leave them out"):
        simulate(out=tmp_path / "e2", previous=tmp_path / "s1", index=7, **arguments)


def test_silences_of_different_places_are_no_common_outage(make):
    """No two devices of different cells are down in the same slots, as SHARED_OUTAGE measures it."""
    folder = make(devices=120, shares={"dead": 0.2, "flaky": 0.2, "wrong-key": 0.05})
    events = [json.loads(line) for line in (folder / "registry.jsonl").read_bytes().splitlines()]
    cells = {event["device"]: event["cell"] for event in events if event["type"] == "enroll"}
    truth = json.loads((folder / "truth.json").read_text())
    up = {}
    first, *_, last = truth["validators"][0]["outage_slots"]
    for path in (folder / "observations").glob("val-[12]-*.parquet"):
        table = pq.read_table(path, columns=["device", "slot", "transport"]).to_pylist()
        for row in table:
            if row["transport"] == 0 and not first <= row["slot"] <= last:
                up.setdefault(row["device"].hex(), set()).add(row["slot"])
    behaviours = {device["device"]: device["behaviour"] for device in truth["devices"]}
    silent = {"wrong-key", "replay", "borrowed-token", "false-location", "fast-counter"}
    slots = set(range(48)) - set(range(first, last + 1))
    down = {d: slots - up.get(d, set()) if b not in silent else slots for d, b in behaviours.items()}
    suspects = [device for device, missed in down.items() if len(missed) >= 5]
    assert len(suspects) > 20
    for one, other in combinations(suspects, 2):
        common, either = len(down[one] & down[other]), len(down[one] | down[other])
        assert either < 10 or 10 * common < 9 * either or cells[one] == cells[other] is not None


@pytest.mark.parametrize("validators", [1, 2])
def test_few_validators_make_a_whole_epoch_too(make, settle, tmp_path, validators):
    folder = make(validators=validators, validator_behaviours=("honest",), hours=2)
    settle(folder, tmp_path)
    _, settled, judgements = judged(folder, tmp_path)
    assert [judgement for judgement in judgements if not judgement.is_right] == []
    assert any(i["code"] == "SINGLE_WITNESS" for i in settled["indicators"]) == (validators == 1)


def test_product_and_plain_verifier_agree_to_the_last_unit(both, tmp_path):
    """Content hashes of all results, over two epochs in a row and with lying validators."""
    previous = None
    for number in range(2):
        folder = tmp_path / f"e{number}"
        world = {
            "devices": 45,
            "hours": 6,
            "seed": 11,
            "validators": 4,
            "validator_behaviours": ALL_VALIDATORS,
        }
        simulate(out=folder, previous=previous, file_format=("jsonl.zst", "arrow")[number], **world)
        results = []
        for name, settle in zip(("plain", "product"), both, strict=True):
            out = tmp_path / f"{name}{number}"
            settle(folder, out, previous)
            manifest = json.loads((out / "manifest.json").read_text())
            results.append(
                (manifest["inputs"], manifest["results"], manifest["counts"], manifest["params_hash"])
            )
        assert results[0] == results[1]
        previous = tmp_path / f"product{number}"
