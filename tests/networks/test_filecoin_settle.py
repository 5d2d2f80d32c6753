"""A folder of Filecoin evidence settled: numbers by hand, determinism, kills, public vectors, commands."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from depinverify import _native
from depinverify.exceptions import ConfigurationError, InputError, SettlementError
from depinverify.networks.filecoin import settle as settle_module
from depinverify.networks.filecoin.audit import audit
from depinverify.networks.filecoin.result_folder import FilecoinSettlement, content_hash
from depinverify.networks.filecoin.settle import settle
from filecoin_folders import (
    ACTIVATION,
    ALICE,
    ALICE_MINER,
    AMOUNT,
    BOB,
    CAROL_MINER,
    PERIOD,
    PIECES_A,
    POOL,
    SET_A,
    SET_B,
    TASKS,
    WINDOW,
    challenge_epoch,
    measurement,
    round_line,
    set_events,
    write_folder,
    write_lines,
)
from public_vectors import ROOT, public_vectors
from reference.filecoin import possession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUND_REWARD = 456_621_004_566_210_048


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_data_sets_have_their_periods_and_what_was_shown_for_them(settled: FilecoinSettlement) -> None:
    first, second = settled.json("data_sets.json")["data_sets"]
    assert (first["set_id"], second["set_id"]) == (str(SET_A), str(SET_B))
    assert [period["state"] for period in first["periods"][:3]] == ["proven", "faulted", "proven"]
    assert [period["state"] for period in second["periods"][:3]] == ["proven", "proven", "faulted"]
    shown = [period["shown"]["finding"] for period in first["periods"][:3]]
    # Nobody shows the round of the seeds, so that nothing is confirmed.
    assert shown == ["unshown", "unproven", "unshown"]
    wrong = second["periods"][1]["shown"]
    assert (wrong["finding"], wrong["code"]) == ("refuted", "PROOF_ROOT_MISMATCH")
    table = pl.DataFrame(settled.table("verdicts.parquet"))
    (record,) = wrong["records"]
    assert table.row(record, named=True)["subject"] == str(SET_B)
    assert settled.manifest["counts"]["verdicts"] == {"PROOF_ROOT_MISMATCH": 1, "SEED_UNPROVEN": 3}


@pytest.mark.parametrize("is_apart", [False, True])
def test_a_round_of_the_beacon_confirms_a_period(tmp_path: Path, *, is_apart: bool) -> None:
    """Shown with the proof, or apart in the file of rounds while the proof states the seed alone."""
    vectors = ROOT / "tests" / "vectors" / "filecoin.jsonl"
    records = [json.loads(line) for line in vectors.read_text("utf-8").splitlines()]
    one = next(record for record in records if record["id"].startswith("drand_schemes_pedersen-bls-chained"))
    epoch = one["challenge_epoch"]
    seed = hashlib.blake2b(bytes.fromhex(one["signature"]), digest_size=32).digest()
    activation = epoch + WINDOW - PERIOD
    shown = possession(list(PIECES_A), seed=seed, set_id=SET_A)
    record = {
        **shown,
        "challenge_epoch": epoch,
        "block": epoch + 10,
        "opens": epoch,
        "deadline": epoch + WINDOW,
    }
    record |= {"seed": seed.hex()}
    if not is_apart:
        record |= {name: one[name] for name in ("round", "signature", "previous_signature")}
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "filecoin.toml").write_text(f'[filecoin]\nchain = "mainnet"\nnow = {epoch + PERIOD}\n')
    write_lines(folder / "events.jsonl", set_events(SET_A, ALICE, PIECES_A, activation, {epoch: record}))
    write_lines(folder / "proofs.jsonl", [record])
    write_lines(folder / "beacons.jsonl", [one] if is_apart else [])
    found = settle(folder, tmp_path / "out")
    period = found.json("data_sets.json")["data_sets"][0]["periods"][0]["shown"]
    assert (period["finding"], period["is_seed_derived"], period["are_challenges_derived"]) == (
        "confirmed",
        True,
        True,
    )
    assert found.json("providers.json")["providers"][0]["periods_shown"]["confirmed"] == 1
    assert found.manifest["counts"]["periods_shown"]["confirmed"] == 1
    assert audit(found, folder).is_clean


def test_a_round_that_the_beacon_did_not_sign_shows_no_seed(own: Path, tmp_path: Path) -> None:
    vectors = ROOT / "tests" / "vectors" / "filecoin.jsonl"
    records = [json.loads(line) for line in vectors.read_text("utf-8").splitlines()]
    one = next(record for record in records if record["id"].startswith("drand_schemes_pedersen-bls-chained"))
    wrong = {**one, "challenge_epoch": challenge_epoch(0)}
    write_lines(own / "beacons.jsonl", [wrong, {"kind": "round"}, wrong])
    found = settle(own, tmp_path / "out")
    assert "VALID" not in found.manifest["counts"]["verdicts"]
    period = found.json("data_sets.json")["data_sets"][0]["periods"][0]["shown"]
    assert (period["finding"], period["is_seed_derived"]) == ("unshown", None)


def test_payments_are_paid_for_proven_epochs(settled: FilecoinSettlement) -> None:
    one, other, nobodys = settled.json("payments.json")["payments"]
    paid = AMOUNT * 2 * PERIOD // (3 * PERIOD)
    assert (one["paid"], one["withheld"], one["left"]) == (str(paid), str(AMOUNT - paid), "0")
    assert one["settled_up_to"] == ACTIVATION + 3 * PERIOD
    assert (other["paid"], other["withheld"], other["left"]) == ("1000", "0", "0")
    assert (nobodys["is_refused"], nobodys["paid"], nobodys["left"]) == (True, "0", "5")
    assert settled.manifest["totals"]["payments"] == {
        "amount": str(AMOUNT + 1005),
        "paid": str(paid + 1000),
        "withheld": str(AMOUNT - paid),
        "left": "5",
    }


def test_rounds_are_scored_and_what_nobody_earned_is_its_own_line(settled: FilecoinSettlement) -> None:
    found = settled.json("spark.json")
    one, two = found["rounds"]
    third = 10**15 // 3
    assert [line["score"] for line in one["scores"]] == [third] * 3
    assert (one["burnt"], two["burnt"]) == (1, 1)
    reward = third * ROUND_REWARD // 10**15
    assert one["rewards_attofil"] == str(3 * reward)
    assert one["unpaid_attofil"] == str(ROUND_REWARD - 3 * reward)
    assert one["dropped"] == {"JSON": 1}
    assert one["consensus"] == {"COMMITTEE_TOO_SMALL": 2, "MAJORITY_RESULT": 3, "MINORITY_RESULT": 1}
    assert [line["reward_attofil"] for line in found["participants"]] == [str(2 * reward)] * 3
    totals = settled.manifest["totals"]["retrievals"]
    assert (totals["whole"], totals["scores"], totals["burnt"]) == (str(2 * 10**15), str(6 * third), "2")
    labels = pl.DataFrame(settled.table("spark_labels.parquet"))
    assert labels.height == 9
    assert labels["file"].unique().sort().to_list() == ["one.jsonl", "two.json"]
    tree = _native.ClaimTree.load((settled.folder / "spark_tree.json").read_bytes())
    assert tree.amount((1).to_bytes(20, "big")) == 2 * reward


def test_rounds_have_the_rules_of_their_time(tmp_path: Path) -> None:
    dated = 'name = "own"\nversion = "1"\nretrieval.unrewarded_from = 100'
    folder = write_folder(tmp_path / "evidence", ruleset=dated, with_pool=False)
    for name in ("last", "first", "undated", "late"):
        shutil.copy(folder / "spark" / "one.jsonl", folder / "spark" / f"{name}.jsonl")
    ruled = {"requiredCommitteeSize": None}
    rounds = [
        round_line("last", ["last.jsonl"], startEpoch=99),
        round_line("first", ["first.jsonl"], startEpoch=100, randomness=None, **ruled),
        round_line("undated", ["undated.jsonl"]),
        round_line("late", ["late.jsonl"], startEpoch=2**63),
    ]
    write_lines(folder / "spark" / "rounds.jsonl", rounds)
    found = settle(folder, tmp_path / "out")
    lines = {line["round"]: line for line in found.json("spark.json")["rounds"]}
    assert {name: line["start_epoch"] for name, line in lines.items()} == {
        "last": 99,
        "first": 100,
        "late": str(2**63),
    }
    assert {name: line["required_committee_size"] for name, line in lines.items()} == {
        "last": 3,
        "first": 1,
        "late": 3,
    }
    assert len(lines["last"]["scores"]) == 3
    # Later rules pay nobody.
    assert lines["first"]["scores"] is None
    assert found.manifest["totals"]["retrievals"]["rounds_rewarded"] == 1
    (refused,) = found.json("refusals.json")["refusals"]
    assert refused["place"] == "spark/rounds.jsonl:3"
    assert "startEpoch: expected a number, as the rules change at epoch 100, found none" in refused["detail"]
    assert audit(found).is_clean
    assert audit(found, folder).is_clean


def test_providers_are_joined_by_what_they_state(settled: FilecoinSettlement) -> None:
    rows = settled.json("providers.json")["providers"]
    assert [(row["provider"], row["miner_id"]) for row in rows] == [
        (ALICE, ALICE_MINER),
        (BOB, None),
        (None, CAROL_MINER),
    ]
    alice, bob, carol = rows
    lower = _native.filecoin_spark_rate(2, 3)[1]
    assert alice["proving"] == {"successes": 2, "total": 3, "ppm": 666_666, "lower_ppm": lower}
    assert (alice["challenges"], alice["fault_ppm"], alice["periods_faulted"]) == (15, 333_334, 1)
    assert alice["proven_bytes"] == str(13 * 32 * 127 // 128)
    assert (alice["retrieval"]["successes"], alice["retrieval"]["total"]) == (6, 7)
    assert alice["first_byte"] == {"committees": 2, "median_ms": 120, "p90_ms": 120}
    assert alice["health"]["ppm"] == 940_000
    assert alice["objectives"] == {
        "health": "missed",
        "retrieval": "missed",
        "approval_uploads": "met",
        "approval_retrievals": "not enough samples",
        "approval_faults": "not enough samples",
    }
    assert alice["reputation"] == _native.filecoin_spark_reputation(
        proving=(2, 3), retrieval=(6, 7), storage=(295, 300)
    )
    assert alice["score_e12"] == lower * 10**6
    # Its last period that is over has no proof.
    assert bob["proven_bytes"] == "0"
    assert bob["possession_proofs"] == {"good": 0, "bad": 1, "unchecked": 1}
    assert bob["retrieval"] is None
    assert bob["objectives"]["retrieval"] == "not measured"
    assert carol["proving"] == {"successes": 0, "total": 0, "ppm": None, "lower_ppm": 0}
    assert (carol["score_e12"], carol["data_sets"]) == (0, [])
    assert carol["objectives"]["retrieval"] == "met"
    assert carol["reputation"] == 35 * _native.filecoin_spark_rate(2, 2)[1]


def test_a_pool_is_divided_to_the_last_unit(settled: FilecoinSettlement) -> None:
    pool = settled.json("pool.json")
    assert int(pool["allocated"]) + int(pool["remainder"]) == POOL
    assert int(pool["claimable"]) + int(pool["unclaimable"]) == int(pool["allocated"])
    assert {share["id"]: share["amount"] for share in pool["shares"]} == {
        ALICE: str(POOL),
        BOB: "0",
        CAROL_MINER: "0",
    }
    tree = _native.ClaimTree.load((settled.folder / "pool_tree.json").read_bytes())
    assert pool["root"] == f"0x{tree.root.hex()}"
    assert tree.entries() == [(bytes.fromhex(ALICE[2:]), POOL)]


def test_without_weights_the_pool_remains(own: Path, tmp_path: Path) -> None:
    (own / "events.jsonl").unlink()
    pool = settle(own, tmp_path / "out").json("pool.json")
    assert (pool["allocated"], pool["remainder"], pool["root"]) == ("0", str(POOL), None)
    assert not (tmp_path / "out" / "pool_tree.json").exists()


def test_retrievals_divide_a_pool_under_the_other_ruleset(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "evidence", ruleset='name = "filecoin-spark"\nversion = "1"')
    found = settle(folder, tmp_path / "out")
    pool = found.json("pool.json")
    weights = {
        ALICE: 6 * _native.filecoin_spark_rate(6, 7)[1] * 10**6,
        BOB: 0,
        CAROL_MINER: 2 * _native.filecoin_spark_rate(2, 2)[1] * 10**6,
    }
    assert {share["id"]: int(share["weight"]) for share in pool["shares"]} == weights
    carol = next(share for share in pool["shares"] if share["id"] == CAROL_MINER)
    assert pool["unclaimable"] == carol["amount"] != "0"
    assert int(pool["allocated"]) == POOL
    assert audit(found, folder).findings == ()


def test_a_windowed_score_counts_days(tmp_path: Path) -> None:
    rules = 'name = "own"\nversion = "1"\nscore = "windows"\n[ruleset.windows]\nmin_data_windows = 1'
    folder = write_folder(tmp_path / "evidence", ruleset=rules)
    alice, bob, carol = settle(folder, tmp_path / "out").json("providers.json")["providers"]
    # Each deadline lies in a day of its own, and the day of the evidence's end does not count. Both of the second
    # provider's periods are proven by the chain's word; the proof that was shown for one of them refutes it.
    assert (bob["proving"]["successes"], bob["periods_shown"]["refuted"]) == (2, 1)
    assert (alice["score_e12"], bob["score_e12"], carol["score_e12"]) == (500_000_000_000, 500_000_000_000, 0)


def test_the_same_evidence_gives_the_same_bytes(
    settled: FilecoinSettlement, own: Path, tmp_path: Path
) -> None:
    again = settle(own, tmp_path / "again", threads=1)
    assert contents(again.folder) == contents(settled.folder)
    lines = (own / "proofs.jsonl").read_text("utf-8").splitlines(keepends=True)
    for number in range(3):
        random.Random(number).shuffle(lines)
        (own / "proofs.jsonl").write_text("".join(lines), "utf-8")
        shuffled = settle(own, tmp_path / f"shuffled {number}")
        assert contents(shuffled.folder) == contents(settled.folder)


def test_the_manifest_names_inputs_and_results(settled: FilecoinSettlement, evidence: Path) -> None:
    inputs = settled.manifest["inputs"]
    assert set(inputs) == {
        *(
            "filecoin.toml",
            "pool.toml",
            "events.jsonl",
            "proofs.jsonl",
            "settlements.jsonl",
            "providers.jsonl",
        ),
        *("spark/one.jsonl", "spark/rounds.jsonl", "spark/two.json"),
    }
    events = (evidence / "events.jsonl").read_bytes()
    assert inputs["events.jsonl"] == {
        "sha256": hashlib.sha256(events).hexdigest(),
        "rows": events.count(b"\n"),
    }
    lines = (evidence / "proofs.jsonl").read_bytes().splitlines()
    whole = b"".join(sorted(hashlib.sha256(line).digest() for line in lines))
    assert inputs["proofs.jsonl"] == {"sha256": hashlib.sha256(whole).hexdigest(), "rows": 4}
    results = settled.manifest["results"]
    assert set(results) == set(contents(settled.folder)) - {"manifest.json"}
    assert results["verdicts.parquet"] == content_hash(settled.table("verdicts.parquet"))
    payments = (settled.folder / "payments.json").read_bytes()
    assert results["payments.json"] == hashlib.sha256(payments).hexdigest()


def test_an_empty_folder_is_settled_too(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "filecoin.toml").write_text('[filecoin]\nchain = "calibration"\nnow = 5\n')
    found = settle(folder, tmp_path / "out")
    assert found.manifest["ruleset"]["params"]["name"] == "filecoin-pdp"
    assert found.table("verdicts.parquet").num_rows == found.table("spark_labels.parquet").num_rows == 0
    assert audit(found, folder).is_clean


def test_a_run_that_is_killed_leaves_no_manifest_and_starts_again(
    evidence: Path, settled: FilecoinSettlement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    writer = settle_module.ResultWriter

    class Killed(writer):
        def json(self, name: str, value: Any) -> None:
            if name == "providers.json":
                raise KeyboardInterrupt
            super().json(name, value)

    monkeypatch.setattr(settle_module, "ResultWriter", Killed)
    with pytest.raises(KeyboardInterrupt):
        settle(evidence, out)
    assert (out / "payments.json").exists()
    with pytest.raises(SettlementError, match="found no manifest"):
        FilecoinSettlement.open(out)
    monkeypatch.setattr(settle_module, "ResultWriter", writer)
    assert contents(settle(evidence, out).folder) == contents(settled.folder)
    # A killed second run takes the manifest away first: it would name files that are being replaced.
    monkeypatch.setattr(settle_module, "ResultWriter", Killed)
    with pytest.raises(KeyboardInterrupt):
        settle(evidence, out)
    assert not (out / "manifest.json").exists()


def test_a_settlement_of_other_evidence_is_not_overwritten(own: Path, tmp_path: Path) -> None:
    settle(own, tmp_path / "out")
    before = contents(tmp_path / "out")
    with (own / "settlements.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(SettlementError, match="found a settlement of other inputs"):
        settle(own, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_lines_that_are_no_evidence_are_refused_one_by_one(own: Path, tmp_path: Path) -> None:
    rounds = [
        round_line(1, ["one.jsonl"]),
        round_line(1, ["one.jsonl"]),
        round_line("again", ["one.jsonl"]),
        round_line("gone", ["absent.jsonl"]),
        round_line("out", ["../filecoin.toml"]),
        round_line("none", ["one.jsonl"], requiredCommitteeSize=0),
        round_line("odd", ["one.jsonl"], tasks=[{"cid": "\ud800", "minerId": "f01"}]),
        {"round": True},
    ]
    write_lines(own / "spark" / "rounds.jsonl", rounds)
    write_lines(
        own / "providers.jsonl",
        [
            {"provider": ALICE, "miner_id": ALICE_MINER, "name": "\ud800"},
            {"provider": ALICE, "miner_id": ALICE_MINER},
            {"provider": BOB, "miner_id": ALICE_MINER},
            {"name": "nobody"},
            {"miner_id": "f0007"},
            {"provider": BOB, "uploads": 1, "uploads_successful": 2},
        ],
    )
    found = settle(own, tmp_path / "out")
    counts = found.json("refusals.json")["counts"]
    assert counts == {
        "measurements of another round": 1,
        "not a provider": 4,
        "not a round": 5,
        "provider stands twice": 1,
        "round stands twice": 1,
    }
    assert [line["round"] for line in found.json("spark.json")["rounds"]] == ["1"]
    assert found.refused == 12
    assert audit(found, own).is_clean


def test_bad_calls_are_errors(own: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected the parameters"):
        settle(tmp_path, tmp_path / "out")
    (own / "spark" / "rounds.jsonl").unlink()
    with pytest.raises(InputError, match=r"expected one file rounds\.jsonl"):
        settle(own, tmp_path / "out")
    for table, path in (("amount = 5\nid = 'x'", r"pool\.toml\.amount"), ("id = 'x'", r"pool\.toml\.amount")):
        (own / "pool.toml").write_text(table)
        with pytest.raises(ConfigurationError, match=path):
            settle(own, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_commands_settle_and_audit(
    evidence: Path, tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    out = tmp_path / "out"
    code, said, warned = run("settle", evidence, "--network", "filecoin", "--out", out)
    assert code == 0, warned
    assert "Proving periods" in said
    assert f"wrote {out}" in warned
    code, said, _ = run("audit", out, "--network", "filecoin", "--epoch", evidence)
    assert (code, "Nothing was found." in said) == (0, True)
    code, said, _ = run("audit", out, "--network", "filecoin", "--json")
    assert (code, json.loads(said)["is_clean"]) == (0, True)
    code, said, _ = run("settle", evidence, "--network", "filecoin", "--out", out, "--json")
    assert (code, json.loads(said)["network"]) == (0, "filecoin")
    (out / "payments.json").write_bytes(b"{}")
    code, said, _ = run("audit", out, "--network", "filecoin", "--json")
    assert (code, json.loads(said)["is_clean"]) == (1, False)
    code, said, _ = run("audit", out, "--network", "filecoin")
    assert (code, "payments.json" in said) == (1, True)


def test_a_settlement_lies_beside_its_evidence(own: Path, run: Callable[..., tuple[int, str, str]]) -> None:
    code, _, warned = run("settle", own / "filecoin.toml", "--network", "filecoin")
    assert (code, f"wrote {own / 'settlement'}" in warned) == (0, True)
    # What lies there is no evidence, so the same folder gives the same settlement again.
    before = contents(own / "settlement")
    assert run("settle", own, "--network", "filecoin")[0] == 0
    assert contents(own / "settlement") == before


def test_commands_say_what_was_refused(
    own: Path, tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    with (own / "settlements.jsonl").open("a") as file:
        file.write("{}\n")
    code, _, warned = run("settle", own, "--network", "filecoin", "--out", tmp_path / "out")
    assert (code, "refused 1 line of the evidence" in warned) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("settle", "--network", "filecoin", "--memory", "64"),
            "--memory: expected no such option with --network filecoin",
        ),
        (("settle", "--network", "filecoin", "--dry-run"), "--dry-run: expected no such option"),
        (("settle", "--network", "arweave"), "expected a network that settles its evidence, found arweave"),
        (("settle", "--network", "nowhere"), "expected one of"),
        (("settle", "--network", "filecoin", "--key", __file__), "key"),
        (("audit", "--network", "filecoin", "--root", "0x00"), "--root: expected no such option"),
        (("audit", "--network", "filecoin"), "expected a settlement of Filecoin evidence, found no manifest"),
    ],
)
def test_commands_refuse_bad_calls(
    evidence: Path, run: Callable[..., tuple[int, str, str]], options: tuple[str, ...], message: str
) -> None:
    command, *rest = options
    code, said, warned = run(command, evidence, *rest)
    assert (code, said) == (2, "")
    assert message in warned


def test_published_records_have_their_verdicts(tmp_path: Path) -> None:
    """Proofs that the contract took and refused, rounds of beacons and a winner's proof with its key, as evidence."""
    vectors = ROOT / "tests" / "vectors"
    lines = (vectors / "filecoin.jsonl").read_text("utf-8").splitlines()
    key = _native.FilecoinVerifier.from_file(
        vectors / "filecoin_winning_32gib_v27.vk", trust=bytes.fromhex("2306247a1e616dbe07f01b88196c2044")
    )
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "filecoin.toml").write_text('[filecoin]\nchain = "mainnet"\nnow = 4000000\n')
    (folder / "proofs.jsonl").write_text("\n".join(reversed(lines)) + "\n")
    found = settle(folder, tmp_path / "out", keys=[key])
    expected = Counter(json.loads(line)["expected"] for line in lines)
    assert found.manifest["counts"]["verdicts"] == expected
    assert sum(expected.values()) > 20
    # No events: every proof is about a period that nobody started.
    strays = found.json("data_sets.json")["strays"]
    assert len(strays) == sum(json.loads(line)["kind"] == "possession" for line in lines)
    assert audit(found, folder, keys=[key]).is_clean
    without = audit(found, folder)
    assert without.findings[0].field == "keys.length"
    assert any(one.file == "verdicts.parquet" for one in without.findings)
    with pytest.raises(SettlementError, match="found a settlement of other inputs"):
        settle(folder, found.folder)


def test_published_rounds_have_their_scores(tmp_path: Path) -> None:
    """Whole rounds of the public vectors, as a folder of evidence."""
    vectors = public_vectors("filecoin")
    names = ("spark_rounds.json", "spark_round_production_committee.json")
    cases = [case for name in names for case in json.loads((vectors / name).read_text("utf-8"))["rounds"]]
    folder = write_folder(tmp_path / "evidence", with_pool=False)
    spark = folder / "spark"
    lines = []
    for number, case in enumerate(cases):
        write_lines(spark / f"{number}.jsonl", [_as_published(case, row) for row in case["measurements"]])
        given = case["round"]
        line = {
            "round": number,
            "tasks": [{"cid": cid, "minerId": miner} for cid, miner in given["retrieval_tasks"]],
            "maxTasksPerNode": given["max_tasks_per_node"],
            "randomness": given["randomness"],
            "requiredCommitteeSize": given["required_committee_size"],
            "measurements": [f"{number}.jsonl"],
        }
        lines.append(line)
    write_lines(spark / "rounds.jsonl", lines)
    found = settle(folder, tmp_path / "out")
    rounds = found.json("spark.json")["rounds"]
    labels = pl.DataFrame(found.table("spark_labels.parquet"))
    for number, (case, line) in enumerate(zip(cases, rounds, strict=True)):
        expected = {name.lower(): int(score) for name, score in case["expected"]["scores"].items()}
        burnt = expected.pop("0x000000000000000000000000000000000000dead", 0)
        assert {one["participant"]: one["score"] for one in line["scores"]} == expected
        assert line["burnt"] == burnt
        own = labels.filter(pl.col("round") == str(number))
        assert own["tasking"].to_list() == case["expected"]["tasking"]
        assert own["consensus"].to_list() == case["expected"]["consensus"]
    assert len(rounds) == len(cases) > 0
    assert audit(found, folder).is_clean


#: Reports that have the results of the published measurements.
REPORTS = {
    "OK": {"status_code": 200, "end_at": "2024-02-01T00:00:01.000Z"},
    "TIMEOUT": {"timeout": True},
    "HTTP_502": {"status_code": 502},
    "CONNECTION_REFUSED": {"status_code": 802},
}


def _as_published(case: dict[str, Any], row: list[Any]) -> dict[str, Any]:
    named = dict(zip(case["measurement_columns"], row, strict=True))
    result = named.pop("retrieval_result")
    return {**named, **({} if result.startswith("IPNI_") else REPORTS[result])}


def test_a_round_more_than_once_is_summed(own: Path, tmp_path: Path) -> None:
    """Sums are those of the rounds, also where shares go to many."""
    spark = own / "spark"
    names = [f"m{number}.jsonl" for number in range(4)]
    for number, name in enumerate(names):
        write_lines(spark / name, [measurement(TASKS[0], checker) for checker in range(1, 5 + number)])
    write_lines(spark / "rounds.jsonl", [round_line(name, [name]) for name in names])
    found = settle(own, tmp_path / "out")
    document = found.json("spark.json")
    totals = document["totals"]
    assert int(totals["scores"]) + int(totals["burnt"]) == 4 * 10**15
    assert int(totals["rewards_attofil"]) + int(totals["unpaid_attofil"]) == 4 * ROUND_REWARD
    expected = sum(10**15 // members for members in (4, 5, 6, 7))
    assert document["participants"][0]["score"] == expected
    assert document["participants"][-1]["rounds"] == 1
