"""The plain verifier against the public vectors; every case that is found is run."""

import hashlib
import json

import pytest
from benches.plain_verifier.beacon import DEFAULT, QUICKNET, Chain
from benches.plain_verifier.canonical import canonical, mulf
from benches.plain_verifier.keys import ED25519, P256, SECP256K1, verifier
from benches.plain_verifier.outages import DOWN, IS_DOWN, IS_UP, NO_DATA, UP, decide_slot, judge_slot
from benches.plain_verifier.reward import allocate, largest_remainder, make_payees
from benches.plain_verifier.schedule import assign, draw, is_selected, make_nonce, slot_seed
from benches.plain_verifier.score import make_score, payout
from benches.plain_verifier.tree import build, claim_values, dump, keccak256, leaf_hash, node_hash, proof

ONE = 10**12


def test_keccak():
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    long = {len(keccak256(bytes(size))) for size in (135, 136, 137, 272)}
    assert long == {32}


def test_the_five_payees_of_the_specification():
    amounts = ("5000000000000000000", "2500000000000000000", "3500000000000000000")
    amounts += ("4500000000000000000", "5500000000000000000")
    values = [("0x" + str(at) * 40, int(amount)) for at, amount in enumerate(amounts, 1)]
    root, _ = dump(values)
    assert root == "0x8c6838966085373a17174cdbcad894c8c682dd22c4f5cb7d57284d3d447d4cc8"


def test_merkle_trees(vectors):
    ran = 0
    for case in vectors("scoring/oz_standard_merkle.json")["cases"]:
        if case["leafEncoding"] != ["address", "uint256"] or not case.get("sortLeaves", True):
            continue
        values = [(payee.lower(), int(amount)) for payee, amount in case["values"]]
        tree, where = build([leaf_hash(*value) for value in values])
        assert ["0x" + node.hex() for node in tree] == case["dump"]["tree"], case["name"]
        root, data = dump(values)
        assert root == case["root"]
        written = json.loads(data)
        assert list(written) == ["format", "leafEncoding", "tree", "values"]
        lower = [
            {"value": [line["value"][0].lower(), line["value"][1]], "treeIndex": line["treeIndex"]}
            for line in case["dump"]["values"]
        ]
        assert written["values"] == lower, case["name"]
        for entry in case["proofs"]:
            found = proof(tree, where[entry["index"]])
            assert ["0x" + node.hex() for node in found] == entry["proof"], case["name"]
            node = leaf_hash(*values[entry["index"]])
            for sibling in found:
                node = node_hash(node, sibling)
            assert node == tree[0]
        ran += 1
    assert ran > 0


def test_one_payee_and_the_filler():
    alone = [{"payee": "0x" + "11" * 20, "cumulative": 5}]
    assert claim_values(alone, filler=False) == [("0x" + "11" * 20, 5)]
    assert claim_values(alone, filler=True)[0] == ("0x" + "00" * 20, 0)
    assert claim_values([{"payee": "0x" + "11" * 20, "cumulative": 0}], filler=True) == []


def test_canonical_json(vectors):
    for case in vectors("scoring/canonical_json.json")["cases"]:
        data = canonical(case["value"])
        assert data.decode() == case["canonical_utf8"], case["name"]
        assert hashlib.sha256(data).hexdigest() == case["sha256"]


def test_allocation(vectors):
    for case in vectors("scoring/reward_allocation.json")["cases"]:
        if "weights" not in case or "allocation" not in case:
            continue
        weights = {who: int(weight) for who, weight in case["weights"].items()}
        caps = {who: int(cap) for who, cap in case.get("caps", {}).items()}
        for order in (sorted(weights), sorted(weights, reverse=True)):
            amounts, left = allocate(int(case["pool"]), {who: weights[who] for who in order}, caps)
            found = {who: str(amount) for who, amount in amounts.items()}
            assert (found, str(left)) == (case["allocation"], case["remainder"]), case["name"]


def test_allocation_examples_of_the_text():
    assert allocate(10, {"a": 6, "b": 6, "c": 2}) == ({"a": 4, "b": 4, "c": 2}, 0)
    assert allocate(1, {"zz": 1, "mm": 1, "aa": 1})[0]["aa"] == 1
    caps = {"a": 400, "b": 350, "c": 900}
    assert allocate(1000, {"a": 50, "b": 30, "c": 20}, caps)[0] == {"a": 400, "b": 350, "c": 250}
    assert largest_remainder(100, {"a": 1, "b": 1, "c": 1}, extra=False) == ({"a": 33, "b": 33, "c": 33}, 1)


def test_schedule(vectors):
    for case in vectors("scoring/challenge_schedule.json")["cases"]:
        if "slot_seed" in case:
            seed = slot_seed(
                bytes.fromhex(case["chain_hash"]),
                case["round"],
                bytes.fromhex(case["randomness"]),
                case["slot"],
                bytes.fromhex(case["params_hash"]),
            )
            assert seed.hex() == case["slot_seed"], case["name"]
            validators = [name.encode() for name in case["validators"]]
            for row in case["rows"]:
                device = row["device"].encode()
                assert str(draw("select", seed, device)) == row["select_draw"]
                assert is_selected(seed, device, *case["probability"]) == row["selected"]
                assert draw("offset", seed, device) * case["span_ms"] >> 64 == row["offset_ms"]
                chosen = assign(seed, device, validators, case["k"])
                assert [name.decode() for name in chosen] == row["validators"]
                assert make_nonce(seed, device, chosen[0]).hex() == row["nonce_first_validator"]
        elif "signature" in case:
            assert hashlib.sha256(bytes.fromhex(case["signature"])).hexdigest() == case["randomness"]
        else:
            for row in case["rows"]:
                chain = {"quicknet": QUICKNET, "default": DEFAULT}[row["chain"]]
                assert chain.round_at(row["unix"]) == row["round"], row


def test_chain_hashes(vectors):
    document = vectors("drand/networks.json")
    for entry in document["networks"]:
        chain = Chain(
            entry["scheme"],
            bytes.fromhex(entry["public_key_hex"]),
            entry["genesis_time"],
            entry["period_seconds"],
            bytes.fromhex(entry["genesis_seed_hex"]),
            entry["beacon_id"],
        )
        assert chain.hash.hex() == entry["chain_hash_hex"], entry["name"]
    for row in document["round_time"]["time_of_round"]:
        if row["round"] > 0:
            assert QUICKNET.time_of(row["round"]) == row["time"]


def test_windowed_availability(vectors):
    def score(windows, moment, case):
        counts = {start: [up, total, 0] for start, up, total in windows}
        return make_score(counts, moment, case["window_s"], case["tracking_s"], 1)[0]

    for case in vectors("scoring/storj_online_score.json")["cases"]:
        for step in case.get("steps", ()):
            assert score(step["windows"], step["t"], case) == step["score_e12"], (case["name"], step["t"])
        if "merged_windows" in case:
            newest = case["merged_windows"][-1][0]
            assert score(case["merged_windows"], newest, case) == case["merged_score_e12"], case["name"]


def test_a_thin_window_does_not_count():
    windows = {0: [1, 1, 3], 3600: [1, 2, 4], 7200: [0, 0, 4]}
    assert make_score(windows, 10800, 3600, 86400, 2) == (ONE // 2, 1, 1)


def test_outages(vectors):
    document = vectors("scoring/validator_outage_exclusion.json")
    quorum = document["parameters"]["quorum"]
    for case in document["cases"]:
        prior_up = dict.fromkeys(case["initially_up"], True)
        owners = {validator: validator for validator in case["validators"]}
        excluded, flags, decisions = [], [], {device: [] for device in case["clusters"]}
        for slot in case["slots"]:
            observations = [
                (row["validator"], row["device"], UP if row["result"] == "UP" else DOWN)
                for row in case["observations"]
                if row["slot"] == slot
            ]
            references = {
                row["validator"]: (row["ok"], row["total"])
                for row in case["references"]
                if row["slot"] == slot
            }
            judged, event = judge_slot(observations, case["clusters"], prior_up, references)
            excluded += [
                {
                    "validator": line.validator,
                    "slot": slot,
                    "reason": line.reason,
                    "n": line.n,
                    "f": line.f,
                    "peer_n": line.n2,
                    "peer_f": line.f2,
                }
                for line in judged
            ]
            if event:
                flags.append({"slot": slot, "flag": "NETWORK_EVENT", "n": event[0], "f": event[1]})
            found = decide_slot(observations, {line.validator for line in judged}, quorum, owners)
            for device, line in decisions.items():
                decision = found.get(device, NO_DATA)
                line.append({NO_DATA: "NO_DATA", IS_UP: "UP", IS_DOWN: "DOWN"}[decision])
                if decision != NO_DATA:
                    prior_up[device] = decision == IS_UP
        assert excluded == case["excluded"], case["name"]
        assert flags == case["flags"], case["name"]
        assert decisions == case["decisions"], case["name"]


def test_payout_curve():
    curve = [[0, 0], [799999999999, 0], [800000000000, 500000000000], [995000000000, ONE], [ONE, ONE]]
    assert payout(curve, 958333333333) == 905982905982
    assert payout(curve, 916666666666) == 799145299143
    assert [payout(curve, x) for x in (0, 799999999999, 800000000000, 995000000000, ONE)] == [
        0,
        0,
        500000000000,
        ONE,
        ONE,
    ]


def test_from_windows_to_root(vectors):
    for case in vectors("scoring/epoch_end_to_end.json")["cases"]:
        curve = [[int(x), int(y)] for x, y in case["curve"]]
        weights, scores = {}, {}
        for device in case["devices"]:
            current = case["epoch_end"] - case["epoch_end"] % case["window_s"]
            windows = {
                current - (age + 1) * case["window_s"]: [up, total, 0]
                for age, (up, total) in enumerate(device["windows_newest_first_up_total"])
            }
            score, _, _ = make_score(
                windows, case["epoch_end"], case["window_s"], case["tracking_s"], case["min_data_windows"]
            )
            scores[device["id"]] = score
            weight = mulf(device["base_weight"] * ONE, payout(curve, score))
            weights[device["id"]] = mulf(weight, device["multiplier_e12"])
        amounts, left = allocate(int(case["pool"]), weights)
        expected = case["expected"]
        assert str(left) == expected["remainder"]
        for line in expected["devices"]:
            who = line["device"]
            assert scores[who] == line["score_e12"]
            assert payout(curve, scores[who]) == line["payout_e12"]
            assert (str(weights[who]), str(amounts[who])) == (line["weight"], line["amount"])
        sums = {}
        for device in case["devices"]:
            sums[device["payee"]] = sums.get(device["payee"], 0) + amounts[device["id"]]
        before = {
            payee: {"carried": "0", "cumulative": amount}
            for payee, amount in case["previous_cumulative"].items()
        }
        payees = make_payees(sums, before, [], 0)
        assert {line["payee"]: str(line["cumulative"]) for line in payees} == expected["cumulative"]
        root, data = dump(claim_values(payees, filler=False))
        assert root == expected["root"]
        assert json.loads(data)["tree"] == expected["tree"]
        assert json.loads(data)["values"] == expected["values"]


@pytest.mark.parametrize(
    ("name", "scheme", "rule"),
    [
        ("ed25519.json", ED25519, "strict"),
        ("ed25519_cctv.json", ED25519, "strict"),
        ("ecdsa_p256_sha256_p1363.json", P256, "any_s"),
        ("ecdsa_secp256k1_sha256_p1363.json", SECP256K1, "any_s"),
    ],
)
def test_signatures(vectors, name, scheme, rule):
    cases = vectors(f"signatures/{name}")["cases"]
    wrong = [
        case["id"]
        for case in cases
        if verifier(scheme, bytes.fromhex(case["pub"]))(
            bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
        )
        != case["expect"][rule]
    ]
    assert wrong == []
    print(f"{len(cases)} cases of {name}")  # noqa: T201
